//! Cholesky factors and eigenvalues of symmetric matrices: nalgebra's for small ones, faer's blocked algorithms for
//! large ones.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{MatMut, MatRef, Par, Side, Spec};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

/// Below this many rows blocked algorithms are slower.
const BLOCKED_FROM: usize = 48;

/// The Cholesky factor of a matrix, of which the lower triangle is read; `None` unless it is positive definite.
pub(super) fn cholesky(mut matrix: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let rows = matrix.nrows();
    if rows < BLOCKED_FROM {
        return Cholesky::new(matrix);
    }
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(rows, Par::Seq, Spec::default()));
    let view = MatMut::from_column_major_slice_mut(matrix.as_mut_slice(), rows, rows);
    let stack = MemStack::new(&mut memory);
    cholesky_in_place(view, LltRegularization::default(), Par::Seq, stack, Spec::default()).ok()?;
    // The blocked algorithm need not fail on NaN entries; the diagonal shows them.
    (0..rows).all(|entry| matrix[(entry, entry)] > 0.0).then(|| Cholesky::pack_dirty(matrix))
}

/// Solves for many right sides at once, column by column: the factor is read once for all of them.
pub(super) fn solve_many(factor: &Cholesky<f64, Dyn>, right: &mut DMatrix<f64>) {
    let lower = factor.l_dirty();
    let (rows, columns) = right.shape();
    let lower = MatRef::from_column_major_slice(lower.as_slice(), rows, rows);
    let mut right = MatMut::from_column_major_slice_mut(right.as_mut_slice(), rows, columns);
    solve_lower_triangular_in_place(lower, right.as_mut(), Par::Seq);
    solve_upper_triangular_in_place(lower.transpose(), right, Par::Seq);
}

/// Eigenvalues, in no promised order, and eigenvectors of a symmetric matrix.
pub(super) fn eigen(matrix: DMatrix<f64>) -> SymmetricEigen<f64, Dyn> {
    let rows = matrix.nrows();
    let found = (rows >= BLOCKED_FROM)
        .then(|| {
            let view = MatRef::from_column_major_slice(matrix.as_slice(), rows, rows);
            view.self_adjoint_eigen(Side::Lower).ok()
        })
        .flatten();
    let Some(found) = found else { return SymmetricEigen::new(matrix) };
    let (vectors, values) = (found.U(), found.S());
    SymmetricEigen {
        eigenvectors: DMatrix::from_fn(rows, rows, |row, column| vectors[(row, column)]),
        eigenvalues: DVector::from_fn(rows, |row, _| values[row]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symmetric, with eigenvalues that a shift moves.
    fn symmetric(rows: usize, shift: f64) -> DMatrix<f64> {
        let entry = |row: usize, column: usize| ((row * column + row + column) as f64).sin();
        DMatrix::from_fn(rows, rows, |row, column| {
            entry(row, column) + if row == column { shift } else { 0.0 }
        })
    }

    #[test]
    fn factors_of_any_size_multiply_to_the_matrix() {
        for rows in [1, 5, BLOCKED_FROM - 1, BLOCKED_FROM, 150] {
            let matrix = symmetric(rows, 2.0 * rows as f64);
            let lower = cholesky(matrix.clone()).expect("a dominant diagonal").l();
            assert!((&lower * lower.transpose() - &matrix).amax() <= 1e-13 * matrix.amax() * rows as f64);
        }
    }

    #[test]
    fn many_right_sides_are_solved_as_one_by_one() {
        for rows in [5, 150] {
            let factor = cholesky(symmetric(rows, 2.0 * rows as f64)).expect("a dominant diagonal");
            let right = DMatrix::from_fn(rows, 7, |row, column| ((row + 3 * column) as f64).cos());
            let mut solved = right.clone();
            solve_many(&factor, &mut solved);
            assert!((solved - factor.solve(&right)).amax() <= 1e-13);
        }
    }

    #[test]
    fn indefinite_matrices_and_those_that_hold_no_numbers_have_none() {
        for rows in [5, 150] {
            assert!(cholesky(symmetric(rows, -1.0)).is_none());
            let mut broken = symmetric(rows, 2.0 * rows as f64);
            broken[(rows - 1, 0)] = f64::NAN;
            assert!(cholesky(broken).is_none());
        }
    }

    #[test]
    fn eigenvectors_of_any_size_turn_the_matrix_diagonal() {
        for rows in [5, BLOCKED_FROM, 150] {
            let matrix = symmetric(rows, 0.5);
            let found = eigen(matrix.clone());
            let diagonal = DMatrix::from_diagonal(&found.eigenvalues);
            let back = &found.eigenvectors * diagonal * found.eigenvectors.transpose();
            assert!((back - &matrix).amax() <= 1e-13 * rows as f64);
        }
    }
}
