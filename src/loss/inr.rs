//! LGL-INR: logistic loss with in-negative-class reweighting (THEORY section 5).

use super::logistic::merge_sums;
use super::{ClassCoupling, ColumnCurvature, ColumnLoss, Link, Loss, Targets};
use crate::numeric::{Sigmoid, Sum, map_sample_chunks, softplus, update_sample_chunks};
use nalgebra::DMatrix;

/// Whether the gradient flows through the in-negative-class weights `omega`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InrVariant {
    /// `omega` is a function of the logits (R2); the usual default.
    Attached,
    /// `omega` is a constant in the gradient (R1); a stationary point is a fixed point.
    Detached,
}

/// The sum over classes `k` of `mean_{i in k} -log p_i^k + sum_{c != k} omega_c^k mean_{i in c} -log(1 - p_i^k)`
/// with `omega_c^k = exp(beta P[c][k]) / sum_{j != k} exp(beta P[j][k])`.
///
/// Means are over each class's own samples, so a class weight, which counts every sample of a class
/// `lambda_c` times, leaves this loss as it is. Attached and `beta > 0`: smooth, not convex.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inr {
    /// `K`, classes and logit columns.
    pub classes: usize,
    /// Sharpness `beta >= 0` of the reweighting.
    pub beta: f64,
    /// Attached or detached `omega`.
    pub variant: InrVariant,
}

/// Class means of one column and the weights they imply.
#[derive(Debug, Clone)]
pub(crate) struct ColumnMeans {
    /// `l_c`: mean of `-log(1 - p)` (of `-log p` for the target class).
    pub(crate) loss: Vec<f64>,
    /// `omega_c`, zero for the target class.
    pub(crate) omega: Vec<f64>,
    /// `lbar = sum_c omega_c l_c`.
    pub(crate) mean_loss: f64,
}

impl ColumnMeans {
    /// The column's value `l_k + lbar`.
    fn value(&self, target: usize) -> f64 {
        self.loss[target] + self.mean_loss
    }
}

/// `softmax(beta * probability)` over all classes but `target`.
pub(crate) fn in_negative_weights(beta: f64, probability: &[f64], target: usize) -> Vec<f64> {
    let others = || probability.iter().enumerate().filter(|(class, _)| *class != target);
    let largest = others().map(|(_, &p)| p).fold(f64::NEG_INFINITY, f64::max);
    let mut omega = vec![0.0; probability.len()];
    for (class, &p) in others() {
        omega[class] = (beta * (p - largest)).exp();
    }
    let total: f64 = omega.iter().sum();
    omega.iter_mut().for_each(|weight| *weight /= total);
    omega
}

impl Inr {
    /// Class means of the columns in `logits` (row `r` belongs to column `columns[r]`).
    pub(crate) fn column_means(
        &self,
        columns: &[usize],
        logits: &DMatrix<f64>,
        targets: &Targets,
    ) -> Vec<ColumnMeans> {
        let (rows, classes) = (columns.len(), self.classes);
        let parts = map_sample_chunks(targets.samples(), |range| {
            let mut sums = vec![Sum::default(); 2 * rows * classes];
            for sample in range {
                let class = targets.of_sample()[sample] as usize;
                for (row, &column) in columns.iter().enumerate() {
                    let z = logits[(row, sample)];
                    let at = 2 * (row * classes + class);
                    sums[at].add(Sigmoid::of(z).probability);
                    sums[at + 1].add(softplus(if class == column { -z } else { z }));
                }
            }
            sums
        });
        let sums = merge_sums(2 * rows * classes, parts);
        let mean = |row: usize, class: usize, which: usize| {
            sums[2 * (row * classes + class) + which] / targets.counts()[class] as f64
        };
        let means_of = |(row, &target): (usize, &usize)| {
            let probability: Vec<f64> = (0..classes).map(|class| mean(row, class, 0)).collect();
            let loss: Vec<f64> = (0..classes).map(|class| mean(row, class, 1)).collect();
            let omega = in_negative_weights(self.beta, &probability, target);
            let mean_loss = omega.iter().zip(&loss).map(|(weight, loss)| weight * loss).sum();
            ColumnMeans { loss, omega, mean_loss }
        };
        columns.iter().enumerate().map(means_of).collect()
    }

    /// `beta omega_c (l_c - lbar)`, the derivative of `lbar` by the mean probability of class `c`; zero when detached.
    fn pull(&self, means: &ColumnMeans, class: usize) -> f64 {
        match self.variant {
            InrVariant::Attached => self.beta * means.omega[class] * (means.loss[class] - means.mean_loss),
            InrVariant::Detached => 0.0,
        }
    }

    /// Derivatives of each sample's class mean of the loss (`p / N_c`) and of the probability (`p (1 - p) / N_c`) by
    /// the sample's own logit; zero for the target class.
    pub(crate) fn mean_slopes(column: usize, logits: &[f64], targets: &Targets) -> (Vec<f64>, Vec<f64>) {
        let slopes = |(&z, &label): (&f64, &u32)| {
            let (sigmoid, count) = (Sigmoid::of(z), targets.counts()[label as usize] as f64);
            if label as usize == column {
                (0.0, 0.0)
            } else {
                (sigmoid.probability / count, sigmoid.slope() / count)
            }
        };
        logits.iter().zip(targets.of_sample()).map(slopes).unzip()
    }

    /// Second derivative of `lbar` by the class means, `2K x 2K` (losses first, probabilities second).
    ///
    /// `d2/da_c dl_e = beta omega_c (delta_ce - omega_e)` and
    /// `d2/da_c da_e = beta^2 omega_c (delta_ce (l_c - lbar) - omega_e (l_c - lbar) - omega_e (l_e - lbar))`.
    fn mean_curvature(&self, means: &ColumnMeans) -> DMatrix<f64> {
        let (classes, omega, beta) = (self.classes, &means.omega, self.beta);
        let excess = |class: usize| means.loss[class] - means.mean_loss;
        let mut matrix = DMatrix::zeros(2 * classes, 2 * classes);
        for c in 0..classes {
            for e in 0..classes {
                let same = if c == e { 1.0 } else { 0.0 };
                let mixed = beta * omega[c] * (same - omega[e]);
                matrix[(classes + c, e)] = mixed;
                matrix[(e, classes + c)] = mixed;
                matrix[(classes + c, classes + e)] =
                    beta * beta * omega[c] * (same * excess(c) - omega[e] * (excess(c) + excess(e)));
            }
        }
        matrix
    }
}

impl Loss for Inr {
    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn logit_rows(&self) -> usize {
        self.classes
    }

    fn divisor(&self) -> f64 {
        1.0
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let columns: Vec<usize> = (0..self.classes).collect();
        self.evaluate_columns(&columns, logits, targets, gradient).into_iter().collect::<Sum>().value()
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        for column in 0..self.classes {
            let own: Vec<f64> = logits.row(column).iter().copied().collect();
            let curvature = self.column_curvature(column, &own, targets);
            let along: Vec<f64> = direction.row(column).iter().copied().collect();
            let result = curvature.times(&along, targets);
            product.row_mut(column).iter_mut().zip(result).for_each(|(entry, value)| *entry = value);
        }
    }
}

impl ColumnLoss for Inr {
    fn target_of(&self, column: usize) -> usize {
        column
    }

    fn evaluate_columns(
        &self,
        columns: &[usize],
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> Vec<f64> {
        let means = self.column_means(columns, logits, targets);
        let rows = columns.len();
        update_sample_chunks(gradient, |range, part| {
            for (sample, entries) in range.zip(part.chunks_mut(rows)) {
                let class = targets.of_sample()[sample] as usize;
                let count = targets.counts()[class] as f64;
                for (row, entry) in entries.iter_mut().enumerate() {
                    let sigmoid = Sigmoid::of(logits[(row, sample)]);
                    *entry = if class == columns[row] {
                        -sigmoid.complement / count
                    } else {
                        let (weight, pull) = (means[row].omega[class], self.pull(&means[row], class));
                        sigmoid.probability * (weight + pull * sigmoid.complement) / count
                    };
                }
            }
        });
        means.iter().zip(columns).map(|(means, &column)| means.value(column)).collect()
    }

    fn column_curvature(&self, column: usize, logits: &[f64], targets: &Targets) -> ColumnCurvature {
        let row = DMatrix::from_row_slice(1, logits.len(), logits);
        let means = &self.column_means(&[column], &row, targets)[0];
        let own_curvature = |(&z, &label): (&f64, &u32)| {
            let class = label as usize;
            let sigmoid = Sigmoid::of(z);
            let slope = sigmoid.slope() / targets.counts()[class] as f64;
            if class == column {
                slope
            } else {
                let bend = sigmoid.complement - sigmoid.probability;
                slope * (means.omega[class] + self.pull(means, class) * bend)
            }
        };
        let diagonal = logits.iter().zip(targets.of_sample()).map(own_curvature).collect();
        let coupling = (self.variant == InrVariant::Attached && self.beta > 0.0).then(|| {
            let (loss_slope, probability_slope) = Self::mean_slopes(column, logits, targets);
            ClassCoupling { loss_slope, probability_slope, matrix: self.mean_curvature(means) }
        });
        ColumnCurvature { diagonal, coupling }
    }
}

impl ColumnCurvature {
    /// The curvature applied to a change `along` of the column's `N` logits.
    #[must_use]
    pub fn times(&self, along: &[f64], targets: &Targets) -> Vec<f64> {
        let mut result: Vec<f64> = self.diagonal.iter().zip(along).map(|(d, v)| d * v).collect();
        let Some(coupling) = &self.coupling else { return result };
        let classes = targets.classes();
        let mut means = nalgebra::DVector::zeros(2 * classes);
        for (sample, &label) in targets.of_sample().iter().enumerate() {
            means[label as usize] += coupling.loss_slope[sample] * along[sample];
            means[classes + label as usize] += coupling.probability_slope[sample] * along[sample];
        }
        let forces = &coupling.matrix * means;
        for (sample, &label) in targets.of_sample().iter().enumerate() {
            result[sample] += coupling.loss_slope[sample] * forces[label as usize]
                + coupling.probability_slope[sample] * forces[classes + label as usize];
        }
        result
    }
}
