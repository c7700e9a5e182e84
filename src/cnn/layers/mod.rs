//! Layers: numbers of a batch in, numbers out, and gradients back.
//!
//! Work is cut into fixed pieces, whatever the number of threads, and sums over images are taken in one order: the same
//! bits on one thread and on many.

mod convolution;
mod in_place;
mod linear;
mod patches;
mod pooling;
mod product;
mod scratch;

pub(super) use convolution::Convolution;
pub(super) use in_place::{draw_factors, rectify, scale, through_positive};
pub(super) use linear::Linear;
pub(super) use pooling::Squares;

use crate::numeric::{Kernel, vectorised};
use rayon::prelude::*;

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
