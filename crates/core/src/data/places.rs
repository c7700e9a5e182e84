//! Where rows are, in the words of every error: the line of a text as an editor counts it; of anything else the row, counted from 1,
//! with the index that `NumPy` and data frames have for it.

/// A row of an array or a Parquet table, without its place.
pub(super) fn row_in_words(row: usize) -> String {
    format!("row {} (index {row})", row + 1)
}

/// A row of an array or a Parquet table.
#[must_use]
pub fn row_place(place: &str, row: usize) -> String {
    format!("{place}: {}", row_in_words(row))
}

/// A number of an array of two axes.
#[must_use]
pub fn number_place(place: &str, row: usize, column: usize) -> String {
    format!("{place}: row {}, column {} (index {row}, {column})", row + 1, column + 1)
}

/// Where the rows of a file are.
#[derive(Debug, Clone, Default)]
pub enum RowPlaces {
    /// One after the other.
    #[default]
    Rows,
    /// On lines of a text.
    Lines(Lines),
}

impl RowPlaces {
    /// File and row.
    #[must_use]
    pub fn of(&self, place: &str, row: usize) -> String {
        match self {
            Self::Rows => row_place(place, row),
            Self::Lines(lines) => format!("{place}: line {}", lines.of(row)),
        }
    }
}

/// Where the samples that were made of a file are in it.
#[derive(Debug, Clone)]
pub struct SamplePlaces {
    pub(super) file: String,
    /// The row that each sample was made of.
    pub(super) rows: Vec<usize>,
    pub(super) row_places: RowPlaces,
}

impl SamplePlaces {
    /// File and row.
    #[must_use]
    pub fn of(&self, sample: usize) -> String {
        self.row_places.of(&self.file, self.rows[sample])
    }
}

/// The lines of a text that rows start at, where they do not follow one another.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    jumps: Vec<(usize, u64)>,
}

impl Lines {
    pub(super) fn add(&mut self, row: usize, line: u64) {
        if self.jumps.is_empty() || self.of(row) != line {
            self.jumps.push((row, line));
        }
    }

    fn of(&self, row: usize) -> u64 {
        let after = self.jumps.partition_point(|&(first, _)| first <= row);
        let (first, line) = self.jumps[after.saturating_sub(1)];
        line + (row - first) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_from_one_and_lines_as_an_editor_does() {
        assert_eq!(RowPlaces::default().of("a.parquet", 2), "a.parquet: row 3 (index 2)");
        assert_eq!(number_place("a.npz, X", 0, 4), "a.npz, X: row 1, column 5 (index 0, 4)");
        let mut lines = Lines::default();
        // The heading is on the first line, and the second row has a cell of three lines.
        [2, 3, 6].into_iter().enumerate().for_each(|(row, line)| lines.add(row, line));
        let lines = RowPlaces::Lines(lines);
        let of = |row: usize| lines.of("a.csv", row);
        assert_eq!([of(0), of(1), of(2)], ["a.csv: line 2", "a.csv: line 3", "a.csv: line 6"]);
    }
}
