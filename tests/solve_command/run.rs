//! Runs the real program on a CSV file in a directory of its own.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory that holds `data.csv` and is removed at the end.
pub(crate) struct Folder {
    directory: TempDir,
}

/// What one run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) printed: String,
    pub(crate) complained: String,
}

impl Folder {
    pub(crate) fn with(csv: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("data.csv"), csv).expect("written");
        Self { directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Runs `equipoise` with these arguments, from within the directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::cargo_bin("equipoise")
            .expect("built")
            .current_dir(self.path())
            .args(arguments)
            .output()
            .expect("started");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run {
            code: output.status.code().expect("not killed"),
            printed: text(output.stdout),
            complained: text(output.stderr),
        }
    }

    /// Solves `data.csv` for the column `y`.
    pub(crate) fn solve(&self, options: &[&str]) -> Run {
        self.run(&[&["solve", "data.csv", "--label", "y"], options].concat())
    }
}

/// Solves a file that holds `csv` for the column `y` and returns the JSON.
pub(crate) fn solved(csv: impl AsRef<[u8]>, options: &[&str]) -> Value {
    let run = Folder::with(csv).solve(&[options, &["--format", "json"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let record = run.json();
    assert_eq!(record["status"], "stationary");
    assert!(worst_residual(&record) < 1e-10, "{}", run.printed);
    record
}

/// The largest relative residual of the ledger.
fn worst_residual(record: &Value) -> f64 {
    let ledger = record["ledger"].as_array().expect("a list");
    ledger.iter().map(|entry| number(&entry["residual"])).fold(0.0, f64::max)
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.printed).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The record without what says which file it was.
    pub(crate) fn without_input(&self) -> Value {
        let mut record = self.json();
        record["input"] = Value::Null;
        record["seconds"] = Value::Null;
        record
    }

    /// What was printed without the one line that differs between runs, which must be the last field.
    pub(crate) fn without_seconds(&self) -> String {
        let lines: Vec<&str> = self.printed.lines().collect();
        let (end, rest) = lines.split_last().expect("lines");
        let (seconds, rest) = rest.split_last().expect("lines");
        assert!(seconds.starts_with("  \"seconds\": ") && *end == "}", "{seconds}");
        rest.join("\n")
    }
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

pub(crate) fn matrix(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().expect("a list").iter().map(numbers).collect()
}

#[track_caller]
pub(crate) fn assert_close(measured: f64, expected: f64) {
    let allowed = 1e-11 * expected.abs().max(1.0);
    assert!((measured - expected).abs() <= allowed, "{measured} is not {expected}");
}

/// A file in which `counts[group][class]` samples of each group and class repeat; column `x` numbers the groups.
pub(crate) fn groups(counts: &[&[usize]]) -> String {
    let mut text = "y,x\n".to_owned();
    for (group, of_class) in counts.iter().enumerate() {
        for (class, &count) in of_class.iter().enumerate() {
            text.push_str(&format!("c{class},{group}\n").repeat(count));
        }
    }
    text
}
