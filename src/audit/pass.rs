//! One pass over the samples: what every later question is answered from.

use super::Evidence;
use super::inr::{ColumnMeans, value_and_pulls};
use crate::balance::{Calibration, CalibrationTally, MeanProbability, sample_probabilities};
use crate::data::DataError;
use crate::loss::{Link, Targets, TrainingLoss};
use crate::numeric::{Sigmoid, Sum, softplus, two_sum};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::ops::Range;

/// Samples that are looked at together.
const BLOCK: usize = 512;
/// Parts of the samples whose sums are kept apart, at most and at least: more would be more memory, and fewer more threads idle.
const PARTS: Range<usize> = 8..64;
/// Numbers that the sums of all parts may hold together, about.
const MOST_SUMS: usize = 1 << 26;

/// What the samples add up to, at the logits as they are plus a shift.
pub(super) struct Tallied {
    /// The loss in its own reduction.
    pub(super) loss: f64,
    /// Its derivative by an intercept of each logit.
    pub(super) bias_gradient: Vec<f64>,
    /// What each logit's own samples pull it up by, and the others down, in the same units.
    pub(super) pulls: Vec<(f64, f64)>,
    /// Of the logits as they are.
    pub(super) means: MeanProbability,
    /// Of the logits that the loss speaks of, where those are others.
    pub(super) shifted_means: Option<MeanProbability>,
    pub(super) hits: Vec<usize>,
    pub(super) calibration: Calibration,
    /// Of the probabilities mapped back to unweighted samples, where classes have different weights.
    pub(super) prior_corrected: Option<Calibration>,
}

/// Tallies all samples; `shift` is added to every sample's logits. The result is the same on any number of threads.
pub(super) fn tally(
    evidence: &Evidence,
    targets: &Targets,
    loss: &TrainingLoss,
    shift: &[f64],
) -> Result<Tallied, DataError> {
    let (samples, columns) = (targets.samples(), evidence.columns());
    let blocks = samples.div_ceil(BLOCK);
    let parts = (MOST_SUMS / (8 * targets.classes().pow(2))).clamp(PARTS.start, PARTS.end).min(blocks);
    let part = |number: usize| -> Result<Part, DataError> {
        let mut part = Part::new(targets, loss, columns);
        for block in blocks * number / parts..blocks * (number + 1) / parts {
            let range = block * BLOCK..((block + 1) * BLOCK).min(samples);
            let mut logits = evidence.logits(range.clone(), loss.link())?;
            for mut column in logits.column_iter_mut() {
                column.iter_mut().zip(shift).for_each(|(logit, shift)| *logit += shift);
            }
            part.add(&logits, &targets.of_batch(targets.of_sample()[range].to_vec()), loss);
        }
        Ok(part)
    };
    let parts: Vec<Result<Part, DataError>> = (0..parts).into_par_iter().map(part).collect();
    let mut whole = Part::new(targets, loss, columns);
    for part in parts {
        whole.merge(&part?);
    }
    Ok(whole.finish(targets, loss))
}

/// Sums over some samples.
struct Part {
    link: Link,
    value: Sum,
    /// Of the gradient: all of it, that of own samples, that of others.
    gradient: Vec<[Sum; 3]>,
    probability: ClassRows,
    shortfall: Vec<Sum>,
    shifted: Option<(ClassRows, Vec<Sum>)>,
    /// Losses and slopes of the columns.
    columns: Option<(ClassRows, ClassRows)>,
    hits: Vec<usize>,
    calibration: CalibrationTally,
    prior_corrected: Option<CalibrationTally>,
    log_weights: Vec<f64>,
}

impl Part {
    fn new(targets: &Targets, loss: &TrainingLoss, columns: usize) -> Self {
        let classes = targets.classes();
        let rows = || ClassRows::new(classes);
        let weights = targets.class_weights();
        let is_weighted = weights.iter().any(|weight| *weight != weights[0]);
        Self {
            link: loss.link(),
            value: Sum::default(),
            gradient: vec![[Sum::default(); 3]; columns],
            probability: rows(),
            shortfall: vec![Sum::default(); classes],
            shifted: matches!(loss, TrainingLoss::Shifted(_) | TrainingLoss::Seesaw(_))
                .then(|| (rows(), vec![Sum::default(); classes])),
            columns: matches!(loss, TrainingLoss::Inr(_)).then(|| (rows(), rows())),
            hits: vec![0; classes],
            calibration: CalibrationTally::new(classes),
            prior_corrected: is_weighted.then(|| CalibrationTally::new(classes)),
            log_weights: weights.iter().map(|weight| weight.ln()).collect(),
        }
    }

    fn add(&mut self, logits: &DMatrix<f64>, batch: &Targets, loss: &TrainingLoss) {
        // LGL-INR is no sum over samples: what it is made of is tallied below.
        if self.columns.is_none() {
            let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
            self.value.add(loss.value_and_gradient(logits, batch, &mut gradient));
            for (column, &label) in gradient.column_iter().zip(batch.of_sample()) {
                for (k, (sums, &entry)) in self.gradient.iter_mut().zip(column.iter()).enumerate() {
                    let own = usize::from(loss.target_of(k) != label as usize);
                    sums[0].add(entry);
                    sums[1 + own].add(entry);
                }
            }
        }
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; batch.classes()];
        for (column, &label) in logits.column_iter().zip(batch.of_sample()) {
            let (z, class) = (column.as_slice(), label as usize);
            sample_probabilities(self.link, z, &mut sample);
            self.probability.add(class, sample.iter().map(|pair| pair.probability));
            self.shortfall[class].add(sample[class].complement);
            if let Some((losses, slopes)) = &mut self.columns {
                losses.add(
                    class,
                    z.iter().enumerate().map(|(k, &z)| softplus(if k == class { -z } else { z })),
                );
                slopes.add(class, sample.iter().map(|pair| pair.slope()));
            }
            self.calibration.add_logits(self.link, z, class);
            if let Some(tally) = &mut self.prior_corrected {
                tally.add_corrected(self.link, z, class, &self.log_weights);
            }
        }
        for (total, hits) in self.hits.iter_mut().zip(crate::balance::hits(logits, batch)) {
            *total += hits;
        }
        if let Some((rows, shortfall)) = &mut self.shifted {
            let shifted = loss.linked_logits(logits, batch);
            for (column, &label) in shifted.column_iter().zip(batch.of_sample()) {
                sample_probabilities(self.link, column.as_slice(), &mut sample);
                rows.add(label as usize, sample.iter().map(|pair| pair.probability));
                shortfall[label as usize].add(sample[label as usize].complement);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        let merge = |sums: &mut [Sum], others: &[Sum]| {
            sums.iter_mut().zip(others).for_each(|(sum, other)| sum.add(other.value()));
        };
        self.value.add(other.value.value());
        self.gradient.iter_mut().zip(&other.gradient).for_each(|(sums, others)| merge(sums, others));
        self.probability.merge(&other.probability);
        merge(&mut self.shortfall, &other.shortfall);
        if let (Some((rows, shortfall)), Some((others, short))) = (&mut self.shifted, &other.shifted) {
            rows.merge(others);
            merge(shortfall, short);
        }
        if let (Some((losses, slopes)), Some((other_losses, other_slopes))) =
            (&mut self.columns, &other.columns)
        {
            losses.merge(other_losses);
            slopes.merge(other_slopes);
        }
        self.hits.iter_mut().zip(&other.hits).for_each(|(hits, others)| *hits += others);
        self.calibration.merge(&other.calibration);
        if let (Some(tally), Some(other)) = (&mut self.prior_corrected, &other.prior_corrected) {
            tally.merge(other);
        }
    }

    fn finish(self, targets: &Targets, loss: &TrainingLoss) -> Tallied {
        let counts = targets.counts();
        let means = |rows: &ClassRows, shortfall: &[Sum]| MeanProbability {
            matrix: rows.means(counts),
            shortfall: shortfall.iter().zip(counts).map(|(sum, &count)| sum.value() / count as f64).collect(),
        };
        let plain = means(&self.probability, &self.shortfall);
        let mut tallied = Tallied {
            loss: self.value.value(),
            bias_gradient: self.gradient.iter().map(|sums| sums[0].value()).collect(),
            pulls: self.gradient.iter().map(|sums| (-sums[1].value(), sums[2].value())).collect(),
            shifted_means: self.shifted.as_ref().map(|(rows, shortfall)| means(rows, shortfall)),
            hits: self.hits,
            calibration: self.calibration.calibration(counts),
            prior_corrected: self.prior_corrected.map(|tally| tally.calibration(counts)),
            means: plain,
        };
        if let (TrainingLoss::Inr(inr), Some((losses, slopes))) = (loss, &self.columns) {
            let columns = ColumnMeans { loss: losses.means(counts), slope: slopes.means(counts) };
            (tallied.loss, tallied.pulls) = value_and_pulls(inr, &tallied.means, &columns);
            tallied.bias_gradient = tallied.pulls.iter().map(|(up, down)| down - up).collect();
        }
        tallied
    }
}

/// Compensated sums over the samples of each class, of one number per class: `K x K`, a row for each true class.
struct ClassRows {
    classes: usize,
    rounded: Vec<f64>,
    error: Vec<f64>,
}

impl ClassRows {
    fn new(classes: usize) -> Self {
        Self { classes, rounded: vec![0.0; classes * classes], error: vec![0.0; classes * classes] }
    }

    fn add(&mut self, class: usize, terms: impl Iterator<Item = f64>) {
        let row = class * self.classes..(class + 1) * self.classes;
        let sums = self.rounded[row.clone()].iter_mut().zip(&mut self.error[row]);
        for ((rounded, error), term) in sums.zip(terms) {
            let (sum, lost) = two_sum(*rounded, term);
            *rounded = sum;
            *error += lost;
        }
    }

    fn merge(&mut self, other: &Self) {
        let sums = self.rounded.iter_mut().zip(&mut self.error);
        for ((rounded, error), (&term, &lost)) in sums.zip(other.rounded.iter().zip(&other.error)) {
            let (sum, more) = two_sum(*rounded, term);
            *rounded = sum;
            *error += more + lost;
        }
    }

    fn means(&self, counts: &[usize]) -> DMatrix<f64> {
        DMatrix::from_fn(self.classes, self.classes, |class, k| {
            let place = class * self.classes + k;
            (self.rounded[place] + self.error[place]) / counts[class] as f64
        })
    }
}
