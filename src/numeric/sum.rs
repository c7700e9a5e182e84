//! Sums that carry their own rounding error along, so that many small terms are not lost beside few large ones.

use super::double_double::two_sum;
use nalgebra::DMatrix;

/// A compensated running sum.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    rounded: f64,
    error: f64,
}

impl Sum {
    /// Adds one term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let (rounded, error) = two_sum(self.rounded, term);
        self.rounded = rounded;
        self.error += error;
    }

    /// Adds another sum with its own error.
    pub fn merge(&mut self, other: Self) {
        self.add(other.rounded);
        self.error += other.error;
    }

    /// The sum so far, rounded once.
    #[must_use]
    pub fn value(self) -> f64 {
        self.rounded + self.error
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

/// The largest of zero and some numbers; NaN if one of them is, which `f64::max` would drop.
pub fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let larger =
        |largest: f64, number: f64| if largest.is_nan() || number <= largest { largest } else { number };
    numbers.into_iter().fold(0.0, larger)
}

/// The largest magnitude of some numbers, zero for none; NaN if one of them is.
pub fn largest_magnitude(numbers: impl IntoIterator<Item = f64>) -> f64 {
    largest(numbers.into_iter().map(f64::abs))
}

/// A matrix of compensated sums, fed one partial matrix at a time.
#[derive(Debug, Clone)]
pub struct CompensatedMatrix {
    rounded: DMatrix<f64>,
    error: DMatrix<f64>,
}

impl CompensatedMatrix {
    /// All sums at zero.
    #[must_use]
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rounded: DMatrix::zeros(rows, columns), error: DMatrix::zeros(rows, columns) }
    }

    /// Rows and columns.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.rounded.shape()
    }

    /// Adds a partial matrix of the same shape.
    pub fn add(&mut self, part: &DMatrix<f64>) {
        let entries = self.rounded.iter_mut().zip(self.error.iter_mut()).zip(part.iter());
        for ((rounded, error), &term) in entries {
            let (sum, lost) = two_sum(*rounded, term);
            *rounded = sum;
            *error += lost;
        }
    }

    /// The sums, rounded once.
    #[must_use]
    pub fn value(self) -> DMatrix<f64> {
        self.rounded + self.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_survive_large_ones() {
        let sum: Sum = [1e16, 1.0, 1.0, -1e16, 1e-3].into_iter().collect();
        assert_eq!(sum.value(), 2.001);
        let mut matrix = CompensatedMatrix::zeros(1, 1);
        for term in [1e16, 1.0, -1e16] {
            matrix.add(&DMatrix::from_element(1, 1, term));
        }
        assert_eq!(matrix.value()[(0, 0)], 1.0);
    }

    #[test]
    fn one_that_is_no_number_is_the_largest() {
        assert_eq!(largest_magnitude([1.0, -3.0, 2.0]), 3.0);
        assert_eq!(largest_magnitude([]), 0.0);
        for place in 0..3 {
            let mut numbers = [1.0, 2.0, 3.0];
            numbers[place] = f64::NAN;
            assert!(largest_magnitude(numbers).is_nan());
        }
    }
}
