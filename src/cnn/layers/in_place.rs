//! Layers that change numbers in place: nothing before them needs the old ones.

use crate::numeric::{Kernel, vectorised};
use rand::{Rng, RngExt};
use rayon::prelude::*;

/// Numbers one thread works on at a time.
const PIECE: usize = 1 << 14;

/// `max(0, x)`.
pub(crate) fn rectify(values: &mut [f32]) {
    values.par_chunks_mut(PIECE).for_each(|values| vectorised(Rectify { values }));
}

/// Lets the gradient through where the output is above zero.
pub(crate) fn through_positive(output: &[f32], gradient: &mut [f32]) {
    let pieces = gradient.par_chunks_mut(PIECE).zip(output.par_chunks(PIECE));
    pieces.for_each(|(gradient, output)| vectorised(StopAtZero { output, by_output: gradient }));
}

/// Dropout's factors: zero with probability `rate`, else `1 / (1 - rate)`, so that the mean stays.
pub(crate) fn draw_factors(rate: f64, generator: &mut impl Rng, factors: &mut [f32]) {
    #[allow(clippy::cast_possible_truncation, reason = "single precision is what networks compute in")]
    let kept = (1.0 / (1.0 - rate)) as f32;
    factors.iter_mut().for_each(|factor| *factor = if generator.random_bool(rate) { 0.0 } else { kept });
}

/// Values times factors.
pub(crate) fn scale(values: &mut [f32], factors: &[f32]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
}

struct Rectify<'a> {
    values: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Rectify<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.values.iter_mut().for_each(|value| *value = rectified(*value));
    }
}

/// `max(0, x)`; NaN stays NaN, so that a diverged network is noticed.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
pub(super) fn rectified(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// Lets the gradient through where the rectified output is above zero.
pub(super) struct StopAtZero<'a> {
    pub(super) output: &'a [f32],
    pub(super) by_output: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for StopAtZero<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let each = self.by_output.iter_mut().zip(self.output);
        each.for_each(|(gradient, &output)| *gradient = if output > 0.0 { *gradient } else { 0.0 });
    }
}
