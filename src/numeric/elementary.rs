//! Exponential and logarithm without branches or tables, so that loops over them become vector instructions.
//!
//! Multiplications and additions are kept apart (no fused ones): the results are the same bits on every machine.
#![allow(clippy::inline_always, reason = "only a body inlined into its loop is vectorised with it")]

/// `log 2` in two parts: a multiple of the first by a small whole number is exact.
const LOG2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LOG2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Added to a number below 2^51, leaves its nearest whole number in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `1/2!, 1/3!, ..., 1/13!`, the last first: beyond them terms of `exp` on `|r| <= log(2)/2` are below rounding.
const RECIPROCAL_FACTORIALS: [f64; 12] = {
    let mut terms = [0.0; 12];
    let (mut factorial, mut order) = (1.0, 2);
    while order <= 13 {
        factorial *= order as f64;
        terms[13 - order] = 1.0 / factorial;
        order += 1;
    }
    terms
};

/// `2/3, 2/5, ..., 2/23`, the last first: the series of `2 artanh(s)/s - 2` by `s^2` on `|s| <= 0.172`.
const ARTANH_SERIES: [f64; 11] = {
    let mut terms = [0.0; 11];
    let mut index = 0;
    while index < 11 {
        terms[10 - index] = 2.0 / (2 * index + 3) as f64;
        index += 1;
    }
    terms
};

#[inline(always)]
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// `2^k` for whole `k` of at least -1022.
#[inline(always)]
pub(super) fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) << 52).cast_unsigned())
}

/// The whole `k` with `2^k` nearest to `exp(x)`, also in two halves, since `2^k` alone may be subnormal.
#[inline(always)]
pub(super) fn nearest_power_of_two(x: f64) -> (f64, [i64; 2]) {
    let rounded = x * std::f64::consts::LOG2_E + ROUNDER;
    let k = (rounded.to_bits() << 12).cast_signed() >> 12;
    (rounded - ROUNDER, [k >> 1, k - (k >> 1)])
}

/// `exp(x)` for `x <= 0`, to about one unit in the last place; subnormal and zero where it must be.
#[inline(always)]
#[must_use]
pub fn exp_of_nonpositive(x: f64) -> f64 {
    let x = x.max(-800.0);
    let (k, [half, other_half]) = nearest_power_of_two(x);
    let r = (x - k * LOG2_HIGH) - k * LOG2_LOW;
    let mantissa = 1.0 + (r + r * r * polynomial(&RECIPROCAL_FACTORIALS, r));
    mantissa * power_of_two(half) * power_of_two(other_half)
}

/// `log(1 + x)` for `0 <= x < 2^52`, to about one unit in the last place.
#[inline(always)]
#[must_use]
pub fn ln_1p_of_nonnegative(x: f64) -> f64 {
    /// Bits of `sqrt(1/2)`, rounded down: mantissas are taken from there to `sqrt(2)`.
    const LOWEST_MANTISSA: u64 = 0x3fe6_a09e_0000_0000;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    /// `2^52`, whose last bits hold a small whole number.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let sum = 1.0 + x;
    let lost = x - (sum - 1.0);
    let bits = sum.to_bits() + (ONE - LOWEST_MANTISSA);
    let exponent = f64::from_bits((bits >> 52) | WHOLE.to_bits()) - (WHOLE + 1023.0);
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + LOWEST_MANTISSA) - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let series = square * polynomial(&ARTANH_SERIES, square);
    exponent * LOG2_HIGH + ((f - s * (f - series)) + (exponent * LOG2_LOW + lost / sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative difference in units of the last place.
    fn last_places(ours: f64, reference: f64) -> f64 {
        (ours - reference).abs() / (reference.abs() * f64::EPSILON)
    }

    #[test]
    fn exponentials_agree_with_the_standard_library_to_two_last_places() {
        for step in 0..700_000 {
            let x = -f64::from(step) * 1.001e-3;
            assert!(last_places(exp_of_nonpositive(x), x.exp()) <= 2.0, "{x}");
        }
    }

    #[test]
    fn exponentials_end_well() {
        assert_eq!(exp_of_nonpositive(0.0), 1.0);
        assert_eq!(exp_of_nonpositive(-0.0), 1.0);
        assert_eq!(exp_of_nonpositive(-745.0), 5e-324);
        assert_eq!(exp_of_nonpositive(-1e300), 0.0);
        assert_eq!(exp_of_nonpositive(f64::NEG_INFINITY), 0.0);
        assert!((exp_of_nonpositive(-720.0) / (-720.0_f64).exp() - 1.0).abs() < 1e-9, "subnormal");
    }

    #[test]
    fn logarithms_agree_with_the_standard_library_to_two_last_places() {
        for step in 0..400_000 {
            let exponent = f64::from(step) * 1e-3 - 300.0;
            let x = 10.0_f64.powf(exponent.min(12.0));
            assert!(last_places(ln_1p_of_nonnegative(x), x.ln_1p()) <= 2.0, "{x:e}");
        }
        for step in 1..200_000 {
            let x = f64::from(step) * 1e-5;
            assert!(last_places(ln_1p_of_nonnegative(x), x.ln_1p()) <= 2.0, "{x}");
        }
        assert_eq!(ln_1p_of_nonnegative(0.0), 0.0);
    }
}
