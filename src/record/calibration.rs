//! Calibration before and after the map back from class weights.

use crate::balance::{Calibration, CalibrationTally};
use crate::loss::{Link, Loss, Targets};
use crate::solver::Problem;
use nalgebra::DMatrix;
use serde::Serialize;

/// Calibration of a head on the samples it was solved over.
#[derive(Debug, Serialize)]
pub struct CalibrationRecord {
    /// Of the probabilities as they are predicted.
    pub as_predicted: Calibration,
    /// Of those mapped back; absent where all classes have the same weight or the loss ignores class weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_corrected: Option<Corrected>,
}

/// Scores of the probabilities mapped back, and the map.
#[derive(Debug, Serialize)]
pub struct Corrected {
    /// `log lambda_k`, one per class; of a single logit their difference.
    pub subtract: Vec<f64>,
    /// What it is subtracted from.
    pub from: CorrectedScale,
    /// The scores.
    #[serde(flatten)]
    pub scores: Calibration,
}

/// What the logarithms of weights are subtracted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectedScale {
    /// The logits.
    Logits,
    /// One-vs-all: from `log p_k`, which are then made to sum to one.
    LogProbabilities,
}

impl CalibrationRecord {
    /// Of the logits of the samples of a problem, `Q x N`.
    #[must_use]
    pub fn of(problem: &Problem, logits: &DMatrix<f64>) -> Self {
        let targets = problem.targets();
        let as_predicted = Calibration::of(problem.loss().link(), logits, targets);
        let mut corrected = CorrectedSums::new(problem);
        corrected.add(logits, targets);
        Self { as_predicted, prior_corrected: corrected.record(problem) }
    }
}

/// Sums over samples, from which [`Corrected`] is made.
pub(super) struct CorrectedSums {
    link: Link,
    /// With the logarithms of the class weights, where they are read.
    sums: Option<(CalibrationTally, Vec<f64>)>,
}

impl CorrectedSums {
    pub(super) fn new(problem: &Problem) -> Self {
        let (link, targets) = (problem.loss().link(), problem.targets());
        let logarithms = || targets.class_weights().iter().map(|weight| weight.ln()).collect();
        let moved = problem.has_moved_probabilities();
        Self { link, sums: moved.then(|| (CalibrationTally::new(targets.classes()), logarithms())) }
    }

    /// Adds some samples, whose targets these are.
    pub(super) fn add(&mut self, logits: &DMatrix<f64>, targets: &Targets) {
        if let Some((tally, logarithms)) = &mut self.sums {
            tally.add_all(self.link, logits, targets, logarithms);
        }
    }

    pub(super) fn record(self, problem: &Problem) -> Option<Corrected> {
        let (tally, logarithms) = self.sums?;
        let (subtract, from) = match (self.link, logarithms.as_slice()) {
            (Link::Sigmoid, &[negatives, positives]) => (vec![positives - negatives], CorrectedScale::Logits),
            (Link::Sigmoid, _) => (logarithms, CorrectedScale::LogProbabilities),
            (Link::Softmax, _) => (logarithms, CorrectedScale::Logits),
        };
        Some(Corrected { subtract, from, scores: tally.calibration(problem.targets().sizes()) })
    }
}
