//! Among all heads with the same logits, the one of least norm in the user's units.
//!
//! Least `|F x|` with `C x = b`: scaled coefficients `x`, factors `F` of the columns, coefficients `b` of the pivots where
//! dependent columns have none, and `C` the identity beside their combinations. `x = F^-2 C' z` with `C F^-2 C' z = b`, whose
//! entries are as exact as they are small: a column in other units keeps its digits. What a solution leaves of `b`, in
//! double-double arithmetic, is solved for again.

use crate::numeric::{DoubleDouble, sort_largest_first};
use nalgebra::{DMatrix, DVector};

/// The first round gives doubles, each of the others as many digits again.
const ROUNDS: usize = 3;

/// The pivots and dependent columns of all relations, ready to be solved for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LeastNorm {
    /// Pivots, then dependent columns.
    columns: Vec<usize>,
    /// `C'`: one row per column, one column per pivot.
    combined: DMatrix<f64>,
    /// `1/F`, relative to the largest.
    weights: Vec<f64>,
    /// `R` of `F^-1 C' = Q R`, and the pivots in the order of its columns.
    triangle: DMatrix<f64>,
    order: Vec<usize>,
}

impl LeastNorm {
    /// Of the pivots' columns, and of each dependent column with its coefficients by pivot (of the first ones: the others are
    /// zero); `None` where there is nothing to choose.
    pub(super) fn new(pivots: &[usize], dependent: &[(usize, &[f64])], factor: &[f64]) -> Option<Self> {
        let coefficient = |which: usize, pivot: usize| dependent[which].1.get(pivot).copied().unwrap_or(0.0);
        let takes_part = |pivot: &usize| (0..dependent.len()).any(|which| coefficient(which, *pivot) != 0.0);
        let taking_part: Vec<usize> = (0..pivots.len()).filter(takes_part).collect();
        if taking_part.is_empty() {
            return None;
        }
        let count = taking_part.len();
        let combined =
            DMatrix::from_fn(count + dependent.len(), count, |row, place| match row.checked_sub(count) {
                None => f64::from(u8::from(row == place)),
                Some(which) => coefficient(which, taking_part[place]),
            });
        let columns: Vec<usize> =
            taking_part.iter().map(|&pivot| pivots[pivot]).chain(dependent.iter().map(|of| of.0)).collect();
        let least = columns.iter().map(|&column| factor[column]).fold(f64::INFINITY, f64::min);
        let weights: Vec<f64> = columns.iter().map(|&column| least / factor[column]).collect();
        let (triangle, order) = weighted_triangle(&combined, &weights)?;
        Some(Self { columns, combined, weights, triangle, order })
    }

    /// Coefficients of all columns in the head of least norm, from those of any head with the same logits but for a constant.
    pub(super) fn solve(&self, exact: &[DoubleDouble]) -> Vec<DoubleDouble> {
        let mut all = exact.to_vec();
        self.columns.iter().for_each(|&column| all[column] = DoubleDouble::default());
        let of_pivots = self.by_pivots(exact);
        for _ in 0..ROUNDS {
            let step = &self.combined * self.along(&self.left(&of_pivots, &all));
            for ((&column, step), weight) in self.columns.iter().zip(step.iter()).zip(&self.weights) {
                all[column] += (step * weight * weight).into();
            }
        }
        all
    }

    /// `C x`: coefficients of the pivots in the head with the same logits in which dependent columns have none.
    fn by_pivots(&self, all: &[DoubleDouble]) -> Vec<DoubleDouble> {
        let of_pivot = |place: usize| {
            let parts = self.columns.iter().enumerate();
            let parts = parts.map(|(row, &column)| all[column] * self.combined[(row, place)].into());
            parts.fold(DoubleDouble::default(), |sum, part| sum + part)
        };
        (0..self.combined.ncols()).map(of_pivot).collect()
    }

    /// `b - C x`.
    fn left(&self, of_pivots: &[DoubleDouble], all: &[DoubleDouble]) -> DVector<f64> {
        let left = of_pivots.iter().zip(self.by_pivots(all)).map(|(&wanted, found)| (wanted - found).value());
        DVector::from_iterator(of_pivots.len(), left)
    }

    /// `z` with `C F^-2 C' z = right`.
    fn along(&self, right: &DVector<f64>) -> DVector<f64> {
        let permuted = DVector::from_fn(right.len(), |place, _| right[self.order[place]]);
        let half = self.triangle.tr_solve_upper_triangular(&permuted);
        let whole = half.and_then(|half| self.triangle.solve_upper_triangular(&half));
        let mut solved = DVector::zeros(right.len());
        if let Some(whole) = whole {
            self.order.iter().zip(whole.iter()).for_each(|(&pivot, &value)| solved[pivot] = value);
        }
        solved
    }
}

/// By Householder's reflections with pivoting, rows in the order of their size, so that each keeps its own digits (Powell and
/// Reid 1969); `None` where it is singular.
fn weighted_triangle(combined: &DMatrix<f64>, weights: &[f64]) -> Option<(DMatrix<f64>, Vec<usize>)> {
    let size = |row: usize| combined.row(row).amax() * weights[row];
    let mut rows: Vec<usize> = (0..combined.nrows()).collect();
    sort_largest_first(&mut rows, size);
    let entry = |row: usize, column: usize| combined[(rows[row], column)] * weights[rows[row]];
    let factor = DMatrix::from_fn(rows.len(), combined.ncols(), entry).col_piv_qr();
    let mut order = DMatrix::from_fn(1, combined.ncols(), |_, column| column);
    factor.p().permute_columns(&mut order);
    let triangle = factor.r();
    let regular = triangle.diagonal().iter().all(|entry| *entry != 0.0 && entry.is_finite());
    regular.then(|| (triangle, order.iter().copied().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One length in units that are a factor of 1e9 apart, and a column of its own.
    #[test]
    fn columns_of_any_unit_keep_their_digits() {
        let factor = [1.0, 1e-9, 1e9, 1.0];
        let pivots = [0, 3];
        let one = [1.0, 0.0];
        let least_norm = LeastNorm::new(&pivots, &[(1, &one), (2, &one)], &factor).expect("relations");
        let exact = [0.424, 0.0, 0.0, 0.25].map(DoubleDouble::from);
        let found = least_norm.solve(&exact);
        // The share of a column is the inverse square of its factor.
        let total = 1.0 + 1e18 + 1e-18;
        for (column, share) in [(0, 1.0), (1, 1e18), (2, 1e-18)] {
            let expected = 0.424 * share / total;
            let apart = (found[column].value() / expected - 1.0).abs();
            assert!(apart < 1e-14, "column {column}: {:e}, {expected:e}", found[column].value());
        }
        assert_eq!(found[3].value(), 0.25);
        let sum = found[0] + found[1] + found[2];
        assert!((sum - exact[0]).value().abs() < 1e-30);
    }

    #[test]
    fn nothing_is_chosen_without_relations() {
        assert!(LeastNorm::new(&[0, 1], &[], &[1.0, 1.0]).is_none());
        assert!(LeastNorm::new(&[0], &[(1, &[0.0])], &[1.0, 1.0]).is_none());
    }
}
