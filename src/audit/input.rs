//! The input of an audit: scores, labels, and possibly the last layer.

use crate::data::arrays::{Array, Arrays, Columns, Contents, TableColumns, read_arrays, read_bytes};
use crate::data::sample_weights::{all_zero, read_npy_weights};
use crate::data::{DataError, Labels};
use crate::loss::Link;
use crate::solver::Head;
use crate::text::cleaned;
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
    /// Heading of the column of labels in a table.
    pub label: Option<String>,
    /// Whether scores without a name, in NPY files and tables, are probabilities.
    pub probabilities: bool,
    /// Names of the classes, in order.
    pub class_names: Option<Vec<String>>,
    /// Where the weights of the rows are, if they do not all count once: the heading of a column in a table, the name of an
    /// array in an archive, or the name of an NPY file, which ends in `.npy`.
    pub sample_weights: Option<String>,
}

impl ReadOptions {
    /// What scores without a name are.
    fn unnamed(&self) -> ScoreKind {
        if self.probabilities { ScoreKind::Probabilities } else { ScoreKind::Logits }
    }

    /// The NPY file of sample weights, if that is where they are.
    #[must_use]
    pub fn weight_file(&self) -> Option<&Path> {
        let name = Path::new(self.sample_weights.as_ref()?);
        name.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")).then_some(name)
    }

    /// Which columns of a table hold what.
    fn table(&self) -> TableColumns<'_> {
        let sample_weights = self.sample_weights.as_deref().filter(|_| self.weight_file().is_none());
        TableColumns { label: self.label.as_deref(), sample_weights }
    }
}

/// Labels as a file holds them, not looked at yet.
struct Given<'a> {
    labels: &'a [i64],
    /// Numbers to a row: one, or a one-hot row.
    columns: usize,
    /// The weight of each row, where they do not all count once.
    weights: Option<Vec<f64>>,
    /// Where the labels are, for errors.
    place: &'a str,
}

/// Scores and labels that fit each other, with weights, features and last layer where given.
#[derive(Debug, Clone)]
pub struct AuditInput {
    scores: Array,
    kind: ScoreKind,
    labels: Labels,
    /// Rows of the scores that have a label, where some do not.
    labelled: Option<Vec<usize>>,
    /// Rows whose label says to ignore them.
    pub ignored: usize,
    /// Inputs of the last layer, one row per sample.
    pub features: Option<Array>,
    /// The last layer.
    pub head: Option<Head>,
    /// Samples in a batch of the training, where the audit is to judge by the balance over batches.
    pub batch: Option<usize>,
}

/// Labels that mean "not counted": the usual one, and `PyTorch`'s.
const IGNORED: [i64; 2] = [-1, -100];

impl AuditInput {
    /// Reads an archive or table with everything, or scores from one NPY file and labels from another.
    ///
    /// # Errors
    /// A file cannot be read, something is missing, shapes do not fit, or a label is of no class. The error
    /// names file and row.
    pub fn read(path: &Path, labels: Option<&Path>, options: &ReadOptions) -> Result<Self, DataError> {
        match (read_arrays(path, &options.table())?, labels) {
            (contents, None) => Self::of_contents(contents, options),
            (Contents::Array(scores), Some(labels)) => match read_arrays(labels, &TableColumns::default())? {
                Contents::Array(labels) => {
                    let numbers = labels.whole_numbers()?;
                    let weights = match &options.sample_weights {
                        None => None,
                        Some(file) => Some(read_npy_weights(Path::new(file), labels.rows())?),
                    };
                    let (columns, place) = (labels.columns(), labels.place.as_str());
                    let given = Given { labels: &numbers, columns, weights, place };
                    Self::new(scores, options.unnamed(), given, options)
                }
                Contents::Arrays(_) | Contents::Columns(_) => {
                    Err(DataError::invalid(labels.display().to_string(), "is no NPY file, as the scores are"))
                }
            },
            (Contents::Arrays(_) | Contents::Columns(_), Some(labels)) => Err(DataError::invalid(
                labels.display().to_string(),
                format!("is not needed: {} holds the labels too", path.display()),
            )),
        }
    }

    /// The same of one file that is in memory already; `place` is what errors call it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of_bytes(bytes: Vec<u8>, place: &str, options: &ReadOptions) -> Result<Self, DataError> {
        Self::of_contents(read_bytes(bytes, place, &options.table())?, options)
    }

    /// Of one file that holds everything.
    fn of_contents(contents: Contents, options: &ReadOptions) -> Result<Self, DataError> {
        match contents {
            Contents::Arrays(arrays) => Self::of_arrays(&arrays, options),
            Contents::Columns(columns) => Self::of_columns(columns, options.unnamed(), options),
            Contents::Array(scores) => Err(scores.without_labels()),
        }
    }

    fn of_arrays(arrays: &Arrays, options: &ReadOptions) -> Result<Self, DataError> {
        let missing = |what: &str| {
            let names =
                if arrays.named.is_empty() { "none that is known".to_owned() } else { arrays.names() };
            DataError::invalid(&arrays.place, format!("holds no {what}; its arrays are: {names}"))
        };
        let (scores, kind) = match (arrays.get(&["logits"]), arrays.get(&["probabilities"])) {
            (Some(logits), _) => (logits.clone(), ScoreKind::Logits),
            (None, Some(probabilities)) => (probabilities.clone(), ScoreKind::Probabilities),
            (None, None) => return Err(missing("logits (or probabilities)")),
        };
        let labels = arrays.get(&["labels", "label", "targets", "y"]).ok_or_else(|| missing("labels"))?;
        let numbers = labels.whole_numbers()?;
        let weights = match (&options.sample_weights, options.weight_file()) {
            (None, _) => None,
            (_, Some(file)) => Some(read_npy_weights(file, labels.rows())?),
            (Some(name), None) => {
                let array = arrays.get(&[name]).ok_or_else(|| match missing(&format!("array {name:?}")) {
                    DataError::Invalid { place, problem } => {
                        DataError::invalid(format!("sample weights: {place}"), problem)
                    }
                    unreadable @ DataError::Unreadable { .. } => unreadable,
                })?;
                Some(array.sample_weights(labels.rows())?)
            }
        };
        let given = Given { labels: &numbers, columns: labels.columns(), weights, place: &labels.place };
        let mut input = Self::new(scores, kind, given, options)?;
        input.features = arrays.get(&["features"]).cloned();
        if let Some(features) = &input.features
            && features.rows() != input.scores.rows()
        {
            let problem =
                format!("has {} rows, but there are {} of logits", features.rows(), input.scores.rows());
            return Err(features.invalid(problem));
        }
        input.head = match (arrays.get(&["weight"]), arrays.get(&["bias"])) {
            (Some(weight), bias) => Some(input.head_of(weight, bias)?),
            (None, _) => None,
        };
        Ok(input)
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
    fn of_columns(columns: Columns, kind: ScoreKind, options: &ReadOptions) -> Result<Self, DataError> {
        let weights = match options.weight_file() {
            Some(file) => Some(read_npy_weights(file, columns.labels.len())?),
            None => columns.sample_weights,
        };
        let is_absent = |row: usize| weights.as_ref().is_some_and(|weights| weights[row] == 0.0);
        let number = |(row, text): (usize, &String)| {
            if is_absent(row) {
                return Ok(IGNORED[0]);
            }
            let as_number =
                text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() < 1e9);
            #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
            let as_number = as_number.map(|number| number as i64);
            let as_heading = || columns.headings.iter().position(|heading| heading == text);
            as_number.or_else(|| as_heading().and_then(|place| i64::try_from(place).ok())).ok_or_else(|| {
                let problem = format!("row {row}: {text:?} is neither the number of a class nor a heading");
                DataError::invalid(&columns.label_place, problem)
            })
        };
        let numbers = columns.labels.iter().enumerate().map(number).collect::<Result<Vec<_>, _>>()?;
        let named = columns.labels.iter().any(|text| columns.headings.contains(text));
        let options = match (&options.class_names, named) {
            (None, true) => &ReadOptions { class_names: Some(columns.headings.clone()), ..options.clone() },
            _ => options,
        };
        let given = Given { labels: &numbers, columns: 1, weights, place: &columns.label_place };
        Self::new(columns.scores, kind, given, options)
    }

    fn new(scores: Array, kind: ScoreKind, given: Given, options: &ReadOptions) -> Result<Self, DataError> {
        let columns = scores.columns();
        if columns == 0 {
            return Err(scores.invalid("has no columns; one logit per class is needed"));
        }
        let classes = columns.max(2);
        let Given { labels, columns: label_columns, weights, place: label_place } = given;
        let numbers = class_numbers(labels, label_columns, classes, label_place)?;
        if numbers.len() != scores.rows() {
            let problem = format!(
                "{} labels, but {} has {} rows; one label for each is needed",
                numbers.len(),
                scores.place,
                scores.rows()
            );
            return Err(DataError::invalid(label_place, problem));
        }
        let (mut class_indices, mut labelled, mut ignored) = (Vec::new(), Vec::new(), 0);
        for (row, &label) in numbers.iter().enumerate() {
            if weights.as_ref().is_some_and(|weights| weights[row] == 0.0) {
                continue;
            }
            if IGNORED.contains(&label) {
                ignored += 1;
                continue;
            }
            let class =
                u32::try_from(label).ok().filter(|&class| (class as usize) < classes).ok_or_else(|| {
                    let problem = format!(
                        "row {row}: {label}, but classes are 0 to {} (and -1 for rows to ignore)",
                        classes - 1
                    );
                    DataError::invalid(label_place, problem)
                })?;
            class_indices.push(class);
            labelled.push(row);
        }
        if class_indices.is_empty() {
            let all_zero_weights = weights.is_some() && ignored == 0 && !numbers.is_empty();
            let why = if numbers.is_empty() { "no rows" } else { "no row that is not to be ignored" };
            return Err(if all_zero_weights {
                all_zero(format!("sample weights: {label_place}"))
            } else {
                DataError::invalid(label_place, format!("{why}; there is nothing to audit"))
            });
        }
        let mut labels = Labels::with_absent(class_indices, class_names(options, classes)?);
        if let Some(weights) = weights {
            labels = labels.with_weights(labelled.iter().map(|&row| weights[row]).collect())?;
        }
        let labelled = (labelled.len() < numbers.len()).then_some(labelled);
        Ok(Self { scores, kind, labels, labelled, ignored, features: None, head: None, batch: None })
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
        let row_of = |sample: usize| self.labelled.as_ref().map_or(sample, |rows| rows[sample]);
        for (sample, mut column) in samples.zip(logits.column_iter_mut()) {
            let row = column.as_mut_slice();
            let checked = match self.kind {
                ScoreKind::Logits => check_logits(row),
                ScoreKind::Probabilities => logits_of_probabilities(row, link),
            };
            checked.map_err(|problem| self.scores.invalid(format!("row {}: {problem}", row_of(sample))))?;
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
                let problem =
                    format!("row {} holds a number that is not finite", place / features.columns().max(1));
                Err(features.invalid(problem))
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

/// One number per row: as given, or the place of the one in a one-hot row.
fn class_numbers(given: &[i64], columns: usize, classes: usize, place: &str) -> Result<Vec<i64>, DataError> {
    if columns == 1 {
        return Ok(given.to_vec());
    }
    if columns != classes {
        let problem =
            format!("{columns} labels in each row; one number is needed, or one-hot rows of {classes}");
        return Err(DataError::invalid(place, problem));
    }
    let number = |(row, entries): (usize, &[i64])| {
        let ones = entries.iter().filter(|&&entry| entry == 1).count();
        let zeros = entries.iter().filter(|&&entry| entry == 0).count();
        let class = entries.iter().position(|&entry| entry == 1).and_then(|class| i64::try_from(class).ok());
        class.filter(|_| ones == 1 && ones + zeros == entries.len()).ok_or_else(|| {
            let problem = format!("row {row} is not one-hot; one class per sample is needed");
            DataError::invalid(place, problem)
        })
    };
    given.chunks_exact(columns.max(1)).enumerate().map(number).collect()
}

fn class_names(options: &ReadOptions, classes: usize) -> Result<Vec<String>, DataError> {
    match &options.class_names {
        None => Ok((0..classes).map(|class| class.to_string()).collect()),
        Some(names) if names.len() == classes => Ok(cleaned(names.clone())),
        Some(names) => {
            let problem =
                format!("{} names for {classes} classes; give one per class, in order", names.len());
            Err(DataError::invalid("--class-names", problem))
        }
    }
}

fn check_logits(row: &[f64]) -> Result<(), String> {
    match row.iter().position(|logit| !logit.is_finite() || logit.abs() > LARGEST_LOGIT) {
        None => Ok(()),
        Some(column) => Err(format!(
            "logit {column} is {}; logits are finite numbers of at most {LARGEST_LOGIT:e} in size",
            row[column]
        )),
    }
}

/// Sums over samples of larger ones would lose everything else, or overflow.
const LARGEST_LOGIT: f64 = 1e12;
/// How far the sum of a row of probabilities may be from one: half precision has three digits.
const SUM_SLACK: f64 = 2e-3;

/// Logits whose probabilities are those of a row; a probability of zero is the smallest that a double holds in full.
fn logits_of_probabilities(row: &mut [f64], link: Link) -> Result<(), String> {
    if let Some(column) = row.iter().position(|p| !(-1e-6..=1.0 + 1e-6).contains(p)) {
        return Err(format!("probability {column} is {}; probabilities are from 0 to 1", row[column]));
    }
    let log = |p: f64| p.max(f64::MIN_POSITIVE).ln();
    match link {
        Link::Sigmoid => row.iter_mut().for_each(|p| *p = log(*p) - log(1.0 - *p)),
        Link::Softmax => {
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > SUM_SLACK {
                return Err(format!(
                    "probabilities sum to {sum}, not to 1; are these logits, or of one-vs-all columns?"
                ));
            }
            row.iter_mut().for_each(|p| *p = log(*p));
        }
    }
    Ok(())
}
