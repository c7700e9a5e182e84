//! An array of numbers of one or two axes, read row by row as doubles.

use super::half::{from_brain, from_half};
use super::opened::Opened;
use crate::data::DataError;
use crate::data::npy::{Header, WholeNumbers};
use crate::data::places::{number_place, row_place};
use crate::data::rounding::{BRAIN, DOUBLE, HALF, SINGLE, is_rounded, rounded_label_note, rounded_note};
use crate::data::sample_weights::check_weights;
use crate::data::values::Values;
use crate::memory::make_room;
use std::ops::Range;
use std::sync::Arc;

/// Numbers somewhere in a mapped file, or in memory. The first axis counts samples.
#[derive(Debug, Clone)]
pub struct Array {
    /// File and name, for errors.
    pub place: String,
    rows: usize,
    columns: usize,
    /// Whether one axis was all there was.
    is_vector: bool,
    by_columns: bool,
    numbers: Numbers,
    source: Source,
}

/// How bytes are numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Numbers {
    Half {
        big_endian: bool,
    },
    Brain,
    Single {
        big_endian: bool,
    },
    Double {
        big_endian: bool,
    },
    Whole(WholeNumbers),
    /// Texts of so many bytes, filled up with zeros.
    Text {
        size: usize,
        unit: TextUnit,
    },
}

/// How the bytes of a text are characters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TextUnit {
    /// Each takes a byte.
    Byte,
    /// Each takes four.
    Four { big_endian: bool },
}

#[derive(Debug, Clone)]
enum Source {
    Mapped(Opened, Range<usize>),
    Owned(Arc<Vec<f64>>),
}

/// How an array lies in its file.
pub(super) struct Layout {
    pub(super) shape: Vec<usize>,
    pub(super) by_columns: bool,
    pub(super) numbers: Numbers,
}

impl Array {
    /// An array in memory, row after row; one column is a vector.
    #[must_use]
    pub fn owned(place: String, rows: usize, columns: usize, values: Vec<f64>) -> Self {
        let numbers = Numbers::Double { big_endian: cfg!(target_endian = "big") };
        let source = Source::Owned(Arc::new(values));
        Self { place, rows, columns, is_vector: columns == 1, by_columns: false, numbers, source }
    }

    /// The NPY file that bytes `range` of a file are.
    pub(super) fn of_npy(opened: &Opened, range: Range<usize>, place: &str) -> Result<Self, DataError> {
        let bytes = &opened.bytes()[range.clone()];
        let header = Header::read(&mut &bytes[..], place)?;
        let layout = Layout::of_header(&header).map_err(|problem| DataError::invalid(place, problem))?;
        Self::mapped(opened, range.start + header.length..range.end, place, &layout)
    }

    /// Numbers that take exactly these bytes of a file.
    pub(super) fn mapped(
        opened: &Opened,
        range: Range<usize>,
        place: &str,
        layout: &Layout,
    ) -> Result<Self, DataError> {
        let invalid = |problem: String| DataError::invalid(place, problem);
        let (rows, columns) = match *layout.shape {
            [rows] => (rows, 1),
            [rows, columns] => (rows, columns),
            _ => {
                return Err(invalid(format!(
                    "has {} axes; one or two are needed, shape (N,) or (N, K)",
                    layout.shape.len()
                )));
            }
        };
        let size = layout.numbers.size();
        let needed = rows.checked_mul(columns).and_then(|count| count.checked_mul(size));
        if needed != Some(range.len()) {
            let said = layout.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
            return Err(invalid(format!(
                "holds {} bytes of numbers, but {said} of {size} bytes each are announced; save it again",
                range.len()
            )));
        }
        let (is_vector, by_columns, numbers) = (layout.shape.len() == 1, layout.by_columns, layout.numbers);
        let source = Source::Mapped(opened.clone(), range);
        Ok(Self { place: place.to_owned(), rows, columns, is_vector, by_columns, numbers, source })
    }

    /// The first axis.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The second axis, 1 of a vector.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The shape as `NumPy` prints it.
    #[must_use]
    pub fn shape_text(&self) -> String {
        if self.is_vector {
            format!("({},)", self.rows)
        } else {
            format!("({}, {})", self.rows, self.columns)
        }
    }

    /// Whether it holds texts, which are no numbers.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.numbers, Numbers::Text { .. })
    }

    /// The kind of its elements, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.numbers {
            Numbers::Half { .. } => "float16",
            Numbers::Brain => "bfloat16",
            Numbers::Single { .. } => "float32",
            Numbers::Double { .. } => "float64",
            Numbers::Whole(_) => "whole numbers",
            Numbers::Text { .. } => "text",
        }
    }

    /// Makes sure that it holds numbers.
    ///
    /// # Errors
    /// It holds texts.
    pub fn check_numbers(&self) -> Result<(), DataError> {
        if self.is_text() {
            return Err(self.invalid("holds text; numbers are needed (x.astype('float32'))"));
        }
        Ok(())
    }

    /// Rows `range` where they lie in the file, one after the other, in numbers of this machine.
    pub(crate) fn native(&self, range: Range<usize>) -> Option<Values<'_>> {
        let Source::Mapped(opened, bytes) = &self.source else { return None };
        let bytes = &opened.bytes()[bytes.clone()];
        let range = range.start * self.columns..range.end * self.columns;
        let native = cfg!(target_endian = "big");
        match self.numbers {
            _ if self.by_columns => None,
            Numbers::Half { big_endian } if big_endian == native => {
                Some(Values::Half(&bytes.as_chunks::<2>().0[range]))
            }
            Numbers::Single { big_endian } if big_endian == native => {
                Some(Values::Single(&bytes.as_chunks::<4>().0[range]))
            }
            Numbers::Double { big_endian } if big_endian == native => {
                Some(Values::Double(&bytes.as_chunks::<8>().0[range]))
            }
            _ => None,
        }
    }

    /// Every number in turn, as a key by which equal ones are equal and a text that is exact; NaN is an empty text.
    pub(crate) fn for_each_exact(&self, mut take: impl FnMut(i128, &dyn Fn() -> String)) {
        if let (Numbers::Whole(whole), Source::Mapped(opened, range)) = (self.numbers, &self.source) {
            whole.read(&opened.bytes()[range.clone()]).for_each(|value| take(value, &|| value.to_string()));
            return;
        }
        let mut row = vec![0.0; self.columns];
        for number in 0..self.rows {
            self.read_rows(number..number + 1, &mut row);
            for &value in &row {
                let text = || if value.is_nan() { String::new() } else { value.to_string() };
                take(i128::from((value + 0.0).to_bits()), &text);
            }
        }
    }

    /// What to say of columns of whole numbers that doubles round in some rows; `name` is that of a column.
    pub(crate) fn rounded(
        &self,
        rows: impl Iterator<Item = usize>,
        name: impl Fn(usize) -> String,
    ) -> Option<String> {
        let (Numbers::Whole(whole), Source::Mapped(opened, range)) = (self.numbers, &self.source) else {
            return None;
        };
        if whole.size < size_of::<f64>() {
            return None;
        }
        let bytes = &opened.bytes()[range.clone()];
        let mut first: Vec<Option<i128>> = vec![None; self.columns];
        for row in rows {
            for (column, first) in first.iter_mut().enumerate().filter(|(_, first)| first.is_none()) {
                let place =
                    if self.by_columns { column * self.rows + row } else { row * self.columns + column };
                *first = Some(whole.at(bytes, place)).filter(|&value| is_rounded(value));
            }
        }
        let example = first.iter().flatten().next()?;
        let names: Vec<String> =
            (0..self.columns).filter(|&column| first[column].is_some()).map(name).collect();
        Some(rounded_note(&names, &example.to_string()))
    }

    /// What to say of labels that are these texts of its numbers, where they were rounded before they were written.
    pub(crate) fn rounded_labels(&self, texts: &[String]) -> Option<String> {
        let (kind, exact) = match self.numbers {
            Numbers::Half { .. } => HALF,
            Numbers::Brain => BRAIN,
            Numbers::Single { .. } => SINGLE,
            Numbers::Double { .. } => DOUBLE,
            Numbers::Whole(_) | Numbers::Text { .. } => return None,
        };
        let is_large =
            |text: &&String| text.parse::<f64>().is_ok_and(|value| value.is_finite() && value.abs() >= exact);
        texts.iter().find(is_large).map(|text| rounded_label_note(text, kind))
    }

    /// All texts, row after row.
    ///
    /// # Errors
    /// It holds numbers, or more than memory does.
    pub fn texts(&self) -> Result<Vec<String>, DataError> {
        let (Numbers::Text { size, unit }, Source::Mapped(opened, range)) = (self.numbers, &self.source)
        else {
            return Ok(self.values()?.iter().map(f64::to_string).collect());
        };
        let bytes = &opened.bytes()[range.clone()];
        let place = |number: usize| {
            let row = if self.by_columns { number % self.rows.max(1) } else { number / self.columns.max(1) };
            row_place(&self.place, row)
        };
        let text = |number: usize| {
            let text = unit.text(&bytes[number * size..(number + 1) * size]);
            text.ok_or_else(|| DataError::invalid(place(number), "is no text; save it again"))
        };
        (0..self.rows * self.columns).map(text).collect()
    }

    /// The array and a row of it.
    #[must_use]
    pub fn row_place(&self, row: usize) -> String {
        row_place(&self.place, row)
    }

    /// The array and one number of it.
    #[must_use]
    pub fn number_place(&self, row: usize, column: usize) -> String {
        number_place(&self.place, row, column)
    }

    /// An error about this array.
    #[must_use]
    pub fn invalid(&self, problem: impl Into<String>) -> DataError {
        DataError::invalid(&self.place, problem)
    }

    /// Writes some rows, one after the other.
    ///
    /// # Panics
    /// `rows` reaches beyond the array, or `into` has not room for just these rows.
    pub fn read_rows(&self, rows: Range<usize>, into: &mut [f64]) {
        let columns = self.columns;
        match &self.source {
            Source::Owned(values) => into.copy_from_slice(&values[rows.start * columns..rows.end * columns]),
            Source::Mapped(opened, range) if self.by_columns => {
                let bytes = &opened.bytes()[range.clone()];
                let mut of_column = vec![0.0; rows.len()];
                for column in 0..columns {
                    let first = column * self.rows;
                    self.numbers.read(bytes, first + rows.start..first + rows.end, &mut of_column);
                    let places = into.iter_mut().skip(column).step_by(columns);
                    places.zip(&of_column).for_each(|(place, value)| *place = *value);
                }
            }
            Source::Mapped(opened, range) => {
                let bytes = &opened.bytes()[range.clone()];
                self.numbers.read(bytes, rows.start * columns..rows.end * columns, into);
            }
        }
    }

    /// The bytes of all numbers.
    fn bytes(&self) -> &[u8] {
        match &self.source {
            Source::Owned(values) => bytemuck::cast_slice(values.as_slice()),
            Source::Mapped(opened, range) => &opened.bytes()[range.clone()],
        }
    }

    /// All numbers, row after row.
    ///
    /// # Errors
    /// They take more memory than is free.
    pub fn values(&self) -> Result<Vec<f64>, DataError> {
        self.check_numbers()?;
        let mut values = Vec::new();
        let length = self.rows * self.columns;
        make_room(&mut values, length, "its numbers take")
            .map_err(|error| self.invalid(error.to_string()))?;
        values.resize(length, 0.0);
        self.read_rows(0..self.rows, &mut values);
        Ok(values)
    }

    /// All numbers as the weights of `samples` rows, each zero or usable, not all zero.
    ///
    /// # Errors
    /// The array does not hold one number for each row, one is neither zero nor usable, or all are zero. The
    /// error names the row.
    pub fn sample_weights(&self, samples: usize) -> Result<Vec<f64>, DataError> {
        let place = format!("sample weights: {}", self.place);
        if self.columns != 1 || self.rows != samples {
            let problem = format!(
                "has shape {}; one weight for each of {samples} rows is needed, shape ({samples},)",
                self.shape_text()
            );
            return Err(DataError::invalid(place, problem));
        }
        let weights = self.values()?;
        check_weights(&weights, samples, &place, |row| row_place(&place, row))?;
        Ok(weights)
    }

    /// All numbers as whole ones, row after row.
    ///
    /// # Errors
    /// A number is not whole. The error names the row.
    pub fn whole_numbers(&self) -> Result<Vec<i64>, DataError> {
        let whole = |(place, value): (usize, f64)| {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            if value.fract() == 0.0 && value.abs() < 9e15 {
                Ok(value as i64)
            } else {
                let row = place / self.columns.max(1);
                Err(DataError::invalid(self.row_place(row), format!("{value}, but labels are whole numbers")))
            }
        };
        self.values()?.into_iter().enumerate().map(whole).collect()
    }
}

/// More bytes than these are a broken header.
const MAX_BYTES: usize = match 1_usize.checked_shl(46) {
    Some(bytes) => bytes,
    // Of 32-bit addresses.
    None => usize::MAX / 2,
};

impl Layout {
    /// Bytes of all numbers, if so many can be.
    pub(super) fn bytes(&self) -> Option<usize> {
        let count =
            self.shape.iter().try_fold(self.numbers.size(), |product, &axis| product.checked_mul(axis));
        count.filter(|&bytes| bytes <= MAX_BYTES)
    }

    pub(super) fn of_header(header: &Header) -> Result<Self, String> {
        let big_endian = header.descr.starts_with('>');
        let numbers =
            match header.descr.trim_start_matches(['<', '>', '=', '|']) {
                "f2" => Numbers::Half { big_endian },
                "f4" => Numbers::Single { big_endian },
                "f8" => Numbers::Double { big_endian },
                "O" => {
                    return Err(
                    "holds Python objects, which are not read; save numbers (x.astype('float32')) or text \
                                (np.array(y, dtype=str))"
                        .to_owned(),
                );
                }
                text if text.starts_with(['U', 'S']) => Self::of_text(text, big_endian)?,
                _ => Numbers::Whole(WholeNumbers::of(header).map_err(|_| {
                    format!("holds {}; numbers are needed (x.astype('float32'))", header.descr)
                })?),
            };
        Ok(Self { shape: header.shape.clone(), by_columns: header.is_column_by_column(), numbers })
    }

    /// `U5` or `S5`.
    fn of_text(kind: &str, big_endian: bool) -> Result<Numbers, String> {
        /// Longer texts are no labels.
        const LONGEST: usize = 1 << 16;
        let length = kind[1..].parse::<usize>().ok().filter(|&length| length <= LONGEST);
        let length =
            length.ok_or_else(|| format!("holds {kind}; texts of at most {LONGEST} characters are read"))?;
        Ok(if kind.starts_with('U') {
            Numbers::Text { size: 4 * length, unit: TextUnit::Four { big_endian } }
        } else {
            Numbers::Text { size: length, unit: TextUnit::Byte }
        })
    }
}

impl Numbers {
    pub(super) fn size(self) -> usize {
        match self {
            Self::Half { .. } | Self::Brain => 2,
            Self::Single { .. } => 4,
            Self::Double { .. } => 8,
            Self::Whole(whole) => whole.size,
            Self::Text { size, .. } => size,
        }
    }

    /// Numbers `range` of those in `bytes`.
    fn read(self, bytes: &[u8], range: Range<usize>, into: &mut [f64]) {
        let bytes = &bytes[range.start * self.size()..range.end * self.size()];
        match self {
            Self::Half { big_endian } => read_two(bytes, big_endian, from_half, into),
            Self::Brain => read_two(bytes, false, from_brain, into),
            Self::Single { big_endian } => {
                for (into, &number) in into.iter_mut().zip(bytes.as_chunks().0) {
                    *into = f64::from(if big_endian {
                        f32::from_be_bytes(number)
                    } else {
                        f32::from_le_bytes(number)
                    });
                }
            }
            Self::Double { big_endian } => {
                for (into, &number) in into.iter_mut().zip(bytes.as_chunks().0) {
                    *into = if big_endian { f64::from_be_bytes(number) } else { f64::from_le_bytes(number) };
                }
            }
            Self::Whole(whole) => {
                into.iter_mut().zip(whole.read(bytes)).for_each(|(into, number)| *into = number as f64);
            }
            Self::Text { .. } => into.fill(f64::NAN),
        }
    }
}

impl TextUnit {
    /// The text before the zeros at its end, without white space around it, as of the cells of tables.
    fn text(self, bytes: &[u8]) -> Option<String> {
        let text = match self {
            Self::Byte => String::from_utf8(bytes.to_vec()).ok()?,
            Self::Four { big_endian } => {
                let character = |&unit: &[u8; 4]| {
                    char::from_u32(if big_endian {
                        u32::from_be_bytes(unit)
                    } else {
                        u32::from_le_bytes(unit)
                    })
                };
                bytes.as_chunks().0.iter().map(character).collect::<Option<String>>()?
            }
        };
        Some(text.trim_end_matches('\0').trim().to_owned())
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        (self.rows, self.columns, self.numbers, self.by_columns)
            == (other.rows, other.columns, other.numbers, other.by_columns)
            && self.bytes() == other.bytes()
    }
}

fn read_two(bytes: &[u8], big_endian: bool, number: fn(u16) -> f64, into: &mut [f64]) {
    for (into, &bits) in into.iter_mut().zip(bytes.as_chunks().0) {
        *into = number(if big_endian { u16::from_be_bytes(bits) } else { u16::from_le_bytes(bits) });
    }
}
