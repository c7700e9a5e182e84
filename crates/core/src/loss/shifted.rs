//! Softmax cross-entropy of logits that are scaled and shifted class by class (docs/theory.md#b7).

use super::precise::softmax_of;
use super::{Link, Loss, SampleLoss, SeparatedBy, Softmax, Targets};
use crate::numeric::DoubleDouble;
use nalgebra::DMatrix;
use std::borrow::Cow;
use std::sync::Arc;

/// Softmax cross-entropy of `z'_k = a_k z_k + t_k - m_k 1[k = y]`: a factor, a shift and a margin for every class.
///
/// `dL/dz_i^k = a_k (lambda_{y_i}/M) (p'_i^k - 1[k = y_i])` with `p' = softmax(z')`: B5 holds for the probabilities of the
/// shifted logits; the plain ones classify.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftedSoftmax {
    softmax: Softmax,
    factor: Vec<f64>,
    shift: Vec<f64>,
    margin: Vec<f64>,
}

impl ShiftedSoftmax {
    /// Logit adjustment, `t_k = s log pi_k` with `pi_k = N_k / N` and the strength `s >= 0`; of strength 1 it is balanced
    /// softmax.
    ///
    /// Sources: A. K. Menon, S. Jayasumana, A. S. Rawat, H. Jain, A. Veit, S. Kumar, *Long-tail learning via logit
    /// adjustment*, ICLR 2021; J. Ren and others, *Balanced Meta-Softmax for Long-Tailed Visual Recognition*, `NeurIPS` 2020.
    #[must_use]
    pub fn logit_adjusted(targets: &Targets, strength: f64) -> Self {
        Self { shift: frequency_shift(targets, strength), ..Self::plain(targets) }
    }

    /// LDAM, `z' = S (z - D_y 1[k = y])` with `D_c = margin (min N / N_c)^(1/4)` and `S = scale`: the rarest class has to be
    /// ahead by the whole margin.
    ///
    /// Source: K. Cao, C. Wei, A. Gaidon, N. Arechiga, T. Ma, *Learning Imbalanced Datasets with Label-Distribution-Aware
    /// Margin Loss*, `NeurIPS` 2019.
    #[must_use]
    pub fn ldam(targets: &Targets, margin: f64, scale: f64) -> Self {
        let rarest = targets.sizes().iter().copied().fold(f64::INFINITY, f64::min);
        let margin = targets.sizes().iter().map(|size| scale * margin * (rarest / size).powf(0.25)).collect();
        Self { factor: vec![scale; targets.classes()], margin, ..Self::plain(targets) }
    }

    /// Vector scaling, `a_k = (N_k / max N)^exponent` and `t_k = strength log pi_k`.
    ///
    /// Source: G. R. Kini, O. Paraskevas, S. Oymak, C. Thrampoulidis, *Label-Imbalanced and Group-Sensitive Classification
    /// under Overparameterization*, `NeurIPS` 2021.
    #[must_use]
    pub fn vector_scaled(targets: &Targets, strength: f64, exponent: f64) -> Self {
        let largest = targets.sizes().iter().copied().fold(0.0, f64::max);
        let factor = targets.sizes().iter().map(|size| (size / largest).powf(exponent)).collect();
        Self { factor, ..Self::logit_adjusted(targets, strength) }
    }

    fn has_one_factor(&self) -> bool {
        self.factor.iter().all(|factor| *factor == self.factor[0])
    }

    fn plain(targets: &Targets) -> Self {
        let (classes, softmax) = (targets.classes(), Softmax::new(targets));
        Self { softmax, factor: vec![1.0; classes], shift: vec![0.0; classes], margin: vec![0.0; classes] }
    }

    fn shifted(&self, logits: &DMatrix<f64>, targets: &Targets) -> DMatrix<f64> {
        let mut shifted = logits.clone();
        for (mut column, &label) in shifted.column_iter_mut().zip(targets.class_indices()) {
            let changes = self.factor.iter().zip(&self.shift);
            column
                .iter_mut()
                .zip(changes)
                .for_each(|(logit, (factor, shift))| *logit = factor * *logit + shift);
            column[label as usize] -= self.margin[label as usize];
        }
        shifted
    }

    fn multiply_rows(&self, matrix: &mut DMatrix<f64>) {
        for mut column in matrix.column_iter_mut() {
            column.iter_mut().zip(&self.factor).for_each(|(entry, factor)| *entry *= factor);
        }
    }
}

/// `strength log pi_k`.
fn frequency_shift(targets: &Targets, strength: f64) -> Vec<f64> {
    let total = targets.total_size();
    targets.sizes().iter().map(|size| strength * (size / total).ln()).collect()
}

impl Loss for ShiftedSoftmax {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn adjusted_logits<'a>(&self, logits: &'a DMatrix<f64>, targets: &Targets) -> Cow<'a, DMatrix<f64>> {
        Cow::Owned(self.shifted(logits, targets))
    }

    fn logit_rows(&self) -> usize {
        self.softmax.logit_rows()
    }

    fn denominator(&self) -> f64 {
        self.softmax.denominator()
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let value = self.softmax.value_and_gradient(&self.shifted(logits, targets), targets, gradient);
        self.multiply_rows(gradient);
        value
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        let mut direction = direction.clone();
        self.multiply_rows(&mut direction);
        self.softmax.curvature_product(&self.shifted(logits, targets), targets, &direction, product);
        self.multiply_rows(product);
    }
}

impl SampleLoss for ShiftedSoftmax {
    fn scaled(&self, factor: f64) -> Arc<dyn SampleLoss> {
        Arc::new(Self { softmax: self.softmax.scaled(factor), ..self.clone() })
    }

    /// The direction that shifts all `z'` equally: `1 / a_k`, and ones where all `a_k` are equal.
    fn free_shift(&self) -> Option<Vec<f64>> {
        if self.has_one_factor() {
            return Some(vec![1.0; self.factor.len()]);
        }
        Some(self.factor.iter().map(|factor| 1.0 / factor).collect())
    }

    /// Factors that are positive change the direction, not the question: where a head separates, the loss falls without end along
    /// that head with each row divided by its factor (docs/theory.md#b7).
    fn separated_by(&self) -> SeparatedBy {
        let all_are_positive = self.factor.iter().all(|factor| *factor > 0.0 && factor.is_finite());
        if all_are_positive { SeparatedBy::Pairs } else { SeparatedBy::Unknown }
    }

    fn precise_gradient(&self, class: usize, targets: &Targets, logits: &mut [DoubleDouble]) {
        for (k, z) in logits.iter_mut().enumerate() {
            *z = *z * self.factor[k].into() + self.shift[k].into();
        }
        logits[class] += (-self.margin[class]).into();
        softmax_of(logits, class);
        let weight = DoubleDouble::from(targets.class_weights()[class]) / self.denominator().into();
        for (residual, &factor) in logits.iter_mut().zip(&self.factor) {
            *residual = *residual * weight * factor.into();
        }
    }
}
