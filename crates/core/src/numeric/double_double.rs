//! Numbers of twice the precision, as unevaluated sums of two doubles (Dekker 1971; Knuth; Hida, Li and Bailey 2001).
//!
//! No branches, so that loops over them become vector instructions, and no fused operations but where those give the same
//! bits, which are then the same on every machine. About 31 digits, exponents as in a double.
#![allow(clippy::inline_always, reason = "only a body inlined into its loop is vectorised with it")]

use super::logit::{at_least, ln_1p_of_nonnegative, nearest_power_of_two, power_of_two};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// `high + low`, with `high` the double nearest to the sum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DoubleDouble {
    /// The number, rounded to a double.
    pub high: f64,
    /// What that rounding left out.
    pub low: f64,
}

/// The rounded sum of two numbers and the exact error of that rounding.
#[inline(always)]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_as_added = sum - a;
    let a_as_added = sum - b_as_added;
    (sum, (a - a_as_added) + (b - b_as_added))
}

/// A number as the sum of two of half its digits, whose products are exact.
#[inline(always)]
fn split(a: f64) -> (f64, f64) {
    /// `2^27 + 1`.
    const SPLITTER: f64 = 134_217_729.0;
    let scaled = SPLITTER * a;
    let upper = scaled - (scaled - a);
    (upper, a - upper)
}

/// The rounded product of two numbers and the exact error of that rounding.
#[inline(always)]
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let ((a_upper, a_lower), (b_upper, b_lower)) = (split(a), split(b));
    let error = ((a_upper * b_upper - product) + a_upper * b_lower + a_lower * b_upper) + a_lower * b_lower;
    (product, error)
}

/// [`two_product`], by a fused operation where the machine has one: in two operations for seventeen, to the same bits, as
/// the error of a product is a double (unless it underflows).
#[inline(always)]
pub(crate) fn two_product_by<const FUSED: bool>(a: f64, b: f64) -> (f64, f64) {
    if FUSED {
        let product = a * b;
        (product, a.mul_add(b, -product))
    } else {
        two_product(a, b)
    }
}

impl DoubleDouble {
    /// `1`.
    pub const ONE: Self = Self { high: 1.0, low: 0.0 };
    /// `log 2`.
    const LOG2: Self = Self { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
    /// `1/6` and `1/24`.
    const SIXTH: Self = Self { high: 0.166_666_666_666_666_66, low: 9.251_858_538_542_97e-18 };
    const TWENTY_FOURTH: Self = Self { high: 0.041_666_666_666_666_664, low: 2.312_964_634_635_742_7e-18 };

    /// From a larger and a smaller part.
    #[inline(always)]
    fn joined(larger: f64, smaller: f64) -> Self {
        let high = larger + smaller;
        Self { high, low: smaller - (high - larger) }
    }

    /// From two doubles of any size.
    #[inline(always)]
    #[must_use]
    pub fn sum_of(a: f64, b: f64) -> Self {
        let (high, low) = two_sum(a, b);
        Self { high, low }
    }

    /// The exact product of two doubles.
    #[inline(always)]
    #[must_use]
    pub fn product_of(a: f64, b: f64) -> Self {
        let (high, low) = two_product(a, b);
        Self { high, low }
    }

    /// The nearest double.
    #[inline(always)]
    #[must_use]
    pub fn value(self) -> f64 {
        self.high + self.low
    }

    /// `|x|`.
    #[inline(always)]
    #[must_use]
    pub fn abs(self) -> Self {
        if self.high < 0.0 { -self } else { self }
    }

    #[inline(always)]
    fn times_power_of_two(self, power: f64) -> Self {
        Self { high: self.high * power, low: self.low * power }
    }

    /// `exp(x)` for `x <= 0`, to about 28 digits while the result is not subnormal.
    #[inline(always)]
    #[must_use]
    pub fn exp_of_nonpositive(self) -> Self {
        let (minus_one, _, [half, other_half]) = self.reduced_exponential();
        (minus_one + Self::ONE)
            .times_power_of_two(power_of_two(half))
            .times_power_of_two(power_of_two(other_half))
    }

    /// `exp(x) - 1` for `x <= 0`, to about 28 digits of the result.
    #[inline(always)]
    #[must_use]
    pub fn exp_m1_of_nonpositive(self) -> Self {
        let (minus_one, k, _) = self.reduced_exponential();
        if k == 0.0 { minus_one } else { self.exp_of_nonpositive() - Self::ONE }
    }

    /// `log x` for `0 < x <= 1`, to about 28 digits of 1.
    #[inline(always)]
    #[must_use]
    pub fn ln_of_fraction(self) -> Self {
        let near = Self::from(self.high.ln().min(0.0));
        // One step of Newton's method for exp(y) = x.
        near + (self / near.exp_of_nonpositive() - Self::ONE)
    }

    /// `x^exponent` for `0 <= x <= 1` and an exponent of at least 0; `0^0` is one.
    #[inline(always)]
    #[must_use]
    pub fn power(self, exponent: f64) -> Self {
        if exponent == 0.0 {
            return Self::ONE;
        }
        if self.high <= 0.0 {
            return Self::default();
        }
        (self.ln_of_fraction() * Self::from(exponent)).exp_of_nonpositive()
    }

    /// `2^-k exp(x) - 1` for `x <= 0`, and `k`, also as the halves that [`power_of_two`] takes.
    #[inline(always)]
    fn reduced_exponential(self) -> (Self, f64, [i64; 2]) {
        /// Halvings of the argument, undone by squaring.
        const HALVINGS: i32 = 6;
        const SHRINK: f64 = 1.0 / (1_u32 << HALVINGS) as f64;
        let x = Self::joined(at_least(self.high, -800.0), if self.high < -800.0 { 0.0 } else { self.low });
        let (k, halves) = nearest_power_of_two(x.high);
        let r = (x - Self::LOG2 * Self::from(k)).times_power_of_two(SHRINK);
        let small = r.high;
        // Terms from r^5/5! on are below 1e-13 and need no second half.
        let tail = 1.0 / 120.0
            + small
                * (1.0 / 720.0
                    + small * (1.0 / 5040.0 + small * (1.0 / 40320.0 + small * (1.0 / 362_880.0))));
        let square = r * r;
        let fourth = square * square;
        let mut minus_one = r
            + square.times_power_of_two(0.5)
            + square * r * Self::SIXTH
            + fourth * Self::TWENTY_FOURTH
            + Self::from(fourth.high * small * tail);
        for _ in 0..HALVINGS {
            // (1 + s)^2 - 1
            minus_one = minus_one.times_power_of_two(2.0) + minus_one * minus_one;
        }
        (minus_one, k, halves)
    }

    /// `log(1 + x)` for `0 <= x < 2^52`, to about 28 digits of 1.
    #[inline(always)]
    #[must_use]
    pub fn ln_1p_of_nonnegative(self) -> Self {
        let near = ln_1p_of_nonnegative(self.high);
        // One step of Newton's method for exp(y) = 1 + x.
        let ratio = (self + Self::ONE) * Self::from(-near).exp_of_nonpositive();
        Self::from(near) + (ratio - Self::ONE)
    }
}

impl From<f64> for DoubleDouble {
    #[inline(always)]
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for DoubleDouble {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (high, lost) = two_sum(self.high, other.high);
        let (low, lost_of_low) = two_sum(self.low, other.low);
        let sum = Self::joined(high, lost + low);
        Self::joined(sum.high, sum.low + lost_of_low)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (high, lost) = two_product(self.high, other.high);
        Self::joined(high, lost + (self.high * other.low + self.low * other.high))
    }
}

impl Div for DoubleDouble {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self::from(first);
        let second = rest.high / other.high;
        let rest = rest - other * Self::from(second);
        Self::joined(first, second) + Self::from(rest.high / other.high)
    }
}

impl AddAssign for DoubleDouble {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Difference relative to `size`.
    fn apart(one: DoubleDouble, other: DoubleDouble, size: f64) -> f64 {
        ((one - other).value() / size).abs()
    }

    /// Both halves from 60-digit arithmetic.
    const EXPONENTIALS: [(f64, f64, f64); 6] = [
        (-1e-3, 0.999_000_499_833_375, -3.026_024_053_145_243e-17),
        (-0.5, 0.606_530_659_712_633_4, -6.593_178_415_491_414e-19),
        (-1.0, 0.367_879_441_171_442_33, -1.242_875_367_278_836_3e-17),
        (-3.0, 0.049_787_068_367_863_944, -1.483_138_969_139_436_5e-18),
        (-40.0, 4.248_354_255_291_589e-18, 1.243_747_080_264_577_3e-34),
        (-300.0, 5.148_200_222_412_013e-131, 2.962_376_373_372_979e-147),
    ];
    const LOGARITHMS: [(f64, f64, f64); 4] = [
        (1e-3, 0.000_999_500_333_083_533_1, 3.897_102_598_829_461_4e-20),
        (0.25, 0.223_143_551_314_209_76, -9.091_270_597_324_799e-18),
        (0.5, 0.405_465_108_108_164_4, -2.881_138_025_962_642_6e-18),
        (1.0, std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17),
    ];

    #[test]
    fn functions_agree_with_sixty_digits_to_twenty_seven() {
        for (x, high, low) in EXPONENTIALS {
            let error = apart(DoubleDouble::from(x).exp_of_nonpositive(), DoubleDouble { high, low }, high);
            assert!(error < 1e-27, "exp({x}): {error:e}");
        }
        for (x, high, low) in LOGARITHMS {
            let error = apart(DoubleDouble::from(x).ln_1p_of_nonnegative(), DoubleDouble { high, low }, high);
            assert!(error < 1e-27, "log(1 + {x}): {error:e}");
        }
    }

    #[test]
    fn small_differences_from_one_and_powers_keep_their_digits() {
        // exp(-1e-20) - 1 = -1e-20 + 5e-41
        let tiny = DoubleDouble::from(-1e-20).exp_m1_of_nonpositive();
        assert!(apart(tiny, DoubleDouble::sum_of(-1e-20, 5e-41), 1e-20) < 1e-26, "{tiny:?}");
        for x in [1e-3, 0.3, 0.7, 0.999_999, 1.0] {
            let (x, of) = (DoubleDouble::from(x), |y: DoubleDouble| y.ln_of_fraction());
            assert!(apart(of(x).exp_of_nonpositive(), x, x.high) < 1e-26, "log {x:?}");
            assert!(apart(x.power(2.0), x * x, x.high * x.high) < 1e-26, "the square of {x:?}");
            assert!(apart(x.power(0.5) * x.power(0.5), x, x.high) < 1e-26, "the root of {x:?}");
            let minus_one = of(x).exp_m1_of_nonpositive();
            assert!(apart(minus_one, x - DoubleDouble::ONE, 1.0) < 1e-26, "{x:?}");
        }
        assert_eq!(DoubleDouble::from(0.0).power(0.0), DoubleDouble::ONE);
        assert_eq!(DoubleDouble::from(0.0).power(0.5), DoubleDouble::default());
        let many = DoubleDouble::from(99.0).ln_1p_of_nonnegative();
        let hundredth = (DoubleDouble::ONE / DoubleDouble::from(100.0)).ln_of_fraction();
        assert!(apart(many, -hundredth, 4.6) < 1e-27, "log 100");
    }

    #[test]
    fn exponentials_end_well() {
        assert_eq!(DoubleDouble::from(0.0).exp_of_nonpositive(), DoubleDouble::ONE);
        assert_eq!(DoubleDouble::from(-1e300).exp_of_nonpositive().value(), 0.0);
    }

    proptest! {
        #[test]
        fn fused_products_are_the_same_bits(a in -1e20..1e20_f64, b in -1e-3..1e3_f64) {
            prop_assert_eq!(two_product_by::<true>(a, b), two_product(a, b));
        }

        #[test]
        fn sums_products_and_quotients_undo_each_other(a in -1e3..1e3_f64, b in 1e-3..1e3_f64, c in -1.0..1.0_f64) {
            let (x, y) = (DoubleDouble::sum_of(a, c * 1e-18), DoubleDouble::sum_of(b, -c * 1e-18));
            prop_assert!(apart(x * y / y, x, a.abs().max(1e-9)) < 1e-29);
            prop_assert!(apart(x + y - y, x, 1e3) < 1e-29);
        }

        #[test]
        fn the_exponential_of_a_sum_is_the_product(a in -300.0..0.0_f64, b in -300.0..0.0_f64) {
            let of = |x: DoubleDouble| x.exp_of_nonpositive();
            let product = of(a.into()) * of(b.into());
            prop_assert!(apart(of(DoubleDouble::sum_of(a, b)), product, product.high) < 1e-26);
        }
    }
}
