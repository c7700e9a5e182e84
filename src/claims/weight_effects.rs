//! W1 to W4: what a class weight does to mean probabilities, its own class's among them.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Comparison, missed};
use super::sentence::shown;
use crate::balance::{MeanProbability, WeightEffects, binary_error_ratio, class_log_losses};
use crate::data::random::{log_uniform, stream};
use crate::data::{Covariance, Dataset, GaussianMixture, class_means, contrary_weight};
use crate::loss::{ClassWeights, Targets};
use crate::solver::{LossChoice, Outcome, Problem, solve};
use rand::RngExt;

/// Penalty of drawn problems.
const PENALTY: f64 = 1e-3;
/// Largest relative difference of a derivative from central differences of problems solved again.
const DIFFERENCE: f64 = 1e-7;

/// The contrary weight in 60-digit arithmetic: `P1` and `P0` at `lambda_1 = 1` and at `lambda_1 = 1.25`, and
/// `dP1 / d log lambda_1` at 1.
const CONTRARY: [[f64; 2]; 2] = [[0.209_049_32, 0.044_297_508], [0.166_883_24, 0.058_323_795]];
const CONTRARY_SLOPE: f64 = -0.043_222;
/// The losses and units of features in which the contrary weight is looked at.
const CONTRARY_CASES: [(LossChoice, f64, &str); 3] = [
    (LossChoice::Logistic, 1.0, "binary logistic"),
    (LossChoice::Softmax, 1.0, "softmax, two classes"),
    (LossChoice::Logistic, 1000.0, "binary logistic, features in other units"),
];
/// Half a unit of the last digit of those numbers.
const LAST_DIGIT: f64 = 5e-9;
const LAST_DIGIT_OF_SLOPE: f64 = 5e-7;

pub(super) const CLAIMS: [Comparison; 4] = [
    Comparison {
        id: "W1",
        statement: "The weight-effect Jacobian J[c][k][j] = dP[c][k]/d log λ_j by the implicit function theorem agrees with problems solved again.",
        cases: 24,
        check: jacobian,
        summarise: |cases| worst(cases, "largest relative difference"),
    },
    Comparison {
        id: "W2",
        statement: "Sum rule: Σ m_c J[c][k][j] = m_j (1[j = k] − P[j][k]), the derivative of the softmax balance.",
        cases: 60,
        check: sum_rule,
        summarise: |cases| {
            let raised = cases.iter().filter(|case| case.get(1).is_some_and(|&count| count > 0.0)).count();
            let mut told = worst(cases, "largest relative residual");
            told.push(format!(
                "raising one class's weight raised another's mean probability in {raised} of {} problems",
                cases.len()
            ));
            told
        },
    },
    Comparison {
        id: "W3",
        statement: "Revealed preference: as λ_j grows, the mean log loss of class j (and the penalty on a mean loss) never increases.",
        cases: 24,
        check: preference,
        summarise: |_| Vec::new(),
    },
    Comparison {
        id: "W4",
        statement: "A weight can work against its own class, already for two: 25% more weight on the positives lowers their mean probability by four points.",
        cases: CONTRARY_CASES.len(),
        check: contrary,
        summarise: |cases| {
            let at = |place: usize| {
                cases.first().and_then(|case| case.get(place)).copied().map_or_else(String::new, shown)
            };
            vec![
                format!("P₁ {} at λ₁ = 1, {} at λ₁ = 1.25; P₀ {} and {}", at(0), at(1), at(2), at(3)),
                format!("dP₁/d log λ₁ = {}; mean log loss of the positives {} and {}", at(4), at(5), at(6)),
            ]
        },
    },
];

fn worst(cases: &[Vec<f64>], what: &str) -> Vec<String> {
    let most = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
    most.map(|most| vec![format!("{what}: {}", shown(most))]).unwrap_or_default()
}

/// A drawn problem: data, loss and logarithms of its weights.
struct Drawn {
    dataset: Dataset,
    choice: LossChoice,
    logs: Vec<f64>,
    words: String,
}

/// A problem solved with some weights.
struct At {
    means: MeanProbability,
    targets: Targets,
    effects: Option<WeightEffects>,
    /// Mean log loss of each class.
    class_loss: Vec<f64>,
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
        let (choice, name) =
            if softmax { (LossChoice::Softmax, "softmax") } else { (LossChoice::Logistic, "logistic") };
        Ok(Self {
            dataset,
            choice,
            logs,
            words: format!("{name}, {classes} Gaussian classes, weights drawn, l2 {PENALTY}"),
        })
    }

    fn weights(&self) -> Vec<f64> {
        self.logs.iter().map(|log| log.exp()).collect()
    }

    fn at(&self, logs: &[f64], with_effects: bool) -> Result<At, SetupFailure> {
        let weights: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        solved(&self.dataset, &self.choice, weights, PENALTY, with_effects)
    }
}

fn solved(
    dataset: &Dataset,
    choice: &LossChoice,
    weights: Vec<f64>,
    l2: f64,
    with_effects: bool,
) -> Result<At, SetupFailure> {
    let problem = Problem::new(dataset, choice, &ClassWeights::Explicit(weights), l2)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err("no stationary point".into());
    };
    let logits = point.logits(dataset);
    let means = MeanProbability::of(problem.loss().link(), &logits, problem.targets());
    let effects = if with_effects { WeightEffects::at(&problem, dataset, &point).ok() } else { None };
    let class_loss = class_log_losses(problem.loss().link(), &logits, problem.targets());
    let penalty = point.loss - point.data_loss;
    Ok(At { means, targets: problem.targets().clone(), effects, class_loss, penalty })
}

fn jacobian(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let drawn = Drawn::new(draws, case, false)?;
    let effects = drawn.at(&drawn.logs, true)?.effects.ok_or("a singular Hessian")?;
    let classes = drawn.logs.len();
    let (mut apart, mut control) = (0.0_f64, f64::INFINITY);
    for class in 0..classes {
        let expected =
            WeightEffects::by_differences(&drawn.dataset, &drawn.choice, &drawn.weights(), PENALTY, class)
                .ok_or("no stationary point")?;
        let difference = |other: usize| (&effects.of_weight[other] - &expected).amax() / expected.amax();
        apart = apart.max(difference(class));
        control = control.min(difference((class + 1) % classes));
    }
    Ok(CaseReport {
        setup: drawn.words,
        residual: Some(missed(&[(DIFFERENCE, apart)])),
        // The effects of another weight.
        control: Some(missed(&[(DIFFERENCE, control)])),
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
        control: Some(WeightEffects { of_weight }.sum_rule(&at.means, &at.targets)),
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
    let rise = |losses: &[f64]| losses.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    let reversed: Vec<f64> = losses.iter().rev().copied().collect();
    Ok(CaseReport {
        setup: format!("{}; weight of class {class} from 0.1 to 30 times", drawn.words),
        residual: Some(rise(&losses)),
        control: Some(rise(&reversed)),
        ..CaseReport::default()
    })
}

fn contrary((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (ref choice, unit, words) = CONTRARY_CASES[case];
    let witness = contrary_weight()?.dataset()?;
    let features = witness.features().map(|feature| unit * (feature + 1.0));
    let dataset = Dataset::unnamed(features, witness.labels().clone())?;
    let at = |dataset: &Dataset, weight: f64| solved(dataset, choice, vec![1.0, weight], 0.0, true);
    let (before, after) = (at(&dataset, 1.0)?, at(&dataset, 1.25)?);
    let positives = |at: &At| at.means.matrix[(1, 1)];
    let negatives = |at: &At| at.means.matrix[(0, 1)];
    let slope = before.effects.as_ref().ok_or("a singular Hessian")?.of_weight[1][(1, 1)];
    let off = [&before, &after].into_iter().zip(CONTRARY).flat_map(|(at, [p1, p0])| {
        [(LAST_DIGIT, (positives(at) - p1).abs()), (LAST_DIGIT, (negatives(at) - p0).abs())]
    });
    let ratio = |at: &At| {
        let (measured, lawful) = binary_error_ratio(&at.means, &at.targets);
        (1e-10, (measured / lawful - 1.0).abs())
    };
    let fell = |before: &At, after: &At| (positives(before) - positives(after), 0.04);
    let slope_off = (LAST_DIGIT_OF_SLOPE, (slope - CONTRARY_SLOPE).abs());
    let inequalities: Vec<(f64, f64)> =
        off.chain([slope_off, ratio(&before), ratio(&after), fell(&before, &after)]).collect();
    // Ordinary classes: more weight helps.
    let means = class_means::line(2, 1.5)?;
    let ordinary =
        GaussianMixture::new(means, Covariance::Spherical(1.0), vec![400, 80])?.sample(seed, number)?;
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
