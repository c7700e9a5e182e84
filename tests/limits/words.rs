//! Messages name the real cause, promise nothing that is not, and JSON holds numbers where it promises them.

use super::{MINE, assert_one_line, mine, npy, program};
use serde_json::Value;
use std::path::Path;
#[cfg(unix)]
use std::process::Stdio;
#[cfg(unix)]
use std::time::Duration;

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("written");
    write("mine.toml", MINE);
    write("s.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n");
    write("file", "");
    directory
}

#[test]
fn nothing_is_promised_where_nothing_was_kept() {
    let directory = directory();
    let output =
        program(directory.path()).args(["run", "mine.toml", "--out", "file"]).output().expect("it runs");
    assert_one_line(&output, &["file"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("resumes") && !said.contains("saved") && !said.contains("kept"), "{said}");
}

/// A directory, or the journal in it, that is removed under a run takes its records with it.
#[cfg(unix)]
#[test]
fn what_is_removed_is_not_called_kept() {
    let directory = directory();
    for (all, comes) in [(true, None), (false, None), (false, Some("precious"))] {
        let out = directory.path().join("o");
        let journal = out.join("records.jsonl");
        let mut command = program(directory.path());
        command.args(["run", "mine.toml", "--set", "repetitions=5000", "--out", "o", "--threads", "1"]);
        let running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        while !std::fs::metadata(&journal).is_ok_and(|found| found.len() > 1000) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if all {
            std::fs::remove_dir_all(&out).expect("removed");
        } else {
            std::fs::remove_file(&journal).expect("removed");
        }
        if let Some(text) = comes {
            std::fs::write(&journal, text).expect("written");
        }
        let output = running.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_one_line(&output, &["records.jsonl", "moved or removed by another program"]);
        assert!(!said.contains("kept") && !said.contains("resumes"), "{said}");
        assert_eq!(std::fs::read_to_string(&journal).ok().as_deref(), comes);
        let _ = std::fs::remove_dir_all(&out);
    }
}

#[test]
fn a_directory_in_place_of_a_file_is_called_one() {
    let directory = directory();
    let run = |arguments: &[&str]| program(directory.path()).args(arguments).output().expect("it runs");
    assert!(run(&["run", "mine.toml", "--out", "o", "--format", "svg"]).status.success());
    assert_one_line(&run(&["run", "o/"]), &["o/: is a directory", "equipoise run o/analysis.toml"]);
    std::fs::create_dir(directory.path().join("empty")).expect("made");
    assert_one_line(&run(&["run", "empty"]), &["empty: is a directory", "name an analysis file"]);
}

#[cfg(unix)]
#[test]
fn a_working_directory_that_is_gone_is_the_cause() {
    let directory = directory();
    let script = format!(
        "mkdir gone; cd gone; rmdir ../gone; exec {} solve ../s.csv --label y --l2 1 --save h.json",
        env!("CARGO_BIN_EXE_equipoise")
    );
    let output =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(directory.path()).output();
    assert_one_line(&output.expect("a shell"), &["the working directory is gone"]);
}

#[cfg(unix)]
#[test]
fn a_directory_for_temporary_files_that_is_none_is_the_cause() {
    let script = format!("printf logits | {} audit -", env!("CARGO_BIN_EXE_equipoise"));
    let mut command = std::process::Command::new("sh");
    let output = command.args(["-c", &script]).env("TMPDIR", "/nonexistent").output().expect("a shell");
    assert_one_line(&output, &["standard input", "/nonexistent", "TMPDIR"]);
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_an_error() {
    for arguments in ["help", "--version", "solve --help"] {
        let script = format!("exec {} {arguments} > /dev/full", env!("CARGO_BIN_EXE_equipoise"));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        assert_one_line(&output, &["standard output cannot be written"]);
    }
}

/// Keys of all nulls.
fn nulls(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(key.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| nulls(item, key, found)),
        Value::Object(items) => {
            items.iter().for_each(|(name, item)| nulls(item, &format!("{key}.{name}"), found));
        }
        _ => {}
    }
}

#[track_caller]
fn json(directory: &Path, arguments: &[&str]) -> Vec<String> {
    let output = program(directory).args(arguments).args(["--format", "json"]).output().expect("it runs");
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&output.stderr))
    });
    let mut found = Vec::new();
    nulls(&value, "", &mut found);
    found.sort();
    found.dedup();
    found
}

#[test]
fn json_has_a_number_wherever_it_promises_one() {
    let directory = directory();
    let home = directory.path();
    let doubles = |name: &str, shape: &str, numbers: &[f64]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        std::fs::write(home.join(name), npy("<f8", shape, &bytes)).expect("written");
    };
    let logit = |row: usize, class: usize| if row % 3 == class { 1e12 } else { -1e12 };
    let sure: Vec<f64> = (0..120).map(|place| logit(place / 3, place % 3)).collect();
    doubles("sure.npy", "(40, 3)", &sure);
    doubles("wrong.npy", "(40, 3)", &sure.iter().map(|logit| -logit).collect::<Vec<_>>());
    let labels = |name: &str, label: fn(u8) -> u8| {
        std::fs::write(home.join(name), npy("|u1", "(40,)", &(0..40).map(label).collect::<Vec<_>>()))
            .expect("written");
    };
    labels("three.npy", |row| row % 3);
    labels("one.npy", |_| 0);
    for loss in ["softmax", "logistic", "inr", "focal", "seesaw", "ldam", "soft-selection"] {
        for scores in ["sure.npy", "wrong.npy"] {
            assert_eq!(
                json(home, &["audit", scores, "three.npy", "--loss", loss]),
                [""; 0],
                "{loss} {scores}"
            );
        }
    }
    assert_eq!(json(home, &["audit", "sure.npy", "three.npy", "--recalibrate"]), [""; 0]);
    // A class without samples has no means, as the documents say.
    let documented = [".calibration.class_log_loss", ".mean_probability", ".recall", ".shortfall"];
    assert_eq!(json(home, &["audit", "sure.npy", "one.npy"]), documented);
    // Nor has a class that is never predicted a precision.
    for more in [
        &["--loss", "logistic"][..],
        &["--loss", "softmax", "--l2", "1e100"],
        &["--loss", "inr", "--beta", "20", "--l2", "0.1", "--starts", "3"],
    ] {
        let found = json(home, &[&["solve", "s.csv", "--label", "y"], more].concat());
        assert!(found.iter().all(|key| key == ".classification.precision"), "{more:?}: {found:?}");
    }
    assert_eq!(
        json(home, &["weights", "s.csv", "--label", "y", "--l2", "0.1", "--target", "equal-shortfall"]),
        [""; 0]
    );
}

/// A name from a file may be as long as the file.
#[test]
fn no_line_is_as_long_as_a_file() {
    let directory = directory();
    let home = directory.path();
    let long = "ä".repeat(400_000);
    std::fs::write(home.join("key.toml"), mine("repetitions", &format!("\"{long}\""))).expect("written");
    std::fs::write(home.join("heading.csv"), format!("x,{long}\n1,2\n")).expect("written");
    for arguments in [
        &["run", "key.toml"][..],
        &["solve", "heading.csv", "--label", "y"],
        &["solve", "s.csv", "--label", &long[..100_000]],
    ] {
        let output = program(home).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stderr.len() < 10_000, "{}", output.stderr.len());
    }
}
