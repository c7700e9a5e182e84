//! Parquet tables, as pandas, polars, R's arrow and `DuckDB` write them.

use super::arrow_schema;
use super::column::{Cells, Collected, Column};
use super::lists::{ListLevels, each_list, no_lists, width};
use super::{Headings, NumberMarks, Pick, Table, Use};
use crate::data::arrays::{Opened, from_half, guarded};
use crate::data::places::{RowPlaces, row_in_words};
use crate::data::{DataError, quoted};
use crate::memory::{check_memory, make_room};
use crate::numeric::counted;
use crate::progress::Stage;
use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::collections::HashSet;
use std::ops::Range;

/// Reads the table; a panic of the library on a broken file becomes an error.
pub(super) fn read(opened: &Opened, pick: Pick) -> Result<Table, DataError> {
    let broken = || DataError::invalid(&opened.place, "is cut off or damaged; write the table again");
    guarded(|| read_unguarded(opened, pick)).unwrap_or_else(|| Err(broken()))
}

fn read_unguarded(opened: &Opened, pick: Pick) -> Result<Table, DataError> {
    let place = &opened.place;
    let damaged = |error: ParquetError| DataError::invalid(place, said(&error));
    check(place, opened.bytes().len() as u128)?;
    let bytes = bytes::Bytes::copy_from_slice(opened.bytes());
    let reader = SerializedFileReader::new(bytes).map_err(damaged)?;
    let file = reader.metadata().file_metadata();
    let of_pandas = PandasNotes::of(file);
    let leaves = leaves(&reader, &of_pandas).map_err(|problem| DataError::invalid(place, problem))?;
    // The names of what lists become, and where each of those is.
    check(place, 64 * leaves.iter().map(|leaf| leaf.columns() as u128).sum::<u128>())?;
    let (names, lists) = names_and_lists(&leaves);
    let headings = Headings::new(names, of_pandas.index_columns(), place.clone()).with_lists(lists.clone());
    let uses = pick(&headings)?;
    let rows = u128::try_from(file.num_rows()).unwrap_or(0);
    let used = uses.iter().filter(|use_| **use_ != Use::Skip).count() as u128;
    // Columns, and the same numbers row by row.
    check(place, 2 * size_of::<f64>() as u128 * rows * used)?;
    let kinds = leaves.iter().flat_map(|leaf| std::iter::repeat_n(leaf, leaf.columns()));
    let empty = |(leaf, use_): (&Leaf, &Use)| match use_ {
        Use::Skip => Cells::Skipped,
        _ => leaf.empty(),
    };
    let mut columns: Vec<Cells> = kinds.zip(&uses).map(empty).collect();
    let mut texts: Vec<Collected> = uses.iter().copied().map(collected).collect();
    let total = fill((&reader, &leaves), &mut columns, &mut texts, place)?;
    let read = texts.iter().zip(&headings.names).zip(&uses);
    let notes =
        read.filter_map(|((texts, name), use_)| if *use_ == Use::Values { texts.note(name) } else { None });
    let notes = notes.chain(list_notes(&lists, &uses, &headings)).collect();
    let columns = columns.into_iter().zip(texts).zip(&uses).zip(&headings.names);
    let columns = columns.map(|(((cells, texts), use_), name)| {
        let cells = match (cells, use_) {
            (Cells::Texts(_), _) => texts.cells(NumberMarks::default()),
            (cells, _) => cells,
        };
        Column { name: name.clone(), cells }
    });
    Ok(Table {
        place: place.clone(),
        kind: "Parquet".to_owned(),
        columns: columns.collect(),
        rows: total,
        row_places: RowPlaces::default(),
        marks: NumberMarks::default(),
        notes,
    })
}

/// The columns of the file.
fn leaves(reader: &SerializedFileReader<bytes::Bytes>, of_pandas: &PandasNotes) -> Result<Vec<Leaf>, String> {
    let file = reader.metadata().file_metadata();
    let mut durations = of_pandas.durations();
    durations.extend(arrow_schema::durations(noted(file, "ARROW:schema")));
    let columns = 0..file.schema_descr().num_columns();
    columns.map(|number| Leaf::of(reader, number, &durations)).collect()
}

/// The names of the table's columns, and which of them each list is.
fn names_and_lists(leaves: &[Leaf]) -> (Vec<String>, Vec<(String, Range<usize>)>) {
    let mut names = Vec::new();
    let mut lists = Vec::new();
    for leaf in leaves {
        let first = names.len();
        names.extend(leaf.headings());
        if leaf.list.is_some() {
            lists.push((leaf.name.clone(), first..names.len()));
        }
    }
    (names, lists)
}

/// What the columns of lists are called, where one of them is used.
fn list_notes(lists: &[(String, Range<usize>)], uses: &[Use], headings: &Headings) -> Vec<String> {
    let is_used =
        |(_, columns): &&(String, Range<usize>)| uses[columns.clone()].iter().any(|use_| *use_ != Use::Skip);
    let note = |(name, columns): &(String, Range<usize>)| {
        format!(
            "column {} holds lists of {}: they are {}",
            quoted(name),
            counted(columns.len() as u64, "number"),
            headings.in_words(columns)
        )
    };
    lists.iter().filter(is_used).map(note).collect()
}

/// Reads the cells that are asked for, one group of rows after the other. Returns the number of rows.
fn fill(
    (reader, leaves): (&SerializedFileReader<bytes::Bytes>, &[Leaf]),
    columns: &mut [Cells],
    texts: &mut [Collected],
    place: &str,
) -> Result<usize, DataError> {
    let mut total = 0;
    let stage = Stage::of((reader.num_row_groups() * leaves.len()) as u64);
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(|error| DataError::invalid(place, said(&error)))?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut first = 0;
        for (number, leaf) in leaves.iter().enumerate() {
            stage.advance(1);
            let of_leaf = first..first + leaf.columns();
            first = of_leaf.end;
            let cells = &mut columns[of_leaf.clone()];
            if cells.iter().all(|cells| matches!(cells, Cells::Skipped | Cells::Other(_))) {
                continue;
            }
            let at = |problem: String| DataError::invalid(format!("{place}, column {}", leaf.name), problem);
            let reader = group.get_column_reader(number).map_err(|error| at(said(&error)))?;
            let into = Into { cells, texts: &mut texts[of_leaf.start], rows, before: total, leaf };
            into.append(reader).map_err(at)?;
        }
        total += rows;
    }
    Ok(total)
}

/// A column of the file, which is one of the table or, where it holds lists of one length, as many.
struct Leaf {
    name: String,
    kind: Kind,
    /// The definition level of a cell that is there.
    present: i16,
    list: Option<List>,
}

/// Lists of numbers.
#[derive(Clone, Copy)]
struct List {
    levels: ListLevels,
    width: usize,
}

impl Leaf {
    fn of(
        reader: &SerializedFileReader<bytes::Bytes>,
        number: usize,
        durations: &HashSet<String>,
    ) -> Result<Self, String> {
        let schema = reader.metadata().file_metadata().schema_descr();
        let column = schema.column(number);
        let name = heading(&column);
        let (mut kind, mut list) = (Kind::of(&column), None);
        if durations.contains(&name) {
            kind = Kind::Other("durations");
        } else if column.max_rep_level() > 0 {
            let levels = ListLevels::of(&column);
            let odd = match kind {
                Kind::Text => Some("lists of text"),
                Kind::Other(_) => Some("lists"),
                _ => no_lists(schema.get_column_root(number), &column),
            };
            let width = if odd.is_none() { width(reader, number, levels)? } else { None };
            list = width.map(|width| List { levels, width });
            if list.is_none() {
                kind = Kind::Other(odd.unwrap_or("lists of different lengths"));
            }
        }
        Ok(Self { name, kind, present: column.max_def_level(), list })
    }

    /// How many columns of the table it is.
    fn columns(&self) -> usize {
        self.list.map_or(1, |list| list.width)
    }

    fn headings(&self) -> Vec<String> {
        match self.list {
            None => vec![self.name.clone()],
            Some(list) => (0..list.width).map(|place| format!("{}.{place}", self.name)).collect(),
        }
    }

    /// One of its columns without rows. Booleans are kept as words, which numbers and labels are made of alike.
    fn empty(&self) -> Cells {
        match self.kind {
            Kind::Other(kind) => Cells::Other(kind),
            Kind::Text | Kind::Boolean if self.list.is_none() => Cells::Texts(super::Texts::default()),
            _ => Cells::Numbers { values: Vec::new(), odd: Vec::new() },
        }
    }
}

/// Where texts of a column go.
fn collected(use_: Use) -> Collected {
    if use_ == Use::Values { Collected::default() } else { Collected::texts() }
}

/// The heading of a column; of a list, that of the list.
fn heading(column: &ColumnDescriptor) -> String {
    if column.max_rep_level() == 0 {
        return column.path().string();
    }
    // What a list is made of has a name of its own; keys and values of a map, and fields of its members, have theirs.
    let inner = ["list", "element", "item", "array", "bag", "array_element", "key_value", "map", "entries"];
    let parts = column.path().parts().iter().enumerate();
    let named = parts.filter(|(place, part)| *place == 0 || !inner.contains(&part.as_str()));
    named.map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(".")
}

/// What a program noted beside the schema under a key; nothing where it did not.
fn noted<'a>(file: &'a FileMetaData, key: &str) -> &'a str {
    let entry = file.key_value_metadata().into_iter().flatten().find(|entry| entry.key == key);
    entry.and_then(|entry| entry.value.as_deref()).unwrap_or_default()
}

/// What pandas wrote of its columns beside the schema; nothing where another program wrote the file.
struct PandasNotes(serde_json::Value);

impl PandasNotes {
    fn of(file: &FileMetaData) -> Self {
        Self(serde_json::from_str(noted(file, "pandas")).unwrap_or_default())
    }

    /// Columns that are an index.
    fn index_columns(&self) -> Vec<String> {
        let columns = self.0["index_columns"].as_array().into_iter().flatten();
        columns.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// Columns of lengths of time, which the schema has as whole numbers.
    fn durations(&self) -> HashSet<String> {
        let columns = self.0["columns"].as_array().into_iter().flatten();
        let is_duration = |column: &&serde_json::Value| {
            column["numpy_type"].as_str().is_some_and(|kind| kind.starts_with("timedelta64"))
        };
        columns.filter(is_duration).filter_map(|column| column["name"].as_str().map(str::to_owned)).collect()
    }
}

/// What the numbers of a column are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Unsigned,
    Half,
    Boolean,
    Text,
    /// Whole numbers in units of ten to this power.
    Decimal(i32),
    Other(&'static str),
}

impl Kind {
    fn of(column: &ColumnDescriptor) -> Self {
        use parquet::basic::Type;
        match column.logical_type_ref() {
            Some(LogicalType::Date | LogicalType::Timestamp(_)) => return Self::Other("dates"),
            Some(LogicalType::Time(_)) => return Self::Other("times"),
            Some(LogicalType::Decimal(decimal)) => return Self::Decimal(decimal.scale),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => return Self::Unsigned,
            Some(LogicalType::Float16) => return Self::Half,
            Some(LogicalType::Uuid) => return Self::Other("identifiers"),
            _ => {}
        }
        match column.converted_type() {
            ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => {
                return Self::Other("dates");
            }
            ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => return Self::Other("times"),
            ConvertedType::DECIMAL => return Self::Decimal(column.type_scale()),
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => {
                return Self::Unsigned;
            }
            _ => {}
        }
        match column.physical_type() {
            Type::BOOLEAN => Self::Boolean,
            Type::INT96 => Self::Other("dates"),
            Type::BYTE_ARRAY => Self::Text,
            Type::FIXED_LEN_BYTE_ARRAY => Self::Other("bytes"),
            Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE => Self::Number,
        }
    }
}

/// Where the cells of a group of rows go.
struct Into<'a> {
    /// Of the columns that the leaf is.
    cells: &'a mut [Cells],
    texts: &'a mut Collected,
    rows: usize,
    /// Rows of the groups before.
    before: usize,
    leaf: &'a Leaf,
}

impl Into<'_> {
    fn append(self, reader: ColumnReader) -> Result<(), String> {
        let kind = self.leaf.kind;
        let whole = |value: i64| value as f64;
        match reader {
            ColumnReader::DoubleColumnReader(reader) => self.numbers(reader, |&value| value),
            ColumnReader::FloatColumnReader(reader) => self.numbers(reader, |&value| f64::from(value)),
            ColumnReader::Int32ColumnReader(reader) => match kind {
                Kind::Unsigned => self.numbers(reader, |&value| f64::from(value.cast_unsigned())),
                Kind::Decimal(scale) => self.numbers(reader, |&value| decimal(i128::from(value), scale)),
                _ => self.numbers(reader, |&value| f64::from(value)),
            },
            ColumnReader::Int64ColumnReader(reader) => match kind {
                Kind::Unsigned => self.numbers(reader, |&value| value.cast_unsigned() as f64),
                Kind::Decimal(scale) => self.numbers(reader, |&value| decimal(i128::from(value), scale)),
                _ => self.numbers(reader, |&value| whole(value)),
            },
            ColumnReader::BoolColumnReader(reader) if self.leaf.list.is_some() => {
                self.numbers(reader, |&value| f64::from(u8::from(value)))
            }
            ColumnReader::BoolColumnReader(reader) => {
                self.words(reader, |&value| Ok(if value { "True" } else { "False" }.to_owned()))
            }
            ColumnReader::ByteArrayColumnReader(reader) if kind == Kind::Text => {
                self.words(reader, |value| {
                    String::from_utf8(value.data().to_vec())
                        .map_err(|_| "holds bytes that are no UTF-8 text".to_owned())
                })
            }
            ColumnReader::ByteArrayColumnReader(reader) => match kind {
                Kind::Decimal(scale) => {
                    self.numbers(reader, |value| decimal(big_endian(value.data()), scale))
                }
                _ => Err(NO_KIND.to_owned()),
            },
            ColumnReader::FixedLenByteArrayColumnReader(reader) => match kind {
                Kind::Half => self.numbers(reader, |value| match value.data() {
                    [low, high] => from_half(u16::from_le_bytes([*low, *high])),
                    _ => f64::NAN,
                }),
                Kind::Decimal(scale) => {
                    self.numbers(reader, |value| decimal(big_endian(value.data()), scale))
                }
                _ => Err(NO_KIND.to_owned()),
            },
            ColumnReader::Int96ColumnReader(_) => Err(NO_KIND.to_owned()),
        }
    }

    fn numbers<T: DataType>(
        self,
        reader: ColumnReaderImpl<T>,
        number: impl Fn(&T::T) -> f64,
    ) -> Result<(), String> {
        let Self { cells, rows, before, leaf, .. } = self;
        let mut columns = Vec::with_capacity(cells.len());
        for cells in cells {
            columns.push(match cells {
                Cells::Numbers { values, odd } => {
                    make_room(values, rows, "its numbers take").map_err(|error| error.to_string())?;
                    Some((values, odd))
                }
                // Of a list, some places may not be asked for.
                _ if leaf.list.is_some() => None,
                _ => return Err(NO_KIND.to_owned()),
            });
        }
        let mut add = |place: usize, value: Option<&T::T>| {
            let Some((values, odd)) = &mut columns[place] else { return };
            let value = value.map(&number);
            match value {
                Some(value) if value.is_finite() => values.push(value),
                _ => {
                    odd.push((values.len(), value.map(|value| value.to_string()).unwrap_or_default()));
                    values.push(f64::NAN);
                }
            }
        };
        let Some(List { levels, width }) = leaf.list else {
            return each(reader, rows, leaf.present, |value| {
                add(0, value);
                Ok(())
            });
        };
        each_list(reader, rows, levels, |row, list| {
            if let Some(places) = list
                && places.len() != width
            {
                return Err(format!(
                    "the list in {} has {}, and others have {width}; cut or fill them to one length, or leave the column out with \
                     `drop` {}",
                    row_in_words(before + row),
                    counted(places.len() as u64, "number"),
                    leaf.name
                ));
            }
            // Of a list that is missing, every number is.
            (0..width).for_each(|place| add(place, list.and_then(|places| places[place])));
            Ok(())
        })
    }

    fn words<T: DataType>(
        self,
        reader: ColumnReaderImpl<T>,
        word: impl Fn(&T::T) -> Result<String, String>,
    ) -> Result<(), String> {
        let Self { texts, rows, leaf, .. } = self;
        each(reader, rows, leaf.present, |value| {
            let text = value.map(&word).transpose()?;
            texts.add(text.as_deref().unwrap_or_default().trim(), NumberMarks::default())
        })
    }
}

pub(super) const CUT_OFF: &str = "ends before the last row; write the table again";

const NO_KIND: &str =
    "holds values of a kind that is not read; drop the column, or save it as numbers or text";

/// Hands over the cells of a group of rows, nothing where a cell is null.
fn each<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    present: i16,
    mut take: impl FnMut(Option<&T::T>) -> Result<(), String>,
) -> Result<(), String> {
    let mut left = rows;
    while left > 0 {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (read, _, _) =
            reader.read_records(left, Some(&mut levels), None, &mut values).map_err(|error| said(&error))?;
        if read == 0 {
            return Err(CUT_OFF.to_owned());
        }
        let mut values = values.iter();
        for row in 0..read {
            let is_there = present == 0 || levels.get(row) == Some(&present);
            take(if is_there { values.next() } else { None })?;
        }
        left -= read.min(left);
    }
    Ok(())
}

fn decimal(value: i128, scale: i32) -> f64 {
    // Divided rather than multiplied by a negative power, which no double holds.
    value as f64 / 10_f64.powi(scale)
}

fn big_endian(bytes: &[u8]) -> i128 {
    let sign = if bytes.first().is_some_and(|&byte| byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, &byte| (value << 8) | i128::from(byte))
}

/// The library's words in ours.
pub(super) fn said(error: &ParquetError) -> String {
    let text = error.to_string();
    for codec in ["brotli", "lzo"] {
        if text.to_lowercase().contains(codec) {
            return format!(
                "is packed with {codec}, which is not read; write it with zstd, snappy, gzip or lz4"
            );
        }
    }
    format!("cannot be read as Parquet: {text}")
}

/// Whether so many bytes are free.
fn check(place: &str, bytes: u128) -> Result<(), DataError> {
    check_memory(bytes, "its numbers take", "keep fewer columns or rows")
        .map_err(|error| DataError::invalid(place, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::basic::Type as Physical;
    use parquet::data_type::Int32Type;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use std::sync::Arc;

    /// A column of 150 and -25 that only the older of the two notes on kinds says the kind of.
    fn column_of(kind: ConvertedType) -> Cells {
        let field = Type::primitive_type_builder("z", Physical::INT32)
            .with_repetition(parquet::basic::Repetition::REQUIRED)
            .with_converted_type(kind);
        let field = match kind {
            ConvertedType::DECIMAL => field.with_precision(9).with_scale(2),
            _ => field,
        };
        let field = Arc::new(field.build().expect("a field"));
        let schema = Type::group_type_builder("t").with_fields(vec![field]).build().expect("a schema");
        let mut bytes = Vec::new();
        let properties = Arc::new(WriterProperties::builder().build());
        let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), properties).expect("a file");
        let mut group = file.next_row_group().expect("a group");
        let mut column = group.next_column().expect("columns").expect("a column");
        column.typed::<Int32Type>().write_batch(&[150, -25], None, None).expect("written");
        column.close().expect("closed");
        group.close().expect("closed");
        file.close().expect("closed");
        let opened = Opened::held(bytes, "t.parquet");
        let mut pick = |headings: &Headings| Ok(vec![Use::Values; headings.names.len()]);
        read(&opened, &mut pick).expect("a table").columns[0].cells.clone()
    }

    #[test]
    fn kinds_of_older_writers_are_known() {
        assert!(matches!(column_of(ConvertedType::TIME_MILLIS), Cells::Other("times")));
        assert!(matches!(column_of(ConvertedType::DATE), Cells::Other("dates")));
        let Cells::Numbers { values, .. } = column_of(ConvertedType::DECIMAL) else { panic!("numbers") };
        assert_eq!(values, [1.5, -0.25]);
    }
}
