//! Parquet tables, as pandas, polars, R's arrow and `DuckDB` write them.

use super::arrow_schema;
use super::column::{Cells, Collected, Column};
use super::decimal::Number;
use super::lists::{ListLevels, each_list, no_lists, width};
use super::{Headings, NumberMarks, Pick, Table, Use};
use crate::data::arrays::{Opened, from_half, guarded};
use crate::data::places::{RowPlaces, row_in_words};
use crate::data::rounding::{DOUBLE, HALF, Rounding, SINGLE};
use crate::data::{DataError, quoted};
use crate::memory::{check_memory, make_room};
use crate::numeric::counted;
use crate::progress::Stage;
use parquet::basic::{ConvertedType, LogicalType, Type};
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
    let empty = |(leaf, use_): (&Leaf, &Use)| leaf.empty(*use_);
    let mut columns: Vec<Cells> = kinds.zip(&uses).map(empty).collect();
    let mut texts: Vec<Collected> = uses.iter().copied().map(collected).collect();
    let total = fill((&reader, &leaves), &mut columns, &mut texts, place)?;
    let read = texts.iter().zip(&headings.names).zip(&uses);
    let notes =
        read.filter_map(|((texts, name), use_)| if *use_ == Use::Values { texts.note(name) } else { None });
    let rounded = texts.iter().zip(&headings.names).enumerate();
    let rounded = rounded.filter_map(|(number, (texts, name))| Some((number, texts.rounding().note(name)?)));
    let rounded = rounded.collect();
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
        rounded,
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
            let into = Into { cells, texts: &mut texts[of_leaf], rows, before: total, leaf };
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

    /// One of its columns without rows. Booleans are kept as words, which numbers and labels are made of alike, and so are numbers that
    /// are labels: a double may be several whole numbers.
    fn empty(&self, use_: Use) -> Cells {
        let texts = || Cells::Texts(super::Texts::default());
        match self.kind {
            _ if use_ == Use::Skip => Cells::Skipped,
            Kind::Other(kind) => Cells::Other(kind),
            _ if use_ == Use::Texts => texts(),
            Kind::Text | Kind::Boolean if self.list.is_none() => texts(),
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
    /// Their texts, and what is to be said of their numbers.
    texts: &'a mut [Collected],
    rows: usize,
    /// Rows of the groups before.
    before: usize,
    leaf: &'a Leaf,
}

impl Into<'_> {
    fn append(self, reader: ColumnReader) -> Result<(), String> {
        let kind = self.leaf.kind;
        let whole = |value: i64| match kind {
            Kind::Decimal(scale) => Number::Decimal(value.into(), scale),
            _ => Number::Whole(value.into()),
        };
        let unsigned = kind == Kind::Unsigned;
        match reader {
            ColumnReader::DoubleColumnReader(reader) => self.numbers(reader, |&value| Number::Real(value)),
            ColumnReader::FloatColumnReader(reader) => {
                self.numbers(reader, |&value| Number::Real(f64::from(value)))
            }
            ColumnReader::Int32ColumnReader(reader) if unsigned => {
                self.numbers(reader, |&value| Number::Whole(value.cast_unsigned().into()))
            }
            ColumnReader::Int32ColumnReader(reader) => self.numbers(reader, |&value| whole(value.into())),
            ColumnReader::Int64ColumnReader(reader) if unsigned => {
                self.numbers(reader, |&value| Number::Whole(value.cast_unsigned().into()))
            }
            ColumnReader::Int64ColumnReader(reader) => self.numbers(reader, |&value| whole(value)),
            ColumnReader::BoolColumnReader(reader) if self.leaf.list.is_some() => {
                self.numbers(reader, |&value| Number::Whole(value.into()))
            }
            ColumnReader::BoolColumnReader(reader) => {
                self.words(reader, |&value| Ok(if value { "True" } else { "False" }.to_owned()))
            }
            ColumnReader::ByteArrayColumnReader(reader) => match kind {
                Kind::Text => self.words(reader, |value| {
                    String::from_utf8(value.data().to_vec())
                        .map_err(|_| "holds bytes that are no UTF-8 text".to_owned())
                }),
                Kind::Decimal(scale) => {
                    self.numbers(reader, |value| Number::of_big_endian(value.data(), scale))
                }
                _ => Err(NO_KIND.to_owned()),
            },
            ColumnReader::FixedLenByteArrayColumnReader(reader) => match kind {
                Kind::Half => self.numbers(reader, |value| match value.data() {
                    [low, high] => Number::Real(from_half(u16::from_le_bytes([*low, *high]))),
                    _ => Number::Real(f64::NAN),
                }),
                Kind::Decimal(scale) => {
                    self.numbers(reader, |value| Number::of_big_endian(value.data(), scale))
                }
                _ => Err(NO_KIND.to_owned()),
            },
            ColumnReader::Int96ColumnReader(_) => Err(NO_KIND.to_owned()),
        }
    }

    fn numbers<T: DataType>(
        self,
        reader: ColumnReaderImpl<T>,
        number: impl Fn(&T::T) -> Number,
    ) -> Result<(), String> {
        let Self { cells, texts, rows, before, leaf } = self;
        let real = match (T::get_physical_type(), leaf.kind) {
            (Type::DOUBLE, _) => Some(DOUBLE),
            (Type::FLOAT, _) => Some(SINGLE),
            (_, Kind::Half) => Some(HALF),
            _ => None,
        };
        let mut columns = Vec::with_capacity(cells.len());
        for (cells, collected) in cells.iter_mut().zip(texts) {
            columns.push(match cells {
                Cells::Numbers { values, odd } => {
                    make_room(values, rows, "its numbers take").map_err(|error| error.to_string())?;
                    Place::Numbers { values, odd, rounding: collected.rounding_mut() }
                }
                Cells::Texts(_) => Place::Texts(collected),
                // Of a list, some places may not be asked for.
                _ if leaf.list.is_some() => Place::Nothing,
                _ => return Err(NO_KIND.to_owned()),
            });
        }
        let mut add = |place: usize, value: Option<&T::T>| columns[place].add(value.map(&number), real);
        let Some(List { levels, width }) = leaf.list else {
            return each(reader, rows, leaf.present, |value| add(0, value));
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
            (0..width).try_for_each(|place| add(place, list.and_then(|places| places[place])))
        })
    }

    fn words<T: DataType>(
        self,
        reader: ColumnReaderImpl<T>,
        word: impl Fn(&T::T) -> Result<String, String>,
    ) -> Result<(), String> {
        let Self { texts, rows, leaf, .. } = self;
        let [texts] = texts else { return Err(NO_KIND.to_owned()) };
        each(reader, rows, leaf.present, |value| {
            let text = value.map(&word).transpose()?;
            texts.add(text.as_deref().unwrap_or_default().trim(), NumberMarks::default())
        })
    }
}

/// Where the numbers of a column go.
enum Place<'a> {
    Nothing,
    Texts(&'a mut Collected),
    Numbers { values: &'a mut Vec<f64>, odd: &'a mut Vec<(usize, String)>, rounding: &'a mut Rounding },
}

impl Place<'_> {
    /// Adds the number of a row, nothing where it is null; `real` is the kind of a number that is not whole, and below what that holds
    /// all whole ones.
    fn add(&mut self, number: Option<Number>, real: Option<(&'static str, f64)>) -> Result<(), String> {
        match self {
            Self::Nothing => {}
            Self::Texts(texts) => {
                let text = number.as_ref().map(Number::text).unwrap_or_default();
                if let (Some(Number::Real(value)), Some(kind)) = (number, real) {
                    texts.rounding_mut().see_label(value, kind);
                }
                texts.add(&text, NumberMarks::default())?;
            }
            Self::Numbers { values, odd, rounding } => {
                let value = number.as_ref().map(Number::value);
                match (number, value) {
                    (Some(number), Some(value)) if value.is_finite() => {
                        number.see(value, rounding);
                        values.push(value);
                    }
                    _ => {
                        odd.push((values.len(), value.map(|value| value.to_string()).unwrap_or_default()));
                        values.push(f64::NAN);
                    }
                }
            }
        }
        Ok(())
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
    use parquet::data_type::{
        BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
        Int64Type,
    };
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::{PrimitiveTypeBuilder, Type};
    use std::sync::Arc;

    /// A file of one column, `z`.
    fn file_of<T: DataType>(field: PrimitiveTypeBuilder, values: &[T::T]) -> Opened {
        let field = field.with_repetition(parquet::basic::Repetition::REQUIRED);
        let field = Arc::new(field.build().expect("a field"));
        let schema = Type::group_type_builder("t").with_fields(vec![field]).build().expect("a schema");
        let mut bytes = Vec::new();
        let properties = Arc::new(WriterProperties::builder().build());
        let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), properties).expect("a file");
        let mut group = file.next_row_group().expect("a group");
        let mut column = group.next_column().expect("columns").expect("a column");
        column.typed::<T>().write_batch(values, None, None).expect("written");
        column.close().expect("closed");
        group.close().expect("closed");
        file.close().expect("closed");
        Opened::held(bytes, "t.parquet")
    }

    fn table_of(opened: &Opened, use_: Use) -> Table {
        read(opened, &mut |headings| Ok(vec![use_; headings.names.len()])).expect("a table")
    }

    /// A column of 150 and -25 that only the older of the two notes on kinds says the kind of.
    fn column_of(kind: ConvertedType) -> Cells {
        let field = Type::primitive_type_builder("z", Physical::INT32).with_converted_type(kind);
        let field = match kind {
            ConvertedType::DECIMAL => field.with_precision(9).with_scale(2),
            _ => field,
        };
        table_of(&file_of::<Int32Type>(field, &[150, -25]), Use::Values).columns[0].cells.clone()
    }

    /// The texts of labels.
    fn labels<T: DataType>(field: PrimitiveTypeBuilder, values: &[T::T]) -> Vec<String> {
        let table = table_of(&file_of::<T>(field, values), Use::Texts);
        let texts = table.columns[0].texts(table.rows);
        texts.codes.iter().map(|&code| texts.levels[code as usize].clone()).collect()
    }

    fn decimal(physical: Physical, precision: i32, scale: i32) -> PrimitiveTypeBuilder<'static> {
        let kind = LogicalType::decimal(scale, precision);
        let field = Type::primitive_type_builder("z", physical).with_logical_type(Some(kind));
        field.with_precision(precision).with_scale(scale)
    }

    const NEIGHBOURS: [i64; 2] = [1_700_000_000_000_000_001, 1_700_000_000_000_000_002];

    #[test]
    fn labels_are_whole_numbers_exactly() {
        let texts = NEIGHBOURS.map(|value| value.to_string());
        let plain = Type::primitive_type_builder("z", Physical::INT64);
        assert_eq!(labels::<Int64Type>(plain, &NEIGHBOURS), texts);
        let unsigned = Type::primitive_type_builder("z", Physical::INT64)
            .with_logical_type(Some(LogicalType::integer(64, false)));
        assert_eq!(
            labels::<Int64Type>(unsigned, &[-1, -2]),
            ["18446744073709551615", "18446744073709551614"]
        );
        let hundredths = NEIGHBOURS.map(|value| value / 1_000 * 1_000);
        let of_hundredths = hundredths.map(|value| (value / 100).to_string());
        assert_eq!(labels::<Int64Type>(decimal(Physical::INT64, 18, 2), &hundredths), of_hundredths);
        let bytes = NEIGHBOURS.map(|value| (i128::from(value) * 1_000).to_be_bytes().to_vec());
        let fixed = bytes.clone().map(|bytes| FixedLenByteArray::from(ByteArray::from(bytes)));
        let field = decimal(Physical::FIXED_LEN_BYTE_ARRAY, 38, 3).with_length(16);
        assert_eq!(labels::<FixedLenByteArrayType>(field, &fixed), texts);
        let field = decimal(Physical::BYTE_ARRAY, 38, 3);
        assert_eq!(labels::<ByteArrayType>(field, &bytes.map(ByteArray::from)), texts);
        let halves = decimal(Physical::INT32, 9, 1);
        assert_eq!(labels::<Int32Type>(halves, &[10, -25]), ["1", "-2.5"]);
        let real = Type::primitive_type_builder("z", Physical::DOUBLE);
        assert_eq!(labels::<DoubleType>(real, &[3.0, -0.5]), ["3", "-0.5"]);
        let truth = Type::primitive_type_builder("z", Physical::BOOLEAN);
        assert_eq!(labels::<BoolType>(truth, &[true, false]), ["True", "False"]);
    }

    #[test]
    fn numbers_that_doubles_round_are_said() {
        let said = |field: PrimitiveTypeBuilder, values: &[i64]| {
            table_of(&file_of::<Int64Type>(field, values), Use::Values).rounded
        };
        let plain = || Type::primitive_type_builder("z", Physical::INT64);
        let (column, note) = said(plain(), &NEIGHBOURS).pop().expect("a note");
        assert!(column == 0 && note.contains("\"z\" holds whole numbers beyond 2^53"), "{note}");
        assert_eq!(said(plain(), &[i64::MIN, 1 << 53, 1_700_000_000_000_000_000, -3]), []);
        let tenths = || decimal(Physical::INT64, 18, 1);
        assert_eq!(said(tenths(), &[1, 90_071_992_547_409_920, 90_071_992_547_409_925]), []);
        assert!(said(tenths(), &[90_071_992_547_409_930])[0].1.contains("9007199254740993, which"));
        let places = decimal(Physical::INT64, 18, 8);
        let note = &said(places, &[170_000_000_012_345_678, 170_000_000_012_345_679])[0].1;
        assert!(note.contains("1700000000.12345678 and 1700000000.12345679 are the same"), "{note}");
    }

    #[test]
    fn kinds_of_older_writers_are_known() {
        assert!(matches!(column_of(ConvertedType::TIME_MILLIS), Cells::Other("times")));
        assert!(matches!(column_of(ConvertedType::DATE), Cells::Other("dates")));
        let Cells::Numbers { values, .. } = column_of(ConvertedType::DECIMAL) else { panic!("numbers") };
        assert_eq!(values, [1.5, -0.25]);
    }
}
