//! The system of equations that a Newton step of softmax solves, by preconditioned conjugate gradients.
//!
//! Products of the Hessian with directions only steer the search, so single precision usually suffices. Scaled features and
//! the probabilities of a point are stored for as many blocks as fit into a fixed amount of memory, and recomputed for the
//! others. The preconditioner is made of a part of the samples: of one Cholesky factor per class, for convergence in a few
//! iterations, or, where these would be too many numbers, of one factor for all of them.

use super::class_blocks::class_factors;
use super::hessian::Real;
use super::pass::{HeadColumns, ScaledFeatures, accumulate_gradient, across};
use super::shared_factor::SharedFactor;
use super::softmax_newton::SoftmaxPass;
use crate::loss::{LogitBlock, Softmax, Targets};
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, fold_wide_spans, map_sample_chunks, vectorised};
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

/// What preconditions the systems of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A Cholesky factor of each class's block.
    Blocks,
    /// One factor for all classes.
    Shared,
}

/// Numbers in the blocks of all classes (half a GiB) up to which a head has them: a factor for each class is the better one where a penalty
/// is small.
const MAX_NUMBERS: usize = 1 << 26;
/// Heads of fewer classes have a factor for each: it takes less than the eigenvectors of a shared one.
const MANY_CLASSES: usize = 100;

impl Form {
    /// That of a `D x K` head.
    pub(super) fn of(dimension: usize, classes: usize) -> Self {
        let few = classes < MANY_CLASSES || block_numbers(dimension, classes) <= MAX_NUMBERS;
        if few { Self::Blocks } else { Self::Shared }
    }
}

/// Whether a softmax head over so many features has one factor for all classes.
#[must_use]
pub fn has_shared_factor(features: usize, classes: usize) -> bool {
    Form::of(features.saturating_add(1), classes) == Form::Shared
}

fn block_numbers(dimension: usize, classes: usize) -> usize {
    dimension.saturating_mul(dimension).saturating_mul(classes)
}

/// Bytes in which a search keeps features and probabilities to save work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) features: u128,
    pub(super) probabilities: u128,
}

impl Room {
    /// For a `D x K` head: as much as its blocks take, but at least 64 MiB. Where blocks would be too many, features are scaled
    /// anew for every pass, which takes next to nothing beside their products with so many classes, and there is a GiB for
    /// probabilities, which take as much to compute as to use.
    pub(super) fn of(dimension: usize, classes: usize) -> Self {
        const LEAST: u128 = 64 << 20;
        match Form::of(dimension, classes) {
            Form::Blocks => {
                let blocks = (size_of::<f64>() * block_numbers(dimension, classes)) as u128;
                Self { features: blocks.max(LEAST), probabilities: blocks.max(LEAST) }
            }
            Form::Shared => Self { features: LEAST, probabilities: 1 << 30 },
        }
    }
}

/// Scaled features of the first blocks, kept in precision `T`.
pub(super) struct KeptFeatures<T> {
    blocks: Vec<Vec<T>>,
}

impl<T: Real> KeptFeatures<T> {
    pub(super) fn new(features: &ScaledFeatures, classes: usize) -> Self {
        let dimension = features.dimension();
        let room = Room::of(dimension, classes).features;
        let samples = within::<T>(room, dimension, features.samples());
        let narrow = |range| {
            let mut block = Vec::new();
            features.block_in(range, &mut block);
            block
        };
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

/// The number of first samples whose probabilities are kept; none in double precision where classes are many.
pub(super) fn samples_with_probabilities<T>(features: &ScaledFeatures, classes: usize) -> usize {
    let dimension = features.dimension();
    let in_double = size_of::<T>() > size_of::<f32>();
    if in_double && Form::of(dimension, classes) == Form::Shared {
        return 0;
    }
    within::<T>(Room::of(dimension, classes).probabilities, classes, features.samples())
}

/// Samples, in whole blocks, whose `entries` numbers each fit into the room.
fn within<T>(room: u128, entries: usize, samples: usize) -> usize {
    let fitting = room / (entries * size_of::<T>()).max(1) as u128;
    let fitting = usize::try_from(fitting).unwrap_or(samples);
    (fitting / SAMPLES_PER_CHUNK * SAMPLES_PER_CHUNK).min(samples)
}

pub(super) fn narrowed<T: Real>(values: &[f64]) -> Vec<T> {
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
        let largest_weight = largest_weight(targets, &class_weights);
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

    /// `H V` for a direction `V` (`D x K`).
    pub(super) fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
        let (dimension, classes) = direction.shape();
        let size = direction.amax().max(f64::MIN_POSITIVE);
        let along: Vec<T> = direction.iter().map(|entry| T::narrowed(entry / size)).collect();
        let theta: Vec<T> = narrowed(self.theta.as_slice());
        let mut product = DMatrix::zeros(dimension, classes);
        fold_wide_spans(
            self.features.samples(),
            2 * dimension * classes,
            || {
                let sums = DMatrix::<f64>::zeros(dimension, classes);
                (sums, vec![T::ZERO; dimension * classes], Vec::new(), Vec::new())
            },
            |(sum, part, moved, block), range| {
                let chunk = range.start / SAMPLES_PER_CHUNK;
                let mut probabilities = Vec::new();
                let block: &[T] = if let Some(kept) = self.kept_features.blocks.get(chunk) {
                    kept
                } else {
                    self.features.block_in(range.clone(), block);
                    block
                };
                let probabilities = self.kept_probabilities.get(chunk).unwrap_or_else(|| {
                    probabilities = probabilities_of(self.features, block, &range, &theta);
                    &probabilities
                });
                moved.resize(range.len() * classes, T::ZERO);
                across(block, dimension, &along, moved);
                let weights = self.weights(range);
                vectorised(Bend { probabilities, weights: &weights, moved });
                accumulate_gradient(block, dimension, moved, part);
                sum.iter_mut().zip(&*part).for_each(|(sum, part)| *sum += part.widened());
            },
            |(part, ..)| product += part,
        );
        product * (self.largest_weight * size)
    }
}

/// Probabilities in single precision of the first blocks, for as many as there is room for.
pub(super) fn single_probabilities(features: &ScaledFeatures, theta: &DMatrix<f64>) -> Vec<Vec<f32>> {
    let narrow: Vec<f32> = narrowed(theta.as_slice());
    map_sample_chunks(samples_with_probabilities::<f32>(features, theta.ncols()), |range| {
        let mut block = Vec::new();
        features.block_in(range.clone(), &mut block);
        probabilities_of(features, &block, &range, &narrow)
    })
}

/// Probabilities of some samples, `n x K`, from their features and a head (`D x K`) in precision `T`.
pub(super) fn probabilities_of<T: Real>(
    features: &ScaledFeatures,
    block: &[T],
    range: &Range<usize>,
    theta: &[T],
) -> Vec<T> {
    let dimension = features.dimension();
    let mut logits = vec![T::ZERO; range.len() * theta.len() / dimension];
    across(block, dimension, theta, &mut logits);
    features.add_offset(range, &mut logits);
    T::softmax(range.len(), &mut logits);
    logits
}

/// The most that a sample counts, its class's weight included.
pub(super) fn largest_weight(targets: &Targets, class_weights: &[f64]) -> f64 {
    match targets.sample_weights() {
        None => class_weights.iter().copied().fold(0.0, f64::max),
        Some(weights) => {
            let each = weights.iter().zip(targets.class_indices());
            each.map(|(weight, &label)| weight * class_weights[label as usize]).fold(0.0, f64::max)
        }
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
#[derive(Debug, Default)]
pub(super) enum Preconditioner {
    /// There is none yet.
    #[default]
    None,
    /// A factor of each block.
    Blocks(Vec<Cholesky<f64, Dyn>>),
    /// One factor for all of them.
    Shared(Box<SharedFactor>),
}

impl Preconditioner {
    /// At `theta`, with `added[k]` on the diagonal of class `k`'s block beside the penalty.
    /// `probabilities` are those of the first blocks of samples, if they are at hand.
    pub(super) fn new(
        form: Form,
        sampled: SoftmaxPass,
        theta: &DMatrix<f64>,
        probabilities: &[Vec<f32>],
        added: &[f64],
    ) -> Self {
        match form {
            Form::Blocks => Self::Blocks(class_factors(sampled, theta, probabilities, added)),
            Form::Shared => Self::Shared(Box::new(SharedFactor::new(sampled, theta, probabilities, added))),
        }
    }

    /// That of features multiplied by further powers of two, `ratios`, which round nothing: the factor of `R A R` is `R L`.
    pub(super) fn rescaled(self, ratios: &[f64]) -> Self {
        let Self::Blocks(factors) = self else { return self };
        let of_class = |factor: Cholesky<f64, Dyn>| {
            let mut lower = factor.unpack_dirty();
            for mut column in lower.column_iter_mut() {
                column.iter_mut().zip(ratios).for_each(|(entry, ratio)| *entry *= ratio);
            }
            Cholesky::pack_dirty(lower)
        };
        Self::Blocks(factors.into_iter().map(of_class).collect())
    }

    /// `M^-1 R` for residuals `R` (`D x K`).
    pub(super) fn apply(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        let factors = match self {
            Self::None => return residual.clone(),
            Self::Shared(factor) => return factor.apply(residual),
            Self::Blocks(factors) => factors,
        };
        let mut result = residual.clone();
        for (factor, mut column) in factors.iter().zip(result.column_iter_mut()) {
            factor.solve_mut(&mut column);
        }
        result
    }
}
