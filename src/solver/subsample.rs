//! A small stand-in for large data: where searches begin, and what preconditioners are made of.

use super::scaled_features::ScaledFeatures;
use crate::data::Labels;
use crate::loss::Targets;

/// One sample of this many is drawn from every class.
const ONE_OF: usize = 16;
/// At least this many samples of every class (or all) for each unknown of a column: with fewer, samples can be told
/// apart that in the whole data cannot.
const LEAST_PER_UNKNOWN: usize = 2;
/// Smaller data is cheap as it is.
const LEAST_SAMPLES: usize = 4096;

/// Some samples of every class, weighted so that every class keeps its mass.
pub(super) struct Subsample {
    pub(super) features: ScaledFeatures<'static>,
    pub(super) targets: Targets,
    /// `N_c / n_c`, what each sample drawn stands for.
    pub(super) factors: Vec<f64>,
}

impl Subsample {
    /// Draws from the data; `None` where a sample would be too small or too large a part of it to help.
    pub(super) fn draw(features: &ScaledFeatures, targets: &Targets) -> Option<Self> {
        let counts = targets.counts();
        let wanted: Vec<usize> = counts
            .iter()
            .map(|&count| count.div_ceil(ONE_OF).max(LEAST_PER_UNKNOWN * features.dimension()).min(count))
            .collect();
        let total: usize = wanted.iter().sum();
        if targets.samples() < LEAST_SAMPLES || 4 * total > targets.samples() {
            return None;
        }
        let chosen = spread_draw(targets, &wanted);
        let of_sample = chosen.iter().map(|&sample| targets.of_sample()[sample]).collect();
        let labels = Labels::new(of_sample, targets.labels().class_names().to_vec()).ok()?;
        let factors: Vec<f64> =
            counts.iter().zip(labels.counts()).map(|(&all, &drawn)| all as f64 / drawn as f64).collect();
        let targets = targets.resampled(&labels, &factors);
        Some(Self { features: features.subset(&chosen), targets, factors })
    }
}

/// For each class, `wanted` samples: one from each of as many equal runs of the class, at a place in the run that looks
/// random, so that no period in the data is met. In sample order.
fn spread_draw(targets: &Targets, wanted: &[usize]) -> Vec<usize> {
    let mut seen = vec![0_usize; wanted.len()];
    let mut next: Vec<usize> =
        (0..wanted.len()).map(|class| place(0, wanted[class], targets.counts()[class])).collect();
    let mut taken = vec![0_usize; wanted.len()];
    let mut chosen = Vec::with_capacity(wanted.iter().sum());
    for (sample, &label) in targets.of_sample().iter().enumerate() {
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
