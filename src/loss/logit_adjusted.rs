//! Softmax cross-entropy of logits shifted by class frequencies (THEORY B7).

use super::{Link, Loss, Softmax, Targets};
use nalgebra::DMatrix;
use std::borrow::Cow;

/// Softmax cross-entropy of `z_k + t log pi_k`, where `pi_k = N_k / N`. B5 holds for the probabilities of the shifted
/// logits; the plain ones classify.
///
/// Source: A. K. Menon, S. Jayasumana, A. S. Rawat, H. Jain, A. Veit, S. Kumar, *Long-tail learning via logit
/// adjustment*, ICLR 2021.
#[derive(Debug, Clone, PartialEq)]
pub struct LogitAdjusted {
    softmax: Softmax,
    /// `t log pi_k`.
    shift: Vec<f64>,
}

impl LogitAdjusted {
    /// The loss with the strength `t >= 0` of the shift, for the frequencies of the targets.
    #[must_use]
    pub fn new(targets: &Targets, strength: f64) -> Self {
        let frequency = |&count: &usize| count as f64 / targets.samples() as f64;
        let shift = targets.counts().iter().map(|count| strength * frequency(count).ln()).collect();
        Self { softmax: Softmax::new(targets), shift }
    }

    /// The same with every sample counted `factor` times.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { softmax: self.softmax.scaled(factor), shift: self.shift.clone() }
    }

    fn shifted(&self, logits: &DMatrix<f64>) -> DMatrix<f64> {
        let mut shifted = logits.clone();
        for mut column in shifted.column_iter_mut() {
            column.iter_mut().zip(&self.shift).for_each(|(logit, shift)| *logit += shift);
        }
        shifted
    }
}

impl Loss for LogitAdjusted {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn linked_logits<'a>(&self, logits: &'a DMatrix<f64>) -> Cow<'a, DMatrix<f64>> {
        Cow::Owned(self.shifted(logits))
    }

    fn logit_rows(&self) -> usize {
        self.softmax.logit_rows()
    }

    fn divisor(&self) -> f64 {
        self.softmax.divisor()
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        self.softmax.value_and_gradient(&self.shifted(logits), targets, gradient)
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        self.softmax.curvature_product(&self.shifted(logits), targets, direction, product);
    }
}
