//! Heads without intercepts: stationary by arithmetic of the tests' own, the same as on a mirrored table, separable where a brute
//! force finds a direction through the origin, and balanced along what docs/theory.md#h1 leaves.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]

use crate::proof::solve_and_check;
use equipoise::balance::{Ledger, RemainingBalance};
use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, InrVariant, LOSS_TABLE, LossSpec};
use equipoise::solver::{Intercept, Outcome, Problem, SolverSettings, StationaryPoint, solve};
use nalgebra::DMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0
}

/// Tables as people have them, some with dependent columns, and classes that follow a random direction.
fn table(rng: &mut ChaCha8Rng, kind: usize, classes: usize) -> (DMatrix<f64>, Vec<u32>) {
    let samples = rng.random_range(60..160);
    let rows: Vec<Vec<f64>> = (0..samples)
        .map(|_| {
            let (a, b) = (normal(rng), normal(rng));
            match kind {
                0 => vec![a, b],
                1 => {
                    let level = rng.random_range(0..3);
                    (0..3).map(|other| f64::from(u8::from(other == level))).chain([a]).collect()
                }
                2 => vec![a, b, a + b, 1000.0 + a],
                3 => vec![a, 1e6 * b + 5e6, 2.0],
                _ => (0..9).map(|_| normal(rng) + 1.0).chain([a, 1e-9 * b]).collect(),
            }
        })
        .collect();
    let labels = rows
        .iter()
        .map(|row| {
            let score = row[0] + 1.5 * normal(rng);
            ((score + 1.2).clamp(0.0, 2.4) / 2.4 * (classes as f64 - 0.01)) as u32
        })
        .collect();
    (DMatrix::from_fn(rows[0].len(), samples, |row, sample| rows[sample][row]), labels)
}

fn dataset(features: &DMatrix<f64>, labels: &[u32], classes: usize) -> Dataset {
    let labels = Labels::numbered(labels.to_vec(), classes).expect("every class occurs");
    Dataset::unnamed(features.clone(), labels).expect("finite")
}

fn problem<'a>(dataset: &'a Dataset, spec: &LossSpec, weights: &ClassWeights, l2: f64) -> Problem<'a> {
    let problem = Problem::new(dataset, spec, weights, l2).expect("a problem");
    problem.with_intercept(Intercept::None).expect("features")
}

#[track_caller]
fn stationary<'a>(problem: &Problem<'a>) -> StationaryPoint<'a> {
    match solve(problem).confirmed(&SolverSettings::default()) {
        Outcome::Stationary(point) => *point,
        other => panic!("{other:?}"),
    }
}

/// The largest entry of softmax's gradient by coefficients, relative to the sum of the magnitudes of its terms.
fn softmax_gradient(
    point: &StationaryPoint,
    features: &DMatrix<f64>,
    labels: &[u32],
    weights: &[f64],
) -> f64 {
    let head = &point.head;
    let (classes, l2) = (head.coefficients.nrows(), point.problem().l2());
    let total: f64 = labels.iter().map(|&label| weights[label as usize]).sum();
    let (mut sum, mut terms) = (&head.coefficients * l2, head.coefficients.abs() * l2);
    for (sample, &label) in features.column_iter().zip(labels) {
        let logits = &head.coefficients * sample;
        let largest = logits.max();
        let all: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
        for class in 0..classes {
            let own = if class == label as usize { 1.0 } else { 0.0 };
            let residual = weights[label as usize] / total * ((logits[class] - largest).exp() / all - own);
            for (j, value) in sample.iter().enumerate() {
                sum[(class, j)] += residual * value;
                terms[(class, j)] += (residual * value).abs();
            }
        }
    }
    sum.iter().zip(terms.iter()).map(|(sum, of)| (sum / of).abs()).fold(0.0, f64::max)
}

#[test]
fn softmax_is_stationary_on_tables_of_every_kind() {
    let rng = &mut ChaCha8Rng::seed_from_u64(27);
    for case in 0..100 {
        let (kind, l2) = (case % 5, [0.0, 1e-3, 0.3][case % 3]);
        let (features, labels) = table(rng, kind, 3);
        let dataset = dataset(&features, &labels, 3);
        let weights = [1.0, 2.0, 0.5];
        let problem = problem(&dataset, &LossSpec::Softmax, &ClassWeights::Explicit(weights.to_vec()), l2);
        let point = stationary(&problem);
        assert_eq!(point.head.intercepts, [0.0; 3], "case {case}");
        let left = softmax_gradient(&point, &features, &labels, &weights);
        assert!(left < 1e-9, "case {case}: {left:e}");
        let recomputed = point.recomputed();
        assert!(recomputed.relative_gradient < 1e-12, "case {case}: {recomputed:?}");
        // The logits that the point hands out are those of its head.
        let apart = (point.logits() - &point.head.coefficients * &features).amax();
        assert!(apart < 1e-8, "case {case}: {apart:e}");
    }
}

/// A sample with the other label at minus its features has the same loss, whatever the coefficients: on both together the best
/// intercept is zero.
#[test]
fn a_mirrored_table_with_an_intercept_has_the_same_head() {
    let rng = &mut ChaCha8Rng::seed_from_u64(28);
    for case in 0..60 {
        let (kind, l2) = (case % 5, [0.0, 1e-2][case % 2]);
        let (features, labels) = table(rng, kind, 2);
        let own = dataset(&features, &labels, 2);
        let point = stationary(&problem(&own, &LossSpec::Logistic, &ClassWeights::None, l2));
        let samples = labels.len();
        let both = DMatrix::from_fn(features.nrows(), 2 * samples, |row, sample| {
            if sample < samples { features[(row, sample)] } else { -features[(row, sample - samples)] }
        });
        let flipped: Vec<u32> = labels.iter().copied().chain(labels.iter().map(|label| 1 - label)).collect();
        let mirrored = dataset(&both, &flipped, 2);
        let mirrored =
            Problem::new(&mirrored, &LossSpec::Logistic, &ClassWeights::None, l2).expect("a problem");
        let mirrored = stationary(&mirrored);
        assert!((point.loss - mirrored.loss).abs() < 1e-12, "case {case}: {} {}", point.loss, mirrored.loss);
        let largest = mirrored.head.coefficients.amax();
        let apart = (&point.head.coefficients - &mirrored.head.coefficients).amax() / largest;
        assert!(apart < 1e-8, "case {case}: {apart:e}");
    }
}

#[test]
fn every_loss_is_solved_and_its_certificate_notices_a_millionth() {
    let rng = &mut ChaCha8Rng::seed_from_u64(29);
    let (features, labels) = table(rng, 0, 3);
    let dataset = dataset(&features, &labels, 3);
    let inr = |variant| LossSpec::Inr { beta: 3.0, variant };
    let rest = LOSS_TABLE.iter().map(|row| row.default.clone());
    // Equalization has no minimum; see `every_loss_with_a_minimum`.
    let rest = rest.filter(|spec| !matches!(spec, LossSpec::Equalization { .. } | LossSpec::Inr { .. }));
    for spec in [inr(InrVariant::Attached), inr(InrVariant::Detached)].into_iter().chain(rest) {
        let weights = ClassWeights::Explicit(vec![1.0, 2.0, 0.5]);
        let problem = problem(&dataset, &spec, &weights, 1e-3);
        let point = stationary(&problem);
        assert!(point.head.intercepts.iter().all(|intercept| *intercept == 0.0), "{spec:?}");
        assert!(point.recomputed().relative_gradient < 1e-12, "{spec:?}: {:?}", point.recomputed());
        assert!(point.certificate.smallest_curvature.is_none_or(|least| least > 0.0), "{spec:?}");
        let mut head = point.head.clone();
        head.coefficients[(0, 1)] += 1e-6;
        let off = problem.evaluate(&head).recomputed.relative_gradient;
        assert!(off > 1e-9, "{spec:?}: {off:e}");
    }
}

/// More features than samples, with a penalty and without: separable without one, since any labels are in general position.
#[test]
fn wide_tables_are_solved_under_a_penalty_and_separable_without() {
    let rng = &mut ChaCha8Rng::seed_from_u64(30);
    let features = DMatrix::from_fn(40, 20, |_, _| normal(rng) + 3.0);
    let labels: Vec<u32> = (0..20).map(|sample| sample % 3).collect();
    let dataset = dataset(&features, &labels, 3);
    let point = stationary(&problem(&dataset, &LossSpec::Softmax, &ClassWeights::None, 1e-2));
    let left = softmax_gradient(&point, &features, &labels, &[1.0; 3]);
    assert!(left < 1e-10, "{left:e}");
    let free = problem(&dataset, &LossSpec::Softmax, &ClassWeights::None, 0.0);
    assert!(matches!(solve_and_check(&free), Outcome::Separable(_)));
}

/// Whether a direction through the origin sets samples of two classes (small whole numbers, one or two features) apart: every
/// extreme ray of such directions is at right angles to a sample or along an axis.
fn brute_force(rows: &[Vec<f64>], labels: &[u32]) -> bool {
    let signed: Vec<[i64; 2]> = rows
        .iter()
        .zip(labels)
        .map(|(row, &label)| {
            let sign = if label == 1 { 1 } else { -1 };
            [0, 1].map(|place| row.get(place).map_or(0, |&value| sign * value as i64))
        })
        .collect();
    let across = signed.iter().flat_map(|&[x, y]| [[y, -x], [-y, x]]);
    let axes = [[1, 0], [-1, 0], [0, 1], [0, -1]];
    across.chain(axes).any(|[a, b]| {
        let margins = || signed.iter().map(|[x, y]| a * x + b * y);
        margins().all(|margin| margin >= 0) && margins().any(|margin| margin > 0)
    })
}

#[test]
fn tiny_tables_are_separable_where_a_brute_force_says_so() {
    let rng = &mut ChaCha8Rng::seed_from_u64(31);
    let mut counts = [0, 0];
    for case in 0..400 {
        let (dimension, samples) = (rng.random_range(1..3), rng.random_range(3..12));
        let rows: Vec<Vec<f64>> = (0..samples)
            .map(|_| (0..dimension).map(|_| f64::from(rng.random_range(-2..5_i32))).collect())
            .collect();
        let mut labels: Vec<u32> =
            rows.iter().map(|row| u32::from(row[0] + 1.5 * normal(rng) > 1.0)).collect();
        (labels[0], labels[1]) = (0, 1);
        let truth = brute_force(&rows, &labels);
        counts[usize::from(truth)] += 1;
        let features = DMatrix::from_fn(dimension, samples, |row, sample| rows[sample][row]);
        let dataset = dataset(&features, &labels, 2);
        for spec in [LossSpec::Logistic, LossSpec::Softmax] {
            match solve_and_check(&problem(&dataset, &spec, &ClassWeights::None, 0.0)) {
                Outcome::Separable(found) => {
                    assert!(truth, "case {case}, {spec:?}: {rows:?} {labels:?}");
                    assert!(found.direction.intercepts.iter().all(|intercept| *intercept == 0.0));
                }
                Outcome::Stationary(_) => assert!(!truth, "case {case}, {spec:?}: {rows:?} {labels:?}"),
                other @ Outcome::NotConverged { .. } => panic!("case {case}, {spec:?}: {other:?} {rows:?}"),
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 60), "both kinds occur: {counts:?}");
}

#[test]
fn balance_is_left_along_a_constant_combination_and_off_by_the_pull_of_the_penalty() {
    let rng = &mut ChaCha8Rng::seed_from_u64(32);
    for case in 0..30 {
        let (l2, one_hot) = ([0.0, 1e-2][case % 2], case % 3 != 2);
        let (features, labels) = table(rng, usize::from(one_hot), 3);
        let dataset = dataset(&features, &labels, 3);
        for spec in [LossSpec::Softmax, LossSpec::Logistic] {
            let problem = problem(&dataset, &spec, &ClassWeights::Balanced, l2);
            let point = stationary(&problem);
            let ledger = Ledger::at(problem.loss(), &point.logits(), problem.targets());
            let found = RemainingBalance::at(&point, &ledger);
            let worst = ledger.worst_residual();
            if !one_hot {
                assert!(found.is_none() && worst > 1e-3, "case {case}: {found:?}, {worst:e}");
                continue;
            }
            let found = found.expect("a one-hot group adds up to one");
            assert_eq!(found.relation, "x0 + x1 + x2 = 1");
            assert!(found.residual < 1e-11, "case {case}: {found:?}");
            assert_eq!(worst < 1e-11, l2 == 0.0, "case {case}: {worst:e}");
        }
    }
}

#[test]
fn without_features_there_is_nothing_to_solve_for() {
    let labels = Labels::numbered(vec![0, 1], 2).expect("two");
    let dataset = Dataset::from_logits(DMatrix::zeros(1, 2), labels).expect("logits");
    let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0).expect("a problem");
    let refused = problem.with_intercept(Intercept::None).expect_err("nothing").to_string();
    assert!(refused.contains("nothing to solve for"), "{refused}");
}
