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
}

/// Which of the headings is that of the labels.
pub(super) fn label_column(
    headings: &[String],
    label: Option<&str>,
    place: &str,
) -> Result<usize, DataError> {
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
