//! The direction whose least margin is largest, as a linear program.

use crate::solver::linear_program::{Inequality, LinearProgram};
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
    /// `None` where the equation cannot be met, or rounding errors hide the optimum.
    pub(super) fn maximise(&self) -> Option<Optimum> {
        let unknowns = self.total.len();
        // One more unknown, the least margin `t`: -row . v + t <= offset.
        let margin = |row: &MarginRow| Inequality {
            entries: row
                .entries
                .iter()
                .map(|&(unknown, entry)| (unknown, -entry))
                .chain([(unknowns, 1.0)])
                .collect(),
            most: row.offset,
        };
        let bounds = (0..unknowns).flat_map(|unknown| {
            [1.0, -1.0].map(|sign| Inequality { entries: vec![(unknown, sign)], most: self.bound })
        });
        let mut cost = DVector::zeros(unknowns + 1);
        cost[unknowns] = -1.0;
        let total = self.total.push(0.0);
        let program = LinearProgram {
            cost,
            inequalities: self.rows.iter().map(margin).chain(bounds).collect(),
            equation: Some((total, self.sum)),
            tolerance: 1e-10,
        };
        let solution = program.minimise()?;
        let least = solution[unknowns];
        Some(Optimum { unknowns: solution.as_slice()[..unknowns].to_vec(), least })
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
