//! The recomputed gradient against the losses' own, where it is large and where it is nearly gone.

use super::*;
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeights, InrVariant};
use crate::solver::{LossChoice, Outcome, solve};

const L2: f64 = 1e-3;

/// `classes` overlapping classes in two features far from the origin and of different size.
fn dataset(classes: u32) -> Dataset {
    let samples = 700;
    let labels: Vec<u32> = (0..samples).map(|sample| sample * sample / 7 % classes).collect();
    let features = DMatrix::from_fn(2, labels.len(), |row, sample| {
        let place = sample as f64;
        let value = f64::from(labels[sample]) + 3.0 * (place * (1.3 + row as f64)).sin();
        if row == 0 { 40.0 + value } else { 1e-3 * value }
    });
    Dataset::unnamed(features, Labels::numbered(labels, classes as usize).expect("classes")).expect("finite")
}

fn choices() -> [LossChoice; 4] {
    [
        LossChoice::Logistic,
        LossChoice::Softmax,
        LossChoice::Inr { beta: 5.0, variant: InrVariant::Attached },
        LossChoice::Inr { beta: 5.0, variant: InrVariant::Detached },
    ]
}

fn problem<'d>(dataset: &'d Dataset, choice: &LossChoice) -> Problem<'d> {
    Problem::new(dataset, choice, &ClassWeights::Explicit(weights(dataset)), L2).expect("a problem")
}

fn weights(dataset: &Dataset) -> Vec<f64> {
    (0..dataset.labels().classes()).map(|class| 0.5 + class as f64).collect()
}

fn stationary(problem: &Problem) -> StationaryPoint {
    match solve(problem) {
        Outcome::Stationary(point) => *point,
        other => panic!("not stationary: {other:?}"),
    }
}

/// The point with every entry of its head moved by up to `distance`.
fn disturbed(point: &StationaryPoint, distance: f64) -> StationaryPoint {
    let mut point = point.clone();
    for (index, entry) in point.scaled.theta.iter_mut().enumerate() {
        *entry += distance * (1.0 + index as f64).cos();
    }
    point
}

/// Largest entry of the gradient as the loss itself tells it, in the user's units.
fn by_the_loss(point: &StationaryPoint, problem: &Problem) -> f64 {
    let logits = point.logits(problem.dataset);
    let mut residuals = DMatrix::zeros(logits.nrows(), logits.ncols());
    problem.loss.value_and_gradient(&logits, &problem.targets, &mut residuals);
    let by_intercept = residuals.column_sum().amax();
    let (theta, factor) = (&point.scaled.theta, &point.scaled.scaling.factor);
    let coefficients =
        DMatrix::from_fn(factor.len(), theta.ncols(), |j, column| theta[(j, column)] * factor[j]);
    let by_coefficients = &*problem.dataset.features() * residuals.transpose() + coefficients * problem.l2;
    by_coefficients.amax().max(by_intercept)
}

#[test]
fn away_from_stationarity_it_is_the_gradient_of_the_loss() {
    for classes in [2, 3, 5] {
        let dataset = dataset(classes);
        for choice in choices() {
            let problem = problem(&dataset, &choice);
            let point = disturbed(&stationary(&problem), 0.3);
            let (found, expected) =
                (point.recomputed(&problem).expect("moderate numbers"), by_the_loss(&point, &problem));
            assert!(expected > 1e-3);
            let apart = (found.gradient_inf - expected).abs();
            assert!(apart <= 1e-12 * expected, "{choice:?}, {classes}: {found:?} but {expected:e}");
        }
    }
}

/// The relative gradient once more, at most ten times the certificate's own (or the goal, where that has less).
fn check_against_certificate(point: &StationaryPoint, problem: &Problem, case: &str) {
    let found = point.recomputed(problem).expect("moderate numbers");
    let allowed = 10.0 * point.certificate.relative_gradient.max(1e-16);
    let certificate = &point.certificate;
    assert!(found.relative_gradient <= allowed, "{case}: {found:?} but {certificate:?}");
    for flow in &found.flows {
        // The balance is the gradient by the intercept beside half the terms that cancel in it.
        assert!(flow.residual <= 2.0 * allowed && flow.outflow > 0.0, "{case}: {flow:?} but {certificate:?}");
    }
}

#[test]
fn a_stationary_point_is_stationary_and_balanced_by_it() {
    for classes in [2, 3, 5] {
        let dataset = dataset(classes);
        for choice in choices() {
            let problem = problem(&dataset, &choice);
            check_against_certificate(&stationary(&problem), &problem, &format!("{choice:?}, {classes}"));
        }
    }
}

#[test]
fn a_head_a_little_off_is_told_from_a_stationary_one() {
    let dataset = dataset(3);
    for choice in choices() {
        let problem = problem(&dataset, &choice);
        let point = stationary(&problem);
        let at = |distance| disturbed(&point, distance).recomputed(&problem).expect("moderate numbers");
        let (one, ten) = (at(1e-13), at(1e-12));
        assert!(one.gradient_inf > 10.0 * at(0.0).gradient_inf, "{choice:?}: {one:?}");
        let ratio = ten.gradient_inf / one.gradient_inf;
        assert!((ratio - 10.0).abs() < 0.1, "{choice:?}: the gradient grows as the distance does, {ratio}");
        assert!(ten.flows.iter().any(|flow| flow.residual > 1e-14), "{choice:?}: {ten:?}");
    }
}

#[test]
fn given_logits_are_part_of_the_logits() {
    let samples = 60_u32;
    let labels = (0..samples).map(|sample| sample * sample / 7 % 3).collect();
    let labels = Labels::numbered(labels, 3).expect("classes");
    let logits =
        DMatrix::from_fn(3, samples as usize, |row, sample| 2.0 * (1.7 * sample as f64 + row as f64).sin());
    let dataset = Dataset::from_logits(logits, labels).expect("finite");
    for choice in choices() {
        let problem = problem(&dataset, &choice);
        let point = stationary(&problem);
        check_against_certificate(&point, &problem, &format!("{choice:?}"));
        let away = disturbed(&point, 0.5);
        let (found, expected) =
            (away.recomputed(&problem).expect("moderate numbers"), by_the_loss(&away, &problem));
        assert!((found.gradient_inf - expected).abs() <= 1e-12 * expected, "{choice:?}: {found:?}");
    }
}

#[test]
fn numbers_beyond_the_range_of_products_get_no_answer() {
    let labels = || Labels::numbered(vec![0, 1, 0, 1], 2).expect("classes");
    let dataset = |unit: f64| {
        let features = DMatrix::from_row_slice(1, 4, &[0.0, unit, 2.0 * unit, 1.5 * unit]);
        Dataset::unnamed(features, labels()).expect("finite")
    };
    for (unit, answered) in [(1e200, true), (1e302, false)] {
        let dataset = dataset(unit);
        let problem =
            Problem::new(&dataset, &LossChoice::Logistic, &ClassWeights::None, 0.0).expect("a problem");
        let found = stationary(&problem).recomputed(&problem);
        assert_eq!(found.is_some(), answered, "features of {unit:e}: {found:?}");
    }
}
