//! `reproduce` as a newcomer runs it.

use assert_cmd::Command;
use equipoise::claims::claim_ids;
use predicates::prelude::*;
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
    reproduce(&out).success().stdout(predicate::str::contains(&all_hold));
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
    for file in [
        "verdicts.json",
        "balance-law/F1-balance-law.svg",
        "binary-weights/F2-binary-weights.png",
        "probability-maps/F3-probability-maps.pdf",
        "long-tail/records.json",
    ] {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_the_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = directory.path().join("taken");
    std::fs::write(&taken, "a file").expect("written");
    reproduce(&taken).code(2).stdout("").stderr(predicate::str::contains("taken"));
}
