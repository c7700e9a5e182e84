//! Checks the memory of a problem against what is free before work starts.

use equipoise::data::Dataset;
use equipoise::loss::LossSpec;
use equipoise::memory::{MemoryError, check_memory};

/// What to do about a problem that is too large.
pub(super) const SMALLER: &str = "leave out features or samples";

/// Fails with both numbers when solving and measuring exceed the memory.
pub(super) fn check_problem(dataset: &Dataset, choice: &LossSpec, l2: f64) -> Result<(), MemoryError> {
    check_memory(memory_of(dataset, choice, l2), "solving takes", SMALLER)
}

/// Bytes of solving a problem and of measuring its solution.
pub(super) fn memory_of(dataset: &Dataset, choice: &LossSpec, l2: f64) -> u128 {
    let labels = dataset.labels();
    let (samples, classes) = (labels.samples() as u128, labels.classes() as u128);
    let columns = choice.columns(labels.classes()) as u128;
    let double = size_of::<f64>() as u128;
    // Logits and two matrices like them, to measure probabilities and balance; and mean probabilities with their sums, the
    // record of them and its text.
    let measured = 3 * double * samples * columns + 10 * double * classes * classes;
    choice.memory(dataset.dimension(), labels.counts(), l2).saturating_add(measured)
}
