//! The laws at every stationary point: B1 to B4 of the binary logistic loss, B5 and I2 of softmax, B6, A1 and A2 of one-vs-all, R1 to R3 of
//! LGL-INR.

use super::claim::{LawClaim, nothing, quantile, shown, silent};
use super::measurement::Measurement;
use super::setup::{Design, Stated, Task, Weighting};
use crate::balance::{
    ClassMeans, MeanProbability, attached_balance, binary_balance, binary_error_ratio, detached_balance,
    doubly_stochastic, guarantee_excess, neglect, one_vs_all_balance, pooled_balance, relative_difference,
    residual_centroids, softmax_balance,
};
use crate::data::Labels;
use crate::loss::{ClassWeights, InrVariant, LossSpec, Targets};
use crate::numeric::largest;
use nalgebra::DMatrix;

const fn binary(weighting: Weighting, needs_features: bool) -> Design {
    Design { task: Task::Binary, weighting, needs_features }
}

pub(super) const BINARY: [LawClaim; 4] = [
    LawClaim {
        id: "B1",
        title: "binary balance",
        statement: "Binary logistic: weighted shortfall of the positives equals weighted mean probability of the negatives, λ₁N₁(1 − P₁) = λ₀N₀P₀.",
        design: binary(Weighting::Drawn, false),
        residual: |at| largest([binary_balance(&at.means, &at.targets), at.ledger.worst_residual()]),
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "B2",
        title: "ratio of the two mean errors",
        statement: "Binary weights act deterministically: s₁/P₀ = λ₀N₀/(λ₁N₁), whatever the features.",
        design: binary(Weighting::Drawn, false),
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
        design: binary(Weighting::BalancedOrNone, false),
        residual: equal_or_proportional_errors,
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "B4",
        title: "residual-weighted centroids",
        statement: "Residual-weighted centroids of positives and negatives coincide; an L2 penalty separates them by exactly l2·M·w/(λ₁N₁s₁).",
        design: binary(Weighting::Drawn, true),
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

pub(super) const SOFTMAX: [LawClaim; 2] = [
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

const PLAIN: Design = Design { task: Task::OneVsAll, weighting: Weighting::None, needs_features: false };

pub(super) const ONE_VS_ALL: [LawClaim; 3] = [
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

const fn inr(variant: Option<InrVariant>) -> Design {
    Design { task: Task::Inr(variant), weighting: Weighting::None, needs_features: false }
}

pub(super) const INR: [LawClaim; 3] = [
    LawClaim {
        id: "R1",
        title: "detached LGL-INR",
        statement: "Detached LGL-INR: sₖ = Σ ω_c P[c][k], a mean over classes that leans to the hardest.",
        design: inr(Some(InrVariant::Detached)),
        residual: |at| {
            largest([detached_balance(&at.means, &at.targets, parameters(at).0), at.ledger.worst_residual()])
        },
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "R2",
        title: "attached LGL-INR",
        statement: "Attached LGL-INR: sₖ = Σ ω_c (P[c][k] + β (l_c − l̄) v_c).",
        design: inr(Some(InrVariant::Attached)),
        residual: |at| {
            largest([
                attached_balance(&at.means, &at.class_means, &at.targets, parameters(at).0),
                at.ledger.worst_residual(),
            ])
        },
        without_premise: None,
        observe: nothing,
        summarise: silent,
    },
    LawClaim {
        id: "R3",
        title: "bound on the hardest class",
        statement: "Detached LGL-INR guarantees max P[c][k] ≤ sₖ + log(K − 1)/β whatever the sizes; attached LGL-INR does so only in columns where Σ ω_c (l_c − l̄) v_c ≥ 0.",
        design: inr(None),
        residual: |at| largest(excess(at, parameters(at).1).into_iter().flatten().chain([narrow_excess()])),
        without_premise: Some(|at| largest(excess(at, InrVariant::Detached).into_iter().flatten())),
        // By column: whether attached, whether covered by the guarantee, the excess if it is and there are three classes or more
        // (of two the guarantee is the law itself), and the excess if it is not covered and there are. NaN marks what there is not.
        observe: |at| {
            let (_, variant) = parameters(at);
            let attached = f64::from(variant == InrVariant::Attached);
            let open = at.targets.classes() > 2;
            let entry = |(column, bare): (Option<f64>, Option<f64>)| {
                let covered = f64::from(column.is_some());
                let uncovered = bare.filter(|_| open && column.is_none()).unwrap_or(f64::NAN);
                [attached, covered, column.filter(|_| open).unwrap_or(f64::NAN), uncovered]
            };
            let without_premise = excess(at, InrVariant::Detached);
            excess(at, variant).into_iter().zip(without_premise).flat_map(entry).collect()
        },
        summarise: |columns| {
            let entries = || columns.iter().flat_map(|row| row.chunks_exact(4));
            let attached = entries().filter(|entry| entry[0] > 0.0).count();
            let covered = entries().filter(|entry| entry[0] > 0.0 && entry[1] > 0.0).count();
            let mut sentences = Vec::new();
            if attached > 0 {
                sentences.push(format!(
                    "attached: the sign condition held in {covered} of {attached} columns ({:.1}%)",
                    100.0 * covered as f64 / attached as f64
                ));
                let uncovered = || entries().map(|entry| entry[3]).filter(|excess| !excess.is_nan());
                let broken = || uncovered().filter(|excess| *excess > 0.0);
                sentences.push(format!(
                    "attached, where it did not hold, nothing is guaranteed: of three classes or more the bound was broken in {} of {} columns, by up to {}",
                    broken().count(),
                    uncovered().count(),
                    shown(broken().fold(0.0, f64::max))
                ));
            }
            if let Some(tightest) = quantile(entries().map(|entry| entry[2]), 1.0) {
                sentences.push(format!(
                    "with three classes or more, the tightest column stays {} below its guarantee",
                    shown(-tightest)
                ));
            }
            sentences
        },
    },
];

/// `beta` and variant of a set-up of this family.
fn parameters(at: &Measurement) -> (f64, InrVariant) {
    match at.setup.stated {
        Stated::Loss(LossSpec::Inr { beta, variant }) => (beta, variant),
        // A loss without beta breaks every law here, which is what a wrong set-up should do.
        _ => (f64::NAN, InrVariant::Detached),
    }
}

/// Classes of a column that comes near its guarantee, and what `beta` times the hardest mean is there: one class is hard and
/// all others are at zero.
const NARROW_CLASSES: usize = 41;
const NARROW_HARDEST: f64 = 2.6;

/// The largest excess over the guarantee of detached columns that obey R1 by construction and come within 52% of the slack:
/// drawn problems stay further below it, and would not see a slack that is too small.
fn narrow_excess() -> f64 {
    let (classes, beta) = (NARROW_CLASSES, 20.0);
    let hardest = NARROW_HARDEST / beta;
    let is_hard = |class: usize, column: usize| class == (column + 1) % classes;
    let matrix = DMatrix::from_fn(classes, classes, |c, k| if is_hard(c, k) { hardest } else { 0.0 });
    let omega = NARROW_HARDEST.exp() / (NARROW_HARDEST.exp() + (classes - 2) as f64);
    let means = MeanProbability { matrix, shortfall: vec![omega * hardest; classes] };
    let zero = DMatrix::zeros(classes, classes);
    let class_means = ClassMeans { loss: zero.clone(), variance: zero };
    let labels = Labels::numbered((0..).take(classes).collect(), classes);
    let targets = labels.ok().and_then(|labels| Targets::new(&labels, &ClassWeights::None).ok());
    targets.map_or(f64::NAN, |targets| {
        largest(
            guarantee_excess(&means, &class_means, &targets, beta, InrVariant::Detached)
                .into_iter()
                .flatten(),
        )
    })
}

/// Columns' excess over the guarantee; the detached variant has no premise.
fn excess(at: &Measurement, variant: InrVariant) -> Vec<Option<f64>> {
    let (beta, _) = parameters(at);
    guarantee_excess(&at.means, &at.class_means, &at.targets, beta, variant)
}
