//! W1 to W4: what a weight does, and that it can work against its own class.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, TOLERANCE, missed, shown};
use super::unexpected_effects::{contrary_weight, contrary_weight_of_three};
use crate::balance::{MeanProbability, WeightEffects, binary_error_ratio, class_log_losses};
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

/// The contrary weight in 60-digit arithmetic: `P1` and `P0` at `lambda_1 = 1` and at `lambda_1 = 1.25`, and
/// `dP1 / d log lambda_1` at 1.
const CONTRARY: [[f64; 2]; 2] = [[0.209_049_32, 0.044_297_508], [0.166_883_24, 0.058_323_795]];
const CONTRARY_SLOPE: f64 = -0.043_222;
/// The losses and units of features in which the contrary weight is looked at.
const CASES: [(LossSpec, f64, &str); 3] = [
    (LossSpec::Logistic, 1.0, "binary logistic"),
    (LossSpec::Softmax, 1.0, "softmax, two classes"),
    (LossSpec::Logistic, 1000.0, "binary logistic, features in other units"),
];
/// Half a unit of the last digit of those numbers.
const LAST_DIGIT: f64 = 5e-9;
const LAST_DIGIT_OF_SLOPE: f64 = 5e-7;
/// Penalty under which three classes show it, and the class.
const PENALTY_OF_THREE: f64 = 1e-3;
const CLASS_OF_THREE: usize = 1;

pub(super) const CONTRARY_WEIGHT: ComparisonClaim = ComparisonClaim {
    id: "W4",
    title: "a weight against its own class",
    statement: "A weight can work against its own class, already for two (25% more weight on the positives lowers their mean probability by four points) and for three under a penalty.",
    cases: Cases::All(CASES.len() + 1),
    check: contrary,
    summarise: |cases| {
        let of_three = cases.iter().find(|case| case.len() == 1).map_or(f64::NAN, |case| case[0]);
        let at = |place: usize| {
            cases.iter().find(|case| case.len() > 1).map(|case| case[place]).map_or_else(String::new, shown)
        };
        vec![
            format!("P₁ {} at λ₁ = 1, {} at λ₁ = 1.25; P₀ {} and {}", at(0), at(1), at(2), at(3)),
            format!("dP₁/d log λ₁ = {}; mean log loss of the positives {} and {}", at(4), at(5), at(6)),
            format!("three classes, penalty {PENALTY_OF_THREE}: dP[1][1]/d log λ₁ = {}", shown(of_three)),
        ]
    },
};

fn contrary((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    if case == CASES.len() {
        return of_three((seed, number));
    }
    let (ref spec, unit, words) = CASES[case];
    let witness = contrary_weight()?.dataset()?;
    let features = witness.features().map(|feature| unit * (feature + 1.0));
    let dataset = Dataset::unnamed(features, witness.labels().clone())?;
    let at = |dataset: &Dataset, weight: f64| solved(dataset, spec, vec![1.0, weight], 0.0, true);
    let (before, after) = (at(&dataset, 1.0)?, at(&dataset, 1.25)?);
    let positives = |at: &At| at.means.matrix[(1, 1)];
    let negatives = |at: &At| at.means.matrix[(0, 1)];
    let slope = before.effects.as_ref().ok_or("a singular Hessian")?.of_weight[1][(1, 1)];
    let off = [&before, &after].into_iter().zip(CONTRARY).flat_map(|(at, [p1, p0])| {
        [(LAST_DIGIT, (positives(at) - p1).abs()), (LAST_DIGIT, (negatives(at) - p0).abs())]
    });
    let ratio = |at: &At| {
        let (measured, expected) = binary_error_ratio(&at.means, &at.targets);
        (TOLERANCE, (measured / expected - 1.0).abs())
    };
    let fell = |before: &At, after: &At| (positives(before) - positives(after), 0.04);
    let slope_off = (LAST_DIGIT_OF_SLOPE, (slope - CONTRARY_SLOPE).abs());
    let inequalities: Vec<(f64, f64)> =
        off.chain([slope_off, ratio(&before), ratio(&after), fell(&before, &after)]).collect();
    let ordinary = ordinary(vec![400, 80], (seed, number))?;
    Ok(CaseReport {
        setup: format!("{words}, six groups in three dimensions, 1482 negatives, 83 positives, no penalty"),
        residual: Some(missed(&inequalities)),
        control: Some(missed(&[fell(&at(&ordinary, 1.0)?, &at(&ordinary, 1.25)?)])),
        observed: vec![
            positives(&before),
            positives(&after),
            negatives(&before),
            negatives(&after),
            slope,
            before.class_loss[1],
            after.class_loss[1],
        ],
        ..CaseReport::default()
    })
}

/// Ordinary classes, which more weight helps.
fn ordinary(counts: Vec<usize>, (seed, number): (u64, u64)) -> Result<Dataset, SetupFailure> {
    let means = class_means::line(counts.len(), 1.5)?;
    Ok(GaussianMixture::new(means, Covariance::Spherical(1.0), counts)?.sample(seed, number)?)
}

/// Softmax with a penalty: the derivative, the same from problems solved again, and what 10% more weight brings.
fn of_three(draws: (u64, u64)) -> Result<CaseReport, SetupFailure> {
    let spec = LossSpec::Softmax;
    let fell = |dataset: &Dataset| -> Result<(f64, f64), SetupFailure> {
        let class = CLASS_OF_THREE;
        let own = |weight: f64| -> Result<f64, SetupFailure> {
            let at = solved(dataset, &spec, vec![1.0, weight, 1.0], PENALTY_OF_THREE, false)?;
            Ok(at.means.matrix[(class, class)])
        };
        Ok((own(1.0)? - own(1.1)?, 0.003))
    };
    let dataset = contrary_weight_of_three()?.dataset()?;
    let at = solved(&dataset, &spec, vec![1.0; 3], PENALTY_OF_THREE, true)?;
    let of_weight = &at.effects.as_ref().ok_or("a singular Hessian")?.of_weight[CLASS_OF_THREE];
    let slope = of_weight[(CLASS_OF_THREE, CLASS_OF_THREE)];
    let again = Differences::of(&dataset, &spec, &[1.0; 3], PENALTY_OF_THREE, CLASS_OF_THREE)?;
    let own = fell(&dataset)?;
    Ok(CaseReport {
        setup: format!("softmax, six groups of three classes in three dimensions, l2 {PENALTY_OF_THREE}"),
        residual: Some(missed(&[(-0.04, slope), own]).max(again.excess(of_weight))),
        control: Some(missed(&[fell(&ordinary(vec![400, 80, 400], draws)?)?])),
        observed: vec![slope],
        ..CaseReport::default()
    })
}
