//! What a kernel sees: every position's neighbourhood as a row of a matrix, so that a convolution is a matrix product.

use super::super::activation_shape::ActivationShape;
use super::product::{Read, read};
use super::scratch::with_scratch;
use crate::numeric::{Kernel, vectorised};
use std::ops::Range;

/// Numbers of one vector instruction. Frames and neighbourhoods have that much room behind their end.
const LANE: usize = 16;

/// About how many numbers of neighbourhoods are handed out at a time: they stay in a core's cache until they are
/// multiplied.
const NUMBERS_AT_ONCE: usize = 1 << 18;

/// Square neighbourhoods of an odd number of rows and columns, zeros beyond the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patches {
    pub(super) image: ActivationShape,
    /// Rows, and columns, of a neighbourhood.
    pub(super) kernel: usize,
}

impl Patches {
    /// Numbers in a neighbourhood: rows, columns, channels, of which the channel moves fastest.
    pub(super) fn length(self) -> usize {
        self.kernel * self.kernel * self.image.channels
    }

    /// Hands the neighbourhoods of images' positions to `work`, a few rows of a large image or several small images at a time:
    /// one row of the matrix for each position. Rows are counted through all images.
    pub(super) fn each_block(self, images: &[f32], mut work: impl FnMut(Range<usize>, Read)) {
        let row = self.image.width * self.length();
        let height = self.image.height;
        let rows = (NUMBERS_AT_ONCE / row).max(1);
        // Whole images as far as they fit; otherwise parts of one that are about equal.
        let (at_once, rows) =
            if rows < height { (1, height.div_ceil(height.div_ceil(rows))) } else { (rows / height, height) };
        with_scratch(self.framed() + at_once * rows * row + 2 * LANE, |room| {
            let (framed, patches) = room.split_at_mut(self.framed() + LANE);
            for (group, images) in images.chunks(at_once * self.image.values()).enumerate() {
                let count = images.len() / self.image.values();
                for from in (0..height).step_by(rows) {
                    let rows = from..(from + rows).min(height);
                    let mut positions = 0;
                    for image in images.chunks_exact(self.image.values()) {
                        if from == 0 {
                            self.frame(image, framed);
                        }
                        let into = &mut patches[positions * self.length()..];
                        positions += self.gather(rows.clone(), framed, into);
                    }
                    let seen = read(&patches[..positions * self.length()], positions, self.length());
                    let first = group * at_once * height + from;
                    work(first..first + count * rows.len(), seen);
                }
            }
        });
    }

    /// Writes the neighbourhoods of some rows of a framed image.
    fn gather(self, rows: Range<usize>, framed: &[f32], patches: &mut [f32]) -> usize {
        let positions = rows.len() * self.image.width;
        vectorised(Gather { shape: self, rows, framed, patches });
        positions
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
        let side = border * self.image.channels;
        let (above, inner) = framed.split_at_mut(border * self.framed_row());
        let (inner, below) = inner.split_at_mut(self.image.height * self.framed_row());
        above.fill(0.0);
        below.fill(0.0);
        for (from, into) in image.chunks_exact(row).zip(inner.chunks_exact_mut(self.framed_row())) {
            into[..side].fill(0.0);
            into[side..side + row].copy_from_slice(from);
            into[side + row..].fill(0.0);
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
                    // Whole vectors at a time; what is beyond the run is written over by the next.
                    for at in (0..run).step_by(LANE) {
                        self.patches[into + at..][..LANE].copy_from_slice(&self.framed[from + at..][..LANE]);
                    }
                    into += run;
                }
            }
        }
    }
}
