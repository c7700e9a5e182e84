//! `solve` as its users run it: files in, numbers or one clear line out.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn equipoise() -> Command {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.env("NO_COLOR", "1");
    command
}

/// A directory with one CSV file in it.
struct Case {
    directory: TempDir,
    file: PathBuf,
}

impl Case {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("data.csv");
        std::fs::write(&file, text).expect("written");
        Self { directory, file }
    }

    fn solve(&self, options: &[&str]) -> Command {
        let mut command = equipoise();
        command.arg("solve").arg(&self.file).args(["--label", "y"]).args(options);
        command
    }

    fn json(&self, options: &[&str]) -> Value {
        let output = self.solve(options).args(["--format", "json"]).assert().success();
        serde_json::from_slice(&output.get_output().stdout).expect("one JSON object")
    }

    /// Exit code 2, one line with every expected text, and nothing written.
    fn refused(&self, options: &[&str], expected: &[&str]) {
        let target = self.directory.path().join("head.json");
        let mut command = self.solve(options);
        command.arg("--save").arg(&target);
        let assert = command.assert().code(2).stdout("");
        let error = String::from_utf8(assert.get_output().stderr.clone()).expect("text");
        assert_eq!(error.trim_end().lines().count(), 1, "one line: {error}");
        for text in expected {
            assert!(error.contains(text), "{text:?} is missing in {error:?}");
        }
        assert!(!target.exists());
    }
}

/// `count` rows of each `(features, label)`.
fn rows(header: &str, groups: &[(&str, &str, usize)]) -> String {
    let mut text = format!("{header},y\n");
    for (features, label, count) in groups {
        for _ in 0..*count {
            text.push_str(&format!("{features},{label}\n"));
        }
    }
    text
}

/// Two groups in which the log-odds of the second class are known.
fn two_groups() -> Case {
    Case::new(&rows("x", &[("0", "no", 30), ("0", "yes", 10), ("1", "no", 5), ("1", "yes", 20)]))
}

/// Three overlapping classes in the plane.
fn three_classes() -> Case {
    let mut text = "a,b,y\n".to_owned();
    for sample in 0..90_i32 {
        let (class, turn) = (sample % 3, f64::from(sample));
        let a = f64::from(class) + 1.5 * (1.3 * turn).sin();
        let b = (f64::from(class) * 2.0).cos() + 1.5 * (0.7 * turn * turn).cos();
        text.push_str(&format!("{a},{b},class {class}\n"));
    }
    Case::new(&text)
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn near(value: &Value, expected: f64) {
    assert!((number(value) - expected).abs() < 1e-13, "{value} for {expected}");
}

#[test]
fn binary_logistic_lands_on_the_log_odds() {
    let result = two_groups().json(&["--loss", "logistic"]);
    let (at_zero, at_one) = ((10.0_f64 / 30.0).ln(), 4.0_f64.ln());
    assert_eq!(result["status"], "stationary");
    assert_eq!(result["classes"], serde_json::json!(["no", "yes"]));
    assert_eq!(result["class_counts"], serde_json::json!([35, 30]));
    assert_eq!(result["coefficients"].as_array().expect("rows").len(), 1);
    near(&result["intercepts"][0], at_zero);
    near(&result["coefficients"][0][0], at_one - at_zero);
    near(&result["mean_probability"][1][1], (10.0 * 0.25 + 20.0 * 0.8) / 30.0);
    near(&result["ledger"][1]["outflow"], 10.0 * 0.75 + 20.0 * 0.2);
    assert!(number(&result["gradient_inf"]) < 1e-15);
    let entropy =
        -(10.0 * 0.25_f64.ln() + 30.0 * 0.75_f64.ln() + 20.0 * 0.8_f64.ln() + 5.0 * 0.2_f64.ln()) / 65.0;
    near(&result["loss"], entropy);
}

#[test]
fn softmax_is_centred_and_balanced() {
    let result = three_classes().json(&["--class-weights", "1,2,5", "--l2", "0.01"]);
    for feature in 0..2 {
        let column: f64 = (0..3).map(|class| number(&result["coefficients"][class][feature])).sum();
        assert!(column.abs() < 1e-14);
    }
    for class in 0..3 {
        assert!(number(&result["ledger"][class]["residual"]) < 1e-12);
        let row: f64 = (0..3).map(|k| number(&result["mean_probability"][class][k])).sum();
        assert!((row - 1.0).abs() < 1e-14);
    }
    assert!(number(&result["loss"]) > number(&result["data_loss"]));
    assert_eq!(result["class_weights"], serde_json::json!([1.0, 2.0, 5.0]));
}

#[test]
fn both_variants_of_inr_settle_in_their_own_balance() {
    let case = three_classes();
    let attached = case.json(&["--loss", "inr", "--beta", "5"]);
    let detached = case.json(&["--loss", "inr", "--beta", "5", "--detached"]);
    assert!(number(&attached["smallest_curvature"]) > 0.0);
    assert_ne!(attached["coefficients"], detached["coefficients"]);
    for result in [&attached, &detached] {
        assert!((0..3).all(|class| number(&result["ledger"][class]["residual"]) < 1e-12));
        assert_eq!(result["neglect"].as_array().expect("per class").len(), 3);
    }
}

#[test]
fn class_weights_leave_inr_as_it_is_and_that_is_said() {
    let case = three_classes();
    let plain = case.json(&["--loss", "inr"]);
    let mut weighted = case.solve(&["--loss", "inr", "--class-weights", "balanced", "--format", "json"]);
    let assert = weighted.assert().success().stderr(predicate::str::contains("unchanged"));
    let weighted: Value = serde_json::from_slice(&assert.get_output().stdout).expect("JSON");
    assert_eq!(plain["coefficients"], weighted["coefficients"]);
}

#[test]
fn two_runs_differ_in_their_last_line_only() {
    let case = three_classes();
    let lines = |threads: &str| {
        let options = ["--loss", "inr", "--beta", "3", "--format", "json", "--threads", threads];
        let output = case.solve(&options).assert().success().get_output().stdout.clone();
        let text = String::from_utf8(output).expect("text");
        let (rest, seconds): (Vec<String>, Vec<String>) =
            text.lines().map(str::to_owned).partition(|line| !line.contains("\"seconds\""));
        assert_eq!(seconds.len(), 1);
        rest
    };
    assert_eq!(lines("1"), lines("2"));
}

#[test]
fn separable_data_are_called_so_with_a_proof() {
    let case = Case::new(&rows("x", &[("0", "a", 5), ("1", "a", 3), ("1", "b", 3), ("2", "b", 5)]));
    for loss in ["logistic", "softmax", "inr"] {
        let assert = case.solve(&["--loss", loss, "--format", "json"]).assert().code(1);
        let result: Value = serde_json::from_slice(&assert.get_output().stdout).expect("JSON");
        assert_eq!(result["status"], "separable", "{loss}");
        assert_eq!(result["separation"]["kind"], "quasi");
        assert_eq!(result["separation"]["separated_samples"], 10);
        assert!(result.get("coefficients").is_none(), "no half-converged head");
    }
    case.solve(&["--loss", "logistic"]).assert().code(1).stdout(predicate::str::contains("--l2"));
    assert_eq!(case.json(&["--l2", "1e-3"])["status"], "stationary");
}

#[test]
fn a_saved_head_is_what_was_printed() {
    let case = two_groups();
    let target = case.directory.path().join("head.json");
    let mut command = case.solve(&["--format", "json", "--save"]);
    let output = command.arg(&target).assert().success().get_output().stdout.clone();
    assert_eq!(std::fs::read(&target).expect("saved"), output);
    assert_eq!(
        std::fs::read_dir(case.directory.path()).expect("listable").count(),
        2,
        "no temporary file is left"
    );
}

#[test]
fn the_table_for_people() {
    let output = two_groups().solve(&["--loss", "logistic"]).assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).expect("text");
    // Time and rounding-level gradients differ between machines.
    let steady: Vec<&str> = text.lines().filter(|line| !line.starts_with("stationary")).collect();
    let steady = steady.join("\n");
    let cells = |line: &str| line.split_whitespace().take(7).map(str::to_owned).collect::<Vec<_>>().join(" ");
    let steady: Vec<String> = steady.lines().map(cells).collect();
    insta::assert_snapshot!(steady.join("\n"));
}

#[test]
fn awkward_but_sound_files_are_read() {
    let reference = two_groups().json(&["--loss", "logistic"]);
    let quoted = std::fs::read_to_string(&two_groups().file)
        .expect("readable")
        .replace("yes", "\"yes\"")
        .replace('\n', "\r\n");
    let awkward = Case::new(&format!("\u{feff}{quoted}")).json(&["--loss", "logistic"]);
    assert_eq!(awkward["coefficients"], reference["coefficients"]);
    let integers = Case::new("x,y\n1,10\n2,9\n1.5,9\n1.2,10\n2.5,10\n0.5,9\n").json(&["--l2", "0.1"]);
    assert_eq!(integers["classes"], serde_json::json!(["9", "10"]));
}

#[test]
fn units_constants_and_collinear_columns_have_right_answers() {
    let wide = |line: &str| {
        let x: f64 = line.split(',').next().and_then(|cell| cell.parse().ok()).expect("a number");
        let label = line.rsplit(',').next().expect("a label");
        format!("{:e},{:e},7,{x},{x},{label}\n", x * 1e12, 1e-12 * x)
    };
    let source = std::fs::read_to_string(&two_groups().file).expect("readable");
    let body: String = source.lines().skip(1).map(wide).collect();
    let case = Case::new(&format!("huge,tiny,constant,p,q,y\n{body}"));
    let expected = 4.0_f64.ln() - (10.0_f64 / 30.0).ln();
    let slope = |features: &str, index: usize| {
        number(&case.json(&["--loss", "logistic", "--features", features])["coefficients"][0][index])
    };
    assert!((slope("huge", 0) * 1e12 / expected - 1.0).abs() < 1e-12);
    assert!((slope("tiny", 0) * 1e-12 / expected - 1.0).abs() < 1e-12);
    assert!(slope("p,constant", 1).abs() < 1e-12);
    assert!((slope("p,q", 0) / (0.5 * expected) - 1.0).abs() < 1e-9);
    assert!((slope("p,q", 1) / (0.5 * expected) - 1.0).abs() < 1e-9);
}

#[test]
fn bad_files_are_refused_in_one_line() {
    let bad = |text: &str, expected: &[&str]| Case::new(text).refused(&["--l2", "1"], expected);
    bad("", &["empty"]);
    bad("x,y\n", &["no"]);
    bad("x,z\n1,a\n", &["y", "data.csv"]);
    bad("x,y\n1,a\n2,a\n", &["class"]);
    bad("x,y\n1,a\nnan,b\n", &["line 3", "x"]);
    bad("x,y\n1,a\ninf,b\n", &["line 3", "x"]);
    bad("x,y\n1,a\n1e999,b\n", &["line 3", "x"]);
    bad("x,y\n1,a\n2\n", &["line 3"]);
    bad("x,y\n1,a\nred,b\n", &["line 3", "x", "red"]);
    bad("x,y\n1,a\n,b\n", &["line 3", "x"]);
    bad("x,y\n1,0.37\n2,0.5\n", &["0.37"]);
    Case::new("x,y\n1,a\n2,b\n").refused(&["--features", "q"], &["q"]);
}

#[test]
fn bad_options_are_refused_in_one_line() {
    let case = two_groups();
    case.refused(&["--class-weights", "1"], &["class weights", "2 classes"]);
    case.refused(&["--class-weights", "1,0"], &["class weights", "yes"]);
    case.refused(&["--class-weights", "-1,1"], &["class weights", "no"]);
    case.refused(&["--class-weights", "1,x"], &["--class-weights", "x"]);
    case.refused(&["--l2", "-1"], &["l2", "-1"]);
    case.refused(&["--l2", "inf"], &["l2"]);
    case.refused(&["--loss", "inr", "--beta", "-1"], &["beta", "-1"]);
    case.refused(&["--loss", "inr", "--beta", "nan"], &["beta"]);
    case.refused(&["--beta", "2"], &["--beta", "inr"]);
    case.refused(&["--detached"], &["--detached", "inr"]);
    let nowhere = Path::new("no/such/directory/head.json");
    case.solve(&["--save"])
        .arg(nowhere)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("no/such/directory"));
    equipoise()
        .args(["solve", "missing.csv", "--label", "y"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("missing.csv"));
    equipoise().args(["solve", "--nonsense"]).assert().code(2);
}
