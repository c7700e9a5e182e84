//! The one linear program this crate solves, by an interior-point library.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus};
use nalgebra::DVector;

/// Maximises `objective . v` subject to `row . v >= 0` for every row and `|v_j| <= 1`.
///
/// Feasible (`v = 0`) and bounded; `None` only when the library gives up.
pub(super) fn maximise(objective: &DVector<f64>, rows: &[DVector<f64>]) -> Option<Vec<f64>> {
    let unknowns = objective.len();
    let size = objective.amax().max(f64::MIN_POSITIVE);
    let cost: Vec<f64> = objective.iter().map(|entry| -entry / size).collect();
    let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for unknown in 0..unknowns {
        for (index, row) in rows.iter().enumerate().filter(|(_, row)| row[unknown] != 0.0) {
            indices.push(index);
            values.push(-row[unknown]);
        }
        // v <= 1 and -v <= 1
        indices.extend([rows.len() + 2 * unknown, rows.len() + 2 * unknown + 1]);
        values.extend([1.0, -1.0]);
        starts.push(indices.len());
    }
    let constraints = rows.len() + 2 * unknowns;
    let matrix = CscMatrix::new(constraints, unknowns, starts, indices, values);
    let bounds: Vec<f64> = (0..constraints).map(|index| if index < rows.len() { 0.0 } else { 1.0 }).collect();
    let quadratic = CscMatrix::zeros((unknowns, unknowns));
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: 1e-10,
        tol_gap_rel: 1e-10,
        tol_feas: 1e-10,
        ..DefaultSettings::default()
    };
    let cones = [NonnegativeConeT(constraints)];
    let mut solver = DefaultSolver::new(&quadratic, &cost, &matrix, &bounds, &cones, settings).ok()?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved | SolverStatus::InsufficientProgress => {
            Some(solver.solution.x.clone())
        }
        _ => None,
    }
}
