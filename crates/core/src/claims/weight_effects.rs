//! W1 to W3: what a class weight does to mean probabilities.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim, missed};
use super::sentence::shown;
use crate::balance::{MeanProbability, WeightEffects, class_log_losses};
use crate::data::random::{log_uniform, stream};
use crate::data::{Covariance, Dataset, GaussianMixture, class_means};
use crate::loss::{ClassWeights, Loss, LossSpec, Targets};
use crate::numeric::{largest, largest_magnitude};
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;
use rand::RngExt;

/// Penalty of drawn problems.
const PENALTY: f64 = 1e-3;
/// Step of central differences in the logarithm of a weight.
const STEP: f64 = 2e-2;
/// Gradient of the mean loss that the solver leaves at most (docs/theory.md#numerics).
const GRADIENT: f64 = 1e-13;

pub(super) const CLAIMS: [ComparisonClaim; 3] = [
    ComparisonClaim {
        id: "W1",
        title: "effect of a weight",
        statement: "The weight-effect Jacobian J[c][k][j] = dP[c][k]/d log λ_j by the implicit function theorem agrees with problems solved again.",
        cases: Cases::All(24),
        check: jacobian,
        summarise: |cases| worst(cases, "largest relative difference"),
    },
    ComparisonClaim {
        id: "W2",
        title: "sum rule of effects",
        statement: "Sum rule: Σ m_c J[c][k][j] = m_j (1[j = k] − P[j][k]), the derivative of the softmax balance.",
        cases: Cases::All(60),
        check: sum_rule,
        summarise: |cases| {
            let raised = cases.iter().filter(|case| case.get(1).is_some_and(|&count| count > 0.0)).count();
            let mut text = worst(cases, "largest relative residual");
            text.push(format!(
                "raising one class's weight raised another's mean probability in {raised} of {} problems",
                cases.len()
            ));
            text
        },
    },
    ComparisonClaim {
        id: "W3",
        title: "more weight, lower own loss",
        statement: "Revealed preference: as λ_j grows, the mean log loss of class j (and the penalty on a mean loss) never increases.",
        cases: Cases::All(24),
        check: preference,
        summarise: |_| Vec::new(),
    },
];

fn worst(cases: &[Vec<f64>], what: &str) -> Vec<String> {
    let most = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
    most.map(|most| vec![format!("{what}: {}", shown(most))]).unwrap_or_default()
}

/// A drawn problem: data, loss and logarithms of its weights.
struct Drawn {
    dataset: Dataset,
    spec: LossSpec,
    logs: Vec<f64>,
    words: String,
}

/// A problem solved with some weights.
pub(super) struct At {
    pub(super) means: MeanProbability,
    pub(super) targets: Targets,
    pub(super) effects: Option<WeightEffects>,
    /// Mean log loss of each class.
    pub(super) class_loss: Vec<f64>,
    /// What the penalty adds to the loss.
    penalty: f64,
}

impl Drawn {
    fn new((seed, number): (u64, u64), case: usize, softmax_only: bool) -> Result<Self, SetupFailure> {
        let generator = &mut stream(seed, number);
        let classes = 2 + case % 4;
        let softmax = softmax_only || case.is_multiple_of(2);
        let means = class_means::random(classes, 3, 1.2, generator)?;
        let counts: Vec<usize> = (0..classes).map(|_| generator.random_range(20..150)).collect();
        let dataset =
            GaussianMixture::new(means, Covariance::Spherical(1.0), counts)?.sample(seed, number)?;
        let logs = (0..classes).map(|_| log_uniform(generator, 0.2, 5.0).ln()).collect();
        let (spec, name) =
            if softmax { (LossSpec::Softmax, "softmax") } else { (LossSpec::Logistic, "logistic") };
        Ok(Self {
            dataset,
            spec,
            logs,
            words: format!("{name}, {classes} Gaussian classes, weights drawn, l2 {PENALTY}"),
        })
    }

    fn at(&self, logs: &[f64], with_effects: bool) -> Result<At, SetupFailure> {
        solved(&self.dataset, &self.spec, weights(logs), PENALTY, with_effects)
    }
}

fn weights(logs: &[f64]) -> Vec<f64> {
    logs.iter().map(|log| log.exp()).collect()
}

pub(super) fn solved(
    dataset: &Dataset,
    spec: &LossSpec,
    weights: Vec<f64>,
    l2: f64,
    with_effects: bool,
) -> Result<At, SetupFailure> {
    let problem = Problem::new(dataset, spec, &ClassWeights::Explicit(weights), l2)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err("no stationary point".into());
    };
    let logits = point.logits();
    let means = MeanProbability::of(problem.loss().link(), &logits, problem.targets());
    let effects = if with_effects { WeightEffects::at(&point).ok() } else { None };
    let class_loss = class_log_losses(problem.loss().link(), &logits, problem.targets());
    let penalty = point.loss - point.data_loss;
    Ok(At { means, targets: problem.targets().clone(), effects, class_loss, penalty })
}

/// The effect of a weight by central differences of problems solved again, and how far these may be off.
pub(super) struct Differences {
    effect: DMatrix<f64>,
    error: f64,
}

impl Differences {
    /// Extrapolated differences err by the fourth power of the step: those of twice the step by 16 times as much, so that the two
    /// differ by more than the better one errs. Beside this truncation there is rounding. The solver leaves a gradient, and so an
    /// error of the head of at most this gradient over the penalty, which is the least curvature of a coefficient; the differences
    /// multiply what it does to means by three over the step (docs/theory.md#w1).
    pub(super) fn of(
        dataset: &Dataset,
        spec: &LossSpec,
        weights: &[f64],
        l2: f64,
        class: usize,
    ) -> Result<Self, SetupFailure> {
        let with = |step: f64| {
            WeightEffects::by_differences(dataset, spec, weights, l2, class, step)
                .ok_or("no stationary point")
        };
        let (effect, coarser) = (with(STEP)?, with(2.0 * STEP)?);
        let truncation = (&effect - coarser).amax();
        let rounding = 3.0 / STEP * GRADIENT / l2;
        Ok(Self { effect, error: truncation + rounding })
    }

    /// The largest difference of another effect from this one, relative to the largest entry.
    pub(super) fn distance(&self, effect: &DMatrix<f64>) -> f64 {
        largest_magnitude((effect - &self.effect).iter().copied()) / self.effect.amax()
    }

    /// By how much that exceeds what differences may be off.
    pub(super) fn excess(&self, effect: &DMatrix<f64>) -> f64 {
        missed(&[(self.error / self.effect.amax(), self.distance(effect))])
    }
}

fn jacobian(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let drawn = Drawn::new(draws, case, false)?;
    let effects = drawn.at(&drawn.logs, true)?.effects.ok_or("a singular Hessian")?;
    let classes = drawn.logs.len();
    let (mut apart, mut off, mut control) = (0.0, 0.0, f64::INFINITY);
    for class in 0..classes {
        let expected = Differences::of(&drawn.dataset, &drawn.spec, &weights(&drawn.logs), PENALTY, class)?;
        apart = largest([apart, expected.distance(&effects.of_weight[class])]);
        off = largest([off, expected.excess(&effects.of_weight[class])]);
        control = control.min(expected.excess(&effects.of_weight[(class + 1) % classes]));
    }
    Ok(CaseReport {
        setup: drawn.words,
        residual: Some(off),
        // The effects of another weight.
        control: Some(control),
        observed: vec![apart],
        ..CaseReport::default()
    })
}

fn sum_rule(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let drawn = Drawn::new(draws, case, true)?;
    let at = drawn.at(&drawn.logs, true)?;
    let effects = at.effects.ok_or("a singular Hessian")?;
    let residual = effects.sum_rule(&at.means, &at.targets);
    let classes = drawn.logs.len();
    let raises = |j: usize, k: usize| j != k && effects.of_weight[j][(k, k)] > 0.0;
    let raised =
        (0..classes).flat_map(|j| (0..classes).map(move |k| (j, k))).filter(|&(j, k)| raises(j, k)).count();
    // Effects that are too large by a millionth.
    let of_weight = effects.of_weight.iter().map(|effect| effect * (1.0 + 1e-6)).collect();
    Ok(CaseReport {
        setup: drawn.words,
        residual: Some(residual),
        control: Some(WeightEffects { of_weight, ..effects }.sum_rule(&at.means, &at.targets)),
        observed: vec![residual, raised as f64],
        ..CaseReport::default()
    })
}

fn preference(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    const FACTORS: [f64; 6] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
    let drawn = Drawn::new(draws, case, false)?;
    let class = case % drawn.logs.len();
    let loss = |factor: &f64| {
        let mut logs = drawn.logs.clone();
        logs[class] += factor.ln();
        // The mean divides by the total mass, so that a class that counts more carries more of the penalty, too.
        drawn.at(&logs, false).map(|at| at.class_loss[class] + at.penalty)
    };
    let losses: Vec<f64> = FACTORS.iter().map(loss).collect::<Result<_, _>>()?;
    let rise = |losses: &[f64]| largest(losses.windows(2).map(|pair| pair[1] - pair[0]));
    let reversed: Vec<f64> = losses.iter().rev().copied().collect();
    Ok(CaseReport {
        setup: format!("{}; weight of class {class} from 0.1 to 30 times", drawn.words),
        residual: Some(rise(&losses)),
        control: Some(rise(&reversed)),
        ..CaseReport::default()
    })
}
