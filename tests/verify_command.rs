//! `verify` and `reproduce` as their users run them.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;

fn equipoise(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.env("NO_COLOR", "1").args(arguments);
    command
}

#[test]
fn a_family_is_checked_and_the_bytes_do_not_depend_on_threads() {
    let json = |threads: &str| {
        let arguments = ["verify", "b", "I2", "--quick", "--format", "json", "--threads", threads];
        equipoise(&arguments).assert().success().get_output().stdout.clone()
    };
    let bytes = json("1");
    assert_eq!(bytes, json("2"));
    let verdicts: Value = serde_json::from_slice(&bytes).expect("a JSON array");
    let ids: Vec<&str> =
        verdicts.as_array().expect("verdicts").iter().filter_map(|v| v["id"].as_str()).collect();
    assert_eq!(ids, ["B1", "B2", "B3", "B4", "B5", "B6", "I2"]);
    for verdict in verdicts.as_array().expect("verdicts") {
        assert_eq!(verdict["holds"], true);
        assert!(verdict["worst"]["residual"].as_f64().expect("measured") <= 1e-10);
        assert_eq!(verdict["control"]["violated"], verdict["control"]["points"]);
    }
}

#[test]
fn a_case_can_be_rerun_alone() {
    equipoise(&["verify", "B5", "--case", "17"])
        .assert()
        .success()
        .stdout(predicate::str::contains("1 of 1 claims hold over 1 set-ups"));
}

#[test]
fn what_does_not_exist_is_refused() {
    let refused = |arguments: &[&str], text: &str| {
        equipoise(arguments).assert().code(2).stdout("").stderr(predicate::str::contains(text));
    };
    refused(&["verify", "Z1"], "the ids are B1");
    refused(&["verify", "B1", "--case", "5000"], "0 to 239");
    refused(&["verify", "--threads", "0"], "threads");
    refused(&["reproduce", "--quick", "--out", "/dev/null/x"], "/dev/null/x");
}

#[test]
fn reproduce_leaves_a_page_with_everything_in_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("results");
    equipoise(&["reproduce", "--quick", "--out"]).arg(&out).assert().success();
    let page = std::fs::read_to_string(out.join("report.html")).expect("the report");
    for expected in ["id=\"claim-R3\"", "id=\"F1\"", "id=\"F2\"", "id=\"F3\"", "13 of 13 claims hold"] {
        assert!(page.contains(expected), "{expected} is missing");
    }
    for file in [
        "verdicts.json",
        "figures/F1-balance-law.svg",
        "figures/F2-binary-weights.png",
        "figures/F3-probability-maps.json",
    ] {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
}
