//! The space that some rows span, and what of a vector lies off it (Gram and Schmidt).

use nalgebra::{DMatrix, DVector};

/// A space spanned by rows, by an orthonormal basis.
pub(super) struct Span {
    /// Basis vectors, one per column; the first `size` of them.
    basis: DMatrix<f64>,
    size: usize,
}

impl Span {
    /// What is left of a unit row that lies in the space already.
    const NOTHING: f64 = 1e-11;

    pub(super) fn new(unknowns: usize) -> Self {
        Self { basis: DMatrix::zeros(unknowns, unknowns), size: 0 }
    }

    /// Dimension of the space.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The part of a vector at right angles to the space; twice, since once leaves rounding behind.
    pub(super) fn off(&self, mut vector: DVector<f64>) -> DVector<f64> {
        let basis = self.basis.columns(0, self.size);
        for _ in 0..2 {
            let along = basis.tr_mul(&vector);
            vector.gemv(-1.0, &basis, &along, 1.0);
        }
        vector
    }

    /// Widens the space by a row, unless that lies in it already.
    pub(super) fn include(&mut self, row: DVector<f64>) {
        let size = row.norm();
        let left = self.off(row);
        let new = left.norm();
        if self.size < self.basis.ncols() && new > Self::NOTHING * size {
            self.basis.column_mut(self.size).copy_from(&(left / new));
            self.size += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_off_the_span_is_at_right_angles_to_every_row() {
        let rows: Vec<DVector<f64>> = (0..5)
            .map(|row| {
                DVector::from_fn(8, |j, _| {
                    (((row * 8 + j) * (row * 8 + j)) as f64 * 1.7).sin() + 1e3 * f64::from(j == 0)
                })
            })
            .collect();
        let mut span = Span::new(8);
        rows.iter().for_each(|row| span.include(row.clone()));
        // Twice, and a sum of two: nothing new.
        rows.iter().for_each(|row| span.include(row.clone()));
        span.include(&rows[0] + &rows[3] * 0.1);
        assert_eq!(span.size(), 5);
        let left = span.off(DVector::from_fn(8, |j, _| (j as f64).cos()));
        assert!(left.norm() > 0.1);
        for row in &rows {
            assert!(row.dot(&left).abs() <= 1e-14 * row.norm(), "{:e}", row.dot(&left));
        }
    }
}
