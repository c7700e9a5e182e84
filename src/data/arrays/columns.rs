//! Columns of a table: one of labels, the others of numbers.

use super::{Array, LABEL_COLUMNS};
use crate::data::DataError;

/// A table of numbers beside a column of labels.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Headings of the columns of numbers, in order.
    pub headings: Vec<String>,
    /// Their numbers, a row per sample.
    pub scores: Array,
    /// Labels as they are written.
    pub labels: Vec<String>,
    /// Place of the labels, for errors.
    pub label_place: String,
    /// Weights of the rows, each zero or a usable weight, where a column holds them.
    pub sample_weights: Option<Vec<f64>>,
}

/// Headings of the columns of a table that hold no numbers of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableColumns<'a> {
    /// The column of labels; otherwise the first of [`LABEL_COLUMNS`] that is there.
    pub label: Option<&'a str>,
    /// The column of sample weights, where rows do not all count once.
    pub sample_weights: Option<&'a str>,
}

/// Places of those columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) label: usize,
    pub(super) sample_weights: Option<usize>,
}

impl TableColumns<'_> {
    /// Finds the columns among the headings of the table at `place`.
    pub(super) fn among(&self, headings: &[String], place: &str) -> Result<Places, DataError> {
        let label = label_column(headings, self.label, place)?;
        let Some(name) = self.sample_weights else { return Ok(Places { label, sample_weights: None }) };
        let invalid = |problem: String| Err(DataError::invalid(format!("sample weights: {place}"), problem));
        match headings.iter().position(|heading| heading.trim() == name.trim()) {
            Some(column) if column == label => invalid(format!("{name:?} is the column of labels")),
            Some(column) => Ok(Places { label, sample_weights: Some(column) }),
            None => {
                let shown: Vec<&str> = headings.iter().take(12).map(String::as_str).collect();
                invalid(format!("has no column {name:?}; its columns are {}", shown.join(", ")))
            }
        }
    }
}

impl Places {
    /// Whether the column holds scores.
    pub(super) fn is_score(self, column: usize) -> bool {
        column != self.label && self.sample_weights != Some(column)
    }
}

/// Which of the headings is that of the labels.
fn label_column(headings: &[String], label: Option<&str>, place: &str) -> Result<usize, DataError> {
    let position = |name: &str| headings.iter().position(|heading| heading.trim() == name);
    let found = match label {
        Some(name) => position(name),
        None => LABEL_COLUMNS.iter().find_map(|name| position(name)),
    };
    found.ok_or_else(|| {
        let wanted = label.map_or_else(|| LABEL_COLUMNS.join(", "), str::to_owned);
        let shown: Vec<&str> = headings.iter().take(12).map(String::as_str).collect();
        DataError::invalid(
            place,
            format!(
                "has no column of labels ({wanted}); its columns are {}; name one with --label",
                shown.join(", ")
            ),
        )
    })
}
