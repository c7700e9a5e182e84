//! One-vs-all logistic losses that count an entry by a power of the probability it gives to the wrong side (docs/theory.md#b7).

use super::precise::{sigmoid, softplus as precise_softplus};
use super::{Link, Loss, SampleLoss, SeparatedBy, Targets};
use crate::numeric::{DoubleDouble, Sigmoid, Sum, softplus};
use nalgebra::DMatrix;
use std::sync::Arc;

/// `(1/M) sum_i lambda_{y_i} ( a g(-z_i^y; e) + b sum_{k != y} g(z_i^k; f) )` with `g(z; e) = p^e softplus(z)`, `p =
/// sigmoid(z)`: factor and power of a sample's own column, and of the others.
///
/// `dg/dz = p^e (e (1 - p) softplus(z) + p)`: B6 holds with each entry's probability `p` replaced by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLogistic {
    classes: usize,
    own: Entry,
    others: Entry,
    denominator: f64,
}

/// `factor * g(z; power)`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    factor: f64,
    power: f64,
}

impl PowerLogistic {
    /// Sigmoid focal loss of sharpness `gamma >= 0`: own columns count `alpha`, the others `1 - alpha`.
    ///
    /// Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, *Focal Loss for Dense Object Detection*, ICCV 2017.
    #[must_use]
    pub fn sigmoid_focal(targets: &Targets, gamma: f64, alpha: f64) -> Self {
        let entry = |factor| Entry { factor, power: gamma };
        Self::new(targets, entry(alpha), entry(1.0 - alpha))
    }

    /// SS-LR, logistic loss with soft selection: own columns count in full, the others as a mean weighted by `alpha
    /// p^gamma`.
    ///
    /// Source: Q. Dong, X. Zhu, S. Gong, *Single-Label Multi-Class Image Classification by Deep Logistic Regression*,
    /// AAAI 2019.
    #[must_use]
    pub fn soft_selection(targets: &Targets, alpha: f64, gamma: f64) -> Self {
        let others = (targets.classes() - 1).max(1) as f64;
        let (own, others) =
            (Entry { factor: 1.0, power: 0.0 }, Entry { factor: alpha / others, power: gamma });
        Self::new(targets, own, others)
    }

    fn new(targets: &Targets, own: Entry, others: Entry) -> Self {
        Self { classes: targets.classes(), own, others, denominator: targets.total_mass() }
    }

    /// Calls `work` with the place of every logit, its weight, its entry, and whether it should be high (-1) or low (1).
    fn each(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        mut work: impl FnMut((usize, usize), f64, Entry, f64),
    ) {
        for (sample, &label) in targets.class_indices().iter().enumerate() {
            let weight = targets.weight_of(sample) / self.denominator;
            for k in 0..logits.nrows() {
                let (entry, wrong) = if k == label as usize { (self.own, -1.0) } else { (self.others, 1.0) };
                work((k, sample), weight * entry.factor, entry, wrong);
            }
        }
    }
}

impl Entry {
    /// `p^e softplus(z)`.
    fn value(self, z: f64) -> f64 {
        self.power_of(Sigmoid::of(z)) * softplus(z)
    }

    /// `dg/dz`.
    fn slope(self, z: f64) -> f64 {
        let p = Sigmoid::of(z);
        self.power_of(p) * (self.power * p.complement * softplus(z) + p.probability)
    }

    /// `d2g/dz2 = p^e (1 - p) (e^2 (1 - p) softplus(z) - e p softplus(z) + (2 e + 1) p)`.
    fn bend(self, z: f64) -> f64 {
        let (p, e, loss) = (Sigmoid::of(z), self.power, softplus(z));
        let by_loss = e * (e * p.complement - p.probability) * loss;
        self.power_of(p) * p.complement * (by_loss + (2.0 * e + 1.0) * p.probability)
    }

    /// `dg/dz` in double-double arithmetic; `p^e = exp(-e softplus(-z))`.
    fn precise_slope(self, z: DoubleDouble) -> DoubleDouble {
        let (probability, complement) = sigmoid(z);
        let power = DoubleDouble::from(self.power);
        let focus = (-power * precise_softplus(-z)).exp_of_nonpositive();
        focus * (power * complement * precise_softplus(z) + probability)
    }

    fn power_of(self, p: Sigmoid) -> f64 {
        // `0^0` is one.
        p.probability.powf(self.power)
    }
}

impl Loss for PowerLogistic {
    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn logit_rows(&self) -> usize {
        self.classes
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
        self.each(logits, targets, |place, weight, entry, wrong| {
            let z = wrong * logits[place];
            value.add(weight * entry.value(z));
            gradient[place] = weight * wrong * entry.slope(z);
        });
        value.value()
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        self.each(logits, targets, |place, weight, entry, wrong| {
            product[place] = weight * entry.bend(wrong * logits[place]) * direction[place];
        });
    }
}

impl SampleLoss for PowerLogistic {
    fn scaled(&self, factor: f64) -> Arc<dyn SampleLoss> {
        Arc::new(Self { denominator: self.denominator / factor, ..*self })
    }

    fn free_shift(&self) -> Option<Vec<f64>> {
        None
    }

    fn separated_by(&self) -> SeparatedBy {
        let counts = self.own.factor > 0.0 && self.others.factor > 0.0;
        if counts { SeparatedBy::Columns } else { SeparatedBy::Unknown }
    }

    fn precise_gradient(&self, class: usize, targets: &Targets, logits: &mut [DoubleDouble]) {
        let weight = DoubleDouble::from(targets.class_weights()[class]) / self.denominator.into();
        for (k, z) in logits.iter_mut().enumerate() {
            let own = k == class;
            let entry = if own { self.own } else { self.others };
            let slope = if own { -entry.precise_slope(-*z) } else { entry.precise_slope(*z) };
            *z = slope * weight * entry.factor.into();
        }
    }
}
