//! Cuts samples in two, class by class: those to solve for and those to test on.

use super::Labels;
use super::random::stream;
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
    /// Draws a share of every class for the test, rounded to the nearest number of samples that leaves one to solve for. The same
    /// seed gives the same samples.
    #[must_use]
    pub fn stratified(labels: &Labels, share: f64, seed: u64) -> Self {
        let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); labels.classes()];
        for (sample, &class) in labels.class_indices().iter().enumerate() {
            of_class[class as usize].push(sample);
        }
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (class, mut samples) in (0..).zip(of_class) {
            samples.shuffle(&mut stream(seed, class));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a length"
            )]
            let wanted = (share * samples.len() as f64).round() as usize;
            let cut = wanted.min(samples.len().saturating_sub(1));
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

    #[test]
    fn every_class_is_cut_alike() {
        let labels = Labels::numbered(
            (0..103).map(|sample| u32::from(sample >= 60) + u32::from(sample == 102)).collect(),
            3,
        );
        let labels = labels.expect("labels");
        let split = Split::stratified(&labels, 0.25, 7);
        let count = |samples: &[usize], class: u32| {
            samples.iter().filter(|&&sample| labels.class_indices()[sample] == class).count()
        };
        assert_eq!([0, 1, 2].map(|class| count(&split.test, class)), [15, 11, 0]);
        let mut all = [split.train.clone(), split.test.clone()].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..103));
        assert_eq!(split, Split::stratified(&labels, 0.25, 7));
        assert_ne!(split, Split::stratified(&labels, 0.25, 8));
    }
}
