//! CSV files and their kin: a line of headings, then a line per row.

use super::cell::{Cell, NumberMarks, is_missing};
use super::column::{Cells, Collected, Column};
use super::encoding::utf8;
use super::format::{Dialect, TableFormat};
use super::lines::EditorLines;
use super::{Headings, Pick, Table, Use};
use crate::data::arrays::Opened;
use crate::data::places::{Lines, RowPlaces};
use crate::data::{DataError, quoted};
use crate::memory::check_memory;
use crate::numeric::counted;
use crate::progress::Stage;
use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use std::collections::HashSet;

/// How far reading is, is said after so many rows.
const ROWS_PER_STEP: usize = 1 << 10;
/// Bytes that the format is found in.
const HEAD: usize = 1 << 16;

/// Reads the columns that `pick` asks for.
pub(super) fn read(opened: Opened, format: &TableFormat, pick: Pick) -> Result<Table, DataError> {
    let (opened, encoding) = utf8(opened, format.encoding)?;
    let place = opened.place.clone();
    let bytes = opened.bytes();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    check_text(bytes).map_err(|problem| DataError::invalid(&place, problem))?;
    let top = Top::of(bytes, format, &place)?;
    let format = TableFormat { separator: format.separator.or(top.separator), ..format.clone() };
    let head = whole_lines(&top.rest[..top.rest.len().min(HEAD)]);
    let head = head.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect::<Vec<u8>>();
    let dialect = Dialect::of(&head, &format, &place)?;
    let stage = Stage::of(top.rest.len() as u64);
    let mut rows = Rows::new(top.rest, place, dialect, &format, top.lines);
    if !rows.advance()? {
        return Err(DataError::invalid(rows.place, "is empty; a header row and data rows are needed"));
    }
    let table = collect(&mut rows, &top, &format, (pick, &stage))?;
    let mut notes = table.notes;
    if top.comments > 0 {
        notes.push(format!("{} at the top left out as comments", counted(top.comments as u64, "line")));
    }
    if format.skip_lines > 0 {
        notes.push(format!("{} at the top left out (`skip_lines`)", counted(format.skip_lines, "line")));
    }
    let kind = dialect.words() + &encoding.map_or_else(String::new, |encoding| format!(", {encoding}"));
    Ok(Table { kind, notes, ..table })
}

/// Fails on what is no text in UTF-8, as its first bytes show.
fn check_text(bytes: &[u8]) -> Result<(), &'static str> {
    let head = &bytes[..bytes.len().min(1 << 12)];
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|&&byte| byte == 0).count();
    // Of plain letters every second byte is zero.
    let most = head.len() * 2 / 5;
    match (zeros(0), zeros(1)) {
        (0, 0) => Ok(()),
        (0, odd) if odd >= most => Err("is UTF-16 without a byte-order mark; give `encoding` utf-16"),
        (even, 0) if even >= most => Err("is UTF-16 without a byte-order mark; give `encoding` utf-16be"),
        _ => Err(
            "is no table that can be read: it holds zero bytes; give CSV, Parquet, NPY, NPZ or safetensors",
        ),
    }
}

/// The lines above the headings.
struct Top<'a> {
    rest: &'a [u8],
    /// Lines before `rest`.
    lines: u64,
    comments: usize,
    /// The last comment, where it may be the headings (`numpy.savetxt` writes them so).
    last: Option<String>,
    /// As Excel's first line `sep=;` says.
    separator: Option<char>,
}

impl<'a> Top<'a> {
    fn of(bytes: &'a [u8], format: &TableFormat, place: &str) -> Result<Self, DataError> {
        let mark = match format.comment {
            None => b'#',
            Some(mark) if mark.is_ascii() => mark as u8,
            Some(mark) => {
                return Err(DataError::invalid(
                    "`comment`",
                    format!("{mark:?} is no ASCII character; give one such as #"),
                ));
            }
        };
        let mut top = Self { rest: bytes, lines: 0, comments: 0, last: None, separator: None };
        for line in 0..format.skip_lines {
            if top.rest.is_empty() {
                let problem = format!("{place} has {} only; give fewer", counted(line, "line"));
                return Err(DataError::invalid("`skip_lines`", problem));
            }
            let end = line_end(top.rest);
            top.leave_line(end);
        }
        loop {
            let end = line_end(top.rest);
            let line = &top.rest[..end];
            let unquoted = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
            if line.first() == Some(&mark) {
                top.comments += 1;
                top.last = Some(String::from_utf8_lossy(&line[1..]).trim().to_owned());
            } else if let (0, Some(&[separator])) = (top.lines, unquoted.strip_prefix(b"sep=")) {
                top.separator = Some(char::from(separator));
            } else {
                return Ok(top);
            }
            top.leave_line(end);
        }
    }

    /// Moves behind a line that ends at `end`.
    fn leave_line(&mut self, end: usize) {
        let ends = if self.rest[end..].starts_with(b"\r\n") { 2 } else { usize::from(end < self.rest.len()) };
        self.rest = &self.rest[end + ends..];
        self.lines += 1;
    }
}

/// Where the first line ends.
fn line_end(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(bytes.len())
}

/// The part of some bytes up to the last end of a line, where there is one.
fn whole_lines(head: &[u8]) -> &[u8] {
    match head.iter().rposition(|&byte| byte == b'\n' || byte == b'\r') {
        Some(end) if head.len() == HEAD => &head[..=end],
        _ => head,
    }
}

/// What columns are called.
struct ColumnNames {
    names: Vec<String>,
    /// The line of the first row.
    line: u64,
    /// Whether that row holds values.
    first_has_values: bool,
}

impl ColumnNames {
    /// Of the first row, or of the comment above it.
    fn of(rows: &Rows, top: &Top, format: &TableFormat, notes: &mut Vec<String>) -> Result<Self, DataError> {
        let (first, line) = (rows.cells()?, rows.line);
        if format.no_header {
            let names = (0..first.len()).map(|number| format!("x{number}")).collect();
            return Ok(Self { names, line, first_has_values: true });
        }
        if !all_numbers(&first, rows.dialect.marks) {
            return Ok(Self { names: first, line, first_has_values: false });
        }
        let commented =
            top.last.as_ref().map(|line| rows.split(line)).filter(|names| names.len() == first.len());
        let names = commented.ok_or_else(|| {
            let problem = "the first row holds numbers only; if it holds values and no headings, give `no_header` (columns are \
                           then called x0, x1, ..)";
            DataError::invalid(format!("{}: line {line}", rows.place), problem)
        })?;
        notes.push("headings taken from the comment above the first row".to_owned());
        Ok(Self { names, line, first_has_values: true })
    }
}

/// Reads all rows; the current one is the first.
fn collect(
    rows: &mut Rows,
    top: &Top,
    format: &TableFormat,
    (pick, stage): (Pick, &Stage),
) -> Result<Table, DataError> {
    let mut notes = Vec::new();
    rows.check_headings()?;
    let ColumnNames { mut names, line: header_line, first_has_values } =
        ColumnNames::of(rows, top, format, &mut notes)?;
    if !first_has_values && !rows.advance()? {
        // What is asked for is looked up first: a wrong name is the more useful error.
        pick(&Headings::new(names, Vec::new(), format!("{}: line {header_line}", rows.place)))?;
        return Err(DataError::invalid(
            &rows.place,
            "holds a header but no rows; rows of at least two classes are needed",
        ));
    }
    let mut row_names = None;
    if !first_has_values && rows.row.len() == names.len() + 1 && names.len() > 1 {
        // R's write.table gives row names no heading; other programs end every row in a separator.
        let last_is_empty = rows.row.get(names.len()).is_some_and(|cell| cell.trim_ascii().is_empty());
        if !last_is_empty {
            row_names = Some(HashSet::new());
        }
        names.insert(if last_is_empty { names.len() } else { 0 }, String::new());
        rows.longer_from = Some(rows.line);
        notes.push("every row has one cell more than there are headings".to_owned());
    }
    let headings = Headings::new(names, Vec::new(), format!("{}: line {header_line}", rows.place));
    let headings = headings.above(lines_below(top, header_line));
    let uses = pick(&headings)?;
    let mut columns: Vec<Option<Collected>> = uses
        .iter()
        .map(|use_| match use_ {
            Use::Skip => None,
            Use::Texts => Some(Collected::texts()),
            Use::Values => Some(Collected::default()),
        })
        .collect();
    let (count, lines) = fill(rows, &headings, &mut columns, row_names, stage)?;
    let read = columns.iter().zip(&headings.names).zip(&uses);
    notes.extend(read.filter_map(|((column, name), use_)| match use_ {
        Use::Values => column.as_ref()?.note(name),
        _ => None,
    }));
    let rounded = columns.iter().zip(&headings.names).enumerate();
    let rounded = rounded
        .filter_map(|(number, (column, name))| Some((number, column.as_ref()?.rounding().note(name)?)));
    let rounded = rounded.collect();
    let marks = rows.dialect.marks;
    let cells = columns.into_iter().map(|column| column.map_or(Cells::Skipped, |column| column.cells(marks)));
    let columns =
        headings.names.iter().zip(cells).map(|(name, cells)| Column { name: name.clone(), cells }).collect();
    Ok(Table {
        place: rows.place.clone(),
        kind: String::new(),
        columns,
        rows: count,
        row_places: RowPlaces::Lines(lines),
        marks,
        notes,
        rounded,
    })
}

/// Reads the rows from the current one on into those columns that are asked for. Returns how many there are, and their lines.
fn fill(
    rows: &mut Rows,
    headings: &Headings,
    columns: &mut [Option<Collected>],
    mut row_names: Option<HashSet<Vec<u8>>>,
    stage: &Stage,
) -> Result<(usize, Lines), DataError> {
    let used = columns.iter().flatten().count() as u128;
    let mut lines = Lines::default();
    let mut count = 0_usize;
    loop {
        rows.check_width(headings.names.len())?;
        if count.is_power_of_two() && used * count as u128 > FEW_CELLS {
            // Twice as many: eight bytes a cell, and the same again for what is made of them.
            check_memory(4 * 8 * used * count as u128, "its columns take", "keep fewer columns or rows")
                .map_err(|error| DataError::invalid(&rows.place, error.to_string()))?;
        }
        if count.is_multiple_of(ROWS_PER_STEP) {
            stage.advance_to(rows.reader.position().byte());
        }
        lines.add(count, rows.line);
        if let Some(names) = row_names.as_mut().filter(|_| count < ROW_NAMES)
            && !names.insert(rows.row.get(0).unwrap_or_default().to_vec())
        {
            // Row names of R differ: this is another file, such as one with a decimal comma between commas.
            return Err(rows.wrong_width(headings.names.len() - 1));
        }
        for (number, column) in columns.iter_mut().enumerate() {
            if let Some(column) = column {
                let name = &headings.names[number];
                column.add(rows.text(number, name)?, rows.dialect.marks).map_err(|problem| {
                    let place = format!("{}: line {}, column {}", rows.place, rows.line, quoted(name));
                    DataError::invalid(place, problem)
                })?;
            }
        }
        count += 1;
        if !rows.advance()? {
            return Ok((count, lines));
        }
    }
}

/// The lines below the headings that may be the headings themselves. A title above them shows no separator, so they are split at
/// each that is usual.
fn lines_below(top: &Top, header_line: u64) -> Vec<(u64, Vec<String>)> {
    let mut rest = Top { rest: top.rest, lines: top.lines, comments: 0, last: None, separator: None };
    let mut below = Vec::new();
    while below.len() < BELOW_HEADINGS && !rest.rest.is_empty() {
        let end = line_end(rest.rest);
        let text = String::from_utf8_lossy(&rest.rest[..end.min(LONGEST_HEADINGS)]).into_owned();
        rest.leave_line(end);
        if rest.lines <= header_line {
            continue;
        }
        let cells: Vec<&str> = text.split([',', ';', '\t', '|']).collect();
        let cells = if cells.len() > 1 { cells } else { text.split_whitespace().collect() };
        let cells = cells.into_iter().map(|cell| cell.trim().trim_matches('"').trim().to_owned());
        below.push((rest.lines, cells.collect()));
    }
    below
}

/// Longer lines are no headings.
const LONGEST_HEADINGS: usize = 1 << 12;
/// Lines in which headings are looked for that are not in the first.
const BELOW_HEADINGS: usize = 20;
/// Row names of R that are compared with one another.
const ROW_NAMES: usize = 100_000;

/// Whether a first row holds values. Headings that count columns, as data frames made of arrays have them, are headings.
fn all_numbers(cells: &[String], marks: NumberMarks) -> bool {
    // An index has no heading.
    let cells = match cells {
        [first, others @ ..] if first.is_empty() && !others.is_empty() => others,
        cells => cells,
    };
    let mut numbers = 0;
    for (place, cell) in cells.iter().enumerate() {
        match Cell::of(cell, marks) {
            Cell::Number(value) if value == place as f64 => {}
            Cell::Number(_) => numbers += 1,
            _ if is_missing(cell) => {}
            _ => return false,
        }
    }
    numbers > 0
}

/// Cells that need not be asked for.
const FEW_CELLS: u128 = 100_000;
/// Columns that need not be asked for.
const FEW_COLUMNS: usize = 1_000;
/// Bytes of a column without its cells: its name, several times, and what is begun for it.
const BYTES_OF_COLUMN: u128 = 1_024;

/// A file being read, and its current row.
struct Rows<'a> {
    reader: Reader<EditorLines<&'a [u8]>>,
    place: String,
    row: ByteRecord,
    line: u64,
    /// Lines above what the reader sees.
    before: u64,
    /// The line of the first row, where that has one cell more than there are headings.
    longer_from: Option<u64>,
    dialect: Dialect,
}

impl<'a> Rows<'a> {
    fn new(bytes: &'a [u8], place: String, dialect: Dialect, format: &TableFormat, before: u64) -> Self {
        let comment = format.comment.and_then(|mark| u8::try_from(mark).ok());
        let mut builder = ReaderBuilder::new();
        builder
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.separator)
            .escape(dialect.backslash.then_some(b'\\'))
            .double_quote(!dialect.backslash)
            .comment(comment)
            .terminator(Terminator::Any(b'\n'));
        let reader = builder.from_reader(EditorLines::new(bytes));
        Self { reader, place, row: ByteRecord::new(), line: 0, before, longer_from: None, dialect }
    }

    /// Moves to the next row that is not blank; `false` at the end of the file.
    fn advance(&mut self) -> Result<bool, DataError> {
        while self.read_row()? {
            // A line of blanks is a blank line, and so is the mark that old systems end a file with.
            let is_blank = |cell: &[u8]| {
                !cell.is_empty() && cell.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a)
            };
            if self.row.len() > 1 || !self.row.get(0).is_none_or(is_blank) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read_row(&mut self) -> Result<bool, DataError> {
        let found = self.reader.read_byte_record(&mut self.row).map_err(|error| match error.into_kind() {
            // All bytes are at hand: a row is too long.
            csv::ErrorKind::Io(error) => DataError::invalid(&self.place, error.to_string()),
            other => DataError::invalid(&self.place, format!("is not a CSV file: {other:?}")),
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
        self.line = self.before + self.reader.position().line().saturating_sub(inside + end);
        if left_open {
            return Err(DataError::invalid(
                format!("{}: line {}, column {}", self.place, self.line, self.row.len()),
                "a quotation mark is opened but never closed; close it or remove it",
            ));
        }
        // Columns that are lined up have several spaces between them.
        if self.dialect.separator == b' ' && self.row.iter().any(<[u8]>::is_empty) {
            self.row = self.row.iter().filter(|cell| !cell.is_empty()).collect();
        }
        Ok(true)
    }

    /// Fails when the columns that the current row begins take more memory than is free, before any of them is read.
    fn check_headings(&self) -> Result<(), DataError> {
        let cells = self.row.len();
        if cells < FEW_COLUMNS {
            return Ok(());
        }
        check_memory(BYTES_OF_COLUMN * cells as u128, "its headings take", "keep fewer columns").map_err(
            |error| {
                let place =
                    format!("{}: line {}, {}", self.place, self.line, counted(cells as u64, "column"));
                DataError::invalid(place, error.to_string())
            },
        )
    }

    /// The cells of the current row as headings; white space around them is dropped, they may be empty.
    fn cells(&self) -> Result<Vec<String>, DataError> {
        let mut names = Vec::with_capacity(self.row.len());
        for (index, bytes) in self.row.iter().enumerate() {
            let name = std::str::from_utf8(bytes).map_err(|_| {
                let place = format!("{}: line {}, column {}", self.place, self.line, index + 1);
                DataError::invalid(place, NOT_UTF8)
            })?;
            names.push(name.trim().to_owned());
        }
        Ok(names)
    }

    /// The cells of a line outside the file's rows.
    fn split(&self, line: &str) -> Vec<String> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.dialect.separator)
            .from_reader(line.as_bytes());
        let row = reader.records().next().and_then(Result::ok);
        row.map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).unwrap_or_default()
    }

    /// Checks that the current row has as many cells as there are columns.
    fn check_width(&self, columns: usize) -> Result<(), DataError> {
        let cells = self.row.len();
        match self.longer_from {
            _ if cells == columns => Ok(()),
            // The first row is the odd one.
            Some(line) if cells + 1 == columns => Err(self.width_error(line, columns, cells)),
            Some(_) => Err(self.wrong_width(columns - 1)),
            None => Err(self.wrong_width(columns)),
        }
    }

    /// The error about the current row, which has not as many cells as the header has columns.
    fn wrong_width(&self, columns: usize) -> DataError {
        self.width_error(self.line, self.row.len(), columns)
    }

    fn width_error(&self, line: u64, cells: usize, columns: usize) -> DataError {
        let what = match self.row.get(0).and_then(<[u8]>::first) {
            Some(b'#') => "if such rows are comments, leave them out with `comment` '#'".to_owned(),
            _ => format!(
                "give one cell per column, and put text that holds a {} between quotation marks",
                if self.dialect.separator == b',' { "comma" } else { "separator" }
            ),
        };
        DataError::invalid(
            format!("{}: line {line}", self.place),
            format!(
                "{}, but the header has {}; {what}",
                counted(cells as u64, "cell"),
                counted(columns as u64, "column")
            ),
        )
    }

    /// A cell of the current row, without white space around it.
    fn text(&self, column: usize, name: &str) -> Result<&str, DataError> {
        let bytes = self.row.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map(str::trim).map_err(|_| {
            DataError::invalid(
                format!("{}: line {}, column {}", self.place, self.line, quoted(name)),
                NOT_UTF8,
            )
        })
    }
}

const NOT_UTF8: &str = "is not UTF-8 text; name the encoding (`encoding` latin-1), or save the file in UTF-8";
