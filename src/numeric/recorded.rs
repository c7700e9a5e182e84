//! Numbers and matrices as records hold them.
//!
//! JSON has no NaN and no infinity: they are written as null and read as NaN, "no number".

use nalgebra::DMatrix;
use serde::{Deserialize, Deserializer};

/// A list for each row.
#[must_use]
pub fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

/// Numbers of which some may be missing.
#[derive(Deserialize)]
#[serde(from = "Vec<Option<f64>>")]
pub(crate) struct WithGaps(pub(crate) Vec<f64>);

impl From<Vec<Option<f64>>> for WithGaps {
    fn from(gapped: Vec<Option<f64>>) -> Self {
        Self(gapped.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
    }
}

/// For a list of numbers in a record.
pub(crate) fn with_gaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    WithGaps::deserialize(deserializer).map(|numbers| numbers.0)
}
