//! Claims that compare losses or designs: inequalities with margins, over set-ups that are fixed, or over draws of a random design.

use super::case::{CaseReport, SetupFailure};
use crate::numeric::{largest, largest_magnitude};
use nalgebra::DMatrix;

/// A claim of inequalities.
pub(super) struct ComparisonClaim {
    pub(super) id: &'static str,
    /// A few words that go on after the id.
    pub(super) title: &'static str,
    pub(super) statement: &'static str,
    /// Its set-ups; the quick run takes every third.
    pub(super) cases: Cases,
    /// Measures one set-up, its draws numbered by a stream family and case.
    pub(super) check: fn(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure>,
    /// Sentences over what the cases observed.
    pub(super) summarise: fn(&[Vec<f64>]) -> Vec<String>,
}

/// How many set-ups a claim has, and how they are judged.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cases {
    /// Every one of them has to hold.
    All(usize),
    /// Each is a draw of a random design: the claim is about their rate (docs/theory.md#rates).
    Draws(usize),
}

impl Cases {
    pub(super) fn count(self) -> usize {
        match self {
            Self::All(count) | Self::Draws(count) => count,
        }
    }
}

/// How far the worst of some inequalities `value >= least` is missed; zero where all hold.
pub(super) fn missed(inequalities: &[(f64, f64)]) -> f64 {
    let worst = largest(inequalities.iter().map(miss));
    // A number that is none misses everything.
    if worst.is_nan() { f64::INFINITY } else { worst }
}

/// How far the best of them is missed: a control breaks every one. Zero where one holds, or is no number.
pub(super) fn all_missed(inequalities: &[(f64, f64)]) -> f64 {
    inequalities
        .iter()
        .map(miss)
        .map(|miss| if miss.is_nan() { 0.0 } else { miss })
        .fold(f64::INFINITY, f64::min)
}

fn miss(&(value, least): &(f64, f64)) -> f64 {
    if value >= least { 0.0 } else { least - value }
}

/// The largest difference of two matrices beside the largest entry of the second; NaN where one of them is.
pub(super) fn relative_distance(one: &DMatrix<f64>, other: &DMatrix<f64>) -> f64 {
    let of = |matrix: &DMatrix<f64>| largest_magnitude(matrix.iter().copied());
    of(&(one - other)) / of(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_miss_counts() {
        assert_eq!(missed(&[(0.5, 0.2), (1.0, 1.0)]), 0.0);
        assert_eq!(missed(&[(0.5, 0.75), (1.0, 1.5)]), 0.5);
        assert_eq!(missed(&[(f64::NAN, 0.0)]), f64::INFINITY);
        assert_eq!(missed(&[(0.0, f64::NAN)]), f64::INFINITY);
        assert_eq!(all_missed(&[(0.5, 0.75), (1.0, 1.5)]), 0.25);
        assert_eq!(all_missed(&[(0.5, 0.75), (1.0, 1.0)]), 0.0);
        assert_eq!(all_missed(&[(0.5, 0.75), (f64::NAN, 1.0)]), 0.0);
    }
}
