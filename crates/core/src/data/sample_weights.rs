//! Weights of samples: how often, or how much, each row counts.

use super::DataError;
#[cfg(feature = "readers")]
use super::arrays::read_array;
#[cfg(feature = "readers")]
use crate::files::open_input;
use std::ops::RangeInclusive;
#[cfg(feature = "readers")]
use std::path::Path;

/// The range of nonzero weights. Class weights multiply them: beyond this range sums over samples could overflow or
/// vanish.
pub const SAMPLE_WEIGHT_RANGE: RangeInclusive<f64> = 1e-50..=1e50;

/// Checks that a weight is zero or within [`SAMPLE_WEIGHT_RANGE`]; `place` is asked for only when it is not.
///
/// # Errors
///
/// When the weight is NaN, infinite, negative or out of range.
pub(crate) fn check_weight(weight: f64, place: impl Fn() -> String) -> Result<(), DataError> {
    if weight == 0.0 || SAMPLE_WEIGHT_RANGE.contains(&weight) {
        return Ok(());
    }
    let (least, most) = (SAMPLE_WEIGHT_RANGE.start(), SAMPLE_WEIGHT_RANGE.end());
    Err(DataError::invalid(
        place(),
        format!(
            "{weight:?} is no sample weight; give 0, which leaves the row out, or a number from {least:e} to {most:e}"
        ),
    ))
}

/// Checks one weight for each of `samples` samples, and that not all are zero.
///
/// # Errors
///
/// When the number of weights differs, a weight fails [`check_weight`] (`row` names its place), or all are zero.
pub(crate) fn check_weights(
    weights: &[f64],
    samples: usize,
    place: &str,
    row: impl Fn(usize) -> String,
) -> Result<(), DataError> {
    if weights.len() != samples {
        let problem = format!("{} weights for {samples} samples; give one for each", weights.len());
        return Err(DataError::invalid(place, problem));
    }
    for (sample, &weight) in weights.iter().enumerate() {
        check_weight(weight, || row(sample))?;
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return Err(all_zero(place));
    }
    Ok(())
}

/// The error about weights that leave no row.
pub fn all_zero(place: impl Into<String>) -> DataError {
    DataError::invalid(place, "every sample weight is zero, which leaves no row; give positive weights")
}

/// The weights in an NPY file, one for each of `samples` rows of another file.
///
/// # Errors
///
/// Names the file, and the row where there is one: when it cannot be read, is no NPY file of `samples` numbers, or a weight
/// fails `check_weight`.
#[cfg(feature = "readers")]
pub fn read_npy_weights(path: &Path, samples: usize) -> Result<Vec<f64>, DataError> {
    open_input(path).map_err(|error| DataError::unreadable(path, &error))?;
    let array = read_array(path).map_err(super::samples::of_weights)?;
    array.sample_weights(samples)
}
