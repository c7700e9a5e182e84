//! The list of deliberate faults keeps up with the sources, and docs/mutations.md with the list. Running them takes longer
//! (`tests/mutations/run.py`).

use std::process::Command;

#[test]
fn every_fault_can_be_built_in_and_was_caught() {
    let root = env!("CARGO_MANIFEST_DIR");
    let list = Command::new("python3")
        .args(["tests/mutations/run.py", "--check", "docs/mutations.md"])
        .current_dir(root)
        .output();
    let Ok(output) = list else {
        eprintln!("left out: python3 is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
