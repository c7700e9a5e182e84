//! The one linear program this crate solves, by an interior-point library.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, ZeroConeT};
use nalgebra::DVector;

/// One margin: `entries . v + offset`, the entries with the places of their unknowns.
#[derive(Debug, Clone)]
pub(super) struct MarginRow {
    pub(super) entries: Vec<(usize, f64)>,
    pub(super) offset: f64,
}

/// The solution of a [`LeastMargin`].
#[derive(Debug)]
pub(super) struct Optimum {
    pub(super) unknowns: Vec<f64>,
    /// The least margin, negative where they cannot all be positive.
    pub(super) least: f64,
}

/// Maximises the least margin over `v` with `total . v = sum` and `|v_j| <= bound`.
///
/// The equation fixes the size of `v`, so that the zero vector is no answer.
#[derive(Debug)]
pub(super) struct LeastMargin<'a> {
    pub(super) rows: &'a [MarginRow],
    pub(super) total: &'a DVector<f64>,
    pub(super) sum: f64,
    pub(super) bound: f64,
}

impl LeastMargin<'_> {
    /// `None` where the equation cannot be met, or when the library gives up.
    pub(super) fn maximise(&self) -> Option<Optimum> {
        let unknowns = self.total.len();
        let count = self.rows.len();
        // One more unknown, the least margin `t`: -row . v + t <= offset.
        let mut columns: Vec<Vec<(usize, f64)>> = vec![Vec::new(); unknowns + 1];
        for (unknown, &entry) in self.total.iter().enumerate() {
            columns[unknown].push((0, entry));
        }
        for (index, row) in self.rows.iter().enumerate() {
            for &(unknown, entry) in &row.entries {
                columns[unknown].push((1 + index, -entry));
            }
            columns[unknowns].push((1 + index, 1.0));
        }
        for (unknown, column) in columns.iter_mut().take(unknowns).enumerate() {
            let bounds = 1 + count + 2 * unknown;
            column.extend([(bounds, 1.0), (bounds + 1, -1.0)]);
        }
        let constraints = 1 + count + 2 * unknowns;
        let mut right: Vec<f64> = vec![self.sum];
        right.extend(self.rows.iter().map(|row| row.offset));
        right.resize(constraints, self.bound);
        let mut cost = vec![0.0; unknowns + 1];
        cost[unknowns] = -1.0;
        let mut solution = solve(columns, constraints, &cost, &right)?;
        let least = solution.pop()?;
        Some(Optimum { unknowns: solution, least })
    }
}

/// Minimises `cost . x` subject to the first row's equation and the other rows' `<=`.
fn solve(
    columns: Vec<Vec<(usize, f64)>>,
    constraints: usize,
    cost: &[f64],
    right: &[f64],
) -> Option<Vec<f64>> {
    let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for column in columns {
        for (index, value) in column.into_iter().filter(|&(_, value)| value != 0.0) {
            indices.push(index);
            values.push(value);
        }
        starts.push(indices.len());
    }
    let matrix = CscMatrix::new(constraints, cost.len(), starts, indices, values);
    let quadratic = CscMatrix::zeros((cost.len(), cost.len()));
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: 1e-10,
        tol_gap_rel: 1e-10,
        tol_feas: 1e-10,
        ..DefaultSettings::default()
    };
    let cones = [ZeroConeT(1), NonnegativeConeT(constraints - 1)];
    let mut solver = DefaultSolver::new(&quadratic, cost, &matrix, right, &cones, settings).ok()?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved | SolverStatus::InsufficientProgress => {
            Some(solver.solution.x.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two margins, `v_0` and `c - v_0`, whose least is largest halfway; `v_1` is tied to 1.
    #[test]
    fn the_least_margin_is_made_largest() {
        let row = |entries: &[(usize, f64)], offset| MarginRow { entries: entries.to_vec(), offset };
        let total = DVector::from_vec(vec![0.0, 2.0]);
        for (offset, least) in [(3.0, 1.5), (-1.0, -0.5)] {
            let rows = [row(&[(0, 1.0)], 0.0), row(&[(0, -1.0)], offset)];
            let program = LeastMargin { rows: &rows, total: &total, sum: 2.0, bound: 10.0 };
            let best = program.maximise().expect("an optimum");
            assert!((best.least - least).abs() < 1e-8, "{best:?}");
            assert!((best.unknowns[0] - least).abs() < 1e-7 && (best.unknowns[1] - 1.0).abs() < 1e-8);
        }
        let out_of_reach = LeastMargin { rows: &[], total: &total, sum: 100.0, bound: 10.0 };
        assert!(out_of_reach.maximise().is_none());
    }
}
