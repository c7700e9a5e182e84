//! One Cholesky factor per class, from a share of the samples: what makes conjugate gradients on the softmax Hessian
//! converge in a few iterations.

use super::column_pass::Precision;
use super::direction::factor;
use super::gram::{SingleBlock, SingleGram};
use super::pass::HeadColumns;
use super::scaled_features::ScaledFeatures;
use super::softmax_curvature::block_probabilities;
use crate::loss::{Softmax, Targets};
use crate::numeric::{SAMPLES_PER_CHUNK, map_sample_chunks};
use nalgebra::{Cholesky, DMatrix, Dyn};
use rayon::prelude::*;

/// Approximate inverses of each class's own block of the Hessian.
#[derive(Default)]
pub(super) struct Preconditioner {
    factors: Vec<Cholesky<f64, Dyn>>,
}

/// The samples that blocks are computed from, weighted so that they stand for all.
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
    /// Null directions are those of the whole data.
    pub(super) fn new(sampled: Sampled, whole: &ScaledFeatures, theta: &DMatrix<f64>, added: &[f64]) -> Self {
        let Sampled { features, targets, loss } = sampled;
        let (dimension, classes) = theta.shape();
        let columns: Vec<usize> = (0..classes).collect();
        let head = HeadColumns { theta, columns: &columns };
        let weights = loss.sample_weights(targets);
        let blocks = map_sample_chunks(features.samples(), |range| {
            let mut curvatures: Vec<f64> =
                block_probabilities(features, targets.of_sample(), range.clone(), head);
            let labels = &targets.of_sample()[range.clone()];
            for column in curvatures.chunks_exact_mut(labels.len()) {
                for (p, &label) in column.iter_mut().zip(labels) {
                    *p *= weights[label as usize] * (1.0 - *p);
                }
            }
            let mut single = SingleBlock::default();
            single.load(features, range);
            (single, curvatures)
        });
        let pooled = pooled_block(&blocks, dimension, classes);
        let factor_of = |class: usize| {
            let mut weighing = SingleGram::default();
            let mut block = DMatrix::zeros(dimension, dimension);
            let (mut sum, mut squares) = (0.0, 0.0);
            for (single, curvatures) in &blocks {
                let samples = curvatures.len() / classes;
                let weights = &curvatures[class * samples..(class + 1) * samples];
                weighing.add(single, weights, &mut block);
                sum += weights.iter().sum::<f64>();
                squares += weights.iter().map(|weight| weight * weight).sum::<f64>();
            }
            let effective = if squares > 0.0 { sum * sum / squares } else { 0.0 };
            let noise = dimension as f64 / (dimension as f64 + effective);
            let scale = block.trace() / pooled.trace().max(f64::MIN_POSITIVE);
            block = block * (1.0 - noise) + &pooled * (scale * noise);
            block.fill_upper_triangle_with_lower_triangle();
            for (entry, penalty) in features.penalty().iter().enumerate() {
                block[(entry, entry)] += penalty + added[class];
            }
            factor(&mut block, whole, Precision::Single).unwrap_or_else(|| ridged_factor(block))
        };
        Self { factors: columns.par_iter().map(|&class| factor_of(class)).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.factors.is_empty()
    }

    /// `M^-1 R` for residuals `R` (`D x K`).
    pub(super) fn apply(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        let mut result = residual.clone();
        for (factor, mut column) in self.factors.iter().zip(result.column_iter_mut()) {
            factor.solve_mut(&mut column);
        }
        result
    }
}

/// The blocks of all classes together (lower triangle).
fn pooled_block(blocks: &[(SingleBlock, Vec<f64>)], dimension: usize, classes: usize) -> DMatrix<f64> {
    let mut pooled = DMatrix::zeros(dimension, dimension);
    let mut weighing = SingleGram::default();
    for (single, curvatures) in blocks {
        let samples = curvatures.len() / classes;
        let mut weights = [0.0; SAMPLES_PER_CHUNK];
        for column in curvatures.chunks_exact(samples) {
            weights.iter_mut().zip(column).for_each(|(sum, weight)| *sum += weight);
        }
        weighing.add(single, &weights[..samples], &mut pooled);
    }
    pooled
}

/// A factor of a block that is singular to rounding; only the speed of convergence depends on it.
fn ridged_factor(mut block: DMatrix<f64>) -> Cholesky<f64, Dyn> {
    let size = block.nrows();
    let typical = (block.trace() / size as f64).max(f64::MIN_POSITIVE);
    for exponent in (-8..=0).step_by(2) {
        for entry in 0..size {
            block[(entry, entry)] += typical * 10.0_f64.powi(exponent);
        }
        if let Some(factor) = Cholesky::new(block.clone()) {
            return factor;
        }
    }
    Cholesky::new_unchecked(DMatrix::from_diagonal_element(size, size, typical.sqrt()))
}
