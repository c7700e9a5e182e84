//! An audit of labels of which a sample may have several, under one logistic loss per label (binary cross-entropy).
//!
//! Each label is a binary problem of its own. At a stationary point its outflow (what its positives lack) equals its inflow (what its
//! negatives get), so that its mean predicted probability is its frequency (docs/theory.md#b4).

use super::ReadOptions;
use super::input::{LABELS, SCORES, ScoreKind, named_or_usual};
use super::scan::to_logits;
use crate::balance::LedgerEntry;
use crate::data::arrays::{Array, Contents, Wanted, read_array, read_arrays};
use crate::data::table::Headings;
use crate::data::{DataError, Taken};
use crate::loss::Link;
use crate::numeric::{Sigmoid, Sum, largest_magnitude, softplus};
use serde::Serialize;
use std::path::Path;

/// What was found, label by label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MultiLabelRecord {
    /// What was taken for what.
    pub input: Taken,
    /// Samples.
    pub samples: usize,
    /// The sum over labels of the mean loss over the samples that count.
    pub loss: f64,
    /// Whether outflow equals inflow for every label, to `tolerance`.
    pub stationary: bool,
    /// Largest relative difference of outflow and inflow that counts as none.
    pub tolerance: f64,
    /// The largest relative difference of a label's outflow and inflow.
    pub worst_residual: f64,
    /// Each label.
    pub labels: Vec<LabelBalance>,
}

/// The balance of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelBalance {
    /// Its name.
    pub label: String,
    /// Samples that have it.
    pub positives: usize,
    /// Samples that have it or have it not; the others say to ignore it.
    pub counted: usize,
    /// The fraction of samples that have it.
    pub frequency: f64,
    /// The mean of its predicted probability.
    pub mean_probability: f64,
    /// The same over the samples that have it; null where there are none.
    pub own_probability: f64,
    /// What its positives lack, and what its negatives get.
    #[serde(flatten)]
    pub entry: LedgerEntry,
    /// Of the samples that have it, the fraction with a probability above one half.
    pub recall: f64,
    /// Of the samples with a probability above one half, the fraction that has it.
    pub precision: f64,
}

/// Reads logits (`N x K`) and labels (`N x K` of 0 and 1; -1 ignores an entry) and audits every label.
///
/// # Errors
/// A file cannot be read, shapes do not fit, an entry is no label, or a number is no logit or no probability. The error names file
/// and row.
pub fn audit_multi_label(
    path: &Path,
    labels: Option<&Path>,
    options: &ReadOptions,
    tolerance: f64,
) -> Result<MultiLabelRecord, DataError> {
    let mut pick = |headings: &Headings| {
        let problem = "is a table; labels of which a sample may have several are read from NPZ, safetensors or two NPY files";
        Err(DataError::invalid(&headings.place, problem))
    };
    let wanted =
        Wanted { arrays: &|name| options.names_array(name), columns: &mut pick, format: &options.format };
    let (scores, labels, names) = match (read_arrays(path, wanted)?, labels) {
        (Contents::Array(scores), Some(labels)) => (scores, read_array(labels)?, None),
        (Contents::Array(scores), None) => {
            return Err(scores.invalid("holds one array; give the NPY file of the labels too"));
        }
        (Contents::Arrays(arrays), None) => {
            let wanted = ("logits or probabilities", "--logits");
            let scores = named_or_usual(&arrays, options.logits.as_ref(), &SCORES, wanted)?.1.clone();
            let labels =
                named_or_usual(&arrays, options.label.as_ref(), &LABELS, ("labels", "--label"))?.1.clone();
            let names = match arrays.find(&["class_names"]) {
                Ok(Some(names)) if names.is_text() => Some(names.texts()?),
                _ => None,
            };
            (scores, labels, names)
        }
        (Contents::Arrays(_) | Contents::Table(_), _) => {
            return Err(DataError::invalid(
                path.display().to_string(),
                "holds the labels too; give one file",
            ));
        }
    };
    let names = options.class_names.clone().or(names);
    tally(&scores, &labels, names, options, tolerance)
}

/// Sums over the samples of one label.
#[derive(Clone, Copy, Default)]
struct Sums {
    positives: usize,
    counted: usize,
    loss: Sum,
    outflow: Sum,
    inflow: Sum,
    probability: Sum,
    predicted: usize,
    hits: usize,
}

fn tally(
    scores: &Array,
    labels: &Array,
    names: Option<Vec<String>>,
    options: &ReadOptions,
    tolerance: f64,
) -> Result<MultiLabelRecord, DataError> {
    scores.check_numbers()?;
    labels.check_numbers()?;
    let (rows, columns) = (scores.rows(), scores.columns());
    if (labels.rows(), labels.columns()) != (rows, columns) {
        let problem =
            format!("has shape {}, but the logits have {}", labels.shape_text(), scores.shape_text());
        return Err(labels.invalid(problem));
    }
    if rows == 0 || columns == 0 {
        return Err(scores.invalid("holds nothing; there is nothing to audit"));
    }
    let names = names.unwrap_or_else(|| (0..columns).map(|column| column.to_string()).collect());
    if names.len() != columns {
        return Err(DataError::invalid(
            "--class-names",
            format!("{} names for {columns} labels", names.len()),
        ));
    }
    let kind = if options.probabilities { ScoreKind::Probabilities } else { ScoreKind::Logits };
    let mut sums = vec![Sums::default(); columns];
    let (mut z, mut y) = (vec![0.0; columns], vec![0.0; columns]);
    for row in 0..rows {
        scores.read_rows(row..row + 1, &mut z);
        labels.read_rows(row..row + 1, &mut y);
        to_logits(&mut z, kind, Link::Sigmoid)
            .map_err(|problem| scores.invalid(format!("row {row}: {problem}")))?;
        for (column, (sums, (&z, &y))) in sums.iter_mut().zip(z.iter().zip(&y)).enumerate() {
            let is_positive = match y {
                0.0 => false,
                1.0 => true,
                -1.0 => continue,
                y => {
                    let problem = format!(
                        "row {row}, column {column}: {y}; labels are 1 or 0, and -1 ignores an entry"
                    );
                    return Err(labels.invalid(problem));
                }
            };
            sums.add(z, is_positive);
        }
    }
    let found: Vec<LabelBalance> = sums.iter().zip(names).map(|(sums, name)| sums.balance(name)).collect();
    let worst_residual = largest_magnitude(found.iter().map(|label| label.entry.residual));
    let mean = |sums: &Sums| if sums.counted == 0 { 0.0 } else { sums.loss.value() / sums.counted as f64 };
    let taken = Taken {
        file: scores.place.clone(),
        format: format!("{}, several labels a sample", scores.kind()),
        rows,
        used_rows: rows,
        label: labels.place.clone(),
        classes: found.iter().map(|label| label.label.clone()).collect(),
        logits: Some(vec![scores.shape_text()]),
        ..Taken::default()
    };
    Ok(MultiLabelRecord {
        input: taken,
        samples: rows,
        loss: sums.iter().map(mean).sum(),
        stationary: worst_residual <= tolerance,
        tolerance,
        worst_residual,
        labels: found,
    })
}

impl Sums {
    fn add(&mut self, z: f64, is_positive: bool) {
        let sigmoid = Sigmoid::of(z);
        self.counted += 1;
        self.positives += usize::from(is_positive);
        self.loss.add(softplus(if is_positive { -z } else { z }));
        self.probability.add(sigmoid.probability);
        self.predicted += usize::from(z > 0.0);
        if is_positive {
            self.outflow.add(sigmoid.complement);
            self.hits += usize::from(z > 0.0);
        } else {
            self.inflow.add(sigmoid.probability);
        }
    }

    fn balance(&self, label: String) -> LabelBalance {
        let (positives, counted) = (self.positives as f64, self.counted as f64);
        LabelBalance {
            label,
            positives: self.positives,
            counted: self.counted,
            frequency: positives / counted,
            mean_probability: self.probability.value() / counted,
            own_probability: 1.0 - self.outflow.value() / positives,
            entry: LedgerEntry::new(self.outflow.value(), self.inflow.value()),
            recall: self.hits as f64 / positives,
            precision: self.hits as f64 / self.predicted as f64,
        }
    }
}
