//! R1 to R3: what holds for LGL-INR.

use super::law::{LawClaim, nothing, silent};
use super::measurement::Measurement;
use super::sentence::{quantile, shown};
use super::setup::{Design, Stated, Task, Weighting};
use crate::balance::{ClassMeans, MeanProbability, attached_balance, detached_balance, guarantee_excess};
use crate::data::Labels;
use crate::loss::{ClassWeights, InrVariant, LossSpec, Targets};
use crate::numeric::largest;
use nalgebra::DMatrix;

const fn design(variant: Option<InrVariant>) -> Design {
    Design { task: Task::Inr(variant), weighting: Weighting::None, needs_features: false }
}

pub(super) const CLAIMS: [LawClaim; 3] = [
    LawClaim {
        id: "R1",
        title: "detached LGL-INR",
        statement: "Detached LGL-INR: sₖ = Σ ω_c P[c][k], a mean over classes that leans to the hardest.",
        design: design(Some(InrVariant::Detached)),
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
        design: design(Some(InrVariant::Attached)),
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
        design: design(None),
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
