//! Compensated sums, so that many small terms are not lost beside few large ones; and the sign of a sum of products of
//! doubles, with certainty.
//!
//! A compensated sum with a bound on its error nearly always decides a sign (Ogita, Rump and Oishi 2005). Where it does not,
//! or where products leave the range in which the bound is valid, the sum is taken over whole numbers of any length.

use super::double_double::{two_product, two_sum};
use nalgebra::DMatrix;
use num_bigint::BigInt;
use std::cmp::Ordering;

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

/// The middle one of some numbers, which change places; zero of none.
pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    let middle = numbers.len() / 2;
    if numbers.is_empty() { 0.0 } else { *numbers.select_nth_unstable_by(middle, f64::total_cmp).1 }
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
        self.add_terms(part.iter().copied());
    }

    /// Adds a term to every sum, column after column.
    #[inline]
    pub fn add_terms(&mut self, terms: impl Iterator<Item = f64>) {
        let entries = self.rounded.iter_mut().zip(self.error.iter_mut()).zip(terms);
        for ((rounded, error), term) in entries {
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

/// Products of this size and their rounding errors are doubles, neither infinite nor subnormal.
const SAFE_PRODUCTS: std::ops::Range<f64> = 1e-250..1e280;
/// Factors below this can be split into halves.
const SAFE_FACTOR: f64 = 1e280;

/// A finite double as a whole number times a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binary {
    pub(crate) whole: i64,
    pub(crate) exponent: i32,
}

impl Binary {
    /// `value = whole * 2^exponent`; the value must be finite.
    #[allow(clippy::cast_possible_wrap, reason = "53 bits of a mantissa, 11 of an exponent")]
    pub(crate) fn of(value: f64) -> Self {
        const MANTISSA: u64 = (1 << 52) - 1;
        let bits = value.to_bits();
        let (stored, fraction) = ((bits >> 52 & 0x7ff) as i32, (bits & MANTISSA) as i64);
        let (whole, exponent) =
            if stored == 0 { (fraction, -1074) } else { (fraction | 1 << 52, stored - 1075) };
        Self { whole: if value < 0.0 { -whole } else { whole }, exponent }
    }
}

/// Compares `sum of a b` over the pairs `(a, b)` with zero. All numbers must be finite.
pub(crate) fn sign_of_products(terms: impl Iterator<Item = (f64, f64)> + Clone) -> Ordering {
    bounded_sign(terms.clone()).unwrap_or_else(|| exact_sign(terms))
}

/// The sign by a compensated sum, where its error bound leaves no doubt.
fn bounded_sign(terms: impl Iterator<Item = (f64, f64)>) -> Option<Ordering> {
    let (mut sum, mut error, mut errors, mut count) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for (a, b) in terms {
        if a == 0.0 || b == 0.0 {
            continue;
        }
        let safe = a.abs().max(b.abs()) < SAFE_FACTOR && SAFE_PRODUCTS.contains(&(a * b).abs());
        if !safe {
            return None;
        }
        let (product, lost) = two_product(a, b);
        let (next, lost_of_sum) = two_sum(sum, product);
        sum = next;
        error += lost + lost_of_sum;
        errors += lost.abs() + lost_of_sum.abs();
        count += 2.0;
    }
    // `sum` plus all errors is exact; adding the errors up loses at most this.
    let lost = 2.0 * (count + 2.0) * f64::EPSILON * errors;
    let value = sum + error;
    if value.abs() > 2.0 * lost {
        value.partial_cmp(&0.0)
    } else {
        (errors == 0.0).then_some(Ordering::Equal)
    }
}

/// The sign by whole numbers.
fn exact_sign(terms: impl Iterator<Item = (f64, f64)> + Clone) -> Ordering {
    let products = terms.filter(|&(a, b)| a != 0.0 && b != 0.0).map(|(a, b)| {
        let (a, b) = (Binary::of(a), Binary::of(b));
        (i128::from(a.whole) * i128::from(b.whole), a.exponent + b.exponent)
    });
    let Some(least) = products.clone().map(|(_, exponent)| exponent).min() else {
        return Ordering::Equal;
    };
    let sum: BigInt = products.map(|(whole, exponent)| BigInt::from(whole) << exponent.abs_diff(least)).sum();
    sum.cmp(&BigInt::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn sign(terms: &[(f64, f64)]) -> Ordering {
        sign_of_products(terms.iter().copied())
    }

    #[test]
    fn a_difference_of_one_unit_in_the_last_place_is_seen() {
        let above = 0.1_f64.next_up();
        assert_eq!(sign(&[(3.0, 0.1), (-3.0, 0.1)]), Ordering::Equal);
        assert_eq!(sign(&[(3.0, above), (-3.0, 0.1)]), Ordering::Greater);
        assert_eq!(sign(&[(1e200, 1e60), (-1e200, 1e60), (5e-324, 0.1)]), Ordering::Greater);
        assert_eq!(sign(&[(1e308, 1e308), (-1e308, 1e308), (-5e-324, 5e-324)]), Ordering::Less);
        assert_eq!(sign(&[]), Ordering::Equal);
        // Rounded, 0.1 + 0.2 exceeds 0.3, and so does the exact sum of these doubles: by 2.8e-17 in place of 5.6e-17.
        assert_eq!(sign(&[(0.1, 1.0), (0.2, 1.0), (-0.3, 1.0), (-2.7e-17, 1.0)]), Ordering::Greater);
        assert_eq!(sign(&[(0.1, 1.0), (0.2, 1.0), (-0.3, 1.0), (-2.8e-17, 1.0)]), Ordering::Less);
    }

    proptest! {
        #[test]
        fn the_bound_never_contradicts_whole_numbers(
            terms in prop::collection::vec((-40_i32..40, -8_i32..8, -40_i32..40, -60_i32..60), 0..12),
            mirrored in any::<bool>(),
        ) {
            let scaled = |whole: i32, power: i32| f64::from(whole) / 7.0 * f64::from(power).exp2();
            let mut terms: Vec<(f64, f64)> =
                terms.into_iter().map(|(a, i, b, j)| (scaled(a, i), scaled(b, j))).collect();
            if mirrored {
                terms.extend(terms.clone().into_iter().map(|(a, b)| (-a, b)));
            }
            let exact = exact_sign(terms.iter().copied());
            prop_assert!(bounded_sign(terms.iter().copied()).is_none_or(|sign| sign == exact));
            prop_assert!(!mirrored || exact == Ordering::Equal);
        }

        /// Over small whole numbers, 128 bits are exact.
        #[test]
        fn signs_of_whole_numbers_are_right(terms in prop::collection::vec((-9_i32..9, -9_i32..9), 0..9)) {
            let sum: i32 = terms.iter().map(|(a, b)| a * b).sum();
            let terms: Vec<(f64, f64)> = terms.into_iter().map(|(a, b)| (a.into(), b.into())).collect();
            prop_assert_eq!(sign(&terms), sum.cmp(&0));
            prop_assert_eq!(exact_sign(terms.iter().copied()), sum.cmp(&0));
        }
    }
}
