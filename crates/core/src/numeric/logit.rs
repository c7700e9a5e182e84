//! Functions of one logit that keep full relative precision at any size of it (docs/theory.md#numerics).
//!
//! Exponential and logarithm are without branches or tables, so that loops over them become vector instructions.
//! Multiplications and additions are kept apart (no fused ones): the results are the same bits on every machine.
#![allow(clippy::inline_always, reason = "only a body inlined into its loop is vectorised with it")]

/// `log(1 + exp(z))`, the logistic loss of a negative sample; `softplus(-z)` is that of a positive one.
///
/// Finite for every finite `z`: it tends to `z` above and to `exp(z)` below.
#[inline(always)]
#[must_use]
pub fn softplus(z: f64) -> f64 {
    at_least(z, 0.0) + ln_1p_of_nonnegative(exp_of_nonpositive(-z.abs()))
}

/// `sigmoid(z)` together with its complement, each to full relative precision.
///
/// The complement of a probability near 1 is the residual of a well-fitted sample: computed as `1 - p` it would
/// be rounding error, so it is `sigmoid(-z)` here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sigmoid {
    /// `p = 1 / (1 + exp(-z))`.
    pub probability: f64,
    /// `1 - p = 1 / (1 + exp(z))`.
    pub complement: f64,
}

impl Sigmoid {
    /// Both halves from one exponential.
    #[inline(always)]
    #[must_use]
    pub fn of(z: f64) -> Self {
        let tail = exp_of_nonpositive(-z.abs());
        let larger = 1.0 / (1.0 + tail);
        let smaller = tail * larger;
        if z >= 0.0 {
            Self { probability: larger, complement: smaller }
        } else {
            Self { probability: smaller, complement: larger }
        }
    }

    /// `p (1 - p)`, the derivative of the probability with respect to the logit.
    #[inline(always)]
    #[must_use]
    pub fn slope(self) -> f64 {
        self.probability * self.complement
    }
}

/// `log sum_k exp(z_k)` in the two parts that keep the precision of what is near it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogTotal {
    /// The largest logit.
    largest: f64,
    /// `log(1 + sum of the others' exp(z_k - largest))`.
    rest: f64,
}

impl LogTotal {
    /// Of some logits; at least one.
    fn of(logits: &[f64]) -> Self {
        let top = argmax(logits);
        let largest = logits[top];
        let others = logits.iter().enumerate().filter(|&(class, _)| class != top);
        Self { largest, rest: others.map(|(_, z)| (z - largest).exp()).sum::<f64>().ln_1p() }
    }

    /// `log softmax(z)_k` of the class with the logit `z`; finite where the probability underflows, and to full relative
    /// precision where it is near 1.
    #[must_use]
    pub fn log_probability(self, z: f64) -> f64 {
        (z - self.largest) - self.rest
    }
}

/// Where the largest of some numbers is, the first of equals; 0 of none.
#[must_use]
pub fn argmax(numbers: &[f64]) -> usize {
    (0..numbers.len()).fold(0, |most, k| if numbers[k] > numbers[most] { k } else { most })
}

/// Turns logits into the logarithms of their softmax probabilities.
pub fn log_softmax(logits: &mut [f64]) {
    let total = LogTotal::of(logits);
    logits.iter_mut().for_each(|z| *z = total.log_probability(*z));
}

/// Softmax probabilities, each with the sum of the others as its complement.
pub fn softmax_with_complements(logits: &[f64], out: &mut [Sigmoid]) -> LogTotal {
    let top = argmax(logits);
    let largest = logits[top];
    // Only the largest probability can have a complement that `1 - p` would lose.
    let mut others = 0.0;
    for (class, (entry, &z)) in out.iter_mut().zip(logits).enumerate() {
        entry.probability = (z - largest).exp();
        if class != top {
            others += entry.probability;
        }
    }
    let total = 1.0 + others;
    for (class, entry) in out.iter_mut().enumerate() {
        entry.probability /= total;
        entry.complement = if class == top { others / total } else { 1.0 - entry.probability };
    }
    LogTotal { largest, rest: others.ln_1p() }
}

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

// Sums of bits below wrap, though none is that large: loops whose sums are checked, as in tests, have no vector instructions and
// take three times as long.

/// The larger of two numbers; the second for NaN. In WebAssembly `f64::max` is a call of a function, which no loop of vector
/// instructions may have.
#[inline(always)]
pub(crate) fn at_least<Real: PartialOrd>(x: Real, least: Real) -> Real {
    if x > least { x } else { least }
}

/// `2^k` for whole `k` of at least -1022.
#[inline(always)]
pub(super) fn power_of_two(k: i64) -> f64 {
    f64::from_bits((k.wrapping_add(1023) << 52).cast_unsigned())
}

/// The whole `k` with `2^k` nearest to `exp(x)`, also in two halves, since `2^k` alone may be subnormal.
#[inline(always)]
pub(super) fn nearest_power_of_two(x: f64) -> (f64, [i64; 2]) {
    let rounded = x * std::f64::consts::LOG2_E + ROUNDER;
    let k = (rounded.to_bits() << 12).cast_signed() >> 12;
    (rounded - ROUNDER, [k >> 1, k.wrapping_sub(k >> 1)])
}

/// `exp(x)` for `x <= 0`, to about one unit in the last place; subnormal and zero where it must be.
#[inline(always)]
#[must_use]
pub fn exp_of_nonpositive(x: f64) -> f64 {
    let x = at_least(x, -800.0);
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
    let bits = sum.to_bits().wrapping_add(ONE - LOWEST_MANTISSA);
    let exponent = f64::from_bits((bits >> 52) | WHOLE.to_bits()) - (WHOLE + 1023.0);
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(LOWEST_MANTISSA)) - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let series = square * polynomial(&ARTANH_SERIES, square);
    exponent * LOG2_HIGH + ((f - s * (f - series)) + (exponent * LOG2_LOW + lost / sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_logits_keep_their_tails() {
        for z in [-1e4, -745.0, -40.0, -1.0, 0.0, 1.0, 40.0, 745.0, 1e4] {
            let pair = Sigmoid::of(z);
            let mirrored = Sigmoid::of(-z);
            assert_eq!(pair.probability, mirrored.complement, "sigmoid(-z) = 1 - sigmoid(z) at {z}");
            assert!((pair.probability + pair.complement - 1.0).abs() < 1e-15);
            assert!(softplus(z).is_finite() && softplus(z) >= 0.0);
        }
        assert_eq!(softplus(1e4), 1e4);
        assert_eq!(softplus(-1e4), 0.0);
        // exp(-40) to full precision although 1 - sigmoid(40) would round to zero
        assert!((Sigmoid::of(40.0).complement / (-40.0_f64).exp() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn softplus_and_sigmoid_are_a_function_and_its_derivative() {
        for z in [-3.0, -0.2, 0.0, 0.7, 5.0] {
            let step = 1e-5;
            let difference = (softplus(z + step) - softplus(z - step)) / (2.0 * step);
            assert!((difference - Sigmoid::of(z).probability).abs() < 1e-9);
        }
    }

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
