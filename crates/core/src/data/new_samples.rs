//! Samples that a head was not solved for, made of a file by the same design: to test on, or to predict for.

use super::arrays::{Array, Arrays, Contents, Wanted, read_arrays};
use super::classes::same;
use super::design::DesignColumn;
use super::places::{RowPlaces, SamplePlaces};
use super::samples::{beside, column_weights, label_texts, offsets, weight_column};
use super::table::{Headings, Table, TableFormat, Texts, Use, is_missing};
use super::taken::{LeftOut, Taken};
use super::{DataError, Labels, quoted};
use crate::memory::make_room;
use nalgebra::DMatrix;
use std::path::Path;

/// What a file of new samples is read for.
#[derive(Debug, Clone, Copy)]
pub struct NewSamplesRequest<'a> {
    /// Which columns features are made of, and how.
    pub design: &'a [DesignColumn],
    /// The classes of the head, in its order.
    pub classes: &'a [String],
    /// Columns whose numbers are added to the logits.
    pub offset: &'a [String],
    /// The column or array of labels, where they are wanted.
    pub label: Option<&'a str>,
    /// The column or array of the weights of labelled samples, where they do not all count once; a row of weight 0 is left out.
    pub sample_weights: Option<&'a str>,
    /// Rows with these labels are left out.
    pub ignore_index: &'a [String],
    /// What is known of the format of a text table.
    pub format: &'a TableFormat,
}

/// Features of a file, and labels where they are wanted.
#[derive(Debug, Clone)]
pub struct NewSamples {
    /// `d x N`.
    pub features: DMatrix<f64>,
    /// What is added to the logits, a row for each column of offsets; no rows where there are none.
    pub offset: DMatrix<f64>,
    /// Classes of the head; not every one need occur.
    pub labels: Option<Labels>,
    /// What was taken for what.
    pub taken: Taken,
    /// Where they are in the file.
    pub places: SamplePlaces,
}

impl NewSamplesRequest<'_> {
    /// Reads them.
    ///
    /// # Errors
    /// The file cannot be read, a column is missing, a cell in use is no number or no level that the head knows, or a label is no
    /// class of the head. The error names row and column.
    pub fn read(&self, path: &Path) -> Result<NewSamples, DataError> {
        let (mut columns, mut offset) = (Vec::new(), Vec::new());
        let (mut label, mut weights) = (None, None);
        let mut pick = |headings: &Headings| {
            let mut uses = vec![Use::Skip; headings.names.len()];
            for design in self.design {
                let column = headings.find(&design.source)?;
                uses[column] = Use::Values;
                columns.push(column);
            }
            offset = headings.find_all(self.offset, "offset")?;
            offset.iter().for_each(|&column| uses[column] = Use::Values);
            label = self.label.map(|name| headings.find(name)).transpose()?;
            if let Some(column) = label {
                uses[column] = Use::Texts;
                weights =
                    self.sample_weights.map(|name| weight_column(headings, name, column)).transpose()?;
            }
            if let Some(column) = weights {
                uses[column] = Use::Values;
            }
            Ok(uses)
        };
        let wanted = Wanted { arrays: &|_| true, columns: &mut pick, format: self.format };
        match read_arrays(path, wanted)? {
            Contents::Table(table) => self.of_table(&table, (&columns, &offset), (label, weights)),
            Contents::Array(_) | Contents::Arrays(_) if !self.offset.is_empty() => {
                let problem = "is no table, but the head was solved with `offset`; give a table";
                Err(DataError::invalid(path.display().to_string(), problem))
            }
            Contents::Array(array) => self.of_array(&array, None, None),
            Contents::Arrays(arrays) => self.of_arrays(&arrays),
        }
    }

    fn of_table(
        &self,
        table: &Table,
        (columns, offset): (&[usize], &[usize]),
        (label, weights): (Option<usize>, Option<usize>),
    ) -> Result<NewSamples, DataError> {
        let texts = label.map(|column| table.columns[column].texts(table.rows));
        let row_place = |row: usize| label.map_or_else(String::new, |column| table.cell_place(row, column));
        let counted = weights.map(|column| column_weights(table, column)).transpose()?;
        let (rows, labels) = self.labelled(texts.as_ref(), counted.as_deref(), table.rows, &row_place)?;
        let mut parts = Vec::with_capacity(columns.len());
        for (design, &column) in self.design.iter().zip(columns) {
            parts.push((design.features(table, column, &rows)?, design.width()));
        }
        let features = beside(&parts, rows.len()).map_err(|error| DataError::invalid(&table.place, error))?;
        let named = |column: usize| table.columns[column].name.clone();
        let is_used = |column: usize| {
            let named = [label, weights].contains(&Some(column));
            columns.contains(&column) || offset.contains(&column) || named
        };
        let unused = (0..table.columns.len()).filter(|&column| !is_used(column));
        let taken = Taken {
            features: Some(columns.iter().map(|&column| named(column)).collect()),
            left_out: unused
                .map(|column| LeftOut::column(&named(column), "the head does not know it"))
                .collect(),
            notes: table.notes.iter().cloned().chain(table.rounded(columns)).collect(),
            ..self.taken(&table.place, &table.kind, table.rows, rows.len())
        };
        let offset = offsets(table, offset, &rows)?;
        let places = SamplePlaces { file: table.place.clone(), rows, row_places: table.row_places.clone() };
        Ok(NewSamples { features, offset, labels, taken, places })
    }

    fn of_arrays(&self, arrays: &Arrays) -> Result<NewSamples, DataError> {
        let labels = self.label.map(|name| arrays.named(name)).transpose()?;
        let weights = self.sample_weights.map(|name| arrays.named(name)).transpose()?;
        let fits = |array: &&Array| array.columns() == self.design.len() && !array.is_text();
        let found: Vec<&Array> = arrays.named.iter().map(|(_, array)| array).filter(fits).collect();
        match found.as_slice() {
            [features] => self.of_array(features, labels, weights),
            _ => Err(arrays.missing(&format!("one array of {} columns of features", self.design.len()))),
        }
    }

    fn of_array(
        &self,
        array: &Array,
        labels: Option<&Array>,
        weights: Option<&Array>,
    ) -> Result<NewSamples, DataError> {
        array.check_numbers()?;
        if array.columns() != self.design.len() {
            let problem = format!(
                "has shape {}, but the head takes {} features",
                array.shape_text(),
                self.design.len()
            );
            return Err(array.invalid(problem));
        }
        if self.label.is_some() && labels.is_none() {
            return Err(
                array.invalid("holds one array and no labels; give a table, or an NPZ file with both")
            );
        }
        let row_place = |row: usize| labels.map_or_else(String::new, |labels| labels.row_place(row));
        let texts = labels.map(label_texts).transpose()?;
        let counted = weights.map(|weights| weights.sample_weights(array.rows())).transpose()?;
        let (rows, found) = self.labelled(texts.as_ref(), counted.as_deref(), array.rows(), &row_place)?;
        let mut values = Vec::new();
        let numbers = array.columns() * rows.len();
        make_room(&mut values, numbers, "its numbers take")
            .map_err(|error| array.invalid(error.to_string()))?;
        values.resize(numbers, 0.0);
        let mut features = DMatrix::from_vec(array.columns(), rows.len(), values);
        for (&row, mut into) in rows.iter().zip(features.column_iter_mut()) {
            array.read_rows(row..row + 1, into.as_mut_slice());
            if let Some(column) = into.iter().position(|value| !value.is_finite()) {
                let problem = format!("is {}; every value must be finite", into[column]);
                return Err(DataError::invalid(array.number_place(row, column), problem));
            }
        }
        let taken = Taken {
            features: Some(vec![array.shape_text()]),
            notes: array
                .rounded(rows.iter().copied(), |column| self.design[column].source.clone())
                .into_iter()
                .collect(),
            ..self.taken(&array.place, array.kind(), array.rows(), rows.len())
        };
        let offset = DMatrix::zeros(0, rows.len());
        let places = SamplePlaces { file: array.place.clone(), rows, row_places: RowPlaces::default() };
        Ok(NewSamples { features, offset, labels: found, taken, places })
    }

    /// The rows that count, and their labels where they are wanted, with the weights that all rows have.
    fn labelled(
        &self,
        texts: Option<&Texts>,
        weights: Option<&[f64]>,
        rows: usize,
        row_place: &dyn Fn(usize) -> String,
    ) -> Result<(Vec<usize>, Option<Labels>), DataError> {
        let Some(texts) = texts else { return Ok(((0..rows).collect(), None)) };
        if texts.codes.len() != rows {
            let problem = format!("{} labels for {rows} rows; one for each is needed", texts.codes.len());
            return Err(DataError::invalid(row_place(0), problem));
        }
        let class = |text: &String| self.classes.iter().position(|class| same(class, text));
        let class_of_level: Vec<Option<usize>> = texts.levels.iter().map(class).collect();
        let (mut kept, mut indices) = (Vec::new(), Vec::new());
        for (row, &code) in texts.codes.iter().enumerate() {
            let text = &texts.levels[code as usize];
            match class_of_level[code as usize].and_then(|class| u32::try_from(class).ok()) {
                _ if weights.is_some_and(|weights| weights[row] == 0.0) => {}
                _ if self.ignore_index.iter().any(|ignored| same(ignored, text)) => {}
                Some(class) => {
                    kept.push(row);
                    indices.push(class);
                }
                None => {
                    let found =
                        if is_missing(text) { "the label is missing".to_owned() } else { quoted(text) };
                    let problem = format!(
                        "{found}, but the classes of the head are {}; `ignore_index` leaves such rows out",
                        super::taken::list(self.classes)
                    );
                    return Err(DataError::invalid(row_place(row), problem));
                }
            }
        }
        if kept.is_empty() {
            return Err(DataError::invalid(row_place(0), "no row has a label; there is nothing to test on"));
        }
        let labels = Labels::with_absent(indices, self.classes.to_vec());
        let labels = match weights {
            None => labels,
            Some(weights) => labels.with_weights(kept.iter().map(|&row| weights[row]).collect())?,
        };
        Ok((kept, Some(labels)))
    }

    fn taken(&self, file: &str, format: &str, rows: usize, used_rows: usize) -> Taken {
        Taken {
            file: file.to_owned(),
            format: format.to_owned(),
            rows,
            used_rows,
            label: self.label.unwrap_or("none").to_owned(),
            classes: self.classes.to_vec(),
            ..Taken::default()
        }
    }
}
