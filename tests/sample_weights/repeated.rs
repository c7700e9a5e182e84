//! A whole weight counts as so many equal rows, in every number that every command prints. A weight that is off by one must
//! be noticed.

use super::compared::differences;
use super::files::{Folder, Table};
use equipoise::loss::LOSS_TABLE;
use serde_json::Value;

const CLASS_WEIGHTS: [&str; 3] = ["none", "balanced", "effective:0.9"];

/// Class weights of one kind or another.
fn class_weights(classes: usize, case: usize) -> String {
    match CLASS_WEIGHTS.get(case % 4) {
        Some(rule) => (*rule).to_owned(),
        None => (0..classes).map(|class| format!("{}", 1.5 + class as f64)).collect::<Vec<_>>().join(","),
    }
}

/// Runs a command over the table with weights and over that with repeated rows: all that is printed must agree, and must not
/// where a weight is off by one. Returns what was printed over the weights.
fn agree(table: Table, command: &str, options: &[&str]) -> Value {
    let folder = Folder::with(&table);
    let run = |file: &str, weights: &[&str]| folder.record(&[&[command, file], options, weights].concat());
    let weights = ["--sample-weights", "w"];
    let (weighted, repeated) = (run("weighted.csv", &weights), run("repeated.csv", &[]));
    assert_eq!(weighted.0, repeated.0, "{command} {options:?}");
    let found = differences(&weighted.1, &repeated.1);
    assert!(found.is_empty(), "{command} {options:?}: {}", found.join("\n"));
    assert!(weighted.1["rows"].is_u64() && repeated.1["rows"].is_null(), "{}", weighted.1["rows"]);
    folder.add("weighted.csv", table.off_by_one().weighted(1.0));
    let noticed = differences(&run("weighted.csv", &weights).1, &repeated.1);
    assert!(noticed.len() > 5, "{command} {options:?}: a weight off by one changed {noticed:?}");
    weighted.1
}

#[test]
fn solve_with_every_loss_weighting_and_penalty() {
    let losses: [&[&str]; 4] = [&["softmax"], &["logistic"], &["inr", "--beta", "3"], &["inr", "--detached"]];
    let mut stationary = 0;
    for case in 0..6_usize {
        for (number, loss) in losses.iter().enumerate() {
            for l2 in ["0", "0.01"] {
                let table = Table::features(case);
                let weights = class_weights(table.classes, case + number);
                let fixed = ["--label", "y", "--class-weights", &weights, "--l2", l2, "--loss"];
                let record = agree(table, "solve", &[&fixed, *loss].concat());
                stationary += usize::from(record["status"] == "stationary");
                let sizes = record["class_counts"].as_array().expect("a list");
                assert!(sizes.iter().all(Value::is_u64), "whole sizes are written as such: {sizes:?}");
            }
        }
    }
    assert_eq!(stationary, 48, "every design overlaps");
}

#[test]
fn solve_with_missing_values_filled_in() {
    for case in 0..8 {
        let options = ["--label", "y", "--missing", "indicator", "--l2", "0.01"];
        let record = agree(Table::with_gaps(case), "solve", &options);
        assert_eq!(record["status"], "stationary");
        assert!(record["features"].to_string().contains("missing"), "{}", record["features"]);
    }
}

/// Losses without an algorithm of their own too, which leave a shift of all logits free.
#[test]
fn solve_with_every_other_loss() {
    for (number, entry) in LOSS_TABLE.iter().enumerate() {
        for case in 0..3 {
            let table = Table::features(case);
            let weights = class_weights(table.classes, number + case);
            let options = ["--label", "y", "--loss", entry.name, "--class-weights", &weights, "--l2", "0.01"];
            let record = agree(table, "solve", &options);
            assert_eq!(record["status"], "stationary", "{}", entry.name);
        }
    }
}

/// Rows that a head is measured on count by their weights too.
#[test]
fn solve_and_measure_on_a_file() {
    for case in 0..3 {
        let folder = Folder::with(&Table::features(case));
        let measured = |file: &str, weights: &[&str]| {
            let fixed = ["solve", file, "--label", "y", "--l2", "0.01", "--test", file];
            let mut test = folder.record(&[&fixed, weights].concat()).1["test"].take();
            test["source"].take();
            test
        };
        let weights = ["--sample-weights", "w"];
        let (weighted, repeated) = (measured("weighted.csv", &weights), measured("repeated.csv", &[]));
        let found = differences(&weighted, &repeated);
        assert!(found.is_empty() && weighted["accuracy"].is_number(), "{case}: {}", found.join("\n"));
    }
}

/// Directions are those of the samples, however often each counts.
#[test]
fn separating_directions_do_not_depend_on_how_a_row_is_counted() {
    let mut separable = 0;
    let tables = (0..20).map(Table::apart).chain((0..40).map(Table::levels));
    for (case, table) in tables.enumerate() {
        let folder = Folder::with(&table);
        for loss in ["softmax", "logistic", "inr"] {
            let run =
                |rest: &[&str]| folder.record(&[&["solve", "--label", "y", "--loss", loss], rest].concat());
            let weighted = run(&["weighted.csv", "--sample-weights", "w"]);
            let repeated = run(&["repeated.csv"]);
            assert_eq!(weighted.0, repeated.0, "{case} {loss}");
            let found = differences(&weighted.1, &repeated.1);
            assert!(found.is_empty(), "{case} {loss}: {}", found.join("\n"));
            separable += usize::from(weighted.1["separation"]["direction"].is_object());
        }
    }
    assert!(separable > 100, "{separable} of 180 designs are separable");
}

/// Searches that begin on a subsample, lone columns, and preconditioners see weights too.
#[test]
fn solve_over_thousands_of_rows() {
    for (classes, loss) in [(2, "logistic"), (3, "softmax"), (8, "softmax"), (3, "inr")] {
        let options = ["--label", "y", "--loss", loss, "--l2", "0.001", "--class-weights", "balanced"];
        let record = agree(Table::large(classes), "solve", &options);
        assert_eq!(record["status"], "stationary");
    }
}

#[test]
fn weights_for_every_kind_of_target() {
    for case in 0..3 {
        let proportions = |classes: usize| (1..=classes).map(|k| k.to_string()).collect::<Vec<_>>().join(",");
        for target in ["equal-shortfall", "equal-recall", "shortfall:", "prior:"] {
            for loss in ["softmax", "logistic"] {
                let table = Table::features(case);
                let mut target = target.to_owned();
                if target.ends_with(':') {
                    target += &proportions(table.classes);
                }
                let options = ["--label", "y", "--loss", loss, "--l2", "0.01", "--target", &target];
                agree(table, "weights", &options);
            }
        }
    }
}

#[test]
fn audit_under_every_loss() {
    for (number, entry) in LOSS_TABLE.iter().enumerate() {
        for case in 0..3 {
            let table = Table::scores(case);
            let weights = class_weights(table.classes, number + case);
            let mut options = vec!["--loss", entry.name, "--class-weights", &weights, "--reduction", "mean"];
            // A loss that never pushes rare classes down has no intercepts to find.
            if entry.name != "equalization" {
                options.push("--recalibrate");
            }
            agree(table, "audit", &options);
        }
    }
}

/// Measures of heads that are solved for.
const MEASURES: &str = r#"["loss", "data_loss", "accuracy", "balanced_accuracy", "worst_recall", "asymmetry", "class_count",
    "class_weight", "target_probability", "guaranteed_probability", "shortfall", "outflow", "inflow", "predicted_mass", "class_loss", "recall",
    "hardest", "pooled", "neglect_ratio", "neglect_bound", "intercept", "mean_probability", "contribution", "weight_effect",
    "coefficient", "balance_residual"]"#;

fn analysis(file: &str, weights: &str, class_weights: &str) -> String {
    let series = ["\"softmax\"", "\"logistic\"", "{ inr = { beta = 3.0 } }"];
    let series: String = series.iter().map(|loss| format!("[[series]]\nloss = {loss}\n")).collect();
    format!(
        "name = \"weighted\"\ntitle = \"Weighted rows\"\npenalty = 0.01\nclass_weights = {class_weights}\nmeasure = {MEASURES}\n\
         [data.table]\npath = \"{file}\"\nlabel = \"y\"\n{weights}{series}"
    )
}

#[test]
fn run_over_a_file() {
    for (case, class_weights) in [(1, "\"balanced\""), (2, "\"none\"")] {
        let table = Table::features(case);
        let folder = Folder::with(&table);
        folder.add("off.csv", table.off_by_one().weighted(1.0));
        let column = "sample_weights = \"w\"\n";
        let measured = |name: &str, weights: &str| -> Vec<Value> {
            let file = format!("{name}.toml");
            folder.add(&file, analysis(&format!("{name}.csv"), weights, class_weights));
            let (code, _, complained) = folder.run(&["run", &file, "--out", name]);
            assert_eq!(code, 0, "{complained}");
            let text =
                std::fs::read_to_string(folder.path().join(name).join("records.json")).expect("records");
            let records: Value = serde_json::from_str(&text).expect("JSON");
            let records = records["records"].as_array().expect("a list");
            records.iter().map(|record| record["measured"].clone()).collect()
        };
        let (weighted, repeated) = (measured("weighted", column), measured("repeated", ""));
        assert_eq!(weighted.len(), 3);
        let found = differences(&Value::Array(weighted), &Value::Array(repeated.clone()));
        assert!(found.is_empty(), "{}", found.join("\n"));
        let off = measured("off", column);
        let noticed = differences(&Value::Array(off), &Value::Array(repeated));
        assert!(noticed.len() > 50, "a weight off by one changed {noticed:?}");
    }
}
