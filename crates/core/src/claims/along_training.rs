//! N1: how far a network in training is from the balance of its last layer.
//!
//! Theory fixes one thing at every point, stationary or not: the two sides of the law, computed from probabilities
//! alone, differ by the gradient of the intercept. The claim judges that identity, class by class and epoch by epoch.
//! Whether the difference falls during training is not fixed by theory: it is measured over several draws and not
//! judged.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim};
use super::networks::{LOSSES, long_tailed, recipe};
use super::rate::Rate;
use super::sentence::{quantile, shown};
use crate::balance::{
    ClassMeans, Ledger, attached_ledger, detached_ledger, one_vs_all_ledger, softmax_ledger,
};
use crate::cnn::{HeadPenalty, LastLayer, LastLayerEvaluation, Recipe, Training, TrainingPlan};
use crate::data::random::stream;
use crate::loss::{InrVariant, LossSpec, Targets};
use nalgebra::DMatrix;
use rand::RngExt;

/// Networks trained with each loss, each on images and from parameters of its own.
const DRAWS: usize = 4;
/// Epochs of a training.
const EPOCHS: usize = 100;
/// Epochs before curves are looked at: the first steps go up and down.
const WARM_UP: usize = EPOCHS / 10;

pub(super) const CLAIM: ComparisonClaim = ComparisonClaim {
    id: "N1",
    title: "along training",
    statement: "At every epoch of a network's training and for every class k, (outflow − inflow)/M = −∂L/∂bₖ: the law is off by the gradient of the intercept, and by nothing else.",
    cases: Cases::All(LOSSES.len() * DRAWS),
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
    let (spec, weights, words) = &LOSSES[case / DRAWS];
    let seed = stream(seed, number).random::<u64>();
    let sample = long_tailed(20.0, (seed, 0))?;
    let recipe = Recipe { epochs: EPOCHS, ..recipe(spec) };
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
        setup: format!("{words}, ten digits 1:20, {EPOCHS} epochs of all images at a time"),
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
        order.sort_by(|&i, &j| numbers[i].total_cmp(&numbers[j]));
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

    /// One draw of each loss, on seeds of which most failed when a curve's fall was judged.
    #[test]
    fn the_difference_is_the_gradient_on_any_seed() {
        for (loss, seed) in (0..LOSSES.len()).zip([2, 3, 5, 8, 13, 21]) {
            let case = loss * DRAWS;
            let report = along_training((seed, case as u64), case).expect("trained");
            let (residual, control) = (report.residual, report.control);
            assert!(residual.is_some_and(|residual| residual < 1e-12), "{loss}: {residual:?}");
            assert!(control.is_some_and(|control| control > 1e-6), "{loss}: {control:?}");
        }
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
