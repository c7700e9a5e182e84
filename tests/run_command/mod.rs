//! `run`, `draw` and `analyses` as a researcher uses them.

mod accidents;
mod analyses;
mod authors;
mod broken_files;
mod committed;
mod comparison;
mod free_features;
mod ownership;
mod rate_choice;
mod results;
mod shards;
mod slurm;
mod test_samples;

use assert_cmd::Command;
use sha2::{Digest, Sha256};
use std::path::Path;

/// A small analysis of one's own, solved in milliseconds.
const SMALL: &str = r#"name = "small"
title = "A small analysis"
seed = 5
repetitions = 3
measure = ["hardest", "pooled", "shortfall"]

[data.gaussian]
means = { ring = { classes = 3, radius = 1.5 } }
counts = [40, 30, 20]

[[series]]
loss = "logistic"

[[series]]
loss = "softmax"

[[sweep]]
name = "radius"
keys = ["data.gaussian.means.ring.radius"]
values = [1.0, 1.5, 2.0]

[[figure]]
id = "mine"
caption = "Hardest mean {mean hardest.0 of LGL at radius=2}."

[[figure.plot.curves.panels]]
x = "radius"
x_axis = { label = "radius" }
y_axis = { label = "hardest mean" }
lines = [{ measure = "hardest.0", style = "marked", band = "confidence" }]
"#;

/// The program in a directory of its own.
fn equipoise(directory: &Path) -> Command {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.current_dir(directory);
    command
}

/// A directory with the small analysis in it.
fn with_small() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("small.toml"), SMALL).expect("written");
    directory
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines that a journal of finished records would have.
fn journal_lines(records: &str) -> Vec<String> {
    let line = |record: &str| {
        let record = record.trim_end_matches(',');
        format!("{{\"seal\":\"{}\",\"record\":{record}}}\n", seal(record))
    };
    records.lines().filter(|line| line.starts_with("{\"key\"")).map(line).collect()
}

/// The seal of a text: half of its SHA-256.
fn seal(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
