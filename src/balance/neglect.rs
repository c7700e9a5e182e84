//! The averaging effect of one-vs-all logistic loss: how far the hardest non-target class hides behind the average.

use super::mean_probability::MeanProbability;
use crate::loss::Targets;
use serde::Serialize;

/// Non-target means of one column (docs/theory.md#a1, #a2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Neglect {
    /// `Pbar_k`, the mean probability over all non-target samples; NaN where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub pooled: f64,
    /// `c*`, the non-target class with the largest `P[c][k]`.
    pub hardest_class: usize,
    /// `P[c*][k]`.
    pub hardest: f64,
    /// `nu_k = P[c*][k] / Pbar_k`; NaN where both are zero.
    #[serde(skip_serializing_if = "is_none")]
    pub ratio: f64,
    /// The bound from the law of the plain loss: `min(1, N_k s_k / N_{c*})`.
    pub bound: f64,
}

/// Whether there is no such number, which JSON then leaves out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_none(number: &f64) -> bool {
    number.is_nan()
}

/// [`Neglect`] of every class's column.
#[must_use]
pub fn neglect(means: &MeanProbability, targets: &Targets) -> Vec<Neglect> {
    let sizes = targets.sizes();
    let total: f64 = sizes.iter().sum();
    let of_column = |target: usize| {
        let others = || (0..targets.classes()).filter(|&class| class != target && sizes[class] > 0.0);
        let probability = |class: usize| means.matrix[(class, target)];
        let pooled =
            others().map(|class| sizes[class] * probability(class)).sum::<f64>() / (total - sizes[target]);
        let harder = |best: Option<usize>, class: usize| match best {
            Some(best) if probability(best) >= probability(class) => Some(best),
            _ => Some(class),
        };
        let hardest_class = others().fold(None, harder).unwrap_or(target);
        let hardest = probability(hardest_class);
        let bound = (sizes[target] * means.shortfall[target] / sizes[hardest_class]).min(1.0);
        Neglect { pooled, hardest_class, hardest, ratio: hardest / pooled, bound }
    };
    (0..targets.classes()).map(of_column).collect()
}
