//! Parallel work over samples, cut at fixed places and joined in order: same bytes on any number of threads.

use nalgebra::DMatrix;
use rayon::prelude::*;
use std::ops::Range;

/// Samples per chunk. Small enough that a chunk of features stays in a core's cache between the products that
/// use it, large enough that those products run at full speed.
pub const SAMPLES_PER_CHUNK: usize = 512;

/// Calls `work` on each chunk of `0..samples`, in parallel, and returns the results in the order of the chunks.
pub fn map_sample_chunks<T: Send>(samples: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let range_of = |chunk: usize| {
        let start = chunk * SAMPLES_PER_CHUNK;
        start..(start + SAMPLES_PER_CHUNK).min(samples)
    };
    let chunks = samples.div_ceil(SAMPLES_PER_CHUNK);
    if chunks <= 1 {
        // Sweeps solve thousands of small problems, each on one thread already.
        return (0..chunks).map(|chunk| work(range_of(chunk))).collect();
    }
    (0..chunks).into_par_iter().map(|chunk| work(range_of(chunk))).collect()
}

/// Calls `work` on each chunk of samples with the matching columns of `matrix` (one sample per column), which it
/// may write, and returns the results in the order of the chunks.
///
/// A matrix without rows has no columns to hand out; `work` then sees empty slices, once per chunk.
pub fn update_sample_chunks<T: Send>(
    matrix: &mut DMatrix<f64>,
    work: impl Fn(Range<usize>, &mut [f64]) -> T + Sync,
) -> Vec<T> {
    let (rows, samples) = matrix.shape();
    let range_of = |chunk: usize| {
        let start = chunk * SAMPLES_PER_CHUNK;
        start..(start + SAMPLES_PER_CHUNK).min(samples)
    };
    if rows == 0 {
        return map_sample_chunks(samples, |range| work(range, &mut []));
    }
    let columns = matrix.as_mut_slice();
    let length = rows * SAMPLES_PER_CHUNK;
    if samples <= SAMPLES_PER_CHUNK {
        return columns
            .chunks_mut(length)
            .enumerate()
            .map(|(chunk, part)| work(range_of(chunk), part))
            .collect();
    }
    columns.par_chunks_mut(length).enumerate().map(|(chunk, part)| work(range_of(chunk), part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_sample_once_and_in_order() {
        for samples in [0, 1, 511, 512, 513, 2000] {
            let ranges = map_sample_chunks(samples, |range| range);
            let covered: Vec<usize> = ranges.into_iter().flatten().collect();
            assert_eq!(covered, (0..samples).collect::<Vec<_>>());
            let mut matrix = DMatrix::zeros(2, samples);
            update_sample_chunks(&mut matrix, |range, part| {
                assert_eq!(part.len(), 2 * range.len());
                part.fill(range.start as f64);
            });
            assert!(matrix.column_iter().enumerate().all(|(sample, column)| {
                column[0] == (sample / SAMPLES_PER_CHUNK * SAMPLES_PER_CHUNK) as f64
            }));
        }
    }
}
