//! From a Hessian and a gradient to a direction of descent, whatever the Hessian's rank or sign.

use super::scaled_features::ScaledFeatures;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

/// A pivot this far below its diagonal entry is rounding error: the matrix counts as singular.
const SMALLEST_PIVOT: f64 = 1e-14;
/// Eigenvalues below this share of the largest are raised to it.
const SMALLEST_EIGENVALUE: f64 = 1e-15;

/// Cholesky factor of a positive definite matrix, or `None` when a pivot vanishes to rounding.
fn regular_factor(matrix: &DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let factor = Cholesky::new(matrix.clone())?;
    let lower = factor.l_dirty();
    let regular = (0..matrix.nrows()).all(|j| lower[(j, j)].powi(2) > SMALLEST_PIVOT * matrix[(j, j)]);
    regular.then_some(factor)
}

/// Cholesky factor of `hessian`, its null space (collinear features) filled first when that is why it is singular.
///
/// Along the null space gradients vanish, so that the fill changes no step.
pub(super) fn factor(hessian: &mut DMatrix<f64>, features: &ScaledFeatures) -> Option<Cholesky<f64, Dyn>> {
    if let Some(factor) = regular_factor(hessian) {
        return Some(factor);
    }
    let null = features.null_space();
    if null.ncols() == 0 {
        return None;
    }
    let typical = hessian.trace() / hessian.nrows() as f64;
    *hessian += null * null.transpose() * typical;
    regular_factor(hessian)
}

/// A descent direction and whether it is Newton's own.
pub(super) struct Direction {
    pub(super) step: DVector<f64>,
    /// The Hessian was positive definite, so that the step is Newton's.
    pub(super) newton: bool,
}

/// `-H^-1 g`, or with the eigenvalues of `H` replaced by their magnitudes where it is not positive definite.
pub(super) fn descent(
    mut hessian: DMatrix<f64>,
    gradient: &DVector<f64>,
    features: &ScaledFeatures,
) -> Direction {
    if let Some(factor) = factor(&mut hessian, features) {
        return Direction { step: -factor.solve(gradient), newton: true };
    }
    let eigen = SymmetricEigen::new(hessian);
    let floor = SMALLEST_EIGENVALUE * eigen.eigenvalues.amax();
    let mut along = eigen.eigenvectors.tr_mul(gradient);
    for (component, value) in along.iter_mut().zip(eigen.eigenvalues.iter()) {
        *component /= -value.abs().max(floor).max(f64::MIN_POSITIVE);
    }
    Direction { step: eigen.eigenvectors * along, newton: false }
}

/// The smallest eigenvalue of a Hessian, off the null space of the features, and its eigenvector.
pub(super) fn smallest_curvature(
    mut hessian: DMatrix<f64>,
    features: &ScaledFeatures,
) -> (f64, DVector<f64>) {
    let null = features.null_space();
    let largest = hessian.amax();
    hessian += null * null.transpose() * largest;
    let eigen = SymmetricEigen::new(hessian);
    let index = eigen.eigenvalues.imin();
    (eigen.eigenvalues[index], eigen.eigenvectors.column(index).into_owned())
}
