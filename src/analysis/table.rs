//! Records as a table in long form: one number a row, so that every tool can filter and pivot it.

use super::measure::Shape;
use super::records::Results;

/// The table as CSV: series, one column per sweep axis, repetition, status, measure, row and column (class, predicted
/// class, feature or iteration, where the measure is a list), value.
pub(super) fn csv(results: &Results) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let axes = &results.experiment.axes;
    let head = ["series"].into_iter().chain(axes.iter().map(|axis| axis.name.as_str()));
    writer.write_record(head.chain(["repetition", "status", "measure", "row", "column", "value"]))?;
    for record in &results.records {
        let mut place = vec![results.series_name(record.series)];
        place.extend(axes.iter().zip(&record.at).map(|(axis, &at)| axis.labels[at].clone()));
        place.push(record.repetition.to_string());
        place.push(
            match record.ended {
                super::records::Ended::Stationary => "stationary",
                super::records::Ended::Stopped => "stopped",
                super::records::Ended::Unsolved(_) => "unsolved",
            }
            .to_owned(),
        );
        for (measure, values) in &record.measured {
            let width = match measure.shape() {
                Shape::Scalar => 0,
                Shape::Classes | Shape::Iterations => 1,
                Shape::ClassPairs => record.classes,
                Shape::Features => record.features,
            };
            for (number, value) in values.iter().enumerate() {
                let (row, column) = match measure.shape() {
                    Shape::Scalar => (String::new(), String::new()),
                    Shape::Classes | Shape::Iterations => (number.to_string(), String::new()),
                    Shape::ClassPairs | Shape::Features => {
                        ((number / width).to_string(), (number % width).to_string())
                    }
                };
                let value = if value.is_nan() { String::new() } else { value.to_string() };
                writer.write_record(place.iter().chain(&[measure.name(), row, column, value]))?;
            }
        }
        if record.measured.is_empty() {
            let nothing = [const { String::new() }; 4];
            writer.write_record(place.iter().chain(&nothing))?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
