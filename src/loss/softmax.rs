//! Softmax cross-entropy (THEORY B5).

use super::{Link, Loss, Targets};
use crate::numeric::{Sum, update_sample_chunks};
use nalgebra::DMatrix;

/// The weighted mean of `-log softmax(z)_y`:
///
/// `L = (1/M) sum_i lambda_{y_i} (log sum_k exp z_i^k - z_i^{y_i})`, `dL/dz_i^k = (lambda_{y_i}/M) (p_i^k - 1[k = y_i])`.
///
/// The target's entry is `-(sum of the others' probabilities)`, never `p - 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softmax {
    classes: usize,
    total_mass: f64,
}

/// Softmax probabilities of a batch with what curvature products need, computed once per point.
#[derive(Debug, Clone)]
pub struct SoftmaxProbabilities {
    /// `p_i^k`, `K x N`.
    pub probabilities: DMatrix<f64>,
    weights: Vec<f64>,
}

impl Softmax {
    /// The loss for as many classes as the targets have, divided by their total mass.
    #[must_use]
    pub fn new(targets: &Targets) -> Self {
        Self { classes: targets.classes(), total_mass: targets.total_mass() }
    }

    /// Probabilities at `logits`, for repeated curvature products.
    #[must_use]
    pub fn probabilities(self, logits: &DMatrix<f64>, targets: &Targets) -> SoftmaxProbabilities {
        let mut probabilities = logits.clone();
        update_sample_chunks(&mut probabilities, |_, part| {
            for column in part.chunks_mut(self.classes) {
                let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut total = 0.0;
                for entry in column.iter_mut() {
                    *entry = (*entry - largest).exp();
                    total += *entry;
                }
                column.iter_mut().for_each(|entry| *entry /= total);
            }
        });
        let weights =
            targets.class_weights().iter().map(|weight| weight / self.total_mass).collect::<Vec<_>>();
        SoftmaxProbabilities { probabilities, weights }
    }
}

impl SoftmaxProbabilities {
    /// `d2L/dz2 * V`: per sample `w (p .* v - p (p . v))`, written over `direction`.
    pub fn curvature_product_in_place(&self, targets: &Targets, direction: &mut DMatrix<f64>) {
        let classes = self.probabilities.nrows();
        update_sample_chunks(direction, |range, part| {
            for (sample, column) in range.zip(part.chunks_mut(classes)) {
                let p = self.probabilities.column(sample);
                let mean: f64 = p.iter().zip(column.iter()).map(|(p, v)| p * v).sum();
                let weight = self.weights[targets.of_sample()[sample] as usize];
                for (p, entry) in p.iter().zip(column.iter_mut()) {
                    *entry = weight * p * (*entry - mean);
                }
            }
        });
    }

    /// `w p_k (1 - p_k)` of every sample: the curvature of class `class`'s own logit.
    #[must_use]
    pub fn own_curvature(&self, class: usize, targets: &Targets) -> Vec<f64> {
        targets
            .of_sample()
            .iter()
            .zip(self.probabilities.row(class).iter())
            .map(|(&label, &p)| self.weights[label as usize] * p * (1.0 - p))
            .collect()
    }
}

/// Value of one sample and its probabilities minus the one-hot target, from logits to residuals in place.
fn sample_value_and_residual(column: &mut [f64], target: usize) -> f64 {
    let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let below = column[target] - largest;
    let mut others = 0.0;
    for (class, entry) in column.iter_mut().enumerate() {
        *entry = (*entry - largest).exp();
        if class != target {
            others += *entry;
        }
    }
    let total = others + column[target];
    column.iter_mut().for_each(|entry| *entry /= total);
    column[target] = -(others / total);
    // When the target is the largest its exponential is exactly 1 and log(total) = log1p(others) keeps the tail.
    if below == 0.0 { others.ln_1p() } else { total.ln() - below }
}

impl Loss for Softmax {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn logit_rows(&self) -> usize {
        self.classes
    }

    fn divisor(&self) -> f64 {
        self.total_mass
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let rows = self.classes;
        let parts = update_sample_chunks(gradient, |range, part| {
            part.copy_from_slice(&logits.as_slice()[range.start * rows..range.end * rows]);
            let mut value = Sum::default();
            for (sample, column) in range.zip(part.chunks_mut(rows)) {
                let class = targets.of_sample()[sample] as usize;
                let weight = targets.class_weights()[class] / self.total_mass;
                value.add(weight * sample_value_and_residual(column, class));
                column.iter_mut().for_each(|entry| *entry *= weight);
            }
            value
        });
        let mut total = Sum::default();
        parts.into_iter().for_each(|part| total.merge(part));
        total.value()
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        product.copy_from(direction);
        self.probabilities(logits, targets).curvature_product_in_place(targets, product);
    }
}
