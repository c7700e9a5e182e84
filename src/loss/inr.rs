//! LGL-INR: logistic loss with in-negative-class reweighting (THEORY section 5).

use super::pair_weights::{ColumnMeans, PairWeights};
use super::{ColumnLoss, Link, Loss, Targets, columns};
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

/// In-negative-class weights of one column and the mean loss under them.
struct Reweighting<'a> {
    /// `l_c`.
    loss: &'a [f64],
    /// `omega_c`, zero for the target class.
    omega: Vec<f64>,
    /// `lbar = sum_c omega_c l_c`.
    mean_loss: f64,
}

impl Inr {
    /// `omega` of one column, given its class means; zero for the target class.
    pub(crate) fn omega(&self, column: usize, means: &ColumnMeans) -> Vec<f64> {
        in_negative_weights(self.beta, &means.probability, column)
    }

    fn reweighting<'a>(&self, column: usize, means: &'a ColumnMeans) -> Reweighting<'a> {
        let omega = self.omega(column, means);
        let mean_loss = omega.iter().zip(&means.loss).map(|(weight, loss)| weight * loss).sum();
        Reweighting { loss: &means.loss, omega, mean_loss }
    }

    /// Second derivative of `lbar` by the class means, `2K x 2K` (losses first, probabilities second).
    ///
    /// `d2/da_c dl_e = beta omega_c (delta_ce - omega_e)` and
    /// `d2/da_c da_e = beta^2 omega_c (delta_ce (l_c - lbar) - omega_e (l_c - lbar) - omega_e (l_e - lbar))`.
    /// Detached, `lbar` is pulled at through the losses alone, so that only `d omega_e / da_c` is left.
    fn mean_curvature(&self, means: &Reweighting) -> DMatrix<f64> {
        let (classes, omega, beta) = (self.classes, &means.omega, self.beta);
        let excess = |class: usize| means.loss[class] - means.mean_loss;
        let mut matrix = DMatrix::zeros(2 * classes, 2 * classes);
        for c in 0..classes {
            for e in 0..classes {
                let same = if c == e { 1.0 } else { 0.0 };
                let mixed = beta * omega[c] * (same - omega[e]);
                matrix[(e, classes + c)] = mixed;
                if self.variant == InrVariant::Detached {
                    continue;
                }
                matrix[(classes + c, e)] = mixed;
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
        columns::value_and_gradient(self, logits, targets, gradient)
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        columns::curvature_product(self, logits, targets, direction, product);
    }
}

impl ColumnLoss for Inr {
    fn reads_class_means(&self) -> bool {
        true
    }

    fn has_value(&self) -> bool {
        self.variant == InrVariant::Attached || self.beta == 0.0
    }

    /// Shares `omega_c / N_c` (`1 / N_k` for targets); attached, each class's samples are also pulled by
    /// `beta omega_c (l_c - lbar) / N_c`, the derivative of `lbar` by the mean probability of class `c`.
    fn pair_weights(&self, columns: &[usize], means: &[ColumnMeans], targets: &Targets) -> PairWeights {
        let mut share = DMatrix::zeros(self.classes, columns.len());
        let mut pull = DMatrix::zeros(self.classes, columns.len());
        for (index, (&column, means)) in columns.iter().zip(means).enumerate() {
            let at = self.reweighting(column, means);
            for (class, &count) in targets.counts().iter().enumerate() {
                let omega = if class == column { 1.0 } else { at.omega[class] };
                share[(class, index)] = omega / count as f64;
                pull[(class, index)] =
                    self.beta * at.omega[class] * (at.loss[class] - at.mean_loss) / count as f64;
            }
        }
        let attached = self.variant == InrVariant::Attached;
        PairWeights { targets: columns.to_vec(), share, pull: (attached && self.beta > 0.0).then_some(pull) }
    }

    fn coupling(&self, column: usize, means: &ColumnMeans) -> Option<DMatrix<f64>> {
        (self.beta > 0.0).then(|| self.mean_curvature(&self.reweighting(column, means)))
    }
}
