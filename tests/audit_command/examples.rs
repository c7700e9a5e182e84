//! The scripts of `examples/` that need no large library.

use super::files::{Folder, numbers};
use assert_cmd::cargo::cargo_bin;
use std::process::Command;

/// Runs a script with a Python that has what it needs, `TEST_PYTHON` or `python3`; `None` where there is none.
fn ran(script: &str, needs: &str, folder: &Folder) -> Option<String> {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let has = Command::new(&python).args(["-c", &format!("import {needs}")]).output();
    if !has.is_ok_and(|found| found.status.success()) {
        eprintln!("{script} is left out: no Python with {needs}");
        return None;
    }
    let file = format!("{}/examples/{script}", env!("CARGO_MANIFEST_DIR"));
    let binary = cargo_bin("equipoise");
    let output =
        Command::new(&python).arg(file).arg(folder.path()).arg("--binary").arg(binary).output().expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn what_scikit_learn_fits_is_what_is_solved() {
    let folder = Folder::new();
    let Some(printed) = ran("scikit_learn.py", "numpy, sklearn", &folder) else { return };
    assert!(printed.contains("Stationary for softmax with these class weights"), "{printed}");
    // The penalty that the script computes from C is in the sentence about the last layer.
    let l2 =
        printed.split_once("same features (l2 ").and_then(|(_, rest)| rest.split_once(')')).expect("l2").0;
    assert!(l2.parse::<f64>().expect("a number") > 0.0);
    let exact_l2 = (1.0 / 577.0 / 0.1).to_string();
    let record = folder.json(&["scikit_learn.npz", "--class-weights", "balanced", "--l2", &exact_l2]);
    let head = &record["head"];
    let objective = |whose: &str| numbers(&head[whose]["objective"])[0];
    assert!((objective("own") - objective("exact")).abs() <= 1e-12 * objective("exact"), "{head}");
    assert!(numbers(&head["angles"]).iter().all(|angle| *angle < 1e-8), "{head}");
    assert_eq!(record["stationary"], true);
}

#[test]
fn arrays_as_keras_has_them_are_audited() {
    let folder = Folder::new();
    let Some(printed) = ran("keras_arrays.py", "numpy", &folder) else { return };
    assert!(printed.contains("Stationary for softmax with these class weights"), "{printed}");
}
