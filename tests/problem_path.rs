//! Problems solved one from another must end where each ends alone.

use crate::proof::{check, solve_and_check};
use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, InrVariant, LossSpec};
use equipoise::solver::{Outcome, PenaltyPath, Problem, SolverSettings, StationaryPoint, solve_path};
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// Three overlapping classes of different sizes.
fn overlapping() -> Dataset {
    let centres = [[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]];
    let counts = [400, 120, 30];
    let class_of: Vec<usize> = (0..3).flat_map(|class| vec![class; counts[class]]).collect();
    let noise = |sample: usize, axis: usize| {
        let wave = (12.9898 * sample as f64 + 78.233 * axis as f64).sin() * 43_758.545;
        4.0 * (wave - wave.floor() - 0.5)
    };
    let features = DMatrix::from_fn(2, class_of.len(), |axis, sample| {
        centres[class_of[sample]][axis] + noise(sample, axis)
    });
    let labels = class_of.iter().map(|&class| u32::try_from(class).expect("few")).collect();
    Dataset::unnamed(features, Labels::numbered(labels, 3).expect("three classes")).expect("finite")
}

/// Weights that move from equal to many times heavier on the rare classes.
fn weights() -> Vec<ClassWeights> {
    let at = |step: i32| {
        let factor = 1.3_f64.powi(step);
        ClassWeights::Explicit(vec![1.0, factor, factor * factor])
    };
    (0..12).map(at).collect()
}

fn problems<'d>(dataset: &'d Dataset, choice: &LossSpec, l2: f64) -> Vec<Problem<'d>> {
    let stated = |weights| Problem::new(dataset, choice, weights, l2).expect("a problem");
    weights().iter().map(stated).collect()
}

fn stationary(outcome: Outcome<'_>) -> StationaryPoint<'_> {
    outcome.stationary().expect("a stationary point")
}

#[test]
fn every_problem_of_a_path_ends_where_it_ends_alone() {
    let dataset = overlapping();
    let choices =
        [LossSpec::Logistic, LossSpec::Softmax, LossSpec::Inr { beta: 3.0, variant: InrVariant::Attached }];
    for choice in choices {
        for l2 in [0.0, 1e-3] {
            let problems = problems(&dataset, &choice, l2);
            for (problem, outcome) in problems.iter().zip(solve_path(&problems)) {
                let (on_path, alone) = (stationary(outcome), stationary(solve_and_check(problem)));
                let apart = (&on_path.head.coefficients - &alone.head.coefficients).amax();
                assert!(apart <= 1e-10 * alone.head.coefficients.amax(), "{choice:?}, {l2}: {apart:e}");
                assert!(on_path.recomputed().relative_gradient <= 1e-13, "{:?}", on_path.certificate);
            }
        }
    }
}

#[test]
fn a_path_takes_fewer_iterations_than_its_problems_alone() {
    let dataset = overlapping();
    let problems = problems(&dataset, &LossSpec::Logistic, 0.0);
    let iterations = |outcomes: Vec<Outcome>| -> u64 {
        outcomes.into_iter().map(|outcome| stationary(outcome).certificate.iterations).sum()
    };
    let on_path = iterations(solve_path(&problems));
    let alone = iterations(problems.iter().map(solve_and_check).collect());
    assert!(on_path < alone, "{on_path} on the path, {alone} alone");
}

#[test]
fn separable_problems_are_found_so_all_along_a_path() {
    let near = overlapping();
    let mut features = near.features().into_owned();
    for (value, &class) in features.row_mut(0).iter_mut().zip(near.labels().class_indices()) {
        *value += 100.0 * f64::from(class);
    }
    let apart = Dataset::unnamed(features, near.labels().clone()).expect("finite");
    let problems = problems(&apart, &LossSpec::Softmax, 0.0);
    for outcome in solve_path(&problems) {
        let Outcome::Separable(proof) = outcome else { panic!("{outcome:?}") };
        check(&apart, &proof);
    }
}

#[test]
fn problems_that_share_nothing_are_solved_anew() {
    let (one, other) = (overlapping(), overlapping());
    let choice = LossSpec::Softmax;
    let mut mixed = problems(&one, &choice, 1e-3);
    mixed.truncate(2);
    mixed.extend(problems(&other, &LossSpec::Logistic, 1e-3).into_iter().take(2));
    mixed.extend(problems(&one, &choice, 1e-2).into_iter().take(1));
    for (problem, outcome) in mixed.iter().zip(solve_path(&mixed)) {
        let (on_path, alone) = (stationary(outcome), stationary(solve_and_check(problem)));
        let apart = (&on_path.head.coefficients - &alone.head.coefficients).amax();
        assert!(apart <= 1e-10 * alone.head.coefficients.amax(), "{apart:e}");
    }
    assert!(solve_path(&[]).is_empty());
}

#[test]
fn any_number_of_threads_gives_the_same_bits_along_a_path() {
    let dataset = overlapping();
    let problems = problems(&dataset, &LossSpec::Softmax, 0.0);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| solve_path(&problems)).into_iter().map(|o| stationary(o).head).collect::<Vec<_>>()
    };
    assert_eq!(on(1), on(3));
}

/// Penalties from strong to weak, as regularisation paths have them.
fn penalties() -> Vec<f64> {
    (0..40).map(|step| 10.0_f64.powf(1.0 - 0.2 * f64::from(step))).collect()
}

fn over_penalties<'d>(first: &Problem<'d>, penalties: &[f64]) -> Vec<StationaryPoint<'d>> {
    along(PenaltyPath::default(), first, penalties)
}

fn along<'d>(mut path: PenaltyPath, first: &Problem<'d>, penalties: &[f64]) -> Vec<StationaryPoint<'d>> {
    let solved = |l2: &f64| {
        let problem = first.with_penalty(*l2).expect("a penalty");
        let outcome = path.solve(&problem, &SolverSettings::default(), &mut |_| ControlFlow::Continue(()));
        stationary(outcome.expect("settings"))
    };
    penalties.iter().map(solved).collect()
}

/// As `overlapping`, with a column that others determine and one that nearly does.
fn dependent() -> Dataset {
    let plain = overlapping();
    let features = plain.features().into_owned();
    let entry = |axis: usize, sample: usize| match axis {
        0 | 1 => features[(axis, sample)],
        2 => features[(0, sample)] + features[(1, sample)],
        _ => 2.54 * features[(0, sample)] + 1e-7 * (sample as f64).sin(),
    };
    let features = DMatrix::from_fn(4, features.ncols(), entry);
    Dataset::unnamed(features, plain.labels().clone()).expect("finite")
}

/// Fewer samples than features.
fn wide() -> Dataset {
    let noise = |axis: usize, sample: usize| {
        let wave = (12.9898 * sample as f64 + 78.233 * axis as f64).sin() * 43_758.545;
        wave - wave.floor() - 0.5
    };
    let labels = (0..30).map(|sample| sample % 3).collect();
    let labels = Labels::numbered(labels, 3).expect("three classes");
    Dataset::unnamed(DMatrix::from_fn(60, 30, noise), labels).expect("finite")
}

#[test]
fn every_penalty_of_a_path_ends_where_it_ends_alone() {
    let choices =
        [LossSpec::Logistic, LossSpec::Softmax, LossSpec::Inr { beta: 3.0, variant: InrVariant::Attached }];
    for (name, dataset) in [("plain", overlapping()), ("dependent", dependent()), ("wide", wide())] {
        for choice in &choices {
            let first = Problem::new(&dataset, choice, &ClassWeights::Balanced, 1.0).expect("a problem");
            let penalties = penalties();
            for (point, l2) in over_penalties(&first, &penalties).into_iter().zip(&penalties) {
                let problem = first.with_penalty(*l2).expect("a penalty");
                let alone = stationary(solve_and_check(&problem));
                let apart = (&point.head.coefficients - &alone.head.coefficients).amax();
                // The penalty bounds the curvature from below, hence how far gradients at rounding let heads differ.
                let gradients = point.recomputed().gradient_inf + alone.recomputed().gradient_inf;
                let entries = (point.head.coefficients.len() + point.head.intercepts.len()) as f64;
                let allowed = 1e-10 * alone.head.coefficients.amax() + gradients * entries.sqrt() / l2;
                assert!(apart <= allowed, "{name}, {choice:?}, {l2}: {apart:e} of {allowed:e}");
                let left = point.recomputed().relative_gradient;
                assert!(left <= 1e-12, "{name}, {choice:?}, {l2}: {left:e}");
                assert_eq!(point.problem().l2(), *l2);
            }
        }
    }
}

#[test]
fn a_path_over_penalties_takes_fewer_steps_than_its_problems_alone() {
    let dataset = overlapping();
    for choice in [LossSpec::Logistic, LossSpec::Softmax] {
        let first = Problem::new(&dataset, &choice, &ClassWeights::None, 1.0).expect("a problem");
        let steps = |points: Vec<StationaryPoint>| -> u64 {
            points.iter().map(|point| point.certificate.iterations).sum()
        };
        let on_path = steps(over_penalties(&first, &penalties()));
        let alone = |l2: &f64| stationary(solve_and_check(&first.with_penalty(*l2).expect("a penalty")));
        let alone = steps(penalties().iter().map(alone).collect());
        assert!(on_path < alone, "{choice:?}: {on_path} on the path, {alone} alone");
    }
}

#[test]
fn searches_of_a_path_may_end_at_a_relative_gradient() {
    let dataset = overlapping();
    let choices =
        [LossSpec::Logistic, LossSpec::Softmax, LossSpec::Inr { beta: 3.0, variant: InrVariant::Attached }];
    for choice in choices {
        let first = Problem::new(&dataset, &choice, &ClassWeights::None, 1.0).expect("a problem");
        let whole = over_penalties(&first, &penalties());
        let early = along(PenaltyPath::ending_at(1e-3), &first, &penalties());
        let steps = |points: &[StationaryPoint]| -> u64 {
            points.iter().map(|point| point.certificate.iterations).sum()
        };
        assert!(steps(&early) < steps(&whole), "{choice:?}");
        for (early, whole) in early.iter().zip(&whole) {
            assert!(early.certificate.relative_gradient <= 1e-3, "{choice:?}");
            // Of the rounded head, by code of its own.
            assert!(early.recomputed().relative_gradient <= 2e-3, "{choice:?}");
            assert!((early.loss / whole.loss - 1.0).abs() < 1e-3, "{choice:?}");
        }
    }
}

#[test]
fn penalties_in_any_order_and_twice_end_where_they_end_alone() {
    let dataset = overlapping();
    let first = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::None, 1.0).expect("a problem");
    let jumping = [1e-3, 1e-3, 10.0, 1e-6, 1e-6, 0.5, 1e5, 1e-4];
    for (point, l2) in over_penalties(&first, &jumping).into_iter().zip(jumping) {
        let alone = stationary(solve_and_check(&first.with_penalty(l2).expect("a penalty")));
        let apart = (&point.head.coefficients - &alone.head.coefficients).amax();
        assert!(apart <= 1e-10 * alone.head.coefficients.amax(), "{l2}: {apart:e}");
    }
}

#[test]
fn a_path_that_reaches_no_penalty_finds_what_a_problem_alone_finds() {
    let dataset = wide();
    let first = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::None, 1e-3).expect("a problem");
    let mut path = PenaltyPath::default();
    let mut solved = |l2: f64| {
        let problem = first.with_penalty(l2).expect("a penalty");
        path.solve(&problem, &SolverSettings::default(), &mut |_| ControlFlow::Continue(()))
            .expect("settings")
    };
    assert!(matches!(solved(1e-3), Outcome::Stationary(_)));
    assert!(matches!(solved(1e-4), Outcome::Stationary(_)));
    let Outcome::Separable(proof) = solved(0.0) else { panic!("more features than samples") };
    check(&dataset, &proof);
    assert!(matches!(solved(1e-5), Outcome::Stationary(_)));
    assert!(first.with_penalty(-1.0).is_err() && first.with_penalty(f64::NAN).is_err());
}
