//! The smallest curvature of a loss in the user's units: per coefficients and intercepts as they are printed.

use super::pass::ScaledFeatures;
use nalgebra::{Cholesky, DMatrix};

/// `M' M` of the map `M` from a column of the search's unknowns to coefficients and intercept in the user's units.
pub(super) fn metric(features: &ScaledFeatures) -> DMatrix<f64> {
    let dimension = features.dimension();
    let heads = features.to_user(&DMatrix::identity(dimension, dimension));
    let intercepts = DMatrix::from_column_slice(dimension, 1, &heads.intercepts);
    &heads.coefficients * heads.coefficients.transpose() + &intercepts * intercepts.transpose()
}

/// The smallest `v' H v / v' (M' M) v` of a positive definite Hessian in the search's coordinates. By the largest eigenvalue of the
/// inverse, which keeps its digits where units lie far apart. `None` where it leaves the range of doubles.
pub(super) fn smallest(hessian: &DMatrix<f64>, metric: &DMatrix<f64>) -> Option<f64> {
    let lower = Cholesky::new(hessian.clone())?.unpack();
    let half = lower.solve_lower_triangular(metric)?;
    let inverse = lower.solve_lower_triangular(&half.transpose())?;
    if !inverse.iter().all(|entry| entry.is_finite()) {
        return None;
    }
    let largest = inverse.symmetric_eigenvalues().max();
    (largest > 0.0).then(|| 1.0 / largest).filter(|curvature| *curvature > 0.0)
}
