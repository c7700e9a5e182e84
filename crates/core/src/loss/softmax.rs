//! Softmax cross-entropy (docs/theory.md#b5), and what it shares with other losses over one softmax per sample.

use super::block::{
    LogitBlock, PerSample, lane_largest, lane_sum, lane_sum_of, of_classes, update_in_blocks, weigh,
};
use super::{ColumnPart, Link, Loss, Targets};
use crate::numeric::{
    Kernel, SAMPLES_PER_CHUNK, Sigmoid, Sum, argmax, exp_of_nonpositive, ln_1p_of_nonnegative, vectorised,
};
use nalgebra::{DMatrix, DVectorView};
use std::ops::MulAssign;

/// The weighted mean of `-log softmax(z)_y`:
///
/// `L = (1/M) sum_i lambda_{y_i} (log sum_k exp z_i^k - z_i^{y_i})`, `dL/dz_i^k = (lambda_{y_i}/M) (p_i^k - 1[k = y_i])`;
/// each sample times its own weight, if it has one.
///
/// The target's entry is `-(sum of the others' probabilities)`, never `p - 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softmax {
    classes: usize,
    total_mass: f64,
}

impl Softmax {
    /// The loss for as many classes as the targets have, divided by their total mass.
    #[must_use]
    pub fn new(targets: &Targets) -> Self {
        Self { classes: targets.classes(), total_mass: targets.total_mass() }
    }

    /// The same with every sample counted `factor` times.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { total_mass: self.total_mass / factor, ..self }
    }

    /// Factor on the weight of each sample of a class, reduction included.
    pub(crate) fn normalised_class_weights(self, targets: &Targets) -> Vec<f64> {
        targets.class_weights().iter().map(|weight| weight / self.total_mass).collect()
    }

    /// Writes `dL/dz` over the logits of a block; the value is in the first column's part.
    pub(crate) fn evaluate(block: &mut LogitBlock, weights: &[f64]) -> Vec<ColumnPart> {
        let samples = block.labels.len();
        let mut largest: PerSample = [f64::NEG_INFINITY; SAMPLES_PER_CHUNK];
        let mut own: PerSample = [0.0; SAMPLES_PER_CHUNK];
        let mut others: PerSample = [0.0; SAMPLES_PER_CHUNK];
        let (largest, own) = (&mut largest[..samples], &mut own[..samples]);
        let (others, weight) = (&mut others[..samples], &mut [0.0; SAMPLES_PER_CHUNK][..samples]);
        gather_targets(block, own);
        let mut parts = vec![ColumnPart::default(); block.values.len() / samples];
        for (column, part) in block.columns().zip(&mut parts) {
            part.largest_logit = vectorised(Maxima { logits: column, largest });
        }
        let mut below: PerSample = [0.0; SAMPLES_PER_CHUNK];
        let below = &mut below[..samples];
        below.iter_mut().zip(&*own).zip(&*largest).for_each(|((below, z), largest)| *below = z - largest);
        for column in block.columns() {
            vectorised(Exponentials { logits: column, largest });
        }
        gather_targets(block, own);
        scatter_targets(block, &[0.0; SAMPLES_PER_CHUNK][..samples]);
        for column in block.columns() {
            vectorised(AddTo { values: column, sums: others });
        }
        of_classes(weights, block.labels, weight);
        weigh(weight, block.weights);
        parts[0].value = vectorised(Normalisation { below, own, others, weight });
        // Now `others` holds the target's residual and `weight` the scale of the others'.
        for column in block.columns() {
            vectorised(Scale { values: column, factors: weight });
        }
        scatter_targets(block, others);
        for (column, part) in block.columns().zip(&mut parts) {
            part.magnitude = vectorised(Magnitude { values: column });
        }
        parts
    }

    /// The probabilities behind residuals that [`Self::evaluate`] left in a block, in single precision.
    pub(crate) fn probabilities_of_residuals(block: &mut LogitBlock, weights: &[f64]) -> Vec<f32> {
        let samples = block.labels.len();
        let of_class: Vec<f64> = weights.iter().map(|weight| 1.0 / weight).collect();
        let mut inverse: PerSample = [0.0; SAMPLES_PER_CHUNK];
        let inverse = &mut inverse[..samples];
        of_classes(&of_class, block.labels, inverse);
        if let Some(weights) = block.weights {
            inverse.iter_mut().zip(weights).for_each(|(entry, weight)| *entry /= weight);
        }
        let mut probabilities = vec![0.0; block.values.len()];
        for (residuals, into) in block.columns().zip(probabilities.chunks_exact_mut(samples)) {
            vectorised(NarrowScaled { values: residuals, factors: inverse, into });
        }
        for (sample, &label) in block.labels.iter().enumerate() {
            probabilities[label as usize * samples + sample] += 1.0;
        }
        probabilities
    }

    /// Appends `log sum_k exp z^k` of every sample of a block, whose logits are used up.
    pub(crate) fn log_totals(block: &mut LogitBlock, log_totals: &mut Vec<f64>) {
        let samples = block.labels.len();
        let (largest, total) = exponentials(samples, block.values);
        log_totals
            .extend(largest.iter().zip(total).take(samples).map(|(largest, total)| largest + total.ln()));
    }

    /// Writes probabilities over the logits of a block.
    pub(crate) fn probabilities(block: &mut LogitBlock) {
        Self::double_probabilities(block.labels.len(), block.values);
    }

    /// The same over the logits of so many samples, sample index fastest.
    pub(crate) fn double_probabilities(samples: usize, values: &mut [f64]) {
        let (_, mut total) = exponentials(samples, values);
        let total = &mut total[..samples];
        total.iter_mut().for_each(|total| *total = 1.0 / *total);
        for column in values.chunks_exact_mut(samples) {
            vectorised(Scale { values: column, factors: total });
        }
    }
}

/// Writes `exp(z - largest)` over the logits of so many samples; returns each sample's largest logit and the sum.
fn exponentials(samples: usize, values: &mut [f64]) -> (PerSample, PerSample) {
    let mut largest: PerSample = [f64::NEG_INFINITY; SAMPLES_PER_CHUNK];
    let mut total: PerSample = [0.0; SAMPLES_PER_CHUNK];
    for column in values.chunks_exact(samples) {
        vectorised(Maxima { logits: column, largest: &mut largest[..samples] });
    }
    for column in values.chunks_exact_mut(samples) {
        vectorised(Exponentials { logits: column, largest: &largest[..samples] });
        vectorised(AddTo { values: column, sums: &mut total[..samples] });
    }
    (largest, total)
}

/// Reads the logit, or what it has become, of every sample's class.
fn gather_targets(block: &LogitBlock, into: &mut [f64]) {
    let (labels, values) = (block.labels, &*block.values);
    for (sample, (entry, &label)) in into.iter_mut().zip(labels).enumerate() {
        *entry = values[label as usize * labels.len() + sample];
    }
}

/// Writes one number for each sample where the logit of its class was.
fn scatter_targets(block: &mut LogitBlock, from: &[f64]) {
    let (labels, values) = (block.labels, &mut *block.values);
    for (sample, (&label, &number)) in labels.iter().zip(from).enumerate() {
        values[label as usize * labels.len() + sample] = number;
    }
}

impl Loss for Softmax {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn logit_rows(&self) -> usize {
        self.classes
    }

    fn denominator(&self) -> f64 {
        self.total_mass
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let weights = self.normalised_class_weights(targets);
        gradient.copy_from(logits);
        let parts = update_in_blocks(gradient, targets, |block| Self::evaluate(block, &weights)[0].value);
        parts.into_iter().collect::<Sum>().value()
    }

    /// Per sample `w (p .* v - p (p . v))`.
    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        product.copy_from(logits);
        update_in_blocks(product, targets, Self::probabilities);
        let weights = self.normalised_class_weights(targets);
        let samples = product.column_iter_mut().zip(direction.column_iter()).zip(targets.class_indices());
        for (sample, ((mut p, along), &label)) in samples.enumerate() {
            let weight = weights[label as usize] * targets.sample_weight(sample);
            let (origin, mean) = mean_along(p.as_slice(), along.iter().copied());
            p.zip_apply(&along, |p, along| *p *= weight * ((along - origin) - mean));
        }
    }
}

/// Raises `largest` to the logits of a column; returns the column's largest magnitude.
struct Maxima<'a> {
    logits: &'a [f64],
    largest: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Maxima<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        for (largest, z) in self.largest.iter_mut().zip(self.logits) {
            *largest = if *z > *largest { *z } else { *largest };
        }
        lane_largest(self.logits)
    }
}

/// `exp(z - largest)` over `z`.
struct Exponentials<'a> {
    logits: &'a mut [f64],
    largest: &'a [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (z, largest) in self.logits.iter_mut().zip(self.largest) {
            *z = exp_of_nonpositive(*z - largest);
        }
    }
}

struct AddTo<'a> {
    values: &'a [f64],
    sums: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for AddTo<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.sums.iter_mut().zip(self.values).for_each(|(sum, value)| *sum += value);
    }
}

/// Values times factors, in either precision.
pub(super) struct Scale<'a, T> {
    pub(super) values: &'a mut [T],
    pub(super) factors: &'a [T],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Copy + MulAssign> Kernel for Scale<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.values.iter_mut().zip(self.factors).for_each(|(value, &factor)| *value *= factor);
    }
}

/// Values times factors, in single precision.
struct NarrowScaled<'a> {
    values: &'a [f64],
    factors: &'a [f64],
    into: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for NarrowScaled<'_> {
    type Output = ();

    #[allow(clippy::cast_possible_truncation, reason = "single precision is what is asked for")]
    #[inline(always)]
    fn call(self) {
        let entries = self.into.iter_mut().zip(self.values).zip(self.factors);
        entries.for_each(|((narrow, value), factor)| *narrow = (value * factor) as f32);
    }
}

struct Magnitude<'a> {
    values: &'a [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Magnitude<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        lane_sum_of(self.values, f64::abs)
    }
}

/// From exponentials of the target (`own`) and of all other classes together (`others`) to the block's value; leaves
/// the target's residual in `others` and the scale from exponentials to residuals in `weight`.
struct Normalisation<'a> {
    /// The target's logit less the largest.
    below: &'a [f64],
    own: &'a mut [f64],
    others: &'a mut [f64],
    weight: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Normalisation<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let each = self.own.iter_mut().zip(self.others).zip(self.weight).zip(self.below);
        for (((own, others), weight), below) in each {
            let total = *own + *others;
            // Where the target is the largest its exponential is exactly 1 and log1p(others) keeps the tail.
            let excess = if *below == 0.0 { *others } else { total - 1.0 };
            *own = *weight * (ln_1p_of_nonnegative(excess) - below);
            *weight /= total;
            *others *= -*weight;
        }
        lane_sum(self.own)
    }
}

/// Room for the probabilities of a sample.
pub(super) fn room(classes: usize) -> Vec<Sigmoid> {
    vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes]
}

/// `p^k - 1[k = y]`, without cancellation.
pub(super) fn residual(sample: &[Sigmoid], k: usize, class: usize) -> f64 {
    if k == class { -sample[k].complement } else { sample[k].probability }
}

/// The entry of `v` at the likeliest class, and the mean of `v` less that entry. Less both, the likeliest class has an entry as
/// small as the other probabilities are, which `v - p . v` would cancel.
fn mean_along(probabilities: &[f64], along: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let origin = along.clone().nth(argmax(probabilities)).unwrap_or(0.0);
    (origin, probabilities.iter().zip(along).map(|(p, v)| p * (v - origin)).sum())
}

/// `p .* v - p (p . v)`, the derivative of the probabilities along `v`.
pub(super) fn spread<'a>(
    sample: &'a [Sigmoid],
    along: &'a DVectorView<f64>,
) -> impl Iterator<Item = f64> + 'a {
    let probabilities: Vec<f64> = sample.iter().map(|p| p.probability).collect();
    let (origin, mean) = mean_along(&probabilities, along.iter().copied());
    probabilities.into_iter().zip(along.iter()).map(move |(p, v)| p * ((v - origin) - mean))
}
