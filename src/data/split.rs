//! Cuts samples in two, class by class: those to solve for and those to test on.

use super::Labels;
use rand::Rng;
use rand::seq::SliceRandom;

/// Samples by their numbers, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// To solve for; every class has one.
    pub train: Vec<usize>,
    /// To test on.
    pub test: Vec<usize>,
}

impl Split {
    /// Draws a share (between 0 and 1) of every class for the test, rounded to the nearest number of samples, but at least one, and
    /// at most what leaves one to solve for, which comes first.
    #[must_use]
    pub fn stratified(labels: &Labels, share: f64, generator: &mut impl Rng) -> Self {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for mut samples in labels.members() {
            samples.shuffle(generator);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a length"
            )]
            let wanted = (share * samples.len() as f64).round() as usize;
            let cut = wanted.max(1).min(samples.len().saturating_sub(1));
            test.extend_from_slice(&samples[..cut]);
            train.extend_from_slice(&samples[cut..]);
        }
        train.sort_unstable();
        test.sort_unstable();
        Self { train, test }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::stream;

    #[test]
    fn every_class_is_cut_alike() {
        let labels = Labels::numbered(
            (0..106)
                .map(|sample| u32::from(sample >= 60) + u32::from(sample >= 102) + u32::from(sample == 105))
                .collect(),
            4,
        );
        let labels = labels.expect("labels");
        let drawn = |seed: u64, share: f64| Split::stratified(&labels, share, &mut stream(seed, 0));
        let split = drawn(7, 0.25);
        let count = |samples: &[usize], class: u32| {
            samples.iter().filter(|&&sample| labels.class_indices()[sample] == class).count()
        };
        assert_eq!([0, 1, 2, 3].map(|class| count(&split.test, class)), [15, 11, 1, 0]);
        assert_eq!([0, 1, 2, 3].map(|class| count(&drawn(7, 0.01).test, class)), [1, 1, 1, 0]);
        assert_eq!([0, 1, 2, 3].map(|class| count(&drawn(7, 0.99).train, class)), [1, 1, 1, 1]);
        let mut all = [split.train.clone(), split.test.clone()].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..106));
        assert_eq!(split, drawn(7, 0.25));
        assert_ne!(split, drawn(8, 0.25));
    }
}
