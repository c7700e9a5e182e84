//! Trainings of an analysis whose learning rate is chosen in each draw.

use super::{equipoise, read};
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;

const NETWORKS: &str = r#"name = "networks"
title = "Networks"
seed = 3
measure = ["test_accuracy", "test_recall", "tried_rate", "held_out_recall", "learning_rate", "iterations", "flattened", "gradient"]

[data.digits]
classes = [0, 1, 2]
counts = [30, 20, 20]

[training]
rates = [1e-3, 1e-2]
rate_unit = "initial_gradient"
halving = { epochs = 1, extensions = 2 }
held_out_share = 0.2
test = 20

[training.recipe]
network = { layers = [{ max_pool = 2 }, { linear = 6 }, "relu"] }
epochs = 6
batch = 16
schedule = { plateau = { window = 1, fall = 0.0, factor = 0.1, cuts = 0 } }

[[series]]
label = "polished"
loss = "softmax"
polished = true

[[series]]
loss = "softmax"

[[table]]
id = "T9"
measures = ["test_accuracy"]
"#;

/// Runs an analysis; returns what each record measured.
fn measured(text: &str, code: i32) -> Vec<Value> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("networks.toml");
    std::fs::write(file, text).expect("written");
    equipoise(directory.path()).args(["run", "networks.toml", "--format", "svg"]).assert().code(code);
    records(directory.path()).iter().map(|record| record["measured"].clone()).collect()
}

fn records(directory: &Path) -> Vec<Value> {
    let file: Value = serde_json::from_str(&read(directory.join("networks/records.json"))).expect("JSON");
    file["records"].as_array().expect("a list").clone()
}

fn numbers(measured: &Value, name: &str) -> Vec<f64> {
    let list = measured[name].as_array().unwrap_or_else(|| panic!("no {name}"));
    list.iter().filter_map(Value::as_f64).collect()
}

#[test]
fn rates_beyond_the_edge_are_tried_while_the_edge_is_best() {
    let found = &measured(NETWORKS, 0)[1];
    let (tried, recalls) = (numbers(found, "tried_rate"), numbers(found, "held_out_recall"));
    let chosen = numbers(found, "learning_rate")[0];
    // Of two rates the better one is always at an edge.
    assert!((3..=4).contains(&tried.len()) && tried.len() == recalls.len(), "{tried:?} {recalls:?}");
    assert!(tried.is_sorted() && tried.contains(&chosen), "{tried:?} {chosen}");
    assert!(tried.windows(2).all(|pair| (pair[1] / pair[0] - 10.0).abs() < 1e-9), "{tried:?}");
    let epochs = numbers(found, "iterations")[0];
    assert!((2.0..=6.0).contains(&epochs), "{epochs}");
    assert!(epochs == 6.0 || numbers(found, "flattened") == [1.0], "{found}");
}

#[test]
fn a_polished_series_is_the_same_beside_its_network_and_alone() {
    let both = measured(NETWORKS, 0);
    let (before, after) = NETWORKS.split_once("[[series]]\nloss = \"softmax\"\n").expect("a series");
    let alone = measured(&format!("{before}{after}"), 0);
    assert_eq!(alone, both[..1]);
    assert!(numbers(&both[0], "gradient")[0] < 1e-8, "{}", both[0]);
    assert!(numbers(&both[1], "gradient")[0] > 1e-6, "{}", both[1]);
    assert_eq!(both[0]["iterations"], both[1]["iterations"]);
}

#[test]
fn a_training_that_diverges_at_every_rate_is_a_result() {
    let text = NETWORKS.replace("[1e-3, 1e-2]", "[1e30, 1e31]").replace("initial_gradient", "plain");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("networks.toml"), text).expect("written");
    equipoise(directory.path())
        .args(["run", "networks.toml", "--format", "svg"])
        .assert()
        .code(1)
        .stdout(predicate::str::contains("– (1 of 1 failed)").count(2));
    let ended = &records(directory.path())[1]["ended"]["unsolved"];
    assert_eq!(ended, "training failed with every learning rate");
}

#[test]
fn a_choice_that_cannot_be_made_is_named_by_its_line() {
    for (from, to, line, expected) in [
        ("halving = { epochs = 1", "halving = { epochs = 0", 13, "0; give at least 1"),
        ("rates = [1e-3, 1e-2]", "rates = [1e-3]", 13, "give at least two"),
        ("held_out_share = 0.2", "held_out_share = 1.0", 14, "give a number between 0 and 1"),
        ("held_out_share = 0.2", "held_out_share = 0.2\nheld_out = 5", 14, "goes without `held_out`"),
        ("batch = 16", "batch = 16\noptimizer = \"adam\"", 12, "goes with sgd"),
        ("window = 1", "window = 0", 23, "at least 1 epoch"),
        ("\"gradient\"]", "\"loss_trace\"]", 4, "is not kept while rates are chosen"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("networks.toml"), NETWORKS.replacen(from, to, 1))
            .expect("written");
        equipoise(directory.path()).args(["run", "networks.toml"]).assert().code(2).stdout("").stderr(
            predicate::str::contains(expected)
                .and(predicate::str::contains(format!("networks.toml:{line}:")))
                .and(predicate::str::contains("\n").count(1)),
        );
    }
}
