//! What the sentences of a verdict are made of.

use crate::numeric::significant;

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
