//! `reproduce` as a newcomer runs it.

use crate::report_in_browser::check_report;
use assert_cmd::Command;
use equipoise::claims::{CheckedSetups, Effort, VerifyOptions, claim_ids, verify_on};
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;

fn reproduce(out: &Path) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.args(["reproduce", "--quick", "--out"]).arg(out).assert()
}

#[test]
fn a_page_with_everything_in_it_and_the_data_beside() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("results");
    let claims = claim_ids().len();
    let all_hold = format!("{claims} of {claims} claims hold");
    // As a run that was killed leaves it: some set-ups are checked, and one is half written.
    std::fs::create_dir(&out).expect("made");
    let checked = broken_off(&out);
    let message = format!("found: {checked} set-ups of claims, 0 problems of analyses");
    reproduce(&out)
        .success()
        .stdout(predicate::str::contains(&all_hold).and(predicate::str::contains(message)))
        .stderr(predicate::str::contains("claims.jsonl:2: a record was cut off"));
    assert!(!out.join("claims.jsonl").exists());
    let page = std::fs::read_to_string(out.join("report.html")).expect("the report");
    for expected in [
        "id=\"claim-R3\"",
        "id=\"claim-A4\"",
        "id=\"figure-F1\"",
        "id=\"figure-F2\"",
        "id=\"figure-F3\"",
        "id=\"figure-F11\"",
        "equipoise run averaging",
        all_hold.as_str(),
    ] {
        assert!(page.contains(expected), "{expected} is missing");
    }
    assert!(page.len() < 2_000_000, "the page has {} bytes", page.len());
    for file in [
        "verdicts.json",
        "balance-law/F1-balance-law.svg",
        "binary-weights/F2-binary-weights.png",
        "probability-maps/F3-probability-maps.pdf",
        "long-tail/records.json",
    ] {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
    check_report(&out.join("report.html"));
    every_control_fails(&out.join("verdicts.json"), claims);
}

/// Of every claim, the same check of something else than what is claimed, on every set-up.
fn every_control_fails(verdicts: &Path, claims: usize) {
    let verdicts = std::fs::read_to_string(verdicts).expect("the verdicts");
    let verdicts: Vec<Value> = serde_json::from_str(&verdicts).expect("a list");
    assert_eq!(verdicts.len(), claims);
    for verdict in &verdicts {
        let control = &verdict["control"];
        assert_eq!(verdict["holds"], true, "{verdict:#}");
        assert_eq!(control["points"], verdict["setups"], "{verdict:#}");
        let residual = |of: &Value| of.as_f64().unwrap_or(f64::NAN);
        let fails = residual(&control["smallest_residual"]) > residual(&verdict["tolerance"]);
        assert!(fails || verdict["rate"].is_object(), "{verdict:#}");
    }
}

/// Checks B1 into a directory and cuts the second line of what is kept; says how many set-ups are left.
fn broken_off(out: &Path) -> usize {
    let path = out.join("claims.jsonl");
    let options = VerifyOptions { ids: vec!["B1".to_owned()], effort: Effort::Quick, seed: 1, case: None };
    let setups = CheckedSetups::open(&path).expect("opened").expect("free");
    let verdicts = verify_on(&options, &setups, &|_| {}).expect("a valid plan");
    let text = std::fs::read_to_string(&path).expect("kept");
    let lines = text.lines().enumerate();
    let cut = lines.map(|(number, line)| if number == 1 { &line[..line.len() / 2] } else { line });
    std::fs::write(&path, cut.flat_map(|line| [line, "\n"]).collect::<String>()).expect("written");
    verdicts[0].setups - 1
}

#[test]
fn a_second_run_in_the_same_place_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = CheckedSetups::open(&directory.path().join("claims.jsonl")).expect("opened").expect("free");
    let message = "another run is writing here; wait until it ends, or choose another --out";
    reproduce(directory.path()).code(2).stdout("").stderr(predicate::str::contains(message));
    drop(first);
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_the_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = directory.path().join("taken");
    std::fs::write(&taken, "a file").expect("written");
    reproduce(&taken).code(2).stdout("").stderr(predicate::str::contains("taken"));
}

#[cfg(unix)]
#[test]
fn what_is_no_directory_of_the_report_is_refused_before_anything_is_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let (out, elsewhere) = (directory.path().join("out"), directory.path().join("elsewhere"));
    std::fs::create_dir(&elsewhere).expect("made");
    for name in ["balance-law", "losses", "averaging", "training"] {
        std::fs::create_dir(&out).expect("made");
        for kind in ["link", "file"] {
            let path = out.join(name);
            if kind == "link" {
                std::os::unix::fs::symlink(&elsewhere, &path).expect("linked");
            } else {
                std::fs::write(&path, "my own").expect("written");
            }
            reproduce(&out)
                .code(2)
                .stdout("")
                .stderr(predicate::str::contains(name).and(predicate::str::contains("\n").count(1)));
            let names = |directory| std::fs::read_dir(directory).expect("listed").count();
            assert_eq!((names(&out), names(&elsewhere)), (1, 0), "{kind} {name}");
            std::fs::remove_file(&path).expect("removed");
        }
        std::fs::remove_dir(&out).expect("removed");
    }
}
