//! Whatever small problem the solver is given, it ends in a named status with finite numbers.

#![expect(clippy::cast_possible_truncation, reason = "a handful of classes")]

use crate::proof::solve_and_check;
use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, InrVariant, LossSpec};
use equipoise::solver::{Outcome, Problem};
use nalgebra::DMatrix;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;

/// Features that invite trouble: ties, constants, and any unit.
fn feature() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-3_i8..=3).prop_map(f64::from),
        (-5.0_f64..5.0),
        Just(7.0),
        (-5.0_f64..5.0).prop_map(|value| value * 1e12),
        (-5.0_f64..5.0).prop_map(|value| value * 1e-12),
    ]
}

fn loss() -> impl Strategy<Value = LossSpec> {
    let beta = prop_oneof![Just(0.0), 0.1_f64..50.0];
    prop_oneof![
        Just(LossSpec::Logistic),
        Just(LossSpec::Softmax),
        (beta.clone(), Just(InrVariant::Attached))
            .prop_map(|(beta, variant)| LossSpec::Inr { beta, variant }),
        (beta, Just(InrVariant::Detached)).prop_map(|(beta, variant)| LossSpec::Inr { beta, variant }),
    ]
}

fn dataset() -> impl Strategy<Value = Dataset> {
    (2_usize..=4, 0_usize..=3).prop_flat_map(|(classes, dimension)| {
        let samples = classes..classes + 12;
        samples.prop_flat_map(move |samples| {
            let features = prop::collection::vec(feature(), dimension * samples);
            let labels = prop::collection::vec(0..classes as u32, samples - classes);
            (features, labels).prop_map(move |(features, labels)| {
                // One sample of each class first, so that none is empty.
                let labels = (0..classes as u32).chain(labels).collect();
                let labels = Labels::numbered(labels, classes).expect("every class occurs");
                Dataset::unnamed(DMatrix::from_vec(dimension, samples, features), labels).expect("finite")
            })
        })
    })
}

/// Problems of a run, and the share of those over features of moderate size that may end without an answer, since LGL-INR
/// is not convex. Features of 1e12 beside 7 are a design of their own: about an eighth of all problems end without an
/// answer there, most of them LGL-INR.
const CASES: u32 = 300;
const UNANSWERED: f64 = 0.05;

/// A convex problem over features of moderate size ends without an answer only where doubles are the reason; one over
/// features of 1e12 may run out of steps on its way to logits of hundreds.
fn check(dataset: &Dataset, choice: &LossSpec, outcome: &Outcome, l2: f64) -> Result<bool, TestCaseError> {
    match outcome {
        Outcome::Stationary(point) => {
            prop_assert!(point.head.coefficients.iter().all(|value| value.is_finite()));
            prop_assert!(point.head.intercepts.iter().all(|value| value.is_finite()));
            // What rounding to doubles leaves where features lie 1e12 off.
            prop_assert!(point.recomputed().relative_gradient <= 1.5e-8);
            prop_assert!(point.certificate.smallest_curvature.is_none_or(|floor| floor >= 0.0));
        }
        Outcome::Separable(proof) => {
            prop_assert!(l2 == 0.0 && dataset.features().nrows() > 0 && !proof.classes.is_empty());
        }
        Outcome::NotConverged { why, .. } => {
            let convex = matches!(choice, LossSpec::Logistic | LossSpec::Softmax);
            let moderate = dataset.features().amax() < 1e6;
            prop_assert!(!(convex && moderate) || why.contains("double"), "{choice:?}, l2 {l2:e}: {why}");
            return Ok(!moderate);
        }
    }
    Ok(true)
}

#[test]
fn every_end_has_a_name_and_nearly_every_problem_an_answer() {
    let mut runner = TestRunner::new(ProptestConfig { cases: CASES, ..ProptestConfig::default() });
    let unanswered = Cell::new(0);
    let problems = (dataset(), loss(), prop_oneof![Just(0.0), 1e-9_f64..1e3], any::<bool>());
    let run = runner.run(&problems, |(dataset, choice, l2, balanced)| {
        let weights = if balanced { ClassWeights::Balanced } else { ClassWeights::None };
        let problem = Problem::new(&dataset, &choice, &weights, l2).expect("a valid problem");
        let answered = check(&dataset, &choice, &solve_and_check(&problem), l2)?;
        unanswered.set(unanswered.get() + u32::from(!answered));
        Ok(())
    });
    run.expect("every problem ends well");
    let fraction = f64::from(unanswered.get()) / f64::from(CASES);
    println!("{:.1}% without an answer", 100.0 * fraction);
    assert!(fraction <= UNANSWERED, "{fraction}");
}

/// LGL-INR whose sharpened probabilities saturate: the loss falls along a tail that is flat to rounding, and the penalty that
/// ends it is 1e-22 of the loss.
#[test]
fn a_flat_tail_is_not_called_stationary() {
    let tails = [
        (
            vec![7.0, 0.0, -2_043_742_478_132.387_5, 0.0, 2_513_198_515_464.453_6, 0.0, 0.0],
            vec![0, 1, 2, 1, 0, 2, 2],
            36.7,
            486.4,
        ),
        (
            vec![7.0, 1.0, 7.0, 4_764_710_395_233.463, 7.0, 0.0],
            vec![0, 1, 0],
            15.296_202_432_011_633,
            924.360_902_286_701_5,
        ),
    ];
    for (features, labels, beta, l2) in tails {
        let (samples, classes) = (labels.len(), 1 + labels.iter().max().map_or(0, |&class| class as usize));
        let features = DMatrix::from_vec(features.len() / samples, samples, features);
        let labels = Labels::numbered(labels, classes).expect("every class occurs");
        let dataset = Dataset::unnamed(features, labels).expect("finite");
        let choice = LossSpec::Inr { beta, variant: InrVariant::Attached };
        let problem = Problem::new(&dataset, &choice, &ClassWeights::None, l2).expect("a valid problem");
        check(&dataset, &choice, &solve_and_check(&problem), l2)
            .expect("stationary to rounding, or no answer");
    }
}
