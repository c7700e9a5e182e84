//! The table of records as a Parquet file.

use super::records::{Entry, Results, axis_heads, entries, heads};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::sync::Arc;

/// What a column holds, in the order of the rows.
enum Column {
    Texts(Vec<ByteArray>),
    /// With gaps where there is none.
    Wholes(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
}

/// The same columns as the CSV file: texts, whole numbers (`repetition`, `row`, `column`) and doubles (`value`), the last
/// three nullable.
pub(super) fn parquet(results: &Results) -> Result<Vec<u8>> {
    let columns = columns(results, &entries(results).collect::<Vec<_>>());
    let names = heads(results);
    let fields = names.iter().zip(&columns).map(|(name, column)| field(name, column).map(Arc::new));
    let schema = Type::group_type_builder("records").with_fields(fields.collect::<Result<_>>()?).build()?;
    let properties = WriterProperties::builder().set_created_by("equipoise".to_owned()).build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in columns {
        let mut writer = group.next_column()?.ok_or_else(|| mismatch("a column too many"))?;
        match (column, writer.untyped()) {
            (Column::Texts(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(&values, None, None)?;
            }
            (Column::Wholes(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                let (present, levels) = with_levels(values);
                writer.write_batch(&present, Some(&levels), None)?;
            }
            (Column::Numbers(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                let (present, levels) = with_levels(values);
                writer.write_batch(&present, Some(&levels), None)?;
            }
            _ => return Err(mismatch("a column of another type")),
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn mismatch(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn columns(results: &Results, rows: &[Entry]) -> Vec<Column> {
    let texts = |of: &dyn Fn(&Entry) -> &str| {
        Column::Texts(rows.iter().map(|row| ByteArray::from(of(row))).collect())
    };
    #[expect(clippy::cast_possible_wrap, reason = "counts of what is in memory")]
    let wholes = |of: fn(&Entry) -> Option<u64>| {
        Column::Wholes(rows.iter().map(|row| of(row).map(|number| number as i64)).collect())
    };
    let mut columns = vec![texts(&|row| &row.series)];
    columns.extend(
        (0..results.experiment.axes.iter().map(|axis| axis_heads(axis).len()).sum())
            .map(|column| texts(&|row| &row.places[column])),
    );
    columns.push(wholes(|row| Some(row.repetition)));
    columns.push(texts(&|row| row.status));
    columns.push(texts(&|row| &row.measure));
    columns.push(wholes(|row| row.row.map(|number| number as u64)));
    columns.push(texts(&|row| &row.class));
    columns.push(wholes(|row| row.column.map(|number| number as u64)));
    columns.push(Column::Numbers(rows.iter().map(|row| row.value).collect()));
    columns
}

fn field(name: &str, column: &Column) -> Result<Type> {
    let (physical, repetition, logical) = match column {
        Column::Texts(_) => (Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String)),
        Column::Wholes(_) => (Physical::INT64, Repetition::OPTIONAL, None),
        Column::Numbers(_) => (Physical::DOUBLE, Repetition::OPTIONAL, None),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
}

/// The values that are there, and for every place whether one is.
fn with_levels<T>(values: Vec<Option<T>>) -> (Vec<T>, Vec<i16>) {
    let levels = values.iter().map(|value| i16::from(value.is_some())).collect();
    (values.into_iter().flatten().collect(), levels)
}
