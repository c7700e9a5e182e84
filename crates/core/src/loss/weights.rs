//! Class weights `lambda_c`, and the weighted targets a loss is evaluated against.

use crate::data::Labels;
use crate::numeric::{Sum, plain};
use std::ops::Range;
use thiserror::Error;

/// How much each class counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeights {
    /// `lambda_c = 1`.
    #[default]
    None,
    /// Inverse frequency, `lambda_c = N / (K N_c)`: every class has the same mass and the total mass stays `N`.
    Balanced,
    /// Class-balanced weights of the effective number of samples, `lambda_c = (1 - B) / (1 - B^N_c)` with `B` from 0
    /// (every sample counts once) to below 1 (towards inverse frequency).
    EffectiveNumber(f64),
    /// One positive number per class, in class order.
    Explicit(Vec<f64>),
}

/// How far apart class weights are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightRange {
    /// The smallest weight.
    pub lightest: f64,
    /// The largest.
    pub heaviest: f64,
}

/// Beyond this [`WeightRange::ratio`] the lightest class hardly contributes to sums over all classes.
pub const MAX_WEIGHT_RATIO: f64 = 1e12;

impl WeightRange {
    /// Of one weight per class.
    #[must_use]
    pub fn of(class_weights: &[f64]) -> Self {
        let ends = |(low, high): (f64, f64), &weight: &f64| (low.min(weight), high.max(weight));
        let (lightest, heaviest) = class_weights.iter().fold((f64::INFINITY, 0.0), ends);
        Self { lightest, heaviest }
    }

    /// The largest over the smallest.
    #[must_use]
    pub fn ratio(self) -> f64 {
        self.heaviest / self.lightest
    }
}

/// Whether class weights differ by more than the rounding of what they were computed from: equal ones move no probability.
#[must_use]
pub fn class_weights_differ(class_weights: &[f64]) -> bool {
    const ROUNDING: f64 = 1e-12;
    class_weights.iter().any(|weight| (weight - class_weights[0]).abs() > ROUNDING * class_weights[0])
}

/// Class weights that cannot be used.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum WeightError {
    /// Not one weight per class.
    #[error(
        "class weights: {given} given for {classes} classes ({names}); give one per class, in this order"
    )]
    WrongNumber {
        /// Weights given.
        given: usize,
        /// Classes in the data.
        classes: usize,
        /// Class names, in order.
        names: String,
    },
    /// A weight that is zero, negative, NaN or infinite, or so far from the others that masses overflow.
    #[error(
        "class weights: weight {} of class {class} must be a positive finite number (between 1e-100 and 1e100)",
        plain(*.value)
    )]
    OutOfRange {
        /// The class it was given to.
        class: String,
        /// The weight.
        value: f64,
    },
    /// A parameter `B` of the effective number that is out of range.
    #[error("class weights: an effective number with B = {value}; give B from 0 to below 1")]
    Overlap {
        /// The parameter.
        value: f64,
    },
}

/// Weights beyond these would overflow or underflow when multiplied with each other's masses.
const WEIGHT_RANGE: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

impl ClassWeights {
    /// `lambda_c` for each class of `labels`.
    ///
    /// # Errors
    /// There is not one explicit weight per class, one is not between 1e-100 and 1e100, or `B` is not from 0 to
    /// below 1.
    pub fn resolve(&self, labels: &Labels) -> Result<Vec<f64>, WeightError> {
        match self {
            Self::None => Ok(vec![1.0; labels.classes()]),
            Self::Balanced => {
                // A class without samples has no mass, whatever its weight.
                let occurring = labels.counts().iter().filter(|&&count| count > 0).count();
                let equal_size = labels.total_size() / occurring as f64;
                Ok(labels.sizes().iter().map(|&size| equal_size / one_if_absent(size)).collect())
            }
            &Self::EffectiveNumber(overlap) if !(0.0..1.0).contains(&overlap) => {
                Err(WeightError::Overlap { value: overlap })
            }
            &Self::EffectiveNumber(overlap) => {
                let effective =
                    |&size: &f64| (1.0 - overlap) / -(overlap.ln() * one_if_absent(size)).exp_m1();
                Ok(labels.sizes().iter().map(effective).collect())
            }
            Self::Explicit(weights) => check_explicit(weights, labels),
        }
    }
}

/// The size of a class, or 1 where it has no samples.
fn one_if_absent(size: f64) -> f64 {
    if size > 0.0 { size } else { 1.0 }
}

fn check_explicit(weights: &[f64], labels: &Labels) -> Result<Vec<f64>, WeightError> {
    if weights.len() != labels.classes() {
        return Err(WeightError::WrongNumber {
            given: weights.len(),
            classes: labels.classes(),
            names: labels.class_names().join(", "),
        });
    }
    match weights.iter().position(|weight| !WEIGHT_RANGE.contains(weight)) {
        Some(class) => {
            Err(WeightError::OutOfRange { class: labels.class_names()[class].clone(), value: weights[class] })
        }
        None => Ok(weights.to_vec()),
    }
}

/// The targets of a loss: the class of every sample and the weighted mass of every class.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    labels: Labels,
    class_weights: Vec<f64>,
    mass: Vec<f64>,
    total_mass: f64,
}

impl Targets {
    /// Binds weights to labels.
    ///
    /// # Errors
    /// As [`ClassWeights::resolve`].
    pub fn new(labels: &Labels, weights: &ClassWeights) -> Result<Self, WeightError> {
        Ok(Self::of(labels, weights.resolve(labels)?))
    }

    fn of(labels: &Labels, class_weights: Vec<f64>) -> Self {
        let mass: Vec<f64> =
            class_weights.iter().zip(labels.sizes()).map(|(weight, size)| weight * size).collect();
        let total_mass = mass.iter().copied().collect::<Sum>().value();
        Self { labels: labels.clone(), class_weights, mass, total_mass }
    }

    /// The same classes on other samples, each weight multiplied by its class's factor.
    #[must_use]
    pub fn resampled(&self, labels: &Labels, factors: &[f64]) -> Self {
        let weights =
            self.class_weights.iter().zip(factors).map(|(weight, factor)| weight * factor).collect();
        Self::of(labels, weights)
    }

    /// Samples `range` with their weights and the same class weights. Not every class need be among them; a class that is
    /// not has no mass.
    #[must_use]
    pub fn of_range(&self, range: Range<usize>) -> Self {
        Self::of(&self.labels.of_range(range), self.class_weights.clone())
    }

    /// Other samples, each counted once, with the same class weights. Not every class need be among them; a class that is
    /// not has no mass.
    pub(crate) fn of_batch(&self, class_indices: Vec<u32>) -> Self {
        Self::of(&self.labels.of_batch(class_indices), self.class_weights.clone())
    }

    /// Class index of each sample.
    #[must_use]
    pub fn class_indices(&self) -> &[u32] {
        self.labels.class_indices()
    }

    /// The labels with their names and counts.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The number of rows of each class, whatever they weigh.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        self.labels.counts()
    }

    /// `N_c`, the sum of the sample weights of each class: its number of samples where each counts once.
    #[must_use]
    pub fn sizes(&self) -> &[f64] {
        self.labels.sizes()
    }

    /// `N`, the sum of all sample weights.
    #[must_use]
    pub fn total_size(&self) -> f64 {
        self.labels.total_size()
    }

    /// The weight of each sample; `None` where every one counts once.
    #[must_use]
    pub fn sample_weights(&self) -> Option<&[f64]> {
        self.labels.weights()
    }

    /// The weight of one sample, its class's aside.
    ///
    /// # Panics
    /// The samples have weights, and there is no such sample.
    #[must_use]
    pub fn sample_weight(&self, sample: usize) -> f64 {
        self.labels.weight(sample)
    }

    /// Weight of one sample: its own weight times that of its class.
    ///
    /// # Panics
    /// There is no such sample.
    #[must_use]
    pub fn weight_of(&self, sample: usize) -> f64 {
        self.class_weights[self.class_indices()[sample] as usize] * self.sample_weight(sample)
    }

    /// `K`.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.labels.classes()
    }

    /// The number of samples, rows whatever they weigh.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.labels.samples()
    }

    /// `lambda_c`.
    #[must_use]
    pub fn class_weights(&self) -> &[f64] {
        &self.class_weights
    }

    /// `m_c = lambda_c N_c`.
    #[must_use]
    pub fn mass(&self) -> &[f64] {
        &self.mass
    }

    /// `M = sum m_c`.
    #[must_use]
    pub fn total_mass(&self) -> f64 {
        self.total_mass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::numbered(vec![0, 0, 0, 1], 2).expect("two classes")
    }

    #[test]
    fn balanced_weights_give_every_class_the_same_mass() {
        let targets = Targets::new(&labels(), &ClassWeights::Balanced).expect("valid");
        assert_eq!(targets.mass(), [2.0, 2.0]);
        assert_eq!(targets.total_mass(), 4.0);
    }

    #[test]
    fn unusable_weights_are_named() {
        let error = |weights: Vec<f64>| {
            Targets::new(&labels(), &ClassWeights::Explicit(weights)).expect_err("unusable").to_string()
        };
        assert!(error(vec![1.0]).contains("1 given for 2 classes (0, 1)"));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert!(error(vec![1.0, bad]).contains("of class 1"), "{bad}");
        }
    }
}
