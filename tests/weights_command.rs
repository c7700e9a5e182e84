//! `weights` as a practitioner uses it.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;

/// Three classes in two dimensions, of 60, 25 and 12 samples, that overlap.
fn data(directory: &Path) {
    let wave = |at: f64| (12.9898 * at).sin() * 43_758.545;
    let noise = |at: f64| 3.0 * (wave(at) - wave(at).floor() - 0.5);
    let mut rows = String::from("x,y,kind\n");
    for (class, (name, count)) in [("common", 60), ("rare", 25), ("scarce", 12)].into_iter().enumerate() {
        for sample in 0..count {
            let at = f64::from(sample) + 100.0 * class as f64;
            let (x, y) = (noise(at) + class as f64, noise(at + 0.5) - 0.5 * class as f64);
            rows.push_str(&format!("{x},{y},{name}\n"));
        }
    }
    std::fs::write(directory.join("data.csv"), rows).expect("written");
}

fn weights(directory: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command
        .current_dir(directory)
        .args(["weights", "data.csv", "--label", "kind", "--l2", "1e-3"])
        .args(more)
        .assert()
}

#[test]
fn equal_shortfalls_to_nine_digits() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    for loss in ["softmax", "logistic", "pos-weight"] {
        let output =
            weights(directory.path(), &["--target", "equal-shortfall", "--loss", loss, "--format", "json"]);
        let record: Value = serde_json::from_slice(&output.success().get_output().stdout).expect("JSON");
        assert_eq!(record["attainable"], true);
        let shortfalls: Vec<f64> =
            record["shortfall"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        assert_eq!(shortfalls.len(), 3);
        assert!(shortfalls.iter().all(|s| (s / shortfalls[0] - 1.0).abs() < 1e-9), "{shortfalls:?}");
        let unweighted: Vec<f64> = record["unweighted"]["shortfall"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        // Positive weights that balance each column help the rare classes before any class weight does.
        let apart = if loss == "pos-weight" {
            unweighted[1] > 1.3 * unweighted[0]
        } else {
            unweighted[2] > 2.0 * unweighted[0]
        };
        assert!(apart, "{loss}: {unweighted:?}");
    }
}

#[test]
fn losses_whose_response_to_weights_is_not_computed_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    for (loss, why) in [
        ("focal", "--loss focal: how its stationary point responds to weights is not computed"),
        ("inr", "--loss inr: class weights leave it unchanged; weights takes softmax, logistic, pos-weight"),
    ] {
        weights(directory.path(), &["--target", "equal-shortfall", "--loss", loss])
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(why));
    }
}

#[test]
fn the_weights_solve_to_what_is_promised() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    let output = weights(directory.path(), &["--target", "prior:0.2,0.3,0.5", "--format", "json"]);
    let record: Value = serde_json::from_slice(&output.success().get_output().stdout).expect("JSON");
    let found: Vec<String> =
        record["class_weights"].as_array().expect("a list").iter().map(ToString::to_string).collect();
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    let solved = command
        .current_dir(directory.path())
        .args(["solve", "data.csv", "--label", "kind", "--l2", "1e-3", "--format", "json", "--class-weights"])
        .arg(found.join(","))
        .assert()
        .success();
    let solved: Value = serde_json::from_slice(&solved.get_output().stdout).expect("JSON");
    let entry = |record: &Value, class: usize, predicted: usize| {
        record["mean_probability"][class][predicted].as_f64().expect("a number")
    };
    let prior = |predicted: usize| {
        [60.0, 25.0, 12.0]
            .iter()
            .enumerate()
            .map(|(class, count)| count * entry(&solved, class, predicted))
            .sum::<f64>()
            / 97.0
    };
    for (predicted, wanted) in [0.2, 0.3, 0.5].into_iter().enumerate() {
        assert!((prior(predicted) - wanted).abs() < 1e-8, "{predicted}: {}", prior(predicted));
    }
}

#[test]
fn the_table_prints_weights_as_libraries_take_them() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    weights(directory.path(), &["--target", "equal-shortfall"])
        .success()
        .stdout(predicate::str::contains("scikit-learn: class_weight={\"common\": 0."))
        .stdout(predicate::str::contains("PyTorch: weight=torch.tensor([0."))
        .stdout(predicate::str::contains("shortfall  unweighted"));
}

#[test]
fn bad_targets_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    let refused = |target: &str, words: &str| {
        weights(directory.path(), &["--target", target])
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(words))
            .stderr(predicate::str::contains("\n").count(1));
    };
    refused("balanced", "give equal-shortfall");
    refused("equal-recal", "did you mean equal-recall?");
    refused("priors:0.2,0.3,0.5", "did you mean prior?");
    refused("prior:0.5,0.5", "2 numbers for 3 classes");
    refused("shortfall:1,two,3", "\"two\" is not a number");
    refused("shortfall:1,0,3", "0 is not a positive number");
}

fn json(assert: &assert_cmd::assert::Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).expect("JSON")
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
}

#[test]
fn equal_recalls_to_within_one_sample() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    let record =
        json(&weights(directory.path(), &["--target", "equal-recall", "--format", "json"]).success());
    let recall = numbers(&record["recall"]);
    let counts = numbers(&record["class_counts"]);
    let low = recall.iter().zip(&counts).map(|(r, n)| r + 1.0 / n).fold(f64::INFINITY, f64::min);
    let high = recall.iter().zip(&counts).map(|(r, n)| r - 1.0 / n).fold(0.0, f64::max);
    assert!(recall.len() == 3 && high <= low + 1e-12, "{recall:?}");
    let unweighted = numbers(&record["unweighted"]["recall"]);
    assert!(unweighted[2] < unweighted[0] - 0.2, "{unweighted:?}");
}

#[test]
fn calibration_is_printed_before_and_after() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    for (loss, from) in [("softmax", "logits"), ("logistic", "log_probabilities")] {
        let target = ["--target", "equal-shortfall", "--loss", loss, "--format", "json"];
        let record = json(&weights(directory.path(), &target).success());
        let scores = &record["calibration"];
        let corrected = &scores["prior_corrected"];
        assert_eq!(corrected["from"], from);
        let subtract = numbers(&corrected["subtract"]);
        for (taken, weight) in subtract.iter().zip(numbers(&record["class_weights"])) {
            assert!((taken - weight.ln()).abs() < 1e-14);
        }
        let (before, after) = (&scores["as_predicted"], corrected);
        let loss = |scores: &Value| scores["log_loss"].as_f64().expect("a number");
        assert!(loss(after) < loss(before) - 0.05, "{before} {after}");
        let error = |scores: &Value| scores["calibration_error"]["l1"].as_f64().expect("a number");
        assert!(error(after) < error(before), "{before} {after}");
    }
}

#[test]
fn what_cannot_be_is_named_with_what_can() {
    let directory = tempfile::tempdir().expect("a directory");
    data(directory.path());
    let unattainable = ["--target", "shortfall:1,1,1000000", "--format", "json"];
    let record = json(&weights(directory.path(), &unattainable).code(1));
    assert_eq!(record["attainable"], false);
    assert!(numbers(&record["class_weights"]).is_empty());
    assert_eq!(numbers(&record["nearest"]["shortfall"]).len(), 3);
    assert!(record["why"].as_str().expect("text").contains("weights"), "{record}");
    std::fs::write(directory.path().join("data.csv"), "x,y,kind\n0,0,a\n1,2,a\n0.5,1,b\n0.2,1,b\n9,9,c\n")
        .expect("written");
    weights(directory.path(), &["--target", "equal-recall"])
        .code(2)
        .stderr(predicate::str::contains("class c has one sample"));
    weights(directory.path(), &["--target", "equal-shortfall"])
        .success()
        .stderr(predicate::str::contains("note: class c has one sample"));
    weights(directory.path(), &["--target", "equal-shortfall", "--l2", "0"])
        .code(2)
        .stderr(predicate::str::contains("cannot be used multiple times"));
}

#[test]
fn weights_far_apart_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("two.csv"), "x,kind\n0,a\n1,b\n0.5,a\n2,b\n0.7,b\n1.5,a\n")
        .expect("written");
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
        command.current_dir(directory.path()).args(arguments).assert().success()
    };
    let wide = predicate::str::contains("note: class weights span 1.0e13");
    run(&["weights", "two.csv", "--label", "kind", "--target", "shortfall:1,1e13"]).stderr(wide.clone());
    run(&["solve", "two.csv", "--label", "kind", "--class-weights", "1,1e13"]).stderr(wide.clone());
    run(&["solve", "two.csv", "--label", "kind", "--class-weights", "1,1e12"])
        .stderr(predicate::str::contains("note").not());
}

#[test]
fn separable_classes_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("apart.csv"), "x,kind\n0,a\n1,a\n5,b\n6,b\n").expect("written");
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command
        .current_dir(directory.path())
        .args(["weights", "apart.csv", "--label", "kind", "--target", "equal-shortfall"])
        .assert()
        .code(1)
        .stdout("")
        .stderr(predicate::str::starts_with("read apart.csv (CSV): label kind"))
        .stderr(predicate::str::contains("classes a, b are separable"))
        .stderr(predicate::str::contains("\n").count(2));
}

#[test]
fn whole_number_classes_are_whole_numbers_in_python() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("data.csv"), "x,kind\n0,0\n1,1\n2,0\n3,1\n1,0\n0.5,1\n4,1\n")
        .expect("written");
    weights(directory.path(), &["--target", "equal-shortfall"])
        .success()
        .stdout(predicate::str::contains("class_weight={0: "));
}
