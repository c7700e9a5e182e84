//! Logistic losses: binary, and one-vs-all with any pair weights (THEORY B1, B6).

use super::{ColumnCurvature, ColumnLoss, Link, Loss, Targets};
use crate::numeric::{Sigmoid, Sum, softplus, update_sample_chunks};
use nalgebra::DMatrix;

/// One logistic loss per logit column `q`, each with a target class `t(q)`:
///
/// `L = sum_q sum_i A[y_i][q] * (softplus(-z_i^q) if y_i = t(q), else softplus(z_i^q))`.
///
/// The pair weights `A` include the reduction (`1 / M` for a weighted mean). Smooth and convex in the logits;
/// `dL/dz_i^q = -A (1 - p)` for targets, `A p` for the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    target_of: Vec<usize>,
    pair_weights: DMatrix<f64>,
    divisor: f64,
}

impl Logistic {
    /// The loss of the task: [`Self::binary`] for two classes, [`Self::one_vs_all`] for more.
    #[must_use]
    pub fn for_classes(targets: &Targets) -> Self {
        if targets.classes() == 2 { Self::binary(targets) } else { Self::one_vs_all(targets) }
    }

    /// Two classes, one column that accepts class 1: the weighted mean of `-log p` or `-log(1 - p)` (B1).
    #[must_use]
    pub fn binary(targets: &Targets) -> Self {
        let weights = targets.class_weights();
        Self::new(vec![1], DMatrix::from_fn(2, 1, |class, _| weights[class]), targets.total_mass())
    }

    /// One column per class; columns are summed before the weighted mean over samples (B6 with
    /// `A[c][k] = lambda_c`).
    #[must_use]
    pub fn one_vs_all(targets: &Targets) -> Self {
        let (classes, weights) = (targets.classes(), targets.class_weights());
        let pair = DMatrix::from_fn(classes, classes, |class, _| weights[class]);
        Self::with_pair_weights(pair, targets.total_mass())
    }

    /// One-vs-all with the weight `A[c][k]` of class-`c` samples in column `k`, the whole divided by `divisor` (B6).
    #[must_use]
    pub fn with_pair_weights(pair_weights: DMatrix<f64>, divisor: f64) -> Self {
        Self::new((0..pair_weights.ncols()).collect(), pair_weights, divisor)
    }

    fn new(target_of: Vec<usize>, pair_weights: DMatrix<f64>, divisor: f64) -> Self {
        Self { target_of, pair_weights: pair_weights / divisor, divisor }
    }

    /// `A[c][q]`, reduction included.
    #[must_use]
    pub fn pair_weights(&self) -> &DMatrix<f64> {
        &self.pair_weights
    }
}

impl Loss for Logistic {
    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn logit_rows(&self) -> usize {
        self.target_of.len()
    }

    fn divisor(&self) -> f64 {
        self.divisor
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let columns: Vec<usize> = (0..self.logit_rows()).collect();
        self.evaluate_columns(&columns, logits, targets, gradient).into_iter().collect::<Sum>().value()
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        let rows = self.logit_rows();
        update_sample_chunks(product, |range, part| {
            for (sample, column) in range.zip(part.chunks_mut(rows)) {
                let class = targets.of_sample()[sample] as usize;
                for (q, entry) in column.iter_mut().enumerate() {
                    let slope = Sigmoid::of(logits[(q, sample)]).slope();
                    *entry = self.pair_weights[(class, q)] * slope * direction[(q, sample)];
                }
            }
        });
    }
}

impl ColumnLoss for Logistic {
    fn target_of(&self, column: usize) -> usize {
        self.target_of[column]
    }

    fn evaluate_columns(
        &self,
        columns: &[usize],
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> Vec<f64> {
        let rows = columns.len();
        let parts = update_sample_chunks(gradient, |range, part| {
            let mut values = vec![Sum::default(); rows];
            for (sample, column) in range.zip(part.chunks_mut(rows)) {
                let class = targets.of_sample()[sample] as usize;
                for (row, entry) in column.iter_mut().enumerate() {
                    let (z, weight) = (logits[(row, sample)], self.pair_weights[(class, columns[row])]);
                    let sigmoid = Sigmoid::of(z);
                    let (loss, slope) = if class == self.target_of[columns[row]] {
                        (softplus(-z), -sigmoid.complement)
                    } else {
                        (softplus(z), sigmoid.probability)
                    };
                    values[row].add(weight * loss);
                    *entry = weight * slope;
                }
            }
            values
        });
        merge_sums(rows, parts)
    }

    fn column_curvature(&self, column: usize, logits: &[f64], targets: &Targets) -> ColumnCurvature {
        let diagonal = logits
            .iter()
            .zip(targets.of_sample())
            .map(|(&z, &class)| self.pair_weights[(class as usize, column)] * Sigmoid::of(z).slope())
            .collect();
        ColumnCurvature { diagonal, coupling: None }
    }
}

/// Joins the per-chunk sums of `length` quantities, in chunk order.
pub(super) fn merge_sums(length: usize, parts: Vec<Vec<Sum>>) -> Vec<f64> {
    let mut totals = vec![Sum::default(); length];
    for part in parts {
        for (total, sum) in totals.iter_mut().zip(part) {
            total.merge(sum);
        }
    }
    totals.into_iter().map(Sum::value).collect()
}
