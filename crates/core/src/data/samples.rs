//! Samples to solve for, from a table or from arrays: features, labels and weights, with a record of what was taken for what.

use super::arrays::{Array, Arrays, Contents, Wanted, read_array, read_arrays, read_bytes};
use super::classes::{ClassRules, LabelTexts, Level};
use super::design::{DesignColumn, DesignKind, Missing, no_category, no_number, texts_among};
use super::sample_weights::{all_zero, check_weight, read_npy_weights};
use super::table::{Cell, Cells, Headings, Table, TableFormat, Texts, Use};
use super::taken::{LeftOut, Taken};
use super::{DataError, Dataset, Labels, quoted};
use crate::memory::{check_memory, make_room};
use crate::numeric::counted;
use nalgebra::{DMatrix, Dyn, VecStorage};
use std::path::Path;

/// What of a file is what.
#[derive(Debug, Clone, Default)]
pub struct SampleRequest {
    /// The column of labels; of an archive the array of them; for an NPY file of features the NPY file of them.
    pub label: String,
    /// The feature columns, in the order wanted; otherwise every column that is nothing else, in file order. Of an archive, its
    /// arrays.
    pub features: Option<Vec<String>>,
    /// Columns that are left out.
    pub drop: Vec<String>,
    /// The column or array of sample weights, or an NPY file of them.
    pub sample_weights: Option<String>,
    /// The columns of a table whose numbers are added to the logits: one for each class, or of two classes that of the second.
    pub offset: Vec<String>,
    /// The classes in their order; rows of others are left out.
    pub classes: Option<Vec<String>>,
    /// Rows with these labels are left out.
    pub ignore_index: Vec<String>,
    /// Text columns become columns of 0 and 1.
    pub one_hot: bool,
    /// What is done about missing values.
    pub missing: Missing,
    /// What is known of the format of a text table.
    pub format: TableFormat,
}

/// Samples and what they were made of.
#[derive(Debug, Clone)]
pub struct Samples {
    /// Features, labels and weights.
    pub dataset: Dataset,
    /// What became of each column.
    pub design: Vec<DesignColumn>,
    /// What was taken for what.
    pub taken: Taken,
}

/// Reads a table into features (`d x N`) and labels, each row counted once: [`SampleRequest::read`] with everything else
/// as it is by default.
///
/// # Errors
///
/// As [`SampleRequest::read`].
pub fn read_table(path: &Path, label: &str, features: Option<&[String]>) -> Result<Dataset, DataError> {
    let request =
        SampleRequest { features: features.map(<[String]>::to_vec), ..SampleRequest::of_label(label) };
    Ok(request.read(path)?.dataset)
}

impl SampleRequest {
    /// With everything but the label as it is by default.
    #[must_use]
    pub fn of_label(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// Reads features, labels and weights: a table (CSV in any dialect, Parquet), an archive of arrays (NPZ, safetensors), or an
    /// NPY file of features beside one of labels. Files may be packed with gzip or zstd; `-` is standard input.
    ///
    /// * Labels are texts or whole numbers. When every one is a whole number (`3`, `-1`, or `3.0` as data frames write it),
    ///   classes sort as numbers and are named in plain form (`3`); otherwise they sort as text, byte by byte.
    /// * A column not taken may hold anything. One without a heading, and the index of a data frame, is left out.
    /// * A row of weight zero is skipped: its other cells are not checked.
    /// * Features of NPY, NPZ and safetensors files in doubles or singles, row by row, are mapped and never copied as a whole.
    ///
    /// # Errors
    ///
    /// Names the line as an editor counts it (for a row that spans lines, its first) and the column: when the file cannot
    /// be read, is empty, has only a header or only one class; when a column is missing, or a name it needs is not unique;
    /// when a row is longer or shorter than the header, a quotation mark is left open, or a cell in use is missing,
    /// not UTF-8, not a number, or not finite; when all labels are numbers but not all whole; and when a weight is neither
    /// zero nor within [`SAMPLE_WEIGHT_RANGE`](super::SAMPLE_WEIGHT_RANGE), or all are zero.
    pub fn read(&self, path: &Path) -> Result<Samples, DataError> {
        self.read_contents(|wanted| read_arrays(path, wanted))
    }

    /// The same of a file that is in memory already; `place` is what errors call it.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn read_bytes(&self, bytes: Vec<u8>, place: &str) -> Result<Samples, DataError> {
        self.read_contents(|wanted| read_bytes(bytes, place, wanted))
    }

    fn read_contents(
        &self,
        read: impl FnOnce(Wanted) -> Result<Contents, DataError>,
    ) -> Result<Samples, DataError> {
        let mut columns = None;
        let mut pick = |headings: &Headings| {
            let (chosen, uses) = TableColumns::choose(headings, self)?;
            columns = Some(chosen);
            Ok(uses)
        };
        let wanted = Wanted { arrays: &|_| true, columns: &mut pick, format: &self.format };
        match read(wanted)? {
            Contents::Table(table) => match columns {
                Some(columns) => self.of_table(&table, columns),
                None => Err(DataError::invalid(table.place, "has no headings")),
            },
            Contents::Array(features) => self.of_files(features),
            Contents::Arrays(arrays) => self.of_arrays(&arrays),
        }
    }

    /// The NPY file of sample weights, if that is where they are.
    #[must_use]
    pub fn weight_file(&self) -> Option<&Path> {
        npy_file(self.sample_weights.as_deref()?)
    }

    /// The columns without those of text that are no categories, unless the user chose the features.
    fn categories(
        &self,
        table: &Table,
        features: Vec<usize>,
        rows: &[usize],
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Vec<usize>, DataError> {
        if !self.one_hot {
            return texts_among(table, &features, rows).map_or(Ok(features), Err);
        }
        if self.features.is_some() {
            return Ok(features);
        }
        let mut kept = Vec::with_capacity(features.len());
        for column in features {
            match no_category(table, column, rows) {
                Some(why) => left_out.push(LeftOut::column(&table.columns[column].name, why)),
                None => kept.push(column),
            }
        }
        Ok(kept)
    }

    fn rules(&self) -> ClassRules<'_> {
        ClassRules {
            classes: self.classes.as_deref(),
            ignore_index: &self.ignore_index,
            drop_missing: self.missing == Missing::DropRow,
        }
    }

    fn of_table(&self, table: &Table, columns: TableColumns) -> Result<Samples, DataError> {
        let TableColumns { label, weights, offset, features, mut left_out } = columns;
        let weights = self.table_weights(table, weights)?;
        if let Cells::Other(kind) = table.columns[label].cells {
            return Err(DataError::invalid(
                table.column_place(label),
                format!("holds {kind}; labels are texts or whole numbers"),
            ));
        }
        let row_place = |row: usize| table.cell_place(row, label);
        let labels = LabelTexts {
            texts: table.columns[label].texts(table.rows),
            place: table.column_place(label),
            row_place: &row_place,
        };
        let mut kept = KeptRows::of(&labels, weights, &self.rules(), &mut left_out)?;
        let features = self.categories(table, features, &kept.rows, &mut left_out)?;
        if self.missing == Missing::DropRow {
            kept.check_any(&table.place, &table.columns[label].name)?;
            drop_missing(table, &[features.as_slice(), &offset].concat(), &mut kept, &mut left_out);
            if kept.rows.is_empty() {
                return Err(no_row_is_whole(table, &features));
            }
        }
        kept.check_any(&table.place, &table.columns[label].name)?;
        let Designed { design, parts } = self.designed(table, &features, &kept)?;
        let lost = kept.lost(&labels);
        let (labels, mut notes) = kept.labels(&labels, &self.rules())?;
        notes.extend(lost);
        let names: Vec<String> = design.iter().flat_map(DesignColumn::names).collect();
        let matrix =
            beside(&parts, labels.samples()).map_err(|error| DataError::invalid(&table.place, error))?;
        let mut dataset = Dataset::new(matrix, names, labels)?;
        if !offset.is_empty() {
            dataset = dataset.with_offset(offsets(table, &offset, &kept.rows)?)?;
            notes.push(offset_note(table, &offset, dataset.labels().class_names()));
        }
        notes.splice(0..0, table.notes.iter().cloned());
        notes.extend(table.rounded(&[features.as_slice(), &offset, &[label]].concat()));
        notes.extend(feature_notes(table, &features, &design));
        if self.one_hot && !design.iter().any(|column| matches!(column.kind, DesignKind::Levels { .. })) {
            notes.push("`one_hot`: no feature is text; nothing changes here".to_owned());
        }
        let taken = Taken {
            file: table.place.clone(),
            format: table.kind.clone(),
            rows: table.rows,
            used_rows: kept.rows.len(),
            label: table.columns[label].name.clone(),
            classes: dataset.labels().class_names().to_vec(),
            features: Some(features.iter().map(|&column| table.columns[column].name.clone()).collect()),
            sample_weights: self.sample_weights.clone(),
            left_out,
            notes,
            ..Taken::default()
        };
        Ok(Samples { dataset, design, taken })
    }

    /// The weights of all rows, in a column of the table or in a file of their own.
    fn table_weights(&self, table: &Table, column: Option<usize>) -> Result<Option<Vec<f64>>, DataError> {
        Ok(match (column, self.weight_file()) {
            (Some(column), _) => Some(column_weights(table, column)?),
            (None, Some(file)) => Some(read_npy_weights(file, table.rows)?),
            (None, None) => None,
        })
    }

    /// The features that columns become in these rows.
    fn designed(&self, table: &Table, columns: &[usize], kept: &KeptRows) -> Result<Designed, DataError> {
        let (rows, weights) = (kept.rows.as_slice(), kept.weights.as_deref());
        let mut design = Vec::with_capacity(columns.len());
        let mut parts = Vec::with_capacity(columns.len());
        for &column in columns {
            let of_column = DesignColumn::of(table, column, (rows, weights), (self.one_hot, self.missing))?;
            parts.push((of_column.features(table, column, rows)?, of_column.width()));
            design.push(of_column);
        }
        Ok(Designed { design, parts })
    }

    /// Features of an NPY file, labels and weights of others.
    fn of_files(&self, features: Array) -> Result<Samples, DataError> {
        if self.features.is_some() || !self.drop.is_empty() {
            let option = if self.features.is_some() { "`features`" } else { "`drop`" };
            return Err(DataError::invalid(
                option,
                "goes with a table or an archive; columns of an NPY file have no names",
            ));
        }
        let labels = read_array(Path::new(&self.label)).map_err(|error| match error {
            DataError::Unreadable { path, reason } if path == self.label && npy_file(&path).is_none() => {
                let problem = format!("holds one array, so `label` names the NPY file of its labels, and {path} cannot be read: {reason}");
                features.invalid(problem)
            }
            other => other,
        })?;
        let weights = match &self.sample_weights {
            None => None,
            Some(file) => Some(read_npy_weights(Path::new(file), features.rows())?),
        };
        let place = features.place.clone();
        let format = format!("NPY, {}", features.kind());
        let arrays = SampleArrays {
            features: vec![(None, features)],
            labels,
            weights,
            left_out: Vec::new(),
            place,
            format,
        };
        self.combined(arrays)
    }

    /// Features, labels and weights of one archive.
    fn of_arrays(&self, arrays: &Arrays) -> Result<Samples, DataError> {
        let named = |name: &str| arrays.named(name).cloned();
        let labels = named(&self.label)?;
        let weights = match (&self.sample_weights, self.weight_file()) {
            (None, _) => None,
            (_, Some(file)) => Some(read_npy_weights(file, labels.rows())?),
            (Some(name), None) => Some(named(name)?.sample_weights(labels.rows())?),
        };
        let mut left_out: Vec<LeftOut> = Vec::new();
        let features = match &self.features {
            Some(names) => {
                let array = |name: &String| Ok((name.clone(), named(name)?));
                names.iter().map(array).collect::<Result<Vec<_>, DataError>>()?
            }
            None => self.other_arrays(arrays, labels.rows(), &mut left_out)?,
        };
        for name in &self.drop {
            // What is left out need not be readable.
            if !arrays.names.contains(name) {
                named(name)?;
            }
            left_out.push(LeftOut::array(name, "`drop`"));
        }
        if features.is_empty() && self.features.is_none() {
            let rows = labels.rows();
            return Err(arrays.none_fits(&format!("array of features with {rows} rows, one for each label")));
        }
        let features = features.into_iter().map(|(name, array)| (Some(name), array)).collect();
        let (place, format) = (arrays.place.clone(), "archive of arrays".to_owned());
        self.combined(SampleArrays { features, labels, weights, left_out, place, format })
    }

    /// The arrays that may be features: those with a row of numbers for each label.
    fn other_arrays(
        &self,
        arrays: &Arrays,
        rows: usize,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Vec<(String, Array)>, DataError> {
        let named = |own: &str, name: &String| own.trim() == name;
        let is_weight = |name: &String| self.sample_weights.as_deref().is_some_and(|own| named(own, name));
        let taken = |name: &String| named(&self.label, name) || is_weight(name);
        let others = arrays.named.iter().filter(|(name, _)| !taken(name) && !self.drop.contains(name));
        let (fit, rest): (Vec<_>, Vec<_>) =
            others.cloned().partition(|(_, array)| array.rows() == rows && !array.is_text());
        let (no_row, beside) =
            ("it has no row of numbers for each label", "beside features; `features` takes it");
        left_out.extend(rest.iter().map(|(name, _)| LeftOut::array(name, no_row)));
        let unread = arrays.broken.iter().filter(|(name, _)| !taken(name) && !self.drop.contains(name));
        left_out.extend(unread.map(|(name, error)| LeftOut::array(name, error.reason())));
        let matrices = fit.iter().filter(|(_, array)| array.columns() > 1).count();
        if matrices > 1 {
            let names = arrays.names.join(", ");
            let problem = format!("several arrays may be features; name one with `features`: {names}");
            return Err(DataError::invalid(&arrays.place, problem));
        }
        // Beside a matrix of features, vectors are something else.
        let (features, others): (Vec<_>, Vec<_>) =
            fit.into_iter().partition(|(_, array)| matrices == 0 || array.columns() > 1);
        left_out.extend(others.iter().map(|(name, _)| LeftOut::array(name, beside)));
        Ok(features)
    }

    /// Samples of arrays, whichever files these are in.
    fn combined(&self, arrays: SampleArrays) -> Result<Samples, DataError> {
        let SampleArrays { features, labels: label_array, weights, mut left_out, place, format } = arrays;
        if !self.offset.is_empty() {
            return Err(DataError::invalid("`offset`", "names a column of a table"));
        }
        features.iter().try_for_each(|(_, array)| check_features(array, &label_array))?;
        let row_place = |row: usize| label_array.row_place(row);
        let is_one_hot = label_array.columns() > 1 && !label_array.is_text();
        let labels = LabelTexts {
            texts: if is_one_hot {
                one_hot_texts(&label_array, "one label for each row is needed")?
            } else {
                label_texts(&label_array)?
            },
            place: label_array.place.clone(),
            row_place: &row_place,
        };
        let mut kept = KeptRows::of(&labels, weights, &self.rules(), &mut left_out)?;
        if self.missing != Missing::Refuse {
            self.drop_missing_rows(&features, &mut kept, &mut left_out)?;
        }
        kept.check_any(&place, "labels")?;
        let lost = kept.lost(&labels);
        let rounded = if is_one_hot { None } else { label_array.rounded_labels(&labels.texts.levels) };
        let (labels, mut notes) = kept.labels(&labels, &self.rules())?;
        notes.extend(lost);
        notes.extend(rounded);
        if is_one_hot {
            notes.push("labels are one-hot: classes are numbered by their columns".to_owned());
        }
        notes.extend(self.format.beside_no_text());
        if self.one_hot {
            notes.push("`one_hot`: for tables only; nothing changes here".to_owned());
        }
        notes.extend(rounded_features(&features, &kept.rows));
        let dataset = dataset_of(&features, &kept.rows, labels)?;
        let design = dataset.feature_names().iter();
        let design =
            design.map(|name| DesignColumn { source: name.clone(), kind: DesignKind::Number }).collect();
        let taken = Taken {
            file: place,
            format,
            rows: label_array.rows(),
            used_rows: kept.rows.len(),
            label: self.label.clone(),
            classes: dataset.labels().class_names().to_vec(),
            features: Some(features.iter().map(in_words).collect()),
            sample_weights: self.sample_weights.clone(),
            left_out,
            notes,
            ..Taken::default()
        };
        Ok(Samples { dataset, design, taken })
    }

    /// Leaves out rows in which an array holds NaN.
    fn drop_missing_rows(
        &self,
        features: &[(Option<String>, Array)],
        kept: &mut KeptRows,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<(), DataError> {
        if self.missing == Missing::Indicator {
            return Err(DataError::invalid(
                "`missing` indicator",
                "goes with tables; of arrays, rows can be left out (`missing` drop-row)",
            ));
        }
        let mut dropped = 0;
        for (_, array) in features {
            let mut row = vec![0.0; array.columns()];
            dropped += kept.retain(|number| {
                array.read_rows(number..number + 1, &mut row);
                row.iter().all(|value| !value.is_nan())
            });
        }
        left_out.extend(LeftOut::rows(dropped, "missing values (NaN)"));
        Ok(())
    }
}

/// Every row misses a value; of the column in which most do it is said so.
fn no_row_is_whole(table: &Table, features: &[usize]) -> DataError {
    let missing = |column: usize| {
        let cells = table.columns[column].read(table.marks);
        cells.iter().filter(|cell| **cell == Cell::Missing).count()
    };
    let most = features.iter().copied().max_by_key(|&column| missing(column));
    let emptiest = most.map_or_else(String::new, |column| {
        let name = &table.columns[column].name;
        format!(
            "; {} misses {} of {}: leave it out with `drop` {}",
            quoted(name),
            missing(column),
            table.rows,
            super::design::as_argument(name)
        )
    });
    DataError::invalid(
        &table.place,
        format!("every row misses a value{emptiest}, or give `missing` indicator"),
    )
}

/// Fails where an array is no matrix of features with a row for each label.
fn check_features(array: &Array, labels: &Array) -> Result<(), DataError> {
    array.check_numbers()?;
    if array.rows() != labels.rows() {
        let problem = format!(
            "has shape {}, but {} has {} samples; one label for each is needed, shape ({},)",
            labels.shape_text(),
            array.place,
            array.rows(),
            array.rows()
        );
        return Err(labels.invalid(problem));
    }
    Ok(())
}

/// Features in some rows of arrays: mapped where these are all rows of one, whose numbers lie in the file as they are needed.
fn dataset_of(
    features: &[(Option<String>, Array)],
    rows: &[usize],
    labels: Labels,
) -> Result<Dataset, DataError> {
    match features {
        [(_, array)] if rows.len() == array.rows() && array.native(0..0).is_some() => {
            Dataset::mapped(array.clone(), labels)
        }
        _ => Dataset::new(gathered(features, rows)?, feature_names(features), labels),
    }
}

/// Name and shape of an array.
fn in_words((name, array): &(Option<String>, Array)) -> String {
    let name = name.clone().map_or_else(String::new, |name| format!("{name} "));
    format!("{name}{}", array.shape_text())
}

/// Leaves out rows with missing features.
fn drop_missing(table: &Table, features: &[usize], kept: &mut KeptRows, left_out: &mut Vec<LeftOut>) {
    let mut missing = vec![false; table.rows];
    let mut of_columns = Vec::new();
    for &column in features {
        let cells = table.columns[column].read(table.marks);
        let count = kept.rows.iter().filter(|&&row| cells.get(row) == Some(&Cell::Missing)).count();
        if count > 0 {
            of_columns.push(format!("{} {count}", table.columns[column].name));
            cells.iter().zip(&mut missing).for_each(|(cell, missing)| *missing |= *cell == Cell::Missing);
        }
    }
    let dropped = kept.retain(|row| !missing[row]);
    left_out.extend(LeftOut::rows(dropped, format!("missing values in {}", of_columns.join(", "))));
}

/// The numbers of some columns in some rows, a row for each column.
pub(crate) fn offsets(table: &Table, columns: &[usize], rows: &[usize]) -> Result<DMatrix<f64>, DataError> {
    let mut numbers = DMatrix::zeros(columns.len(), rows.len());
    for (&column, mut into) in columns.iter().zip(numbers.row_iter_mut()) {
        let of_column = DesignColumn { source: table.columns[column].name.clone(), kind: DesignKind::Number };
        let values = of_column.features(table, column, rows)?;
        into.iter_mut().zip(values).for_each(|(into, value)| *into = value);
    }
    Ok(numbers)
}

/// What the numbers of columns are added to.
fn offset_note(table: &Table, columns: &[usize], classes: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|&column| quoted(&table.columns[column].name)).collect();
    let (columns, logits) = match (names.len(), classes) {
        (1, [_, second]) => ("column", format!("the logit of class {second}")),
        _ => ("columns", "the logits of the classes in their order".to_owned()),
    };
    format!("the numbers of {columns} {} are added to {logits}", names.join(", "))
}

/// What became of each column, and its features, as many as it says.
struct Designed {
    design: Vec<DesignColumn>,
    parts: Vec<(Vec<f64>, usize)>,
}

/// Arrays that samples are made of.
struct SampleArrays {
    /// With their names in an archive.
    features: Vec<(Option<String>, Array)>,
    labels: Array,
    weights: Option<Vec<f64>>,
    left_out: Vec<LeftOut>,
    place: String,
    format: String,
}

/// An NPY file, if a name ends like that of one.
#[must_use]
pub fn npy_file(name: &str) -> Option<&Path> {
    let name = Path::new(name);
    name.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")).then_some(name)
}

/// Which columns of a table are what.
struct TableColumns {
    label: usize,
    weights: Option<usize>,
    offset: Vec<usize>,
    features: Vec<usize>,
    left_out: Vec<LeftOut>,
}

impl TableColumns {
    /// Finds the columns that are asked for; without a choice of features, those are all others.
    fn choose(headings: &Headings, request: &SampleRequest) -> Result<(Self, Vec<Use>), DataError> {
        let label = headings.find(&request.label)?;
        let weights = match &request.sample_weights {
            Some(name) if request.weight_file().is_none() => Some(weight_column(headings, name, label)?),
            _ => None,
        };
        let offset = headings.find_all(&request.offset, "offset")?;
        if offset.iter().any(|&offset| offset == label || weights == Some(offset)) {
            return Err(DataError::invalid(
                "`offset`",
                "is the column of labels or weights; name a column of numbers",
            ));
        }
        let dropped = headings.find_all(&request.drop, "column to drop")?;
        if dropped.contains(&label) {
            let place = format!("{}: `drop` {}", headings.place, quoted(&request.label));
            return Err(DataError::invalid(place, "is the label column"));
        }
        let mut left_out: Vec<LeftOut> =
            request.drop.iter().map(|name| LeftOut::column(name.trim(), "`drop`")).collect();
        let features = if let Some(names) = &request.features {
            let found = headings.find_all(names, "feature")?;
            for &column in &found {
                let place = || format!("{}: feature {}", headings.place, quoted(&headings.names[column]));
                if column == label {
                    return Err(DataError::invalid(
                        place(),
                        "is the label column; leave it out of the features",
                    ));
                }
                if weights == Some(column) {
                    let problem = "is the column of sample weights; leave it out of the features";
                    return Err(DataError::invalid(place(), problem));
                }
            }
            if let Some(&both) = found.iter().find(|column| dropped.contains(column)) {
                let place = format!("{}: feature {}", headings.place, quoted(&headings.names[both]));
                return Err(DataError::invalid(place, "is in `drop` too; name it in one of the two"));
            }
            found
        } else {
            let mut features = Vec::new();
            for (column, name) in headings.names.iter().enumerate() {
                let is_taken = column == label || weights == Some(column) || offset.contains(&column);
                if is_taken || dropped.contains(&column) {
                    continue;
                }
                match headings.numbers_rows(column) {
                    Some(why) => left_out.push(LeftOut::column(name, why)),
                    None => features.push(headings.find(name)?),
                }
            }
            features
        };
        let mut uses = vec![Use::Skip; headings.names.len()];
        features.iter().chain(&weights).chain(&offset).for_each(|&column| uses[column] = Use::Values);
        uses[label] = Use::Texts;
        Ok((Self { label, weights, offset, features, left_out }, uses))
    }
}

/// The column of sample weights, which is not that of the labels.
///
/// # Errors
/// There is no such column, or it is that of the labels.
pub fn weight_column(headings: &Headings, name: &str, label: usize) -> Result<usize, DataError> {
    let column = headings.find(name).map_err(of_weights)?;
    if column == label {
        let place = format!("sample weights: {}: column {}", headings.place, quoted(name));
        return Err(DataError::invalid(place, "is the label column; name a column of weights"));
    }
    Ok(column)
}

/// An error that says it is about sample weights.
#[must_use]
pub fn of_weights(error: DataError) -> DataError {
    match error {
        DataError::Invalid { place, problem } => {
            DataError::invalid(format!("sample weights: {place}"), problem)
        }
        unreadable @ DataError::Unreadable { .. } => unreadable,
    }
}

/// The weights in a column.
///
/// # Errors
/// A cell is no weight.
pub fn column_weights(table: &Table, column: usize) -> Result<Vec<f64>, DataError> {
    if let Cells::Other(kind) = table.columns[column].cells {
        return Err(of_weights(DataError::invalid(
            table.column_place(column),
            format!("holds {kind}, which are no numbers"),
        )));
    }
    let cells = table.columns[column].read(table.marks);
    let weight = |(row, cell): (usize, &Cell)| {
        let weight = cell.number().ok_or_else(|| match cell {
            Cell::Text => {
                let problem = format!("{} is not a number", quoted(&table.columns[column].text(row)));
                DataError::invalid(table.cell_place(row, column), problem)
            }
            Cell::Missing => DataError::invalid(
                table.cell_place(row, column),
                "the weight is missing; give one, or 0 to leave the row out",
            ),
            cell => no_number(table, row, column, *cell),
        });
        let weight = weight.map_err(of_weights)?;
        check_weight(weight, || format!("sample weights: {}", table.cell_place(row, column)))?;
        Ok(weight)
    };
    cells.iter().enumerate().map(weight).collect()
}

/// Rows that count, with the weights of all.
struct KeptRows {
    rows: Vec<usize>,
    weights: Option<Vec<f64>>,
    /// Labels that occurred before rows were left out for their features.
    labels: Vec<String>,
}

impl KeptRows {
    /// Rows of positive weight whose label is a class.
    fn of(
        labels: &LabelTexts,
        weights: Option<Vec<f64>>,
        rules: &ClassRules,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Self, DataError> {
        let counts = |row: usize| weights.as_ref().is_none_or(|weights| weights[row] > 0.0);
        let meanings = labels.levels(rules, counts)?;
        let (mut rows, mut out) = (Vec::new(), [0_usize; 4]);
        for (row, &code) in labels.texts.codes.iter().enumerate() {
            match meanings[code as usize] {
                _ if !counts(row) => out[0] += 1,
                Level::Class => rows.push(row),
                Level::Missing => out[1] += 1,
                Level::Ignored => out[2] += 1,
                Level::NotChosen => out[3] += 1,
            }
        }
        let why = ["weight 0", "no label", "`ignore_index`", "not among `classes`"];
        left_out.extend(out.into_iter().zip(why).filter_map(|(count, why)| LeftOut::rows(count, why)));
        if rows.is_empty() && out[0] == labels.texts.codes.len() && out[0] > 0 {
            return Err(all_zero(labels.place.clone()));
        }
        let mut kept = Self { rows, weights, labels: Vec::new() };
        kept.labels = kept.occurring(labels);
        Ok(kept)
    }

    fn occurring(&self, labels: &LabelTexts) -> Vec<String> {
        let mut is_kept = vec![false; labels.texts.codes.len()];
        self.rows.iter().for_each(|&row| is_kept[row] = true);
        labels.texts.occurring(|row| is_kept[row])
    }

    /// A note on labels of which no row is left.
    fn lost(&self, labels: &LabelTexts) -> Option<String> {
        let left: std::collections::HashSet<String> = self.occurring(labels).into_iter().collect();
        let lost: Vec<String> = self.labels.iter().filter(|label| !left.contains(*label)).cloned().collect();
        (!lost.is_empty()).then(|| format!("no row is left with the label {}", super::taken::list(&lost)))
    }

    /// Keeps some rows, and says how many it left out.
    fn retain(&mut self, keep: impl FnMut(usize) -> bool) -> usize {
        let before = self.rows.len();
        let mut keep = keep;
        self.rows.retain(|&row| keep(row));
        before - self.rows.len()
    }

    fn check_any(&self, place: &str, label: &str) -> Result<(), DataError> {
        if self.rows.is_empty() {
            return Err(DataError::invalid(
                place,
                format!("no row is left with a label in {}", quoted(label)),
            ));
        }
        Ok(())
    }

    fn labels(&self, labels: &LabelTexts, rules: &ClassRules) -> Result<(Labels, Vec<String>), DataError> {
        let (found, notes) = labels.labels(&self.rows, rules)?;
        let found = match &self.weights {
            None => found,
            Some(weights) => found.with_weights(self.rows.iter().map(|&row| weights[row]).collect())?,
        };
        Ok((found, notes))
    }
}

/// Bytes of the label of a row: its code, that of its class, and the number of its row, in lists that grow.
const BYTES_OF_LABEL: u128 = 48;

/// Fails when the labels of an array take more memory than is free: a file that is packed or mapped may be short, or take none.
fn check_room_for_labels(array: &Array) -> Result<(), DataError> {
    check_memory(BYTES_OF_LABEL * array.rows() as u128, "its labels take", "read fewer rows")
        .map_err(|error| array.invalid(error.to_string()))
}

/// The labels in an array.
///
/// # Errors
/// They are no labels, or more than memory holds.
pub fn label_texts(array: &Array) -> Result<Texts, DataError> {
    check_room_for_labels(array)?;
    let mut seen = std::collections::HashMap::new();
    let mut texts = Texts::default();
    if array.is_text() {
        for text in array.texts()? {
            let code = seen.len();
            let code = *seen.entry(text.clone()).or_insert(code);
            if code == texts.levels.len() {
                texts.levels.push(text);
            }
            texts.codes.push(u32::try_from(code).unwrap_or(u32::MAX));
        }
        return Ok(texts);
    }
    let mut seen = std::collections::HashMap::new();
    // Labels are mostly small whole numbers, for which a table is a tenth of the work.
    let mut small = [None; 256];
    array.for_each_exact(|key, write| {
        let place = usize::try_from(key).ok().filter(|&place| place < small.len());
        let code = place.and_then(|place| small[place]).unwrap_or_else(|| {
            let code = seen.len();
            let code = *seen.entry(key).or_insert(code);
            if code == texts.levels.len() {
                texts.levels.push(write());
            }
            u32::try_from(code).unwrap_or(u32::MAX)
        });
        if let Some(place) = place {
            small[place] = Some(code);
        }
        texts.codes.push(code);
    });
    Ok(texts)
}

/// The place of the one in every row of an array; `wanted` says in an error what is needed.
///
/// # Errors
/// A row holds anything but zeros and a single one. The error names it.
pub fn one_hot_texts(array: &Array, wanted: &str) -> Result<Texts, DataError> {
    check_room_for_labels(array)?;
    let classes = array.columns();
    let entries = array.values()?;
    let mut codes = Vec::with_capacity(array.rows());
    for (row, entries) in entries.chunks_exact(classes.max(1)).enumerate() {
        let ones = entries.iter().filter(|&&entry| entry == 1.0).count();
        let zeros = entries.iter().filter(|&&entry| entry == 0.0).count();
        let class =
            entries.iter().position(|&entry| entry == 1.0).and_then(|class| u32::try_from(class).ok());
        codes.push(class.filter(|_| ones == 1 && ones + zeros == classes).ok_or_else(|| {
            let problem = format!("is not one-hot, in an array of shape {}; {wanted}", array.shape_text());
            DataError::invalid(array.row_place(row), problem)
        })?);
    }
    Ok(Texts { levels: (0..classes).map(|class| class.to_string()).collect(), codes })
}

/// Names of the features of several arrays.
fn feature_names(features: &[(Option<String>, Array)]) -> Vec<String> {
    let several = features.len() > 1;
    let names = features.iter().flat_map(|(name, array)| {
        (0..array.columns()).map(move |column| match name {
            Some(name) if several && array.columns() == 1 => name.clone(),
            Some(name) if several => format!("{name}{column}"),
            _ => format!("x{column}"),
        })
    });
    names.collect()
}

/// What to say of each array of whole numbers that doubles round in some rows.
fn rounded_features(features: &[(Option<String>, Array)], rows: &[usize]) -> Vec<String> {
    let names = feature_names(features);
    let mut first = 0;
    let note = |(_, array): &(Option<String>, Array)| {
        let own = &names[first..first + array.columns()];
        first += array.columns();
        array.rounded(rows.iter().copied(), |column| own[column].clone())
    };
    features.iter().filter_map(note).collect()
}

/// Some rows of several arrays, side by side.
fn gathered(features: &[(Option<String>, Array)], rows: &[usize]) -> Result<DMatrix<f64>, DataError> {
    let place = features.first().map_or_else(String::new, |(_, array)| array.place.clone());
    let dimension: usize = features.iter().map(|(_, array)| array.columns()).sum();
    let mut values = Vec::new();
    make_room(&mut values, dimension * rows.len(), "its numbers take")
        .map_err(|error| DataError::invalid(&place, error.to_string()))?;
    let mut of_array: Vec<Vec<f64>> = features.iter().map(|(_, array)| vec![0.0; array.columns()]).collect();
    for &row in rows {
        for ((_, array), into) in features.iter().zip(&mut of_array) {
            array.read_rows(row..row + 1, into);
            if let Some(column) = into.iter().position(|value| !value.is_finite()) {
                let advice =
                    if into[column].is_nan() { " (`missing` drop-row leaves such rows out)" } else { "" };
                let problem = format!("is {}; every value must be finite{advice}", into[column]);
                return Err(DataError::invalid(array.number_place(row, column), problem));
            }
            values.extend_from_slice(into);
        }
    }
    Ok(DMatrix::from_data(VecStorage::new(Dyn(dimension), Dyn(rows.len()), values)))
}

/// Columns of features side by side, a sample per column of the matrix.
pub(crate) fn beside(parts: &[(Vec<f64>, usize)], samples: usize) -> Result<DMatrix<f64>, String> {
    let dimension: usize = parts.iter().map(|(_, width)| width).sum();
    let mut values = Vec::new();
    make_room(&mut values, dimension * samples, "its numbers take").map_err(|error| error.to_string())?;
    for sample in 0..samples {
        for (part, width) in parts {
            values.extend_from_slice(&part[sample * width..(sample + 1) * width]);
        }
    }
    Ok(DMatrix::from_data(VecStorage::new(Dyn(dimension), Dyn(samples), values)))
}

/// Whether a heading is one that sample weights usually have.
#[must_use]
pub fn speaks_of_weights(heading: &str) -> bool {
    let words: Vec<String> = heading.to_lowercase().split(['_', '-', '.', ' ']).map(str::to_owned).collect();
    let is_weights = |words: &[String]| matches!(words, [word] if ["weight", "weights", "freq", "frequency"].contains(&word.as_str()));
    let of_samples = ["sample", "survey", "frequency", "importance", "case", "row"];
    is_weights(&words) || (of_samples.contains(&words[0].as_str()) && is_weights(&words[1..]))
}

/// What is worth saying of features.
fn feature_notes(table: &Table, features: &[usize], design: &[DesignColumn]) -> Vec<String> {
    let mut notes = Vec::new();
    for (&column, design) in features.iter().zip(design) {
        let cells = &table.columns[column];
        match &design.kind {
            DesignKind::Levels { levels } => notes.push(format!(
                "column {} has the levels {}; {} is the reference",
                quoted(&cells.name),
                super::taken::list(levels),
                levels[0]
            )),
            DesignKind::Filled { mean } => notes.push(format!(
                "missing values of column {} are its mean {mean:.6} and 1 in \"{} missing\"",
                quoted(&cells.name),
                cells.name
            )),
            DesignKind::Number if cells.counts_rows() => notes.push(format!(
                "column {} counts the rows; if it is no measurement, leave it out with `drop` {}",
                quoted(&cells.name),
                super::design::as_argument(&cells.name)
            )),
            DesignKind::Number => {
                if speaks_of_weights(&cells.name) {
                    notes.push(format!(
                        "column {} is taken for a feature; if it says how often, or how much, a row counts, give `sample_weights` {}",
                        quoted(&cells.name),
                        super::design::as_argument(&cells.name)
                    ));
                }
                if let Some((code, rows)) = cells.mark_of_missing(table.marks) {
                    notes.push(format!(
                        "column {} holds {code} in {}, far from its other numbers; if that marks missing values, leave these \
                         cells empty",
                        quoted(&cells.name),
                        counted(rows as u64, "row")
                    ));
                }
                if let Some(what) = cells.moments() {
                    notes.push(format!(
                        "column {} may be {what}; if it is no measurement, leave it out with `drop` {}",
                        quoted(&cells.name),
                        super::design::as_argument(&cells.name)
                    ));
                }
            }
        }
    }
    let booleans = features.iter().filter(|&&column| {
        matches!(&table.columns[column].cells, Cells::Texts(texts)
            if texts.levels.iter().any(|text| matches!(Cell::of(text, table.marks), Cell::Boolean(_))))
    });
    let booleans: Vec<String> = booleans.map(|&column| table.columns[column].name.clone()).collect();
    if !booleans.is_empty() {
        notes.push(format!("True and False are 1 and 0 in {}", super::taken::list(&booleans)));
    }
    notes
}
