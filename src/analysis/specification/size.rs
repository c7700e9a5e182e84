//! How large a design is, before a sample of it is drawn.

use super::{ClassSizes, Design, Means};
use crate::data::DataError;

/// Numbers of classes, samples and features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesignSize {
    /// `K`.
    pub classes: usize,
    /// `N`.
    pub samples: usize,
    /// `d`; of designs without features the number of logits.
    pub features: usize,
}

/// Features of an embedded digit.
const DIGIT_FEATURES: usize = 64;
/// The largest number of classes for which rules of class sizes are evaluated; far more than any sample has.
pub(in crate::analysis) const MAX_CLASSES: usize = 1 << 20;

impl DesignSize {
    /// Features and logits of all samples.
    #[must_use]
    pub fn numbers(self) -> usize {
        self.samples.saturating_mul(self.features.saturating_add(self.classes))
    }
}

impl Design {
    /// The size of a draw, from what the design says alone; `None` where files say it, or where the design is one
    /// of the fixed small ones.
    ///
    /// # Errors
    /// Class sizes by rule are impossible, or there are more than `MAX_CLASSES` classes.
    pub fn size(&self) -> Result<Option<DesignSize>, DataError> {
        let size = match self {
            Self::Gaussian { means, counts, .. } => {
                let (classes, features) = means.shape();
                DesignSize { classes, samples: counts.total(classes)?, features }
            }
            Self::Groups { counts } => grouped(counts, counts.len()),
            Self::PlacedGroups { points, counts } => grouped(counts, longest(points)),
            Self::RandomGroups { groups, counts } => {
                DesignSize { classes: counts.len(), samples: sum(counts).max(*groups), features: *groups }
            }
            Self::FreeFeatures { counts } => {
                DesignSize { classes: counts.len(), samples: counts.len(), features: counts.len() }
            }
            Self::Witness { counts, outflows } => {
                let classes = counts.len().max(outflows.len());
                // One group for each pair of classes and one for each class alone.
                DesignSize {
                    classes,
                    samples: sum(counts),
                    features: classes.saturating_mul(classes + 1) / 2,
                }
            }
            Self::Logits { classes, counts, .. } => {
                DesignSize { classes: *classes, samples: counts.total(*classes)?, features: *classes }
            }
            Self::Digits { classes, counts } => DesignSize {
                classes: classes.len(),
                samples: counts.total(classes.len())?,
                features: DIGIT_FEATURES,
            },
            Self::ContraryWeight
            | Self::ContraryWeightOfThree
            | Self::HelpingWeight
            | Self::HinderingWeight
            | Self::Images { .. }
            | Self::Tabular { .. }
            | Self::Table(_) => return Ok(None),
        };
        Ok(Some(size))
    }
}

fn sum(counts: &[usize]) -> usize {
    counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
}

fn longest<T>(lists: &[Vec<T>]) -> usize {
    lists.iter().map(Vec::len).max().unwrap_or(0)
}

fn grouped(counts: &[Vec<usize>], features: usize) -> DesignSize {
    let samples = counts.iter().fold(0_usize, |samples, group| samples.saturating_add(sum(group)));
    DesignSize { classes: longest(counts), samples, features }
}

impl ClassSizes {
    fn total(&self, classes: usize) -> Result<usize, DataError> {
        match self {
            Self::Each(counts) => Ok(sum(counts)),
            Self::Profile(_) if classes > MAX_CLASSES => {
                Err(DataError::invalid("classes", format!("{classes}; give at most {MAX_CLASSES}")))
            }
            Self::Profile(profile) => Ok(sum(&profile.counts(classes)?)),
        }
    }
}

impl Means {
    /// Numbers of classes and dimensions.
    fn shape(&self) -> (usize, usize) {
        match *self {
            Self::Simplex { classes, .. } => (classes, classes.saturating_sub(1)),
            Self::Ring { classes, .. } => (classes, 2),
            Self::RingAroundTarget { easy_classes, .. } => (easy_classes.saturating_add(1), 2),
            Self::Line { classes, .. } => (classes, 1),
            Self::HardAndEasy { easy_classes, .. } => {
                (easy_classes.saturating_add(2), easy_classes.saturating_add(1))
            }
            Self::Random { classes, dimension, .. } => (classes, dimension),
            Self::At(ref means) => (means.len(), longest(means)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::SHIPPED;
    use crate::analysis::specification::Draw;

    #[test]
    fn extents_are_those_of_the_samples_of_every_shipped_design() {
        let mut count = 0;
        for shipped in SHIPPED {
            let experiment = shipped.source().experiment(&[]).expect("shipped analyses are sound");
            for point in experiment.points.iter().filter(|point| point.training.is_none()) {
                let Some(size) = point.data.size().expect("possible") else { continue };
                let sample = point.data.sample(Draw { seed: 1, repetition: 0 }).expect("possible");
                let seen = (sample.labels().classes(), sample.labels().samples());
                assert_eq!((size.classes, size.samples), seen, "{}: {:?}", shipped.name, point.data);
                let features = sample.fixed_logits().map_or(sample.dimension(), nalgebra::DMatrix::nrows);
                // A witness leaves out groups that nothing flows through; a logit of two classes is one.
                assert!(size.features >= features, "{}: {size:?}, {features}", shipped.name);
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn an_enormous_design_is_sized_without_being_drawn() {
        let means = Means::Simplex { classes: usize::MAX, distance: 1.0 };
        let counts = ClassSizes::Each(vec![usize::MAX, 7]);
        let design = Design::Gaussian { means, variance: 1.0, counts, wrong_labels: Vec::new() };
        let size = design.size().expect("possible").expect("no files");
        assert_eq!((size.classes, size.samples), (usize::MAX, usize::MAX));
    }
}
