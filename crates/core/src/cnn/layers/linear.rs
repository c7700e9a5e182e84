//! Fully connected layers, on the whole batch at once: their weights are larger than a batch. Matrices are in single
//! precision, row after row in memory.

use super::product::{for_each_column_block, multiply, multiply_add, read, write};
use super::{Flow, add_rows};
use rayon::prelude::*;

/// `y = b + x W`. Parameters: `W`, `values in x values out` with the last moving fastest, then a bias for each value out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linear {
    values_in: usize,
    values_out: usize,
}

/// Columns of a product that one thread works on at a time.
const BLOCK: usize = 64;

impl Linear {
    pub(crate) fn new(values_in: usize, values_out: usize) -> Self {
        Self { values_in, values_out }
    }

    /// Values of the input of a sample.
    pub(crate) fn values_in(&self) -> usize {
        self.values_in
    }

    /// Values of the output of a sample.
    pub(crate) fn values_out(&self) -> usize {
        self.values_out
    }

    /// Numbers in `W`.
    pub(crate) fn weights(&self) -> usize {
        self.values_in * self.values_out
    }

    pub(crate) fn forward(&self, parameters: &[f32], input: &[f32], output: &mut [f32]) {
        let (weights, bias) = parameters.split_at(self.weights());
        let samples = output.len() / self.values_out;
        output.chunks_exact_mut(self.values_out).for_each(|row| row.copy_from_slice(bias));
        let (input, weights) =
            (read(input, samples, self.values_in), read(weights, self.values_in, self.values_out));
        for_each_column_block(write(output, samples, self.values_out), BLOCK, &|first, block| {
            let width = block.ncols();
            multiply_add(block, input, weights.subcols(first, width));
        });
    }

    /// Writes the gradient with respect to the parameters, and to the input where that is wanted.
    pub(crate) fn backward(&self, parameters: &[f32], flow: Flow, gradient: &mut [f32]) {
        let weights = read(&parameters[..self.weights()], self.values_in, self.values_out);
        let (by_weights, by_bias) = gradient.split_at_mut(self.weights());
        by_bias.fill(0.0);
        add_rows(flow.by_output, by_bias);
        let input = read(flow.input, flow.images, self.values_in);
        let by_output = read(flow.by_output, flow.images, self.values_out);
        let rows = by_weights.par_chunks_mut(4 * BLOCK * self.values_out).enumerate();
        rows.for_each(|(number, rows)| {
            let count = rows.len() / self.values_out;
            let seen = input.subcols(4 * BLOCK * number, count);
            multiply(write(rows, count, self.values_out), seen.transpose(), by_output);
        });
        let Some(by_input) = flow.by_input else { return };
        for_each_column_block(write(by_input, flow.images, self.values_in), 4 * BLOCK, &|first, block| {
            let width = block.ncols();
            multiply(block, by_output, weights.subrows(first, width).transpose());
        });
    }
}
