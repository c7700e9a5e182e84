//! Preconditioned conjugate gradients on matrices, within a subspace that the system projects onto.

use nalgebra::DMatrix;

/// With more iterations than this the preconditioner is useless.
const MAX_ITERATIONS: usize = 500;

/// A symmetric positive semidefinite system on the subspace that `project` projects onto.
pub(super) trait System {
    /// `H v`.
    fn product(&self, vector: &DMatrix<f64>) -> DMatrix<f64>;
    /// `M^-1 r`.
    fn precondition(&self, residual: &DMatrix<f64>) -> DMatrix<f64>;
    /// Orthogonal projection of a direction onto the subspace.
    fn project_direction(&self, direction: &mut DMatrix<f64>);
    /// Removes what rounding left of a residual off the subspace.
    fn clean_residual(&self, residual: &mut DMatrix<f64>);
    /// How large a residual is, given its preconditioned form.
    fn size(&self, residual: &DMatrix<f64>, preconditioned: &DMatrix<f64>) -> f64;
}

/// Solves `H x = right` until the residual's size falls by `accuracy`; returns `x` and the iterations taken.
///
/// Stops early where the curvature along a direction is not positive (rounding on a convex problem); the `x` so far
/// is a descent direction all the same.
pub(super) fn solve(system: &impl System, right: &DMatrix<f64>, accuracy: f64) -> (DMatrix<f64>, usize) {
    let mut solution = DMatrix::zeros(right.nrows(), right.ncols());
    let mut residual = right.clone();
    system.clean_residual(&mut residual);
    let mut preconditioned = system.precondition(&residual);
    let first = system.size(&residual, &preconditioned);
    system.project_direction(&mut preconditioned);
    let mut direction = preconditioned.clone();
    let mut energy = residual.dot(&preconditioned);
    for iteration in 0..MAX_ITERATIONS {
        let product = system.product(&direction);
        let curvature = direction.dot(&product);
        if curvature <= 0.0 || energy <= 0.0 {
            if iteration == 0 {
                solution = direction;
            }
            return (solution, iteration);
        }
        let length = energy / curvature;
        solution += &direction * length;
        residual -= product * length;
        system.clean_residual(&mut residual);
        preconditioned = system.precondition(&residual);
        if system.size(&residual, &preconditioned) <= accuracy * first {
            return (solution, iteration + 1);
        }
        system.project_direction(&mut preconditioned);
        let next = residual.dot(&preconditioned);
        direction = &preconditioned + direction * (next / energy);
        energy = next;
    }
    (solution, MAX_ITERATIONS)
}
