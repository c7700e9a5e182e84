//! What checking a claim found: the record that tables, JSON, report and tests all read.

use super::rate::{LEAST_RATE, Rate};
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
