//! Numbers for people, numbers of samples that may be weighted, and numbers as records hold them.
//!
//! JSON has no NaN and no infinity: they are written as null and read as NaN, "no number".

use nalgebra::DMatrix;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A number to `digits` significant digits, in scientific form where it is very large or very small; whole numbers as
/// they are.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    let after_point = digits.saturating_sub(1);
    let scientific = format!("{value:.after_point$e}");
    // Read off the rounded text: 9.996 to three digits has a second digit before the point.
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<isize>().ok());
    match exponent {
        _ if value == 0.0 => "0".to_owned(),
        Some(-4..7) if value.fract() == 0.0 => value.to_string(),
        Some(exponent @ -4..7) => {
            let decimals = after_point.saturating_add_signed(-exponent);
            format!("{value:.decimals$}")
        }
        _ => scientific,
    }
}

/// A number as it was given, in scientific form where it would have more than 16 digits before or behind the point.
#[must_use]
pub fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Ten to an integer power, as `10⁻²`.
#[must_use]
pub fn power_of_ten(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised =
        power.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize])).collect();
    ["10".to_owned(), raised].concat()
}

/// A sum of sample weights: an integer, and written as one, where every sample counts once or a whole number of times.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Count(pub f64);

/// Digits of a count that is no integer, for people.
const DIGITS: usize = 6;

/// Above this, a double no longer distinguishes neighbouring integers.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

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

/// A list for each row.
#[must_use]
pub fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

/// Numbers of which some may be missing.
#[derive(Deserialize)]
#[serde(from = "Vec<Option<f64>>")]
pub struct WithGaps(pub Vec<f64>);

impl From<Vec<Option<f64>>> for WithGaps {
    fn from(gapped: Vec<Option<f64>>) -> Self {
        Self(gapped.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
    }
}

/// For a list of numbers in a record.
pub(crate) fn with_gaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    WithGaps::deserialize(deserializer).map(|numbers| numbers.0)
}

#[cfg(test)]
mod tests {
    use super::{Count, counted, plain, significant};

    #[test]
    fn numbers_keep_their_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.0, "-12"),
            (1234.6, "1235"),
            (0.012_345, "0.0123"),
            (9.996, "10.0"),
            (0.000_012_345, "1.23e-5"),
            (-1.5e-9, "-1.50e-9"),
            (1e300, "1.00e300"),
            (f64::INFINITY, "inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(significant(value, 3), expected, "{value}");
        }
    }

    #[test]
    fn numbers_that_were_given_are_short() {
        for (value, text) in
            [(0.0, "0"), (-1.0, "-1"), (0.25, "0.25"), (1e308, "1e308"), (-5e-324, "-5e-324")]
        {
            assert_eq!(plain(value), text);
        }
        assert_eq!((plain(f64::NAN).as_str(), plain(1e15).as_str()), ("NaN", "1000000000000000"));
    }

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
