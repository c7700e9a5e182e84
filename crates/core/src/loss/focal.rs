//! Softmax focal loss (docs/theory.md#b7).

use super::precise::softmax_of;
use super::softmax::{residual, room, spread};
use super::{Link, Loss, SampleLoss, SeparatedBy, Targets};
use crate::numeric::{DoubleDouble, Sigmoid, Sum, softmax_with_complements};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which probability focuses a loss of weighted samples; implementations disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FocalProbability {
    /// `p_y` itself: the focused loss is then weighted.
    #[default]
    Plain,
    /// `exp(-l)` of the weighted loss `l = -lambda_y log p_y`, that is `p_y^lambda_y`, as implementations have it that start
    /// from a weighted cross-entropy.
    OfWeightedLoss,
}

/// The weighted mean of `-(1 - q)^g log p_y` with `p = softmax(z)`, `q = p_y^e`, and `e = 1`, or `e = lambda_y` for
/// [`FocalProbability::OfWeightedLoss`]:
///
/// `dL/dz_i^k = (lambda_{y_i}/M) f(q) (p^k - 1[k = y_i])`, `f(q) = (1-q)^g - g q (1-q)^(g-1) log q`, so that B5 holds
/// with each sample weighted by `f`. Not convex for `g > 0`.
///
/// Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, *Focal Loss for Dense Object Detection*, ICCV 2017, in its
/// softmax form.
#[derive(Debug, Clone, PartialEq)]
pub struct Focal {
    gamma: f64,
    /// `e` of each class.
    exponents: Vec<f64>,
    denominator: f64,
}

/// `q`, as precisely as each use needs it.
struct Target {
    probability: f64,
    complement: f64,
    /// `log q`, finite where `q` underflows.
    log: f64,
}

impl Focal {
    /// The loss of sharpness `gamma >= 0`, divided by the targets' total mass.
    #[must_use]
    pub fn new(targets: &Targets, gamma: f64, probability: FocalProbability) -> Self {
        let exponents = match probability {
            FocalProbability::Plain => vec![1.0; targets.classes()],
            FocalProbability::OfWeightedLoss => targets.class_weights().to_vec(),
        };
        Self { gamma, exponents, denominator: targets.total_mass() }
    }

    /// `f(q)`.
    fn factor(&self, target: &Target) -> f64 {
        let Target { probability, complement, log } = *target;
        if self.gamma == 0.0 {
            return 1.0;
        }
        if complement == 0.0 {
            return 0.0;
        }
        complement.powf(self.gamma) - self.gamma * probability * complement.powf(self.gamma - 1.0) * log
    }

    /// `-d f / d log q = -q f'(q)`.
    fn bend(&self, target: &Target) -> f64 {
        let Target { probability, complement, log } = *target;
        let gamma = self.gamma;
        if gamma == 0.0 || complement == 0.0 {
            return 0.0;
        }
        // `(1-q)^(g-2)` leaves the range of a double where `log q` is about `q - 1` = 1e-200: their product does not.
        let steep = (gamma - 1.0) * probability * (log / complement);
        probability * gamma * complement.powf(gamma - 1.0) * (2.0 + log - steep)
    }

    fn each(&self, logits: &DMatrix<f64>, targets: &Targets, mut work: impl FnMut(At)) {
        let mut sample = room(self.exponents.len());
        for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let class = label as usize;
            let log_own = softmax_with_complements(z.as_slice(), &mut sample).log_probability(z[class]);
            let log = self.exponents[class] * log_own;
            let target = Target { probability: log.exp(), complement: -log.exp_m1(), log };
            let weight = targets.weight_of(number) / self.denominator;
            work(At { number, class, weight, sample: &sample, log_own, target });
        }
    }
}

/// A sample and what the logits say of it.
struct At<'a> {
    number: usize,
    class: usize,
    /// Its weight, reduction included.
    weight: f64,
    sample: &'a [Sigmoid],
    /// `log p_y`.
    log_own: f64,
    target: Target,
}

impl Loss for Focal {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn logit_rows(&self) -> usize {
        self.exponents.len()
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
        self.each(logits, targets, |at| {
            let scale = at.weight * self.factor(&at.target);
            for (k, entry) in gradient.column_mut(at.number).iter_mut().enumerate() {
                *entry = scale * residual(at.sample, k, at.class);
            }
            value.add(-at.weight * at.target.complement.powf(self.gamma) * at.log_own);
        });
        value.value()
    }

    /// Per sample `w (f (p .* v - p (p . v)) + e b r (r . v))` with the residuals `r` and `b = -q f'(q)`.
    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        self.each(logits, targets, |at| {
            let along = direction.column(at.number);
            let of_residual = |k: usize| residual(at.sample, k, at.class);
            let across: f64 = along.iter().enumerate().map(|(k, v)| of_residual(k) * v).sum();
            let (factor, bend) = (self.factor(&at.target), self.exponents[at.class] * self.bend(&at.target));
            let entries = product.column_mut(at.number).into_iter().zip(spread(at.sample, &along));
            for (k, (entry, spread)) in entries.enumerate() {
                *entry = at.weight * (factor * spread + bend * across * of_residual(k));
            }
        });
    }
}

impl SampleLoss for Focal {
    fn scaled(&self, factor: f64) -> Arc<dyn SampleLoss> {
        Arc::new(Self { denominator: self.denominator / factor, ..self.clone() })
    }

    fn free_shift(&self) -> Option<Vec<f64>> {
        Some(vec![1.0; self.logit_rows()])
    }

    fn separated_by(&self) -> SeparatedBy {
        SeparatedBy::Pairs
    }

    fn precise_gradient(&self, class: usize, targets: &Targets, logits: &mut [DoubleDouble]) {
        let own = softmax_of(logits, class);
        let log = own.log * self.exponents[class].into();
        let (probability, complement) = (log.exp_of_nonpositive(), -log.exp_m1_of_nonpositive());
        let gamma = DoubleDouble::from(self.gamma);
        let factor = if self.gamma == 0.0 {
            DoubleDouble::ONE
        } else if complement.high == 0.0 {
            DoubleDouble::default()
        } else {
            let slope = gamma * probability * log / complement;
            complement.power(self.gamma) * (DoubleDouble::ONE - slope)
        };
        let weight = DoubleDouble::from(targets.class_weights()[class]) / self.denominator.into();
        logits.iter_mut().for_each(|residual| *residual = *residual * factor * weight);
    }
}
