//! `search` as a user runs it: a data set on which a weight has an unexpected effect, and its proof by other commands.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;

fn equipoise(directory: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.current_dir(directory).args(arguments).assert()
}

const SMALL: [&str; 6] = ["--draws", "200", "--climbs", "8", "--steps", "150"];

fn search(directory: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    equipoise(directory, &[&["search", "another"], &SMALL[..], more].concat())
}

#[test]
fn what_is_found_can_be_solved_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let found = search(directory.path(), &["--save", "found.csv", "--format", "json"]).success();
    let record: Value = serde_json::from_slice(&found.get_output().stdout).expect("JSON");
    let change = |place: usize| record["change"][place].as_f64().expect("a number");
    assert!(change(1) > change(0) + 0.01, "{record}");
    let effect = record["effect"].as_f64().expect("a number");
    let again = record["effect_by_differences"].as_f64().expect("a number");
    assert!((again / effect - 1.0).abs() < 1e-6, "{again} {effect}");
    // More weight on class 0, seen through another command.
    let own = |weights: &str| {
        let arguments =
            ["solve", "found.csv", "--label", "y", "--format", "json", "--class-weights", weights];
        let solved = equipoise(directory.path(), &arguments).success();
        let record: Value = serde_json::from_slice(&solved.get_output().stdout).expect("JSON");
        record["mean_probability"][1][1].as_f64().expect("a number")
    };
    assert!((own("1,1,1") - change(0)).abs() < 1e-10);
    assert!((own("1.1,1,1") - change(1)).abs() < 1e-10);
}

#[test]
fn the_same_seed_prints_the_same_on_any_number_of_threads() {
    let directory = tempfile::tempdir().expect("a directory");
    let print = |threads: &str| {
        let smaller = ["search", "another", "--draws", "40", "--climbs", "2", "--steps", "60", "--threads"];
        equipoise(directory.path(), &[&smaller[..], &[threads]].concat())
            .success()
            .get_output()
            .stdout
            .clone()
    };
    assert_eq!(print("1"), print("2"));
}

#[test]
fn a_search_that_finds_nothing_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = ["search", "own", "--classes", "2", "--draws", "5", "--climbs", "1", "--steps", "1"];
    equipoise(directory.path(), &arguments).code(1).stderr(predicate::str::contains("none found"));
}

#[test]
fn bad_input_is_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    for (arguments, words) in [
        (&["search", "own", "--classes", "1"][..], "give 2 to 20"),
        (&["search", "another", "--classes", "2"], "give 3 or more"),
        (&["search", "own", "--l2", "-1"], "zero or a positive"),
        (&["search", "own", "--draws", "0"], "at least 1"),
        (&["search", "own", "--climbs", "18446744073709551615"], "10000000 at most"),
        (&["search", "own", "--l2", "1e200"], "up to 1e100"),
        (&["search", "own", "--save", "missing/file.csv"], "--save missing/file.csv"),
        (&["search", "both"], "invalid value 'both'"),
    ] {
        equipoise(directory.path(), arguments)
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(words))
            .stderr(predicate::str::contains("\n").count(1));
    }
}
