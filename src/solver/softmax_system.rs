//! The system of equations that a Newton step of softmax solves, by preconditioned conjugate gradients.
//!
//! Products of the Hessian with directions only steer the search, so single precision usually suffices. Scaled features and
//! the probabilities of a point are stored for as many blocks as fit into a fixed amount of memory, and recomputed for the
//! others. The preconditioner has one Cholesky factor per class, from a part of the samples, for convergence in a few
//! iterations.

use super::column_pass::Precision;
use super::dense::cholesky;
use super::hessian::{Real, SingleBlock, SingleGram, regular_factor};
use super::pass::{HeadColumns, ScaledFeatures, accumulate_gradient, across, fold_logit_blocks};
use crate::loss::{LogitBlock, Softmax, Targets, weigh};
use crate::numeric::{
    Kernel, SAMPLES_PER_CHUNK, fold_sample_spans, map_items, map_sample_chunks, sample_chunks, vectorised,
};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use std::ops::Range;

/// With more iterations than this the preconditioner is useless.
const MAX_ITERATIONS: usize = 500;

/// The Newton system at one point.
pub(super) struct SoftmaxSystem<'a, T> {
    pub(super) curvature: SoftmaxCurvature<'a, T>,
    /// Of each row of a head.
    pub(super) penalty: &'a [f64],
    /// Curvature that replaces vanished second derivatives, class by class.
    pub(super) added: &'a [f64],
    /// `sum_i |dL/dz_i^k|` for each class.
    pub(super) magnitude: &'a DVector<f64>,
    pub(super) preconditioner: &'a Preconditioner,
}

impl<T: Real> SoftmaxSystem<'_, T> {
    /// Solves `H x = right` by conjugate gradients, until the residual's size falls by `accuracy`; returns `x` and the iterations taken.
    ///
    /// Stops early where the curvature along a direction is not positive (rounding on a convex problem); the `x` so far
    /// is a descent direction all the same.
    pub(super) fn solve(&self, right: &DMatrix<f64>, accuracy: f64) -> (DMatrix<f64>, usize) {
        let mut solution = DMatrix::zeros(right.nrows(), right.ncols());
        let mut residual = right.clone();
        self.clean_residual(&mut residual);
        let mut preconditioned = self.precondition(&residual);
        let first = self.size(&residual, &preconditioned);
        remove_common(&mut preconditioned);
        let mut direction = preconditioned.clone();
        let mut energy = residual.dot(&preconditioned);
        for iteration in 0..MAX_ITERATIONS {
            let product = self.product(&direction);
            let curvature = direction.dot(&product);
            if curvature <= 0.0 || energy <= 0.0 {
                if iteration == 0 {
                    solution = direction;
                }
                return (solution, iteration);
            }
            let length = energy / curvature;
            solution += &direction * length;
            residual -= product * length;
            self.clean_residual(&mut residual);
            preconditioned = self.precondition(&residual);
            if self.size(&residual, &preconditioned) <= accuracy * first {
                return (solution, iteration + 1);
            }
            remove_common(&mut preconditioned);
            let next = residual.dot(&preconditioned);
            direction = &preconditioned + direction * (next / energy);
            energy = next;
        }
        (solution, MAX_ITERATIONS)
    }

    /// `H v`.
    fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
        let mut product = self.curvature.product(direction);
        for (class, added) in self.added.iter().enumerate() {
            for (entry, penalty) in self.penalty.iter().enumerate() {
                product[(entry, class)] += (penalty + added) * direction[(entry, class)];
            }
        }
        product
    }

    /// `M^-1 r`.
    fn precondition(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        self.preconditioner.apply(residual)
    }

    /// Removes what rounding left of a residual where all classes have it in common.
    fn clean_residual(&self, residual: &mut DMatrix<f64>) {
        clean_residual(residual, self.magnitude);
    }

    /// The largest class's `sqrt(r . M^-1 r / magnitude)`: classes count alike, however small their mass.
    fn size(&self, residual: &DMatrix<f64>, preconditioned: &DMatrix<f64>) -> f64 {
        let of_class = |class: usize| {
            let magnitude = self.magnitude[class].max(f64::MIN_POSITIVE);
            (residual.column(class).dot(&preconditioned.column(class)).max(0.0) / magnitude).sqrt()
        };
        (0..residual.ncols()).map(of_class).fold(0.0, f64::max)
    }
}

/// Takes from a direction what all classes have in common: it changes no probability.
fn remove_common(direction: &mut DMatrix<f64>) {
    let mean = direction.column_mean();
    direction.column_iter_mut().for_each(|mut column| column -= &mean);
}

/// Residuals sum to zero over classes but for rounding. Each class gives up a share in proportion to the
/// magnitude of its terms: equal shares would drown a class of small mass in the rounding of the large ones.
pub(super) fn clean_residual(residual: &mut DMatrix<f64>, magnitude: &DVector<f64>) {
    let excess = residual.column_sum() / magnitude.sum().max(f64::MIN_POSITIVE);
    for (mut column, magnitude) in residual.column_iter_mut().zip(magnitude.iter()) {
        column.axpy(-magnitude, &excess, 1.0);
    }
}

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

/// Approximate inverses of each class's own block of the Hessian.
#[derive(Default)]
pub(super) struct Preconditioner {
    factors: Vec<Cholesky<f64, Dyn>>,
}

/// The samples that blocks are computed from, weighted so that they represent all.
#[derive(Clone, Copy)]
pub(super) struct Sampled<'a> {
    pub(super) features: &'a ScaledFeatures<'a>,
    pub(super) targets: &'a Targets,
    pub(super) loss: Softmax,
}

impl Preconditioner {
    /// Blocks at `theta`, with `added[k]` on the diagonal of class `k`'s beside the penalty.
    ///
    /// A class whose curvature comes from few samples has a poor estimate of its block; the share of it that is
    /// noise is replaced by the block of all classes together, scaled to the class.
    pub(super) fn new(sampled: Sampled, theta: &DMatrix<f64>, added: &[f64]) -> Self {
        let (dimension, classes) = theta.shape();
        let normalised = sampled.normalise(theta);
        let pooled = &normalised.pooled;
        let factor_of = |class: usize| {
            let (mut block, effective) = sampled.block_of(class, theta, &normalised.log_totals);
            let noise = dimension as f64 / (dimension as f64 + effective);
            let scale = block.trace() / pooled.trace().max(f64::MIN_POSITIVE);
            block = block * (1.0 - noise) + pooled * (scale * noise);
            block.fill_upper_triangle_with_lower_triangle();
            for (entry, penalty) in sampled.features.penalty().iter().enumerate() {
                block[(entry, entry)] += penalty + added[class];
            }
            regular_factor(&block, Precision::Single).unwrap_or_else(|| ridged_factor(block))
        };
        Self { factors: map_items(0..classes, factor_of) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.factors.is_empty()
    }

    /// `M^-1 R` for residuals `R` (`D x K`).
    fn apply(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        let mut result = residual.clone();
        for (factor, mut column) in self.factors.iter().zip(result.column_iter_mut()) {
            factor.solve_mut(&mut column);
        }
        result
    }
}

/// What the blocks of all classes share.
struct Normalised {
    /// `log sum_k exp z_i^k` of every sample: with it, each class's probabilities follow from its own logits, and those of
    /// all classes need not be held at once.
    log_totals: Vec<f64>,
    /// The blocks of all classes together (lower triangle).
    pooled: DMatrix<f64>,
}

impl Sampled<'_> {
    fn normalise(&self, theta: &DMatrix<f64>) -> Normalised {
        let &Self { features, targets, loss } = self;
        let (dimension, classes) = theta.shape();
        let columns: Vec<usize> = (0..classes).collect();
        let head = HeadColumns { theta, columns: &columns };
        let weights = loss.normalised_class_weights(targets);
        let mut all = Normalised {
            log_totals: Vec::with_capacity(features.samples()),
            pooled: DMatrix::zeros(dimension, dimension),
        };
        fold_logit_blocks(
            features,
            targets,
            head,
            || {
                (
                    Vec::new(),
                    DMatrix::zeros(dimension, dimension),
                    SingleBlock::default(),
                    SingleGram::default(),
                )
            },
            |(log_totals, pooled, single, products), _, logits| {
                let curvatures = Softmax::log_totals_and_spreads(logits, log_totals);
                let per_sample = curvatures.iter().zip(logits.labels);
                let mut weighted: Vec<f64> =
                    per_sample.map(|(spread, &label)| weights[label as usize] * spread).collect();
                weigh(&mut weighted, logits.weights);
                single.load(features, logits.samples());
                products.add(single, &weighted, pooled);
            },
            |(log_totals, pooled, ..)| {
                all.log_totals.extend(log_totals);
                all.pooled += pooled;
            },
        );
        all
    }

    /// The block of one class (lower triangle) and the number of samples that it is worth.
    fn block_of(&self, class: usize, theta: &DMatrix<f64>, log_totals: &[f64]) -> (DMatrix<f64>, f64) {
        let &Self { features, targets, loss } = self;
        let dimension = theta.nrows();
        let weights = loss.normalised_class_weights(targets);
        let own = theta.columns(class, 1).into_owned();
        let (mut single, mut products) = (SingleBlock::default(), SingleGram::default());
        let (mut scratch, mut curvatures) = (Vec::new(), Vec::new());
        let mut block = DMatrix::zeros(dimension, dimension);
        let (mut sum, mut squares) = (0.0, 0.0);
        for range in sample_chunks(features.samples()) {
            let scaled = features.block(range.clone(), &mut scratch);
            features.block_logits(scaled, &range, &own, &[class], &mut curvatures);
            let per_sample = curvatures.iter_mut().zip(&log_totals[range.clone()]);
            for ((z, log_total), &label) in per_sample.zip(&targets.class_indices()[range.clone()]) {
                let p = (*z - log_total).min(0.0).exp();
                *z = weights[label as usize] * p * (1.0 - p);
            }
            weigh(&mut curvatures, targets.sample_weights().map(|weights| &weights[range.clone()]));
            for z in &curvatures {
                sum += z;
                squares += z * z;
            }
            single.load(features, range);
            products.add(&single, &curvatures, &mut block);
        }
        (block, if squares > 0.0 { sum * sum / squares } else { 0.0 })
    }
}

/// A factor of a block that is singular to rounding; only the speed of convergence depends on it.
fn ridged_factor(mut block: DMatrix<f64>) -> Cholesky<f64, Dyn> {
    let size = block.nrows();
    let typical = (block.trace() / size as f64).max(f64::MIN_POSITIVE);
    for exponent in (-8..=0).step_by(2) {
        for entry in 0..size {
            block[(entry, entry)] += typical * 10.0_f64.powi(exponent);
        }
        if let Some(factor) = cholesky(block.clone()) {
            return factor;
        }
    }
    Cholesky::new_unchecked(DMatrix::from_diagonal_element(size, size, typical.sqrt()))
}
