//! Newton's method for the small problems of claims that are about other models than a head with intercepts.

use super::claim::SetupFailure;
use nalgebra::{DMatrix, DVector};

/// A function at a point, with its first two derivatives.
pub(super) struct Local {
    pub(super) value: f64,
    pub(super) gradient: DVector<f64>,
    pub(super) hessian: DMatrix<f64>,
}

/// Steps at most.
const STEPS: usize = 1000;
/// Largest entry of the gradient at the end, where rounding lets no step lower it further.
pub(super) const STATIONARY: f64 = 1e-12;
/// A curvature below minus this share of the largest makes a saddle.
const NO_CURVATURE: f64 = 1e-9;
/// Curvatures are taken for at least this share of the largest: along a direction of none the gradient vanishes too.
const LEAST_CURVATURE: f64 = 1e-11;
/// Values that differ by less than this share of their size no longer tell points apart.
const SAME_VALUE: f64 = 1e-13;
/// Halvings of the interval in which the shift of the curvatures is sought.
const HALVINGS: usize = 200;

/// A stationary point that is no saddle, from a start: Newton's steps within a trust region, which turn away from saddles.
/// Their quadratic problems are solved exactly, by the eigenvectors of the Hessian.
///
/// # Errors
/// The gradient does not vanish within [`STEPS`], or a direction of negative curvature is left.
pub(super) fn minimised(
    start: DVector<f64>,
    at: impl Fn(&DVector<f64>) -> Local,
) -> Result<DVector<f64>, SetupFailure> {
    let mut point = start;
    let mut here = at(&point);
    let mut radius = 1.0;
    for _ in 0..STEPS {
        let size = here.gradient.amax();
        let model = Quadratic::of(&here);
        if size <= STATIONARY && model.least() > -NO_CURVATURE * model.steepest {
            let place = &point + model.newton_step();
            let next = at(&place);
            if next.gradient.amax() >= size {
                return Ok(point);
            }
            (here, point) = (next, place);
            continue;
        }
        let (step, foreseen) = model.step_within(radius);
        let place = &point + &step;
        let next = at(&place);
        let gained = if foreseen <= SAME_VALUE * here.value.abs() {
            // Gradients still tell points apart where values do not.
            if next.gradient.amax() < size { foreseen } else { 0.0 }
        } else {
            here.value - next.value
        };
        let length = step.norm();
        if gained < 0.25 * foreseen {
            radius = 0.25 * length;
        } else if gained > 0.75 * foreseen && length > 0.9 * radius {
            radius *= 2.0;
        }
        if gained > 1e-4 * foreseen {
            (here, point) = (next, place);
        }
    }
    Err(format!("the gradient is {:e} after {STEPS} steps", here.gradient.amax()).into())
}

/// `g'p + p'Hp / 2` in the coordinates of the eigenvectors of `H`.
struct Quadratic {
    eigenvectors: DMatrix<f64>,
    curvatures: DVector<f64>,
    slopes: DVector<f64>,
    /// The largest curvature by magnitude.
    steepest: f64,
}

impl Quadratic {
    fn of(local: &Local) -> Self {
        let parts = local.hessian.clone().symmetric_eigen();
        let steepest = parts.eigenvalues.amax();
        let slopes = parts.eigenvectors.tr_mul(&local.gradient);
        Self { eigenvectors: parts.eigenvectors, curvatures: parts.eigenvalues, slopes, steepest }
    }

    /// The smallest curvature.
    fn least(&self) -> f64 {
        self.curvatures.min()
    }

    /// `-(H + shift I)^-1 g` in these coordinates.
    fn shifted(&self, shift: f64) -> DVector<f64> {
        let floor = LEAST_CURVATURE * self.steepest;
        self.slopes.zip_map(&self.curvatures, |slope, curvature| -slope / (curvature + shift).max(floor))
    }

    fn newton_step(&self) -> DVector<f64> {
        &self.eigenvectors * self.shifted(0.0)
    }

    /// The step of at most `radius` that lowers the quadratic most, and by how much it does.
    fn step_within(&self, radius: f64) -> (DVector<f64>, f64) {
        let lowest = (-self.least()).max(0.0);
        let mut along = self.shifted(lowest);
        if along.norm() > radius {
            let (mut low, mut high) = (lowest, lowest + self.slopes.norm() / radius);
            for _ in 0..HALVINGS {
                let middle = 0.5 * (low + high);
                if middle <= low || middle >= high {
                    break;
                }
                if self.shifted(middle).norm() > radius { low = middle } else { high = middle }
            }
            along = self.shifted(high);
        } else if self.least() < -NO_CURVATURE * self.steepest {
            // The slope along the most negative curvature vanishes: either way is down.
            let downward = self.curvatures.imin();
            let rest = radius.powi(2) - along.norm_squared() + along[downward].powi(2);
            along[downward] = rest.sqrt().copysign(along[downward]);
        }
        let quadratic = along.component_mul(&along).dot(&self.curvatures);
        (&self.eigenvectors * &along, -(self.slopes.dot(&along) + 0.5 * quadratic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(x^2 - 1)^2 + y^2` has a saddle at the origin, which no start stays at, itself included.
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
        let from_saddle = minimised(DVector::from_vec(vec![0.0, 0.0]), at).expect("a minimum");
        assert!((from_saddle[0].abs() - 1.0).abs() < 1e-12, "the saddle itself is no minimum: {from_saddle}");
    }
}
