//! Calibration before and after the map back from class weights.

use crate::balance::Calibration;
use crate::loss::{BuiltLoss, Link, Loss};
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
    pub from: From,
    /// The scores.
    #[serde(flatten)]
    pub scores: Calibration,
}

/// What the logarithms of weights are subtracted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The logits.
    Logits,
    /// One-vs-all: from `log p_k`, which are then made to sum to one.
    LogProbabilities,
}

impl CalibrationRecord {
    /// Of the logits of the samples of a problem, `Q x N`.
    #[must_use]
    pub fn of(problem: &Problem, logits: &DMatrix<f64>) -> Self {
        let (link, targets) = (problem.loss().link(), problem.targets());
        let weights = targets.class_weights();
        let read = !matches!(problem.loss(), BuiltLoss::Inr(_))
            && weights.iter().any(|weight| *weight != weights[0]);
        let corrected = || {
            let logarithms: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
            let (subtract, from) = match (link, logarithms.as_slice()) {
                (Link::Sigmoid, &[negatives, positives]) => (vec![positives - negatives], From::Logits),
                (Link::Sigmoid, _) => (logarithms, From::LogProbabilities),
                (Link::Softmax, _) => (logarithms, From::Logits),
            };
            let scores = Calibration::prior_corrected(link, logits, targets);
            Corrected { subtract, from, scores }
        };
        Self { as_predicted: Calibration::of(link, logits, targets), prior_corrected: read.then(corrected) }
    }
}
