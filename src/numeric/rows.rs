//! Matrices as records hold them.

use nalgebra::DMatrix;

/// A list for each row.
#[must_use]
pub fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}
