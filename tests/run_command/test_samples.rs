//! `[test]`, resampled tables and batches in analysis files.

use super::{equipoise, read};
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;

const DRAWN: &str = r#"name = "own"
title = "Fresh samples"
seed = 3
repetitions = 4
penalty = 1e-2
test = { fresh = 2 }
measure = ["class_count", "test_accuracy", "test_recall", "test_mean_probability", "test_balance", "test_balance_deviation", "test_balance_covered", "test_balance_bias", "test_calibration_error"]

[data.gaussian]
means = { random = { classes = 2, dimension = 3, spread = 1.0 } }
counts = [60, 30]

[[series]]
loss = "softmax"
"#;

/// The records of an analysis.
fn records(directory: &Path, text: &str) -> Vec<Value> {
    std::fs::write(directory.join("own.toml"), text).expect("written");
    // Another analysis of the same name is not written over.
    if directory.join("own").exists() {
        std::fs::remove_dir_all(directory.join("own")).expect("removed");
    }
    equipoise(directory).args(["run", "own.toml"]).assert().success();
    let kept: Value = serde_json::from_str(&read(directory.join("own/records.json"))).expect("JSON");
    kept["records"].as_array().expect("a list").clone()
}

fn numbers(record: &Value, measure: &str) -> Vec<f64> {
    let list = record["measured"][measure].as_array().unwrap_or_else(|| panic!("{measure}: {record}"));
    list.iter().map(|number| number.as_f64().expect("a number")).collect()
}

/// The one complaint about an analysis.
fn refused(directory: &Path, text: &str, part: &str) {
    std::fs::write(directory.join("own.toml"), text).expect("written");
    let complaint = predicate::str::contains(part).and(predicate::str::contains("\n").count(1));
    equipoise(directory).args(["run", "own.toml"]).assert().code(2).stderr(complaint);
}

#[test]
fn fresh_samples_are_others_of_the_same_classes() {
    let directory = tempfile::tempdir().expect("a directory");
    let records = records(directory.path(), DRAWN);
    assert_eq!(records.len(), 4);
    for record in &records {
        assert_eq!(numbers(record, "class_count"), [60.0, 30.0], "training is as large as ever");
        // Twice as many to test on: recalls are multiples of their counts.
        let recall = numbers(record, "test_recall");
        let hits: Vec<f64> = recall.iter().zip([120.0, 60.0]).map(|(recall, count)| recall * count).collect();
        assert!(hits.iter().all(|hits| (hits - hits.round()).abs() < 1e-9), "{hits:?}");
        assert!((numbers(record, "test_accuracy")[0] - hits.iter().sum::<f64>() / 180.0).abs() < 1e-12);
        // D_k by its definition.
        let (means, balance) = (numbers(record, "test_mean_probability"), numbers(record, "test_balance"));
        let deviation = numbers(record, "test_balance_deviation");
        for k in 0..2 {
            let expected = 60.0 * means[k] + 30.0 * means[2 + k] - [60.0, 30.0][k];
            assert!((balance[k] - expected).abs() < 1e-9, "{balance:?}");
            let covered = f64::from(u8::from(expected.abs() <= 1.96 * deviation[k]));
            assert_eq!(numbers(record, "test_balance_covered")[k], covered);
        }
        let bias = numbers(record, "test_balance_bias");
        assert!(bias[0] != 0.0 && (bias[0] + bias[1]).abs() < 1e-9, "{bias:?}");
        assert!((0.0..0.5).contains(&numbers(record, "test_calibration_error")[0]));
    }
    assert_ne!(records[0]["measured"], records[1]["measured"], "each repetition draws anew");
    // The training samples are those that they were without a test.
    let without = DRAWN.replace("test = { fresh = 2 }\n", "");
    let measured = "measure = [\"shortfall\"]";
    let (start, end) =
        (without.find("measure").expect("a line"), without.find("\n\n[data").expect("a table"));
    let plain = format!("{}{measured}{}", &without[..start], &without[end..]);
    let tested = plain.replace("repetitions", "test = { fresh = 2 }\nrepetitions");
    let of = |text: &str| self::records(directory.path(), text)[0]["measured"].clone();
    assert_eq!(of(&plain), of(&tested));
}

/// Overlapping classes of 40 and 20 rows.
fn with_table() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let row = |i: u32| {
        format!(
            "{},{}\n",
            f64::from(i * 7 % 13) + f64::from(i % 3),
            if i.is_multiple_of(3) { "a" } else { "b" }
        )
    };
    let rows: String = (0..60).map(row).collect();
    std::fs::write(directory.path().join("data.csv"), format!("x,y\n{rows}")).expect("written");
    directory
}

fn of_table(more: &str, table: &str, measure: &str) -> String {
    format!(
        "name = \"own\"\ntitle = \"Own data\"\npenalty = 1e-3\n{more}\nmeasure = [{measure}]\n\n[data.csv]\npath = \"data.csv\"\nlabel = \"y\"\n{table}\n\n[[series]]\nloss = \"logistic\"\n"
    )
}

#[test]
fn a_share_of_a_table_is_kept_apart_anew_in_each_repetition() {
    let directory = with_table();
    let text = of_table(
        "repetitions = 3\ntest = { share = 0.25 }",
        "",
        "\"class_count\", \"test_recall\", \"shortfall\"",
    );
    let records = records(directory.path(), &text);
    for record in &records {
        assert_eq!(numbers(record, "class_count"), [15.0, 30.0]);
        let hits: Vec<f64> = numbers(record, "test_recall")
            .iter()
            .zip([5.0, 10.0])
            .map(|(recall, count)| recall * count)
            .collect();
        assert!(hits.iter().all(|hits| (hits - hits.round()).abs() < 1e-9), "{hits:?}");
    }
    assert_ne!(records[0]["measured"]["shortfall"], records[1]["measured"]["shortfall"]);
}

#[test]
fn a_table_is_resampled_or_solved_once() {
    let directory = with_table();
    let same = of_table("repetitions = 5", "", "\"shortfall\"");
    refused(
        directory.path(),
        &same,
        "5 times the same table; keep a `share` apart in `[test]`, or add `resample = true` to `[data.csv]`",
    );
    let records = records(
        directory.path(),
        &of_table("repetitions = 5", "resample = true", "\"shortfall\", \"class_count\""),
    );
    let shortfalls: Vec<Vec<f64>> = records.iter().map(|record| numbers(record, "shortfall")).collect();
    assert!((1..5).all(|at| shortfalls[at] != shortfalls[0]), "{shortfalls:?}");
    assert!(records.iter().all(|record| numbers(record, "class_count") == [20.0, 40.0]));
}

/// Rows as those of [`with_table`], others of the same rule; columns in another order, and one that the head does not know.
fn with_test_file() -> tempfile::TempDir {
    let directory = with_table();
    let class = |i: u32| if i.is_multiple_of(3) { "a" } else { "b" };
    let x = |i: u32| f64::from(i * 5 % 13) + f64::from(i % 2);
    let rows: String = (0..30).map(|i| format!("{},row {i},{},{}\n", class(i), x(i), i % 2 * 2)).collect();
    std::fs::write(directory.path().join("test.csv"), format!("y,id,x,w\n{rows}")).expect("written");
    directory
}

#[test]
fn a_file_of_its_own_is_tested_on() {
    let directory = with_test_file();
    let measures =
        "\"class_count\", \"test_recall\", \"test_balance\", \"test_mean_probability\", \"shortfall\"";
    let of = |more: &str, table: &str| {
        records(
            directory.path(),
            &of_table(&format!("{more}test = {{ file = \"test.csv\" }}"), table, measures),
        )
    };
    let record = &of("", "")[0];
    assert_eq!(numbers(record, "class_count"), [20.0, 40.0], "all rows of the table are solved on");
    let recall = numbers(record, "test_recall");
    let hits: Vec<f64> = recall.iter().zip([10.0, 20.0]).map(|(recall, count)| recall * count).collect();
    assert!(hits.iter().all(|hits| (hits - hits.round()).abs() < 1e-9), "{hits:?}");
    let (means, balance) = (numbers(record, "test_mean_probability"), numbers(record, "test_balance"));
    let expected = 20.0 * means[1] + 40.0 * means[3] - 40.0;
    assert!((balance[1] - expected).abs() < 1e-9 && expected.abs() > 1e-6, "{balance:?}, {expected}");
    // The same as `solve --test`, which reads the file on its own.
    let solve = ["solve", "data.csv", "--label", "y", "--loss", "logistic", "--l2", "1e-3"];
    let output = equipoise(directory.path())
        .args(solve)
        .args(["--test", "test.csv", "--format", "json"])
        .output()
        .expect("run");
    let solved: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let of_solve = solved["test"]["recall"].as_array().unwrap_or_else(|| panic!("{}", solved["test"]));
    let of_solve: Vec<f64> = of_solve.iter().map(|number| number.as_f64().expect("a number")).collect();
    assert_eq!(of_solve, recall);
    // Resampled heads are tested on the same samples; other contents of the file are other problems.
    let many = of("repetitions = 3\n", "resample = true");
    assert_eq!(many.len(), 3);
    assert_ne!(many[0]["measured"]["test_balance"], many[1]["measured"]["test_balance"]);
    let key = |record: &Value| record["key"].as_str().map(str::to_owned);
    let before = key(record);
    let text = std::fs::read_to_string(directory.path().join("test.csv")).expect("text");
    std::fs::write(directory.path().join("test.csv"), text.replacen("a,row 0,", "b,row 0,", 1))
        .expect("written");
    assert_ne!(key(&of("", "")[0]), before);
    // The directory reruns itself from another place.
    equipoise(&directory.path().join("own"))
        .args(["run", "analysis.toml", "--out", "again"])
        .assert()
        .success();
}

#[test]
fn weights_of_rows_count_in_a_test_file_too() {
    let directory = with_test_file();
    let text = read(directory.path().join("data.csv"));
    let weighted: String = text
        .lines()
        .enumerate()
        .map(|(row, line)| match row {
            0 => format!("{line},w\n"),
            row => format!("{line},{}\n", 1 + row % 2),
        })
        .collect();
    std::fs::write(directory.path().join("data.csv"), weighted).expect("written");
    let analysis = of_table(
        "test = { file = \"test.csv\" }",
        "sample_weights = \"w\"",
        "\"test_recall\", \"test_accuracy\", \"test_balance\"",
    );
    let weighted = records(directory.path(), &analysis)[0]["measured"].clone();
    // Rows of weight 0 left out, the others twice.
    let test = read(directory.path().join("test.csv"));
    let rows = test.lines().skip(1).filter(|line| line.ends_with(",2"));
    let doubled: String =
        rows.flat_map(|line| [line, line]).map(|line| format!("{},1\n", &line[..line.len() - 2])).collect();
    std::fs::write(directory.path().join("test.csv"), format!("y,id,x,w\n{doubled}")).expect("written");
    let repeated = records(directory.path(), &analysis)[0]["measured"].clone();
    for measure in ["test_recall", "test_accuracy", "test_balance"] {
        let of = |measured: &Value| numbers(&serde_json::json!({ "measured": measured }), measure);
        let (one, other) = (of(&weighted), of(&repeated));
        assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-9), "{measure}: {one:?}, {other:?}");
    }
}

#[test]
fn test_files_that_do_not_fit_are_refused_with_their_line() {
    let directory = with_test_file();
    let analysis = of_table("test = { file = \"test.csv\" }", "", "\"test_recall\"");
    let with = |contents: &str| std::fs::write(directory.path().join("test.csv"), contents).expect("written");
    for (contents, part) in [
        ("y,x\na,1\n", "test.csv: no sample of class b"),
        ("y,x\na,1\nb,2\nc,3\n", "the classes of the head are a, b"),
        ("y,z\na,1\nb,2\n", "x"),
        ("y,x\na,1\nb,\n", "line 3, column \"x\""),
    ] {
        with(contents);
        refused(directory.path(), &analysis, part);
        refused(directory.path(), &analysis, "own.toml:4: `test`");
    }
    std::fs::remove_file(directory.path().join("test.csv")).expect("removed");
    refused(directory.path(), &analysis, "cannot read");
    refused(directory.path(), &DRAWN.replace("fresh = 2", "file = \"test.csv\""), "goes with `table`");
}

#[test]
fn batches_are_solved_in_expectation() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = DRAWN
        .replace("test = { fresh = 2 }\n", "")
        .replace("classes = 2", "classes = 3")
        .replace("[60, 30]", "[60, 30, 6]")
        .replace("loss = \"softmax\"", "loss = { inr = { beta = 0.0 } }\nbatch = 8");
    let (start, end) = (text.find("measure").expect("a line"), text.find("\n\n[data").expect("a table"));
    let text = format!(
        "{}measure = [\"balance_residual\", \"whole_sample_residual\"]{}",
        &text[..start],
        &text[end..]
    );
    let residuals = |text: &str| {
        let record = &records(directory.path(), text)[0];
        ["balance_residual", "whole_sample_residual"].map(|measure| numbers(record, measure)[0])
    };
    let [own, whole] = residuals(&text);
    assert!(own < 1e-10 && whole > 0.1, "{own:e}, {whole}");
    let [own, whole] = residuals(&text.replace("batch = 8", "batch = 96"));
    assert!(own < 1e-10 && whole < 1e-10, "one batch of all: {own:e}, {whole:e}");
    refused(directory.path(), &text.replace("beta = 0.0", "beta = 1.0"), "has no objective in batches");
    refused(directory.path(), &text.replace("batch = 8", "batch = 97"), "give a size from 1 to 96");
}

#[test]
fn tests_that_cannot_be_are_refused_with_their_line() {
    let directory = with_table();
    let drawn = |from: &str, to: &str| DRAWN.replace(from, to);
    for (text, part) in [
        (drawn("fresh = 2", "fresh = 0"), "0 times the samples; give 1 to 10000"),
        (drawn("fresh = 2", "share = 1.5"), "1.5; give a number between 0 and 1"),
        (drawn("fresh = 2", "part = 2"), "unknown variant `part`"),
        (drawn("test = { fresh = 2 }\n", ""), "needs test samples"),
        (drawn("\"softmax\"", "{ focal = { gamma = 2.0 } }"), "is defined for softmax"),
        (
            drawn("counts = [60, 30]", "counts = [60, 1]").replace("fresh = 2", "share = 0.5"),
            "class 1 has one sample",
        ),
        (of_table("test = { fresh = 2 }", "", "\"shortfall\""), "one set of samples; give `share`"),
    ] {
        refused(directory.path(), &text, part);
    }
    let training = "name = \"own\"\ntitle = \"Own\"\nmeasure = [\"accuracy\"]\ntest = { share = 0.2 }\n\n[data.digits]\ncounts = [20, 20, 20, 20, 20, 20, 20, 20, 20, 20]\n\n[training]\ntest = 5\n\n[[series]]\nloss = \"softmax\"\n";
    refused(directory.path(), training, "set `training.test`");
}

/// What a table is taken for is said, and what `solve` asks options for has keys.
#[test]
fn a_table_is_read_as_by_solve() {
    let directory = tempfile::tempdir().expect("a directory");
    let row = |row: u32| {
        let colour = ["red", "green", ""][(row * 7 % 3) as usize];
        let class = if (row * 5 + row / 3) % 24 < 12 { "ant" } else { "bee" };
        format!("{row},{},{colour},{class},7\n", f64::from(row * 13 % 24) - 11.0)
    };
    let rows: String = std::iter::once(",a,colour,y,z\n".to_owned()).chain((0..24).map(row)).collect();
    std::fs::write(directory.path().join("own.csv"), rows).expect("written");
    let analysis = |keys: &str| {
        format!(
            "name = \"own\"\ntitle = \"A table\"\npenalty = 1e-2\nmeasure = [\"loss\"]\n[data.table]\npath = \"own.csv\"\n\
             label = \"y\"\n{keys}\n[[series]]\nloss = \"softmax\"\n"
        )
    };
    let path = directory.path();
    refused(
        path,
        &analysis(""),
        "leave the column out with drop = [\"colour\"], or, if it holds categories, give one_hot = true",
    );
    refused(path, &analysis("one_hot = true\nmising = \"refuse\""), "unknown field `mising`");
    let keys = "one_hot = true\nmissing = \"indicator\"\ndrop = [\"z\"]";
    let loss = numbers(&records(path, &analysis(keys))[0], "loss")[0];
    let solve = ["solve", "own.csv", "--label", "y", "--one-hot", "--missing", "indicator", "--drop", "z"];
    let solved = equipoise(path).args(solve).args(["--l2", "1e-2", "--format", "json"]).assert().success();
    let solved: Value = serde_json::from_slice(&solved.get_output().stdout).expect("JSON");
    assert!((loss - solved["loss"].as_f64().expect("a loss")).abs() < 1e-14);
    std::fs::remove_dir_all(path.join("own")).expect("removed");
    let said = predicate::str::contains("left out: column \"z\" (`drop`), column \"\" (it has no heading)")
        .and(predicate::str::contains("levels green, missing, red; green is the reference"));
    equipoise(path).args(["run", "own.toml"]).assert().success().stderr(said);

    let classes = |keys: &str| analysis(&format!("one_hot = true\nmissing = \"indicator\"\n{keys}"));
    let order = |keys: &str| records(path, &classes(keys))[0]["classes"].clone();
    assert_eq!(order("classes = [\"bee\", \"ant\"]"), 2);
    refused(path, &classes("classes = [\"bee\", \"wasp\"]"), "`classes`");
    refused(path, &classes("ignore_index = [\"bee\"]"), "class");
}
