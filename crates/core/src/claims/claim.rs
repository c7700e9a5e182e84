//! The two kinds of claims, what one set-up of them gives, and what their sentences are made of: a law that holds at every stationary
//! point, and inequalities with margins between losses or designs.

use super::measurement::Measurement;
use super::setup::Design;
use crate::balance::LedgerEntry;
use crate::numeric::{largest, largest_magnitude, significant, with_gaps};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// A claim checked set-up by set-up.
pub(super) struct LawClaim {
    pub(super) id: &'static str,
    /// A few words that go on after the id.
    pub(super) title: &'static str,
    pub(super) statement: &'static str,
    pub(super) design: Design,
    /// Relative residual of an equality, relative excess of an inequality.
    pub(super) residual: fn(&Measurement) -> f64,
    /// The residual at a control point, where the law has a premise (R3's sign condition) that such a point may miss, or where
    /// [`Self::residual`] looks at more than the point: the law alone. `None` means [`Self::residual`].
    pub(super) without_premise: Option<fn(&Measurement) -> f64>,
    /// Further numbers, one list per set-up ..
    pub(super) observe: fn(&Measurement) -> Vec<f64>,
    /// .. and the sentences they make over all set-ups.
    pub(super) summarise: fn(&[Vec<f64>]) -> Vec<String>,
}

/// The laws that are balances of a loss's intercept gradient.
pub(super) const BALANCE_LAWS: [&str; 5] = ["B1", "B5", "B6", "R1", "R2"];

/// Largest residual that counts as holding, for every claim (docs/theory.md#numerics).
pub(super) const TOLERANCE: f64 = 1e-10;

/// For claims with nothing besides their residual.
pub(super) fn nothing(_: &Measurement) -> Vec<f64> {
    Vec::new()
}

/// For claims with nothing besides their residual.
pub(super) fn silent(_: &[Vec<f64>]) -> Vec<String> {
    Vec::new()
}

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

/// What went wrong while drawing or stating a problem.
pub(super) type SetupFailure = Box<dyn std::error::Error + Send + Sync>;

/// The balance of one class of one problem.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Both sides, as shares of the mass that takes part: that of all classes, for pair weights that of the column.
    pub entry: LedgerEntry,
    /// False at a control point.
    pub stationary: bool,
}

/// What one set-up of one claim gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct CaseReport {
    pub(super) setup: String,
    pub(super) residual: Option<f64>,
    /// Of a draw that is judged by a rate, the part of the residual that has to vanish in every draw.
    #[serde(default)]
    pub(super) exact: f64,
    pub(super) control: Option<f64>,
    /// What rounding alone may make of the residual, where that is known: set-ups with huge logits are held to no less.
    #[serde(default)]
    pub(super) rounding: f64,
    /// NaN where there is nothing to observe.
    #[serde(deserialize_with = "with_gaps")]
    pub(super) observed: Vec<f64>,
    pub(super) penalised: bool,
    pub(super) unsolved: Option<String>,
    /// Both sides of each class's balance, for laws that are balances.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) balances: Vec<Balance>,
}

impl CaseReport {
    /// Whether it survives JSON, which has no infinity and one null for every NaN.
    pub(super) fn can_be_written(&self) -> bool {
        let judged =
            [self.residual, self.control, Some(self.exact), Some(self.rounding)].into_iter().flatten();
        judged.chain(self.balances.iter().flat_map(Balance::numbers)).all(f64::is_finite)
            && !self.observed.iter().any(|number| number.is_infinite())
    }
}

impl Balance {
    fn numbers(&self) -> [f64; 4] {
        let LedgerEntry { outflow, inflow, difference, residual } = self.entry;
        [outflow, inflow, difference, residual]
    }
}

/// A number in a sentence.
pub(super) fn shown(value: f64) -> String {
    significant(value, 3)
}

/// The `fraction` quantile of some numbers (nearest rank); `NaN`s are left out.
pub(super) fn quantile(numbers: impl Iterator<Item = f64>, fraction: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = numbers.filter(|number| !number.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (fraction * (sorted.len().saturating_sub(1)) as f64).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
    sorted.get(rank as usize).copied()
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
