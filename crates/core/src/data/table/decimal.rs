//! Numbers of a Parquet file, exact.

use crate::data::rounding::Rounding;
use num_bigint::BigInt;

/// A number as a file holds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Real(f64),
    Whole(i128),
    /// In units of ten to minus this power.
    Decimal(i128, i32),
    /// The same of more digits.
    LongDecimal(BigInt, i32),
}

/// Below this, doubles hold every whole number.
const EXACT: u128 = 1 << 53;
/// The largest power of ten that doubles hold, as they hold all below it.
const EXACT_POWER: i32 = 22;
/// No decimal has more places.
const MAX_PLACES: u32 = 1_000;

impl Number {
    /// A decimal of bytes, the highest first.
    pub(super) fn of_big_endian(bytes: &[u8], scale: i32) -> Self {
        let digits = BigInt::from_signed_bytes_be(bytes);
        match i128::try_from(&digits) {
            Ok(digits) => Self::Decimal(digits, scale),
            Err(_) => Self::LongDecimal(digits, scale),
        }
    }

    /// The nearest double.
    pub(super) fn value(&self) -> f64 {
        match self {
            Self::Real(value) => *value,
            Self::Whole(value) => *value as f64,
            // Both are exact, so that the quotient is rounded once.
            Self::Decimal(digits, scale)
                if digits.unsigned_abs() < EXACT && (0..=EXACT_POWER).contains(scale) =>
            {
                *digits as f64 / 10_f64.powi(*scale)
            }
            Self::Decimal(digits, scale) => nearest(&digits.to_string(), *scale),
            Self::LongDecimal(digits, scale) => nearest(&digits.to_string(), *scale),
        }
    }

    /// The number as it is written, with as many decimals as it has.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Real(value) => value.to_string(),
            Self::Whole(value) => value.to_string(),
            Self::Decimal(digits, scale) => placed(&digits.to_string(), *scale),
            Self::LongDecimal(digits, scale) => placed(&digits.to_string(), *scale),
        }
    }

    /// Looks at what its double loses.
    pub(super) fn see(&self, value: f64, rounding: &mut Rounding) {
        match self {
            Self::Real(_) => {}
            Self::Whole(whole) => rounding.see_whole(*whole),
            Self::Decimal(digits, _) if digits.unsigned_abs() < EXACT => {}
            Self::Decimal(..) | Self::LongDecimal(..) => rounding.see(&self.text(), value),
        }
    }
}

fn nearest(digits: &str, scale: i32) -> f64 {
    format!("{digits}e{}", -i64::from(scale)).parse().unwrap_or(f64::NAN)
}

/// Digits with the decimal point so many places from their end.
fn placed(digits: &str, scale: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    if scale.unsigned_abs() > MAX_PLACES {
        return nearest(&format!("{sign}{digits}"), scale).to_string();
    }
    let places = scale.unsigned_abs() as usize;
    if digits == "0" || scale <= 0 {
        let zeros = if digits == "0" { 0 } else { places };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_exactly() {
        for (digits, scale, text, value) in [
            (0, 3, "0", 0.0),
            (5, 1, "0.5", 0.5),
            (-5, 3, "-0.005", -0.005),
            (1_500, 2, "15", 15.0),
            (1_501, 2, "15.01", 15.01),
            (7, -2, "700", 700.0),
            (9_007_199_254_740_993, 0, "9007199254740993", 9_007_199_254_740_992.0),
            (90_071_992_547_409_930_000, 4, "9007199254740993", 9_007_199_254_740_992.0),
            (123_456_789_012_345_678, 17, "1.23456789012345678", 1.234_567_890_123_456_8),
        ] {
            let number = Number::Decimal(digits, scale);
            assert_eq!((number.text().as_str(), number.value()), (text, value), "{digits} {scale}");
        }
    }

    #[test]
    fn bytes_of_any_length_are_decimals() {
        assert_eq!(Number::of_big_endian(&[0xff, 0x85], 1), Number::Decimal(-123, 1));
        assert_eq!(Number::of_big_endian(&[], 0), Number::Decimal(0, 0));
        let mut wide = [0; 32];
        wide[14] = 1;
        let number = Number::of_big_endian(&wide, 0);
        // 2^136.
        assert_eq!(number.text(), "87112285931760246646623899502532662132736");
        assert_eq!(number.value(), 2_f64.powi(136));
        wide[0] = 0xff;
        assert!(Number::of_big_endian(&wide, 300).value() < 0.0);
    }
}
