//! B7: what other losses balance where their gradient vanishes, each law from probabilities alone.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, quantile, shown};
use crate::balance::{MeanProbability, relative_difference, sample_probabilities, softmax_balance};
use crate::data::random::stream;
use crate::data::{Covariance, Dataset, GaussianMixture};
use crate::loss::{
    ClassWeights, FocalProbability, Loss, LossSpec, PositiveWeights, SmoothingWeights, Targets,
};
use crate::numeric::{Sigmoid, largest_magnitude};
use crate::solver::{Head, Outcome, Problem, solve_general};
use nalgebra::DMatrix;
use rand::RngExt;

/// Drawn data sets of each loss: three, so that the third that a quick check takes has every loss.
const DRAWS: usize = 3;
/// Class sizes: the last is rare for equalization.
const COUNTS: [usize; 4] = [60, 35, 20, 8];
const RARE: f64 = 0.1;
/// `mu` of the penalty on coefficients; the intercepts have none.
const L2: f64 = 1e-3;

/// The losses, in words too.
fn losses() -> Vec<(LossSpec, &'static str)> {
    let focal = |gamma, probability| LossSpec::Focal { gamma, probability };
    vec![
        (focal(2.0, FocalProbability::Plain), "focal, gamma 2"),
        (focal(0.5, FocalProbability::Plain), "focal, gamma 0.5"),
        (focal(2.0, FocalProbability::OfWeightedLoss), "focal of the weighted loss, gamma 2"),
        (LossSpec::SigmoidFocal { gamma: 2.0, alpha: 0.25 }, "sigmoid focal, gamma 2, alpha 0.25"),
        (
            LossSpec::LabelSmoothing { smoothing: 0.1, weights: SmoothingWeights::Term },
            "label smoothing 0.1, terms weighted",
        ),
        (
            LossSpec::LabelSmoothing { smoothing: 0.3, weights: SmoothingWeights::Sample },
            "label smoothing 0.3, samples weighted",
        ),
        (LossSpec::LogitAdjusted { strength: 1.5 }, "logit adjustment, strength 1.5"),
        (LossSpec::BalancedSoftmax, "balanced softmax"),
        (LossSpec::Ldam { margin: 0.5, scale: 4.0 }, "LDAM, margin 0.5, scale 4"),
        (LossSpec::VectorScaling { strength: 1.0, gamma: 0.3 }, "vector scaling, strength 1, gamma 0.3"),
        (
            LossSpec::PosWeight { weights: PositiveWeights::Explicit(vec![0.5, 1.0, 4.0, 9.0]) },
            "logistic with positive weights",
        ),
        (LossSpec::Equalization { rare: RARE }, "equalization, its frequent columns"),
        (LossSpec::Seesaw { mitigation: 0.8, compensation: 2.0, floor: 0.0 }, "seesaw"),
        (LossSpec::SoftSelection { alpha: 2.0, gamma: 1.5 }, "SS-LR, alpha 2, gamma 1.5"),
    ]
}

pub(super) const CLAIM: ComparisonClaim = ComparisonClaim {
    id: "B7",
    title: "balances of other losses",
    statement: "Focal, smoothed, shifted, margin, scaled, positively weighted, equalized, seesaw and soft-selection losses: where the gradient with respect to the intercepts vanishes, each balances what its own law says, computed from probabilities alone.",
    // Checked against the list by a test: a constant cannot count it.
    cases: Cases::All(14 * DRAWS),
    check: balanced,
    summarise: |cases| {
        let before = || cases.iter().filter_map(|case| case.first()).copied();
        match (quantile(before(), 0.0), quantile(before(), 1.0)) {
            (Some(low), Some(high)) => {
                vec![format!("at zero coefficients the laws are off by {} to {}", shown(low), shown(high))]
            }
            _ => Vec::new(),
        }
    },
};

fn balanced((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let losses = losses();
    let (spec, words) = &losses[case % losses.len()];
    let dataset = dataset(seed, number)?;
    let weights = ClassWeights::Explicit(vec![1.0, 0.6, 2.5, 4.0]);
    let problem = Problem::new(&dataset, spec, &weights, L2)?;
    let (targets, features) = (problem.targets(), dataset.features());
    // A column that is never pushed down has no stationary intercept; the others have.
    let endless = matches!(spec, LossSpec::Equalization { .. });
    let setup = format!("{words}; four overlapping classes of 60 to 8 samples, uneven weights");
    let outcome = solve_general(&problem, None);
    let unsolved = match &outcome {
        Outcome::NotConverged { why, .. } if !endless => Some(why.clone()),
        Outcome::Stationary(_) if endless => Some("stationary, where no intercept can be".to_owned()),
        Outcome::Separable(_) => Some("called separable although penalised".to_owned()),
        _ => None,
    };
    let Some(head) = reached(outcome).filter(|_| unsolved.is_none()) else {
        return Ok(CaseReport { setup, unsolved, ..CaseReport::default() });
    };
    let logits = head.logits(&features);
    let flat = DMatrix::zeros(logits.nrows(), logits.ncols());
    let (residual, off) = (law(spec, &logits, targets), law(spec, &flat, targets));
    Ok(CaseReport {
        setup,
        residual: Some(residual),
        control: Some(off),
        observed: vec![off],
        ..CaseReport::default()
    })
}

/// The head that a search ended at.
fn reached(outcome: Outcome) -> Option<Head> {
    match outcome {
        Outcome::Stationary(point) => Some(point.head),
        Outcome::NotConverged { reached, .. } => reached.map(|head| *head),
        Outcome::Separable(_) => None,
    }
}

/// Classes that overlap.
fn dataset(seed: u64, number: u64) -> Result<Dataset, SetupFailure> {
    let mut generator = stream(seed, number);
    let means = DMatrix::from_fn(3, COUNTS.len(), |_, _| generator.random_range(-1.2..1.2));
    let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), COUNTS.to_vec())?;
    Ok(mixture.sample(seed, number)?)
}

/// How far the loss's law is missed, relative to the larger side; the worst class.
fn law(spec: &LossSpec, logits: &DMatrix<f64>, targets: &Targets) -> f64 {
    match spec {
        LossSpec::LogitAdjusted { .. }
        | LossSpec::BalancedSoftmax
        | LossSpec::Ldam { .. }
        | LossSpec::VectorScaling { .. }
        | LossSpec::Seesaw { .. } => {
            let shifted = shifted(spec, logits, targets);
            softmax_balance(&MeanProbability::of(crate::loss::Link::Softmax, &shifted, targets), targets)
        }
        _ => weighed(spec, logits, targets),
    }
}

/// The logits that a loss speaks of, from its definition.
fn shifted(spec: &LossSpec, logits: &DMatrix<f64>, targets: &Targets) -> DMatrix<f64> {
    let counts = targets.sizes();
    let total: f64 = counts.iter().sum();
    let (most, least) = counts.iter().fold((0.0, f64::MAX), |(m, l): (f64, f64), &c| (m.max(c), l.min(c)));
    DMatrix::from_fn(logits.nrows(), logits.ncols(), |k, i| {
        let (z, y) = (logits[(k, i)], targets.class_indices()[i] as usize);
        match *spec {
            LossSpec::LogitAdjusted { strength } => z + strength * (counts[k] / total).ln(),
            LossSpec::Ldam { margin, scale } => {
                scale * (z - if k == y { margin * (least / counts[y]).sqrt().sqrt() } else { 0.0 })
            }
            LossSpec::VectorScaling { strength, gamma } => {
                (counts[k] / most).powf(gamma) * z + strength * (counts[k] / total).ln()
            }
            LossSpec::Seesaw { mitigation, compensation, .. } if k != y => {
                // Without a floor the ratio of probabilities is that of exponentials.
                let mitigated = (counts[k] / counts[y]).min(1.0).powf(mitigation);
                let compensated = (z - logits[(y, i)]).exp().max(1.0).powf(compensation);
                z + (mitigated * compensated).ln()
            }
            LossSpec::Seesaw { .. } => z,
            _ => z + counts[k].ln(),
        }
    })
}

/// Laws in which every sample is weighted by a function of its probability.
fn weighed(spec: &LossSpec, logits: &DMatrix<f64>, targets: &Targets) -> f64 {
    let classes = targets.classes();
    let (link, lambda) = (spec.build(targets).link(), targets.class_weights());
    let mut sides = vec![(0.0, 0.0); classes];
    let mut sample = vec![Sigmoid::of(0.0); classes];
    for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        let (y, weight) = (label as usize, targets.sample_weight(number));
        sample_probabilities(link, z.as_slice(), y, &mut sample);
        for (k, side) in sides.iter_mut().enumerate() {
            let (p, q) = (sample[k].probability, sample[k].complement);
            // The factor of an entry under a power of `p`, the probability of the wrong side.
            let powered = |p: f64, gamma: f64| p.powf(gamma) * (p - gamma * (1.0 - p) * (1.0 - p).ln());
            let own = k == y;
            let (out, into) = match *spec {
                LossSpec::Focal { gamma, probability } => {
                    let exponent = if probability == FocalProbability::Plain { 1.0 } else { lambda[y] };
                    let text = sample[y].probability.powf(exponent);
                    let rest = 1.0 - text;
                    let factor = rest.powf(gamma) - gamma * text * rest.powf(gamma - 1.0) * text.ln();
                    (lambda[y] * factor * q, lambda[y] * factor * p)
                }
                LossSpec::LabelSmoothing { smoothing, weights } => {
                    let by = |c: usize| if weights == SmoothingWeights::Term { lambda[c] } else { lambda[y] };
                    let spread = smoothing / classes as f64;
                    let target =
                        |c: usize| spread * by(c) + if c == y { (1.0 - smoothing) * lambda[y] } else { 0.0 };
                    let mass: f64 = (0..classes).map(target).sum();
                    // Means of predictions and of targets, whoever's samples they are.
                    side.0 += weight * target(k);
                    side.1 += weight * mass * p;
                    continue;
                }
                LossSpec::SigmoidFocal { gamma, alpha } => {
                    (lambda[y] * alpha * powered(q, gamma), lambda[y] * (1.0 - alpha) * powered(p, gamma))
                }
                LossSpec::SoftSelection { alpha, gamma } => {
                    (lambda[y] * q, lambda[y] * alpha / (classes - 1) as f64 * powered(p, gamma))
                }
                LossSpec::PosWeight { weights: PositiveWeights::Explicit(ref weights) } => {
                    (lambda[y] * weights[k] * q, lambda[y] * p)
                }
                _ => (lambda[y] * q, lambda[y] * p),
            };
            if own { side.0 += weight * out } else { side.1 += weight * into }
        }
    }
    let rare = |k: usize| {
        matches!(spec, LossSpec::Equalization { .. }) && targets.sizes()[k] < RARE * targets.total_size()
    };
    let worst = (0..classes).filter(|&k| !rare(k)).map(|k| relative_difference(sides[k].0, sides[k].1));
    largest_magnitude(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The laws hold for samples of any weights, and are missed where the weights are others than those solved with.
    #[test]
    fn the_laws_hold_under_sample_weights() {
        let unweighted = dataset(7, 3).expect("small");
        let each: Vec<f64> = (0..unweighted.labels().samples())
            .map(|sample| 0.2 + (0.7 * sample as f64).sin().powi(2))
            .collect();
        let weighted = unweighted.clone().with_sample_weights(&each).expect("valid");
        let weights = ClassWeights::Explicit(vec![1.0, 0.6, 2.5, 4.0]);
        let others = Targets::new(unweighted.labels(), &weights).expect("valid");
        for (spec, words) in losses() {
            let problem = Problem::new(&weighted, &spec, &weights, L2).expect("a problem");
            let head = reached(solve_general(&problem, None)).expect("a head");
            let logits = head.logits(&weighted.features());
            let residual = law(&spec, &logits, problem.targets());
            assert!(residual < 1e-9, "{words}: {residual:e}");
            let control = law(&spec, &logits, &others);
            assert!(control > 1e-3, "{words}: {control:e} without the weights");
        }
    }

    #[test]
    fn every_loss_of_the_list_is_checked() {
        assert_eq!(CLAIM.cases.count(), losses().len() * DRAWS);
    }
}
