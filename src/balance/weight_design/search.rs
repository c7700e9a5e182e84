//! Newton's method on the logarithms of the weights.

use super::error::DesignError;
use super::gauge::{Gauge, Reading, Seen};
use super::recall::largest_single_samples;
use super::target::normalised;
use super::{DesignStep, MAX_STEPS, MET};
use crate::balance::hits::{hits, recalls};
use crate::balance::mean_probability::MeanProbability;
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeights, Loss, LossSpec, MAX_WEIGHT_RATIO};
use crate::solver::{Outcome, Problem, StationaryPoint, WeightResponse, solve};
use nalgebra::DVector;

/// Longest step in the logarithm of a weight.
const LONGEST_STEP: f64 = 2.0;
/// Times a step is halved at most.
const MAX_HALVINGS: usize = 12;
/// Difference in the logarithm of a soft recall at which the softness is decreased.
const CONVERGED: f64 = 1e-4;

/// What is looked for, where.
pub(super) struct Search<'a, 'd> {
    pub(super) dataset: &'d Dataset,
    pub(super) spec: &'a LossSpec,
    pub(super) l2: f64,
    pub(super) gauge: Gauge<'a>,
    pub(super) observe: &'a dyn Fn(&DesignStep),
}

/// A point of the search.
pub(super) struct At<'d> {
    pub(super) logs: DVector<f64>,
    pub(super) step: DesignStep,
    pub(super) means: MeanProbability,
    pub(super) point: StationaryPoint<'d>,
    reading: Reading,
}

impl<'d> Search<'_, 'd> {
    /// Solves with the weights of these logarithms and reads the gauge.
    pub(super) fn look(&self, logs: &DVector<f64>) -> Result<At<'d>, DesignError> {
        let labels = self.dataset.labels();
        let class_weights = normalised(&logs.iter().map(|log| log.exp()).collect::<Vec<_>>(), labels.sizes());
        let weights = ClassWeights::Explicit(class_weights.clone());
        let problem = Problem::new(self.dataset, self.spec, &weights, self.l2)?;
        let point = match solve(&problem) {
            Outcome::Stationary(point) => *point,
            Outcome::Separable(proof) => return Err(DesignError::separable(&proof, self.dataset)),
            Outcome::NotConverged { why, .. } => return Err(DesignError::Unsolved(why)),
        };
        let response = WeightResponse::at(&point)?;
        let (link, targets, logits) = (problem.loss().link(), problem.targets(), point.logits());
        let means = MeanProbability::of(link, &logits, targets);
        let seen = Seen { link, targets, logits: &logits, means: &means, response: &response };
        let reading = self.gauge.read(&seen);
        let recall = recalls(&hits(&logits, targets), targets);
        let residual = match self.gauge {
            Gauge::Shortfall(_) | Gauge::Prior(_) => reading.off.amax(),
            Gauge::SoftRecall { .. } => apart(&recall, labels),
        };
        let step = DesignStep { class_weights, shortfall: means.shortfall.clone(), recall, residual };
        Ok(At { logs: logs.clone(), step, means, point, reading })
    }

    /// Continues from `at` until the target is met, no step helps, or the weights are too far apart; appends every
    /// point to the path.
    pub(super) fn descend(&self, mut at: At<'d>, path: &mut Vec<DesignStep>) -> At<'d> {
        // A search that goes on with another gauge begins where the last one ended.
        if path.last().is_none_or(|last| last.class_weights != at.step.class_weights) {
            self.step_to(&at, path);
        }
        for _ in 0..MAX_STEPS {
            let converged = match self.gauge {
                Gauge::Shortfall(_) | Gauge::Prior(_) => MET,
                Gauge::SoftRecall { .. } => CONVERGED,
            };
            let spent = at.logs.max() - at.logs.min() > MAX_WEIGHT_RATIO.ln();
            if at.step.residual <= MET || at.reading.off.amax() <= converged || spent {
                break;
            }
            let Some(next) = self.newton(&at) else { break };
            at = next;
            self.step_to(&at, path);
        }
        at
    }

    fn step_to(&self, at: &At, path: &mut Vec<DesignStep>) {
        (self.observe)(&at.step);
        path.push(at.step.clone());
    }

    /// The next point: Newton's step on the differences, shorter where that is too far; `None` when no length helps.
    fn newton(&self, at: &At) -> Option<At<'d>> {
        let Reading { off, slopes } = &at.reading;
        // A common factor of all weights, and of all proportions, changes nothing: that direction is filled.
        let filled = slopes.add_scalar(1.0 / off.len() as f64);
        let mut step = filled.lu().solve(&-off)?;
        step.add_scalar_mut(-step.mean());
        let longest = step.amax();
        if longest > LONGEST_STEP {
            step *= LONGEST_STEP / longest;
        }
        for _ in 0..MAX_HALVINGS {
            // Too long a step may lead where there is no answer; it is then shortened.
            if let Ok(next) = self.look(&(&at.logs + &step))
                && next.reading.off.norm() < off.norm()
            {
                return Some(next);
            }
            step *= 0.5;
        }
        None
    }
}

/// By how much recalls differ beyond one sample of each class.
fn apart(recalls: &[f64], labels: &Labels) -> f64 {
    let one = largest_single_samples(labels);
    let sample = |class: usize| one[class] / labels.sizes()[class];
    let lowest = (0..recalls.len()).map(|class| recalls[class] + sample(class)).fold(f64::INFINITY, f64::min);
    let highest = (0..recalls.len()).map(|class| recalls[class] - sample(class)).fold(0.0, f64::max);
    (highest - lowest).max(0.0)
}
