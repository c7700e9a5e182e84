//! What the sentences of a verdict are made of.

use crate::balance::NORMAL_95;
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

/// A count out of a total with Wilson's 95% interval of the share, in words. The interval is of use down to a single
/// draw and for shares of 0 and 1, where the usual normal interval has no width.
pub(super) fn fraction_of(count: usize, total: usize) -> String {
    match wilson_interval(count, total) {
        Some([low, high]) => {
            format!("{count} of {total} draws (95% interval {:.0}% to {:.0}%)", 100.0 * low, 100.0 * high)
        }
        None => "no draw".to_owned(),
    }
}

/// E. B. Wilson (1927): the shares that a score test at 5% does not reject; `None` without draws.
fn wilson_interval(count: usize, total: usize) -> Option<[f64; 2]> {
    if total == 0 {
        return None;
    }
    let (total, fraction) = (total as f64, count as f64 / total as f64);
    let spread = NORMAL_95 * NORMAL_95 / total;
    let middle = fraction + spread / 2.0;
    let half = (spread * (fraction * (1.0 - fraction) + spread / 4.0)).sqrt();
    Some([(middle - half) / (1.0 + spread), (middle + half) / (1.0 + spread)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_share_is_that_of_the_tables() {
        // Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        let tabulated = [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ];
        for (count, total, low, high) in tabulated {
            let interval = wilson_interval(count, total).expect("draws");
            assert!((interval[0] - low).abs() < 6e-5, "{interval:?}");
            assert!((interval[1] - high).abs() < 6e-5, "{interval:?}");
        }
        assert_eq!(wilson_interval(0, 0), None);
    }

    #[test]
    fn a_share_in_words() {
        assert_eq!(fraction_of(0, 20), "0 of 20 draws (95% interval 0% to 16%)");
        assert_eq!(fraction_of(0, 0), "no draw");
    }
}
