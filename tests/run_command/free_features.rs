//! Features that are free in analysis files (C1).

use super::{equipoise, read};
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;

const FREE: &str = r#"name = "own"
title = "Free features"
penalty = 1e-3
measure = ["coefficient_cosine", "class_count", "balance_residual", "feature_gradient"]

[data.free_features]
counts = [50, 50, 2, 2]

[[series]]
loss = "softmax"

[[series]]
loss = "softmax"
class_weights = "balanced"
"#;

fn refused(directory: &Path, text: &str, part: &str) {
    std::fs::write(directory.join("own.toml"), text).expect("written");
    let complaint = predicate::str::contains(part).and(predicate::str::contains("\n").count(1));
    equipoise(directory).args(["run", "own.toml"]).assert().code(2).stderr(complaint);
}

#[test]
fn rare_classes_draw_together_where_nothing_weighs_them() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("own.toml"), FREE).expect("written");
    equipoise(directory.path()).args(["run", "own.toml"]).assert().success();
    let kept: Value = serde_json::from_str(&read(directory.path().join("own/records.json"))).expect("JSON");
    let numbers = |series: usize, measure: &str| -> Vec<f64> {
        let list = kept["records"][series]["measured"][measure].as_array().expect("a list");
        list.iter().map(|number| number.as_f64().expect("a number")).collect()
    };
    for series in 0..2 {
        let cosines = numbers(series, "coefficient_cosine");
        assert!((0..4).all(|k| (cosines[5 * k] - 1.0).abs() < 1e-12), "each class with itself: {cosines:?}");
        assert!((0..16).all(|at| (cosines[at] - cosines[at % 4 * 4 + at / 4]).abs() < 1e-12), "symmetric");
        assert_eq!(numbers(series, "class_count"), [50.0, 50.0, 2.0, 2.0]);
        assert!(numbers(series, "balance_residual")[0] < 1e-10);
        assert!(numbers(series, "feature_gradient")[0] < 1e-8);
    }
    let rare = |series: usize| numbers(series, "coefficient_cosine")[11];
    let simplex = -1.0 / 3.0;
    assert!(rare(0) > rare(1) + 0.05 && rare(1) > simplex + 0.05, "{} {}", rare(0), rare(1));
}

#[test]
fn what_free_features_cannot_do_is_refused_with_its_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let with = |from: &str, to: &str| FREE.replacen(from, to, 1);
    for (text, part) in [
        (
            with("penalty = 1e-3", "penalty = 0"),
            "own.toml:3: `penalty`: 0; features that are free have no finite minimum",
        ),
        (
            with("loss = \"softmax\"", "loss = \"logistic\""),
            "`series.0.loss`: features that are free are solved for softmax",
        ),
        (
            with("loss = \"softmax\"", "loss = \"softmax\"\noptimizer = { lbfgs = { iterations = 9 } }"),
            "are solved exactly",
        ),
        (with("penalty", "test = { share = 0.5 }\npenalty"), "there is nothing to test"),
        (with("[50, 50, 2, 2]", "[50, 0]"), "own.toml"),
        (
            with("free_features]\ncounts = [50, 50, 2, 2]", "groups]\ncounts = [[9, 3], [2, 4]]"),
            "`feature_gradient` is of `data.free_features`",
        ),
    ] {
        refused(directory.path(), &text, part);
    }
}
