//! Parquet tables of numbers.

use super::columns::{Columns, TableColumns};
use super::guard::guarded;
use super::opened::Opened;
use crate::data::DataError;
use crate::data::arrays::Array;
use crate::data::sample_weights::check_weight;
use crate::memory::check_memory;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

/// Reads the table; a panic of the library on a broken file becomes an error.
pub(super) fn read(opened: &Opened, table: &TableColumns) -> Result<Columns, DataError> {
    let broken = || DataError::invalid(&opened.place, "is cut off or damaged; write the table again");
    guarded(|| read_unguarded(opened, table)).unwrap_or_else(|| Err(broken()))
}

fn read_unguarded(opened: &Opened, table: &TableColumns) -> Result<Columns, DataError> {
    let place = &opened.place;
    let damaged =
        |error: ParquetError| DataError::invalid(place, format!("cannot be read as Parquet: {error}"));
    check(place, opened.bytes().len() as u128)?;
    let bytes = bytes::Bytes::copy_from_slice(opened.bytes());
    let reader = SerializedFileReader::new(bytes).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let mut headings: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let places = table.among(&headings, place)?;
    let label = places.label;
    let rows = u128::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    // Columns, and the same numbers row by row.
    check(place, 2 * size_of::<f64>() as u128 * rows * headings.len() as u128)?;
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); headings.len()];
    let mut labels = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(damaged)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        for (number, column) in columns.iter_mut().enumerate() {
            let reader = group.get_column_reader(number).map_err(damaged)?;
            if number == label && matches!(reader, ColumnReader::ByteArrayColumnReader(_)) {
                labels.extend(texts(reader, rows).map_err(damaged)?);
                continue;
            }
            let before = column.len();
            append(reader, rows, column).map_err(|problem| {
                DataError::invalid(format!("{place}, column {}", headings[number]), problem)
            })?;
            if column.len() != before + rows {
                let problem = "has missing values; drop or fill them";
                return Err(DataError::invalid(format!("{place}, column {}", headings[number]), problem));
            }
        }
    }
    if labels.is_empty() {
        labels = columns[label].iter().map(f64::to_string).collect();
    }
    if let Some(column) = places.sample_weights {
        for (row, &weight) in columns[column].iter().enumerate() {
            check_weight(weight, || {
                format!("sample weights: {place}, row {row}, column {}", headings[column])
            })?;
        }
    }
    let rows = labels.len();
    let sample_weights = places.sample_weights.map(|column| columns[column].clone());
    let mut number = 0..;
    columns.retain(|_| number.next().is_some_and(|number| places.is_score(number)));
    let mut number = 0..;
    headings.retain(|_| number.next().is_some_and(|number| places.is_score(number)));
    let values = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    let scores = Array::owned(place.clone(), rows, headings.len(), values);
    Ok(Columns { headings, scores, labels, label_place: format!("{place}, labels"), sample_weights })
}

/// Whether so many bytes are free.
fn check(place: &str, bytes: u128) -> Result<(), DataError> {
    check_memory(bytes, "its numbers take", "keep fewer columns or rows")
        .map_err(|error| DataError::invalid(place, error.to_string()))
}

/// Appends the numbers of a column in a group of rows.
fn append(reader: ColumnReader, rows: usize, into: &mut Vec<f64>) -> Result<(), String> {
    let read = match reader {
        ColumnReader::DoubleColumnReader(reader) => numbers(reader, rows, into, |&value| value),
        ColumnReader::FloatColumnReader(reader) => numbers(reader, rows, into, |&value| f64::from(value)),
        ColumnReader::Int32ColumnReader(reader) => numbers(reader, rows, into, |&value| f64::from(value)),
        ColumnReader::Int64ColumnReader(reader) => numbers(reader, rows, into, |&value| value as f64),
        ColumnReader::BoolColumnReader(reader) => {
            numbers(reader, rows, into, |&value| if value { 1.0 } else { 0.0 })
        }
        _ => return Err("holds no numbers; every column but that of the labels holds logits".to_owned()),
    };
    read.map_err(|error| format!("cannot be read: {error}"))
}

fn numbers<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    into: &mut Vec<f64>,
    number: impl Fn(&T::T) -> f64,
) -> Result<(), ParquetError> {
    let mut left = rows;
    while left > 0 {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (read, _, _) = reader.read_records(left, Some(&mut levels), None, &mut values)?;
        if read == 0 {
            break;
        }
        into.extend(values.iter().map(&number));
        left -= read.min(left);
    }
    Ok(())
}

fn texts(reader: ColumnReader, rows: usize) -> Result<Vec<String>, ParquetError> {
    let ColumnReader::ByteArrayColumnReader(mut reader) = reader else { return Ok(Vec::new()) };
    let mut texts = Vec::new();
    while texts.len() < rows {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (read, _, _) = reader.read_records(rows - texts.len(), Some(&mut levels), None, &mut values)?;
        if read == 0 || values.len() != read {
            return Err(ParquetError::General("labels are missing in some rows".to_owned()));
        }
        texts.extend(values.iter().map(|value| String::from_utf8_lossy(value.data()).into_owned()));
    }
    Ok(texts)
}
