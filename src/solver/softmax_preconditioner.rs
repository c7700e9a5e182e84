//! Preconditioner of conjugate gradients on the softmax Hessian: one Cholesky factor per class, from a part of the
//! samples, for convergence in a few iterations.

use super::column_pass::Precision;
use super::dense::cholesky;
use super::direction::regular_factor;
use super::gram::{SingleBlock, SingleGram};
use super::pass::{HeadColumns, fold_logit_blocks};
use super::scaled_features::ScaledFeatures;
use crate::loss::{Softmax, Targets, weigh};
use crate::numeric::{map_items, sample_chunks};
use nalgebra::{Cholesky, DMatrix, Dyn};

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
    pub(super) fn apply(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
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
