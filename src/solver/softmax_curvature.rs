//! Products of the softmax Hessian with directions, in the precision that is asked for.
//!
//! Products only steer the search, so single precision usually suffices. Scaled features and the probabilities of a
//! point are stored for as many blocks as fit into a fixed amount of memory, and recomputed for the others.

use super::pass::HeadColumns;
use super::real::Real;
use super::scaled_features::{ScaledFeatures, accumulate_gradient, across};
use crate::loss::{LogitBlock, Softmax, Targets};
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, fold_sample_spans, map_sample_chunks, vectorised};
use nalgebra::DMatrix;
use std::ops::Range;

/// Bytes for features and probabilities each: those of a preconditioner of a `D x K` head, but at least 64 MiB.
pub(super) fn room(dimension: usize, classes: usize) -> u128 {
    let preconditioner = (size_of::<f64>() * classes) as u128 * (dimension as u128).pow(2);
    preconditioner.max(64 << 20)
}

/// Scaled features of the first blocks, kept in precision `T`.
pub(super) struct KeptFeatures<T> {
    blocks: Vec<Vec<T>>,
}

impl<T: Real> KeptFeatures<T> {
    pub(super) fn new(features: &ScaledFeatures, classes: usize) -> Self {
        let dimension = features.dimension();
        let samples = within::<T>(room(dimension, classes), dimension, features.samples());
        let narrow = |range| narrowed(features.block(range, &mut Vec::new()));
        Self { blocks: map_sample_chunks(samples, narrow) }
    }
}

/// Probabilities of the first blocks in double precision, for as many as there is room for.
pub(super) fn kept_probabilities(
    features: &ScaledFeatures,
    targets: &Targets,
    theta: &DMatrix<f64>,
) -> Vec<Vec<f64>> {
    let columns: Vec<usize> = (0..theta.ncols()).collect();
    let head = HeadColumns { theta, columns: &columns };
    let kept = samples_with_probabilities::<f64>(features, theta.ncols());
    map_sample_chunks(kept, |range| block_probabilities(features, targets, range, head))
}

/// The number of first samples whose probabilities are kept.
pub(super) fn samples_with_probabilities<T>(features: &ScaledFeatures, classes: usize) -> usize {
    within::<T>(room(features.dimension(), classes), classes, features.samples())
}

/// Samples, in whole blocks, whose `entries` numbers each fit into the room.
fn within<T>(room: u128, entries: usize, samples: usize) -> usize {
    let fitting = room / (entries * size_of::<T>()).max(1) as u128;
    let fitting = usize::try_from(fitting).unwrap_or(samples);
    (fitting / SAMPLES_PER_CHUNK * SAMPLES_PER_CHUNK).min(samples)
}

fn narrowed<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::narrowed(value)).collect()
}

/// The Hessian of the mean loss at one head, without penalty.
pub(super) struct SoftmaxCurvature<'a, T> {
    features: &'a ScaledFeatures<'a>,
    targets: &'a Targets,
    theta: &'a DMatrix<f64>,
    kept_features: &'a KeptFeatures<T>,
    kept_probabilities: &'a [Vec<T>],
    /// Factor of each class on the weights of its samples.
    class_weights: Vec<f64>,
    /// The most that a sample counts.
    largest_weight: f64,
}

impl<'a, T: Real> SoftmaxCurvature<'a, T> {
    pub(super) fn new(
        features: &'a ScaledFeatures<'a>,
        targets: &'a Targets,
        loss: Softmax,
        theta: &'a DMatrix<f64>,
        kept_features: &'a KeptFeatures<T>,
        kept_probabilities: &'a [Vec<T>],
    ) -> Self {
        let class_weights = loss.normalised_class_weights(targets);
        let largest_weight = match targets.sample_weights() {
            None => class_weights.iter().copied().fold(0.0, f64::max),
            Some(weights) => {
                let each = weights.iter().zip(targets.class_indices());
                each.map(|(weight, &label)| weight * class_weights[label as usize]).fold(0.0, f64::max)
            }
        };
        Self { features, targets, theta, kept_features, kept_probabilities, class_weights, largest_weight }
    }

    /// Weights of some samples, relative to the largest weight of any.
    fn weights(&self, range: Range<usize>) -> Vec<T> {
        let of_class = self.targets.class_indices()[range.clone()]
            .iter()
            .map(|&label| self.class_weights[label as usize]);
        let relative = |weight: f64| T::narrowed(weight / self.largest_weight);
        match self.targets.sample_weights() {
            None => of_class.map(relative).collect(),
            Some(weights) => of_class
                .zip(&weights[range])
                .map(|(class_weight, weight)| relative(class_weight * weight))
                .collect(),
        }
    }

    fn probabilities(&self, range: Range<usize>) -> Vec<T> {
        let columns: Vec<usize> = (0..self.theta.ncols()).collect();
        let head = HeadColumns { theta: self.theta, columns: &columns };
        block_probabilities(self.features, self.targets, range, head)
    }

    /// `H V` for a direction `V` (`D x K`).
    pub(super) fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
        let (dimension, classes) = direction.shape();
        let size = direction.amax().max(f64::MIN_POSITIVE);
        let along: Vec<T> = direction.iter().map(|entry| T::narrowed(entry / size)).collect();
        let mut product = DMatrix::zeros(dimension, classes);
        fold_sample_spans(
            self.features.samples(),
            || (DMatrix::<f64>::zeros(dimension, classes), vec![T::ZERO; dimension * classes], Vec::new()),
            |(sum, part, moved), range| {
                let chunk = range.start / SAMPLES_PER_CHUNK;
                let (mut block, mut probabilities) = (Vec::new(), Vec::new());
                let block = self.kept_features.blocks.get(chunk).unwrap_or_else(|| {
                    block = narrowed(self.features.block(range.clone(), &mut Vec::new()));
                    &block
                });
                let probabilities = self.kept_probabilities.get(chunk).unwrap_or_else(|| {
                    probabilities = self.probabilities(range.clone());
                    &probabilities
                });
                moved.resize(range.len() * classes, T::ZERO);
                across(block, dimension, &along, moved);
                let weights = self.weights(range);
                vectorised(Bend { probabilities, weights: &weights, moved });
                accumulate_gradient(block, dimension, moved, part);
                sum.iter_mut().zip(&*part).for_each(|(sum, part)| *sum += part.widened());
            },
            |(part, _, _)| product += part,
        );
        product * (self.largest_weight * size)
    }
}

/// Probabilities of some samples, `n x K`, sample index fastest.
pub(super) fn block_probabilities<T: Real>(
    features: &ScaledFeatures,
    targets: &Targets,
    range: Range<usize>,
    head: HeadColumns,
) -> Vec<T> {
    let (mut scratch, mut logits) = (Vec::new(), Vec::new());
    let block = features.block(range.clone(), &mut scratch);
    features.block_logits(block, &range, head.theta, head.columns, &mut logits);
    Softmax::probabilities(&mut LogitBlock::of(targets, range, &mut logits));
    narrowed(&logits)
}

/// Per sample, from a change `v` of its logits to the change `w p .* (v - p . v)` of its residuals.
struct Bend<'a, T> {
    probabilities: &'a [T],
    weights: &'a [T],
    moved: &'a mut [T],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Real> Kernel for Bend<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let samples = self.weights.len();
        let mut mean = [T::ZERO; SAMPLES_PER_CHUNK];
        let mean = &mut mean[..samples];
        for (p, v) in self.probabilities.chunks_exact(samples).zip(self.moved.chunks_exact(samples)) {
            for ((mean, &p), &v) in mean.iter_mut().zip(p).zip(v) {
                *mean += p * v;
            }
        }
        for (p, v) in self.probabilities.chunks_exact(samples).zip(self.moved.chunks_exact_mut(samples)) {
            for (((v, &p), &mean), &weight) in v.iter_mut().zip(p).zip(&*mean).zip(self.weights) {
                *v = weight * p * (*v - mean);
            }
        }
    }
}
