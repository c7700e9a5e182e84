//! From a Hessian and a gradient to a direction of descent, whatever the Hessian's rank or sign.

use super::column_pass::Precision;
use super::scaled_features::ScaledFeatures;
use nalgebra::{Cholesky, DMatrix, DVector, DVectorView, Dyn, SymmetricEigen};

/// Eigenvalues below this share of the largest are raised to it.
const SMALLEST_EIGENVALUE: f64 = 1e-15;

impl Precision {
    /// A pivot this far below its diagonal entry is rounding error: the matrix counts as singular.
    fn smallest_pivot(self) -> f64 {
        match self {
            Self::Single => 1e-5,
            Self::Double => 1e-14,
        }
    }
}

/// Cholesky factor of a positive definite matrix, or `None` when a pivot vanishes to rounding.
pub(super) fn regular_factor(matrix: &DMatrix<f64>, precision: Precision) -> Option<Cholesky<f64, Dyn>> {
    let factor = Cholesky::new(matrix.clone())?;
    let lower = factor.l_dirty();
    let smallest = precision.smallest_pivot();
    let regular = (0..matrix.nrows()).all(|j| lower[(j, j)].powi(2) > smallest * matrix[(j, j)]);
    regular.then_some(factor)
}

/// Cholesky factor of `hessian`, its null space (collinear features) filled first when that is why it is singular.
///
/// Along the null space gradients vanish, so that the fill changes no step.
pub(super) fn factor(
    hessian: &mut DMatrix<f64>,
    features: &ScaledFeatures,
    precision: Precision,
) -> Option<Cholesky<f64, Dyn>> {
    if let Some(factor) = regular_factor(hessian, precision) {
        return Some(factor);
    }
    let null = features.null_space();
    if null.ncols() == 0 {
        return None;
    }
    let typical = hessian.trace() / hessian.nrows() as f64;
    *hessian += null * null.transpose() * typical;
    regular_factor(hessian, precision)
}

/// Second derivatives, ready to turn gradients into directions.
#[derive(Debug, Clone)]
pub(super) enum Curvature {
    /// Positive definite: Newton's own steps.
    Definite(Cholesky<f64, Dyn>),
    /// Indefinite or singular: steps with the eigenvalues replaced by their magnitudes.
    Indefinite(SymmetricEigen<f64, Dyn>),
}

impl Curvature {
    /// Of a Hessian in double precision.
    pub(super) fn of(mut hessian: DMatrix<f64>, features: &ScaledFeatures) -> Self {
        match factor(&mut hessian, features, Precision::Double) {
            Some(factor) => Self::Definite(factor),
            None => Self::Indefinite(SymmetricEigen::new(hessian)),
        }
    }

    pub(super) fn is_definite(&self) -> bool {
        matches!(self, Self::Definite(_))
    }

    /// `-H^-1 g`, or the descent direction that stands for it.
    pub(super) fn direction(&self, gradient: &DVectorView<f64>) -> DVector<f64> {
        match self {
            Self::Definite(factor) => -factor.solve(gradient),
            Self::Indefinite(eigen) => {
                let floor = SMALLEST_EIGENVALUE * eigen.eigenvalues.amax();
                let mut along = eigen.eigenvectors.tr_mul(gradient);
                for (component, value) in along.iter_mut().zip(eigen.eigenvalues.iter()) {
                    *component /= -value.abs().max(floor).max(f64::MIN_POSITIVE);
                }
                &eigen.eigenvectors * along
            }
        }
    }
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
