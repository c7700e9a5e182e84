//! CSV tables: a line of headings, then a line per sample.

use super::columns::{Columns, label_column};
use super::opened::Opened;
use crate::data::DataError;
use crate::data::arrays::Array;

pub(super) fn read(opened: &Opened, label: Option<&str>) -> Result<Columns, DataError> {
    let place = &opened.place;
    if opened.bytes().is_empty() {
        return Err(DataError::invalid(place, "is empty; logits and labels are needed"));
    }
    if opened.bytes().iter().take(1 << 12).any(|&byte| byte == 0) {
        return Err(DataError::invalid(
            place,
            "is no file that can be read; give NPZ, NPY, safetensors, Parquet, or CSV with a line of headings",
        ));
    }
    let mut reader = ::csv::Reader::from_reader(opened.bytes());
    let headings = reader.headers().map_err(|error| damaged(place, &error))?;
    let mut headings: Vec<String> = headings.iter().map(|heading| heading.trim().to_owned()).collect();
    let column = label_column(&headings, label, place)?;
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| damaged(place, &error))? {
        let line = record.position().map_or(0, ::csv::Position::line);
        for (number, field) in record.iter().enumerate() {
            if number == column {
                labels.push(field.trim().to_owned());
                continue;
            }
            let value = field.trim().parse::<f64>().map_err(|_| {
                let problem =
                    format!("{field:?} is no number; every column but that of the labels holds logits");
                DataError::invalid(format!("{place}, line {line}, column {}", headings[number]), problem)
            })?;
            values.push(value);
        }
    }
    headings.remove(column);
    let (rows, columns) = (labels.len(), headings.len());
    let scores = Array::owned(place.clone(), rows, columns, values);
    Ok(Columns { headings, scores, labels, label_place: format!("{place}, labels") })
}

fn damaged(place: &str, error: &::csv::Error) -> DataError {
    let line = error.position().map_or_else(String::new, |at| format!(", line {}", at.line()));
    let problem = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where there are {expected_len} headings")
        }
        ::csv::ErrorKind::Utf8 { .. } => {
            "is not text; give NPZ, NPY, safetensors, Parquet, or CSV with a line of headings".to_owned()
        }
        _ => error.to_string(),
    };
    DataError::invalid(format!("{place}{line}"), problem)
}
