//! The target of a weight design, and why there may be no weights that meet it.

use super::DesignStep;
use crate::balance::polytope::{FlowPolytope, Violation};
use crate::data::{Dataset, Labels};
use crate::loss::{MAX_WEIGHT_RATIO, WeightRange};
use crate::numeric::significant;
use crate::solver::{NoResponse, ProblemError, Separable};
use thiserror::Error;

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
            "class {} has one sample, whose recall is 0 or 1; use equal-shortfall, or equal-recall without that class",
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

/// Why no such weights are handed out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DesignError {
    /// A target that does not fit the data.
    #[error("target: {0}")]
    Target(String),
    /// The problem cannot be stated.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// Classes that a linear head separates.
    #[error(
        "{} separable{}, so that no weights have a stationary point; with a penalty, however small, all have one",
        subject(classes),
        because.as_ref().map_or_else(String::new, |sentence| format!(" ({sentence})"))
    )]
    Separable {
        /// Their names.
        classes: Vec<String>,
        /// What a single feature says by itself, where one does.
        because: Option<String>,
    },
    /// A problem on the way has no answer.
    #[error("{0}; a penalty, or a larger one, would help")]
    Unsolved(String),
    /// No direction can be found from a stationary point.
    #[error(transparent)]
    NoResponse(#[from] NoResponse),
    /// No weights were found that meet the target: where the search ended, one class would outgrow all others (I3).
    #[error(
        "not attained: with weights {} {}; attained: {}", listed(&reached.class_weights), violation.of_class(class), attained(reached)
    )]
    Unattainable {
        /// Where the search ended.
        reached: Box<DesignStep>,
        /// Name of the class whose inequality the target would break there.
        class: String,
        /// The inequality.
        violation: Violation,
    },
    /// The search ended without meeting the target.
    #[error("not met: {why}; nearest: weights {} with {}", listed(&reached.class_weights), attained(reached))]
    NotMet {
        /// Why it ended.
        why: String,
        /// The point of least residual.
        reached: Box<DesignStep>,
    },
}

/// Slack of the inequality, relative to all outflow.
const SLACK: f64 = 1e-3;

fn listed(numbers: &[f64]) -> String {
    numbers.iter().map(|&number| significant(number, 4)).collect::<Vec<_>>().join(", ")
}

/// `class a is`, or `classes a, b are`.
fn subject(classes: &[String]) -> String {
    match classes {
        [class] => format!("class {class} is"),
        several => format!("classes {} are", several.join(", ")),
    }
}

fn attained(step: &DesignStep) -> String {
    format!("shortfalls {}, recalls {}", listed(&step.shortfall), listed(&step.recall))
}

impl DesignError {
    /// Whether the search ended without such weights, and not because it could not be carried out.
    #[must_use]
    pub fn rules_out(&self) -> bool {
        !matches!(self, Self::Unsolved(_) | Self::NoResponse(_))
    }

    pub(super) fn separable(proof: &Separable, dataset: &Dataset) -> Self {
        let class_names = dataset.labels().class_names();
        let names: Vec<String> = proof.classes.iter().map(|&class| class_names[class].clone()).collect();
        let because = proof.sentence(dataset.feature_names(), class_names);
        Self::Separable { classes: names, because }
    }

    /// Why the search along `path` (not empty) did not meet the target: the inequality that the target breaks at the
    /// last weights, if it breaks one.
    pub(super) fn ended(target: &WeightTarget, labels: &Labels, path: &[DesignStep]) -> Self {
        let last = &path[path.len() - 1];
        let mass: Vec<f64> =
            last.class_weights.iter().zip(labels.sizes()).map(|(weight, size)| weight * size).collect();
        if let WeightTarget::Shortfall(proportions) = target {
            let largest = proportions.iter().copied().fold(0.0, f64::max);
            let outflows: Vec<f64> =
                mass.iter().zip(proportions).map(|(mass, proportion)| mass * proportion / largest).collect();
            if let Err(violation @ Violation::AboveTheOthers { .. }) =
                FlowPolytope::new(mass).admits(&outflows, SLACK)
            {
                let class = labels.class_names()[violation.class()].clone();
                return Self::Unattainable { reached: Box::new(last.clone()), class, violation };
            }
        }
        let least = path.iter().min_by(|a, b| a.residual.total_cmp(&b.residual)).unwrap_or(last);
        let why = match target {
            _ if WeightRange::of(&last.class_weights).ratio() > MAX_WEIGHT_RATIO => format!(
                "the weights on the way come to span more than {MAX_WEIGHT_RATIO:e}, beyond which the lightest classes count for \
                 nothing"
            ),
            WeightTarget::EqualRecall => {
                "recalls change in whole samples, and no weights that were tried make them equal to within one of each class"
                    .to_owned()
            }
            _ => "no further step reduces the difference".to_owned(),
        };
        Self::NotMet { why, reached: Box::new(least.clone()) }
    }

    /// The nearest point there is, where the search had one.
    #[must_use]
    pub fn reached(&self) -> Option<&DesignStep> {
        match self {
            Self::Unattainable { reached, .. } | Self::NotMet { reached, .. } => Some(reached),
            _ => None,
        }
    }
}
