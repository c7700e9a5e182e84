//! Records as a table in long form: one number a row, so that every tool can filter and pivot it.

use super::measure::Shape;
use super::records::{Ended, Record, Results};

/// One number of a record, or a record without any.
pub(super) struct Entry {
    pub(super) series: String,
    /// What the value on each axis of the sweep is called.
    pub(super) places: Vec<String>,
    pub(super) repetition: u64,
    pub(super) status: &'static str,
    pub(super) measure: String,
    /// Class (true class), logit or iteration, where the measure is a list.
    pub(super) row: Option<usize>,
    /// Predicted class or feature, where it is a matrix.
    pub(super) column: Option<usize>,
    /// `None` where there is no number.
    pub(super) value: Option<f64>,
}

/// The names of all columns.
pub(super) fn heads(results: &Results) -> Vec<String> {
    let axes = results.experiment.axes.iter().map(|axis| axis.name.clone());
    let after = ["repetition", "status", "measure", "row", "column", "value"].map(str::to_owned);
    std::iter::once("series".to_owned()).chain(axes).chain(after).collect()
}

/// All rows, in the order of the records.
pub(super) fn entries(results: &Results) -> impl Iterator<Item = Entry> {
    results.records.iter().flat_map(|record| entries_of(results, record))
}

fn entries_of(results: &Results, record: &Record) -> Vec<Entry> {
    let row = |measure: String, row, column, value| Entry {
        series: results.series_name(record.series),
        places: results.labels_of(record).map(str::to_owned).collect(),
        repetition: record.repetition,
        status: match record.ended {
            Ended::Stationary => "stationary",
            Ended::Stopped => "stopped",
            Ended::Unsolved(_) => "unsolved",
        },
        measure,
        row,
        column,
        value,
    };
    if record.measured.is_empty() {
        return vec![row(String::new(), None, None, None)];
    }
    let numbers = record.measured.iter().flat_map(|(measure, values)| {
        values.iter().enumerate().map(|(number, &value)| (*measure, number, value))
    });
    numbers
        .map(|(measure, number, value)| {
            let (at, across) = match measure.shape() {
                Shape::Scalar => (None, None),
                Shape::Classes | Shape::Points | Shape::Iterations | Shape::Trials => (Some(number), None),
                Shape::ClassPairs => (Some(number / record.classes), Some(number % record.classes)),
                Shape::Features => (Some(number / record.features), Some(number % record.features)),
            };
            row(measure.name(), at, across, value.is_finite().then_some(value))
        })
        .collect()
}

/// The table as CSV.
pub(super) fn csv(results: &Results) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heads(results))?;
    let written = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
    for row in entries(results) {
        let mut cells = vec![row.series];
        cells.extend(row.places);
        cells.extend([row.repetition.to_string(), row.status.to_owned(), row.measure]);
        cells.extend([written(row.row), written(row.column)]);
        cells.push(row.value.map_or_else(String::new, |value| value.to_string()));
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
