//! `equipoise verify` as a user runs it.

use assert_cmd::Command;
use equipoise::claims::{Verdict, claim_ids};
use predicates::prelude::*;

fn verify(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("equipoise").expect("built").arg("verify").args(arguments).assert()
}

fn printed(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("UTF-8")
}

fn verdicts(arguments: &[&str]) -> Vec<Verdict> {
    let run = verify(&[arguments, &["--format", "json"]].concat()).success();
    serde_json::from_str(&printed(&run)).expect("verdicts")
}

#[test]
fn one_claim_as_json() {
    let found = verdicts(&["B1", "--quick"]);
    let [verdict] = found.as_slice() else { panic!("{} verdicts", found.len()) };
    assert_eq!(verdict.id, "B1");
    assert!(verdict.holds && verdict.failures.is_empty() && verdict.setups > 20);
    assert!(verdict.worst.residual.is_some_and(|residual| residual <= 1e-10));
    assert_eq!(verdict.control.violated, verdict.control.points);
}

#[test]
fn ids_in_any_case_and_families() {
    let ids = |arguments: &[&str]| -> Vec<String> {
        verdicts(&[arguments, &["--case", "2"]].concat()).into_iter().map(|verdict| verdict.id).collect()
    };
    assert_eq!(ids(&["b5"]), ["B5"]);
    let family: Vec<&str> = claim_ids().into_iter().filter(|id| id.starts_with('A')).collect();
    assert_eq!(ids(&["a"]), family);
    assert_eq!(ids(&["A", "a1"]), family);
    assert_eq!(ids(&[]), claim_ids());
}

#[test]
fn json_is_the_same_on_any_number_of_threads_and_depends_on_the_seed() {
    let run = |threads: &str, seed: &str| {
        let arguments = ["B5", "R1", "--quick", "--format", "json", "--threads", threads, "--seed", seed];
        printed(&verify(&arguments).success())
    };
    assert_eq!(run("1", "7"), run("2", "7"));
    assert_ne!(run("2", "7"), run("2", "8"));
}

#[test]
fn one_case_is_the_same_alone_as_among_others() {
    let worst = verdicts(&["B5", "--quick"]).remove(0).worst;
    let alone = verdicts(&["B5", "--case", &worst.case.to_string()]).remove(0);
    assert_eq!(alone.setups, 1);
    assert_eq!(alone.worst, worst);
    let rerun: Vec<&str> = worst.rerun.split_whitespace().skip(1).collect();
    let again = Command::cargo_bin("equipoise").expect("built").args(rerun).assert().success();
    assert!(printed(&again).contains("1 of 1 claims hold over 1 set-up;"));
}

#[test]
fn claims_that_were_called_as_figures_are_found_by_their_old_names() {
    let assert = verify(&["f1", "--quick", "--format", "json"]).success();
    let assert = assert.stderr(predicate::str::contains("F1 is a figure; the claim of that name is now H1"));
    let verdicts: Vec<Verdict> = serde_json::from_str(&printed(&assert)).expect("JSON");
    assert_eq!(verdicts.iter().map(|verdict| verdict.id.as_str()).collect::<Vec<_>>(), ["H1"]);
}

#[test]
fn a_table_says_what_holds() {
    let pattern = |text: &str| predicate::str::is_match(text).expect("a pattern");
    let expected = pattern(r"claim +verdict")
        .and(pattern(r"\nB5 softmax balance +holds +\d"))
        .and(predicate::str::contains("1 of 1 claims hold over 26 set-ups"))
        .and(predicate::str::contains("\u{1b}").not());
    verify(&["B5", "--quick"]).success().stdout(expected).stderr("");
}

#[test]
fn claims_are_listed_with_what_they_state() {
    let text = printed(&verify(&["--list"]).success());
    let ids: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ids, claim_ids());
    let statements = |ids: &[&str]| printed(&verify(&[ids, &["--list"]].concat()).success());
    assert!(statements(&["b5"]).starts_with("B5 softmax balance: Softmax: for every class, "));
    assert_eq!(statements(&["r"]).lines().count(), 4);
}

#[test]
fn a_markdown_table() {
    let run = verify(&["B1", "B2", "--quick", "--format", "markdown"]).success();
    let text = printed(&run);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.starts_with("| ") && line.ends_with(" |")));
    assert!(lines[2].starts_with("| B1 binary balance | holds | "));
}

#[test]
fn what_does_not_exist_is_refused_in_one_line() {
    let refused = |arguments: &[&str], part: &str| {
        let line = predicate::str::starts_with("error: ")
            .and(predicate::str::contains(part))
            .and(predicate::function(|text: &str| text.lines().count() == 1));
        verify(arguments).code(2).stdout("").stderr(line);
    };
    refused(&["X9"], "claim X9: unknown; the ids are B1, ");
    refused(&["B1", ""], "unknown");
    refused(&["X9", "--list"], "claim X9: unknown; the ids are B1, ");
    refused(&["B1", "--case", "999"], "case 999: B1 has cases 0 to ");
    verify(&["--seed", "x"]).code(2).stdout("");
    refused(&["--seeds", "3"], "--seeds 3: give the first and the last");
    refused(&["--seeds", "5..3"], "--seeds 5..3: the first is above the last");
    refused(&["--seeds", "0..999999999"], "at most");
}

#[test]
fn every_seed_of_a_range_is_checked() {
    let run = verify(&["M2", "C2", "B4", "--quick", "--seeds", "1..4"]).success();
    let text = printed(&run);
    assert_eq!(text.matches("4 of 4").count(), 3, "{text}");
    assert!(text.contains("3 of 3 claims hold on every seed"), "{text}");
    // A control of this seed was not caught while it moved the intercept alone.
    verify(&["B4", "--quick", "--seeds", "12345..12345"]).success();
}
