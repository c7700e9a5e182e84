//! By nalgebra.

use crate::solver::hessian::Real;
pub(in crate::solver) use nalgebra::RealField as Element;
use nalgebra::{Cholesky, DMatrix, DMatrixView, DMatrixViewMut, Dyn, RowDVector, SymmetricEigen};
use std::array;

/// Rows and columns of a product that are computed at a time.
const TILE: usize = 4;

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

/// Terms are added in the order of the rows, as [`many_transposed_times`] does.
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

/// Several columns at a time, which instructions for vectors take.
fn many_transposed_times<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let (samples, columns) = (left.len() / rows, right.len() / rows);
    for first in (0..columns).step_by(TILE) {
        let here = TILE.min(columns - first);
        let mut across = vec![[T::ZERO; TILE]; rows];
        for (place, column) in right[first * rows..].chunks_exact(rows).take(here).enumerate() {
            across.iter_mut().zip(column).for_each(|(across, &entry)| across[place] = entry);
        }
        for (sample, left) in left.chunks_exact(rows).enumerate() {
            let mut sums = [T::ZERO; TILE];
            for (&left, across) in left.iter().zip(&across) {
                for (sum, &right) in sums.iter_mut().zip(across) {
                    *sum += left * right;
                }
            }
            for (place, &sum) in sums[..here].iter().enumerate() {
                out[(first + place) * samples + sample] = sum;
            }
        }
    }
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

/// Samples are added one after the other, as [`many_add_outer`] does.
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

/// Tile by tile of the lower triangle, each of which stays in registers while samples pass. Where rows are no multiple of a tile, the
/// last one overlaps the one before and gives only what that has not given.
fn many_add_outer<T: Real>(left: &[T], right: &[T], rows: usize, out: &mut [T]) {
    let last = rows - TILE;
    for column in (0..rows).step_by(TILE) {
        for row in (column..rows).step_by(TILE) {
            let corner = [row.min(last), column.min(last)];
            let mut sums: [[T; TILE]; TILE] =
                array::from_fn(|j| array::from_fn(|i| out[(corner[1] + j) * rows + corner[0] + i]));
            add_tile(left, right, rows, corner, &mut sums);
            for j in column..rows.min(column + TILE) {
                for i in row..rows.min(row + TILE) {
                    out[j * rows + i] = sums[j - corner[1]][i - corner[0]];
                }
            }
        }
    }
}

/// Adds samples one after the other to the entries from `row` and `column` on.
fn add_tile<T: Real>(
    left: &[T],
    right: &[T],
    rows: usize,
    [row, column]: [usize; 2],
    sums: &mut [[T; TILE]; TILE],
) {
    for (left, right) in left.chunks_exact(rows).zip(right.chunks_exact(rows)) {
        let (left, right) = (&left[row..row + TILE], &right[column..column + TILE]);
        for (sums, &right) in sums.iter_mut().zip(right) {
            for (sum, &left) in sums.iter_mut().zip(left) {
                *sum += left * right;
            }
        }
    }
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

    fn numbers<T: Real>(count: usize, step: f64) -> Vec<T> {
        (0..count).map(|place| T::narrowed((step * place as f64).sin())).collect()
    }

    fn check<T: Real + std::fmt::Debug>(rows: usize) {
        let (samples, columns) = (37, 5);
        let (left, right): (Vec<T>, Vec<T>) = (numbers(rows * samples, 1.7), numbers(rows * samples, 0.9));
        let sum = |start: T, terms: &mut dyn Iterator<Item = (T, T)>| {
            terms.fold(start, |mut sum, (left, right)| {
                sum += left * right;
                sum
            })
        };
        let mut found: Vec<T> = numbers(samples * columns, 1.0);
        transposed_times(&left, &right[..rows * columns], rows, &mut found);
        for (place, found) in found.iter().enumerate() {
            let (sample, column) = (place % samples, place / samples);
            let mut terms = (0..rows).map(|row| (left[sample * rows + row], right[column * rows + row]));
            assert_eq!(*found, sum(T::ZERO, &mut terms), "{rows} rows");
        }
        let start: Vec<T> = numbers(rows * rows, 0.3);
        let mut found = start.clone();
        add_lower_of_outer(&left, &right, rows, &mut found);
        for column in 0..rows {
            for row in column..rows {
                let mut terms = (0..samples).map(|n| (left[n * rows + row], right[n * rows + column]));
                let place = column * rows + row;
                assert_eq!(found[place], sum(start[place], &mut terms), "{rows} rows: {row}, {column}");
            }
        }
    }

    #[test]
    fn terms_are_added_one_after_the_other_however_many_rows_there_are() {
        for rows in 1..=17 {
            check::<f32>(rows);
            check::<f64>(rows);
        }
    }
}
