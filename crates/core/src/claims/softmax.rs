//! B5 and I2: what holds for softmax.

use super::law::{LawClaim, nothing, silent};
use super::sentence::{quantile, shown};
use super::setup::{Design, Task, Weighting};
use crate::balance::{doubly_stochastic, softmax_balance};
use crate::numeric::largest;

pub(super) const CLAIMS: [LawClaim; 2] = [
    LawClaim {
        id: "B5",
        title: "softmax balance",
        statement: "Softmax: for every class, weighted outflow equals weighted inflow, λₖNₖ(1 − P[k][k]) = Σ λ_c N_c P[c][k].",
        design: Design { task: Task::Softmax, weighting: Weighting::Drawn, needs_features: false },
        residual: |at| largest([softmax_balance(&at.means, &at.targets), at.ledger.worst_residual()]),
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "I2",
        title: "doubly stochastic means",
        statement: "Softmax with inverse-frequency weights: the mean-probability matrix is doubly stochastic.",
        design: Design { task: Task::Softmax, weighting: Weighting::Balanced, needs_features: false },
        residual: |at| doubly_stochastic(&at.means),
        without_premise: None,
        observe: |at| at.means.matrix.diagonal().iter().copied().collect(),
        summarise: |diagonals| {
            let ends = |fraction| quantile(diagonals.iter().flatten().copied(), fraction);
            match (ends(0.0), ends(1.0)) {
                (Some(low), Some(high)) => {
                    vec![format!(
                        "yet its diagonal entries lie anywhere from {} to {}",
                        shown(low),
                        shown(high)
                    )]
                }
                _ => Vec::new(),
            }
        },
    },
];
