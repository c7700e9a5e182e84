//! Tables and arrays as pandas, polars, pyarrow, R, `NumPy` and safetensors write them (recorded in `tests/cases` by
//! `tests/cases/make.py`), through the program: what is read, what is said of it, and what is refused.

mod dialects;
mod heads;
mod lists;
mod logits;
mod real;
mod samples;

use assert_cmd::Command;
use serde_json::Value;

/// The exit code, what was printed, and what was said on standard error.
pub(crate) fn run(arguments: &[&str]) -> (i32, String, String) {
    let directory = format!("{}/tests/cases", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::cargo_bin("equipoise").expect("built");
    let output = command.current_dir(directory).args(arguments).output().expect("started");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
}

/// The record of a file that is read, and what was said of it.
#[track_caller]
pub(crate) fn read(arguments: &[&str]) -> (Value, String) {
    let (code, printed, said) = run(&[arguments, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{arguments:?}: {said}");
    (serde_json::from_str(&printed).expect("JSON"), said)
}

/// Checks a file that is refused: one line with all of these words.
#[track_caller]
pub(crate) fn refused(arguments: &[&str], words: &[&str]) {
    let (code, printed, said) = run(arguments);
    assert_eq!((code, printed.as_str(), said.lines().count()), (2, "", 1), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?}: {said} lacks {word:?}");
    }
}

/// Options as they are typed; `~` means an empty word.
pub(crate) fn typed(options: &str) -> Vec<&str> {
    options.split_whitespace().map(|word| if word == "~" { "" } else { word }).collect()
}

/// Checks words in what was said.
#[track_caller]
pub(crate) fn check_said(file: &str, said: &str, words: &[&str]) {
    assert!(said.starts_with(&format!("read {file} (")), "{file}: {said}");
    for word in words {
        assert!(said.contains(word), "{file}: {said} lacks {word:?}");
    }
}
