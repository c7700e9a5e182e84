//! Samples that repeat earlier ones, which linear programs leave out, as they leave out sample weights: a row gives the same direction
//! alone, repeated, and with a weight.

use super::proof::with_last;
use crate::data::Dataset;
use crate::numeric::map_sample_chunks;
use crate::solver::Intercept;
use crate::solver::coordinates::{Coordinates, SpreadOf};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Data with more numbers keep the coordinates of all samples: those without the repeated ones are a copy.
const MAX_COPIED: usize = 1 << 23;

/// Whether each sample has the numbers and the class of an earlier one. Of samples with equal hashes one may be taken for
/// another's repetition: every direction is proved on all samples.
pub(super) fn repeated(dataset: &Dataset) -> Vec<bool> {
    let dimension = dataset.dimension() + 1;
    let labels = dataset.labels().class_indices();
    let hashes = map_sample_chunks(labels.len(), |range| {
        let numbers = with_last(dataset, range.clone(), 1.0);
        let hash = |(numbers, class): (&[f64], &u32)| {
            let mut hasher = DefaultHasher::new();
            class.hash(&mut hasher);
            numbers.iter().for_each(|number| number.to_bits().hash(&mut hasher));
            hasher.finish()
        };
        numbers.chunks_exact(dimension).zip(&labels[range]).map(hash).collect::<Vec<u64>>()
    });
    let mut seen = HashSet::new();
    hashes.concat().into_iter().map(|hash| !seen.insert(hash)).collect()
}

/// Coordinates of the samples that repeat no other, each counted once; `None` where all samples are such, or there are too many to copy.
pub(super) fn coordinates_of_distinct(
    dataset: &Dataset,
    repeated: &[bool],
    intercept: Intercept,
) -> Option<Coordinates> {
    let distinct: Vec<usize> = (0..repeated.len()).filter(|&sample| !repeated[sample]).collect();
    let differ = distinct.len() < repeated.len() || dataset.labels().weights().is_some();
    let are_copied = differ && distinct.len() * dataset.dimension() <= MAX_COPIED;
    let distinct = are_copied.then(|| dataset.subset(&distinct).ok()).flatten()?;
    Some(Coordinates::of(&distinct.each_once(), 0.0, intercept, SpreadOf::AllRows))
}
