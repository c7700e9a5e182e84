//! The exponential in single precision, for the early steps of a search over many classes.
#![allow(clippy::inline_always, reason = "only a body inlined into its loop is vectorised with it")]

/// `log 2` in two parts: a multiple of the first by a small whole number is exact.
const LOG2_HIGH: f32 = 0.693_359_4;
const LOG2_LOW: f32 = -2.121_944_4e-4;

/// Added to a number below 2^22, leaves its nearest whole number in the lowest bits.
const ROUNDER: f32 = 12_582_912.0;

/// `1/7!, 1/6!, .., 1/2!`: beyond them terms of `exp` on `|r| <= log(2)/2` are below rounding.
const RECIPROCAL_FACTORIALS: [f32; 6] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];

/// Below this the result would be subnormal.
const SMALLEST: f32 = -87.0;

/// `exp(x)` for `x <= 0`, to two units in the last place; 1.6e-38 where it would be smaller still. No branches, tables or
/// fused operations, as of [`super::exp_of_nonpositive`].
#[inline(always)]
#[must_use]
pub(crate) fn exp_of_nonpositive_single(x: f32) -> f32 {
    const ONE: u32 = 1.0_f32.to_bits();
    let x = if x > SMALLEST { x } else { SMALLEST };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let k = rounded - ROUNDER;
    let r = (x - k * LOG2_HIGH) - k * LOG2_LOW;
    let series = RECIPROCAL_FACTORIALS.iter().fold(0.0, |sum: f32, coefficient| sum * r + coefficient);
    let mantissa = 1.0 + (r + r * r * series);
    mantissa * f32::from_bits((rounded.to_bits() << 23).wrapping_add(ONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_agree_with_the_standard_library_to_two_last_places() {
        for step in 0..870_000_u32 {
            let x = -(step as f32) * 1e-4;
            let (ours, expected) = (f64::from(exp_of_nonpositive_single(x)), f64::from(x).exp());
            assert!((ours / expected - 1.0).abs() <= 2.0 * f64::from(f32::EPSILON), "{x}: {ours:e}");
        }
        assert_eq!(exp_of_nonpositive_single(0.0), 1.0);
        assert!(
            exp_of_nonpositive_single(-1e30) < 2e-38 && exp_of_nonpositive_single(f32::NEG_INFINITY) < 2e-38
        );
    }
}
