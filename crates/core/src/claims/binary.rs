//! B1 to B4: what holds for the binary logistic loss.

use super::law::{LawClaim, nothing, silent};
use super::measurement::Measurement;
use super::sentence::{quantile, shown};
use super::setup::{Design, Task, Weighting};
use crate::balance::{binary_balance, binary_error_ratio, relative_difference, residual_centroids};
use crate::loss::ClassWeights;
use crate::numeric::largest;

const fn design(weighting: Weighting, needs_features: bool) -> Design {
    Design { task: Task::Binary, weighting, needs_features }
}

pub(super) const CLAIMS: [LawClaim; 4] = [
    LawClaim {
        id: "B1",
        title: "binary balance",
        statement: "Binary logistic: weighted shortfall of the positives equals weighted mean probability of the negatives, λ₁N₁(1 − P₁) = λ₀N₀P₀.",
        design: design(Weighting::Drawn, false),
        residual: |at| largest([binary_balance(&at.means, &at.targets), at.ledger.worst_residual()]),
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "B2",
        title: "ratio of the two mean errors",
        statement: "Binary weights act deterministically: s₁/P₀ = λ₀N₀/(λ₁N₁), whatever the features.",
        design: design(Weighting::Drawn, false),
        residual: |at| {
            let (measured, expected) = binary_error_ratio(&at.means, &at.targets);
            relative_difference(measured, expected)
        },
        without_premise: None,
        observe: |at| vec![binary_error_ratio(&at.means, &at.targets).0],
        summarise: |ratios| {
            let ends = |fraction| quantile(ratios.iter().flatten().copied(), fraction);
            match (ends(0.0), ends(1.0)) {
                (Some(low), Some(high)) => {
                    vec![format!("error ratios s₁/P₀ from {} to {} were predicted", shown(low), shown(high))]
                }
                _ => Vec::new(),
            }
        },
    },
    LawClaim {
        id: "B3",
        title: "inverse-frequency weights",
        statement: "Inverse-frequency weights make the two mean errors equal, s₁ = P₀; without weights s₁ = (N₀/N₁)P₀.",
        design: design(Weighting::BalancedOrNone, false),
        residual: equal_or_proportional_errors,
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "B4",
        title: "residual-weighted centroids",
        statement: "Residual-weighted centroids of positives and negatives coincide; an L2 penalty separates them by exactly l2·M·w/(λ₁N₁s₁).",
        design: design(Weighting::Drawn, true),
        residual: |at| {
            let outflow = at.targets.mass()[1] * at.means.shortfall[1];
            let penalty_gap =
                at.head.coefficients.row(0).transpose() * (at.setup.l2 * at.targets.total_mass() / outflow);
            residual_centroids(&at.setup.dataset.features(), &at.logits, &at.targets, &penalty_gap)
        },
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
];

fn equal_or_proportional_errors(at: &Measurement) -> f64 {
    let (shortfall, negatives) = (at.means.shortfall[1], at.means.matrix[(0, 1)]);
    let expected = if at.setup.weights == ClassWeights::Balanced {
        negatives
    } else {
        at.targets.counts()[0] as f64 / at.targets.counts()[1] as f64 * negatives
    };
    relative_difference(shortfall, expected)
}
