//! The rows of a CSV file one at a time, each with its line.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use super::columns::Column;
use super::lines::EditorLines;
use super::{DataError, quoted};
use crate::data::sample_weights::check_weight;
use crate::files::open_stream;
use crate::memory::make_room;
use crate::numeric::counted;

const BUFFER_BYTES: usize = 1 << 16;

/// A file being read, and its current row.
pub(super) struct Rows {
    reader: Reader<EditorLines<BufReader<File>>>,
    file: String,
    row: ByteRecord,
    line: u64,
}

impl Rows {
    /// Opens the file before its first row, the header.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(DataError::Unreadable { path: name, reason: DIRECTORY.to_owned() });
        }
        let file = open_stream(path).map_err(|error| unreadable(&name, &error))?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(EditorLines::new(BufReader::with_capacity(BUFFER_BYTES, file)));
        Ok(Self { reader, file: name, row: ByteRecord::new(), line: 0 })
    }

    /// Moves to the next row that is not blank; `false` at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, DataError> {
        let found = self.reader.read_byte_record(&mut self.row).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => unreadable(&self.file, &error),
            other => DataError::invalid(&self.file, format!("is not a CSV file: {other:?}")),
        })?;
        if !found {
            return Ok(false);
        }
        self.reader.get_mut().row_done();
        let left_open = self.reader.get_ref().finished();
        // The parser is past the row; only quoted cells can hold line ends of their own.
        #[expect(clippy::naive_bytecount, reason = "rows are short; not worth a dependency")]
        let inside = self.row.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
        let end = u64::from(!left_open);
        self.line = self.reader.position().line().saturating_sub(inside + end);
        if left_open {
            return Err(DataError::invalid(
                format!("{}: line {}, column {}", self.file, self.line, self.row.len()),
                "a quotation mark is opened but never closed; close it or remove it",
            ));
        }
        Ok(true)
    }

    /// The cells of the current row as column names; white space around them is dropped, they may be empty.
    pub(super) fn header(&self) -> Result<Vec<String>, DataError> {
        let mut names = Vec::with_capacity(self.row.len());
        for (index, bytes) in self.row.iter().enumerate() {
            let name = std::str::from_utf8(bytes).map_err(|_| {
                DataError::invalid(
                    format!("{}: line {}, column {}", self.file, self.line, index + 1),
                    NOT_UTF8,
                )
            })?;
            // The parser drops a byte-order mark only when it arrives in one piece.
            let name = if index == 0 { name.trim_start_matches('\u{feff}') } else { name };
            names.push(name.trim().to_owned());
        }
        Ok(names)
    }

    /// Checks that the current row has as many cells as the header has columns.
    pub(super) fn check_width(&self, columns: usize) -> Result<(), DataError> {
        let cells = self.row.len();
        if cells == columns {
            return Ok(());
        }
        Err(DataError::invalid(
            format!("{}: line {}", self.file, self.line),
            format!(
                "{}, but the header has {}; give one cell per column, and put text that holds a comma between \
                 quotation marks",
                counted(cells as u64, "cell"),
                counted(columns as u64, "column")
            ),
        ))
    }

    /// The cell of the current row in `column`, without white space around it; never empty.
    pub(super) fn text(&self, column: &Column) -> Result<&str, DataError> {
        let bytes = self.row.get(column.index).unwrap_or_default();
        let text =
            std::str::from_utf8(bytes).map_err(|_| DataError::invalid(self.place(column), NOT_UTF8))?.trim();
        if text.is_empty() {
            return Err(DataError::invalid(
                self.place(column),
                "the cell is empty; fill it in, or leave out the row or the column",
            ));
        }
        Ok(text)
    }

    /// The cell of the current row in `column` as a finite number.
    pub(super) fn number(&self, column: &Column) -> Result<f64, DataError> {
        let text = self.text(column)?;
        let invalid = |problem: &str| {
            Err(DataError::invalid(self.place(column), format!("{} {problem}", quoted(text))))
        };
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            // Written-out numbers become infinite only by overflow; the words carry no digit.
            Ok(_) if text.contains(|letter: char| letter.is_ascii_digit()) => {
                invalid("is too large for a 64-bit number; rescale the column")
            }
            Ok(_) => invalid("is not finite; replace it, or leave out the row or the column"),
            Err(_) => invalid("is not a number; drop the column with --features or encode it as numbers"),
        }
    }

    /// The cell of the current row in `column` as a sample weight.
    pub(super) fn weight(&self, column: &Column) -> Result<f64, DataError> {
        let (text, place) = (self.text(column)?, || format!("sample weights: {}", self.place(column)));
        let Ok(weight) = text.parse::<f64>() else {
            return Err(DataError::invalid(place(), format!("{} is not a number", quoted(text))));
        };
        check_weight(weight, place)?;
        Ok(weight)
    }

    /// The file as the user named it.
    /// Room for the numbers of one more row.
    pub(super) fn make_room(&self, values: &mut Vec<f64>, more: usize) -> Result<(), DataError> {
        make_room(values, more, "its numbers take").map_err(|error| {
            DataError::invalid(format!("{}: line {}", self.file, self.line), error.to_string())
        })
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Line of the current row (its first, if it spans several), counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// File, line and column of a cell of the current row.
    pub(super) fn place(&self, column: &Column) -> String {
        format!("{}: line {}, column {}", self.file, self.line, quoted(&column.name))
    }
}

const DIRECTORY: &str = "it is a directory; name a CSV file";
const NOT_UTF8: &str = "is not UTF-8 text; save the file in UTF-8";

fn unreadable(file: &str, error: &std::io::Error) -> DataError {
    let reason = match error.kind() {
        ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
        ErrorKind::IsADirectory => DIRECTORY.to_owned(),
        _ => error.to_string(),
    };
    DataError::Unreadable { path: file.to_owned(), reason }
}
