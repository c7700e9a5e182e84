//! Questions that an audit answers.

use super::files::{Folder, doubles, npz, numbers, sample, stored, whole};
use predicates::prelude::*;
use zip::CompressionMethod::Stored;

#[test]
fn a_model_that_is_not_stationary_is_explained_and_its_intercepts_are_corrected() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let options = ["a.npz", "--class-weights", "1,1,10", "--recalibrate", "--biases", "b.json"];
    let record = folder.json(&options);
    assert_eq!(record["stationary"], false);
    assert_eq!(record["verdict"]["up"][0], 2, "ten times the weight raises the third class");
    let after = &record["recalibrated"]["measured"];
    assert_eq!(after["stationary"], true);
    assert!(numbers(&after["verdict"]["worst_residual"])[0] < 1e-10);
    assert!(numbers(&after["loss"])[0] < numbers(&record["loss"])[0]);
    // The corrected logits are stationary by themselves.
    let biases: Vec<f64> =
        serde_json::from_slice(&std::fs::read(folder.file("b.json")).expect("biases")).expect("a list");
    assert!(biases.iter().sum::<f64>().abs() < 1e-12);
    let corrected: Vec<Vec<f64>> =
        logits.iter().map(|row| row.iter().zip(&biases).map(|(z, b)| z + b).collect()).collect();
    let corrected = Folder::with("a.npz", &stored(&corrected, &labels)).json(&options[..3]);
    assert_eq!(corrected["stationary"], true);
    assert!(numbers(&corrected["bias_gradient"]).iter().all(|entry| entry.abs() < 1e-13));
}

#[test]
fn intercepts_without_a_stationary_point_say_so() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let output = folder
        .command(&["a.npz", "--loss", "equalization", "--rare", "0.25", "--recalibrate", "--format", "json"])
        .output()
        .expect("run");
    assert_eq!(output.status.code(), Some(1));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(record["recalibrated"]["not_converged"].as_str().expect("why").contains("infinity"));
}

/// Features that do not separate the samples, and the logits of a head over them.
fn with_head(weight: &[Vec<f64>], bias: &[f64]) -> Vec<u8> {
    let (_, labels) = sample();
    let features: Vec<Vec<f64>> =
        (0..40).map(|row| vec![(f64::from(row) * 1.3).sin(), (f64::from(row) * 0.7).cos()]).collect();
    let logit =
        |row: &Vec<f64>, k: usize| row.iter().zip(&weight[k]).map(|(h, w)| h * w).sum::<f64>() + bias[k];
    let logits: Vec<Vec<f64>> = features.iter().map(|row| (0..3).map(|k| logit(row, k)).collect()).collect();
    let columns: Vec<Vec<f64>> = bias.iter().map(|&entry| vec![entry]).collect();
    npz(
        &[
            ("logits", doubles(&logits)),
            ("labels", whole(&labels)),
            ("features", doubles(&features)),
            ("weight", doubles(weight)),
            ("bias", doubles(&columns)),
        ],
        Stored,
    )
}

#[test]
fn the_exact_last_layer_shows_what_training_left() {
    let folder =
        Folder::with("a.npz", &with_head(&[vec![0.5, 0.0], vec![0.0, 0.5], vec![0.0; 2]], &[0.0; 3]));
    for loss in ["softmax", "logistic", "focal", "inr"] {
        let head = folder.json(&["a.npz", "--loss", loss, "--l2", "1e-2"])["head"].clone();
        assert!(numbers(&head["logits_apart"])[0] < 1e-15, "{loss}");
        let objective = |whose: &str| numbers(&head[whose]["objective"])[0];
        assert!(objective("exact") < objective("own") - 1e-3, "{loss}: {head}");
        assert!(numbers(&head["exact"]["worst_residual"])[0] < 1e-10, "{loss}: {head}");
        assert!(numbers(&head["own"]["gradient_inf"])[0] > 1e-2, "{loss}: {head}");
        assert_eq!(numbers(&head["angles"]).len(), 3);
    }
    folder.command(&["a.npz", "--l2", "1e-2"]).assert().success().stdout(predicate::str::contains(
        "The last layer solved exactly over the same features (l2 0.0100) lowers the objective from",
    ));
}

#[test]
fn logits_of_another_model_are_noticed() {
    let (logits, labels) = sample();
    let file = npz(
        &[
            ("logits", doubles(&logits)),
            ("labels", whole(&labels)),
            ("features", doubles(&vec![vec![1.0]; 40])),
            ("weight", doubles(&[vec![0.0], vec![1.0], vec![2.0]])),
        ],
        Stored,
    );
    let folder = Folder::with("a.npz", &file);
    folder
        .command(&["a.npz"])
        .assert()
        .success()
        .stdout(predicate::str::contains("they are not of one model"));
}

#[test]
fn a_class_without_samples_is_no_obstacle() {
    let (logits, labels) = sample();
    let two: Vec<i64> = labels.iter().map(|&label| label % 2).collect();
    let folder = Folder::with("a.npz", &stored(&logits, &two));
    for loss in ["softmax", "logistic", "inr", "focal", "label-smoothing"] {
        let record = folder.json(&["a.npz", "--loss", loss, "--class-weights", "balanced"]);
        assert!(numbers(&record["loss"])[0].is_finite(), "{loss}");
        assert!(record["recall"][2].is_null() && record["mean_probability"][2][0].is_null(), "{loss}");
        assert!(record["worst_class"].as_u64() < Some(2), "{loss}");
        assert!(numbers(&record["neglect"][0]["pooled"])[0].is_finite(), "{loss}");
    }
}

#[test]
fn the_table_says_it_in_words() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let output = folder
        .command(&["a.npz", "--class-weights", "1,1,10", "--class-names", "ant,bee,fly", "--recalibrate"])
        .output()
        .expect("run");
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(
        said,
        "read a.npz (archive, float64): label labels, classes ant, bee, fly; logits logits (40, 3); 40 rows\n"
    );
    insta::assert_snapshot!(String::from_utf8(output.stdout).expect("text"));
}

#[test]
fn pages_and_markdown_are_written_whole() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let written = |format: &str| {
        let names = "<script>,b|b,c";
        folder
            .command(&["a.npz", "--format", format, "--out", "a.out", "--class-names", names])
            .assert()
            .success()
            .stdout("");
        std::fs::read_to_string(folder.file("a.out")).expect("a file")
    };
    let page = written("html");
    assert!(
        page.starts_with("<!DOCTYPE html>")
            && page.contains("Audit of a.npz")
            && page.contains("&lt;script&gt;")
    );
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("src="));
    let markdown = written("markdown");
    assert!(markdown.starts_with("# Audit") && markdown.contains("b\\|b") && markdown.contains("| ---: |"));
}

#[test]
fn losses_are_listed_with_equation_law_and_source() {
    let mut command = assert_cmd::Command::cargo_bin("equipoise").expect("the binary is built");
    command
        .arg("losses")
        .assert()
        .success()
        .stdout(predicate::str::contains("seesaw").and(predicate::str::contains("B5")));
    let mut command = assert_cmd::Command::cargo_bin("equipoise").expect("the binary is built");
    let one = command.args(["losses", "focal"]).output().expect("run");
    insta::assert_snapshot!(String::from_utf8(one.stdout).expect("text"));
    let mut command = assert_cmd::Command::cargo_bin("equipoise").expect("the binary is built");
    command
        .args(["losses", "hinge"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("hinge: no loss; there are softmax"));
}

#[test]
fn names_of_classes_stay_on_one_line_and_change_no_terminal() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    for format in ["table", "markdown"] {
        let output = folder
            .command(&["a.npz", "--format", format, "--class-names", "a\nb,\u{1b}[31mred,c"])
            .output()
            .expect("run");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(
            output.status.success() && !text.contains('\u{1b}') && text.contains("a b"),
            "{format}: {text}"
        );
    }
}

/// Sample weights may be an array of the archive by whatever name; two of a row count as the row twice.
#[test]
fn weights_of_samples_are_found_in_an_archive() {
    let (logits, labels) = sample();
    let weights: Vec<Vec<f64>> = (0..40).map(|row| vec![f64::from(1 + row % 2)]).collect();
    let arrays = [("logits", doubles(&logits)), ("labels", whole(&labels)), ("how_often", doubles(&weights))];
    let folder = Folder::with("a.npz", &npz(&arrays, Stored));
    let twice = |rows: usize| (0..rows).flat_map(|row| std::iter::repeat_n(row, 1 + row % 2));
    let repeated: Vec<Vec<f64>> = twice(40).map(|row| logits[row].clone()).collect();
    let of_repeated: Vec<i64> = twice(40).map(|row| labels[row]).collect();
    folder.add("b.npz", &stored(&repeated, &of_repeated));
    let (weighted, repeated) =
        (folder.json(&["a.npz", "--sample-weights", "how_often"]), folder.json(&["b.npz"]));
    assert!((numbers(&weighted["loss"])[0] / numbers(&repeated["loss"])[0] - 1.0).abs() < 1e-12);
    assert!(folder.complaint(&["a.npz", "--sample-weights", "w"]).contains("\"w\""));
}

/// LDAM multiplies logits by 30: the loss of these rows falls along a tail whose curvature is 1e-19 of the largest.
#[test]
fn intercepts_that_double_precision_does_not_determine_are_not_written() {
    let rows = "c0,c1,c2,w,label\n2.5,1.4,-1.6,2,0\n1.6,-0.0,0.9,3,1\n2.3,1.1,0.8,1,2\n-0.2,2.0,-5.2,3,0\n";
    let folder = Folder::with("flat.csv", rows.as_bytes());
    let options = ["flat.csv", "--sample-weights", "w", "--loss", "ldam", "--biases", "b.json"];
    let result = folder.command(&options).assert().code(1);
    result
        .stdout(predicate::str::contains("not stationary (the loss is too flat"))
        .stderr(predicate::str::contains("--biases: nothing was written to b.json"));
    assert!(!folder.file("b.json").exists());
}

/// If the given weights are wrong, the right ones are named.
#[test]
fn a_model_of_other_weights_is_recognised() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    folder.json(&["a.npz", "--class-weights", "balanced", "--biases", "b.json"]);
    let biases: Vec<f64> =
        serde_json::from_slice(&std::fs::read(folder.file("b.json")).expect("written")).expect("numbers");
    let moved: Vec<Vec<f64>> =
        logits.iter().map(|row| row.iter().zip(&biases).map(|(z, bias)| z + bias).collect()).collect();
    let folder = Folder::with("b.npz", &stored(&moved, &labels));
    let record = folder.json(&["b.npz"]);
    assert_eq!(record["stationary"], false);
    let first = &record["alternatives"][0];
    assert!(first["worst_residual"].as_f64().expect("a number") < 1e-6, "{first}");
    let output = folder.command(&["b.npz"]).output().expect("run");
    let printed = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].contains("stationary for softmax with balanced weights"), "{printed}");
    assert!(lines[1].starts_with(&format!("Worst class: {}.", record["worst_class"])), "{printed}");
    assert!(lines[2].contains("--loss softmax --class-weights balanced"), "{printed}");
    let output = folder.command(&["b.npz", "--class-weights", "balanced"]).output().expect("run");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(
        printed.starts_with("Balanced as at the end of training for softmax with these class weights"),
        "{printed}"
    );
}

#[test]
fn tables_stay_within_the_terminal() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let output = folder.command(&["a.npz"]).env("COLUMNS", "60").output().expect("run");
    let printed = String::from_utf8(output.stdout).expect("text");
    let tables = printed.split("Class by class").nth(1).expect("tables");
    assert!(tables.lines().skip(1).all(|line| line.chars().count() <= 64), "{printed}");
    assert!(tables.matches("\nclass").count() >= 2, "the first column is repeated: {printed}");
}
