//! From a Hessian and a gradient to a direction of descent, whatever the Hessian's rank or sign.

use super::column_pass::Precision;
use super::dense::{cholesky, eigen};
use nalgebra::{Cholesky, DMatrix, DVector, DVectorView, Dyn, LU, SymmetricEigen};

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
    let factor = cholesky(matrix.clone())?;
    let lower = factor.l_dirty();
    let smallest = precision.smallest_pivot();
    let regular = (0..matrix.nrows()).all(|j| lower[(j, j)].powi(2) > smallest * matrix[(j, j)]);
    regular.then_some(factor)
}

/// Second derivatives, ready to turn gradients into directions.
#[derive(Debug, Clone)]
pub(super) enum Curvature {
    /// Positive definite: Newton's own steps.
    Definite(Cholesky<f64, Dyn>),
    /// Indefinite or singular: steps with the eigenvalues replaced by their magnitudes.
    Indefinite(SymmetricEigen<f64, Dyn>),
    /// The derivative of a field that is not a gradient, hence not symmetric: Newton steps to its zero.
    OfField(LU<f64, Dyn, Dyn>),
}

impl Curvature {
    /// Of a Hessian in double precision.
    pub(super) fn of(hessian: DMatrix<f64>) -> Self {
        match regular_factor(&hessian, Precision::Double) {
            Some(factor) => Self::Definite(factor),
            None => Self::Indefinite(eigen(hessian)),
        }
    }

    /// Of the derivative of a field that is not a gradient, or `None` where that is singular.
    pub(super) fn of_field(derivative: DMatrix<f64>) -> Option<Self> {
        let factor = LU::new(derivative);
        factor.is_invertible().then_some(Self::OfField(factor))
    }

    /// Whether a negative eigenvalue made the steps other than Newton's.
    pub(super) fn is_indefinite(&self) -> bool {
        matches!(self, Self::Indefinite(_))
    }

    /// The derivative of the value along `direction`; zero for a field, which has no value.
    pub(super) fn slope(&self, gradient: &DVector<f64>, direction: &DVector<f64>) -> f64 {
        match self {
            Self::Definite(_) | Self::Indefinite(_) => gradient.dot(direction),
            Self::OfField(_) => 0.0,
        }
    }

    /// `-H^-1 g`, or the descent direction that replaces it.
    pub(super) fn direction(&self, gradient: &DVectorView<f64>) -> DVector<f64> {
        match self {
            Self::Definite(factor) => -factor.solve(gradient),
            Self::OfField(factor) => {
                factor.solve(gradient).map_or_else(|| DVector::zeros(gradient.len()), |step| -step)
            }
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

/// The smallest eigenvalue of a Hessian and its eigenvector.
pub(super) fn smallest_curvature(hessian: DMatrix<f64>) -> (f64, DVector<f64>) {
    let eigen = eigen(hessian);
    let index = eigen.eigenvalues.imin();
    (eigen.eigenvalues[index], eigen.eigenvectors.column(index).into_owned())
}
