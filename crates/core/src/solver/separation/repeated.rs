//! Samples that repeat earlier ones, which linear programs leave out: a repeated row then gives the direction that the row gives
//! alone, as a sample weight does.

use super::proof::with_last;
use crate::data::Dataset;
use crate::numeric::map_sample_chunks;
use crate::solver::Intercept;
use crate::solver::coordinates::Scaling;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Data with more numbers are scaled with their repeated samples: those without are a copy.
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

/// Centres and factors of the samples that repeat no other.
pub(super) fn scaling_of_distinct(dataset: &Dataset, repeated: &[bool], intercept: Intercept) -> Scaling {
    let distinct: Vec<usize> = (0..repeated.len()).filter(|&sample| !repeated[sample]).collect();
    if distinct.len() < repeated.len()
        && distinct.len() * dataset.dimension() <= MAX_COPIED
        && let Ok(distinct) = dataset.subset(&distinct)
    {
        return Scaling::new(&distinct, 0.0, intercept);
    }
    Scaling::new(dataset, 0.0, intercept)
}
