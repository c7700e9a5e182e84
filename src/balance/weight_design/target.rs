//! The target of a weight design.

use crate::data::Labels;

/// What the weights are to bring about.
#[derive(Debug, Clone, PartialEq)]
pub enum WeightTarget {
    /// Shortfalls in these proportions; equal numbers for equal shortfalls.
    Shortfall(Vec<f64>),
    /// Mean predicted probabilities over all samples, each counted once, in these proportions.
    Prior(Vec<f64>),
    /// Recalls (shares of a class's samples whose own logit is the largest) that are equal to within one sample of each
    /// class. Recall changes in steps of a sample, so it cannot be met more closely.
    EqualRecall,
}

impl WeightTarget {
    /// Equal shortfalls for `classes` classes.
    #[must_use]
    pub fn equal_shortfall(classes: usize) -> Self {
        Self::Shortfall(vec![1.0; classes])
    }

    /// What does not fit the data, if anything.
    pub(super) fn check(&self, labels: &Labels) -> Result<(), String> {
        let classes = labels.classes();
        let proportions = match self {
            Self::Shortfall(proportions) | Self::Prior(proportions) => proportions,
            Self::EqualRecall => return check_recalls(labels),
        };
        if proportions.len() != classes {
            let given = proportions.len();
            return Err(format!("{given} numbers for {classes} classes; give one for each"));
        }
        match proportions.iter().find(|number| !(number.is_finite() && **number > 0.0)) {
            Some(number) => Err(format!("{number} is not a positive number")),
            None => Ok(()),
        }
    }

    /// Weights that meet the target whatever the features: two classes' shortfalls (B2).
    ///
    /// # Panics
    /// There are two classes and fewer than two shortfalls.
    #[must_use]
    pub fn closed_form(&self, labels: &Labels) -> Option<Vec<f64>> {
        match (self, labels.sizes()) {
            (Self::Shortfall(proportions), &[negatives, positives]) => {
                // lambda_1 N_1 s_1 = lambda_0 N_0 s_0.
                let weights = [1.0 / (negatives * proportions[0]), 1.0 / (positives * proportions[1])];
                Some(normalised(&weights, labels.sizes()))
            }
            _ => None,
        }
    }
}

fn check_recalls(labels: &Labels) -> Result<(), String> {
    match (0..labels.classes()).find(|&class| labels.is_single_sample(class)) {
        Some(class) => Err(format!(
            "class {} has one sample, whose recall is 0 or 1; equal-shortfall can be had, or equal-recall without that class",
            labels.class_names()[class]
        )),
        None => Ok(()),
    }
}

/// The same weights, their masses summing to the number of samples.
pub(super) fn normalised(weights: &[f64], sizes: &[f64]) -> Vec<f64> {
    let mass: f64 = weights.iter().zip(sizes).map(|(weight, size)| weight * size).sum();
    let samples: f64 = sizes.iter().sum();
    weights.iter().map(|weight| weight * samples / mass).collect()
}
