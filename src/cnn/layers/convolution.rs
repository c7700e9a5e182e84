//! Two-dimensional convolution, stride one, the image kept at its size by a border of zeros.

use super::super::activation_shape::ActivationShape;
use super::in_place::{StopAtZero, rectified};
use super::patches::Patches;
use super::product::{multiply, multiply_add, read, write};
use super::{Flow, IMAGES_PER_CHUNK, add_rows, sum_in_order};
use crate::numeric::{Kernel, vectorised};
use rayon::prelude::*;

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
