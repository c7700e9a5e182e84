//! The input of an audit: scores, labels, and possibly the last layer.

use super::labels::{GivenLabels, array_texts, class_indices};
use super::logit_columns::{LogitColumns, fill_column};
use super::scan::{Scan, to_logits};
use crate::data::arrays::{Array, Arrays, Contents, Wanted, read_array, read_arrays, read_bytes};
use crate::data::places::RowPlaces;
use crate::data::sample_weights::read_npy_weights;
use crate::data::samples::{column_weights, npy_file, of_weights};
use crate::data::table::{Cells, Headings, Table};
use crate::data::taken::left_out;
use crate::data::{DataError, Labels, LeftOut, TableFormat, Taken, quoted};
use crate::loss::Link;
use crate::solver::{Head, Intercept};
use nalgebra::DMatrix;
use std::ops::Range;
use std::path::Path;

/// What scores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreKind {
    /// Logits.
    Logits,
    /// Probabilities, from which logits are taken back.
    Probabilities,
}

/// How files are to be read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The column or array of labels.
    pub label: Option<String>,
    /// The array of scores in an archive.
    pub logits: Option<String>,
    /// The columns of scores in a table, in the order of the classes.
    pub columns: Option<Vec<String>>,
    /// Columns of a table that are no scores.
    pub drop: Vec<String>,
    /// Whether scores are probabilities; those of an archive are where their name says so.
    pub probabilities: bool,
    /// Names of the classes, in order.
    pub class_names: Option<Vec<String>>,
    /// Labels of rows to leave out, beside -1 and -100.
    pub ignore_index: Vec<String>,
    /// Whether rows without a label are left out.
    pub drop_missing: bool,
    /// Where the weights of the rows are, if they do not all count once: the heading of a column in a table, the name of an
    /// array in an archive, or the name of an NPY file, which ends in `.npy`.
    pub sample_weights: Option<String>,
    /// What is known of the format of a text table.
    pub format: TableFormat,
}

impl ReadOptions {
    /// What scores without a name are.
    fn unnamed(&self) -> ScoreKind {
        if self.probabilities { ScoreKind::Probabilities } else { ScoreKind::Logits }
    }

    /// The NPY file of sample weights, if that is where they are.
    #[must_use]
    pub fn weight_file(&self) -> Option<&Path> {
        npy_file(self.sample_weights.as_deref()?)
    }

    /// Names that arrays of scores, labels and the last layer go by, and those that the user gave.
    pub(super) fn names_array(&self, name: &str) -> bool {
        let given = [&self.label, &self.logits, &self.sample_weights];
        [&SCORES[..], &LABELS, &LAYER, &CLASS_NAMES].concat().contains(&name)
            || given.into_iter().flatten().any(|given| given == name)
    }
}

/// Usual names of arrays: of scores, of labels, and of everything else.
pub(super) const SCORES: [&str; 4] = ["logits", "probabilities", "probs", "scores"];
pub(super) const LABELS: [&str; 6] = ["labels", "label", "targets", "target", "y", "y_true"];
const LAYER: [&str; 3] = ["features", "weight", "bias"];
const CLASS_NAMES: [&str; 3] = ["class_names", "classes", "target_names"];

/// Scores as a file has them, and what its rows and columns are called.
struct Scores {
    numbers: Array,
    row_places: RowPlaces,
    headings: Option<Vec<String>>,
}

impl Scores {
    fn of_array(numbers: Array) -> Self {
        Self { numbers, row_places: RowPlaces::default(), headings: None }
    }
}

/// Scores and labels that fit each other, with weights, features and last layer where given.
#[derive(Debug, Clone)]
pub struct AuditInput {
    scores: Array,
    kind: ScoreKind,
    labels: Labels,
    /// Rows of the scores that have a label, where some do not.
    labelled: Option<Vec<usize>>,
    row_places: RowPlaces,
    /// What the columns of the scores are called, in a table.
    headings: Option<Vec<String>>,
    /// Rows whose label says to ignore them.
    pub ignored: usize,
    /// Inputs of the last layer, one row per sample.
    pub features: Option<Array>,
    /// The last layer.
    pub head: Option<Head>,
    /// Whether that has intercepts.
    pub intercept: Intercept,
    /// Whether a class is masked in some row.
    pub(super) has_masked: bool,
    /// What was taken for what.
    pub taken: Taken,
    /// Samples in a batch of the training, where the audit is to judge by the balance over batches.
    pub batch: Option<usize>,
}

impl AuditInput {
    /// Reads an archive or table with everything, or scores from one NPY file and labels from another. Files may be packed
    /// with gzip or zstd; `-` is standard input.
    ///
    /// # Errors
    /// A file cannot be read, something is missing, shapes do not fit, or a label is of no class. The error
    /// names file and row.
    pub fn read(path: &Path, labels: Option<&Path>, options: &ReadOptions) -> Result<Self, DataError> {
        Self::of_contents(|wanted| read_arrays(path, wanted), labels, options)
    }

    /// The same of one file that is in memory already; `place` is what errors call it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of_bytes(bytes: Vec<u8>, place: &str, options: &ReadOptions) -> Result<Self, DataError> {
        Self::of_contents(|wanted| read_bytes(bytes, place, wanted), None, options)
    }

    fn of_contents(
        read: impl FnOnce(Wanted) -> Result<Contents, DataError>,
        labels: Option<&Path>,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let mut columns = None;
        let mut pick = |headings: &Headings| {
            let (chosen, uses) = LogitColumns::choose(headings, options)?;
            columns = Some(chosen);
            Ok(uses)
        };
        let wanted =
            Wanted { arrays: &|name| options.names_array(name), columns: &mut pick, format: &options.format };
        let contents = read(wanted)?;
        match (contents, labels, columns) {
            (Contents::Array(scores), Some(labels), _) => Self::of_files(scores, labels, options),
            (Contents::Array(scores), None, _) => Err(scores
                .invalid("holds one array; give the NPY file of the labels too, or both in one NPZ file")),
            (Contents::Arrays(arrays), None, _) => Self::of_arrays(&arrays, options),
            (Contents::Table(table), None, Some(columns)) => Self::of_table(&table, columns, options),
            (Contents::Table(table), None, None) => Err(DataError::invalid(table.place, "has no headings")),
            (
                Contents::Arrays(Arrays { place, .. }) | Contents::Table(Table { place, .. }),
                Some(labels),
                _,
            ) => {
                let problem = format!("is not needed: {place} holds the labels too (`label` names them)");
                Err(DataError::invalid(labels.display().to_string(), problem))
            }
        }
    }

    fn of_files(scores: Array, labels: &Path, options: &ReadOptions) -> Result<Self, DataError> {
        for (option, given) in [
            ("`label`", options.label.is_some()),
            ("`logits`", options.logits.is_some()),
            ("`columns`", options.columns.is_some()),
            ("`drop`", !options.drop.is_empty()),
        ] {
            if given {
                return Err(DataError::invalid(
                    option,
                    "goes with a table or an archive; an NPY file holds one array without names",
                ));
            }
        }
        let labels = read_array(labels)?;
        let weights = match &options.sample_weights {
            None => None,
            Some(file) => Some(read_npy_weights(Path::new(file), labels.rows())?),
        };
        let names = (labels.place.clone(), format!("{} {}", scores.place, scores.shape_text()));
        let taken = taken(&scores.place, &format!("NPY, {}", scores.kind()), names, options);
        let row_place = |row: usize| labels.row_place(row);
        let given = GivenLabels {
            texts: array_texts(&labels, scores.columns().max(2))?,
            place: labels.place.clone(),
            row_place: &row_place,
            weights,
            headings: None,
            class_names: None,
        };
        Self::new(Scores::of_array(scores), options.unnamed(), given, taken, options)
    }

    /// Of arrays by their names, as in an archive.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of_arrays(arrays: &Arrays, options: &ReadOptions) -> Result<Self, DataError> {
        for (option, given) in
            [("`columns`", options.columns.is_some()), ("`drop`", !options.drop.is_empty())]
        {
            if given {
                return Err(DataError::invalid(option, "goes with a table; `logits` names an array"));
            }
        }
        let (scores_name, scores) = named_or_usual(
            arrays,
            options.logits.as_ref(),
            &SCORES,
            ("logits or probabilities", "`logits`"),
        )?;
        let is_probability = ["probabilities", "probs"].contains(&scores_name.as_str());
        let kind = if is_probability { ScoreKind::Probabilities } else { options.unnamed() };
        let (label_name, labels) =
            named_or_usual(arrays, options.label.as_ref(), &LABELS, ("labels", "`label`"))?;
        let row_place = |row: usize| labels.row_place(row);
        let weights = array_weights(arrays, labels.rows(), options)?;
        let named = class_names(arrays);
        let given = GivenLabels {
            texts: array_texts(labels, scores.columns().max(2))?,
            place: labels.place.clone(),
            row_place: &row_place,
            weights,
            headings: None,
            class_names: named.as_ref().map(|(_, names)| names.texts()).transpose()?,
        };
        let names = (label_name.clone(), format!("{scores_name} {}", scores.shape_text()));
        let mut taken = taken(&arrays.place, &format!("archive, {}", scores.kind()), names, options);
        let used = |name: &String| {
            *name == scores_name
                || *name == label_name
                || Some(name) == options.sample_weights.as_ref()
                || LAYER.contains(&name.as_str())
                || named.as_ref().is_some_and(|(own, _)| name == own)
        };
        let unused = arrays.names.iter().filter(|name| !used(name));
        taken.left_out.extend(unused.map(|name| LeftOut::array(name, "nothing asks for it")));
        let mut input = Self::new(Scores::of_array(scores.clone()), kind, given, taken, options)?;
        input.take_features(arrays)?;
        input.take_head(arrays)?;
        Ok(input)
    }

    /// Takes the inputs of the last layer from an archive that has them.
    fn take_features(&mut self, arrays: &Arrays) -> Result<(), DataError> {
        self.features = arrays.find(&["features"])?.cloned();
        if let Some(features) = &self.features {
            features.check_numbers()?;
            if features.rows() != self.scores.rows() {
                let problem =
                    format!("has {} rows, but there are {} of logits", features.rows(), self.scores.rows());
                return Err(features.invalid(problem));
            }
            self.taken.features = Some(vec![format!("features {}", features.shape_text())]);
            self.taken.notes.extend(self.rounded(features, "features"));
        }
        Ok(())
    }

    /// What to say of an array of whole numbers that doubles round where a row counts.
    fn rounded(&self, array: &Array, name: &str) -> Option<String> {
        let rows = (0..self.labels.samples()).map(|sample| self.row_of(sample));
        array.rounded(rows, |column| format!("{name}.{column}"))
    }

    /// Takes the last layer from an archive that has it.
    fn take_head(&mut self, arrays: &Arrays) -> Result<(), DataError> {
        self.head = match (arrays.find(&["weight"])?, arrays.find(&["bias"])?) {
            (Some(weight), bias) => {
                if bias.is_none() {
                    self.intercept = Intercept::None;
                    let note = "there is a weight and no bias: the last layer is taken to have none";
                    self.taken.notes.push(note.to_owned());
                }
                Some(self.head_of(weight, bias)?)
            }
            (None, _) => None,
        };
        Ok(())
    }

    fn head_of(&self, weight: &Array, bias: Option<&Array>) -> Result<Head, DataError> {
        let rows = self.scores.columns();
        let dimension = self.features.as_ref().map(Array::columns);
        if weight.rows() != rows || dimension.is_some_and(|dimension| dimension != weight.columns()) {
            let wanted = dimension.map_or_else(|| "d".to_owned(), |dimension| dimension.to_string());
            return Err(
                weight.invalid(format!("has shape {}; ({rows}, {wanted}) is needed", weight.shape_text()))
            );
        }
        let intercepts = match bias {
            None => vec![0.0; rows],
            Some(bias) if bias.rows() * bias.columns() == rows => bias.values()?,
            Some(bias) => {
                return Err(bias.invalid(format!("has shape {}; ({rows},) is needed", bias.shape_text())));
            }
        };
        let coefficients = DMatrix::from_row_slice(rows, weight.columns(), &weight.values()?);
        if coefficients.iter().chain(&intercepts).any(|entry| !entry.is_finite()) {
            return Err(weight.invalid("weight or bias is not finite"));
        }
        Ok(Head { coefficients, intercepts })
    }

    /// Labels of a table are numbers of classes, or headings of columns.
    fn of_table(table: &Table, columns: LogitColumns, options: &ReadOptions) -> Result<Self, DataError> {
        if options.logits.is_some() {
            return Err(DataError::invalid(
                "`logits`",
                "names an array of an archive; the logits of a table are named with `columns`",
            ));
        }
        let weights = match (columns.weights, options.weight_file()) {
            (Some(column), _) => Some(column_weights(table, column)?),
            (None, Some(file)) => Some(read_npy_weights(file, table.rows)?),
            (None, None) => None,
        };
        let label = columns.label;
        if let Cells::Other(kind) = table.columns[label].cells {
            let problem = format!("holds {kind}; labels are texts or whole numbers");
            return Err(DataError::invalid(table.column_place(label), problem));
        }
        let texts = table.columns[label].texts(table.rows);
        let is_absent = |row: usize| weights.as_ref().is_some_and(|weights| weights[row] == 0.0);
        let chosen = columns.among(table, &texts.occurring(|row| !is_absent(row)), options);
        let mut values = Vec::new();
        crate::memory::make_room(&mut values, table.rows * chosen.columns.len(), "its numbers take")
            .map_err(|error| DataError::invalid(&table.place, error.to_string()))?;
        values.resize(table.rows * chosen.columns.len(), 0.0);
        for (place, &column) in chosen.columns.iter().enumerate() {
            fill_column(
                table,
                column,
                is_absent,
                values.iter_mut().skip(place).step_by(chosen.columns.len()),
            )?;
        }
        if chosen.columns.is_empty() {
            let left = left_out(&chosen.left_out);
            let left = if left.is_empty() { left } else { format!("; left out: {left}") };
            let problem = format!("has no column of logits{left}; save a column of numbers for each class");
            return Err(DataError::invalid(&table.place, problem));
        }
        let scores = Array::owned(table.place.clone(), table.rows, chosen.columns.len(), values);
        let row_place = |row: usize| table.cell_place(row, label);
        let given = GivenLabels {
            row_place: &row_place,
            place: table.column_place(label),
            texts,
            weights,
            headings: Some(chosen.class_headings.clone()),
            class_names: None,
        };
        let names: Vec<String> =
            chosen.columns.iter().map(|&column| table.columns[column].name.clone()).collect();
        let mut taken =
            taken(&table.place, &table.kind, (table.columns[label].name.clone(), String::new()), options);
        *(if options.probabilities { &mut taken.probabilities } else { &mut taken.logits }) =
            Some(names.clone());
        taken.left_out = chosen.left_out;
        let rounded: Vec<String> = table.rounded(&chosen.columns).collect();
        taken.notes = [table.notes.clone(), rounded, chosen.notes].concat();
        let scores = Scores { numbers: scores, row_places: table.row_places.clone(), headings: Some(names) };
        Self::new(scores, options.unnamed(), given, taken, options)
    }

    fn new(
        scores: Scores,
        kind: ScoreKind,
        given: GivenLabels,
        taken: Taken,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let Scores { numbers: scores, row_places, headings } = scores;
        scores.check_numbers()?;
        if scores.columns() == 0 {
            return Err(scores.invalid("has no columns; one logit per class is needed"));
        }
        let found = class_indices(given, &scores, options)?;
        let mut input = Self {
            labelled: (found.rows.len() < scores.rows()).then_some(found.rows),
            row_places,
            headings,
            scores,
            kind,
            labels: found.labels,
            ignored: found.ignored,
            features: None,
            head: None,
            intercept: Intercept::Free,
            has_masked: false,
            taken,
            batch: None,
        };
        let taken = &mut input.taken;
        taken.rows = input.scores.rows();
        taken.used_rows = input.labels.samples();
        taken.classes = input.labels.class_names().to_vec();
        taken.left_out.extend(found.left_out);
        taken.notes.extend(found.notes);
        if kind == ScoreKind::Probabilities && taken.probabilities.is_none() {
            taken.probabilities = taken.logits.take();
        }
        let rounded = input.rounded(&input.scores, "logits");
        input.taken.notes.extend(rounded);
        let scan = Scan::of(&input)?;
        input.taken.notes.extend(scan.notes(&input));
        input.has_masked = scan.has_masked();
        Ok(input)
    }

    /// Whether scores are logits or probabilities.
    #[must_use]
    pub fn kind(&self) -> ScoreKind {
        self.kind
    }

    /// The row of the file that a sample is.
    fn row_of(&self, sample: usize) -> usize {
        self.labelled.as_ref().map_or(sample, |rows| rows[sample])
    }

    /// Where the scores of a sample are.
    pub(super) fn row_place(&self, sample: usize) -> String {
        self.row_places.of(&self.scores.place, self.row_of(sample))
    }

    /// Where one score is.
    fn score_place(&self, sample: usize, column: usize) -> String {
        match &self.headings {
            Some(headings) => format!("{}, column {}", self.row_place(sample), quoted(&headings[column])),
            None => self.scores.number_place(self.row_of(sample), column),
        }
    }

    /// Scores of some of the samples that count, as the file has them.
    pub(super) fn raw(&self, samples: Range<usize>, into: &mut [f64]) {
        self.fill(&self.scores, samples, into);
    }

    /// Classes of the samples that count. Not every class need occur.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Logit columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.scores.columns()
    }

    /// Logits of some of the samples that count, one sample per column.
    ///
    /// # Errors
    /// A number is not finite or is no probability. The error names the row.
    ///
    /// # Panics
    /// `samples` reaches beyond the samples that count.
    pub fn logits(&self, samples: Range<usize>, link: Link) -> Result<DMatrix<f64>, DataError> {
        let columns = self.columns();
        let mut logits = DMatrix::zeros(columns, samples.len());
        self.fill(&self.scores, samples.clone(), logits.as_mut_slice());
        for (sample, mut column) in samples.zip(logits.column_iter_mut()) {
            to_logits(column.as_mut_slice(), self.kind, link)
                .map_err(|bad| bad.at(self.row_place(sample), |column| self.score_place(sample, column)))?;
        }
        Ok(logits)
    }

    /// Features of all samples that count, one sample per column.
    ///
    /// # Errors
    /// A feature is not finite. The error names the row.
    pub fn feature_matrix(&self) -> Result<Option<DMatrix<f64>>, DataError> {
        let Some(features) = &self.features else { return Ok(None) };
        let mut matrix = DMatrix::zeros(features.columns(), self.labels.samples());
        self.fill(features, 0..self.labels.samples(), matrix.as_mut_slice());
        match matrix.iter().position(|value| !value.is_finite()) {
            None => Ok(Some(matrix)),
            Some(place) => {
                let (sample, column) = (place / features.columns(), place % features.columns());
                let place = features.number_place(self.row_of(sample), column);
                Err(DataError::invalid(
                    place,
                    format!("is {}; every value must be finite", matrix[(column, sample)]),
                ))
            }
        }
    }

    /// Rows of an array that belong to some of the samples that count.
    fn fill(&self, array: &Array, samples: Range<usize>, into: &mut [f64]) {
        let Some(rows) = &self.labelled else { return array.read_rows(samples, into) };
        let columns = array.columns();
        let (mut next, end) = (samples.start, samples.end);
        // Neighbours are read together.
        while next < end {
            let first = rows[next];
            let run = (next..end).take_while(|&sample| rows[sample] == first + (sample - next)).count();
            let place = (next - samples.start) * columns;
            array.read_rows(first..first + run, &mut into[place..place + run * columns]);
            next += run;
        }
    }
}

/// The weights of so many rows, in an array of the archive or in a file of their own.
fn array_weights(arrays: &Arrays, rows: usize, options: &ReadOptions) -> Result<Option<Vec<f64>>, DataError> {
    Ok(match (&options.sample_weights, options.weight_file()) {
        (None, _) => None,
        (_, Some(file)) => Some(read_npy_weights(file, rows)?),
        (Some(name), None) => Some(arrays.named(name).map_err(of_weights)?.sample_weights(rows)?),
    })
}

/// The array of the names of the classes, with its own: numbers called `classes` may be anything.
fn class_names(arrays: &Arrays) -> Option<(&'static str, &Array)> {
    CLASS_NAMES.iter().find_map(|&name| {
        let names = arrays.find(&[name]).ok().flatten().filter(|names| names.is_text())?;
        Some((name, names))
    })
}

/// The array that the user named, or the first of the usual names, with its name; `wanted` says what it is and which option
/// names it.
pub(super) fn named_or_usual<'a>(
    arrays: &'a Arrays,
    given: Option<&String>,
    usual: &[&str],
    wanted: (&str, &str),
) -> Result<(String, &'a Array), DataError> {
    if let Some(name) = given {
        return Ok((name.clone(), arrays.named(name)?));
    }
    if let Some(name) = usual.iter().find(|name| arrays.names.iter().any(|there| there == *name)) {
        return Ok(((*name).to_owned(), arrays.named(name)?));
    }
    let (what, option) = wanted;
    let found = if arrays.names.is_empty() { "none".to_owned() } else { arrays.names.join(", ") };
    let problem = format!(
        "holds no {what}; its arrays are: {found}; name one with {option}, or save it as one of {}",
        usual.join(", ")
    );
    Err(DataError::invalid(&arrays.place, problem))
}

/// What is known before anything is looked at; `names` are those of labels and scores.
fn taken(file: &str, format: &str, names: (String, String), options: &ReadOptions) -> Taken {
    let scores = Some(vec![names.1]);
    let (logits, probabilities) =
        if options.unnamed() == ScoreKind::Logits { (scores, None) } else { (None, scores) };
    Taken {
        file: file.to_owned(),
        format: format.to_owned(),
        label: names.0,
        logits,
        probabilities,
        sample_weights: options.sample_weights.clone(),
        notes: options.format.beside_no_text().into_iter().collect(),
        ..Taken::default()
    }
}
