//! What a kernel sees: every position's neighbourhood as a row of a matrix, so that a convolution is a matrix product.

use super::super::extent::Extent;
use super::product::{Read, read};
use super::scratch::with_scratch;
use crate::numeric::{Kernel, vectorised};
use std::ops::Range;

/// Numbers of one vector instruction. Frames and neighbourhoods have that much room behind their end.
const LANE: usize = 16;

/// Numbers of neighbourhoods that are handed out at a time, about: they stay in a core's cache between being gathered and
/// being multiplied.
const NUMBERS_AT_ONCE: usize = 1 << 17;

/// Square neighbourhoods of an odd number of rows and columns, zeros beyond the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patches {
    pub(super) image: Extent,
    /// Rows, and columns, of a neighbourhood.
    pub(super) kernel: usize,
}

impl Patches {
    /// Numbers in a neighbourhood: rows, columns, channels, of which the channel moves fastest.
    pub(super) fn length(self) -> usize {
        self.kernel * self.kernel * self.image.channels
    }

    /// Hands the neighbourhoods of an image's positions to `work`, a few rows of the image at a time: one row of the matrix
    /// for each position.
    pub(super) fn each_block(self, image: &[f32], mut work: impl FnMut(Range<usize>, Read)) {
        let row = self.image.width * self.length();
        let blocks = (self.image.height * row).div_ceil(NUMBERS_AT_ONCE);
        let rows = self.image.height.div_ceil(blocks);
        with_scratch(self.framed() + rows * row + 2 * LANE, |room| {
            let (framed, patches) = room.split_at_mut(self.framed() + LANE);
            self.frame(image, framed);
            for first in (0..self.image.height).step_by(rows) {
                let rows = first..(first + rows).min(self.image.height);
                let positions = rows.len() * self.image.width;
                vectorised(Gather { shape: self, rows: rows.clone(), framed, patches });
                work(rows, read(&patches[..positions * self.length()], positions, self.length()));
            }
        });
    }

    /// Numbers of an image with its border.
    fn framed(self) -> usize {
        (self.image.height + self.kernel - 1) * self.framed_row()
    }

    /// One row of the framed image.
    fn framed_row(self) -> usize {
        (self.image.width + self.kernel - 1) * self.image.channels
    }

    /// Writes an image into the middle of a frame of zeros.
    fn frame(self, image: &[f32], framed: &mut [f32]) {
        let (row, border) = (self.image.width * self.image.channels, self.kernel / 2);
        framed.fill(0.0);
        for (number, from) in image.chunks_exact(row).enumerate() {
            let into = (number + border) * self.framed_row() + border * self.image.channels;
            framed[into..into + row].copy_from_slice(from);
        }
    }

    /// Where each run of a neighbourhood that lies in one piece begins, in the framed image.
    #[allow(clippy::inline_always, reason = "part of vectorised kernels")]
    #[inline(always)]
    fn run(self, row: usize, column: usize, kernel_row: usize) -> usize {
        (row + kernel_row) * self.framed_row() + column * self.image.channels
    }
}

struct Gather<'a> {
    shape: Patches,
    rows: Range<usize>,
    framed: &'a [f32],
    patches: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let run = self.shape.kernel * self.shape.image.channels;
        let mut into = 0;
        for row in self.rows {
            for column in 0..self.shape.image.width {
                for kernel_row in 0..self.shape.kernel {
                    let from = self.shape.run(row, column, kernel_row);
                    if run <= LANE {
                        // A whole vector at once; what is beyond the run is written over by the next.
                        self.patches[into..into + LANE].copy_from_slice(&self.framed[from..from + LANE]);
                    } else {
                        self.patches[into..into + run].copy_from_slice(&self.framed[from..from + run]);
                    }
                    into += run;
                }
            }
        }
    }
}
