//! What checking a claim found: the record that tables, JSON, report and tests all read. A claim about random designs is judged by the rate
//! of the draws in which it holds (docs/theory.md#rates), not by the margin of one draw.

use crate::balance::NORMAL_95;
use serde::{Deserialize, Serialize};

/// The verdict on one claim over all its set-ups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its id in docs/theory.md, such as `B5`.
    pub id: String,
    /// What it is about, in a few words that go on after the id.
    pub title: String,
    /// The claim in one sentence.
    pub statement: String,
    /// Every set-up was solved and stayed within tolerance, and every control was reported as violated; of a claim about random designs,
    /// as many of them as its rate asks for.
    pub holds: bool,
    /// Of a claim about random designs, the draws in which it holds (docs/theory.md#rates).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate: Option<Rate>,
    /// Largest residual that counts as holding, fixed before measuring; of a set-up with huge logits what their rounding may make
    /// of it (docs/theory.md#numerics), where that is more.
    pub tolerance: f64,
    /// Set-ups solved.
    pub setups: usize,
    /// The worst of them.
    pub worst: Finding,
    /// Set-ups over the tolerance, or without a stationary point, worst first (at most ten); none of a claim that holds by its rate.
    pub failures: Vec<Finding>,
    /// Set-ups that were separable and solved with a small penalty instead.
    pub penalised: usize,
    /// The same law at points that are not stationary.
    pub control: Control,
    /// What else was measured, in words.
    pub measured: Vec<String>,
}

impl Verdict {
    /// Whether it is one about random designs and holds, in whose worst draw it need not.
    #[must_use]
    pub fn holds_by_rate(&self) -> bool {
        self.holds && self.rate.is_some()
    }

    /// How often a claim about random designs holds, and how often it has to, in words; `None` for the others.
    #[must_use]
    pub fn rate_in_words(&self) -> Option<String> {
        let rate = self.rate?.in_words();
        Some(format!(
            "holds in {rate}; fixed beforehand: the interval is at or above {:.0}%",
            100.0 * LEAST_RATE
        ))
    }
}

/// One set-up and what was measured there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Number of the set-up; `verify ID --case N` runs it alone.
    pub case: usize,
    /// The data, weights and penalty in words.
    pub setup: String,
    /// Relative residual of the law; absent when there was no stationary point.
    pub residual: Option<f64>,
    /// Why there was no stationary point.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unsolved: Option<String>,
    /// The command that reruns just this set-up.
    pub rerun: String,
}

/// Controls that must fail: the law evaluated where the gradient does not vanish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Points tried.
    pub points: usize,
    /// Points reported as violating the law.
    pub violated: usize,
    /// The smallest residual among them, which must exceed the tolerance; absent where there was no point.
    pub smallest_residual: Option<f64>,
    /// Those at which the law was not seen to fail (at most ten); none of a claim that holds by its rate.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missed: Vec<Finding>,
}

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
