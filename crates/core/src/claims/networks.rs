//! N1 to N4: a network in training, and its last layer once that is solved to stationarity.
//!
//! Theory fixes one thing at every point, stationary or not (N1): the two sides of the law, computed from probabilities
//! alone, differ by the gradient of the intercept. The claim judges that identity, class by class and epoch by epoch.
//! Whether the difference falls during training is not fixed by theory: it is measured over several draws and not
//! judged.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, missed, quantile, shown};
use super::verdict::Rate;
use crate::balance::{
    ClassMeans, Ledger, MeanProbability, attached_ledger, binary_error_ratio, detached_ledger,
    doubly_stochastic, one_vs_all_ledger, relative_difference, softmax_ledger,
};
use crate::cnn::{HeadPenalty, LastLayer, LastLayerEvaluation, Recipe, Training, TrainingPlan};
use crate::data::random::stream;
use crate::data::{ImageSample, ImbalanceProfile, digit_images};
use crate::loss::{BuiltLoss, ClassWeights, InrVariant, LossSpec, Targets};
use crate::numeric::{largest, sort_largest_first};
use nalgebra::DMatrix;
use rand::RngExt;

/// Losses and weights of N1 and N2.
pub(super) const LOSSES: [(LossSpec, ClassWeights, &str); 6] = [
    (LossSpec::Softmax, ClassWeights::None, "softmax"),
    (LossSpec::Softmax, ClassWeights::Balanced, "softmax, inverse-frequency weights"),
    (LossSpec::Logistic, ClassWeights::None, "one-vs-all"),
    (LossSpec::Logistic, ClassWeights::Balanced, "one-vs-all, inverse-frequency weights"),
    (LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached }, ClassWeights::None, "LGL-INR, beta 5"),
    (
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Detached },
        ClassWeights::None,
        "LGL-INR detached, beta 5",
    ),
];
/// Class sizes and weights of the positives in N3.
const PAIRS: [([usize; 2], f64); 8] = [
    ([170, 170], 1.0),
    ([170, 17], 1.0),
    ([170, 2], 1.0),
    ([170, 17], 10.0),
    ([170, 2], 85.0),
    ([170, 2], 1000.0),
    ([100, 1], 1.0),
    ([100, 1], 100.0),
];
/// Imbalances of N4.
const RATIOS: [f64; 3] = [10.0, 50.0, 100.0];

pub(super) const CLAIMS: [ComparisonClaim; 3] = [
    ComparisonClaim {
        id: "N2",
        title: "last layer solved exactly",
        statement: "With the features of a trained network frozen, the last layer solved to stationarity obeys the balance law of its loss exactly.",
        cases: Cases::All(LOSSES.len()),
        check: polished,
        summarise: before_and_after,
    },
    ComparisonClaim {
        id: "N3",
        title: "two digits",
        statement: "Digits 8 against 3, from 1:1 to 1:100, under several weights: the ratio of the two mean errors over a network's features is λ₀N₀/(λ₁N₁) when its head is stationary.",
        cases: Cases::All(PAIRS.len()),
        check: pair,
        summarise: before_and_after,
    },
    ComparisonClaim {
        id: "N4",
        title: "long-tailed digits",
        statement: "Inverse-frequency weights make a long-tailed network's mean-probability matrix doubly stochastic, and its diagonal stays uneven.",
        cases: Cases::All(RATIOS.len()),
        check: doubly,
        summarise: |cases| {
            let mut sentences = before_and_after(cases);
            let spreads = || cases.iter().filter_map(|case| case.get(1)).copied();
            if let (Some(low), Some(high)) = (quantile(spreads(), 0.0), quantile(spreads(), 1.0)) {
                sentences.push(format!("diagonals spread over {} to {}", shown(low), shown(high)));
            }
            sentences
        },
    },
];

fn before_and_after(cases: &[Vec<f64>]) -> Vec<String> {
    let trained = || cases.iter().filter_map(|case| case.first()).copied();
    match (quantile(trained(), 0.0), quantile(trained(), 1.0)) {
        (Some(low), Some(high)) => {
            vec![format!(
                "as trained by {EPOCHS} epochs, the same law is off by {} to {}",
                shown(low),
                shown(high)
            )]
        }
        _ => Vec::new(),
    }
}

/// Epochs of a training; enough for the loss to converge, not for the gradient to vanish.
const EPOCHS: usize = 40;

/// A small network on all of its images at a time: what the gradient sees is the loss itself, LGL-INR's class means
/// included.
pub(super) fn recipe(loss: &LossSpec) -> Recipe {
    // LGL-INR sums class means where the others take one mean: its gradient is larger by the number of classes.
    let rate = if matches!(loss, LossSpec::Inr { .. }) { 0.01 } else { 0.05 };
    Recipe { epochs: EPOCHS, batch: 4096, rate, decay: 1e-2, ..Recipe::default() }
}

/// A trained network and its targets, from which the last layer can be solved to stationarity.
struct Trained {
    targets: Targets,
    loss: BuiltLoss,
    penalty: HeadPenalty,
    layer: LastLayer,
}

fn trained(
    sample: &ImageSample,
    loss: &LossSpec,
    weights: &ClassWeights,
    seed: u64,
) -> Result<Trained, SetupFailure> {
    let plan = TrainingPlan::new(recipe(loss), loss.clone(), weights, sample, seed)?;
    let mut training = Training::new(plan, sample)?;
    while !training.is_done() {
        training.finish_epoch(&mut |_| Ok(()))?;
    }
    let layer = training.last_layer();
    let (targets, loss) = (training.targets().clone(), training.loss().clone());
    Ok(Trained { targets, loss, penalty: training.head_penalty(), layer })
}

impl Trained {
    fn evaluate(&self) -> LastLayerEvaluation {
        self.layer.evaluate(&self.loss, &self.targets, self.penalty)
    }

    /// The head that is stationary on the features as they are; `None` where the solver says there is none.
    fn finished(&self, loss: &LossSpec) -> Result<Option<LastLayerEvaluation>, SetupFailure> {
        let Ok((head, _)) = self.layer.finish(loss, &self.targets, self.penalty.decay)? else {
            return Ok(None);
        };
        let layer = LastLayer { head, ..self.layer.clone() };
        Ok(Some(layer.evaluate(&self.loss, &self.targets, self.penalty)))
    }
}

/// Ten digits with a long tail.
pub(super) fn long_tailed(ratio: f64, (seed, number): (u64, u64)) -> Result<ImageSample, SetupFailure> {
    let classes: Vec<u8> = (0..10).collect();
    let counts = ImbalanceProfile::Exponential { largest: 120, ratio }.counts(classes.len())?;
    Ok(ImageSample::draw(&digit_images(), &classes, &counts, &[], seed ^ number)?.0)
}

/// A case of a network; `law` says how far off a point is.
fn finished_case(
    trained: &Trained,
    loss: &LossSpec,
    setup: String,
    law: impl Fn(&LastLayerEvaluation) -> f64,
    more: impl Fn(&LastLayerEvaluation) -> Vec<f64>,
) -> Result<CaseReport, SetupFailure> {
    let before = law(&trained.evaluate());
    let Some(after) = trained.finished(loss)? else {
        return Ok(CaseReport {
            setup,
            unsolved: Some("no stationary head".to_owned()),
            ..CaseReport::default()
        });
    };
    let observed = std::iter::once(before).chain(more(&after)).collect();
    Ok(CaseReport {
        setup,
        residual: Some(law(&after)),
        control: Some(before),
        observed,
        ..CaseReport::default()
    })
}

fn polished(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (loss, weights, words) = &LOSSES[case];
    let trained = trained(&long_tailed(20.0, draws)?, loss, weights, draws.1)?;
    let setup = format!("{words}, ten digits 1:20, {EPOCHS} epochs, then the head alone");
    finished_case(&trained, loss, setup, LastLayerEvaluation::worst_residual, |_| Vec::new())
}

fn pair((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (counts, weight) = PAIRS[case];
    let sample = ImageSample::draw(&digit_images(), &[3, 8], &counts, &[], seed ^ number)?.0;
    let weights = ClassWeights::Explicit(vec![1.0, weight]);
    let trained = trained(&sample, &LossSpec::Logistic, &weights, number)?;
    let law = |evaluation: &LastLayerEvaluation| {
        let (measured, expected) = binary_error_ratio(&evaluation.means, &trained.targets);
        relative_difference(measured, expected)
    };
    let setup = format!("digits 3 ({}) and 8 ({}), weight {} on the 8s", counts[0], counts[1], shown(weight));
    finished_case(&trained, &LossSpec::Logistic, setup, law, |_| Vec::new())
}

fn doubly(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let ratio = RATIOS[case];
    let loss = LossSpec::Softmax;
    let trained = trained(&long_tailed(ratio, draws)?, &loss, &ClassWeights::Balanced, draws.1)?;
    let setup = format!("softmax, ten digits 1:{}, inverse-frequency weights", shown(ratio));
    let law = |evaluation: &LastLayerEvaluation| {
        largest([doubly_stochastic(&evaluation.means), missed(&[(spread(&evaluation.means), 0.01)])])
    };
    finished_case(&trained, &loss, setup, law, |evaluation| vec![spread(&evaluation.means)])
}

/// Largest less smallest entry of the diagonal.
fn spread(means: &MeanProbability) -> f64 {
    let diagonal = means.matrix.diagonal();
    diagonal.max() - diagonal.min()
}

/// Networks trained with each loss, each on images and from parameters of its own.
const NETWORK_DRAWS: usize = 4;
/// Epochs of a training.
const WATCHED_EPOCHS: usize = 100;
/// Epochs before curves are looked at: the first steps go up and down.
const WARM_UP: usize = WATCHED_EPOCHS / 10;

pub(super) const ALONG_TRAINING: ComparisonClaim = ComparisonClaim {
    id: "N1",
    title: "along training",
    statement: "At every epoch of a network's training and for every class k, (outflow − inflow)/M = −∂L/∂bₖ: the law is off by the gradient of the intercept, and by nothing else.",
    cases: Cases::All(LOSSES.len() * NETWORK_DRAWS),
    check: along_training,
    summarise,
};

/// What is measured of one training and not judged: no theory says that a curve falls.
struct CurveSummary {
    /// Last value as a share of the first one after the warm-up.
    remaining: f64,
    /// Rank correlation with the gradient over epochs.
    correlation: f64,
}

impl CurveSummary {
    fn of(curve: &[f64], gradient: &[f64]) -> Self {
        let remaining = match curve {
            [first, .., last] => last / first,
            _ => f64::NAN,
        };
        Self { remaining, correlation: rank_correlation(curve, gradient) }
    }
}

fn along_training((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (spec, weights, words) = &LOSSES[case / NETWORK_DRAWS];
    let seed = stream(seed, number).random::<u64>();
    let sample = long_tailed(20.0, (seed, 0))?;
    let recipe = Recipe { epochs: WATCHED_EPOCHS, ..recipe(spec) };
    let mut training =
        Training::new(TrainingPlan::new(recipe, spec.clone(), weights, &sample, seed)?, &sample)?;
    let free = training.head_penalty();
    let (mut errors, mut evaluations) = (Vec::new(), Vec::new());
    while !training.is_done() {
        let layer = training.last_layer();
        let evaluation = layer.evaluate(training.loss(), training.targets(), free);
        errors.push(law_error(&evaluation, spec, &layer, training.targets())?);
        evaluations.push(evaluation);
        training.finish_epoch(&mut |_| Ok(()))?;
    }
    let layer = training.last_layer();
    let decaying =
        layer.evaluate(training.loss(), training.targets(), HeadPenalty { with_bias: true, ..free });
    let curve =
        |of: fn(&LastLayerEvaluation) -> f64| evaluations.iter().skip(WARM_UP).map(of).collect::<Vec<f64>>();
    let gradient = curve(|evaluation| evaluation.gradient_inf);
    let difference = CurveSummary::of(&curve(largest_difference), &gradient);
    let relative = CurveSummary::of(&curve(LastLayerEvaluation::worst_residual), &gradient);
    Ok(CaseReport {
        setup: format!("{words}, ten digits 1:20, {WATCHED_EPOCHS} epochs of all images at a time"),
        residual: errors.into_iter().max_by(f64::total_cmp),
        // Where the bias decays, its gradient has another term, and the law is off by it.
        control: Some(law_error(&decaying, spec, &layer, training.targets())?),
        observed: vec![
            difference.remaining,
            difference.correlation,
            relative.remaining,
            relative.correlation,
        ],
        ..CaseReport::default()
    })
}

/// How far `(outflow - inflow) / M` of the closed-form law is from minus the gradient of the intercept, relative to the
/// larger flow; the worst class, NaN above all.
fn law_error(
    evaluation: &LastLayerEvaluation,
    spec: &LossSpec,
    layer: &LastLayer,
    targets: &Targets,
) -> Result<f64, SetupFailure> {
    let law = closed_form(spec, evaluation, layer, targets)?;
    let errors = law.entries.iter().zip(&evaluation.by_intercepts).map(|(entry, gradient)| {
        (entry.difference + gradient * evaluation.denominator).abs()
            / entry.outflow.abs().max(entry.inflow.abs())
    });
    errors.max_by(f64::total_cmp).ok_or_else(|| "a head without intercepts".into())
}

/// Both sides of the law of a loss, from probabilities alone.
fn closed_form(
    spec: &LossSpec,
    evaluation: &LastLayerEvaluation,
    layer: &LastLayer,
    targets: &Targets,
) -> Result<Ledger, SetupFailure> {
    let means = &evaluation.means;
    Ok(match *spec {
        LossSpec::Softmax => softmax_ledger(means, targets),
        LossSpec::Logistic => {
            let weight = |class, _| targets.class_weights()[class];
            let pair_weights = DMatrix::from_fn(targets.classes(), targets.classes(), weight);
            one_vs_all_ledger(means, targets, &pair_weights)
        }
        LossSpec::Inr { beta, variant: InrVariant::Detached } => detached_ledger(means, targets, beta),
        LossSpec::Inr { beta, variant: InrVariant::Attached } => {
            attached_ledger(means, &ClassMeans::of(&layer.logits(), targets), targets, beta)
        }
        _ => return Err(format!("{}: its law is checked by B7", spec.paper_name()).into()),
    })
}

/// The largest `|outflow - inflow| / M` of a class.
fn largest_difference(evaluation: &LastLayerEvaluation) -> f64 {
    let differences = evaluation.ledger.entries.iter().map(|entry| entry.difference.abs());
    differences.max_by(f64::total_cmp).unwrap_or(f64::NAN) / evaluation.denominator
}

fn summarise(cases: &[Vec<f64>]) -> Vec<String> {
    let numbers = |place: usize| cases.iter().filter_map(move |case| case.get(place)).copied();
    let fell = |place| {
        let held = numbers(place).filter(|&remaining| remaining < 1.0).count();
        Rate::of(held, numbers(place).count()).map_or_else(|| "no draw".to_owned(), |rate| rate.in_words())
    };
    let at = |place: usize, fraction: f64| quantile(numbers(place), fraction).map_or_else(String::new, shown);
    let summary = |what: &str, remaining: usize, correlation: usize| {
        format!(
            "not judged: {what} fell in {}; median at the end {} of what it was after {WARM_UP} epochs; rank \
             correlation with the gradient {} (median), {} to {}",
            fell(remaining),
            at(remaining, 0.5),
            at(correlation, 0.5),
            at(correlation, 0.0),
            at(correlation, 1.0)
        )
    };
    vec![
        summary("the largest difference of a class", 0, 1),
        summary("the same relative to the flows, which shrink too,", 2, 3),
    ]
}

/// Spearman's: the correlation of ranks.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |numbers: &[f64]| -> Vec<f64> {
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        sort_largest_first(&mut order, |place| -numbers[place]);
        let mut ranks = vec![0.0; numbers.len()];
        order.into_iter().enumerate().for_each(|(rank, place)| ranks[place] = rank as f64);
        ranks
    };
    let middle = (a.len() as f64 - 1.0) / 2.0;
    let (a, b) = (ranks(a), ranks(b));
    let product =
        |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum() };
    product(&a, &b) / product(&a, &a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_alone_correlate() {
        assert_eq!(rank_correlation(&[1.0, 2.0, 4.0], &[1.0, 10.0, 1000.0]), 1.0);
        assert_eq!(rank_correlation(&[1.0, 2.0, 4.0], &[3.0, 2.0, 1.0]), -1.0);
    }

    /// Controls of the check itself: the gradient of one class off by a part in a million, or no number.
    #[test]
    fn a_gradient_that_is_off_is_seen_in_any_class() {
        let (spec, weights, _) = &LOSSES[1];
        let sample = long_tailed(20.0, (1, 0)).expect("digits");
        let training_plan =
            TrainingPlan::new(recipe(spec), spec.clone(), weights, &sample, 1).expect("a plan");
        let mut training = Training::new(training_plan, &sample).expect("a training");
        let layer = training.last_layer();
        let error = |evaluation: &LastLayerEvaluation| {
            law_error(evaluation, spec, &layer, training.targets()).expect("a law")
        };
        let evaluation = layer.evaluate(training.loss(), training.targets(), training.head_penalty());
        assert!(error(&evaluation) < 1e-12, "{}", error(&evaluation));
        for class in 0..evaluation.by_intercepts.len() {
            let mut wrong = evaluation.clone();
            wrong.by_intercepts[class] += 1e-6;
            assert!(error(&wrong) > 1e-7, "class {class}: {}", error(&wrong));
            wrong.by_intercepts[class] = f64::NAN;
            assert!(error(&wrong).is_nan(), "class {class}");
        }
    }
}
