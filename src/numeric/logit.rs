//! Functions of one logit that keep full relative precision at any size of it (docs/theory.md#numerics).
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
