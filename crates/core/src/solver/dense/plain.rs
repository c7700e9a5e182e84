//! By nalgebra.

use crate::solver::hessian::Real;
pub(in crate::solver) use nalgebra::RealField as Element;
use nalgebra::{Cholesky, DMatrix, DMatrixView, DMatrixViewMut, Dyn, RowDVector, SymmetricEigen};

/// `left^T right` of two matrices with so many rows.
pub(in crate::solver) fn transposed_times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let (samples, columns) = (left.len() / rows, right.len() / rows);
    let left = DMatrixView::from_slice(left, rows, samples);
    let right = DMatrixView::from_slice(right, rows, columns);
    DMatrixViewMut::from_slice(out, samples, columns).gemm_tr(T::ONE, &left, &right, T::ZERO);
}

/// `left right`, of which the left matrix has so many rows.
pub(in crate::solver) fn times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let (inner, columns) = (left.len() / rows, out.len() / rows);
    let left = DMatrixView::from_slice(left, rows, inner);
    let right = DMatrixView::from_slice(right, inner, columns);
    DMatrixViewMut::from_slice(out, rows, columns).gemm(T::ONE, &left, &right, T::ZERO);
}

/// The lower triangle of `left right^T`, of two matrices with so many rows. The upper one has no meaning.
pub(in crate::solver) fn lower_of_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    lower(left, right, rows, out, T::ZERO);
}

/// The same, added to what is there.
pub(in crate::solver) fn add_lower_of_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    lower(left, right, rows, out, T::ONE);
}

fn lower<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T], share_of_old: T) {
    let [left, right] =
        [left, right].map(|matrix| DMatrixView::from_slice(matrix, rows, matrix.len() / rows));
    // Copied: nalgebra 0.34 reads past the end of small matrices that are seen across by strides.
    let across = right.transpose();
    DMatrixViewMut::from_slice(out, rows, rows).gemm(T::ONE, &left, &across, share_of_old);
}

/// `X X^T`.
pub(in crate::solver) fn outer(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    matrix * matrix.transpose()
}

/// The triangle of a QR factorisation, row after row, of a table whose rows of so many numbers follow one another.
pub(in crate::solver) fn triangle_of_rows(table: &[f64], width: usize) -> Vec<f64> {
    let triangle = DMatrix::from_row_slice(table.len() / width, width, table).qr().unpack_r();
    triangle.transpose().as_slice().to_vec()
}

/// The orthonormal columns and the triangle of a QR factorisation.
pub(in crate::solver) fn qr(matrix: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    matrix.clone().qr().unpack()
}

/// The triangle of a QR factorisation with column pivoting, and the columns in the order of its own.
pub(in crate::solver) fn pivoted_qr(matrix: &DMatrix<f64>) -> (DMatrix<f64>, Vec<usize>) {
    let factored = matrix.clone().col_piv_qr();
    let mut order = RowDVector::from_iterator(matrix.ncols(), 0..matrix.ncols());
    factored.p().permute_columns(&mut order);
    (factored.r(), order.iter().copied().collect())
}

/// The Cholesky factor of a matrix, of which the lower triangle is read; `None` unless it is positive definite.
pub(in crate::solver) fn cholesky(matrix: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    Cholesky::new(matrix)
}

/// Solves for many right sides.
pub(in crate::solver) fn solve_many(factor: &Cholesky<f64, Dyn>, right: &mut DMatrix<f64>) {
    factor.solve_mut(right);
}

/// Eigenvalues, in no promised order, and eigenvectors of a symmetric matrix.
pub(in crate::solver) fn eigen(matrix: DMatrix<f64>) -> SymmetricEigen<f64, Dyn> {
    SymmetricEigen::new(matrix)
}
