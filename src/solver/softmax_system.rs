//! The system of equations that a Newton step of softmax solves, for conjugate gradients.

use super::conjugate_gradient::System;
use super::real::Real;
use super::softmax_curvature::SoftmaxCurvature;
use super::softmax_preconditioner::Preconditioner;
use nalgebra::{DMatrix, DVector};

/// The Newton system at one point.
pub(super) struct SoftmaxSystem<'a, T> {
    pub(super) curvature: SoftmaxCurvature<'a, T>,
    /// Of each row of a head.
    pub(super) penalty: &'a [f64],
    /// Curvature that replaces vanished second derivatives, class by class.
    pub(super) added: &'a [f64],
    /// `sum_i |dL/dz_i^k|` for each class.
    pub(super) magnitude: &'a DVector<f64>,
    pub(super) preconditioner: &'a Preconditioner,
}

impl<T: Real> System for SoftmaxSystem<'_, T> {
    fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
        let mut product = self.curvature.product(direction);
        for (class, added) in self.added.iter().enumerate() {
            for (entry, penalty) in self.penalty.iter().enumerate() {
                product[(entry, class)] += (penalty + added) * direction[(entry, class)];
            }
        }
        product
    }

    fn precondition(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        self.preconditioner.apply(residual)
    }

    fn project_direction(&self, direction: &mut DMatrix<f64>) {
        let mean = direction.column_mean();
        direction.column_iter_mut().for_each(|mut column| column -= &mean);
    }

    fn clean_residual(&self, residual: &mut DMatrix<f64>) {
        clean_residual(residual, self.magnitude);
    }

    /// The largest class's `sqrt(r . M^-1 r / magnitude)`: classes count alike, however small their mass.
    fn size(&self, residual: &DMatrix<f64>, preconditioned: &DMatrix<f64>) -> f64 {
        let of_class = |class: usize| {
            let magnitude = self.magnitude[class].max(f64::MIN_POSITIVE);
            (residual.column(class).dot(&preconditioned.column(class)).max(0.0) / magnitude).sqrt()
        };
        (0..residual.ncols()).map(of_class).fold(0.0, f64::max)
    }
}

/// Residuals sum to zero over classes but for rounding. Each class gives up a share in proportion to the
/// magnitude of its terms: equal shares would drown a class of small mass in the rounding of the large ones.
pub(super) fn clean_residual(residual: &mut DMatrix<f64>, magnitude: &DVector<f64>) {
    let excess = residual.column_sum() / magnitude.sum().max(f64::MIN_POSITIVE);
    for (mut column, magnitude) in residual.column_iter_mut().zip(magnitude.iter()) {
        column.axpy(-magnitude, &excess, 1.0);
    }
}
