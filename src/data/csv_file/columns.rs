//! Which columns of a CSV file are the label and the features.

use crate::nearest::nearest;
use std::collections::HashMap;

use super::rows::Rows;
use super::{CsvColumns, DataError, quoted};

/// Up to this many columns, an error lists them all.
const LISTED: usize = 8;

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Position in a row, from 0.
    pub(super) index: usize,
    /// Its name in the header.
    pub(super) name: String,
}

/// The columns in use.
#[derive(Debug)]
pub(super) struct Columns {
    count: usize,
    label: Column,
    features: Vec<Column>,
    sample_weights: Option<Column>,
}

impl Columns {
    /// Finds the columns that are asked for in the header `names`; without a choice of features, those are all others.
    pub(super) fn choose(names: &[String], rows: &Rows, wanted: &CsvColumns) -> Result<Self, DataError> {
        let header = Header::new(names, rows);
        let label = header.find(wanted.label)?;
        let sample_weights = match wanted.sample_weights {
            None => None,
            Some(name) => Some(header.weights(name, &label)?),
        };
        let features = match wanted.features {
            None => header.all_but(&label, sample_weights.as_ref())?,
            Some(wanted) => header.subset(wanted, &label, sample_weights.as_ref())?,
        };
        Ok(Self { count: names.len(), label, features, sample_weights })
    }

    /// How many columns the file has, in use or not.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn label(&self) -> &Column {
        &self.label
    }

    /// The column of sample weights, if one is named.
    pub(super) fn sample_weights(&self) -> Option<&Column> {
        self.sample_weights.as_ref()
    }

    /// Feature columns in the order wanted.
    pub(super) fn features(&self) -> &[Column] {
        &self.features
    }
}

/// The header row and its line.
struct Header<'a> {
    names: &'a [String],
    /// Positions of each name, in file order.
    positions: HashMap<&'a str, Vec<usize>>,
    file: &'a str,
    line: u64,
}

impl<'a> Header<'a> {
    fn new(names: &'a [String], rows: &'a Rows) -> Self {
        let mut positions: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            positions.entry(name).or_default().push(index);
        }
        Self { names, positions, file: rows.file(), line: rows.line() }
    }

    /// The one column called `name`.
    fn find(&self, name: &str) -> Result<Column, DataError> {
        let name = name.trim();
        match self.positions.get(name).map(Vec::as_slice) {
            Some(&[index]) => Ok(Column { index, name: name.to_owned() }),
            Some([first, second, ..]) => Err(self.repeated(name, *first, *second)),
            _ => Err(self.unknown(name)),
        }
    }

    /// The column of sample weights, which is not that of the labels.
    fn weights(&self, name: &str, label: &Column) -> Result<Column, DataError> {
        let column = self.find(name).map_err(|error| match error {
            DataError::Invalid { place, problem } => {
                DataError::invalid(format!("sample weights: {place}"), problem)
            }
            unreadable @ DataError::Unreadable { .. } => unreadable,
        })?;
        if column.index == label.index {
            let place = format!("sample weights: {}: column {}", self.file, quoted(&column.name));
            return Err(DataError::invalid(place, "is the label column; name a column of weights"));
        }
        Ok(column)
    }

    fn all_but(&self, label: &Column, weights: Option<&Column>) -> Result<Vec<Column>, DataError> {
        let mut features = Vec::with_capacity(self.names.len() - 1);
        let is_feature =
            |index: usize| index != label.index && weights.is_none_or(|column| index != column.index);
        for (index, name) in self.names.iter().enumerate().filter(|&(index, _)| is_feature(index)) {
            if name.is_empty() {
                return Err(DataError::invalid(
                    format!("{}: line {}, column {}", self.file, self.line, index + 1),
                    "the column has no name; name it, or remove it if it only numbers the rows",
                ));
            }
            features.push(self.find(name)?);
        }
        Ok(features)
    }

    fn subset(
        &self,
        wanted: &[String],
        label: &Column,
        weights: Option<&Column>,
    ) -> Result<Vec<Column>, DataError> {
        let mut features: Vec<Column> = Vec::with_capacity(wanted.len());
        let mut taken = vec![false; self.names.len()];
        for name in wanted {
            let column = self.find(name)?;
            let place = || format!("{}: feature {}", self.file, quoted(&column.name));
            if column.index == label.index {
                return Err(DataError::invalid(place(), "is the label column; leave it out of the features"));
            }
            if weights.is_some_and(|weights| column.index == weights.index) {
                let problem = "is the column of sample weights; leave it out of the features";
                return Err(DataError::invalid(place(), problem));
            }
            if std::mem::replace(&mut taken[column.index], true) {
                return Err(DataError::invalid(place(), "is asked for twice; name each feature once"));
            }
            features.push(column);
        }
        Ok(features)
    }

    fn repeated(&self, name: &str, first: usize, second: usize) -> DataError {
        DataError::invalid(
            format!("{}: line {}, column {}", self.file, self.line, quoted(name)),
            format!("columns {} and {} both have this name; rename one of them", first + 1, second + 1),
        )
    }

    fn unknown(&self, name: &str) -> DataError {
        let mut problem = format!("there is no column {}", quoted(name));
        if let Some(near) = nearest(name, self.names) {
            problem.push_str("; did you mean ");
            problem.push_str(&quoted(near));
            problem.push('?');
        }
        if self.names.len() <= LISTED {
            let list: Vec<String> = self.names.iter().map(|name| quoted(name)).collect();
            problem.push_str("; the columns are ");
            problem.push_str(&list.join(", "));
        }
        if let [only] = self.names
            && only.contains([';', '\t', '|'])
        {
            problem.push_str("; columns must be separated by commas");
        }
        DataError::invalid(format!("{}: line {}", self.file, self.line), problem)
    }
}
