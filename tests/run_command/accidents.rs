//! What may go wrong with a directory of results, and what then is kept.

use super::{SMALL, equipoise, journal_lines, read, with_small};
use predicates::prelude::*;

#[test]
fn a_run_that_is_broken_off_goes_on_where_it_stopped() {
    let directory = with_small();
    let out = directory.path().join("small");
    let run = || equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert();
    run().success();
    let whole = read(out.join("records.json"));
    // As a kill leaves it: some finished lines in the journal, the last one cut short, no records yet.
    let lines = journal_lines(&whole);
    let journal = lines[..7].concat() + &lines[7][..60];
    std::fs::write(out.join("records.jsonl"), journal).expect("written");
    std::fs::remove_file(out.join("records.json")).expect("removed");
    run().success().stdout(predicate::str::contains("18 problems solved (7 of them earlier)")).stderr(
        predicate::str::contains("records.jsonl:8: a record was cut off; its problem is solved again"),
    );
    assert_eq!(read(out.join("records.json")), whole);
}

#[test]
fn a_line_that_was_changed_is_named_and_made_anew() {
    let directory = with_small();
    let out = directory.path().join("small");
    let run = || equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert();
    run().success();
    let whole = read(out.join("records.json"));
    let lines = journal_lines(&whole);
    let changed = lines[3].replacen("\"hardest\":[0.", "\"hardest\":[1.", 1);
    assert_ne!(changed, lines[3]);
    std::fs::write(out.join("records.jsonl"), lines[..3].concat() + &changed + &lines[4]).expect("written");
    std::fs::remove_file(out.join("records.json")).expect("removed");
    equipoise(directory.path()).args(["results", "verify", "small"]).assert().code(1).stderr(
        predicate::str::contains("records.jsonl:4: a record is damaged")
            .and(predicate::str::contains("14 problems not solved")),
    );
    run().success().stdout(predicate::str::contains("18 problems solved (4 of them earlier)"));
    assert_eq!(read(out.join("records.json")), whole);
    // The same of finished records.
    std::fs::write(out.join("records.json"), whole.replacen("\"hardest\":[0.", "\"hardest\":[1.", 1))
        .expect("written");
    run().success().stderr(predicate::str::contains("records.json: is damaged"));
    assert_eq!(read(out.join("records.json")), whole);
}

#[test]
fn records_that_cannot_be_read_are_named_and_made_anew() {
    let directory = with_small();
    let out = directory.path().join("small");
    let run = || equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert();
    run().success();
    let whole = read(out.join("records.json"));
    std::fs::write(out.join("records.json"), &whole[..whole.len() / 2]).expect("written");
    equipoise(directory.path())
        .args(["draw", "small"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("run the analysis again"));
    run().success().stderr(predicate::str::contains("cannot be read"));
    assert_eq!(read(out.join("records.json")), whole);
}

#[test]
fn results_of_something_else_are_not_overwritten_unasked() {
    let directory = with_small();
    let run = |more: &[&str]| equipoise(directory.path()).args(["run", "small.toml"]).args(more).assert();
    run(&[]).success();
    let out = directory.path().join("small");
    let kept = read(out.join("records.json"));
    let other = SMALL.replace("name = \"small\"", "name = \"other\"");
    std::fs::write(directory.path().join("other.toml"), other).expect("written");
    let refused = |file: &str, words: &str| {
        equipoise(directory.path())
            .args(["run", file, "--out", "small"])
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(words))
            .stderr(predicate::str::contains("--force"));
        assert_eq!(read(out.join("records.json")), kept, "nothing is lost");
    };
    refused("other.toml", "holds results of the analysis \"small\", not \"other\"");
    let written = read(out.join("analysis.toml"));
    let version = env!("CARGO_PKG_VERSION");
    let older = written.replace(&format!("version = \"{version}\""), "version = \"0.0.1\"");
    std::fs::write(out.join("analysis.toml"), older).expect("written");
    refused("small.toml", "holds results of version 0.0.1");
    equipoise(directory.path())
        .args(["draw", "small"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("written by version 0.0.1"));
    run(&["--force"]).success().stdout(predicate::str::contains("18 problems solved in"));
}

#[test]
fn a_place_that_cannot_be_written_is_said_before_the_work() {
    let directory = with_small();
    std::fs::write(directory.path().join("taken"), "a file").expect("written");
    equipoise(directory.path())
        .args(["run", "small.toml", "--out", "taken"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("taken"));
    assert_eq!(read(directory.path().join("taken")), "a file");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_run_with_one_line() {
    let directory = with_small();
    // No file may grow beyond so many blocks of 512 bytes; to be told so instead of ended is asked for.
    let program = assert_cmd::cargo::cargo_bin("equipoise");
    let limited = format!("trap '' XFSZ; ulimit -f 4; exec '{}' run small.toml", program.display());
    assert_cmd::Command::new("sh")
        .current_dir(directory.path())
        .args(["-c", &limited])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("records.jsonl"))
        .stderr(predicate::str::contains("\n").count(1))
        // What is promised is there.
        .stderr(predicate::function(|said: &str| {
            let journal = read(directory.path().join("small/records.jsonl"));
            let whole = journal
                .split_inclusive('\n')
                .filter(|line| line.contains("\"measured\"") && line.ends_with('\n'));
            let promised =
                said.split_once(" finished record").and_then(|(before, _)| before.rsplit(' ').next());
            promised.map_or(Some(0), |count| count.parse().ok()) == Some(whole.count())
        }));
}

#[test]
fn records_that_were_tampered_with_are_refused() {
    let directory = with_small();
    let out = directory.path().join("small");
    equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert().success();
    let whole = read(out.join("records.json"));
    for (from, to) in [
        ("\"at\":[2]", "\"at\":[7]"),
        ("\"at\":[2]", "\"at\":[]"),
        ("\"series\":1", "\"series\":9"),
        ("\"classes\":3", "\"classes\":0"),
        ("\"hardest\":[0.", "\"hardest\":[1."),
    ] {
        assert!(whole.contains(from));
        std::fs::write(out.join("records.json"), whole.replacen(from, to, 1)).expect("written");
        equipoise(directory.path())
            .args(["draw", "small"])
            .assert()
            .code(2)
            .stderr(predicate::str::contains("is damaged; run the analysis again"));
    }
}
