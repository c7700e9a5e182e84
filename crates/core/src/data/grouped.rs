//! Grouped designs: samples of a group share their features, so a linear head can fit every group freely.

use rand::Rng;
use rand::seq::index;

use super::blocks::{class_totals, labels_in_blocks, zeros};
use super::random::stream;
use super::{DataError, Dataset};

/// `G` groups with `group_counts[g][c]` samples of class `c` in group `g` (docs/theory.md#i5 and #i6).
///
/// Features are one-hot with group 0 as the reference: `d = G - 1`, feature `g - 1` is 1 in group `g` and 0
/// elsewhere. Together with the intercept the head is saturated: it can give each group any logits, so an
/// unpenalised softmax fit predicts each group's own class frequencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupedDesign {
    group_counts: Vec<Vec<usize>>,
    class_counts: Vec<usize>,
}

impl GroupedDesign {
    /// Takes the samples of each group (`G` rows) and class (`K` columns).
    ///
    /// A group may lack a class (its fit is then at infinity unless penalised) or be empty.
    ///
    /// # Errors
    /// There is no group, rows are of unequal length, there are fewer than two classes, or a class has no
    /// sample in any group.
    pub fn new(group_counts: Vec<Vec<usize>>) -> Result<Self, DataError> {
        let Some(classes) = group_counts.first().map(Vec::len) else {
            return Err(DataError::invalid("group counts", "no groups; give at least one"));
        };
        if classes < 2 {
            return Err(DataError::invalid("group counts", "at least two classes are needed in each group"));
        }
        if let Some(group) = group_counts.iter().position(|counts| counts.len() != classes) {
            return Err(DataError::invalid(
                format!("group {group}"),
                format!(
                    "{} counts, but group 0 has {classes}; give one per class",
                    group_counts[group].len()
                ),
            ));
        }
        let class_counts = class_totals(&group_counts)?;
        if let Some(class) = class_counts.iter().position(|&count| count == 0) {
            return Err(DataError::invalid(
                format!("class {class}"),
                "has no sample in any group; give it at least one",
            ));
        }
        Ok(Self { group_counts, class_counts })
    }

    /// Spreads `class_counts[c]` samples of each class over `groups` groups at random, at least one in each.
    ///
    /// Every way of doing so is equally likely, so group frequencies differ widely. As every group holds every
    /// class, the unpenalised minimiser is finite.
    ///
    /// # Errors
    /// There are no groups, there are fewer than two classes, or a class has fewer samples than there are
    /// groups.
    pub fn random(groups: usize, class_counts: &[usize], seed: u64, stream: u64) -> Result<Self, DataError> {
        if groups == 0 {
            return Err(DataError::invalid("groups", "0; give at least one"));
        }
        if let Some(class) = class_counts.iter().position(|&count| count < groups) {
            return Err(DataError::invalid(
                format!("class {class}"),
                format!(
                    "{} samples for {groups} groups; each group needs at least one sample of every class",
                    class_counts[class]
                ),
            ));
        }
        let mut generator = self::stream(seed, stream);
        let mut group_counts = vec![Vec::with_capacity(class_counts.len()); groups];
        for &count in class_counts {
            for (counts, part) in group_counts.iter_mut().zip(random_parts(&mut generator, count, groups)) {
                counts.push(part);
            }
        }
        Self::new(group_counts)
    }

    /// Samples of each group (`G` rows) and class (`K` columns).
    #[must_use]
    pub fn group_counts(&self) -> &[Vec<usize>] {
        &self.group_counts
    }

    /// `N_c`, samples of each class over all groups.
    #[must_use]
    pub fn class_counts(&self) -> &[usize] {
        &self.class_counts
    }

    /// The samples: class after class and, within a class, group after group; features `group_1`, `group_2`, ...
    ///
    /// # Errors
    /// Memory cannot hold the samples.
    pub fn dataset(&self) -> Result<Dataset, DataError> {
        let labels = labels_in_blocks(&self.class_counts)?;
        let mut features = zeros(self.group_counts.len() - 1, labels.samples())?;
        let mut sample = 0;
        for class in 0..self.class_counts.len() {
            for (group, counts) in self.group_counts.iter().enumerate() {
                let count = counts[class];
                if group > 0 {
                    features.view_mut((group - 1, sample), (1, count)).fill(1.0);
                }
                sample += count;
            }
        }
        let names = (1..self.group_counts.len()).map(|group| format!("group_{group}")).collect();
        Dataset::new(features, names, labels)
    }
}

/// Splits `count` samples into `parts` positive parts, every such split equally likely; `1 <= parts <= count`.
fn random_parts(generator: &mut impl Rng, count: usize, parts: usize) -> Vec<usize> {
    // `count` samples in a row have `count - 1` gaps; `parts - 1` distinct gaps cut them into positive parts.
    let mut ends: Vec<usize> =
        index::sample(generator, count - 1, parts - 1).into_iter().map(|gap| gap + 1).collect();
    ends.sort_unstable();
    ends.push(count);
    let mut start = 0;
    ends.into_iter().map(|end| end - std::mem::replace(&mut start, end)).collect()
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    #[test]
    fn features_are_one_hot_with_the_first_group_as_reference() {
        let design = GroupedDesign::new(vec![vec![1, 1], vec![0, 2], vec![1, 0]]).expect("valid");
        let dataset = design.dataset().expect("small");
        // Class 0: groups 0, 2. Class 1: groups 0, 1, 1.
        let expected = dmatrix![0.0, 0.0, 0.0, 1.0, 1.0; 0.0, 1.0, 0.0, 0.0, 0.0];
        assert_eq!(*dataset.features(), expected);
        assert_eq!(dataset.labels().class_indices(), [0, 0, 1, 1, 1]);
        assert_eq!(dataset.feature_names(), ["group_1", "group_2"]);
    }

    #[test]
    fn one_group_has_no_features() {
        let dataset = GroupedDesign::new(vec![vec![2, 3]]).expect("valid").dataset().expect("small");
        assert_eq!(dataset.features().shape(), (0, 5));
    }

    #[test]
    fn random_groups_hold_every_class_and_all_samples() {
        for stream in 0..50 {
            let design = GroupedDesign::random(4, &[4, 9, 50], 17, stream).expect("valid");
            assert_eq!(design.class_counts(), [4, 9, 50]);
            assert_eq!(design.group_counts().len(), 4);
            assert!(design.group_counts().iter().flatten().all(|&count| count >= 1));
            // Four samples over four groups leave no choice.
            assert!(design.group_counts().iter().all(|counts| counts[0] == 1));
        }
    }

    #[test]
    fn every_split_is_equally_likely() {
        let mut generator = stream(3, 0);
        let mut seen = [0_u32; 6];
        for _ in 0..12_000 {
            let parts = random_parts(&mut generator, 5, 3);
            assert_eq!(parts.iter().sum::<usize>(), 5);
            let splits = [[1, 1, 3], [1, 2, 2], [1, 3, 1], [2, 1, 2], [2, 2, 1], [3, 1, 1]];
            let which = splits.iter().position(|split| parts == *split).expect("one of the six splits");
            seen[which] += 1;
        }
        // 2000 each; the standard deviation is 41.
        assert!(seen.iter().all(|&count| (1_800..=2_200).contains(&count)), "{seen:?}");
    }

    #[test]
    fn same_stream_same_groups() {
        let draw = |stream| GroupedDesign::random(5, &[40, 60], 1, stream).expect("valid");
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
    }

    #[test]
    fn impossible_designs_say_what_is_wrong() {
        let cases = [
            (GroupedDesign::new(vec![]), "no groups"),
            (GroupedDesign::new(vec![vec![1]]), "at least two classes"),
            (GroupedDesign::new(vec![vec![1, 2], vec![1]]), "group 1: 1 counts"),
            (GroupedDesign::new(vec![vec![1, 0], vec![2, 0]]), "class 1: has no sample"),
            (GroupedDesign::new(vec![vec![usize::MAX, 1], vec![1, 1]]), "too large"),
            (GroupedDesign::random(0, &[5, 5], 0, 0), "groups: 0"),
            (GroupedDesign::random(3, &[5, 2], 0, 0), "class 1: 2 samples for 3 groups"),
        ];
        for (design, expected) in cases {
            let message = design.expect_err("invalid").to_string();
            assert!(message.contains(expected), "{message:?} lacks {expected:?}");
        }
    }
}
