//! Which features columns of a table become: numbers as they are, levels as columns of 0 and 1, missing values marked. The same
//! design makes features of another table, to predict for it.

use super::table::{Cell, Cells, Column, NumberMarks, Table, is_decorated};
use super::{DataError, quoted};
use serde::{Deserialize, Serialize};

/// What is done about missing values of features.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// An error names the first.
    #[default]
    Refuse,
    /// Their rows are left out, as are those without a label.
    DropRow,
    /// The mean takes their place, and a column of 0 and 1 says where; of text, they are a level.
    Indicator,
}

/// A column of a table and the features that it becomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignColumn {
    /// Its heading.
    pub source: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub kind: DesignKind,
}

/// What becomes of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DesignKind {
    /// Its numbers.
    Number,
    /// Its numbers, the mean where one is missing, and a column that is 1 there.
    Filled {
        /// The mean of the numbers that are there.
        mean: f64,
    },
    /// A column of 0 and 1 for each level but the first, the reference.
    Levels {
        /// In their order.
        levels: Vec<String>,
    },
}

/// What missing values of text are called as a level.
const MISSING_LEVEL: &str = "missing";

impl DesignColumn {
    /// Names of its features.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.kind {
            DesignKind::Number => vec![self.source.clone()],
            DesignKind::Filled { .. } => vec![self.source.clone(), format!("{} missing", self.source)],
            DesignKind::Levels { levels } => {
                levels.iter().skip(1).map(|level| format!("{}={level}", self.source)).collect()
            }
        }
    }

    /// The number of its features.
    pub(crate) fn width(&self) -> usize {
        match &self.kind {
            DesignKind::Number => 1,
            DesignKind::Filled { .. } => 2,
            DesignKind::Levels { levels } => levels.len() - 1,
        }
    }

    /// Its features in some rows, one row after the other.
    ///
    /// # Errors
    /// A cell is no number, or a level that the design does not know. The error names row and column.
    pub(crate) fn features(
        &self,
        table: &Table,
        column: usize,
        rows: &[usize],
    ) -> Result<Vec<f64>, DataError> {
        let column_cells = &table.columns[column];
        let mut values = Vec::with_capacity(rows.len() * self.width());
        if let DesignKind::Levels { levels } = &self.kind {
            for &row in rows {
                let text = level_text(column_cells, row);
                let level = levels.iter().position(|level| *level == text).ok_or_else(|| {
                    let problem =
                        format!("{} is no level of this column where the head was solved for", quoted(&text));
                    DataError::invalid(table.cell_place(row, column), problem)
                })?;
                values.extend((1..levels.len()).map(|number| f64::from(u8::from(number == level))));
            }
            return Ok(values);
        }
        check_kind(table, column)?;
        let cells = column_cells.read(table.marks);
        for &row in rows {
            match (cells[row].number(), &self.kind) {
                (Some(number), DesignKind::Filled { .. }) => values.extend([number, 0.0]),
                (Some(number), _) => values.push(number),
                (None, DesignKind::Filled { mean }) if cells[row] == Cell::Missing => {
                    values.extend([*mean, 1.0]);
                }
                (None, _) => return Err(no_number(table, row, column, cells[row])),
            }
        }
        Ok(values)
    }

    /// The design of a column over some rows, which count by the `weights` of all rows.
    ///
    /// # Errors
    /// It holds text that is not asked to become levels, or every cell is missing.
    pub(crate) fn of(
        table: &Table,
        column: usize,
        (rows, weights): (&[usize], Option<&[f64]>),
        (one_hot, missing): (bool, Missing),
    ) -> Result<Self, DataError> {
        let source = table.columns[column].name.clone();
        if one_hot && table.columns[column].is_text(table.marks) {
            let levels = levels(table, column, rows)?;
            return Ok(Self { source, kind: DesignKind::Levels { levels } });
        }
        check_kind(table, column)?;
        if missing != Missing::Indicator {
            return Ok(Self { source, kind: DesignKind::Number });
        }
        let cells = table.columns[column].read(table.marks);
        let numbers: Vec<f64> = rows.iter().filter_map(|&row| cells[row].number()).collect();
        if numbers.len() == rows.len() {
            return Ok(Self { source, kind: DesignKind::Number });
        }
        if numbers.is_empty() {
            let drop = format!("leave it out with `drop` {}", as_argument(&source));
            let problem = if table.columns[column].is_text(table.marks) {
                format!("holds text; give `one_hot` for a column of 0 and 1 for each of its texts, or {drop}")
            } else {
                format!("holds no numbers; {drop}")
            };
            return Err(DataError::invalid(table.column_place(column), problem));
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let known = || rows.iter().filter_map(|&row| Some((weight(row), cells[row].number()?)));
        let total: f64 = known().map(|(weight, _)| weight).sum();
        // Shares first: sums of the largest doubles leave their range.
        let mean = known().map(|(weight, number)| weight / total * number).sum();
        Ok(Self { source, kind: DesignKind::Filled { mean } })
    }
}

/// More levels than these make no columns of 0 and 1.
const MAX_LEVELS: usize = 1000;
/// Rows that tell a text that nearly every row has for itself from a category.
const ROWS_THAT_TELL: usize = 20;

/// The levels of a column in some rows, sorted.
fn levels(table: &Table, column: usize, rows: &[usize]) -> Result<Vec<String>, DataError> {
    let cells = &table.columns[column];
    let levels = distinct(cells, rows);
    if let Some(found) = too_many(levels.len(), rows.len()) {
        let problem = format!("{found}; leave the column out with `drop` {}", as_argument(&cells.name));
        return Err(DataError::invalid(table.column_place(column), problem));
    }
    Ok(levels)
}

fn distinct(column: &Column, rows: &[usize]) -> Vec<String> {
    let mut levels: Vec<String> = rows.iter().map(|&row| level_text(column, row)).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// Why so many levels are not to become columns, if they are not.
fn too_many(levels: usize, rows: usize) -> Option<String> {
    if levels == rows && rows > 2 {
        Some("every row has a text of its own".to_owned())
    } else if levels > MAX_LEVELS {
        Some(format!("{levels} different texts; at most {MAX_LEVELS} become columns"))
    } else {
        None
    }
}

/// So many different texts among numbers are no slips of the pen, and no marks of missing values.
const MANY_TEXTS: usize = 20;

/// Whether a column holds text as a rule, or often enough.
fn holds_text(table: &Table, column: usize) -> bool {
    let cells = &table.columns[column];
    cells.is_text(table.marks) || cells.words(table.marks) >= MANY_TEXTS
}

/// Why a column of text that nobody named is no category, such as names and ticket numbers; `None` where it may be one.
pub(crate) fn no_category(table: &Table, column: usize, rows: &[usize]) -> Option<String> {
    let cells = &table.columns[column];
    if !holds_text(table, column) {
        return None;
    }
    let levels = distinct(cells, rows).len();
    let nearly_own = rows.len() >= ROWS_THAT_TELL && 2 * levels > rows.len();
    let why = || format!("{levels} different texts in {} rows", rows.len());
    too_many(levels, rows.len()).or_else(|| nearly_own.then(why))
}

/// The error about several columns of text that are not asked to become levels; `None` where there are not several.
pub(crate) fn texts_among(table: &Table, columns: &[usize], rows: &[usize]) -> Option<DataError> {
    let texts: Vec<usize> = columns.iter().copied().filter(|&column| holds_text(table, column)).collect();
    let &[first, _, ..] = texts.as_slice() else { return None };
    let cells = table.columns[first].read(table.marks);
    let &row = rows.iter().find(|&&row| cells[row] == Cell::Text)?;
    let name = |&column: &usize| {
        let name = &table.columns[column].name;
        if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() }
    };
    let names = texts.iter().map(name).collect::<Vec<_>>().join(",");
    let plain = |letter: char| letter.is_alphanumeric() || "_-.:/%+,".contains(letter);
    let names = if names.chars().all(plain) { names } else { format!("'{names}'") };
    let problem = format!(
        "{} is not a number, and {} columns hold text; leave them out with `drop` {names}, or, if they hold categories, give \
         `one_hot`",
        quoted(&table.columns[first].text(row)),
        texts.len()
    );
    Some(DataError::invalid(table.cell_place(row, first), problem))
}

fn level_text(column: &Column, row: usize) -> String {
    let text = column.text(row);
    if super::table::is_missing(&text) { MISSING_LEVEL.to_owned() } else { text }
}

/// Whether a column holds a kind of values that can be features.
fn check_kind(table: &Table, column: usize) -> Result<(), DataError> {
    match &table.columns[column].cells {
        Cells::Other(kind) => {
            let name = as_argument(&table.columns[column].name);
            let problem = format!(
                "holds {kind}, which are no numbers; leave it out with `drop` {name}, or make numbers of it"
            );
            Err(DataError::invalid(table.column_place(column), problem))
        }
        _ => Ok(()),
    }
}

/// Whether a text is a number with one comma in it.
fn has_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && text.replace(',', ".").trim().parse::<f64>().is_ok()
}

/// Whether a text under a decimal comma is a number with one point in it.
fn has_thousands_point(text: &str, marks: NumberMarks) -> bool {
    marks.comma && text.matches('.').count() == 1 && is_decorated(text)
}

/// The error about a cell that is no number.
pub(crate) fn no_number(table: &Table, row: usize, column: usize, cell: Cell) -> DataError {
    let name = as_argument(&table.columns[column].name);
    let text = table.columns[column].text(row);
    let shown = quoted(&text);
    let problem = match cell {
        Cell::Missing if text.trim().is_empty() => {
            "the cell is empty; fill it in, or give `missing` drop-row or `missing` indicator".to_owned()
        }
        Cell::Missing => {
            format!(
                "{shown} marks a missing value; fill it in, or give `missing` drop-row or `missing` indicator"
            )
        }
        Cell::TooLarge => format!("{shown} is too large for a 64-bit number; rescale the column"),
        Cell::Infinite => {
            format!("{shown} is not finite; replace it, or leave out the row or the column (`drop` {name})")
        }
        _ if has_decimal_comma(&text) => format!(
            "{shown} is not a number with a decimal point; give `decimal` , if the comma is the decimal mark, `thousands` , if it \
             separates thousands, or leave the column out with `drop` {name}"
        ),
        _ if has_thousands_point(&text, table.marks) => format!(
            "{shown} is not a number with a decimal comma; give `thousands` . if the point separates thousands, or leave the \
             column out with `drop` {name}"
        ),
        _ if is_decorated(&text) => format!(
            "{shown} is not a plain number; write it without other signs, name what separates thousands with `thousands`, or leave \
             the column out with `drop` {name}"
        ),
        _ if table.columns[column].is_text(table.marks) => format!(
            "{shown} is not a number; leave the column out with `drop` {name}, or, if it holds categories, give `one_hot`"
        ),
        _ => format!("{shown} is not a number; leave the column out with `drop` {name}, or correct the cell"),
    };
    DataError::invalid(table.cell_place(row, column), problem)
}

/// A name as it is written in an option.
pub(crate) fn as_argument(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-.:/%+".contains(letter);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else if name.contains([',', '"']) {
        format!("'\"{}\"'", name.replace('"', "\"\""))
    } else {
        format!("'{name}'")
    }
}
