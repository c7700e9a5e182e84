//! The step of a trust-region method, by truncated conjugate gradients.
//!
//! Source: T. Steihaug, *The Conjugate Gradient Method and Trust Regions in Large Scale Optimization*, SIAM Journal on
//! Numerical Analysis 20, 1983.

use nalgebra::DMatrix;

/// A quadratic model of an objective.
pub(super) trait Model {
    /// `H v`.
    fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64>;
}

/// A step that makes `g . s + s . H s / 2` small with `|s| <= radius`, and by how much the model falls along it. It ends on
/// the rim along a direction of negative curvature.
pub(super) fn step_within(model: &impl Model, gradient: &DMatrix<f64>, radius: f64) -> (DMatrix<f64>, f64) {
    let mut step = DMatrix::zeros(gradient.nrows(), gradient.ncols());
    let mut bent = step.clone();
    let mut residual = -gradient;
    let mut direction = residual.clone();
    let first = residual.norm();
    // The closer to the end, the more of the system is solved: steps then converge quadratically.
    let enough = first * f64::min(0.1, first.sqrt()).max(1e-10);
    let mut energy = residual.norm_squared();
    for _ in 0..(2 * gradient.len()).max(10) {
        if energy.sqrt() <= enough || energy == 0.0 {
            break;
        }
        let product = model.product(&direction);
        let curvature = direction.dot(&product);
        let length = energy / curvature;
        let to_rim = to_rim(&step, &direction, radius);
        if curvature <= 0.0 || length >= to_rim {
            step += &direction * to_rim;
            bent += product * to_rim;
            break;
        }
        step += &direction * length;
        bent += &product * length;
        residual -= product * length;
        let next = residual.norm_squared();
        direction = &residual + direction * (next / energy);
        energy = next;
    }
    let foreseen = -(gradient.dot(&step) + 0.5 * step.dot(&bent));
    (step, foreseen)
}

/// How many times `direction` takes `step` to the rim.
fn to_rim(step: &DMatrix<f64>, direction: &DMatrix<f64>, radius: f64) -> f64 {
    let (a, b, c) = (direction.norm_squared(), step.dot(direction), radius * radius - step.norm_squared());
    let root = (b * b + a * c.max(0.0)).sqrt();
    // Of two equal forms the one without cancellation.
    if b > 0.0 { c.max(0.0) / (b + root) } else { (root - b) / a }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Diagonal(Vec<f64>);

    impl Model for Diagonal {
        fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
            DMatrix::from_fn(self.0.len(), 1, |row, _| self.0[row] * direction[row])
        }
    }

    #[test]
    fn inside_it_is_newtons_step_and_foresees_what_comes() {
        let gradient = DMatrix::from_column_slice(2, 1, &[1e-12, -2e-12]);
        let (step, foreseen) = step_within(&Diagonal(vec![1.0, 4.0]), &gradient, 1.0);
        assert!((step[0] + 1e-12).abs() < 1e-21 && (step[1] - 5e-13).abs() < 1e-21, "{step}");
        assert!((foreseen / 1e-24 - 1.0).abs() < 1e-9, "{foreseen:e}");
    }

    #[test]
    fn it_stays_within_and_goes_to_the_rim_where_the_model_bends_down() {
        let gradient = DMatrix::from_column_slice(2, 1, &[1.0, 0.5]);
        for curvature in [vec![1e-3, 1e-3], vec![-1.0, 2.0]] {
            let (step, foreseen) = step_within(&Diagonal(curvature), &gradient, 0.25);
            assert!((step.norm() - 0.25).abs() < 1e-12 && foreseen > 0.0);
        }
    }
}
