//! Newton's method for the small problems of claims that are about other models than a head with intercepts.

use super::case::SetupFailure;
use nalgebra::{DMatrix, DVector};

/// A function at a point, with its first two derivatives.
pub(super) struct Local {
    pub(super) value: f64,
    pub(super) gradient: DVector<f64>,
    pub(super) hessian: DMatrix<f64>,
}

/// Steps at most, and halvings of a step.
const STEPS: usize = 500;
const HALVINGS: i32 = 60;
/// Largest entry of the gradient at the end, where rounding lets no step lower it further.
const STATIONARY: f64 = 1e-12;
/// A curvature below minus this share of the largest makes a saddle.
const NO_CURVATURE: f64 = 1e-9;
/// Curvatures are taken for at least this share of the largest: along a direction of none the gradient vanishes too.
const LEAST_CURVATURE: f64 = 1e-11;

/// A stationary point that is no saddle, from a start: Newton's steps with the magnitudes of the curvatures, which turn away
/// from saddles, and halved until the function falls.
///
/// # Errors
/// The gradient does not vanish within [`STEPS`], or a direction of negative curvature is left.
pub(super) fn minimised(
    start: DVector<f64>,
    at: impl Fn(&DVector<f64>) -> Local,
) -> Result<DVector<f64>, SetupFailure> {
    let mut point = start;
    let mut here = at(&point);
    for _ in 0..STEPS {
        let size = here.gradient.amax();
        let curvatures = here.hessian.clone().symmetric_eigen();
        let steepest = curvatures.eigenvalues.amax();
        let is_minimum = size <= STATIONARY && curvatures.eigenvalues.min() > -NO_CURVATURE * steepest;
        let mut along = curvatures.eigenvectors.tr_mul(&here.gradient);
        for (entry, curvature) in along.iter_mut().zip(curvatures.eigenvalues.iter()) {
            *entry /= curvature.abs().max(LEAST_CURVATURE * steepest);
        }
        let step = &curvatures.eigenvectors * along;
        let tried = |halving: i32| {
            let place = &point - &step * 0.5_f64.powi(halving);
            (at(&place), place)
        };
        if is_minimum {
            let (next, place) = tried(0);
            if next.gradient.amax() >= size {
                return Ok(point);
            }
            (here, point) = (next, place);
            continue;
        }
        // Near the end values no longer tell points apart, but gradients do.
        let better = |next: &Local| next.value < here.value || next.gradient.amax() < 0.5 * size;
        let Some((next, place)) = (0..HALVINGS).map(tried).find(|(next, _)| better(next)) else {
            return Err(format!("no step lowers the function where its gradient is {size:e}").into());
        };
        (here, point) = (next, place);
    }
    Err(format!("the gradient is {:e} after {STEPS} steps", here.gradient.amax()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(x^2 - 1)^2 + y^2` has a saddle at the origin, which the start's symmetry does not keep for long.
    #[test]
    fn saddles_are_left() {
        let at = |point: &DVector<f64>| {
            let (x, y) = (point[0], point[1]);
            Local {
                value: (x * x - 1.0).powi(2) + y * y,
                gradient: DVector::from_vec(vec![4.0 * x * (x * x - 1.0), 2.0 * y]),
                hessian: DMatrix::from_row_slice(2, 2, &[12.0 * x * x - 4.0, 0.0, 0.0, 2.0]),
            }
        };
        let found = minimised(DVector::from_vec(vec![1e-3, 2.0]), at).expect("a minimum");
        assert!((found[0] - 1.0).abs() < 1e-12 && found[1].abs() < 1e-12, "{found}");
        assert!(minimised(DVector::from_vec(vec![0.0, 0.0]), at).is_err(), "the saddle itself is no minimum");
    }
}
