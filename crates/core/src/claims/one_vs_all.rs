//! B6, A1 and A2: what holds for one-vs-all logistic loss, and what its law leaves open.

use super::law::{LawClaim, nothing, silent};
use super::measurement::Measurement;
use super::sentence::{quantile, shown};
use super::setup::{Design, Stated, Task, Weighting};
use crate::balance::{MeanProbability, neglect, one_vs_all_balance, pooled_balance, relative_difference};
use crate::data::Labels;
use crate::loss::{ClassWeights, Targets};
use crate::numeric::largest;
use nalgebra::DMatrix;

const PLAIN: Design = Design { task: Task::OneVsAll, weighting: Weighting::None, needs_features: false };

pub(super) const CLAIMS: [LawClaim; 3] = [
    LawClaim {
        id: "B6",
        title: "one-vs-all balance",
        statement: "One-vs-all with any pair weights: A[k][k]Nₖsₖ = Σ A[c][k] N_c P[c][k] in every column.",
        design: Design { task: Task::PairWeighted, weighting: Weighting::None, needs_features: false },
        residual: |at| match &at.setup.stated {
            Stated::PairWeighted(pair) => {
                largest([one_vs_all_balance(&at.means, &at.targets, pair), at.ledger.worst_residual()])
            }
            Stated::Loss(_) => f64::INFINITY,
        },
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "A1",
        title: "only the average is fixed",
        statement: "Plain one-vs-all constrains only the pooled non-target mean: Nₖsₖ = (N − Nₖ)P̄ₖ.",
        design: PLAIN,
        residual: |at| pooled_balance(&at.means, &at.targets),
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "A2",
        title: "neglect of a hard class",
        statement: "The hardest non-target class may sit far above the average; the law only gives P[c*][k] ≤ min(1, Nₖsₖ/N_c*).",
        design: PLAIN,
        residual: |at| largest([bound_excess(at), untight_bound()]),
        without_premise: Some(bound_excess),
        // Ratio and used share of the bound, column after column.
        observe: |at| {
            neglect(&at.means, &at.targets)
                .iter()
                .flat_map(|column| {
                    [column.ratio, column.hardest / column.bound, f64::from(column.bound >= 1.0)]
                })
                .collect()
        },
        summarise: |columns| {
            let every = |offset: usize| {
                columns.iter().flat_map(move |row| row.iter().skip(offset).step_by(3).copied())
            };
            let vacuous: Vec<f64> = every(2).collect();
            let fraction = vacuous.iter().sum::<f64>() / vacuous.len().max(1) as f64;
            match (quantile(every(0), 0.5), quantile(every(0), 1.0), quantile(every(1), 0.5)) {
                (Some(median), Some(largest), Some(used)) => vec![
                    format!("neglect ratio: median {}, largest {}", shown(median), shown(largest)),
                    format!(
                        "median share of the bound used {}; the bound says nothing in {:.0}% of columns",
                        shown(used),
                        100.0 * fraction
                    ),
                ],
                _ => Vec::new(),
            }
        },
    },
];

/// How far the bound is from `P[c*][k]` where it is attained: columns in which all other means vanish and A1 holds. Drawn problems
/// stay far below the bound, and would not see one that is too high.
fn untight_bound() -> f64 {
    let (sizes, shortfall) = ([50, 40, 10], 0.1);
    let classes = sizes.len();
    let is_hard = |class: usize, column: usize| class == (column + 1) % classes;
    let attained = |class: usize, column: usize| sizes[column] as f64 * shortfall / sizes[class] as f64;
    let matrix = DMatrix::from_fn(classes, classes, |c, k| if is_hard(c, k) { attained(c, k) } else { 0.0 });
    let means = MeanProbability { matrix, shortfall: vec![shortfall; classes] };
    let samples = (0..).zip(sizes).flat_map(|(class, size)| std::iter::repeat_n(class, size)).collect();
    let labels = Labels::numbered(samples, classes);
    let targets = labels.ok().and_then(|labels| Targets::new(&labels, &ClassWeights::None).ok());
    targets.map_or(f64::NAN, |targets| {
        let columns = neglect(&means, &targets);
        largest(columns.iter().map(|column| relative_difference(column.hardest, column.bound)))
    })
}

/// How far `P[c*][k]` exceeds its bound, relative to the bound, in the worst column.
fn bound_excess(at: &Measurement) -> f64 {
    let columns = neglect(&at.means, &at.targets);
    largest(
        columns.iter().map(|column| (column.hardest - column.bound) / column.bound.max(f64::MIN_POSITIVE)),
    )
}
