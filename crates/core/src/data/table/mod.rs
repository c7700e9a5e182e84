//! Tables as people have them: CSV in every dialect, and Parquet. A table is read column by column; what a column means is the
//! business of those who ask for it.

#[cfg(feature = "parquet")]
mod arrow_schema;
mod cell;
mod column;
mod csv;
#[cfg(feature = "parquet")]
mod decimal;
mod encoding;
mod foreign;
mod format;
mod headings;
mod lines;
#[cfg(feature = "parquet")]
mod lists;
#[cfg(feature = "parquet")]
mod parquet;
mod unpacked;

pub use cell::{Cell, NumberMarks, is_decorated, is_missing};
pub(crate) use cell::{value_in_words, without_marks};
pub use column::{Cells, Column, Texts};
pub use encoding::Encoding;
use foreign::foreign_kind;
pub use format::TableFormat;
pub use headings::Headings;
pub(super) use unpacked::unpacked;

use super::arrays::Opened;
use super::places::RowPlaces;
use super::{DataError, quoted};

/// What a column is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nothing.
    Skip,
    /// Its texts as they are written: labels.
    Texts,
    /// Numbers where they are numbers, otherwise texts.
    Values,
}

/// Says what the columns of these headings are read for.
pub(crate) type Pick<'a> = &'a mut dyn FnMut(&Headings) -> Result<Vec<Use>, DataError>;

/// Columns of equal length with headings.
#[derive(Debug, Clone)]
pub struct Table {
    /// The file, for errors.
    pub place: String,
    /// What kind of file it is, in words.
    pub kind: String,
    /// All columns, those that nobody asked for too.
    pub columns: Vec<Column>,
    /// How long each is.
    pub rows: usize,
    /// Where its rows are.
    pub row_places: RowPlaces,
    /// How its numbers are written.
    pub marks: NumberMarks,
    /// What is worth saying of how it was read.
    pub notes: Vec<String>,
    /// What doubles lose of the numbers of columns.
    rounded: Vec<(usize, String)>,
}

impl Table {
    /// File, row and column of a cell, as an editor or a data frame counts them.
    #[must_use]
    pub fn cell_place(&self, row: usize, column: usize) -> String {
        format!("{}, column {}", self.row_place(row), quoted(&self.columns[column].name))
    }

    /// What doubles lose of the numbers of these columns.
    pub(crate) fn rounded<'a>(&'a self, columns: &'a [usize]) -> impl Iterator<Item = String> + 'a {
        let own = self.rounded.iter().filter(|(column, _)| columns.contains(column));
        own.map(|(_, note)| note.clone())
    }

    /// File and row.
    pub(crate) fn row_place(&self, row: usize) -> String {
        self.row_places.of(&self.place, row)
    }

    /// File and column.
    #[must_use]
    pub fn column_place(&self, column: usize) -> String {
        format!("{}: column {}", self.place, quoted(&self.columns[column].name))
    }
}

/// Reads the columns that `pick` asks for of a table.
pub(super) fn read(opened: Opened, format: &TableFormat, pick: Pick) -> Result<Table, DataError> {
    let bytes = opened.bytes();
    if bytes.starts_with(b"PAR1") {
        let table = read_parquet(&opened, pick)?;
        let notes = [table.notes, format.beside_no_text().into_iter().collect()].concat();
        return Ok(Table { notes, ..table });
    }
    if let Some((kind, instead)) = foreign_kind(bytes) {
        return Err(DataError::invalid(&opened.place, format!("is {kind}, which is not read; {instead}")));
    }
    csv::read(opened, format, pick)
}

#[cfg(feature = "parquet")]
use parquet::read as read_parquet;

#[cfg(not(feature = "parquet"))]
fn read_parquet(opened: &Opened, _: Pick) -> Result<Table, DataError> {
    let problem =
        "is a Parquet table, which this build does not read; add the feature `parquet`, or save it as CSV";
    Err(DataError::invalid(&opened.place, problem))
}
