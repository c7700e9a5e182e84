//! In how many draws a claim about random designs holds (docs/theory.md#rates): a claim of this kind is judged by its rate, not by the
//! margin of one draw.

use crate::balance::NORMAL_95;
use serde::{Deserialize, Serialize};

/// The share of draws in which such a claim holds, and in which its control fails, at least.
pub const LEAST_RATE: f64 = 0.8;

/// Draws from which on an interval decides. Fewer, as quick checks take, would miss 80% by chance where 95% of all draws hold.
pub const DRAWS_FOR_INTERVAL: usize = 100;

/// A count out of a number of draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Draws that count.
    pub held: usize,
    /// All draws.
    pub draws: usize,
    /// Wilson's 95% interval of the share.
    pub interval: [f64; 2],
}

impl Rate {
    /// `None` without draws.
    #[must_use]
    pub fn of(held: usize, draws: usize) -> Option<Self> {
        (draws > 0).then(|| Self { held, draws, interval: wilson_interval(held, draws) })
    }

    /// Whether the whole interval is at or above [`LEAST_RATE`]; the share itself where draws are fewer than [`DRAWS_FOR_INTERVAL`].
    #[must_use]
    pub fn is_reached(&self) -> bool {
        let share = self.held as f64 / self.draws as f64;
        if self.draws < DRAWS_FOR_INTERVAL { share >= LEAST_RATE } else { self.interval[0] >= LEAST_RATE }
    }

    /// `57 of 60 draws (95% interval 86% to 98%)`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let [low, high] = self.interval.map(|share| 100.0 * share);
        format!("{} of {} draws (95% interval {low:.0}% to {high:.0}%)", self.held, self.draws)
    }
}

/// E. B. Wilson (1927): the shares that a score test at 5% does not reject. It is of use down to a single draw and for shares of 0 and
/// 1, where the usual normal interval has no width.
fn wilson_interval(count: usize, total: usize) -> [f64; 2] {
    let (total, fraction) = (total as f64, count as f64 / total as f64);
    let spread = NORMAL_95 * NORMAL_95 / total;
    let middle = fraction + spread / 2.0;
    let half = (spread * (fraction * (1.0 - fraction) + spread / 4.0)).sqrt();
    [(middle - half) / (1.0 + spread), (middle + half) / (1.0 + spread)]
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
            let interval = wilson_interval(count, total);
            assert!((interval[0] - low).abs() < 6e-5, "{interval:?}");
            assert!((interval[1] - high).abs() < 6e-5, "{interval:?}");
        }
        assert_eq!(Rate::of(0, 0), None);
    }

    #[test]
    fn a_rate_in_words() {
        let words = |held, draws| Rate::of(held, draws).map(|rate| rate.in_words());
        assert_eq!(words(0, 20).as_deref(), Some("0 of 20 draws (95% interval 0% to 16%)"));
    }

    #[test]
    fn a_rate_is_reached_by_its_whole_interval_and_by_few_draws_itself() {
        let reached = |held, draws| Rate::of(held, draws).is_some_and(|rate| rate.is_reached());
        assert!(reached(88, 100) && reached(155, 180) && reached(28, 34));
        assert!(!reached(87, 100) && !reached(150, 180) && !reached(27, 34));
    }
}
