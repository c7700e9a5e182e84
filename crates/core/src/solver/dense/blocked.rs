//! By faer, small matrices by nalgebra.

use crate::solver::hessian::Real;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
pub(in crate::solver) use faer::traits::ComplexField as Element;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side, Spec};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

/// `left^T right` of two matrices with so many rows.
pub(in crate::solver) fn transposed_times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let (samples, columns) = (left.len() / rows, right.len() / rows);
    let left = MatRef::from_column_major_slice(left, rows, samples);
    let right = MatRef::from_column_major_slice(right, rows, columns);
    let out = MatMut::from_column_major_slice_mut(out, samples, columns);
    matmul(out, Accum::Replace, left.transpose(), right, T::ONE, Par::Seq);
}

/// `left right`, of which the left matrix has so many rows.
pub(in crate::solver) fn times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let (inner, columns) = (left.len() / rows, out.len() / rows);
    let left = MatRef::from_column_major_slice(left, rows, inner);
    let right = MatRef::from_column_major_slice(right, inner, columns);
    let out = MatMut::from_column_major_slice_mut(out, rows, columns);
    matmul(out, Accum::Replace, left, right, T::ONE, Par::Seq);
}

/// The lower triangle of `left right^T`, of two matrices with so many rows. The upper one is left as it is.
pub(in crate::solver) fn lower_of_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    lower(left, right, rows, out, Accum::Replace);
}

/// The same, added to what is there.
pub(in crate::solver) fn add_lower_of_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    lower(left, right, rows, out, Accum::Add);
}

fn lower<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T], accumulate: Accum) {
    let samples = left.len() / rows;
    triangular_matmul(
        MatMut::from_column_major_slice_mut(out, rows, rows),
        BlockStructure::TriangularLower,
        accumulate,
        MatRef::from_column_major_slice(left, rows, samples),
        BlockStructure::Rectangular,
        MatRef::from_column_major_slice(right, rows, samples).transpose(),
        BlockStructure::Rectangular,
        T::ONE,
        Par::Seq,
    );
}

/// `X X^T`.
pub(in crate::solver) fn outer(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let (rows, columns) = matrix.shape();
    let mut product = DMatrix::zeros(rows, rows);
    let view = MatRef::from_column_major_slice(matrix.as_slice(), rows, columns);
    let out = MatMut::from_column_major_slice_mut(product.as_mut_slice(), rows, rows);
    matmul(out, Accum::Replace, view, view.transpose(), 1.0, Par::Seq);
    product
}

/// The triangle of a QR factorisation, row after row, of a table whose rows of so many numbers follow one another.
pub(in crate::solver) fn triangle_of_rows(table: &[f64], width: usize) -> Vec<f64> {
    let factored = MatRef::from_row_major_slice(table, table.len() / width, width).qr();
    let triangle = factored.thin_R();
    (0..triangle.nrows())
        .flat_map(|row| {
            (0..width).map(move |column| if column < row { 0.0 } else { triangle[(row, column)] })
        })
        .collect()
}

/// The orthonormal columns and the triangle of a QR factorisation.
pub(in crate::solver) fn qr(matrix: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let (rows, columns) = matrix.shape();
    let factored = MatRef::from_column_major_slice(matrix.as_slice(), rows, columns).qr();
    let basis: Mat<f64> = factored.compute_thin_Q();
    (copied(basis.as_ref()), copied(factored.thin_R()).upper_triangle())
}

/// The triangle of a QR factorisation with column pivoting, and the columns in the order of its own.
pub(in crate::solver) fn pivoted_qr(matrix: &DMatrix<f64>) -> (DMatrix<f64>, Vec<usize>) {
    let (rows, columns) = matrix.shape();
    let factored = MatRef::from_column_major_slice(matrix.as_slice(), rows, columns).col_piv_qr();
    (copied(factored.thin_R()).upper_triangle(), factored.P().arrays().0.to_vec())
}

fn copied(matrix: MatRef<'_, f64>) -> DMatrix<f64> {
    DMatrix::from_fn(matrix.nrows(), matrix.ncols(), |row, column| matrix[(row, column)])
}

/// Below this many rows blocked algorithms are slower.
const BLOCKED_FROM: usize = 48;

/// The Cholesky factor of a matrix, of which the lower triangle is read; `None` unless it is positive definite.
pub(in crate::solver) fn cholesky(mut matrix: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
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
pub(in crate::solver) fn solve_many(factor: &Cholesky<f64, Dyn>, right: &mut DMatrix<f64>) {
    let lower = factor.l_dirty();
    let (rows, columns) = right.shape();
    let lower = MatRef::from_column_major_slice(lower.as_slice(), rows, rows);
    let mut right = MatMut::from_column_major_slice_mut(right.as_mut_slice(), rows, columns);
    solve_lower_triangular_in_place(lower, right.as_mut(), Par::Seq);
    solve_upper_triangular_in_place(lower.transpose(), right, Par::Seq);
}

/// Eigenvalues, in no promised order, and eigenvectors of a symmetric matrix.
pub(in crate::solver) fn eigen(matrix: DMatrix<f64>) -> SymmetricEigen<f64, Dyn> {
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
