//! One pass over the samples computes every sum that an audit needs.

use super::AuditInput;
use super::inr::{MeansByColumn, value_and_flows};
use crate::balance::{
    Calibration, CalibrationTally, ClassRows, MeanProbability, Row, predicted_class, sample_probabilities,
};
use crate::data::DataError;
use crate::loss::{BuiltLoss, ColumnWeights, Link, Loss, Targets};
use crate::numeric::{Sigmoid, Sum, softplus};
use crate::progress::Stage;
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// About how many logits are processed together: their intermediate results fit into a core's cache.
const LOGITS_AT_ONCE: usize = 1 << 15;
/// Samples that are looked at together, at least and at most.
const BLOCK: Range<usize> = 16..512;
/// The least and the largest number of blocks of samples whose sums are kept apart: more would take more memory, fewer
/// would leave threads idle.
const PARTS: Range<usize> = 8..64;
/// Numbers that the sums of all parts may hold together, about.
const MAX_SUMS: usize = 1 << 26;

/// What the samples add up to, at the logits as they are plus a shift.
pub(super) struct Tallied {
    /// The loss in its own reduction.
    pub(super) loss: f64,
    /// Its derivative with respect to an intercept of each logit.
    pub(super) bias_gradient: Vec<f64>,
    /// Outflow and inflow of each logit, in the same units.
    pub(super) flows: Vec<(f64, f64)>,
    /// Of the logits as they are.
    pub(super) means: MeanProbability,
    /// Of the adjusted logits, where the loss adjusts them.
    pub(super) shifted_means: Option<MeanProbability>,
    pub(super) hits: Vec<f64>,
    pub(super) calibration: Calibration,
    /// Of the probabilities mapped back to unweighted samples, where classes have different weights.
    pub(super) prior_corrected: Option<Calibration>,
}

/// Tallies all samples; `shift` is added to every sample's logits. The result is the same on any number of threads.
pub(super) fn tally(
    input: &AuditInput,
    targets: &Targets,
    loss: &BuiltLoss,
    shift: &[f64],
) -> Result<Tallied, DataError> {
    let (samples, columns) = (targets.samples(), input.columns());
    let block = block_size(columns);
    let blocks = samples.div_ceil(block);
    let parts = part_count(samples, columns, targets.classes());
    let stage = Stage::of(parts as u64);
    let part = |number: usize| -> Result<Part, DataError> {
        let mut part = Part::new(targets, loss, columns);
        for place in blocks * number / parts..blocks * (number + 1) / parts {
            let range = place * block..((place + 1) * block).min(samples);
            let mut logits = input.logits(range.clone(), loss.link())?;
            for mut column in logits.column_iter_mut() {
                column.iter_mut().zip(shift).for_each(|(logit, shift)| *logit += shift);
            }
            part.add(&logits, &targets.of_range(range), loss);
        }
        stage.advance(1);
        Ok(part)
    };
    let parts: Vec<Result<Part, DataError>> = (0..parts).into_par_iter().map(part).collect();
    let mut whole = Part::new(targets, loss, columns);
    for part in parts {
        whole.merge(&part?);
    }
    Ok(whole.finish(targets, loss))
}

/// Samples that are looked at together.
fn block_size(columns: usize) -> usize {
    (LOGITS_AT_ONCE / columns).clamp(BLOCK.start, BLOCK.end)
}

/// Blocks of samples whose sums are kept apart.
pub(super) fn part_count(samples: usize, columns: usize, classes: usize) -> usize {
    let blocks = samples.div_ceil(block_size(columns));
    (MAX_SUMS / 8 / classes.saturating_mul(classes)).clamp(PARTS.start, PARTS.end).min(blocks)
}

/// Sums over some samples.
struct Part {
    link: Link,
    value: Sum,
    /// Of the gradient, by column: entries of samples of other classes, and of the column's own class.
    others: Row,
    own: Vec<Sum>,
    /// The column that is to accept a class, if one is.
    column_of: Vec<Option<usize>>,
    probability: ClassRows,
    shortfall: Vec<Sum>,
    shifted: Option<(ClassRows, Vec<Sum>)>,
    /// Losses and slopes of the columns.
    columns: Option<(ClassRows, ClassRows)>,
    hits: Vec<f64>,
    calibration: CalibrationTally,
    prior_corrected: Option<CalibrationTally>,
    log_weights: Vec<f64>,
}

impl Part {
    fn new(targets: &Targets, loss: &BuiltLoss, columns: usize) -> Self {
        let classes = targets.classes();
        let rows = || ClassRows::new(classes);
        let weights = targets.class_weights();
        Self {
            link: loss.link(),
            value: Sum::default(),
            others: Row::new(columns),
            own: vec![Sum::default(); columns],
            column_of: (0..classes).map(|class| (0..columns).find(|&k| loss.target_of(k) == class)).collect(),
            probability: rows(),
            shortfall: vec![Sum::default(); classes],
            shifted: None,
            columns: matches!(loss, BuiltLoss::Inr(_)).then(|| (rows(), rows())),
            hits: vec![0.0; classes],
            calibration: CalibrationTally::new(classes),
            prior_corrected: loss.moves_probabilities(weights).then(|| CalibrationTally::new(classes)),
            log_weights: weights.iter().map(|weight| weight.ln()).collect(),
        }
    }

    fn add(&mut self, logits: &DMatrix<f64>, batch: &Targets, loss: &BuiltLoss) {
        if matches!(loss, BuiltLoss::PerSample(_)) {
            self.add_gradient(logits, batch, loss);
        }
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; batch.classes()];
        for (number, (column, &label)) in logits.column_iter().zip(batch.class_indices()).enumerate() {
            let (z, class, weight) = (column.as_slice(), label as usize, batch.sample_weight(number));
            let log_own = sample_probabilities(self.link, z, class, &mut sample);
            self.add_from_probabilities(loss, batch, z, &sample, (class, weight), log_own);
            self.probability.add(class, weight, sample.iter().map(|pair| pair.probability));
            self.shortfall[class].add(weight * sample[class].complement);
            if let Some((losses, slopes)) = &mut self.columns {
                losses.add(
                    class,
                    weight,
                    z.iter().enumerate().map(|(k, &z)| softplus(if k == class { -z } else { z })),
                );
                slopes.add(class, weight, sample.iter().map(|pair| pair.slope()));
            }
            let predicted = predicted_class(z);
            self.hits[class] += if predicted == class { weight } else { 0.0 };
            self.calibration.add_sample(&sample, predicted, log_own, (class, weight));
            if let Some(tally) = &mut self.prior_corrected {
                tally.add_corrected(self.link, z, (class, weight), &self.log_weights);
            }
        }
        if let Cow::Owned(shifted) = loss.adjusted_logits(logits, batch) {
            let (rows, shortfall) = shifted_sums(&mut self.shifted, batch.classes());
            for (number, (column, &label)) in shifted.column_iter().zip(batch.class_indices()).enumerate() {
                let (class, weight) = (label as usize, batch.sample_weight(number));
                sample_probabilities(self.link, column.as_slice(), class, &mut sample);
                rows.add(class, weight, sample.iter().map(|pair| pair.probability));
                shortfall[class].add(weight * sample[class].complement);
            }
        }
    }

    fn add_gradient(&mut self, logits: &DMatrix<f64>, batch: &Targets, loss: &BuiltLoss) {
        let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
        self.value.add(loss.value_and_gradient(logits, batch, &mut gradient));
        for (mut column, &label) in gradient.column_iter_mut().zip(batch.class_indices()) {
            if let Some(own) = self.column_of[label as usize] {
                self.own[own].add(std::mem::take(&mut column[own]));
            }
            self.others.add(column.iter().copied());
        }
    }

    /// Loss and gradient of a sample from its probabilities, for losses by whose structure they follow.
    fn add_from_probabilities(
        &mut self,
        loss: &BuiltLoss,
        targets: &Targets,
        z: &[f64],
        sample: &[Sigmoid],
        (class, sample_weight): (usize, f64),
        log_own: f64,
    ) {
        let own = self.column_of[class];
        match loss {
            BuiltLoss::Softmax(loss) => {
                let weight = sample_weight * (targets.class_weights()[class] / loss.denominator());
                self.value.add(-weight * log_own);
                self.own[class].add(-weight * sample[class].complement);
                let others = sample.iter().enumerate();
                self.others
                    .add(others.map(|(k, pair)| if k == class { 0.0 } else { weight * pair.probability }));
            }
            BuiltLoss::Logistic(loss) => match loss.column_weights() {
                ColumnWeights::OfClass(weights) => {
                    let weight = sample_weight * weights[class];
                    self.add_logistic(z, sample, own, std::iter::repeat_n(weight, z.len()));
                }
                ColumnWeights::OfPair(weights) => {
                    let weights = weights.row(class);
                    self.add_logistic(z, sample, own, weights.iter().map(|weight| sample_weight * weight));
                }
            },
            // LGL-INR follows from class means, the others from their own gradient.
            BuiltLoss::Inr(_) | BuiltLoss::PerSample(_) => {}
        }
    }

    /// Loss and gradient of a sample whose columns count `weights`; `own` is the column that is to accept its class.
    fn add_logistic(
        &mut self,
        z: &[f64],
        sample: &[Sigmoid],
        own: Option<usize>,
        weights: impl Iterator<Item = f64> + Clone,
    ) {
        // Of two classes with one column, that of class 1.
        let first = sample.len() - z.len();
        let signed = |k: usize| if own == Some(k) { -z[k] } else { z[k] };
        let losses = weights.clone().enumerate().map(|(k, weight)| weight * softplus(signed(k)));
        self.value.add(losses.sum());
        if let Some((own, weight)) = own.and_then(|own| Some((own, weights.clone().nth(own)?))) {
            self.own[own].add(-weight * sample[first + own].complement);
        }
        let others = weights.zip(&sample[first..]).enumerate();
        self.others.add(
            others.map(|(k, (weight, pair))| if own == Some(k) { 0.0 } else { weight * pair.probability }),
        );
    }

    fn merge(&mut self, other: &Self) {
        let merge = |sums: &mut [Sum], others: &[Sum]| {
            sums.iter_mut().zip(others).for_each(|(sum, other)| sum.merge(*other));
        };
        self.value.merge(other.value);
        self.others.merge(&other.others);
        merge(&mut self.own, &other.own);
        self.probability.merge(&other.probability);
        merge(&mut self.shortfall, &other.shortfall);
        if let Some((others, short)) = &other.shifted {
            let (rows, shortfall) = shifted_sums(&mut self.shifted, self.hits.len());
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

    fn finish(self, targets: &Targets, loss: &BuiltLoss) -> Tallied {
        let sizes = targets.sizes();
        let means = |rows: &ClassRows, shortfall: &[Sum]| MeanProbability {
            matrix: rows.means(sizes),
            shortfall: shortfall.iter().zip(sizes).map(|(sum, size)| sum.value() / size).collect(),
        };
        let plain = means(&self.probability, &self.shortfall);
        let mut tallied = Tallied {
            loss: self.value.value(),
            // Both sides unrounded: rounding each by itself would show where they cancel.
            bias_gradient: self
                .own
                .iter()
                .zip(self.others.parts())
                .map(|(own, parts)| plus(*own, parts))
                .collect(),
            flows: self
                .own
                .iter()
                .zip(self.others.parts())
                .map(|(own, [a, b])| (-own.value(), a + b))
                .collect(),
            shifted_means: self.shifted.as_ref().map(|(rows, shortfall)| means(rows, shortfall)),
            hits: self.hits,
            calibration: self.calibration.calibration(sizes),
            prior_corrected: self.prior_corrected.map(|tally| tally.calibration(sizes)),
            means: plain,
        };
        if let (BuiltLoss::Inr(inr), Some((losses, slopes))) = (loss, &self.columns) {
            let columns = MeansByColumn { loss: losses.means(sizes), slope: slopes.means(sizes) };
            (tallied.loss, tallied.flows) = value_and_flows(inr, &tallied.means, &columns);
            tallied.bias_gradient = tallied.flows.iter().map(|(up, down)| down - up).collect();
        }
        tallied
    }
}

/// Probabilities and shortfalls of adjusted logits, from the first sample on that a loss adjusts.
fn shifted_sums(sums: &mut Option<(ClassRows, Vec<Sum>)>, classes: usize) -> &mut (ClassRows, Vec<Sum>) {
    sums.get_or_insert_with(|| (ClassRows::new(classes), vec![Sum::default(); classes]))
}

fn plus(mut sum: Sum, parts: [f64; 2]) -> f64 {
    parts.into_iter().for_each(|part| sum.add(part));
    sum.value()
}
