//! Groups of samples at points of a space: the smallest designs on which a linear head is not saturated.

use super::blocks::{class_totals, labels_in_blocks, zeros};
use super::{DataError, Dataset};
use std::iter::repeat_n;

/// Groups whose samples share a point; `counts[g][c]` samples of class `c` lie at `points[g]`.
///
/// A minimiser is finite without penalty where every group holds a sample of every class.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedGroups {
    points: Vec<Vec<f64>>,
    counts: Vec<Vec<usize>>,
    class_counts: Vec<usize>,
}

impl PlacedGroups {
    /// Takes a point (`d` coordinates) and the samples of each class (`K` counts) of every group.
    ///
    /// # Errors
    /// There are no groups, points and counts differ in number or length, or there are more samples than can be
    /// counted.
    pub fn new(points: Vec<Vec<f64>>, counts: Vec<Vec<usize>>) -> Result<Self, DataError> {
        if points.is_empty() || points.len() != counts.len() {
            return Err(DataError::invalid(
                "placed groups",
                format!(
                    "{} points and {} rows of counts; give one of each per group",
                    points.len(),
                    counts.len()
                ),
            ));
        }
        let (dimension, classes) = (points[0].len(), counts[0].len());
        let ragged = (0..points.len()).find(|&g| points[g].len() != dimension || counts[g].len() != classes);
        match ragged {
            Some(group) => Err(DataError::invalid(
                format!("group {group}"),
                format!(
                    "{} coordinates and {} counts, but group 0 has {dimension} and {classes}; give every group as many",
                    points[group].len(),
                    counts[group].len()
                ),
            )),
            None => Ok(Self { class_counts: class_totals(&counts)?, points, counts }),
        }
    }

    /// The point of each group.
    #[must_use]
    pub fn points(&self) -> &[Vec<f64>] {
        &self.points
    }

    /// Samples of each group (`G` rows) and class (`K` columns).
    #[must_use]
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// `N_c`, samples of each class over all groups.
    #[must_use]
    pub fn class_counts(&self) -> &[usize] {
        &self.class_counts
    }

    /// The samples: class after class and, within a class, group after group.
    ///
    /// # Errors
    /// There are fewer than two classes, a class has no sample, a coordinate is not finite, or memory cannot
    /// hold the samples.
    pub fn dataset(&self) -> Result<Dataset, DataError> {
        let labels = labels_in_blocks(&self.class_counts)?;
        let mut features = zeros(self.points[0].len(), labels.samples())?;
        let groups = || self.points.iter().zip(&self.counts);
        let points = (0..labels.classes())
            .flat_map(|class| groups().flat_map(move |(point, counts)| repeat_n(point, counts[class])));
        features.column_iter_mut().zip(points).for_each(|(mut sample, point)| sample.copy_from_slice(point));
        Dataset::unnamed(features, labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn samples_lie_where_their_group_does() {
        let groups =
            PlacedGroups::new(vec![vec![0.5], vec![2.0]], vec![vec![1, 2], vec![1, 0]]).expect("valid");
        let dataset = groups.dataset().expect("small");
        assert_eq!(*dataset.features(), dmatrix![0.5, 2.0, 0.5, 0.5]);
        assert_eq!(dataset.labels().class_indices(), [0, 0, 1, 1]);
    }

    #[test]
    fn ragged_groups_are_named() {
        let refused = |points: Vec<Vec<f64>>, counts: Vec<Vec<usize>>| {
            PlacedGroups::new(points, counts).expect_err("ragged").to_string()
        };
        assert!(refused(vec![], vec![]).contains("0 points"));
        assert!(refused(vec![vec![1.0]], vec![]).contains("1 points and 0 rows"));
        assert!(
            refused(vec![vec![1.0], vec![]], vec![vec![1, 1], vec![1, 1]]).contains("group 1: 0 coordinates")
        );
        let huge = vec![vec![usize::MAX, 1], vec![1, 1]];
        assert!(refused(vec![vec![1.0], vec![2.0]], huge).contains("too large"));
        let empty = PlacedGroups::new(vec![vec![1.0]], vec![vec![1, 0]]).expect("well formed");
        assert!(empty.dataset().expect_err("an empty class").to_string().contains("class 1"));
    }
}
