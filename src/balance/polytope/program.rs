//! Linear programs over the flows.

use crate::solver::{Inequality, LinearProgram};
use nalgebra::{DMatrix, DVector};

/// Maximises `sum weight[c][k] F[c][k]` over `F >= 0` whose row and column sums are `mass`.
///
/// Solved as its dual, which has `2 K - 1` unknowns in place of `K^2`: minimise `sum mass_c (u_c + v_c)` over `u_c + v_k >=
/// weight[c][k]`. The last `v` is zero, since the last column sum follows from the others.
pub(super) fn maximum(mass: &[f64], weight: &DMatrix<f64>) -> Option<f64> {
    let classes = mass.len();
    let total: f64 = mass.iter().sum();
    let size = weight.amax().max(f64::MIN_POSITIVE);
    let at_least = |class: usize, predicted: usize| {
        let mut entries = vec![(class, -1.0)];
        if predicted + 1 < classes {
            entries.push((classes + predicted, -1.0));
        }
        Inequality { entries, most: -weight[(class, predicted)] / size }
    };
    let pairs = (0..classes).flat_map(|class| (0..classes).map(move |predicted| (class, predicted)));
    let shares = mass.iter().chain(&mass[..classes - 1]).map(|mass| mass / total);
    let program = LinearProgram {
        cost: DVector::from_iterator(2 * classes - 1, shares),
        inequalities: pairs.map(|(class, predicted)| at_least(class, predicted)).collect(),
        equation: None,
        tolerance: 1e-14,
    };
    let solution = program.minimise()?;
    Some(program.cost.dot(&solution) * size * total)
}
