//! Linear programs over the flows, by an interior-point library.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, ZeroConeT};
use nalgebra::DMatrix;

/// Maximises `sum weight[c][k] F[c][k]` over `F >= 0` whose row and column sums are `mass`.
pub(super) fn maximum(mass: &[f64], weight: &DMatrix<f64>) -> Option<f64> {
    let classes = mass.len();
    let total: f64 = mass.iter().sum();
    let size = weight.amax().max(f64::MIN_POSITIVE);
    let unknowns = classes * classes;
    // Unknowns are shares of the total mass, row by row. The last column sum follows from the others.
    let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    let equations = 2 * classes - 1;
    for unknown in 0..unknowns {
        let (class, predicted) = (unknown / classes, unknown % classes);
        rows.push(class);
        values.push(1.0);
        if predicted + 1 < classes {
            rows.push(classes + predicted);
            values.push(1.0);
        }
        rows.push(equations + unknown);
        values.push(-1.0);
        starts.push(rows.len());
    }
    let matrix = CscMatrix::new(equations + unknowns, unknowns, starts, rows, values);
    let fractions = mass.iter().map(|mass| mass / total);
    let right: Vec<f64> = fractions
        .clone()
        .chain(fractions.take(classes - 1))
        .chain(std::iter::repeat_n(0.0, unknowns))
        .collect();
    let cost: Vec<f64> =
        (0..unknowns).map(|unknown| -weight[(unknown / classes, unknown % classes)] / size).collect();
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: 1e-13,
        tol_gap_rel: 1e-13,
        tol_feas: 1e-13,
        ..DefaultSettings::default()
    };
    let cones = [ZeroConeT(equations), NonnegativeConeT(unknowns)];
    let quadratic = CscMatrix::zeros((unknowns, unknowns));
    let mut solver = DefaultSolver::new(&quadratic, &cost, &matrix, &right, &cones, settings).ok()?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved | SolverStatus::InsufficientProgress => {
            let flows = DMatrix::from_row_slice(classes, classes, &solver.solution.x);
            Some(flows.dot(weight) * total)
        }
        _ => None,
    }
}
