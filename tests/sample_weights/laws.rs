//! Laws under weights that are not whole, at points that were solved for, each beside what it says without the weights.

use super::files::{Folder, Table};
use equipoise::balance::{
    ClassMeans, MeanProbability, WeightEffects, attached_balance, binary_error_ratio, detached_balance,
    one_vs_all_balance, relative_difference, residual_centroids, softmax_balance,
};
use equipoise::data::{Dataset, SampleRequest, read_table};
use equipoise::loss::Link::{Sigmoid, Softmax};
use equipoise::loss::{ClassWeights, InrVariant, Loss, LossSpec, Targets};
use equipoise::solver::{Problem, solve};
use nalgebra::{DMatrix, DVector};

/// How far a law may be missed at a stationary point.
const ROUNDING: f64 = 1e-10;
/// How far it must be missed where the weights are left out.
const NOTICED: f64 = 1e-3;

/// A table with weights between 0.1 and 4.1, and the same samples without.
fn datasets(case: usize) -> (Dataset, Dataset) {
    let folder = Folder::new();
    let file = folder.add("table.csv", Table::features(case).repeated());
    let unweighted = read_table(&file, "y", None).expect("a table");
    let weights: Vec<f64> = (0..unweighted.labels().samples())
        .map(|sample| 0.1 + 4.0 * (1.3 * sample as f64).sin().powi(2))
        .collect();
    (unweighted.clone().with_sample_weights(&weights).expect("valid"), unweighted)
}

/// What a law makes of the logits of a solved problem under its own targets, and under those without sample weights.
fn at_solution(case: usize, choice: &LossSpec, law: impl Fn(&DMatrix<f64>, &Targets) -> f64) -> (f64, f64) {
    let (weighted, unweighted) = datasets(case);
    let classes = weighted.labels().classes();
    let class_weights = ClassWeights::Explicit((0..classes).map(|class| 1.0 + 0.7 * class as f64).collect());
    let problem = Problem::new(&weighted, choice, &class_weights, 1e-3).expect("a problem");
    let logits = solve(&problem).stationary().expect("a stationary point").logits();
    let others = Targets::new(unweighted.labels(), &class_weights).expect("valid");
    (law(&logits, problem.targets()), law(&logits, &others))
}

#[track_caller]
fn holds((with, without): (f64, f64)) {
    assert!(with < ROUNDING, "missed by {with:e}");
    assert!(without > NOTICED, "without the weights it is missed by {without:e} only");
}

/// B1, B2 and B4.
#[test]
fn binary_laws() {
    holds(at_solution(0, &LossSpec::Logistic, |logits, targets| {
        let (measured, expected) =
            binary_error_ratio(&MeanProbability::of(Sigmoid, logits, targets), targets);
        relative_difference(measured, expected)
    }));
    let (weighted, _) = datasets(0);
    let problem = Problem::new(&weighted, &LossSpec::Logistic, &ClassWeights::None, 0.0).expect("a problem");
    let point = solve(&problem).stationary().expect("a stationary point");
    let logits = point.logits();
    let no_pull = DVector::zeros(weighted.dimension());
    let distance = |targets: &Targets| residual_centroids(&weighted.features(), &logits, targets, &no_pull);
    let (_, unweighted) = datasets(0);
    let others = Targets::new(unweighted.labels(), &ClassWeights::None).expect("valid");
    holds((distance(problem.targets()), distance(&others)));
}

/// B3: inverse-frequency weights, of weighted sizes, make the two mean errors equal.
#[test]
fn balanced_weights_make_errors_equal() {
    let (weighted, unweighted) = datasets(0);
    let errors = |targets: &Targets, logits: &DMatrix<f64>| {
        let means = MeanProbability::of(Sigmoid, logits, targets);
        relative_difference(means.shortfall[1], means.matrix[(0, 1)])
    };
    let problem =
        Problem::new(&weighted, &LossSpec::Logistic, &ClassWeights::Balanced, 0.0).expect("a problem");
    let logits = solve(&problem).stationary().expect("a stationary point").logits();
    let others = Targets::new(unweighted.labels(), &ClassWeights::Balanced).expect("valid");
    holds((errors(problem.targets(), &logits), errors(&others, &logits)));
}

/// B5, B6, R1 and R2.
#[test]
fn laws_of_more_classes() {
    for case in [1, 2] {
        holds(at_solution(case, &LossSpec::Softmax, |logits, targets| {
            softmax_balance(&MeanProbability::of(Softmax, logits, targets), targets)
        }));
        holds(at_solution(case, &LossSpec::Logistic, |logits, targets| {
            let classes = targets.classes();
            let pairs = DMatrix::from_fn(classes, classes, |class, _| targets.class_weights()[class]);
            one_vs_all_balance(&MeanProbability::of(Sigmoid, logits, targets), targets, &pairs)
        }));
        let inr = |variant| LossSpec::Inr { beta: 3.0, variant };
        holds(at_solution(case, &inr(InrVariant::Detached), |logits, targets| {
            detached_balance(&MeanProbability::of(Sigmoid, logits, targets), targets, 3.0)
        }));
        holds(at_solution(case, &inr(InrVariant::Attached), |logits, targets| {
            let means = MeanProbability::of(Sigmoid, logits, targets);
            attached_balance(&means, &ClassMeans::of(logits, targets), targets, 3.0)
        }));
    }
}

/// W2.
#[test]
fn the_sum_rule_of_weight_effects() {
    let (weighted, unweighted) = datasets(1);
    let problem =
        Problem::new(&weighted, &LossSpec::Softmax, &ClassWeights::Balanced, 1e-3).expect("a problem");
    let point = solve(&problem).stationary().expect("a stationary point");
    let effects = WeightEffects::at(&point).expect("regular");
    let rule = |targets: &Targets| {
        let means = MeanProbability::of(problem.loss().link(), &point.logits(), targets);
        effects.sum_rule(&means, targets)
    };
    let others = Targets::new(unweighted.labels(), &ClassWeights::Balanced).expect("valid");
    holds((rule(problem.targets()), rule(&others)));
}

/// The certificate in double-double arithmetic counts by the weights too.
#[test]
fn certificates_are_of_the_weighted_problem() {
    let (weighted, unweighted) = datasets(2);
    for choice in
        [LossSpec::Softmax, LossSpec::Logistic, LossSpec::Inr { beta: 3.0, variant: InrVariant::Attached }]
    {
        let problem = Problem::new(&weighted, &choice, &ClassWeights::Balanced, 1e-3).expect("a problem");
        let point = solve(&problem).stationary().expect("a stationary point");
        let with = point.recomputed().relative_gradient;
        assert!(with < 1e-13, "{choice:?}: {with:e}");
        // The unweighted problem has another solution: a certificate without the weights would not have passed.
        let others = Problem::new(&unweighted, &choice, &ClassWeights::Balanced, 1e-3).expect("a problem");
        let other = solve(&others).stationary().expect("a stationary point");
        let apart = (&point.head.coefficients - &other.head.coefficients).amax();
        assert!(apart > 1e-6, "{choice:?}: {apart:e} without the weights");
    }
}

/// A common factor of all weights changes nothing but masses, however far from one it is.
#[test]
fn a_common_factor_changes_no_head() {
    let table = Table::features(2);
    let folder = Folder::with(&table);
    let heads: Vec<Vec<f64>> = [1.0, 1e-45, 1e45]
        .into_iter()
        .map(|factor| {
            let file = folder.add("scaled.csv", table.weighted(factor));
            let request =
                SampleRequest { sample_weights: Some("w".to_owned()), ..SampleRequest::of_label("y") };
            let dataset = request.read(&file).expect("a table").dataset;
            let problem = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::Balanced, 1e-3);
            let point = solve(&problem.expect("a problem")).stationary().expect("a stationary point");
            point.head.coefficients.iter().chain(&point.head.intercepts).copied().collect()
        })
        .collect();
    for head in &heads[1..] {
        let apart = head.iter().zip(&heads[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-12, "{apart:e}");
    }
}

/// Eight rows that count as 995, with the coefficients that an independent program finds.
#[test]
fn frequencies_of_a_contingency_table() {
    let folder = Folder::new();
    folder.add(
        "table.csv",
        "w,y,x1,x2\n100,0,0,0\n23,1,0,0\n222,0,0,1\n12,1,0,1\n192,0,1,0\n56,1,1,0\n309,0,1,1\n81,1,1,1\n",
    );
    let (code, record) =
        folder.record(&["solve", "table.csv", "--label", "y", "--loss", "logistic", "--sample-weights", "w"]);
    assert_eq!(code, 0);
    assert_eq!(
        (&record["class_counts"], &record["rows"]),
        (&serde_json::json!([823, 172]), &serde_json::json!(8))
    );
    let found = [&record["coefficients"][0][0], &record["coefficients"][0][1], &record["intercepts"][0]];
    for (found, expected) in found.into_iter().zip([0.908_703, -0.408_737, -1.966_786]) {
        assert!((found.as_f64().expect("a number") - expected).abs() < 1e-6, "{found}, not {expected}");
    }
}

/// Where a class separates, the answer for the other classes counts samples by their weights, too.
#[test]
fn what_remains_without_a_class_is_weighted() {
    let folder = Folder::new();
    folder.add("t.csv", "f0,w,y\n0,5,0\n1,1,0\n2,1,1\n0,1,1\n1,2,1\n2,1,0\n10,1,2\n11,1,2\n");
    let (_, record) = folder.record(&["solve", "t.csv", "--label", "y", "--sample-weights", "w"]);
    let remaining = &record["separation"]["remaining"];
    assert_eq!(remaining["status"], "stationary", "{record}");
    let loss = remaining["loss"].as_f64().expect("a number");
    assert!((loss - 0.592_081_330_861).abs() < 1e-12, "{remaining}");
}
