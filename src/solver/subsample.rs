//! A small sample of large data: where searches begin, and what preconditioners are made of.

use super::scaled_features::ScaledFeatures;
use crate::loss::Targets;

/// Smaller data is cheap as it is.
const LEAST_SAMPLES: usize = 4096;

/// How much of the data a subsample takes.
#[derive(Clone, Copy)]
pub(super) struct SubsampleSize {
    /// One sample of this many of every class ..
    one_of: usize,
    /// .. but at least this many, or all.
    least: usize,
}

impl SubsampleSize {
    /// To begin a search for heads of so many rows on. With fewer than two samples of a class to an unknown, samples could
    /// be separable that in the whole data are not.
    pub(super) fn to_begin_on(dimension: usize) -> Self {
        Self { one_of: 16, least: dimension.saturating_mul(2) }
    }

    /// To make preconditioners of: a quarter, or less where features are many and with them the cost of every sample, but
    /// two for every feature, else the blocks would be noise.
    pub(super) fn to_precondition(dimension: usize, classes: usize) -> Self {
        Self { one_of: (dimension / 64).max(4), least: dimension.saturating_mul(2).div_ceil(classes).max(8) }
    }

    /// How many samples of each class to draw; `None` where they would be too few or too large a part of the data to help.
    fn wanted(self, counts: &[usize]) -> Option<Vec<usize>> {
        let of_class = |&count: &usize| count.div_ceil(self.one_of).max(self.least).min(count);
        let wanted: Vec<usize> = counts.iter().map(of_class).collect();
        let (samples, total): (usize, usize) = (counts.iter().sum(), wanted.iter().sum());
        (samples >= LEAST_SAMPLES && 3 * total <= samples).then_some(wanted)
    }

    /// The number of samples that are drawn.
    pub(super) fn samples(self, counts: &[usize]) -> usize {
        self.wanted(counts).map_or(0, |wanted| wanted.iter().sum())
    }
}

/// Some samples of every class, weighted so that every class keeps its mass.
pub(super) struct Subsample {
    pub(super) features: ScaledFeatures<'static>,
    pub(super) targets: Targets,
    /// `N_c` over the size of what is drawn of the class: what each sample drawn counts for beside its own weight.
    pub(super) factors: Vec<f64>,
}

impl Subsample {
    /// Draws from the data, as far as that helps.
    pub(super) fn draw(features: &ScaledFeatures, targets: &Targets, size: SubsampleSize) -> Option<Self> {
        let counts = targets.counts();
        let wanted = size.wanted(counts)?;
        let chosen = stratified_sample(targets, &wanted);
        let labels = targets.labels().subset(&chosen).ok()?;
        let factors: Vec<f64> =
            targets.sizes().iter().zip(labels.sizes()).map(|(all, drawn)| all / drawn).collect();
        let targets = targets.resampled(&labels, &factors);
        Some(Self { features: features.subset(&chosen), targets, factors })
    }

    /// Gives the samples other class weights.
    pub(super) fn take_weights(&mut self, targets: &Targets) {
        self.targets = targets.resampled(self.targets.labels(), &self.factors);
    }
}

/// For each class, `wanted` samples: one from each of as many equal runs of the class, at a place in the run that looks
/// random, so that no period in the data is met. In sample order.
fn stratified_sample(targets: &Targets, wanted: &[usize]) -> Vec<usize> {
    let mut seen = vec![0_usize; wanted.len()];
    let mut next: Vec<usize> =
        (0..wanted.len()).map(|class| place(0, wanted[class], targets.counts()[class])).collect();
    let mut taken = vec![0_usize; wanted.len()];
    let mut chosen = Vec::with_capacity(wanted.iter().sum());
    for (sample, &label) in targets.class_indices().iter().enumerate() {
        let class = label as usize;
        if seen[class] == next[class] && taken[class] < wanted[class] {
            chosen.push(sample);
            taken[class] += 1;
            next[class] = place(taken[class], wanted[class], targets.counts()[class]);
        }
        seen[class] += 1;
    }
    chosen
}

/// The place, within a class of `count` samples, of the sample drawn from run `index` of `runs`.
fn place(index: usize, runs: usize, count: usize) -> usize {
    let start = index * count / runs;
    let end = ((index + 1) * count / runs).max(start + 1);
    start + scrambled(index as u64) % (end - start)
}

/// A number that looks random (the finaliser of `SplitMix64`).
#[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
fn scrambled(index: u64) -> usize {
    let mut bits = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) as usize
}
