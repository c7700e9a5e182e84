//! Layers: numbers of a batch in, numbers out, and gradients back. Layers without parameters change numbers in place.
//!
//! Work is cut into fixed pieces, whatever the number of threads, and sums over images are taken in one order: the same
//! bits on one thread and on many.

mod convolution;
mod linear;
mod pooling;
mod product;

use crate::numeric::{Kernel, vectorised};
pub(super) use convolution::Convolution;
pub(super) use linear::Linear;
pub(super) use pooling::Squares;
use rand::{Rng, RngExt};
use rayon::prelude::*;
use std::cell::RefCell;

/// Images whose gradients by the parameters are summed one after the other; sums of chunks are added in order.
pub(super) const IMAGES_PER_CHUNK: usize = 16;

/// What flows back through a layer with parameters.
pub(super) struct Flow<'a> {
    /// Images in the batch.
    pub(super) images: usize,
    /// What the layer was given.
    pub(super) input: &'a [f32],
    /// The gradient with respect to its output.
    pub(super) by_output: &'a mut [f32],
    /// Room for the gradient with respect to the input; the first layer has no use for it.
    pub(super) by_input: Option<&'a mut [f32]>,
}

/// Adds every row of a matrix to `sums`.
fn add_rows(rows: &[f32], sums: &mut [f32]) {
    vectorised(AddRows { rows, sums });
}

/// Adds up the parts, in order: each is as long as `sum`.
fn sum_in_order(parts: &[f32], sum: &mut [f32]) {
    /// Numbers one thread works on at a time.
    const PIECE: usize = 1 << 12;
    let length = sum.len();
    sum.par_chunks_mut(PIECE).enumerate().for_each(|(number, sum)| {
        sum.fill(0.0);
        for part in parts.chunks_exact(length) {
            vectorised(AddRows { rows: &part[number * PIECE..][..sum.len()], sums: sum });
        }
    });
}

struct AddRows<'a> {
    rows: &'a [f32],
    sums: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact(self.sums.len()) {
            self.sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    }
}

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

thread_local! {
    /// One for each thread, so that it stays in that core's cache from image to image.
    static ROOM: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends `length` numbers of whatever value. Not to be nested.
pub(super) fn with_scratch<T>(length: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    ROOM.with_borrow_mut(|room| {
        if room.len() < length {
            room.resize(length, 0.0);
        }
        work(&mut room[..length])
    })
}
