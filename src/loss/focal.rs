//! Softmax focal loss (THEORY B7).

use super::{Link, Loss, Targets};
use crate::numeric::{Sigmoid, Sum, softmax_with_complements};
use nalgebra::DMatrix;

/// The weighted mean of `-(1 - p_y)^g log p_y` with `p = softmax(z)`:
///
/// `dL/dz_i^k = (lambda_{y_i}/M) f(p_y) (p^k - 1[k = y_i])`, `f(p) = (1-p)^g - g p (1-p)^(g-1) log p`, so that B5 holds
/// with each sample weighted by `f`. Not convex for `g > 0`.
///
/// Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, *Focal Loss for Dense Object Detection*, ICCV 2017, in its
/// softmax form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focal {
    classes: usize,
    gamma: f64,
    total_mass: f64,
}

/// The target's probability, as precisely as each use needs it.
struct Target {
    probability: f64,
    complement: f64,
    /// `log p`, finite where `p` underflows.
    log: f64,
}

impl Focal {
    /// The loss of sharpness `gamma >= 0`, divided by the targets' total mass.
    #[must_use]
    pub fn new(targets: &Targets, gamma: f64) -> Self {
        Self { classes: targets.classes(), gamma, total_mass: targets.total_mass() }
    }

    /// The same with every sample counted `factor` times.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { total_mass: self.total_mass / factor, ..self }
    }

    /// `f(p)`.
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

    /// `-d f / d log p = -p f'(p)`, the second derivative of the loss by `log p`.
    fn bend(&self, target: &Target) -> f64 {
        let Target { probability, complement, log } = *target;
        let gamma = self.gamma;
        if gamma == 0.0 || complement == 0.0 {
            return 0.0;
        }
        let steep = gamma * (gamma - 1.0) * probability * complement.powf(gamma - 2.0) * log;
        probability * (gamma * complement.powf(gamma - 1.0) * (2.0 + log) - steep)
    }

    /// Calls `work` with each sample's number, class, weight, probabilities and target.
    fn each(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        mut work: impl FnMut(usize, usize, f64, &[Sigmoid], &Target),
    ) {
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; self.classes];
        for (number, (z, &label)) in logits.column_iter().zip(targets.of_sample()).enumerate() {
            let class = label as usize;
            let z = z.as_slice();
            softmax_with_complements(z, &mut sample);
            let own = sample[class];
            let log = if own.probability > 0.5 {
                (-own.complement).ln_1p()
            } else {
                let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                z[class] - largest - z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
            };
            let target = Target { probability: own.probability, complement: own.complement, log };
            work(number, class, targets.class_weights()[class] / self.total_mass, &sample, &target);
        }
    }
}

/// `p^k - 1[k = y]`, without cancellation.
fn residual(sample: &[Sigmoid], row: usize, class: usize) -> f64 {
    if row == class { -sample[row].complement } else { sample[row].probability }
}

impl Loss for Focal {
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
        let mut value = Sum::default();
        self.each(logits, targets, |number, class, weight, sample, target| {
            let scale = weight * self.factor(target);
            for (row, entry) in gradient.column_mut(number).iter_mut().enumerate() {
                *entry = scale * residual(sample, row, class);
            }
            value.add(-weight * target.complement.powf(self.gamma) * target.log);
        });
        value.value()
    }

    /// Per sample `w (f (p .* v - p (p . v)) + b r (r . v))` with the residuals `r` and `b = -p_y f'(p_y)`.
    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        self.each(logits, targets, |number, class, weight, sample, target| {
            let along = direction.column(number);
            let mean: f64 = sample.iter().zip(along.iter()).map(|(p, v)| p.probability * v).sum();
            let across: f64 = along.iter().enumerate().map(|(row, v)| residual(sample, row, class) * v).sum();
            let (factor, bend) = (self.factor(target), self.bend(target));
            for (row, entry) in product.column_mut(number).iter_mut().enumerate() {
                let spread = sample[row].probability * (along[row] - mean);
                *entry = weight * (factor * spread + bend * across * residual(sample, row, class));
            }
        });
    }
}
