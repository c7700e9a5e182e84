//! An audit of labels of which a sample may have several, under one logistic loss per label (binary cross-entropy).
//!
//! Each label is a binary problem of its own. At a stationary point its outflow (what its positives lack) equals its inflow (what its
//! negatives get), so that its mean predicted probability is its frequency (docs/theory.md#b4).

use super::ReadOptions;
use super::input::{LABELS, SCORES, ScoreKind, named_or_usual};
use super::scan::to_logits;
use crate::balance::LedgerEntry;
use crate::data::arrays::{Array, Contents, Wanted, read_array, read_arrays};
use crate::data::sample_weights::read_npy_weights;
use crate::data::samples::of_weights;
use crate::data::table::Headings;
use crate::data::{DataError, LeftOut, Taken};
use crate::loss::Link;
use crate::numeric::{Count, Sigmoid, Sum, largest_magnitude, softplus};
use serde::Serialize;
use std::path::Path;

/// What was found, label by label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MultiLabelRecord {
    /// What was taken for what.
    pub input: Taken,
    /// Samples, each counted as often as it weighs.
    pub samples: Count,
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
    /// Samples that have it, each counted as often as it weighs.
    pub positives: Count,
    /// Samples that have it or have it not; the others say to ignore it.
    pub counted: Count,
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

/// Reads logits (`N x K`) and labels (`N x K` of 0 and 1; -1 ignores an entry) and audits every label. Samples may have weights; one
/// of weight zero is left out.
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
    let weight_file =
        |rows: usize| options.weight_file().map(|file| read_npy_weights(file, rows)).transpose();
    let (scores, labels, weights, names) = match (read_arrays(path, wanted)?, labels) {
        (Contents::Array(scores), Some(labels)) => {
            let weights = weight_file(scores.rows())?;
            if let (Some(name), None) = (&options.sample_weights, &weights) {
                let problem = format!("{name}: beside NPY files, weights are an NPY file too");
                return Err(DataError::invalid("`sample_weights`", problem));
            }
            (scores, read_array(labels)?, weights, None)
        }
        (Contents::Array(scores), None) => {
            return Err(scores.invalid("holds one array; give the NPY file of the labels too"));
        }
        (Contents::Arrays(arrays), None) => {
            let wanted = ("logits or probabilities", "`logits`");
            let scores = named_or_usual(&arrays, options.logits.as_ref(), &SCORES, wanted)?.1.clone();
            let labels =
                named_or_usual(&arrays, options.label.as_ref(), &LABELS, ("labels", "`label`"))?.1.clone();
            let names = match arrays.find(&["class_names"]) {
                Ok(Some(names)) if names.is_text() => Some(names.texts()?),
                _ => None,
            };
            let weights = match (&options.sample_weights, weight_file(scores.rows())?) {
                (Some(name), None) => {
                    Some(arrays.named(name).map_err(of_weights)?.sample_weights(scores.rows())?)
                }
                (_, of_file) => of_file,
            };
            (scores, labels, weights, names)
        }
        (Contents::Arrays(_) | Contents::Table(_), _) => {
            return Err(DataError::invalid(
                path.display().to_string(),
                "holds the labels too; give one file",
            ));
        }
    };
    let names = options.class_names.clone().or(names);
    tally(&scores, &labels, weights.as_deref(), names, options, tolerance)
}

/// Sums over the samples of one label.
#[derive(Clone, Copy, Default)]
struct Sums {
    positives: Sum,
    counted: Sum,
    loss: Sum,
    outflow: Sum,
    inflow: Sum,
    probability: Sum,
    predicted: Sum,
    hits: Sum,
}

fn tally(
    scores: &Array,
    labels: &Array,
    weights: Option<&[f64]>,
    names: Option<Vec<String>>,
    options: &ReadOptions,
    tolerance: f64,
) -> Result<MultiLabelRecord, DataError> {
    check_shapes(scores, labels)?;
    let (rows, columns) = (scores.rows(), scores.columns());
    let names = names.unwrap_or_else(|| (0..columns).map(|column| column.to_string()).collect());
    if names.len() != columns {
        return Err(DataError::invalid(
            "`class_names`",
            format!("{} names for {columns} labels; give one for each", names.len()),
        ));
    }
    let kind = if options.probabilities { ScoreKind::Probabilities } else { ScoreKind::Logits };
    let weight_of = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let used: Vec<usize> = (0..rows).filter(|&row| weight_of(row) > 0.0).collect();
    let sums = sums_over(&used, (scores, kind), labels, weight_of)?;
    let found: Vec<LabelBalance> = sums.iter().zip(names).map(|(sums, name)| sums.balance(name)).collect();
    let worst_residual = largest_magnitude(found.iter().map(|label| label.entry.residual));
    let mean = |sums: &Sums| match sums.counted.value() {
        0.0 => 0.0,
        counted => sums.loss.value() / counted,
    };
    let taken = Taken {
        file: scores.place.clone(),
        format: format!("{}, several labels a sample", scores.kind()),
        rows,
        used_rows: used.len(),
        label: labels.place.clone(),
        classes: found.iter().map(|label| label.label.clone()).collect(),
        logits: Some(vec![scores.shape_text()]),
        sample_weights: options.sample_weights.clone(),
        left_out: LeftOut::rows(rows - used.len(), "weight 0").into_iter().collect(),
        ..Taken::default()
    };
    Ok(MultiLabelRecord {
        input: taken,
        samples: Count(used.iter().map(|&row| weight_of(row)).collect::<Sum>().value()),
        loss: sums.iter().map(mean).sum(),
        stationary: worst_residual <= tolerance,
        tolerance,
        worst_residual,
        labels: found,
    })
}

/// Every logit has its label.
fn check_shapes(scores: &Array, labels: &Array) -> Result<(), DataError> {
    scores.check_numbers()?;
    labels.check_numbers()?;
    let (rows, columns) = (scores.rows(), scores.columns());
    if (labels.rows(), labels.columns()) != (rows, columns) {
        let problem = format!(
            "has shape {}, but the logits have {}; a 1 or 0 is needed for every logit",
            labels.shape_text(),
            scores.shape_text()
        );
        return Err(labels.invalid(problem));
    }
    if rows == 0 || columns == 0 {
        return Err(scores.invalid("holds nothing; there is nothing to audit"));
    }
    Ok(())
}

/// The sums of every label over some rows.
fn sums_over(
    used: &[usize],
    (scores, kind): (&Array, ScoreKind),
    labels: &Array,
    weight_of: impl Fn(usize) -> f64,
) -> Result<Vec<Sums>, DataError> {
    let columns = scores.columns();
    let mut sums = vec![Sums::default(); columns];
    let (mut z, mut y) = (vec![0.0; columns], vec![0.0; columns]);
    for &row in used {
        scores.read_rows(row..row + 1, &mut z);
        labels.read_rows(row..row + 1, &mut y);
        to_logits(&mut z, kind, Link::Sigmoid)
            .map_err(|bad| bad.at(scores.row_place(row), |column| scores.number_place(row, column)))?;
        for (column, (sums, (&z, &y))) in sums.iter_mut().zip(z.iter().zip(&y)).enumerate() {
            let is_positive = match y {
                0.0 => false,
                1.0 => true,
                -1.0 => continue,
                y => {
                    let problem = format!("{y}; labels are 1 or 0, and -1 ignores an entry");
                    return Err(DataError::invalid(labels.number_place(row, column), problem));
                }
            };
            sums.add(z, is_positive, weight_of(row));
        }
    }
    Ok(sums)
}

impl Sums {
    fn add(&mut self, z: f64, is_positive: bool, weight: f64) {
        let sigmoid = Sigmoid::of(z);
        let is_predicted = if z > 0.0 { weight } else { 0.0 };
        self.counted.add(weight);
        self.loss.add(weight * softplus(if is_positive { -z } else { z }));
        self.probability.add(weight * sigmoid.probability);
        self.predicted.add(is_predicted);
        if is_positive {
            self.positives.add(weight);
            self.outflow.add(weight * sigmoid.complement);
            self.hits.add(is_predicted);
        } else {
            self.inflow.add(weight * sigmoid.probability);
        }
    }

    fn balance(&self, label: String) -> LabelBalance {
        let (positives, counted) = (self.positives.value(), self.counted.value());
        LabelBalance {
            label,
            positives: Count(positives),
            counted: Count(counted),
            frequency: positives / counted,
            mean_probability: self.probability.value() / counted,
            own_probability: 1.0 - self.outflow.value() / positives,
            entry: LedgerEntry::new(self.outflow.value(), self.inflow.value()),
            recall: self.hits.value() / positives,
            precision: self.hits.value() / self.predicted.value(),
        }
    }
}
