//! Functions of one logit that keep full relative precision at any size of it (THEORY section 7).
#![allow(clippy::inline_always, reason = "only a body inlined into its loop is vectorised with it")]

use super::elementary::{exp_of_nonpositive, ln_1p_of_nonnegative};

/// `log(1 + exp(z))`, the logistic loss of a negative sample; `softplus(-z)` is that of a positive one.
///
/// Finite for every finite `z`: it tends to `z` above and to `exp(z)` below.
#[inline(always)]
#[must_use]
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + ln_1p_of_nonnegative(exp_of_nonpositive(-z.abs()))
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

    /// `p (1 - p)`, the derivative of the probability by the logit.
    #[inline(always)]
    #[must_use]
    pub fn slope(self) -> f64 {
        self.probability * self.complement
    }
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
}
