//! Two-dimensional convolution, stride one, the image kept at its size by a border of zeros.
//!
//! The neighbourhood of every position becomes a row of a matrix, so that a convolution is a matrix product.

use super::product::{Read, multiply, multiply_add, read, write};
use super::{Flow, IMAGES_PER_CHUNK, StopAtZero, add_rows, rectified, sum_in_order, with_scratch};
use crate::cnn::architecture::ActivationShape;
use crate::numeric::{Kernel, vectorised};
use rayon::prelude::*;
use std::ops::Range;

/// `y[p, o] = b[o] + sum over rows, columns, channels of w[r, c, i, o] x[p + (r, c) - centre, i]`.
///
/// Parameters: the kernel, `rows x columns x channels in x channels out` with the last moving fastest, then a bias for
/// each channel out. Rectified, the output is `max(0, y)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Convolution {
    patches: Patches,
    channels: usize,
    rectified: bool,
}

impl Convolution {
    pub(crate) fn new(image: ActivationShape, channels: usize, kernel: usize) -> Self {
        Self { patches: Patches { image, kernel }, channels, rectified: false }
    }

    /// The same followed by `max(0, y)`, while its input is in the cache.
    pub(crate) fn rectified(self) -> Self {
        Self { rectified: true, ..self }
    }

    pub(crate) fn output(&self) -> ActivationShape {
        ActivationShape { channels: self.channels, ..self.patches.image }
    }

    /// Numbers that are summed up for one number of the output.
    pub(crate) fn fan_in(&self) -> usize {
        self.patches.length()
    }

    /// Dimensions of the kernel.
    pub(crate) fn shape(&self) -> [usize; 4] {
        [self.patches.kernel, self.patches.kernel, self.patches.image.channels, self.channels]
    }

    fn weights(&self) -> usize {
        self.fan_in() * self.channels
    }

    fn parameters(&self) -> usize {
        self.weights() + self.channels
    }

    /// The neighbourhoods in the output, from which gradients flow back.
    fn patches_back(&self) -> Patches {
        Patches { image: self.output(), kernel: self.patches.kernel }
    }

    pub(crate) fn forward(&self, parameters: &[f32], input: &[f32], output: &mut [f32]) {
        let (weights, bias) = parameters.split_at(self.weights());
        let weights = read(weights, self.fan_in(), self.channels);
        let chunks = output
            .par_chunks_mut(IMAGES_PER_CHUNK * self.output().values())
            .zip(input.par_chunks(IMAGES_PER_CHUNK * self.patches.image.values()));
        chunks.for_each(|(output, input)| {
            self.patches.each_block(input, |rows, seen| {
                let output = &mut output[self.output().rows(&rows)];
                multiply(write(output, seen.nrows(), self.channels), seen, weights);
                vectorised(AddBias { bias, rectified: self.rectified, output });
            });
        });
    }

    /// Writes the gradient with respect to the parameters, and to the input where that is wanted; `partial` is room for sums of
    /// chunks of images. A rectified output stops the gradient where it is zero, in `flow` itself.
    pub(crate) fn backward(
        &self,
        parameters: &[f32],
        output: &[f32],
        flow: Flow,
        gradient: &mut [f32],
        partial: &mut Vec<f32>,
    ) {
        let chunks = flow.images.div_ceil(IMAGES_PER_CHUNK);
        partial.clear();
        partial.resize(chunks * self.parameters(), 0.0);
        let (of_input, of_output) =
            (IMAGES_PER_CHUNK * self.patches.image.values(), IMAGES_PER_CHUNK * self.output().values());
        let sums = partial.par_chunks_exact_mut(self.parameters());
        let known = flow.input.par_chunks(of_input).zip(output.par_chunks(of_output));
        let chunks = sums.zip(known).zip(flow.by_output.par_chunks_mut(of_output));
        let stopped = |output: &[f32], by_output: &mut [f32]| {
            if self.rectified {
                vectorised(StopAtZero { output, by_output });
            }
        };
        let Some(by_input) = flow.by_input else {
            chunks.for_each(|((sums, (input, output)), by_output)| {
                stopped(output, by_output);
                self.sum_by_weights(input, by_output, sums);
            });
            sum_in_order(partial, gradient);
            return;
        };
        let turned = self.turned(&parameters[..self.weights()]);
        chunks.zip(by_input.par_chunks_mut(of_input)).for_each(
            |(((sums, (input, output)), by_output), by_input)| {
                stopped(output, by_output);
                self.sum_back(&turned, input, by_output, by_input, sums);
            },
        );
        sum_in_order(partial, gradient);
        self.turn_back(&mut gradient[..self.weights()]);
    }

    /// For a first layer, which passes nothing on: neighbourhoods of the input times the gradient with respect to the output.
    fn sum_by_weights(&self, input: &[f32], by_output: &[f32], sums: &mut [f32]) {
        let (by_weights, by_bias) = sums.split_at_mut(self.weights());
        add_rows(by_output, by_bias);
        self.patches.each_block(input, |rows, seen| {
            let by_output = read(&by_output[self.output().rows(&rows)], seen.nrows(), self.channels);
            multiply_add(write(by_weights, self.fan_in(), self.channels), seen.transpose(), by_output);
        });
    }

    /// The gradient with respect to the input is a convolution of that with respect to the output with the kernel turned round; the same
    /// neighbourhoods times the input give the gradient with respect to the kernel turned round, so they are gathered once.
    fn sum_back(
        &self,
        turned: &[f32],
        input: &[f32],
        by_output: &[f32],
        by_input: &mut [f32],
        sums: &mut [f32],
    ) {
        let (by_turned, by_bias) = sums.split_at_mut(self.weights());
        add_rows(by_output, by_bias);
        let (back, image) = (self.patches_back(), self.patches.image);
        let turned = read(turned, back.length(), image.channels);
        back.each_block(by_output, |rows, seen| {
            let place = image.rows(&rows);
            let input = read(&input[place.clone()], seen.nrows(), image.channels);
            multiply_add(write(by_turned, image.channels, back.length()), input.transpose(), seen);
            multiply(write(&mut by_input[place], seen.nrows(), image.channels), seen, turned);
        });
    }

    /// The kernel turned round, as the input sees it: places backwards, channels out, channels in.
    fn turned(&self, weights: &[f32]) -> Vec<f32> {
        let (channels_in, channels_out) = (self.patches.image.channels, self.channels);
        let mut turned = vec![0.0; weights.len()];
        let places = turned.chunks_exact_mut(channels_in * channels_out);
        for (into, from) in places.zip(weights.chunks_exact(channels_in * channels_out).rev()) {
            for (number, value) in from.iter().enumerate() {
                into[number % channels_out * channels_in + number / channels_out] = *value;
            }
        }
        turned
    }

    /// From channels in, places backwards, channels out to the order of the parameters.
    fn turn_back(&self, by_turned: &mut [f32]) {
        let (channels_in, channels_out) = (self.patches.image.channels, self.channels);
        let (from, places) = (by_turned.to_vec(), self.patches.kernel.pow(2));
        for (number, into) in by_turned.chunks_exact_mut(channels_out).enumerate() {
            let (place, channel) = (places - 1 - number / channels_in, number % channels_in);
            into.copy_from_slice(&from[(channel * places + place) * channels_out..][..channels_out]);
        }
    }
}

/// Adds the bias to every position, and rectifies.
struct AddBias<'a> {
    bias: &'a [f32],
    rectified: bool,
    output: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for AddBias<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.output.chunks_exact_mut(self.bias.len()) {
            let each = row.iter_mut().zip(self.bias);
            if self.rectified {
                each.for_each(|(value, bias)| *value = rectified(*value + bias));
            } else {
                each.for_each(|(value, bias)| *value += bias);
            }
        }
    }
}

/// Numbers of one vector instruction. Frames and neighbourhoods have that much room behind their end.
const LANE: usize = 16;

/// About how many numbers of neighbourhoods are handed out at a time: they stay in a core's cache until they are
/// multiplied.
const NUMBERS_AT_ONCE: usize = 1 << 18;

/// Square neighbourhoods of an odd number of rows and columns, zeros beyond the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Patches {
    image: ActivationShape,
    /// Rows, and columns, of a neighbourhood.
    kernel: usize,
}

impl Patches {
    /// Numbers in a neighbourhood: rows, columns, channels, of which the channel moves fastest.
    pub(super) fn length(self) -> usize {
        self.kernel * self.kernel * self.image.channels
    }

    /// Hands the neighbourhoods of images' positions to `work`, a few rows of a large image or several small images at a time:
    /// one row of the matrix for each position. Rows are counted through all images.
    fn each_block(self, images: &[f32], mut work: impl FnMut(Range<usize>, Read)) {
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
