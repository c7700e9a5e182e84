//! Inputs that libFuzzer makes, handed to the functions that the example `fuzz` uses too.

#[path = "../../tests/fuzz/inputs.rs"]
mod inputs;

use inputs::KINDS;

/// Hands an input to the function of its kind. What that chooses besides follows from the bytes, so that an input always
/// does the same.
///
/// # Panics
///
/// On a kind that does not exist, where no temporary directory can be made, and on what is looked for.
pub fn feed(kind: &str, bytes: &[u8]) {
    let (_, take) = KINDS.into_iter().find(|(name, _)| *name == kind).expect("a kind of input");
    let place = tempfile::tempdir().expect("a temporary directory");
    let choice = bytes.iter().map(|&byte| usize::from(byte)).sum();
    take(place.path(), bytes, choice);
}
