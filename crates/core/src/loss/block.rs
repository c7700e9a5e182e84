//! Logits of a few hundred samples at a time, as every loss works on them.

use super::Targets;
use crate::numeric::{SAMPLES_PER_CHUNK, update_sample_chunks};
use nalgebra::DMatrix;
use std::ops::Range;

/// Logits (or their derivatives) of at most [`SAMPLES_PER_CHUNK`] samples, one contiguous run of samples per logit
/// column, so that vector instructions run over samples.
pub(crate) struct LogitBlock<'a> {
    /// Place of the block's first sample among all.
    pub(crate) first_sample: usize,
    /// Class of each sample.
    pub(crate) labels: &'a [u32],
    /// Weight of each sample; `None` where every one counts once.
    pub(crate) weights: Option<&'a [f64]>,
    /// `n x Q`, sample index fastest.
    pub(crate) values: &'a mut [f64],
}

impl<'a> LogitBlock<'a> {
    /// The logits (`n x Q`) of samples `range`, with their classes and weights.
    pub(crate) fn of(targets: &'a Targets, range: Range<usize>, values: &'a mut [f64]) -> Self {
        let weights = targets.sample_weights().map(|weights| &weights[range.clone()]);
        Self { first_sample: range.start, labels: &targets.class_indices()[range], weights, values }
    }
}

impl LogitBlock<'_> {
    /// Places of the block's samples among all.
    pub(crate) fn samples(&self) -> Range<usize> {
        self.first_sample..self.first_sample + self.labels.len()
    }

    /// The run of samples of each logit column.
    pub(crate) fn columns(&mut self) -> impl Iterator<Item = &mut [f64]> {
        self.values.chunks_exact_mut(self.labels.len())
    }
}

/// Hands a `Q x N` matrix (one sample per column) to `work` block by block, writes back what `work` leaves in the
/// block, and returns its results in order.
pub(super) fn update_in_blocks<T: Send>(
    matrix: &mut DMatrix<f64>,
    targets: &Targets,
    work: impl Fn(&mut LogitBlock) -> T + Sync,
) -> Vec<T> {
    let rows = matrix.nrows();
    update_sample_chunks(matrix, |range, part| {
        let mut values = transposed(part, rows);
        let result = work(&mut LogitBlock::of(targets, range, &mut values));
        let samples = part.len() / rows.max(1);
        part.copy_from_slice(&transposed(&values, samples));
        result
    })
}

/// Multiplies a number of each sample by the sample's weight.
pub(crate) fn weigh(numbers: &mut [f64], weights: Option<&[f64]>) {
    if let Some(weights) = weights {
        numbers.iter_mut().zip(weights).for_each(|(number, weight)| *number *= weight);
    }
}

/// Writes the number of every sample's class.
pub(crate) fn of_classes(by_class: &[f64], labels: &[u32], into: &mut [f64]) {
    into.iter_mut().zip(labels).for_each(|(entry, &label)| *entry = by_class[label as usize]);
}

/// The transpose of a column-major matrix with `rows` rows.
fn transposed(matrix: &[f64], rows: usize) -> Vec<f64> {
    let columns = matrix.len() / rows.max(1);
    let entry = |index: usize| matrix[(index % columns) * rows + index / columns];
    (0..matrix.len()).map(entry).collect()
}

/// The sum of some numbers, in eight lanes.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
pub(super) fn lane_sum(values: &[f64]) -> f64 {
    lane_sum_of(values, |value| value)
}

/// The sum of what becomes of some numbers, in eight lanes.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
pub(super) fn lane_sum_of(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (lanes, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for lane in lanes {
        for (sum, value) in sums.iter_mut().zip(lane) {
            *sum += of(*value);
        }
    }
    sums.into_iter().chain(rest.iter().map(|value| of(*value))).sum()
}

/// The largest magnitude, in eight lanes.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
pub(super) fn lane_largest(values: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let (lanes, rest) = values.as_chunks::<8>();
    let mut largest = [0.0; 8];
    for lane in lanes {
        for (largest, value) in largest.iter_mut().zip(lane) {
            *largest = larger(*largest, value.abs());
        }
    }
    largest.iter().chain(rest).fold(0.0, |all, value| larger(all, value.abs()))
}

/// Room for one number per sample of a block, on the stack.
pub(super) type PerSample = [f64; SAMPLES_PER_CHUNK];
