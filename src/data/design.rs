//! Which features columns of a table become: numbers as they are, levels as columns of 0 and 1, missing values marked. The same
//! design makes features of another table, to predict for it.

use super::table::{Cell, Cells, Column, Table};
use super::{DataError, quoted};
use serde::{Deserialize, Serialize};

/// What is done about missing values of features.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        let cells = column_cells.read(table.comma);
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

    /// The design of a column over some rows.
    ///
    /// # Errors
    /// It holds text that is not asked to become levels, or every cell is missing.
    pub(crate) fn of(
        table: &Table,
        column: usize,
        rows: &[usize],
        (one_hot, missing): (bool, Missing),
    ) -> Result<Self, DataError> {
        let source = table.columns[column].name.clone();
        if one_hot && table.columns[column].is_text(table.comma) {
            let levels = levels(table, column, rows)?;
            return Ok(Self { source, kind: DesignKind::Levels { levels } });
        }
        check_kind(table, column)?;
        if missing != Missing::Indicator {
            return Ok(Self { source, kind: DesignKind::Number });
        }
        let cells = table.columns[column].read(table.comma);
        let numbers: Vec<f64> = rows.iter().filter_map(|&row| cells[row].number()).collect();
        if numbers.len() == rows.len() {
            return Ok(Self { source, kind: DesignKind::Number });
        }
        if numbers.is_empty() {
            let problem = format!("holds no numbers; leave it out with --drop {}", as_argument(&source));
            return Err(DataError::invalid(table.column_place(column), problem));
        }
        // Halves first: sums of the largest doubles leave their range.
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|number| number / count).sum();
        Ok(Self { source, kind: DesignKind::Filled { mean } })
    }
}

/// More levels than these make no columns of 0 and 1.
const MAX_LEVELS: usize = 1000;

/// The levels of a column in some rows, sorted.
fn levels(table: &Table, column: usize, rows: &[usize]) -> Result<Vec<String>, DataError> {
    let cells = &table.columns[column];
    let mut levels: Vec<String> = rows.iter().map(|&row| level_text(cells, row)).collect();
    levels.sort_unstable();
    levels.dedup();
    let own = levels.len() == rows.len() && rows.len() > 2;
    if own || levels.len() > MAX_LEVELS {
        let found = if own {
            "every row has a text of its own".to_owned()
        } else {
            format!("{} different texts; at most {MAX_LEVELS} become columns", levels.len())
        };
        let problem = format!("{found}; leave the column out with --drop {}", as_argument(&cells.name));
        return Err(DataError::invalid(table.column_place(column), problem));
    }
    Ok(levels)
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
                "holds {kind}, which are no numbers; leave it out with --drop {name}, or make numbers of it"
            );
            Err(DataError::invalid(table.column_place(column), problem))
        }
        _ => Ok(()),
    }
}

/// The error about a cell that is no number.
pub(crate) fn no_number(table: &Table, row: usize, column: usize, cell: Cell) -> DataError {
    let name = as_argument(&table.columns[column].name);
    let text = table.columns[column].text(row);
    let shown = quoted(&text);
    let problem = match cell {
        Cell::Missing if text.trim().is_empty() => {
            "the cell is empty; fill it in, or give --missing drop-row or --missing indicator".to_owned()
        }
        Cell::Missing => {
            format!(
                "{shown} marks a missing value; fill it in, or give --missing drop-row or --missing indicator"
            )
        }
        Cell::TooLarge => format!("{shown} is too large for a 64-bit number; rescale the column"),
        Cell::Infinite => {
            format!("{shown} is not finite; replace it, or leave out the row or the column (--drop {name})")
        }
        _ => format!(
            "{shown} is not a number; leave the column out with --drop {name}, or, if it holds categories, give --one-hot"
        ),
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
