//! Seesaw loss (docs/theory.md#b7).

use super::precise::{log_total, softmax_of};
use super::softmax::{residual, room, spread};
use super::{Link, Loss, SampleLoss, SeparatedBy, Targets};
use crate::numeric::{DoubleDouble, Sigmoid, Sum, softmax_with_complements};
use nalgebra::{DMatrix, DVector};
use std::borrow::Cow;
use std::sync::Arc;

/// The weighted mean of softmax cross-entropy of the logits `z_i^j + log S_i^j`, with `S_i^y = 1` and for the others
///
/// `S_i^j = min(1, (N_j / N_y)^mitigation) max(1, p_i^j / max(p_i^y, floor))^compensation`, `p = softmax(z)`,
///
/// which the gradient treats as constant: a sample of a frequent class pushes rare classes down less, unless it is
/// misclassified. `dL/dz_i^k = (lambda_y/M) (p'_i^k - 1[k = y])` with the probabilities `p'` of the shifted logits, for
/// which B5 holds. The gradient is not the derivative of the value.
///
/// Source: J. Wang and others, *Seesaw Loss for Long-Tailed Instance Segmentation*, CVPR 2021.
#[derive(Debug, Clone, PartialEq)]
pub struct Seesaw {
    log_counts: Vec<f64>,
    mitigation: f64,
    compensation: f64,
    log_floor: f64,
    denominator: f64,
}

impl Seesaw {
    /// The loss with its two exponents, zero or more, and the lower bound on a sample's own probability in the ratio
    /// (zero in the paper).
    #[must_use]
    pub fn new(targets: &Targets, mitigation: f64, compensation: f64, floor: f64) -> Self {
        let log_counts = targets.sizes().iter().map(|size| size.ln()).collect();
        Self {
            log_counts,
            mitigation,
            compensation,
            log_floor: floor.ln(),
            denominator: targets.total_mass(),
        }
    }

    /// Writes the shifted logits of a sample of a class; `sample` is room for its probabilities.
    fn shift(&self, z: &[f64], class: usize, sample: &mut [Sigmoid], shifted: &mut [f64]) {
        let total = softmax_with_complements(z, sample);
        let own = total.log_probability(z[class]).max(self.log_floor);
        for (j, (&z, shifted)) in z.iter().zip(shifted).enumerate() {
            let mitigation = self.mitigation * (self.log_counts[j] - self.log_counts[class]).min(0.0);
            let compensation = self.compensation * (total.log_probability(z) - own).max(0.0);
            *shifted = if j == class { z } else { z + mitigation + compensation };
        }
    }

    /// Calls `work` with each sample's number, class, weight, and what the shifted logits say.
    fn each(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        mut work: impl FnMut(usize, usize, f64, &[Sigmoid], f64),
    ) {
        let mut sample = room(self.log_counts.len());
        let mut shifted = vec![0.0; self.log_counts.len()];
        for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let class = label as usize;
            self.shift(z.as_slice(), class, &mut sample, &mut shifted);
            let total = softmax_with_complements(&shifted, &mut sample);
            let weight = targets.weight_of(number) / self.denominator;
            work(number, class, weight, &sample, total.log_probability(shifted[class]));
        }
    }
}

impl Loss for Seesaw {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn adjusted_logits<'a>(&self, logits: &'a DMatrix<f64>, targets: &Targets) -> Cow<'a, DMatrix<f64>> {
        let mut shifted = logits.clone();
        let mut sample = room(self.log_counts.len());
        let columns = logits.column_iter().zip(shifted.column_iter_mut()).zip(targets.class_indices());
        for ((z, mut into), &label) in columns {
            self.shift(z.as_slice(), label as usize, &mut sample, into.as_mut_slice());
        }
        Cow::Owned(shifted)
    }

    fn logit_rows(&self) -> usize {
        self.log_counts.len()
    }

    fn denominator(&self) -> f64 {
        self.denominator
    }

    fn has_objective(&self) -> bool {
        false
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let mut value = Sum::default();
        self.each(logits, targets, |number, class, weight, sample, log| {
            value.add(-weight * log);
            for (k, entry) in gradient.column_mut(number).iter_mut().enumerate() {
                *entry = weight * residual(sample, k, class);
            }
        });
        value.value()
    }

    /// The derivative of the field, which is not symmetric: the factors `S` move with the logits, though the gradient
    /// treats them as constant. At a kink the derivative is that of the side where the part is off.
    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        let mut plain = room(self.log_counts.len());
        let mut moved = DVector::zeros(self.log_counts.len());
        self.each(logits, targets, |number, class, weight, sample, _| {
            let (z, along) = (logits.column(number), direction.column(number));
            let total = softmax_with_complements(z.as_slice(), &mut plain);
            let mean: f64 = plain.iter().zip(along.iter()).map(|(p, v)| p.probability * v).sum();
            let log_own = total.log_probability(z[class]);
            let held = log_own.max(self.log_floor);
            // Both less the mean, which the difference of two logarithms does not have.
            let of_held = if log_own > self.log_floor { along[class] } else { mean };
            for (j, moved) in moved.iter_mut().enumerate() {
                let ahead = j != class && total.log_probability(z[j]) > held;
                let of_factor = if ahead { self.compensation * (along[j] - of_held) } else { 0.0 };
                *moved = along[j] + of_factor;
            }
            let moved = moved.as_view();
            let entries = product.column_mut(number).into_iter().zip(spread(sample, &moved));
            entries.for_each(|(entry, spread)| *entry = weight * spread);
        });
    }
}

impl SampleLoss for Seesaw {
    fn scaled(&self, factor: f64) -> Arc<dyn SampleLoss> {
        Arc::new(Self { denominator: self.denominator / factor, ..self.clone() })
    }

    fn free_shift(&self) -> Option<Vec<f64>> {
        Some(vec![1.0; self.logit_rows()])
    }

    /// The field is that of softmax at shifted logits: along a separating direction every sample's part falls.
    fn separated_by(&self) -> SeparatedBy {
        SeparatedBy::Pairs
    }

    fn precise_gradient(&self, class: usize, targets: &Targets, logits: &mut [DoubleDouble]) {
        let total = log_total(logits);
        let own = logits[class] - total;
        let own = if own.high < self.log_floor { self.log_floor.into() } else { own };
        for (j, z) in logits.iter_mut().enumerate().filter(|(j, _)| *j != class) {
            let fewer = DoubleDouble::sum_of(self.log_counts[j], -self.log_counts[class]);
            let mitigation = if fewer.high < 0.0 { fewer * self.mitigation.into() } else { 0.0.into() };
            let ahead = *z - total - own;
            let compensation = if ahead.high > 0.0 { ahead * self.compensation.into() } else { 0.0.into() };
            *z = *z + mitigation + compensation;
        }
        softmax_of(logits, class);
        let weight = DoubleDouble::from(targets.class_weights()[class]) / self.denominator.into();
        logits.iter_mut().for_each(|residual| *residual = *residual * weight);
    }
}
