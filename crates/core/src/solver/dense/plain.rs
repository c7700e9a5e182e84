//! By nalgebra.

use crate::solver::hessian::Real;
pub(in crate::solver) use nalgebra::RealField as Element;
use nalgebra::{Cholesky, DMatrix, DMatrixView, DMatrixViewMut, Dyn, RowDVector, SymmetricEigen};

/// A function of matrices with few rows, for which the general ones spend most of their time between numbers: `$few` of as many rows,
/// as a constant, or else `$many`.
macro_rules! by_rows {
    ($rows:expr, $few:ident($($argument:expr),*), $many:expr) => {
        match $rows {
            1 => $few::<T, 1>($($argument),*),
            2 => $few::<T, 2>($($argument),*),
            3 => $few::<T, 3>($($argument),*),
            4 => $few::<T, 4>($($argument),*),
            _ => $many,
        }
    };
}

/// `left^T right` of two matrices with so many rows.
pub(in crate::solver) fn transposed_times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    by_rows!(rows, few_transposed_times(left, right, out), many_transposed_times(left, right, rows, out));
}

/// Terms are added in the order of the rows, as [`many_transposed_times`] does with few.
fn few_transposed_times<T: Real, const ROWS: usize>(left: &[T], right: &[T], out: &mut [T]) {
    let (left, right) = (left.as_chunks::<ROWS>().0, right.as_chunks::<ROWS>().0);
    for (out, right) in out.chunks_exact_mut(left.len().max(1)).zip(right) {
        for (out, left) in out.iter_mut().zip(left) {
            let mut sum = T::ZERO;
            for row in 0..ROWS {
                sum += left[row] * right[row];
            }
            *out = sum;
        }
    }
}

fn many_transposed_times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
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
    out.fill(T::ZERO);
    add_lower_of_outer(left, right, rows, out);
}

/// The same, added to what is there.
pub(in crate::solver) fn add_lower_of_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    by_rows!(rows, few_add_outer(left, right, out), many_add_outer(left, right, rows, out));
}

/// Samples are added one after the other, as [`many_add_outer`] does with few rows.
fn few_add_outer<T: Real, const ROWS: usize>(left: &[T], right: &[T], out: &mut [T]) {
    let mut sums = [[T::ZERO; ROWS]; ROWS];
    sums.as_flattened_mut().copy_from_slice(out);
    for (left, right) in left.as_chunks::<ROWS>().0.iter().zip(right.as_chunks::<ROWS>().0) {
        for (sums, &right) in sums.iter_mut().zip(right) {
            for row in 0..ROWS {
                sums[row] += left[row] * right;
            }
        }
    }
    out.copy_from_slice(sums.as_flattened());
}

fn many_add_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let [left, right] =
        [left, right].map(|matrix| DMatrixView::from_slice(matrix, rows, matrix.len() / rows));
    // Copied: nalgebra 0.34 reads past the end of small matrices that are seen across by strides.
    let across = right.transpose();
    DMatrixViewMut::from_slice(out, rows, rows).gemm(T::ONE, &left, &across, T::ONE);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_multiplied_to_the_same_bits_as_many() {
        fn check<T: Real + std::fmt::Debug, const ROWS: usize>() {
            let numbers = |count: usize, step: f64| -> Vec<T> {
                (0..count).map(|place| T::narrowed((step * place as f64).sin())).collect()
            };
            let (samples, columns) = (37, 5);
            let (left, right) = (numbers(ROWS * samples, 1.7), numbers(ROWS * samples, 0.9));
            let mut found = [numbers(samples * columns, 0.0), numbers(samples * columns, 1.0)];
            few_transposed_times::<T, ROWS>(&left, &right[..ROWS * columns], &mut found[0]);
            many_transposed_times(&left, &right[..ROWS * columns], ROWS, &mut found[1]);
            assert_eq!(found[0], found[1], "{ROWS} rows");
            let mut sums = [numbers(ROWS * ROWS, 0.3), numbers(ROWS * ROWS, 0.3)];
            few_add_outer::<T, ROWS>(&left, &right, &mut sums[0]);
            many_add_outer(&left, &right, ROWS, &mut sums[1]);
            assert_eq!(sums[0], sums[1], "{ROWS} rows");
        }
        check::<f32, 1>();
        check::<f32, 2>();
        check::<f32, 3>();
        check::<f32, 4>();
        check::<f64, 1>();
        check::<f64, 2>();
        check::<f64, 3>();
        check::<f64, 4>();
    }
}
