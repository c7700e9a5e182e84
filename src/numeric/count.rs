//! Numbers of samples that may be weighted.

use super::significant;
use serde::{Serialize, Serializer};
use std::fmt;

/// A sum of sample weights: an integer, and written as one, where every sample counts once or a whole number of times.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Count(pub f64);

/// Digits of a count that is no integer, for people.
const DIGITS: usize = 6;

/// Above this, a double no longer distinguishes neighbouring integers.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Count {
    /// One count per entry.
    #[must_use]
    pub fn all(sizes: &[f64]) -> Vec<Self> {
        sizes.iter().copied().map(Self).collect()
    }

    /// The count as an integer, if it is one.
    #[must_use]
    pub fn whole(self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and within range"
        )]
        ((0.0..EXACT).contains(&self.0) && self.0.fract() == 0.0).then_some(self.0 as u64)
    }
}

/// `1 sample`, `2 samples`, `2 classes`.
#[must_use]
pub fn counted(count: u64, singular: &str) -> String {
    let ending = match (count, singular.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {singular}{ending}")
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole() {
            Some(whole) => serializer.serialize_u64(whole),
            None => serializer.serialize_f64(self.0),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.whole() {
            Some(whole) => formatter.pad_integral(true, "", &whole.to_string()),
            None => formatter.pad(&significant(self.0, DIGITS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, counted};

    #[test]
    fn integers_are_written_as_integers() {
        for (count, json, text) in [
            (0.0, "0", "0"),
            (12.0, "12", "12"),
            (1e7, "10000000", "10000000"),
            (0.1 + 0.2, "0.30000000000000004", "0.300000"),
        ] {
            assert_eq!(serde_json::to_string(&Count(count)).expect("a number"), json);
            assert_eq!(Count(count).to_string(), text);
        }
    }

    #[test]
    fn counted_things_agree_with_their_number() {
        assert_eq!(
            [counted(1, "class"), counted(2, "class"), counted(0, "sample")].join(" "),
            "1 class 2 classes 0 samples"
        );
    }
}
