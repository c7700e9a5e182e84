//! Finds columns by their headings.

use crate::data::{DataError, quoted};
use crate::nearest::nearest;
use crate::numeric::counted;
use crate::text::clean;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Up to this many columns, an error lists them all.
const LISTED: usize = 12;

/// The headings of a table, clean: characters that are no text are written out, as they are in the names that are looked for.
#[derive(Debug, Clone)]
pub struct Headings {
    /// One per column.
    pub names: Vec<String>,
    /// Columns that the file itself calls an index (pandas does in Parquet).
    pub(crate) index: Vec<String>,
    /// The file, and the line where there is one.
    pub place: String,
    positions: HashMap<String, Vec<usize>>,
    /// Columns of the file that hold lists, and the columns that these are.
    lists: Vec<(String, Range<usize>)>,
    /// The first rows below, with their lines: headings may be there instead.
    below: Vec<(u64, Vec<String>)>,
}

impl Headings {
    pub(crate) fn new(names: Vec<String>, index: Vec<String>, place: String) -> Self {
        let tidy = |names: Vec<String>| names.iter().map(|name| asked(name).into_owned()).collect();
        let (names, index): (Vec<String>, Vec<String>) = (tidy(names), tidy(index));
        let mut positions: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, name) in names.iter().enumerate() {
            positions.entry(name.clone()).or_default().push(number);
        }
        Self { names, index, place, positions, lists: Vec::new(), below: Vec::new() }
    }

    /// The same with columns of the file that hold lists, and the columns that these are.
    #[cfg(feature = "parquet")]
    pub(super) fn with_lists(self, lists: Vec<(String, Range<usize>)>) -> Self {
        let lists = lists.into_iter().map(|(name, columns)| (asked(&name).into_owned(), columns));
        Self { lists: lists.collect(), ..self }
    }

    /// The columns that a list is, in words.
    pub(super) fn in_words(&self, columns: &Range<usize>) -> String {
        match columns.len() {
            1 => self.names[columns.start].clone(),
            _ => format!("{} to {}", self.names[columns.start], self.names[columns.end - 1]),
        }
    }

    /// The columns that a column of lists is.
    fn list(&self, name: &str) -> Option<&Range<usize>> {
        self.lists.iter().find(|(list, _)| list == name).map(|(_, columns)| columns)
    }

    /// The same with the first rows below, and their lines.
    pub(super) fn above(self, below: Vec<(u64, Vec<String>)>) -> Self {
        Self { below, ..self }
    }

    /// What to do if the headings seem to be further down: in the first row that has a cell of this name.
    #[must_use]
    pub fn further_down(&self, name: &str) -> Option<String> {
        let name = asked(name);
        let are_headings = |cells: &[String]| {
            let named = || cells.iter().filter(|cell| !cell.is_empty());
            let distinct: HashSet<&String> = named().collect();
            distinct.len() > 1
                && distinct.len() == named().count()
                && named().all(|cell| cell.parse::<f64>().is_err())
                && named().any(|cell| clean(cell) == name)
        };
        let (line, _) = self.below.iter().find(|(_, cells)| are_headings(cells))?;
        Some(format!(
            "line {line} has {}: if the headings are there, leave out the lines above with `skip_lines` {}",
            quoted(&name),
            line - 1
        ))
    }

    /// The one column called `name`.
    ///
    /// # Errors
    /// There is none, or several.
    pub fn find(&self, name: &str) -> Result<usize, DataError> {
        let name = &*asked(name);
        match self.positions.get(name).map(Vec::as_slice) {
            Some(&[column]) => Ok(column),
            Some([first, second, ..]) => Err(self.repeated(name, *first, *second)),
            _ => Err(self.unknown(name)),
        }
    }

    /// Whether a column of this name is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.positions.contains_key(&*asked(name))
    }

    /// The columns of several names, each once; the name of a column of lists means all of its columns.
    ///
    /// # Errors
    /// There is no such column, or a name is given twice.
    pub fn find_all(&self, names: &[String], what: &str) -> Result<Vec<usize>, DataError> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let asked = asked(name);
            let columns = match self.list(&asked) {
                Some(columns) if !self.has(&asked) => columns.clone(),
                _ => {
                    let column = self.find(name)?;
                    column..column + 1
                }
            };
            if columns.clone().any(|column| found.contains(&column)) {
                let place = format!("{}: {what} {}", self.place, quoted(name.trim()));
                return Err(DataError::invalid(place, format!("is asked for twice; name each {what} once")));
            }
            found.extend(columns);
        }
        Ok(found)
    }

    /// Why a column is no measurement, if its heading says so.
    #[must_use]
    pub fn numbers_rows(&self, column: usize) -> Option<&'static str> {
        let name = self.names[column].as_str();
        match name {
            "" => Some("it has no heading"),
            _ if name.starts_with("Unnamed: ") => Some("pandas calls columns without a heading so"),
            _ if name.starts_with("__index_level_") => Some("it is the index of a data frame"),
            _ if self.index.iter().any(|index| index == name) => Some("it is the index of a data frame"),
            _ => None,
        }
    }

    fn repeated(&self, name: &str, first: usize, second: usize) -> DataError {
        DataError::invalid(
            format!("{}, column {}", self.place, quoted(name)),
            format!("columns {} and {} both have this name; rename one of them", first + 1, second + 1),
        )
    }

    fn unknown(&self, name: &str) -> DataError {
        if let Some(columns) = self.list(name) {
            let place = format!("{}: column {}", self.place, quoted(name));
            let numbers = counted(columns.len() as u64, "number");
            let problem =
                format!("holds lists of {numbers}, which are {}; name one of these", self.in_words(columns));
            return DataError::invalid(place, problem);
        }
        let mut problem = format!("there is no column {}", quoted(name));
        if let Some(further) = self.further_down(name) {
            return DataError::invalid(&self.place, format!("{problem}; {further}"));
        }
        let numbers = self.names.iter().filter(|name| name.parse::<f64>().is_ok()).count();
        if 2 * numbers > self.names.len() && !self.place.is_empty() {
            problem.push_str("; the headings are numbers: if the first row holds values, give `no_header` (columns are then called x0, x1, ..)");
        }
        if let Some(near) = nearest(name, &self.names) {
            problem.push_str("; did you mean ");
            problem.push_str(&quoted(near));
            problem.push('?');
        }
        if self.names.len() <= LISTED {
            problem.push_str("; the columns are ");
            problem.push_str(&self.names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "));
        }
        if self.names.len() == 1 {
            problem.push_str("; if something else separates columns, name it with `separator`");
        }
        DataError::invalid(&self.place, problem)
    }
}

/// A name as headings are called: without white space around it, and without the byte-order mark of a text that was read as another's
/// beginning.
fn asked(name: &str) -> Cow<'_, str> {
    clean(name.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}'))
}
