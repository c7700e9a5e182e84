//! CSV files: a header row, one label column, numbers in every other column used.

mod classes;
mod columns;
mod lines;
mod rows;

use std::path::Path;

use nalgebra::{DMatrix, Dyn, VecStorage};

use self::classes::ClassTexts;
use self::columns::Columns;
use self::rows::Rows;
use super::sample_weights::all_zero;
use super::{DataError, Dataset};

/// Which columns of a CSV file are what.
#[derive(Debug, Clone, Copy)]
pub struct CsvColumns<'a> {
    /// The column of labels.
    pub label: &'a str,
    /// The feature columns, in the order wanted; `None` takes every column that is nothing else, in file order.
    pub features: Option<&'a [String]>,
    /// The column of sample weights, where rows do not all count once.
    pub sample_weights: Option<&'a str>,
}

/// Reads a comma-separated UTF-8 file with a header row into features (`d x N`) and labels, each row counted once:
/// [`CsvColumns::read`] without sample weights.
///
/// # Errors
///
/// As [`CsvColumns::read`].
pub fn read_csv(path: &Path, label: &str, features: Option<&[String]>) -> Result<Dataset, DataError> {
    CsvColumns { label, features, sample_weights: None }.read(path)
}

impl CsvColumns<'_> {
    /// Reads a comma-separated UTF-8 file with a header row into features (`d x N`), labels and weights.
    ///
    /// * Cells of the label column are strings or integers. When every one is an integer (`3`, `-1`, or `3.0` as
    ///   data-frame libraries write it), classes sort as numbers and are named in plain form (`3`); otherwise they sort
    ///   as text, byte by byte.
    /// * A column not taken may hold anything.
    /// * A row of weight zero is skipped: its other cells are not checked.
    ///
    /// White space around cells and names is ignored, as are blank lines and a byte-order mark; fields may be quoted;
    /// lines may end in LF, CRLF or CR. A file with only a label column is allowed (`d = 0`).
    ///
    /// # Errors
    ///
    /// Names the line as an editor counts it (for a row that spans lines, its first) and the column: when the file cannot
    /// be read, is empty, has only a header or only one class; when a column is missing, or a name it needs is not unique
    /// or blank; when a row is longer or shorter than the header, a quotation mark is left open, or a cell in use is empty,
    /// not UTF-8, not a number, or not finite; when all labels are numbers but not all whole; and when a weight is neither
    /// zero nor within [`SAMPLE_WEIGHT_RANGE`](super::SAMPLE_WEIGHT_RANGE), or all are zero.
    pub fn read(&self, path: &Path) -> Result<Dataset, DataError> {
        let mut rows = Rows::open(path)?;
        if !rows.advance()? {
            return Err(DataError::invalid(rows.file(), "is empty; a header row and data rows are needed"));
        }
        let columns = Columns::choose(&rows.header()?, &rows, self)?;
        let (mut values, mut weights) = (Vec::new(), Vec::new());
        let mut classes = ClassTexts::default();
        let mut is_empty = true;
        while rows.advance()? {
            is_empty = false;
            rows.check_width(columns.count())?;
            if let Some(column) = columns.sample_weights() {
                let weight = rows.weight(column)?;
                if weight == 0.0 {
                    continue;
                }
                weights.push(weight);
            }
            rows.make_room(&mut values, columns.features().len())?;
            for column in columns.features() {
                values.push(rows.number(column)?);
            }
            let label = columns.label();
            classes.add(rows.text(label)?, rows.line(), || rows.place(label))?;
        }
        if is_empty {
            return Err(DataError::invalid(
                rows.file(),
                "holds a header but no rows; rows of at least two classes are needed",
            ));
        }
        let file = rows.file();
        if let (true, Some(column)) = (classes.is_empty(), columns.sample_weights()) {
            return Err(all_zero(format!("{file}: column {}", quoted(&column.name))));
        }
        let labels = classes.into_labels(file, &columns.label().name)?;
        let labels = if columns.sample_weights().is_some() { labels.with_weights(weights)? } else { labels };
        // The values were read sample after sample, which is the matrix's own layout: no copy is made.
        let storage = VecStorage::new(Dyn(columns.features().len()), Dyn(labels.samples()), values);
        let names = columns.features().iter().map(|column| column.name.clone()).collect();
        Dataset::new(DMatrix::from_data(storage), names, labels)
    }
}

/// `text` between quotation marks, on one line and cut short when long, to show in an error.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    format!("{shown:?}")
}
