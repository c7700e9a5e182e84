//! Products and factors of dense matrices: faer's blocked algorithms in a build with the feature `fast`, else those of
//! nalgebra. The two agree up to rounding. Matrices that are slices lie column after column.

#[cfg(feature = "fast")]
mod blocked;
#[cfg(not(feature = "fast"))]
mod plain;

#[cfg(feature = "fast")]
pub(super) use blocked::{
    Element, add_lower_of_outer, cholesky, eigen, lower_of_outer, outer, pivoted_qr, qr, solve_many, times,
    transposed_times, triangle_of_rows,
};
#[cfg(not(feature = "fast"))]
pub(super) use plain::{
    Element, add_lower_of_outer, cholesky, eigen, lower_of_outer, outer, pivoted_qr, qr, solve_many, times,
    transposed_times, triangle_of_rows,
};

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    /// Symmetric, with eigenvalues that a shift moves.
    fn symmetric(rows: usize, shift: f64) -> DMatrix<f64> {
        let entry = |row: usize, column: usize| ((row * column + row + column) as f64).sin();
        DMatrix::from_fn(rows, rows, |row, column| {
            entry(row, column) + if row == column { shift } else { 0.0 }
        })
    }

    #[test]
    fn products_are_those_of_nalgebra() {
        let entry = |row: usize, column: usize| ((3 * row + column * column) as f64).sin();
        for (rows, samples, columns) in [(1, 1, 1), (3, 7, 2), (40, 130, 9)] {
            let block = DMatrix::from_fn(rows, samples, entry);
            let other = DMatrix::from_fn(rows, samples, |row, column| entry(column, row));
            let (theta, residuals) =
                (DMatrix::from_fn(rows, columns, entry), DMatrix::from_fn(samples, columns, entry));
            let close = |found: &DMatrix<f64>, expected: DMatrix<f64>| (found - expected).amax() < 1e-12;
            let mut found = DMatrix::from_element(samples, columns, f64::NAN);
            transposed_times(block.as_slice(), theta.as_slice(), rows, found.as_mut_slice());
            assert!(close(&found, block.tr_mul(&theta)));
            let mut found = DMatrix::from_element(rows, columns, f64::NAN);
            times(block.as_slice(), residuals.as_slice(), rows, found.as_mut_slice());
            assert!(close(&found, &block * &residuals));
            let expected = &block * other.transpose();
            let mut found = DMatrix::zeros(rows, rows);
            lower_of_outer(block.as_slice(), other.as_slice(), rows, found.as_mut_slice());
            add_lower_of_outer(block.as_slice(), other.as_slice(), rows, found.as_mut_slice());
            assert!(close(&found.lower_triangle(), 2.0 * expected.lower_triangle()));
            assert!(close(&outer(&block), &block * block.transpose()));
        }
    }

    #[test]
    fn qr_factors_of_any_shape_multiply_to_the_table() {
        for (rows, columns) in [(1, 1), (9, 4), (4, 9), (70, 60)] {
            let table =
                DMatrix::from_fn(rows, columns, |row, column| ((row * row + 5 * column) as f64).cos());
            let (basis, triangle) = qr(&table);
            assert!((&basis * &triangle - &table).amax() < 1e-12);
            assert_eq!(basis.ncols(), rows.min(columns));
            let by_rows: Vec<f64> = table.transpose().as_slice().to_vec();
            let other = triangle_of_rows(&by_rows, columns);
            let other = DMatrix::from_row_slice(rows.min(columns), columns, &other);
            assert!((other.tr_mul(&other) - table.tr_mul(&table)).amax() < 1e-11);
        }
    }

    #[test]
    fn factors_of_any_size_multiply_to_the_matrix() {
        for rows in [1, 5, 47, 48, 150] {
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
        for rows in [5, 48, 150] {
            let matrix = symmetric(rows, 0.5);
            let found = eigen(matrix.clone());
            let diagonal = DMatrix::from_diagonal(&found.eigenvalues);
            let back = &found.eigenvectors * diagonal * found.eigenvectors.transpose();
            assert!((back - &matrix).amax() <= 1e-13 * rows as f64);
        }
    }
}
