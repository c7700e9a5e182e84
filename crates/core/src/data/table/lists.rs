//! Lists of numbers in the cells of a Parquet column, as datasets, polars and `DuckDB` write logits and embeddings: lists of one length
//! become as many columns.

use super::parquet::{CUT_OFF, said};
use parquet::basic::Repetition;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, Type};

/// Rows that are read at a time.
const BATCH: usize = 1024;

/// What the definition levels of a list say.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListLevels {
    /// Of a number that is there.
    number: i16,
    /// Of a place of a list, whether it has a number or not; the list itself is there from one below.
    place: i16,
}

impl ListLevels {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let number = column.max_def_level();
        let may_miss = column.self_type().get_basic_info().repetition() == Repetition::OPTIONAL;
        Self { number, place: number - i16::from(may_miss) }
    }
}

/// Why the cells of a column are no plain lists; nothing where they are. `root` is the outermost type of the column.
pub(super) fn no_lists(root: &Type, column: &ColumnDescriptor) -> Option<&'static str> {
    if column.max_rep_level() > 1 {
        return Some("lists of lists");
    }
    let mut inner = root;
    while inner.is_group() {
        let [only] = inner.get_fields() else { return Some("lists of records, or maps") };
        inner = only;
    }
    None
}

/// How many numbers each list of a column has, those aside that are missing; nothing where that differs, or there are none.
///
/// # Errors
/// The file is damaged.
pub(super) fn width(
    reader: &SerializedFileReader<bytes::Bytes>,
    number: usize,
    levels: ListLevels,
) -> Result<Option<usize>, String> {
    let groups = reader.metadata().row_groups();
    let rows: i64 = groups.iter().map(RowGroupMetaData::num_rows).sum();
    let values: i64 = groups.iter().map(|group| group.column(number).num_values()).sum();
    // A list that is missing or empty counts as one number. Where all have one length, the sums say so without a look at the lists,
    // each of which is looked at when it is read.
    let width = if rows > 0 { values / rows } else { 0 };
    let is_full = |group: &RowGroupMetaData| {
        group.num_rows().checked_mul(width) == Some(group.column(number).num_values())
    };
    if width > 1 && groups.iter().all(is_full) {
        return Ok(usize::try_from(width).ok());
    }
    let (mut found, mut differ) = (None, false);
    let mut look = |length: Option<usize>| {
        if let Some(length) = length {
            differ |= *found.get_or_insert(length) != length;
        }
    };
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(|error| said(&error))?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let column = group.get_column_reader(number).map_err(|error| said(&error))?;
        lengths(column, rows, levels, &mut look)?;
    }
    Ok(found.filter(|&width| !differ && width > 0))
}

/// The length of each list, nothing where it is missing.
fn lengths(
    reader: ColumnReader,
    rows: usize,
    levels: ListLevels,
    look: &mut dyn FnMut(Option<usize>),
) -> Result<(), String> {
    fn of<T: DataType>(
        reader: ColumnReaderImpl<T>,
        rows: usize,
        levels: ListLevels,
        look: &mut dyn FnMut(Option<usize>),
    ) -> Result<(), String> {
        each_list(reader, rows, levels, |_, list| {
            look(list.map(<[_]>::len));
            Ok(())
        })
    }
    match reader {
        ColumnReader::BoolColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::Int32ColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::Int64ColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::Int96ColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::FloatColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::DoubleColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::ByteArrayColumnReader(reader) => of(reader, rows, levels, look),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => of(reader, rows, levels, look),
    }
}

/// Hands over the lists of a group of rows with the numbers of these, counted from 0: their places, of which some may have no number;
/// nothing where the list is missing.
///
/// # Errors
/// The file is damaged, or `take` says so.
pub(super) fn each_list<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    levels: ListLevels,
    mut take: impl FnMut(usize, Option<&[Option<&T::T>]>) -> Result<(), String>,
) -> Result<(), String> {
    let mut row = 0;
    while row < rows {
        let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        let batch = BATCH.min(rows - row);
        let (read, _, _) = reader
            .read_records(batch, Some(&mut defined), Some(&mut repeated), &mut values)
            .map_err(|error| said(&error))?;
        if read == 0 {
            return Err(CUT_OFF.to_owned());
        }
        let (mut values, mut places) = (values.iter(), Vec::new());
        // Every list begins where nothing is repeated; one that is missing or empty has this level alone.
        let mut left = defined.as_slice();
        let mut starts =
            repeated.iter().enumerate().skip(1).filter(|(_, level)| **level == 0).map(|(start, _)| start);
        let mut start = 0;
        for _ in 0..read {
            let end = starts.next().unwrap_or(repeated.len());
            let (list, rest) = left.split_at_checked(end - start).ok_or(CUT_OFF)?;
            (left, start) = (rest, end);
            let first = *list.first().ok_or(CUT_OFF)?;
            places.clear();
            places.extend(
                list.iter()
                    .filter(|&&level| level >= levels.place)
                    .map(|&level| if level == levels.number { values.next() } else { None }),
            );
            take(row, (first >= levels.place - 1).then_some(&places))?;
            row += 1;
        }
    }
    Ok(())
}
