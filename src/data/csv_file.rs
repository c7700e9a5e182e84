//! CSV files as people export them: a header row, one label column, numbers in every other column used.

mod classes;
mod columns;
mod lines;
mod rows;

use std::path::Path;

use nalgebra::{DMatrix, Dyn, VecStorage};

use self::classes::ClassTexts;
use self::columns::Columns;
use self::rows::Rows;
use super::{DataError, Dataset};

/// Reads a comma-separated UTF-8 file with a header row into features (`d x N`) and labels.
///
/// * `label` names the label column. Its cells are strings or integers. When every one is an integer (`3`, `-1`, or
///   `3.0` as data-frame libraries write it), classes sort as numbers and are named in plain form (`3`);
///   otherwise they sort as text, byte by byte.
/// * `features` names the feature columns, in the order wanted; `None` takes every other column in file order. A
///   column not taken may hold anything.
///
/// White space around cells and names is ignored, as are blank lines and a byte-order mark; fields may be quoted;
/// lines may end in LF, CRLF or CR. A file with only a label column is allowed (`d = 0`).
///
/// Fails, naming the line as an editor counts it (for a row that spans lines, its first) and the column: when the
/// file cannot be read, is empty, has only a header or only one class; when a column is missing, or a name it needs
/// is not unique or blank; when a row is longer or shorter than the header, a quotation mark is left open, or a cell
/// in use is empty, not UTF-8, not a number, or not finite; and when all labels are numbers but not all whole.
pub fn read_csv(path: &Path, label: &str, features: Option<&[String]>) -> Result<Dataset, DataError> {
    let mut rows = Rows::open(path)?;
    if !rows.advance()? {
        return Err(DataError::invalid(rows.file(), "is empty; a header row and data rows are needed"));
    }
    let columns = Columns::choose(&rows.header()?, &rows, label, features)?;
    let mut values = Vec::new();
    let mut classes = ClassTexts::default();
    while rows.advance()? {
        rows.check_width(columns.count())?;
        for column in columns.features() {
            values.push(rows.number(column)?);
        }
        let label = columns.label();
        classes.add(rows.text(label)?, rows.line(), || rows.place(label))?;
    }
    if classes.is_empty() {
        return Err(DataError::invalid(
            rows.file(),
            "holds a header but no rows; rows of at least two classes are needed",
        ));
    }
    let labels = classes.into_labels(rows.file(), &columns.label().name)?;
    // The values were read sample after sample, which is the matrix's own layout: no copy is made.
    let storage = VecStorage::new(Dyn(columns.features().len()), Dyn(labels.samples()), values);
    let names = columns.features().iter().map(|column| column.name.clone()).collect();
    Dataset::new(DMatrix::from_data(storage), names, labels)
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
