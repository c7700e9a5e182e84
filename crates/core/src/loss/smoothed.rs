//! Softmax cross-entropy against smoothed labels (docs/theory.md#b7).

use super::precise::softmax_of;
use super::softmax::{room, spread};
use super::{Link, Loss, SampleLoss, SeparatedBy, Targets};
use crate::numeric::{DoubleDouble, Sum, softmax_with_complements};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a class weight multiplies where labels are smoothed; libraries disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SmoothingWeights {
    /// Each term of the cross-entropy by the weight of its class, as `PyTorch` does.
    #[default]
    Term,
    /// The whole sample by the weight of its own class, as Keras does.
    Sample,
}

/// `(1/M) sum_i sum_k t_i^k (-log p_i^k)` with the targets `t_i^k = (1 - e) lambda_y 1[k = y] + (e/K) lambda_k`
/// ([`SmoothingWeights::Term`]) or `lambda_y ((1 - e) 1[k = y] + e/K)` ([`SmoothingWeights::Sample`]):
///
/// `dL/dz_i^k = (1/M) (|t_i| p_i^k - t_i^k)`, `|t_i| = sum_k t_i^k`, so that at a stationary point the mean prediction of
/// every class, samples weighted by `|t_i|`, is its mean smoothed target. Convex. Each sample's terms are multiplied by its own weight, if it has one.
///
/// Source: C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, *Rethinking the Inception Architecture for Computer
/// Vision*, CVPR 2016.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSmoothing {
    /// `t` of the samples of each class, one class per column, reduction excluded.
    targets_of: DMatrix<f64>,
    /// Its column sums.
    mass_of: Vec<f64>,
    denominator: f64,
}

impl LabelSmoothing {
    /// The loss with the share `smoothing` of every label spread over all classes, from 0 to 1.
    #[must_use]
    pub fn new(targets: &Targets, smoothing: f64, weights: SmoothingWeights) -> Self {
        let (classes, weight) = (targets.classes(), targets.class_weights());
        let uniform = smoothing / classes as f64;
        let targets_of = DMatrix::from_fn(classes, classes, |k, class| {
            let own = if k == class { (1.0 - smoothing) * weight[class] } else { 0.0 };
            let spread = match weights {
                SmoothingWeights::Term => weight[k],
                SmoothingWeights::Sample => weight[class],
            };
            own + uniform * spread
        });
        let mass_of = targets_of.column_iter().map(|column| column.sum()).collect();
        Self { targets_of, mass_of, denominator: targets.total_mass() }
    }
}

impl Loss for LabelSmoothing {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn logit_rows(&self) -> usize {
        self.targets_of.nrows()
    }

    fn denominator(&self) -> f64 {
        self.denominator
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        let mut value = Sum::default();
        let mut sample = room(self.logit_rows());
        for (number, ((z, &label), mut entries)) in
            logits.column_iter().zip(targets.class_indices()).zip(gradient.column_iter_mut()).enumerate()
        {
            let (class, z) = (label as usize, z.as_slice());
            let factor = targets.sample_weight(number);
            let total = softmax_with_complements(z, &mut sample);
            let (smoothed, mass) = (self.targets_of.column(class), self.mass_of[class]);
            let terms = smoothed.iter().zip(z).map(|(target, &z)| -target * total.log_probability(z));
            value.add(factor * (terms.sum::<f64>() / self.denominator));
            // `mass p - t` without cancellation where the target takes nearly all.
            for (k, entry) in entries.iter_mut().enumerate() {
                let others = mass - smoothed[k];
                let residual = others * sample[k].probability - smoothed[k] * sample[k].complement;
                *entry = factor * (residual / self.denominator);
            }
        }
        value.value()
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        let mut sample = room(self.logit_rows());
        for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            softmax_with_complements(z.as_slice(), &mut sample);
            let along = direction.column(number);
            let weight = targets.sample_weight(number) * (self.mass_of[label as usize] / self.denominator);
            let entries = product.column_mut(number);
            entries
                .into_iter()
                .zip(spread(&sample, &along))
                .for_each(|(entry, spread)| *entry = weight * spread);
        }
    }
}

impl SampleLoss for LabelSmoothing {
    fn scaled(&self, factor: f64) -> Arc<dyn SampleLoss> {
        Arc::new(Self { denominator: self.denominator / factor, ..self.clone() })
    }

    fn free_shift(&self) -> Option<Vec<f64>> {
        Some(vec![1.0; self.logit_rows()])
    }

    /// A target of every class keeps logits finite.
    fn separated_by(&self) -> SeparatedBy {
        let plain = self.targets_of.iter().filter(|target| **target > 0.0).count() == self.mass_of.len();
        if plain { SeparatedBy::Pairs } else { SeparatedBy::Nothing }
    }

    fn precise_gradient(&self, class: usize, _: &Targets, logits: &mut [DoubleDouble]) {
        softmax_of(logits, class);
        let (smoothed, denominator) = (self.targets_of.column(class), DoubleDouble::from(self.denominator));
        let of = |target: f64| DoubleDouble::from(target);
        let mass = smoothed.iter().fold(DoubleDouble::default(), |sum, &target| sum + of(target));
        for (k, residual) in logits.iter_mut().enumerate() {
            // The residual is `p - 1` for the own class, so that `mass p - t` is `mass residual + (mass - t)` there.
            let rest = if k == class { mass - of(smoothed[k]) } else { -of(smoothed[k]) };
            *residual = (mass * *residual + rest) / denominator;
        }
    }
    /// `(|t| - t) p` and `t (1 - p)`, which cancel where every prediction is its target.
    fn magnitude_of_terms(&self, class: usize, column: usize, residual: f64) -> f64 {
        let (target, mass) = (self.targets_of[(column, class)], self.mass_of[class]);
        if mass == 0.0 {
            return residual.abs();
        }
        let probability = (residual * self.denominator + target) / mass;
        let terms = (mass - target) * probability.abs() + target * (1.0 - probability).abs();
        f64::max(terms / self.denominator, residual.abs())
    }
}
