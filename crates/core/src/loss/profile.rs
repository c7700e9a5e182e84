//! How a loss and its gradient change with one logit of one sample.

use super::{ClassWeights, Targets};
use crate::data::Labels;
use crate::loss::{Loss, LossSpec};
use nalgebra::DMatrix;

/// Which logit of the sample moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// That of its own class.
    Own,
    /// That of another class.
    Other(usize),
}

/// A sample of some class among classes of given sizes, all of whose logits but one are zero.
#[derive(Debug, Clone)]
pub struct LossProfile {
    targets: Targets,
    class: usize,
    moved: Moved,
}

/// A loss at one place of the moving logit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfilePoint {
    /// The logit that moves.
    pub logit: f64,
    /// The sample's loss before its weight; NaN where the loss has no objective.
    pub value: f64,
    /// `dl/dz` by that logit.
    pub gradient: f64,
}

impl LossProfile {
    /// `None` with fewer than two classes, with a class of no samples, or where a given class does not exist.
    #[must_use]
    pub fn new(counts: &[usize], class: usize, moved: Moved) -> Option<Self> {
        let of_class = (0_u32..).zip(counts);
        let class_indices = of_class.flat_map(|(class, &count)| std::iter::repeat_n(class, count)).collect();
        let labels = Labels::numbered(class_indices, counts.len()).ok()?;
        let row = if let Moved::Other(other) = moved { other } else { class };
        let exists = class.max(row) < counts.len() && moved != Moved::Other(class);
        let targets = Targets::new(&labels, &ClassWeights::None).ok().filter(|_| exists)?;
        Some(Self { targets, class, moved })
    }

    /// The loss where the moving logit takes each of some values. Logistic losses have a column for every class.
    #[must_use]
    pub fn of(&self, spec: &LossSpec, logits: impl Iterator<Item = f64>) -> Vec<ProfilePoint> {
        let loss = spec.build_columns(&self.targets, self.targets.classes());
        let one = self.targets.of_batch(vec![u32::try_from(self.class).unwrap_or(0)]);
        let row = if let Moved::Other(other) = self.moved { other } else { self.class };
        let at = |logit: f64| {
            let mut all = DMatrix::zeros(self.targets.classes(), 1);
            all[row] = logit;
            let mut gradient = DMatrix::zeros(self.targets.classes(), 1);
            let value = loss.value_and_gradient(&all, &one, &mut gradient);
            ProfilePoint {
                logit,
                value: if loss.has_objective() { value * loss.denominator() } else { f64::NAN },
                gradient: gradient[row] * loss.denominator(),
            }
        };
        logits.map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_the_slopes_of_values() {
        let step = 1e-5;
        for moved in [Moved::Own, Moved::Other(0)] {
            let profile = LossProfile::new(&[100, 30, 10], 2, moved).expect("three classes");
            for row in crate::loss::LOSS_TABLE {
                for logit in [-4.0, -0.3, 0.0, 2.5] {
                    let points = profile.of(&row.default, [logit - step, logit, logit + step].into_iter());
                    let slope = (points[2].value - points[0].value) / (2.0 * step);
                    let missed = (slope - points[1].gradient).abs();
                    assert!(missed < 1e-8 || slope.is_nan(), "{}, {moved:?} at {logit}: {missed}", row.name);
                }
            }
        }
    }

    #[test]
    fn what_does_not_exist_has_no_profile() {
        for (counts, class, moved) in [
            (vec![5], 0, Moved::Own),
            (vec![5, 0], 0, Moved::Own),
            (vec![5, 5], 2, Moved::Own),
            (vec![5, 5], 0, Moved::Other(2)),
            (vec![5, 5], 1, Moved::Other(1)),
        ] {
            assert!(LossProfile::new(&counts, class, moved).is_none(), "{counts:?} {class} {moved:?}");
        }
    }
}
