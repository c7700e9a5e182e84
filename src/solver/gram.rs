//! Weighted second moments of blocks of samples, `X diag(w) X^T`: where most of a Hessian's time goes.

use super::dense::{add_lower_of_outer, lower_of_outer};
use super::real::Real;
use super::scaled_features::ScaledFeatures;
use crate::numeric::{Kernel, vectorised};
use nalgebra::DMatrix;
use std::ops::Range;

/// Adds `X diag(weights) X^T` of a block (`D x n`) to the lower triangle of `sum`, in double precision.
pub(super) fn gram(block: &[f64], weights: &[f64], sum: &mut DMatrix<f64>) {
    let dimension = sum.nrows();
    let mut weighted = vec![0.0; block.len()];
    vectorised(Weigh { block, weights, into: &mut weighted });
    add_lower_of_outer(&weighted, block, dimension, sum.as_mut_slice());
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
        features.single_block(range, &mut self.values);
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
