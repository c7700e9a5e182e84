//! What the system or a stranger's file may do to the program: too little memory, signals, characters that are none, numbers
//! without end. Every row gets one line and exit code 2, or is done.

#[cfg(target_os = "linux")]
mod memory;
#[cfg(unix)]
mod signals;
mod text;
mod values;
mod words;

use std::path::Path;
use std::process::{Command, Output};

/// An analysis of two problems.
const MINE: &str = r#"name = "mine"
title = "t"
seed = 5
repetitions = 2
measure = ["shortfall", "accuracy"]
[data.gaussian]
means = { at = [[-1.0, 0.0], [1.0, 0.5]] }
counts = [30, 10]
[[series]]
loss = "logistic"
[[series]]
loss = "softmax"
[[sweep]]
name = "pen"
keys = ["penalty"]
over = [0.01, 0.1]
[[figure]]
id = "F1"
caption = "cap"
[[figure.plot.curves.panels]]
x = "pen"
x_axis = { label = "pen" }
y_axis = { label = "y", low = 0.0 }
lines = [{ measure = "shortfall.0", style = "marked" }]
[[table]]
id = "T1"
measures = ["accuracy"]
"#;

/// The analysis with one text in place of another.
fn mine(from: &str, to: &str) -> String {
    assert!(MINE.contains(from), "{from}");
    MINE.replacen(from, to, 1)
}

fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equipoise"));
    command.current_dir(directory);
    command
}

/// Bytes of an NPY file.
fn npy(descr: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = u16::try_from(dictionary.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], dictionary.as_bytes(), numbers].concat()
}

/// Whether it ended with exit code 2 and one line on standard error that begins with `error: ` and has all of `parts`, and with
/// nothing on standard output.
#[track_caller]
fn assert_one_line(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("note: ")).collect();
    assert_eq!(output.status.code(), Some(2), "{:?}: {said}", output.status);
    assert!(lines.len() == 1 && lines[0].starts_with("error: "), "{said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(lines[0].len() < 600, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}
