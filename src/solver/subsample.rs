//! A small sample of large data, for initial guesses and preconditioners.

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
    /// For initial guesses of heads with so many rows. With fewer than two samples of a class per unknown, the
    /// subsample could be separable where the whole data are not.
    pub(super) fn to_begin_on(dimension: usize) -> Self {
        Self { one_of: 16, least: dimension.saturating_mul(2) }
    }

    /// For preconditioners: a quarter of the data, or less where many features make samples expensive, but at least two
    /// samples per feature, since the blocks would otherwise be noise.
    pub(super) fn to_precondition(dimension: usize, classes: usize) -> Self {
        Self { one_of: (dimension / 64).max(4), least: dimension.saturating_mul(2).div_ceil(classes).max(8) }
    }

    /// Number of samples of each class to draw; `None` where a subsample would not help: few data, or a large part of
    /// them.
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
    /// `N_c` over the number drawn of the class: the factor on the weight of each drawn sample.
    pub(super) factors: Vec<f64>,
}

impl Subsample {
    /// Draws a subsample; `None` where it would not help.
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

/// A stratified sample: `wanted` samples of each class, one from each of as many equal runs, at a pseudo-random place
/// in the run, so that periodic data do no harm. In sample order.
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
