//! The recomputed gradient against the losses' own, where it is large and where it is nearly gone.

use super::*;
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeights, FocalProbability, InrVariant, LossSpec, PositiveWeights};
use crate::solver::{Outcome, StationaryPoint, solve};

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

fn choices() -> [LossSpec; 4] {
    [
        LossSpec::Logistic,
        LossSpec::Softmax,
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached },
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Detached },
    ]
}

fn problem<'d>(dataset: &'d Dataset, spec: &LossSpec) -> Problem<'d> {
    Problem::new(dataset, spec, &ClassWeights::Explicit(weights(dataset)), L2).expect("a problem")
}

fn weights(dataset: &Dataset) -> Vec<f64> {
    (0..dataset.labels().classes()).map(|class| 0.5 + class as f64).collect()
}

fn stationary<'a>(problem: &Problem<'a>) -> StationaryPoint<'a> {
    match solve(problem) {
        Outcome::Stationary(point) => *point,
        other => panic!("not stationary: {other:?}"),
    }
}

/// The head with every coefficient and intercept moved by up to `distance`, in units of the features' spread.
fn disturbed(problem: &Problem, head: &Head, distance: f64) -> Head {
    let factor = &problem.coordinates().scaling().factor;
    let mut head = head.clone();
    for (index, entry) in head.coefficients.iter_mut().enumerate() {
        *entry += distance
            * (1.0 + index as f64).cos()
            * factor.get(index / problem.loss.logit_rows()).unwrap_or(&1.0);
    }
    head.intercepts
        .iter_mut()
        .enumerate()
        .for_each(|(row, entry)| *entry += distance * (2.0 + row as f64).cos());
    head
}

fn recomputed(problem: &Problem, head: &Head) -> Recomputed {
    Recomputed::with_gradient(problem, head).expect("moderate numbers").0
}

/// Largest entry of the gradient of the loss itself, in the user's units.
fn by_the_loss(problem: &Problem, head: &Head) -> f64 {
    let features = problem.dataset.features();
    let mut logits = head.logits(&features);
    if let Some(given) = problem.dataset.fixed_logits() {
        logits += given;
    }
    let mut residuals = DMatrix::zeros(logits.nrows(), logits.ncols());
    problem.loss.value_and_gradient(&logits, &problem.targets, &mut residuals);
    let by_intercept = residuals.column_sum().amax();
    let by_coefficients = &*features * residuals.transpose() + head.coefficients.transpose() * problem.l2;
    by_coefficients.amax().max(by_intercept)
}

#[test]
fn away_from_stationarity_it_is_the_gradient_of_the_loss() {
    for classes in [2, 3, 5] {
        let dataset = dataset(classes);
        for spec in choices() {
            let problem = problem(&dataset, &spec);
            let head = disturbed(&problem, &stationary(&problem).head, 0.3);
            let (found, expected) = (recomputed(&problem, &head), by_the_loss(&problem, &head));
            assert!(expected > 1e-3);
            let apart = (found.gradient_inf - expected).abs();
            assert!(apart <= 1e-12 * expected, "{spec:?}, {classes}: {found:?} but {expected:e}");
        }
    }
}

/// A stationary point's relative gradient is that of the rounding of its intercept, and so is its balance.
fn check_certificate(point: &StationaryPoint, case: &str) {
    let found = &point.recomputed();
    assert!(found.relative_gradient <= 1e-14, "{case}: {found:?}");
    for flow in &found.flows {
        // The balance is the gradient with respect to the intercept beside half the terms that cancel in it.
        assert!(flow.residual <= 2e-14 && flow.outflow > 0.0, "{case}: {flow:?}");
    }
}

#[test]
fn a_stationary_point_is_stationary_and_balanced_by_it() {
    for classes in [2, 3, 5] {
        let dataset = dataset(classes);
        for spec in choices() {
            let problem = problem(&dataset, &spec);
            check_certificate(&stationary(&problem), &format!("{spec:?}, {classes}"));
        }
    }
}

#[test]
fn a_head_a_little_off_has_a_gradient_in_proportion() {
    let dataset = dataset(3);
    for spec in choices() {
        let problem = problem(&dataset, &spec);
        let head = stationary(&problem).head;
        let at = |distance| recomputed(&problem, &disturbed(&problem, &head, distance));
        let (one, ten) = (at(1e-11), at(1e-10));
        assert!(one.gradient_inf > 10.0 * at(0.0).gradient_inf, "{spec:?}: {one:?}");
        let ratio = ten.gradient_inf / one.gradient_inf;
        assert!((ratio - 10.0).abs() < 0.1, "{spec:?}: the gradient grows as the distance does, {ratio}");
        assert!(ten.flows.iter().any(|flow| flow.residual > 1e-12), "{spec:?}: {ten:?}");
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
    for spec in choices() {
        let problem = problem(&dataset, &spec);
        let point = stationary(&problem);
        check_certificate(&point, &format!("{spec:?}"));
        let away = disturbed(&problem, &point.head, 0.5);
        let (found, expected) = (recomputed(&problem, &away), by_the_loss(&problem, &away));
        assert!((found.gradient_inf - expected).abs() <= 1e-12 * expected, "{spec:?}: {found:?}");
    }
}

/// Features are brought into range by powers of two before they are multiplied.
#[test]
fn features_of_any_unit_are_answered() {
    let labels = || Labels::numbered(vec![0, 1, 0, 1], 2).expect("classes");
    for unit in [1e-300, 1e-200, 1e200, 1e302] {
        let features = DMatrix::from_row_slice(1, 4, &[0.0, unit, 2.0 * unit, 1.5 * unit]);
        let dataset = Dataset::unnamed(features, labels()).expect("finite");
        let problem =
            Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0).expect("a problem");
        let point = stationary(&problem);
        let found = point.recomputed();
        assert!(found.relative_gradient <= 1e-14, "features of {unit:e}: {found:?}");
        let away = disturbed(&problem, &stationary(&problem).head, 0.1);
        assert!(recomputed(&problem, &away).relative_gradient > 1e-3, "features of {unit:e}");
    }
}

/// Samples count by their weights: the head of a weighted problem is not stationary without them.
#[test]
fn sample_weights_are_part_of_the_gradient() {
    let plain = dataset(3);
    let weights: Vec<f64> = (0..plain.labels().samples()).map(|sample| 0.3 + (sample % 5) as f64).collect();
    let weighted = plain.clone().with_sample_weights(&weights).expect("positive weights");
    for spec in choices() {
        let (with, without) = (problem(&weighted, &spec), problem(&plain, &spec));
        let head = stationary(&with).head;
        assert!(recomputed(&with, &head).relative_gradient <= 1e-14, "{spec:?}");
        assert!(recomputed(&without, &head).relative_gradient > 1e-6, "{spec:?}");
    }
}

/// Three samples whose logits are 0, so that their probabilities are exactly one half: the loss gives -5/6 by the coefficient, and the
/// penalty what the double nearest to 5/6 is. A weight of 1/3 that is rounded to a double would hide what is left.
#[test]
fn nothing_is_rounded_before_terms_cancel() {
    let labels = Labels::numbered(vec![0, 1, 1], 2).expect("classes");
    let features = DMatrix::from_row_slice(1, 3, &[1.0, 2.0, 4.0]);
    let dataset = Dataset::unnamed(features.clone(), labels).expect("finite");
    for (spec, columns) in [
        (LossSpec::Logistic, 1),
        (LossSpec::PosWeight { weights: PositiveWeights::Explicit(vec![1.0, 1.0]) }, 1),
        (LossSpec::Focal { gamma: 0.0, probability: FocalProbability::default() }, 2),
        (LossSpec::Softmax, 2),
    ] {
        // Of two softmax columns each has its own coefficient, of the same size.
        let coefficient: f64 = 5.0 / 6.0;
        let signs = if columns == 1 { vec![1.0] } else { vec![-1.0, 1.0] };
        let coefficients = DMatrix::from_fn(columns, 1, |row, _| signs[row] * coefficient);
        let offset = DMatrix::from_fn(columns, 3, |row, sample| -features[sample] * coefficients[row]);
        let dataset = dataset.clone().with_offset(offset).expect("finite");
        let problem = Problem::new(&dataset, &spec, &ClassWeights::None, 1.0).expect("a problem");
        let problem = problem.with_intercept(Intercept::None).expect("a coefficient");
        let found = recomputed(&problem, &Head { coefficients, intercepts: vec![0.0; columns] });
        let left = DoubleDouble::from(coefficient) - DoubleDouble::from(5.0) / 6.0.into();
        let expected = left.value().abs();
        assert!((found.gradient_inf / expected - 1.0).abs() < 1e-9, "{spec:?}: {found:?}, {expected:e}");
    }
}
