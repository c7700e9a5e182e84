//! CSV tables: a line of headings, then a line per sample.

use super::columns::{Columns, TableColumns};
use super::opened::Opened;
use crate::data::DataError;
use crate::data::arrays::Array;
use crate::data::sample_weights::check_weight;
use crate::memory::make_room;

pub(super) fn read(opened: &Opened, table: &TableColumns) -> Result<Columns, DataError> {
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
    let places = table.among(&headings, place)?;
    let (mut values, mut labels, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| damaged(place, &error))? {
        let line = record.position().map_or(0, ::csv::Position::line);
        let cell = |number: usize| format!("{place}, line {line}, column {}", headings[number]);
        let weight = match places.sample_weights {
            None => 1.0,
            Some(column) => {
                let weight = weight(record.get(column).unwrap_or_default(), || cell(column))?;
                weights.push(weight);
                weight
            }
        };
        let room = make_room(&mut values, headings.len(), "its numbers take")
            .and_then(|()| make_room(&mut labels, 1, "its labels take"));
        room.map_err(|error| DataError::invalid(place, error.to_string()))?;
        labels.push(record.get(places.label).unwrap_or_default().trim().to_owned());
        for (number, field) in record.iter().enumerate().filter(|&(number, _)| places.is_score(number)) {
            values.push(match field.trim().parse::<f64>() {
                Ok(value) => value,
                // A row of weight zero is an absent row.
                Err(_) if weight == 0.0 => f64::NAN,
                Err(_) => {
                    let problem =
                        format!("{field:?} is no number; every column but that of the labels holds logits");
                    return Err(DataError::invalid(cell(number), problem));
                }
            });
        }
    }
    let mut number = 0..;
    headings.retain(|_| number.next().is_some_and(|number| places.is_score(number)));
    let (rows, columns) = (labels.len(), headings.len());
    let scores = Array::owned(place.clone(), rows, columns, values);
    let sample_weights = places.sample_weights.map(|_| weights);
    Ok(Columns { headings, scores, labels, label_place: format!("{place}, labels"), sample_weights })
}

/// The weight that a cell holds.
fn weight(field: &str, cell: impl Fn() -> String) -> Result<f64, DataError> {
    let place = || format!("sample weights: {}", cell());
    let weight =
        field.trim().parse().map_err(|_| DataError::invalid(place(), format!("{field:?} is no number")))?;
    check_weight(weight, place)?;
    Ok(weight)
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
