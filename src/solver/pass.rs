//! Shared code of all passes over the samples: logits for a block of samples at a time, and compensated sums.
//!
//! Logits never exist for all samples at once, so memory does not grow with the number of samples.

use super::scaled_features::ScaledFeatures;
use crate::loss::{ColumnPart, LogitBlock, Targets};
use crate::numeric::{CompensatedMatrix, Sum, fold_sample_spans, largest, largest_magnitude};
use nalgebra::DMatrix;

/// Parameters (`D x Q`) of some columns of a head.
#[derive(Clone, Copy)]
pub(super) struct HeadColumns<'h> {
    pub(super) theta: &'h DMatrix<f64>,
    /// Which columns of the head they are.
    pub(super) columns: &'h [usize],
}

/// Folds `work(accumulator, features of a block, its logits)` over all blocks.
pub(super) fn fold_logit_blocks<A: Send>(
    features: &ScaledFeatures,
    targets: &Targets,
    head: HeadColumns,
    start: impl Fn() -> A + Sync,
    work: impl Fn(&mut A, &[f64], &mut LogitBlock) + Sync,
    mut merge: impl FnMut(A),
) {
    fold_sample_spans(
        features.samples(),
        || (start(), Vec::new(), Vec::new()),
        |(accumulator, scratch, logits), range| {
            let block = features.block(range.clone(), scratch);
            features.block_logits(block, &range, head.theta, head.columns, logits);
            work(accumulator, block, &mut LogitBlock::of(targets, range, logits));
        },
        |(accumulator, _, _)| merge(accumulator),
    );
}

/// What is known of some columns at some parameters.
pub(super) struct Evaluated {
    /// Gradients, `D x Q`, penalty included.
    pub(super) gradient: DMatrix<f64>,
    /// Values, penalty included.
    pub(super) value: Vec<f64>,
    /// `sum_i |dL/dz_i|`: the magnitude of the terms of each gradient.
    pub(super) magnitude: Vec<f64>,
    /// Largest `|z_i|`.
    pub(super) largest_logit: Vec<f64>,
}

/// Running sums of an evaluation.
pub(super) struct Totals {
    gradient: CompensatedMatrix,
    value: Vec<Sum>,
    magnitude: Vec<f64>,
    largest_logit: Vec<f64>,
}

impl Totals {
    pub(super) fn new(dimension: usize, columns: usize) -> Self {
        Self {
            gradient: CompensatedMatrix::zeros(dimension, columns),
            value: vec![Sum::default(); columns],
            magnitude: vec![0.0; columns],
            largest_logit: vec![0.0; columns],
        }
    }

    /// Adds the contribution of a block of samples; `accumulate_gradient` writes its gradient (`D x Q`).
    pub(super) fn add(&mut self, parts: &[ColumnPart], accumulate_gradient: impl FnOnce(&mut [f64])) {
        let (dimension, columns) = self.gradient.shape();
        let mut gradient = DMatrix::zeros(dimension, columns);
        accumulate_gradient(gradient.as_mut_slice());
        self.gradient.add(&gradient);
        for (column, part) in parts.iter().enumerate() {
            self.value[column].add(part.value);
            self.magnitude[column] += part.magnitude;
            self.largest_logit[column] = self.largest_logit[column].max(part.largest_logit);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.gradient.add(&other.gradient.value());
        for (column, value) in other.value.into_iter().enumerate() {
            self.value[column].merge(value);
            self.magnitude[column] += other.magnitude[column];
            self.largest_logit[column] = self.largest_logit[column].max(other.largest_logit[column]);
        }
    }

    pub(super) fn with_penalty(self, features: &ScaledFeatures, theta: &DMatrix<f64>) -> Evaluated {
        let mut gradient = self.gradient.value();
        let mut value: Vec<f64> = self.value.into_iter().map(Sum::value).collect();
        for (column, theta) in theta.column_iter().enumerate() {
            value[column] += features.penalty_of(theta.iter().copied());
            for (entry, penalty) in features.penalty().iter().enumerate() {
                gradient[(entry, column)] += penalty * theta[entry];
            }
        }
        Evaluated { gradient, value, magnitude: self.magnitude, largest_logit: self.largest_logit }
    }
}

impl Evaluated {
    /// The largest entry of each column's gradient relative to the magnitude of its terms.
    pub(super) fn relative_gradient(&self) -> f64 {
        let of_column = |(column, magnitude): (usize, &f64)| {
            largest_magnitude(self.gradient.column(column).iter().copied()) / magnitude.max(f64::MIN_POSITIVE)
        };
        largest(self.magnitude.iter().enumerate().map(of_column))
    }
}
