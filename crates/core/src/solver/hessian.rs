//! Hessians and directions of descent: weighted second moments of blocks of samples, `X diag(w) X^T`, in two precisions,
//! where most of the time goes; and from a Hessian and a gradient to a direction, whatever the Hessian's rank or sign.
#![allow(clippy::inline_always, reason = "called from kernels compiled for the caller's instructions")]

use super::column_pass::Precision;
use super::dense::{Element, add_lower_of_outer, cholesky, eigen, lower_of_outer};
use super::pass::ScaledFeatures;
use super::problem::Intercept;
use crate::loss::{Softmax, Targets};
use crate::numeric::{Kernel, fold_sample_spans, vectorised};
use nalgebra::{Cholesky, DMatrix, DVector, DVectorView, Dyn, LU, SymmetricEigen};
use std::ops::{Add, AddAssign, Mul, Range, Sub};

/// Adds `X diag(weights) X^T` of a block (`D x n`) to the lower triangle of `sum`, in double precision; `weighted` is room for the
/// block times its weights.
pub(super) fn gram(block: &[f64], weights: &[f64], weighted: &mut Vec<f64>, sum: &mut DMatrix<f64>) {
    let dimension = sum.nrows();
    weighted.resize(block.len(), 0.0);
    vectorised(Weigh { block, weights, into: weighted });
    add_lower_of_outer(weighted, block, dimension, sum.as_mut_slice());
}

/// A block of samples in single precision: products at twice the speed, for Hessians that only steer a search.
#[derive(Default)]
pub(super) struct SingleBlock {
    values: Vec<f32>,
}

/// Room for the products of [`SingleBlock`]s.
#[derive(Default)]
pub(super) struct SingleGram {
    relative: Vec<f32>,
    weighted: Vec<f32>,
    product: Vec<f32>,
}

impl SingleBlock {
    /// Takes a block (`D x n`).
    pub(super) fn load(&mut self, features: &ScaledFeatures, range: Range<usize>) {
        features.block_in(range, &mut self.values);
    }

    /// `D x n`.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// The samples, `D` numbers each.
    pub(super) fn samples(&self, dimension: usize) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(dimension)
    }
}

impl SingleGram {
    /// Adds `X diag(weights) X^T` to the lower triangle of `sum`.
    pub(super) fn add(&mut self, block: &SingleBlock, weights: &[f64], sum: &mut DMatrix<f64>) {
        let (block, dimension) = (&block.values, sum.nrows());
        self.weighted.resize(block.len(), 0.0);
        self.product.resize(dimension * dimension, 0.0);
        // The largest weight is divided out: weights of 1e-40 would vanish in single precision.
        let largest = weights.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
        if largest == 0.0 {
            return;
        }
        let inverse = 1.0 / largest.max(f64::MIN_POSITIVE);
        self.relative.resize(weights.len(), 0.0);
        vectorised(NarrowScaled { values: weights, factor: inverse, into: &mut self.relative });
        vectorised(Weigh { block, weights: &self.relative, into: &mut self.weighted });
        lower_of_outer(&self.weighted, block, dimension, &mut self.product);
        for column in 0..dimension {
            let lower = column * dimension + column..(column + 1) * dimension;
            let entries = sum.as_mut_slice()[lower.clone()].iter_mut().zip(&self.product[lower]);
            entries.for_each(|(total, entry)| *total += largest * f64::from(*entry));
        }
    }
}

/// Every sample times its weight.
struct Weigh<'a, T> {
    block: &'a [T],
    weights: &'a [T],
    into: &'a mut [T],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Real> Kernel for Weigh<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let dimension = self.block.len() / self.weights.len();
        let samples = self.block.chunks_exact(dimension).zip(self.into.chunks_exact_mut(dimension));
        for ((sample, weighted), &weight) in samples.zip(self.weights) {
            let (lanes, last) = sample.as_chunks::<8>();
            let (weighted_lanes, last_weighted) = weighted.as_chunks_mut::<8>();
            for (lane, weighted) in lanes.iter().zip(weighted_lanes) {
                *weighted = lane.map(|entry| entry * weight);
            }
            last.iter().zip(last_weighted).for_each(|(&entry, weighted)| *weighted = entry * weight);
        }
    }
}

/// Numbers times a factor, in single precision.
struct NarrowScaled<'a> {
    values: &'a [f64],
    factor: f64,
    into: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for NarrowScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let entries = self.into.iter_mut().zip(self.values);
        entries.for_each(|(narrow, &value)| *narrow = f32::narrowed(value * self.factor));
    }
}

/// `f32` or `f64`, as matrix products take them.
pub(crate) trait Real:
    Element
    + Copy
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + AddAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Rounded from double precision.
    fn narrowed(value: f64) -> Self;
    /// In double precision.
    fn widened(self) -> f64;
    /// Writes softmax probabilities over the logits of so many samples, sample index fastest.
    fn softmax(samples: usize, logits: &mut [Self]);
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[allow(clippy::cast_possible_truncation, reason = "single precision is what is asked for")]
    #[inline(always)]
    fn narrowed(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn widened(self) -> f64 {
        f64::from(self)
    }

    fn softmax(samples: usize, logits: &mut [Self]) {
        Softmax::single_probabilities(samples, logits);
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn narrowed(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn widened(self) -> f64 {
        self
    }

    fn softmax(samples: usize, logits: &mut [Self]) {
        Softmax::double_probabilities(samples, logits);
    }
}

/// Eigenvalues below this share of the largest are raised to it.
const SMALLEST_EIGENVALUE: f64 = 1e-15;

impl Precision {
    /// A pivot this far below its diagonal entry is rounding error: the matrix counts as singular.
    fn smallest_pivot(self) -> f64 {
        match self {
            Self::Single => 1e-5,
            Self::Double => 1e-14,
        }
    }
}

/// Cholesky factor of a positive definite matrix, or `None` when a pivot vanishes to rounding.
pub(super) fn regular_factor(matrix: &DMatrix<f64>, precision: Precision) -> Option<Cholesky<f64, Dyn>> {
    let factor = cholesky(matrix.clone())?;
    let lower = factor.l_dirty();
    let smallest = precision.smallest_pivot();
    let regular = (0..matrix.nrows()).all(|j| lower[(j, j)].powi(2) > smallest * matrix[(j, j)]);
    regular.then_some(factor)
}

/// Second derivatives, ready to turn gradients into directions.
#[derive(Debug, Clone)]
pub(super) enum Curvature {
    /// Positive definite: Newton's own steps.
    Definite(Cholesky<f64, Dyn>),
    /// Indefinite or singular: steps with the eigenvalues replaced by their magnitudes.
    Indefinite(SymmetricEigen<f64, Dyn>),
    /// The derivative of a field that is not a gradient, hence not symmetric: Newton steps to its zero.
    OfField(LU<f64, Dyn, Dyn>),
}

impl Curvature {
    /// Of a Hessian in double precision.
    pub(super) fn of(hessian: DMatrix<f64>) -> Self {
        match regular_factor(&hessian, Precision::Double) {
            Some(factor) => Self::Definite(factor),
            None => Self::Indefinite(eigen(hessian)),
        }
    }

    /// Of the derivative of a field that is not a gradient, or `None` where that is singular.
    pub(super) fn of_field(derivative: DMatrix<f64>) -> Option<Self> {
        let factor = LU::new(derivative);
        factor.is_invertible().then_some(Self::OfField(factor))
    }

    /// Whether a negative eigenvalue made the steps other than Newton's.
    pub(super) fn is_indefinite(&self) -> bool {
        matches!(self, Self::Indefinite(_))
    }

    /// The derivative of the value along `direction`; zero for a field, which has no value.
    pub(super) fn slope(&self, gradient: &DVector<f64>, direction: &DVector<f64>) -> f64 {
        match self {
            Self::Definite(_) | Self::Indefinite(_) => gradient.dot(direction),
            Self::OfField(_) => 0.0,
        }
    }

    /// `-H^-1 g`, or the descent direction that replaces it.
    pub(super) fn direction(&self, gradient: &DVectorView<f64>) -> DVector<f64> {
        match self {
            Self::Definite(factor) => -factor.solve(gradient),
            Self::OfField(factor) => {
                factor.solve(gradient).map_or_else(|| DVector::zeros(gradient.len()), |step| -step)
            }
            Self::Indefinite(eigen) => {
                let floor = SMALLEST_EIGENVALUE * eigen.eigenvalues.amax();
                let mut along = eigen.eigenvectors.tr_mul(gradient);
                for (component, value) in along.iter_mut().zip(eigen.eigenvalues.iter()) {
                    *component /= -value.abs().max(floor).max(f64::MIN_POSITIVE);
                }
                &eigen.eigenvectors * along
            }
        }
    }
}

/// The smallest eigenvalue of a Hessian and its eigenvector.
pub(super) fn smallest_curvature(hessian: DMatrix<f64>) -> (f64, DVector<f64>) {
    let eigen = eigen(hessian);
    let index = eigen.eigenvalues.imin();
    (eigen.eigenvalues[index], eigen.eigenvectors.column(index).into_owned())
}

/// Parameters of the search as a linear function of those of features with mean 0 and variance 1, samples counted by their
/// weights (`D x D`): a Hessian `H` becomes `J^T H J`. Without an intercept features are scaled alone, and its unknown is left out
/// (`D x d`).
pub(super) fn by_standardised(features: &ScaledFeatures, targets: &Targets) -> DMatrix<f64> {
    let dimension = features.dimension();
    let zeros = || (DVector::zeros(dimension), DVector::zeros(dimension));
    let (mut sums, mut squares) = zeros();
    fold_sample_spans(
        features.samples(),
        || (zeros(), Vec::new()),
        |((sums, squares), scratch), range| {
            let block = features.block(range.clone(), scratch);
            for (sample, place) in block.chunks_exact(dimension).zip(range) {
                let (sample, weight) = (DVector::from_column_slice(sample), targets.sample_weight(place));
                sums.axpy(weight, &sample, 1.0);
                squares.axpy(weight, &sample.component_mul(&sample), 1.0);
            }
        },
        |((of_sums, of_squares), _)| {
            sums += of_sums;
            squares += of_squares;
        },
    );
    let (last, total) = (dimension - 1, targets.total_size());
    let mut change = DMatrix::identity(dimension, dimension);
    for j in 0..last {
        let mean = match features.intercept() {
            Intercept::Free => sums[j] / total,
            Intercept::None => 0.0,
        };
        let spread = (squares[j] / total - mean * mean).sqrt();
        if spread > 0.0 {
            change[(j, j)] = 1.0 / spread;
            change[(last, j)] = -mean / spread;
        }
    }
    match features.intercept() {
        Intercept::Free => change,
        Intercept::None => change.remove_column(last),
    }
}
