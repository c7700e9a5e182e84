//! Work on all threads, in a build with the feature `parallel`, else one item after the other; the same bytes either way.
//!
//! Results are in the order of the items. Samples are cut at fixed places, and what is found for the parts is joined in order.

use nalgebra::DMatrix;
#[cfg(feature = "parallel")]
use rayon::prelude::*;
use std::convert::Infallible;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many threads work at a time.
#[cfg(feature = "parallel")]
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// How many threads work at a time.
#[cfg(not(feature = "parallel"))]
pub(crate) fn threads() -> usize {
    1
}

/// Calls `work` with 0, 1, .. `count - 1` in any order, until it says break or panics. Behind a pointer, since the threads' own
/// code would otherwise be compiled again for each of the many kinds of work.
#[cfg(feature = "parallel")]
fn for_each_place(count: usize, work: &(dyn Fn(usize) -> ControlFlow<()> + Sync)) {
    let _: ControlFlow<()> = (0..count).into_par_iter().panic_fuse().try_for_each(work);
}

/// Calls `work` with 0, 1, .. `count - 1`, until it says break.
#[cfg(not(feature = "parallel"))]
fn for_each_place(count: usize, work: &(dyn Fn(usize) -> ControlFlow<()> + Sync)) {
    let _: ControlFlow<()> = (0..count).try_for_each(work);
}

/// What lies in a place that one thread at a time looks at. A panic elsewhere is passed on by the threads themselves.
fn within<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `work` of every item.
pub(crate) fn map_items<I: Send, T: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> T + Sync + Send,
) -> Vec<T> {
    let never_fails = |item| Ok::<T, Infallible>(work(item));
    match try_map_items(items, never_fails) {
        Ok(found) => found,
        Err(never) => match never {},
    }
}

/// The same of work that may fail; ends early with one of the errors, or with a panic, by which callers stop it.
pub(crate) fn try_map_items<I: Send, T: Send, E: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    let items: Vec<Mutex<Option<I>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let found: Vec<Mutex<Option<Result<T, E>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    for_each_place(items.len(), &|place| {
        let item = within(&items[place]).take();
        let result = item.map(&work);
        let failed = matches!(result, Some(Err(_)));
        *within(&found[place]) = result;
        if failed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    // Places after an error may be empty, and there is no result then but the error.
    let results =
        found.into_iter().filter_map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
    results.collect()
}

/// Samples per chunk. Small enough that a chunk of features stays in a core's cache between the products that
/// use it, large enough that those products run at full speed.
pub const SAMPLES_PER_CHUNK: usize = 512;

/// Runs of chunks that share an accumulator; fixed, so that bytes do not depend on threads.
const SPANS: usize = 32;

/// Accumulators per thread between two merges: few enough to hold, enough to keep threads from waiting for another.
const SPANS_PER_THREAD: usize = 4;

/// Numbers in the accumulators of a thread, beyond which it holds fewer of them at a time.
const NUMBERS_PER_THREAD: usize = 1 << 19;

/// How many accumulators of so many numbers exist at a time for each thread.
pub(crate) fn accumulators_per_thread(numbers: usize) -> usize {
    (NUMBERS_PER_THREAD / numbers.max(1)).clamp(1, SPANS_PER_THREAD)
}

fn chunk_range(chunk: usize, samples: usize) -> Range<usize> {
    let start = chunk * SAMPLES_PER_CHUNK;
    start..(start + SAMPLES_PER_CHUNK).min(samples)
}

/// The chunks of `0..samples` in order.
pub fn sample_chunks(samples: usize) -> impl Iterator<Item = Range<usize>> {
    (0..samples.div_ceil(SAMPLES_PER_CHUNK)).map(move |chunk| chunk_range(chunk, samples))
}

/// Calls `work` on each chunk of `0..samples`, in parallel, and returns the results in the order of the chunks.
pub fn map_sample_chunks<T: Send>(samples: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let chunks = samples.div_ceil(SAMPLES_PER_CHUNK);
    let run = |chunk| work(chunk_range(chunk, samples));
    // Sweeps solve thousands of small problems, each on one thread already.
    if chunks <= 1 { (0..chunks).map(run).collect() } else { map_items(0..chunks, run) }
}

/// Folds the chunks of `0..samples` into accumulators and those into one, always in the same order.
///
/// Samples are cut into a fixed number of spans; each span folds its chunks, in order, into an accumulator from
/// `start`, and the accumulators are handed to `merge` in order. At most four of them exist at a time for
/// each thread.
pub fn fold_sample_spans<A: Send>(
    samples: usize,
    start: impl Fn() -> A + Sync,
    work: impl Fn(&mut A, Range<usize>) + Sync,
    merge: impl FnMut(A),
) {
    fold_wide_spans(samples, 0, start, work, merge);
}

/// The same with accumulators of so many `numbers`, of which a thread holds fewer at a time where they are many. The
/// result is the same bits.
pub fn fold_wide_spans<A: Send>(
    samples: usize,
    numbers: usize,
    start: impl Fn() -> A + Sync,
    work: impl Fn(&mut A, Range<usize>) + Sync,
    merge: impl FnMut(A),
) {
    let chunks = samples.div_ceil(SAMPLES_PER_CHUNK);
    let per_span = chunks.div_ceil(SPANS).max(1);
    let spans = chunks.div_ceil(per_span);
    let run = |span: usize| {
        let mut accumulator = start();
        for chunk in span * per_span..((span + 1) * per_span).min(chunks) {
            work(&mut accumulator, chunk_range(chunk, samples));
        }
        accumulator
    };
    let threads = if spans <= 1 { 1 } else { threads() };
    if threads == 1 {
        (0..spans).map(run).for_each(merge);
        return;
    }
    let (mut merge, at_a_time) = (merge, accumulators_per_thread(numbers) * threads);
    for first in (0..spans).step_by(at_a_time) {
        map_items(first..(first + at_a_time).min(spans), run).into_iter().for_each(&mut merge);
    }
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
    if rows == 0 {
        return map_sample_chunks(samples, |range| work(range, &mut []));
    }
    let (columns, length) = (matrix.as_mut_slice(), rows * SAMPLES_PER_CHUNK);
    let run = |(chunk, part): (usize, &mut [f64])| work(chunk_range(chunk, samples), part);
    if samples <= SAMPLES_PER_CHUNK {
        columns.chunks_mut(length).enumerate().map(run).collect()
    } else {
        map_items(columns.chunks_mut(length).enumerate(), run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items_and_an_error_is_passed_on() {
        assert_eq!(map_items(0..1000, |item| 2 * item), (0..1000).map(|item| 2 * item).collect::<Vec<_>>());
        let odd = |item: usize| if item % 2 == 1 { Ok(item) } else { Err(item) };
        assert_eq!(try_map_items([1, 3, 5], odd), Ok(vec![1, 3, 5]));
        assert_eq!(try_map_items([1, 4, 5], odd), Err(4));
        assert!(threads() >= 1);
    }

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

    #[cfg(feature = "parallel")]
    #[test]
    fn spans_merge_in_order_on_any_number_of_threads() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let mut merged: Vec<usize> = Vec::new();
            pool.install(|| {
                fold_sample_spans(
                    100_000,
                    Vec::new,
                    |span, range| span.push(range.start),
                    |span| {
                        merged.extend(span);
                    },
                );
            });
            merged
        };
        let expected: Vec<usize> = (0..100_000).step_by(SAMPLES_PER_CHUNK).collect();
        assert_eq!(run(1), expected);
        assert_eq!(run(3), expected);
    }
}
