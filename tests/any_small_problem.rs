//! Whatever small problem the solver is given, it ends in a named status with finite numbers.

#![expect(clippy::cast_possible_truncation, reason = "a handful of classes")]

use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, InrVariant};
use equipoise::solver::{LossChoice, Outcome, Problem, solve};
use nalgebra::DMatrix;
use proptest::prelude::*;

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

fn loss() -> impl Strategy<Value = LossChoice> {
    let beta = prop_oneof![Just(0.0), 0.1_f64..50.0];
    prop_oneof![
        Just(LossChoice::Logistic),
        Just(LossChoice::Softmax),
        (beta.clone(), Just(InrVariant::Attached))
            .prop_map(|(beta, variant)| LossChoice::Inr { beta, variant }),
        (beta, Just(InrVariant::Detached)).prop_map(|(beta, variant)| LossChoice::Inr { beta, variant }),
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_end_has_a_name(
        dataset in dataset(),
        choice in loss(),
        l2 in prop_oneof![Just(0.0), 1e-9_f64..1e3],
        balanced in any::<bool>(),
    ) {
        let weights = if balanced { ClassWeights::Balanced } else { ClassWeights::None };
        let problem = Problem::new(&dataset, &choice, &weights, l2).expect("a valid problem");
        match solve(&problem) {
            Outcome::Stationary(point) => {
                prop_assert!(point.head.coefficients.iter().all(|value| value.is_finite()));
                prop_assert!(point.head.intercepts.iter().all(|value| value.is_finite()));
                // What rounding to doubles leaves where features lie 1e12 off.
                prop_assert!(point.recomputed().relative_gradient <= 1.5e-8);
                prop_assert!(point.certificate.smallest_curvature.is_none_or(|floor| floor >= 0.0));
            }
            Outcome::Separable(proof) => {
                prop_assert!(l2 == 0.0 && dataset.features().nrows() > 0);
                prop_assert!(proof.separated_samples > 0 && !proof.classes.is_empty());
            }
            Outcome::NotConverged { why, .. } => prop_assert!(!why.is_empty()),
        }
    }
}
