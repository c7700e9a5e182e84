//! Class weights whose stationary point meets a target: Newton on the logarithms of the weights, with the weight-effect
//! Jacobian (THEORY W1).

use super::mean_probability::MeanProbability;
use super::polytope::{FlowPolytope, Violation};
use super::weight_effects::WeightEffects;
use crate::data::{Dataset, Labels};
use crate::loss::ClassWeights;
use crate::solver::{LossChoice, Outcome, Problem, ProblemError, solve};
use nalgebra::{DMatrix, DVector};
use thiserror::Error;

/// What the weights are to bring about.
#[derive(Debug, Clone, PartialEq)]
pub enum WeightTarget {
    /// Shortfalls in these proportions; equal numbers for equal shortfalls.
    Shortfall(Vec<f64>),
    /// Mean predicted probabilities over all samples, each counted once, in these proportions.
    Prior(Vec<f64>),
}

/// Weights that meet the target, and the way there.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightDesign {
    /// The weights; their masses sum to the number of samples.
    pub class_weights: Vec<f64>,
    /// What they lead to.
    pub means: MeanProbability,
    /// Largest difference left, in the logarithm of a proportion.
    pub residual: f64,
    /// Weights and shortfalls at every step, the first at the start.
    pub path: Vec<DesignStep>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignStep {
    /// The weights.
    pub class_weights: Vec<f64>,
    /// Shortfall of each class.
    pub shortfall: Vec<f64>,
    /// Largest difference left, in the logarithm of a proportion.
    pub residual: f64,
}

/// Why there are no such weights.
#[derive(Debug, Error)]
pub enum DesignError {
    /// A target that does not fit the data.
    #[error("target: {0}")]
    Target(String),
    /// The problem cannot be stated.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A problem on the way has no stationary point.
    #[error("{0}; a penalty would give every problem an answer")]
    Unsolved(String),
    /// No weights meet the target: on the way to them one class outgrows all others (I3).
    #[error("not attainable: with weights {weights:?} {violation}")]
    Unattainable {
        /// Weights at which the search ended.
        weights: Vec<f64>,
        /// The inequality that the target would break there.
        violation: Violation,
    },
    /// The search ended without meeting the target.
    #[error(
        "not met: the weights ran to {weights:?} and {residual:.1e} was left; no weights within twelve decades do it"
    )]
    NotMet {
        /// Weights at which it ended.
        weights: Vec<f64>,
        /// Largest difference left, in the logarithm of a proportion.
        residual: f64,
    },
}

/// Difference in the logarithm of a proportion that counts as none.
const MET: f64 = 1e-11;
/// Steps at most.
const MOST_STEPS: usize = 60;
/// Longest step in the logarithm of a weight.
const LONGEST_STEP: f64 = 2.0;
/// Times a step is halved at most.
const MOST_HALVINGS: usize = 12;
/// Widest span of weights that is searched.
const WIDEST_SPAN: f64 = 1e12;

impl WeightTarget {
    /// Equal shortfalls for `classes` classes.
    #[must_use]
    pub fn equal_shortfall(classes: usize) -> Self {
        Self::Shortfall(vec![1.0; classes])
    }

    fn proportions(&self) -> &[f64] {
        match self {
            Self::Shortfall(proportions) | Self::Prior(proportions) => proportions,
        }
    }

    fn check(&self, classes: usize) -> Result<(), DesignError> {
        let proportions = self.proportions();
        if proportions.len() != classes {
            let given = proportions.len();
            return Err(DesignError::Target(format!(
                "{given} numbers for {classes} classes; give one for each"
            )));
        }
        match proportions.iter().find(|number| !(number.is_finite() && **number > 0.0)) {
            Some(number) => Err(DesignError::Target(format!("{number} is not a positive number"))),
            None => Ok(()),
        }
    }

    /// Weights that meet the target whatever the features: two classes' shortfalls (B2).
    #[must_use]
    pub fn closed_form(&self, labels: &Labels) -> Option<Vec<f64>> {
        match (self, labels.counts()) {
            (Self::Shortfall(proportions), &[negatives, positives]) => {
                // lambda_1 N_1 s_1 = lambda_0 N_0 s_0.
                let weights =
                    [1.0 / (negatives as f64 * proportions[0]), 1.0 / (positives as f64 * proportions[1])];
                Some(normalised(&weights, labels.counts()))
            }
            _ => None,
        }
    }

    /// What is compared with the proportions.
    fn measured(&self, means: &MeanProbability, counts: &[usize]) -> Vec<f64> {
        match self {
            Self::Shortfall(_) => means.shortfall.clone(),
            Self::Prior(_) => {
                let samples: f64 = counts.iter().map(|&count| count as f64).sum();
                let mean = |k: usize| {
                    counts
                        .iter()
                        .enumerate()
                        .map(|(c, &count)| count as f64 * means.matrix[(c, k)])
                        .sum::<f64>()
                        / samples
                };
                (0..counts.len()).map(mean).collect()
            }
        }
    }

    /// The derivative of what is compared by the logarithm of every weight.
    fn slopes(&self, effects: &WeightEffects, counts: &[usize]) -> DMatrix<f64> {
        let classes = counts.len();
        let samples: f64 = counts.iter().map(|&count| count as f64).sum();
        DMatrix::from_fn(classes, classes, |k, j| {
            let effect = &effects.of_weight[j];
            match self {
                Self::Shortfall(_) => -effect[(k, k)],
                Self::Prior(_) => {
                    (0..classes).map(|c| counts[c] as f64 * effect[(c, k)]).sum::<f64>() / samples
                }
            }
        })
    }
}

/// Weights by their logarithms, normalised.
fn weights_of(logs: &DVector<f64>, labels: &Labels) -> Vec<f64> {
    normalised(&logs.iter().map(|log| log.exp()).collect::<Vec<_>>(), labels.counts())
}

/// The same weights, their masses summing to the number of samples.
fn normalised(weights: &[f64], counts: &[usize]) -> Vec<f64> {
    let mass: f64 = weights.iter().zip(counts).map(|(weight, &count)| weight * count as f64).sum();
    let samples: f64 = counts.iter().map(|&count| count as f64).sum();
    weights.iter().map(|weight| weight * samples / mass).collect()
}

/// A point of the search.
struct At {
    logs: DVector<f64>,
    means: MeanProbability,
    effects: WeightEffects,
    /// Logarithms of measured over wanted, their mean taken off.
    off: DVector<f64>,
}

/// Finds weights that meet a target on the user's data, from inverse frequency on.
///
/// Softmax and logistic losses; LGL-INR does not read class weights.
pub fn design_weights(
    dataset: &Dataset,
    choice: &LossChoice,
    l2: f64,
    target: &WeightTarget,
) -> Result<WeightDesign, DesignError> {
    let labels = dataset.labels();
    target.check(labels.classes())?;
    if !matches!(choice, LossChoice::Softmax | LossChoice::Logistic) {
        return Err(DesignError::Target(
            "this loss does not read class weights; use softmax or logistic".to_owned(),
        ));
    }
    let look = |logs: &DVector<f64>| look(dataset, choice, l2, target, logs);
    let start = match target.closed_form(labels) {
        Some(weights) => weights,
        None => ClassWeights::Balanced.resolve(labels).map_err(ProblemError::from)?,
    };
    let mut at = look(&DVector::from_iterator(start.len(), start.iter().map(|weight| weight.ln())))?;
    let mut path = vec![at.step(labels)];
    for _ in 0..MOST_STEPS {
        if at.off.amax() <= MET {
            return Ok(WeightDesign {
                class_weights: at.weights(labels),
                residual: at.off.amax(),
                means: at.means,
                path,
            });
        }
        let Some(next) = at.newton(target, labels, &look) else { break };
        at = next;
        path.push(at.step(labels));
        if at.logs.max() - at.logs.min() > WIDEST_SPAN.ln() {
            break;
        }
    }
    Err(at.failure(target, labels))
}

fn look(
    dataset: &Dataset,
    choice: &LossChoice,
    l2: f64,
    target: &WeightTarget,
    logs: &DVector<f64>,
) -> Result<At, DesignError> {
    let labels = dataset.labels();
    let weights = weights_of(logs, labels);
    let problem = Problem::new(dataset, choice, &ClassWeights::Explicit(weights), l2)?;
    let point = match solve(&problem) {
        Outcome::Stationary(point) => *point,
        Outcome::Separable(_) => return Err(DesignError::Unsolved("the classes are separable".to_owned())),
        Outcome::NotConverged { why, .. } => return Err(DesignError::Unsolved(why)),
    };
    let means = MeanProbability::of(problem.loss().link(), &point.logits(dataset), problem.targets());
    let effects = WeightEffects::at(&problem, dataset, &point)
        .ok_or_else(|| DesignError::Unsolved("the Hessian is singular to rounding".to_owned()))?;
    let measured = target.measured(&means, labels.counts());
    let logarithms =
        measured.iter().zip(target.proportions()).map(|(measured, wanted)| (measured / wanted).ln());
    let mut off = DVector::from_iterator(measured.len(), logarithms);
    off.add_scalar_mut(-off.mean());
    Ok(At { logs: logs.clone(), means, effects, off })
}

impl At {
    fn weights(&self, labels: &Labels) -> Vec<f64> {
        weights_of(&self.logs, labels)
    }

    fn step(&self, labels: &Labels) -> DesignStep {
        DesignStep {
            class_weights: self.weights(labels),
            shortfall: self.means.shortfall.clone(),
            residual: self.off.amax(),
        }
    }

    /// The next point: Newton's step on the differences, shorter where that is too far; `None` when no length helps.
    fn newton(
        &self,
        target: &WeightTarget,
        labels: &Labels,
        look: &impl Fn(&DVector<f64>) -> Result<At, DesignError>,
    ) -> Option<At> {
        let classes = self.logs.len();
        let measured = target.measured(&self.means, labels.counts());
        let mut slopes = target.slopes(&self.effects, labels.counts());
        for (k, mut row) in slopes.row_iter_mut().enumerate() {
            row.unscale_mut(measured[k]);
        }
        let mean = slopes.row_mean();
        slopes.row_iter_mut().for_each(|mut row| row -= &mean);
        // A common factor of all weights, and of all proportions, changes nothing: that direction is filled.
        slopes.add_scalar_mut(1.0 / classes as f64);
        let mut step = slopes.lu().solve(&-&self.off)?;
        step.add_scalar_mut(-step.mean());
        let longest = step.amax();
        if longest > LONGEST_STEP {
            step *= LONGEST_STEP / longest;
        }
        for _ in 0..MOST_HALVINGS {
            // Too far a step may lead where there is no answer; a shorter one then.
            if let Ok(next) = look(&(&self.logs + &step))
                && next.off.norm() < self.off.norm()
            {
                return Some(next);
            }
            step *= 0.5;
        }
        None
    }

    /// Why the search ended: what the target would break at these weights, if that is it.
    fn failure(&self, target: &WeightTarget, labels: &Labels) -> DesignError {
        let weights = self.weights(labels);
        let mass: Vec<f64> =
            weights.iter().zip(labels.counts()).map(|(weight, &count)| weight * count as f64).collect();
        if let WeightTarget::Shortfall(proportions) = target {
            let outflows: Vec<f64> = mass.iter().zip(proportions).map(|(mass, share)| mass * share).collect();
            let largest = proportions.iter().copied().fold(0.0, f64::max);
            let scaled: Vec<f64> = outflows.iter().map(|outflow| outflow / largest).collect();
            if let Err(violation @ Violation::AboveTheOthers { .. }) =
                FlowPolytope::new(mass).admits(&scaled, 1e-3)
            {
                return DesignError::Unattainable { weights, violation };
            }
        }
        DesignError::NotMet { weights, residual: self.off.amax() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ImbalanceProfile, digits_subset};

    fn digits(classes: &[u8]) -> Dataset {
        let counts =
            ImbalanceProfile::Exponential { largest: 150, ratio: 20.0 }.counts(classes.len()).expect("valid");
        digits_subset(classes, &counts, 3).expect("enough images")
    }

    #[test]
    fn shortfalls_of_long_tailed_digits_become_equal() {
        let dataset = digits(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for choice in [LossChoice::Softmax, LossChoice::Logistic] {
            let target = WeightTarget::equal_shortfall(10);
            let design = design_weights(&dataset, &choice, 1e-2, &target).expect("attainable");
            let (least, most) = design
                .means
                .shortfall
                .iter()
                .fold((f64::INFINITY, 0.0_f64), |(least, most), &s| (least.min(s), most.max(s)));
            assert!(most / least - 1.0 < 1e-9, "{choice:?}: {least} to {most}");
            assert!(design.path.len() > 2 && design.path[0].residual > 0.1);
        }
    }

    #[test]
    fn a_prior_is_met() {
        let dataset = digits(&[3, 8, 9]);
        let target = WeightTarget::Prior(vec![0.2, 0.3, 0.5]);
        let design = design_weights(&dataset, &LossChoice::Softmax, 1e-2, &target).expect("attainable");
        let measured = target.measured(&design.means, dataset.labels().counts());
        assert!((measured[0] - 0.2).abs() < 1e-9 && (measured[2] - 0.5).abs() < 1e-9, "{measured:?}");
    }

    #[test]
    fn two_classes_need_no_search() {
        let dataset = digits(&[3, 8]);
        let target = WeightTarget::Shortfall(vec![1.0, 2.0]);
        let design = design_weights(&dataset, &LossChoice::Logistic, 1e-2, &target).expect("attainable");
        assert_eq!(design.path.len(), 1, "the closed form is the answer");
        assert!((design.means.shortfall[1] / design.means.shortfall[0] - 2.0).abs() < 1e-9);
    }

    #[test]
    fn targets_that_do_not_fit_are_named() {
        let dataset = digits(&[3, 8, 9]);
        let refused = |target: WeightTarget, choice: LossChoice| {
            design_weights(&dataset, &choice, 1e-2, &target).expect_err("refused").to_string()
        };
        assert!(
            refused(WeightTarget::Prior(vec![1.0]), LossChoice::Softmax).contains("1 numbers for 3 classes")
        );
        assert!(
            refused(WeightTarget::Prior(vec![1.0, 0.0, 1.0]), LossChoice::Softmax)
                .contains("0 is not a positive")
        );
        let inr = LossChoice::Inr { beta: 1.0, variant: crate::loss::InrVariant::Attached };
        assert!(refused(WeightTarget::equal_shortfall(3), inr).contains("does not read class weights"));
        // Class 0 is to fall short a million times as far as the others.
        let message = refused(WeightTarget::Shortfall(vec![1e6, 1.0, 1.0]), LossChoice::Softmax);
        assert!(message.contains("not attainable") || message.contains("not met"), "{message}");
    }
}
