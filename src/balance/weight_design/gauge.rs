//! The quantity that is compared with a target at a stationary point, and its derivatives with respect to all weights.

use crate::balance::hits::margin;
use crate::balance::mean_probability::MeanProbability;
use crate::balance::weight_effects::effects;
use crate::loss::{Link, Targets};
use crate::numeric::Sigmoid;
use crate::solver::WeightResponse;
use nalgebra::{DMatrix, DVector};

/// Numbers, one per class, whose proportions the weights are to set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Gauge<'a> {
    /// Shortfalls, and their proportions wanted.
    Shortfall(&'a [f64]),
    /// Mean predicted probabilities over all samples, and their proportions wanted.
    Prior(&'a [f64]),
    /// Equal recalls, each sample counted as `sigmoid(margin / softness)`.
    SoftRecall {
        /// Margin at which a sample counts as 0.73.
        softness: f64,
    },
}

/// A stationary point as a gauge sees it.
pub(super) struct Seen<'a> {
    pub(super) link: Link,
    pub(super) targets: &'a Targets,
    pub(super) logits: &'a DMatrix<f64>,
    pub(super) means: &'a MeanProbability,
    pub(super) response: &'a WeightResponse<'a>,
}

/// What a gauge reads.
pub(super) struct Reading {
    /// Logarithms of measured over wanted, their mean taken off.
    pub(super) off: DVector<f64>,
    /// Derivative of `off` (rows) by the logarithm of every weight (columns).
    pub(super) slopes: DMatrix<f64>,
}

impl Gauge<'_> {
    pub(super) fn read(&self, seen: &Seen) -> Reading {
        let (measured, mut slopes) = match self {
            Self::Shortfall(_) => (seen.means.shortfall.clone(), -seen.effects(diagonal)),
            Self::Prior(_) => (seen.prior(&seen.means.matrix), seen.effects(|effect| seen.prior(effect))),
            Self::SoftRecall { softness } => seen.soft_recalls(*softness),
        };
        for (mut row, value) in slopes.row_iter_mut().zip(&measured) {
            row.unscale_mut(*value);
        }
        let mean = slopes.row_mean();
        slopes.row_iter_mut().for_each(|mut row| row -= &mean);
        let wanted = |class: usize| match self {
            Self::Shortfall(wanted) | Self::Prior(wanted) => wanted[class],
            Self::SoftRecall { .. } => 1.0,
        };
        let mut off = DVector::from_fn(measured.len(), |class, _| (measured[class] / wanted(class)).ln());
        off.add_scalar_mut(-off.mean());
        Reading { off, slopes }
    }
}

fn diagonal(effect: &DMatrix<f64>) -> Vec<f64> {
    effect.diagonal().iter().copied().collect()
}

impl Seen<'_> {
    /// A column for every weight: what `read` makes of its effects.
    fn effects(&self, read: impl Fn(&DMatrix<f64>) -> Vec<f64>) -> DMatrix<f64> {
        let effects = effects(self.response, self.link, self.logits.clone(), self.targets);
        let columns: Vec<DVector<f64>> =
            effects.iter().map(|effect| DVector::from_vec(read(effect))).collect();
        DMatrix::from_columns(&columns)
    }

    /// Means over all samples, from means over classes (rows).
    fn prior(&self, of_classes: &DMatrix<f64>) -> Vec<f64> {
        let sizes = DVector::from_column_slice(self.targets.sizes());
        (of_classes.tr_mul(&sizes) / sizes.sum()).iter().copied().collect()
    }

    fn soft_recalls(&self, softness: f64) -> (Vec<f64>, DMatrix<f64>) {
        let (classes, targets) = (self.targets.classes(), self.targets);
        let mut recalls = vec![0.0; classes];
        let mut rates = Vec::with_capacity(targets.samples());
        for (number, (logits, &label)) in self.logits.column_iter().zip(targets.class_indices()).enumerate() {
            let class = label as usize;
            let (margin, rival) = margin(logits.as_slice(), class);
            let soft = Sigmoid::of(margin / softness);
            let fraction = targets.sample_weight(number) / targets.sizes()[class];
            recalls[class] += fraction * soft.probability;
            rates.push((rival, fraction * soft.slope() / softness));
        }
        let mut slopes = DMatrix::zeros(classes, classes);
        for weight in 0..classes {
            let changes = self.response.logits(weight);
            let samples = changes.column_iter().zip(targets.class_indices()).zip(&rates);
            for ((change, &label), &(rival, rate)) in samples {
                let class = label as usize;
                let moved = match change.as_slice() {
                    &[single] if class == 1 => single,
                    &[single] => -single,
                    change => change[class] - change[rival],
                };
                slopes[(class, weight)] += rate * moved;
            }
        }
        (recalls, slopes)
    }
}
