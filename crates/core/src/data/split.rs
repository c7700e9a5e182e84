//! Cuts samples in two, class by class: those to solve for and those to test on.

use super::Labels;
use super::random::stream;
use rand::Rng;
use rand::seq::SliceRandom;
use std::fmt::{Display, Formatter, Result as Written};

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

/// A share of every class that is kept apart to test on, and the seed that draws it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOutShare {
    /// Between 0 and 1.
    pub share: f64,
    /// The same seed draws the same samples.
    pub seed: u64,
}

impl HeldOutShare {
    /// Draws it.
    #[must_use]
    pub fn split(self, labels: &Labels) -> Split {
        Split::stratified(labels, self.share, &mut stream(self.seed, 0))
    }
}

impl Display for HeldOutShare {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        write!(formatter, "{:?} of every class, seed {}", self.share, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_cut_alike() {
        let labels = Labels::numbered(
            (0..106)
                .map(|sample| u32::from(sample >= 60) + u32::from(sample >= 102) + u32::from(sample == 105))
                .collect(),
            4,
        );
        let labels = labels.expect("labels");
        let drawn = |seed: u64, share: f64| HeldOutShare { share, seed }.split(&labels);
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
        assert_eq!(HeldOutShare { share: 0.25, seed: 7 }.to_string(), "0.25 of every class, seed 7");
    }
}
