//! Closed forms, published references, and the ways a problem can fail to have an answer.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful of classes")]

use super::*;
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeights, InrVariant, LossSpec};
use crate::numeric::Sigmoid;
use nalgebra::DMatrix;

/// Samples from rows `(features; count per class)`.
fn grouped(groups: &[(&[f64], &[usize])]) -> Dataset {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for (point, counts) in groups {
        for (class, &count) in counts.iter().enumerate() {
            for _ in 0..count {
                features.extend_from_slice(point);
                labels.push(class as u32);
            }
        }
    }
    let (dimension, classes) = (groups[0].0.len(), groups[0].1.len());
    let labels = Labels::numbered(labels, classes).expect("every class occurs");
    let features = DMatrix::from_vec(dimension, labels.samples(), features);
    Dataset::unnamed(features, labels).expect("finite features")
}

/// Overlapping classes around points of a circle, without randomness.
fn spiral(classes: usize, per_class: usize, dimension: usize) -> Dataset {
    let samples = classes * per_class;
    let labels: Vec<u32> = (0..samples).map(|sample| (sample % classes) as u32).collect();
    let features = DMatrix::from_fn(dimension, samples, |row, sample| {
        let (class, turn) = ((sample % classes) as f64, sample as f64);
        (class + row as f64).sin() + 1.5 * (turn * (1.1 + 0.37 * row as f64) + 0.1 * turn * turn).sin()
    });
    Dataset::unnamed(features, Labels::numbered(labels, classes).expect("classes")).expect("finite")
}

fn outcome<'a>(dataset: &'a Dataset, spec: &LossSpec, weights: &ClassWeights, l2: f64) -> Outcome<'a> {
    solve(&Problem::new(dataset, spec, weights, l2).expect("a valid problem"))
}

fn stationary<'a>(
    dataset: &'a Dataset,
    spec: &LossSpec,
    weights: &ClassWeights,
    l2: f64,
) -> StationaryPoint<'a> {
    match outcome(dataset, spec, weights, l2) {
        Outcome::Stationary(point) => *point,
        other => panic!("not stationary: {other:?}"),
    }
}

fn inr(beta: f64, variant: InrVariant) -> LossSpec {
    LossSpec::Inr { beta, variant }
}

#[test]
fn two_groups_converge_to_their_log_odds() {
    let dataset = grouped(&[(&[0.0], &[30, 10]), (&[1.0], &[5, 20])]);
    let point = stationary(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0);
    let (first, second) = ((10.0_f64 / 30.0).ln(), (20.0_f64 / 5.0).ln());
    assert!((point.head.intercepts[0] - first).abs() < 1e-14);
    assert!((point.head.coefficients[(0, 0)] - (second - first)).abs() < 1e-14);
    let softmax = stationary(&dataset, &LossSpec::Softmax, &ClassWeights::None, 0.0);
    assert!((softmax.head.coefficients[(1, 0)] - 0.5 * (second - first)).abs() < 1e-14);
    assert!((softmax.head.coefficients[(0, 0)] + softmax.head.coefficients[(1, 0)]).abs() < 1e-15);
}

/// A column about 1e6, and one of spread 1e-3 about -1e4: intercepts of 1e6 and 1e7 have a grain that logits show.
#[test]
fn columns_far_from_zero_leave_heads_their_digits() {
    let near = spiral(3, 20, 2);
    let features = DMatrix::from_fn(2, 60, |row, sample| {
        let value = near.features()[(row, sample)];
        if row == 0 { 1e6 + value } else { 1e-3 * value - 1e4 }
    });
    let dataset = Dataset::unnamed(features, near.labels().clone()).expect("finite");
    for spec in [LossSpec::Logistic, LossSpec::Softmax, LossSpec::BalancedSoftmax] {
        for weights in [ClassWeights::None, ClassWeights::Explicit(vec![0.3, 1.0, 2.5])] {
            let point = stationary(&dataset, &spec, &weights, 0.0);
            let left = point.recomputed().relative_gradient;
            assert!(left < 1e-12, "{spec:?}: {left:e}");
        }
    }
}

#[test]
fn every_loss_reaches_rounding_level() {
    let dataset = spiral(4, 60, 3);
    let explicit = ClassWeights::Explicit(vec![1e-3, 1.0, 30.0, 1e3]);
    for (spec, l2) in [
        (LossSpec::Logistic, 0.0),
        (LossSpec::Softmax, 0.0),
        (LossSpec::Softmax, 1e-2),
        (inr(5.0, InrVariant::Attached), 0.0),
        (inr(20.0, InrVariant::Attached), 1e-3),
        (inr(5.0, InrVariant::Detached), 0.0),
        (inr(50.0, InrVariant::Detached), 0.0),
    ] {
        for weights in [&ClassWeights::None, &ClassWeights::Balanced, &explicit] {
            let point = stationary(&dataset, &spec, weights, l2);
            assert!(
                point.recomputed().relative_gradient < 1e-12,
                "{spec:?} {weights:?}: {:?}",
                point.certificate
            );
            assert!(point.recomputed().gradient_inf < 1e-13, "{spec:?} {weights:?}: {:?}", point.certificate);
            assert!(point.certificate.smallest_curvature.is_none_or(|floor| floor > 0.0));
        }
    }
}

/// docs/theory.md#w4 gives these figures from 60-digit arithmetic.
#[test]
fn the_w4_witness_lands_on_its_reference() {
    let dataset = grouped(&[
        (&[5.14, 0.05, 0.05], &[1, 78]),
        (&[-4.80, -6.00, -6.00], &[493, 1]),
        (&[5.24, 0.15, 0.11], &[493, 1]),
        (&[0.04, 6.00, -0.18], &[1, 1]),
        (&[6.00, 0.07, 0.38], &[493, 1]),
        (&[6.00, 6.00, 1.27], &[1, 1]),
    ]);
    for (weight, positives, negatives) in
        [(1.0, 0.209_049_32, 0.044_297_508), (1.25, 0.166_883_24, 0.058_323_795)]
    {
        let weights = ClassWeights::Explicit(vec![1.0, weight]);
        let point = stationary(&dataset, &LossSpec::Logistic, &weights, 0.0);
        let logits = point.logits();
        let mean = |class: u32| {
            let of_class =
                (0..dataset.labels().samples()).filter(|&i| dataset.labels().class_indices()[i] == class);
            let sum: f64 = of_class.map(|sample| Sigmoid::of(logits[(0, sample)]).probability).sum();
            sum / dataset.labels().counts()[class as usize] as f64
        };
        assert!((mean(1) / positives - 1.0).abs() < 1e-7, "P1 {} for {positives}", mean(1));
        assert!((mean(0) / negatives - 1.0).abs() < 1e-7, "P0 {} for {negatives}", mean(0));
    }
}

#[test]
fn units_of_the_features_do_not_matter() {
    let dataset = spiral(3, 50, 2);
    let scaled = |unit: [f64; 2], shift: [f64; 2]| {
        let features = DMatrix::from_fn(2, dataset.labels().samples(), |row, sample| {
            dataset.features()[(row, sample)] * unit[row] + shift[row]
        });
        Dataset::unnamed(features, dataset.labels().clone()).expect("finite")
    };
    for spec in [LossSpec::Logistic, LossSpec::Softmax, inr(3.0, InrVariant::Attached)] {
        let reference = stationary(&dataset, &spec, &ClassWeights::Balanced, 0.0);
        let in_other_units = scaled([1e12, 1e-12], [0.0, 0.0]);
        let other = stationary(&in_other_units, &spec, &ClassWeights::Balanced, 0.0);
        for row in 0..3 {
            let expected = &reference.head.coefficients;
            assert!((other.head.coefficients[(row, 0)] * 1e12 / expected[(row, 0)] - 1.0).abs() < 1e-11);
            assert!((other.head.coefficients[(row, 1)] * 1e-12 / expected[(row, 1)] - 1.0).abs() < 1e-11);
        }
    }
}

#[test]
fn constant_and_duplicate_features_give_the_head_of_least_norm() {
    let dataset = spiral(3, 50, 2);
    let wide = DMatrix::from_fn(4, dataset.labels().samples(), |row, sample| match row {
        0 => dataset.features()[(0, sample)],
        1 => 7.0,
        _ => dataset.features()[(1, sample)],
    });
    let wide = Dataset::unnamed(wide, dataset.labels().clone()).expect("finite");
    for spec in [
        LossSpec::Logistic,
        LossSpec::Softmax,
        inr(3.0, InrVariant::Attached),
        inr(3.0, InrVariant::Detached),
    ] {
        let narrow = stationary(&dataset, &spec, &ClassWeights::None, 0.0).head.coefficients;
        let found = stationary(&wide, &spec, &ClassWeights::None, 0.0).head.coefficients;
        for row in 0..3 {
            assert!((found[(row, 0)] - narrow[(row, 0)]).abs() < 1e-11, "{spec:?}");
            assert!(found[(row, 1)].abs() < 1e-12, "constant feature: {}", found[(row, 1)]);
            assert!((found[(row, 2)] - 0.5 * narrow[(row, 1)]).abs() < 1e-11);
            assert!((found[(row, 2)] - found[(row, 3)]).abs() < 1e-11);
        }
    }
}

#[path = "../../../../tests/exact/mod.rs"]
mod exact;

/// Every margin that a separation certificate promises, multiplied out exactly by code of the tests' own.
fn check_certificate(dataset: &Dataset, separable: &Separable) {
    let Separable { kind, column_class, direction, separated_samples, .. } = separable;
    let direction = exact::Direction::new(&direction.coefficients, &direction.intercepts);
    let counted = direction.margins(&dataset.features(), dataset.labels().class_indices(), *column_class);
    assert_eq!(counted.negative, 0, "{counted:?}");
    assert!(counted.positive > 0 && counted.positive == *separated_samples);
    assert_eq!(*kind == SeparationKind::Complete, counted.zero == 0);
}

fn separable(dataset: &Dataset, spec: &LossSpec) -> Separable {
    match outcome(dataset, spec, &ClassWeights::None, 0.0) {
        Outcome::Separable(proof) => *proof,
        other => panic!("{spec:?} should be separable: {other:?}"),
    }
}

#[test]
fn complete_separation_is_proved() {
    let dataset = grouped(&[(&[0.0, 1.0], &[9, 0]), (&[1.0, 1.2], &[0, 9]), (&[1.5, -3.0], &[0, 4])]);
    for spec in [
        LossSpec::Logistic,
        LossSpec::Softmax,
        inr(2.0, InrVariant::Attached),
        inr(2.0, InrVariant::Detached),
    ] {
        let proof = separable(&dataset, &spec);
        assert_eq!(proof.kind, SeparationKind::Complete, "{spec:?}");
        assert_eq!(proof.classes, [0, 1]);
        check_certificate(&dataset, &proof);
    }
}

#[test]
fn quasi_complete_separation_is_proved() {
    // Both classes at 1; only class 0 below, only class 1 above.
    let dataset = grouped(&[
        (&[0.0, 0.3], &[9, 0]),
        (&[1.0, 0.2], &[5, 5]),
        (&[1.0, -0.7], &[4, 5]),
        (&[2.0, 0.1], &[0, 9]),
    ]);
    for spec in [
        LossSpec::Logistic,
        LossSpec::Softmax,
        inr(2.0, InrVariant::Attached),
        inr(2.0, InrVariant::Detached),
    ] {
        let proof = separable(&dataset, &spec);
        assert_eq!(proof.kind, SeparationKind::Quasi, "{spec:?}");
        assert_eq!(proof.separated_samples, 18);
        check_certificate(&dataset, &proof);
    }
}

/// Hundreds of samples close to the border: Newton alone does not see at once that separation is complete.
#[test]
fn complete_separation_by_a_hair_is_complete() {
    let samples = 400;
    let features = DMatrix::from_fn(3, samples, |row, sample| ((row + 1) as f64 * 1.7 * sample as f64).sin());
    let side = |sample: usize| {
        let column = features.column(sample);
        u32::from(column[0] - 0.6 * column[1] + 0.3 * column[2] > 0.05)
    };
    let labels = Labels::numbered((0..samples).map(side).collect(), 2).expect("two classes");
    let dataset = Dataset::unnamed(features, labels).expect("finite");
    for spec in [LossSpec::Logistic, LossSpec::Softmax] {
        let proof = separable(&dataset, &spec);
        assert_eq!((proof.kind, proof.separated_samples), (SeparationKind::Complete, samples), "{spec:?}");
        check_certificate(&dataset, &proof);
    }
}

/// One huge value must not cost the others their digits.
#[test]
fn an_outlier_leaves_the_other_samples_their_digits() {
    let dataset = spiral(3, 20, 2);
    let with_outlier = |value: f64| {
        let mut features = dataset.features().into_owned().insert_column(60, 0.3);
        features[(0, 60)] = value;
        let labels = dataset.labels().class_indices().iter().copied().chain([2]).collect();
        Dataset::unnamed(features, Labels::numbered(labels, 3).expect("classes")).expect("finite")
    };
    for spec in [LossSpec::Logistic, LossSpec::Softmax, inr(3.0, InrVariant::Attached)] {
        let dataset = with_outlier(1e8);
        let point = stationary(&dataset, &spec, &ClassWeights::None, 0.0);
        let found = &point.recomputed();
        let unbalanced = found.flows.iter().map(|flow| flow.residual).fold(0.0, f64::max);
        assert!(unbalanced < 1e-13 && found.gradient_inf < 1e-8, "{spec:?}: {found:?}");
        // Beside the other values of its own column, which are 1e-8 of the outlier.
        assert!(found.relative_gradient < 1e-9, "{spec:?}: {found:?}");
    }
}

#[test]
fn one_class_apart_among_three_is_separable_and_named() {
    let dataset = grouped(&[(&[0.0], &[9, 3, 0]), (&[1.0], &[3, 9, 0]), (&[9.0], &[0, 0, 7])]);
    let proof = separable(&dataset, &LossSpec::Softmax);
    check_certificate(&dataset, &proof);
    assert_eq!(proof.classes, [0, 1, 2]);
    let proof = separable(&dataset, &LossSpec::Logistic);
    check_certificate(&dataset, &proof);
    assert_eq!(proof.column_class, Some(2));
}

#[test]
fn a_penalty_makes_separable_data_solvable() {
    let dataset = grouped(&[(&[0.0, 1.0], &[9, 0]), (&[1.0, 1.2], &[0, 9])]);
    for spec in [
        LossSpec::Logistic,
        LossSpec::Softmax,
        inr(2.0, InrVariant::Attached),
        inr(2.0, InrVariant::Detached),
    ] {
        for l2 in [1e-8, 1e-3, 10.0] {
            let point = stationary(&dataset, &spec, &ClassWeights::None, l2);
            assert!(point.recomputed().gradient_inf < 1e-13, "{spec:?} {l2}: {:?}", point.certificate);
        }
    }
}

/// A penalty beside which the loss is nearly flat leaves coefficients that are small and not zero: the gradient at zero, divided by it.
#[test]
fn coefficients_under_any_penalty_are_the_gradient_divided_by_it() {
    let features =
        DMatrix::from_fn(3, 90, |j, i| ((i * (7 + 4 * j)) as f64 * 0.37).sin() + 0.3 * (i % 3) as f64);
    for classes in [2, 3] {
        let labels =
            Labels::numbered((0..90).map(|i| ((i % 3) as u32).min(classes - 1)).collect(), classes as usize);
        for unit in [1.0, 1e-17, 1e9] {
            let dataset =
                Dataset::unnamed(&features * unit, labels.clone().expect("classes")).expect("finite");
            for spec in [
                LossSpec::Logistic,
                LossSpec::Softmax,
                inr(2.0, InrVariant::Attached),
                inr(2.0, InrVariant::Detached),
            ] {
                let of_flat_loss =
                    |l2: f64| stationary(&dataset, &spec, &ClassWeights::None, l2 * unit * unit);
                let expected = of_flat_loss(1e12).head.coefficients * 1e12;
                for l2 in [1e3, 1e8, 1e16, 1e24, 1e32, 1e36, 1e60, 1e80] {
                    let point = of_flat_loss(l2);
                    let name = format!("{spec:?} of {classes} classes in units of {unit:e} under {l2:e}");
                    let left = point.recomputed();
                    assert!(left.relative_gradient < 1e-12, "{name}: {left:?}");
                    assert!(left.gradient_inf <= 1e-12 * unit.max(1.0), "{name}: {left:?}");
                    let found = &point.head.coefficients * l2;
                    let apart = (&found - &expected).amax() / expected.amax();
                    assert!(l2 < 1e8 || apart < 1e-7, "{name}: {found} for {expected}");
                }
            }
        }
    }
}

#[test]
fn nearly_separable_data_are_solved_not_refused() {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for sample in 0..2000 {
        let side = f64::from(sample % 2);
        features.push(side * 2.0 - 1.0 + 0.4 * (f64::from(sample) * 0.7).sin());
        labels.push((sample % 2) as u32);
    }
    // one negative sample just above the lowest positive one
    features.push(0.6 + 1e-3);
    labels.push(0);
    let labels = Labels::numbered(labels, 2).expect("two classes");
    let dataset = Dataset::unnamed(DMatrix::from_vec(1, features.len(), features), labels).expect("finite");
    for spec in [LossSpec::Logistic, LossSpec::Softmax] {
        let point = stationary(&dataset, &spec, &ClassWeights::None, 0.0);
        assert!(point.recomputed().relative_gradient < 1e-11, "{:?}", point.certificate);
    }
}

#[test]
fn intercepts_alone_converge_whatever_the_given_logits() {
    for scale in [1.0, 1e2, 1e4] {
        let labels = Labels::numbered((0..40).map(|i| (i % 3) as u32).collect(), 3).expect("three classes");
        let logits =
            DMatrix::from_fn(3, 40, |row, sample| scale * (row as f64 * 2.3 + sample as f64 * 1.9).sin());
        let dataset = Dataset::from_logits(logits, labels).expect("finite");
        for spec in [
            LossSpec::Logistic,
            LossSpec::Softmax,
            inr(4.0, InrVariant::Attached),
            inr(4.0, InrVariant::Detached),
        ] {
            let end = outcome(&dataset, &spec, &ClassWeights::Balanced, 0.0);
            assert!(matches!(end, Outcome::Stationary(_)), "{spec:?} at {scale}: {end:?}");
        }
    }
}
