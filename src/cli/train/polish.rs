//! The last layer solved to stationarity on the features of the trained network.

use crate::cli::files::check_problem;
use crate::cli::progress::Spinner;
use anyhow::{Context, Result, ensure};
use equipoise::balance::Ledger;
use equipoise::cnn::{HeadPenalty, LastLayer, LastLayerEvaluation, Training};
use equipoise::loss::{ClassWeights, LossSpec, Targets};
use equipoise::record::Status;
use equipoise::solver::{Iteration, LARGEST_PARAMETER, Outcome, Problem, SolverSettings, solve_with};
use serde::Serialize;
use std::ops::ControlFlow;
use std::str::FromStr;

/// The penalty that a last layer is solved with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PolishPenalty {
    /// That of its training.
    OfTraining,
    /// Another one.
    Given(f64),
}

/// What is to be solved once the network is trained.
#[derive(Debug)]
pub(super) struct Polish {
    loss: LossSpec,
    l2: f64,
}

/// How that ended.
#[derive(Debug, Serialize)]
pub(super) struct Polished {
    pub(super) status: Status,
    pub(super) l2: f64,
    pub(super) before: HeadMeasures,
    /// Absent where there is no stationary point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<HeadMeasures>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// Measures of a last layer on the loss with that penalty on its coefficients.
#[derive(Debug, Serialize)]
pub(super) struct HeadMeasures {
    /// Without penalty.
    pub(super) loss: f64,
    pub(super) gradient_inf: f64,
    pub(super) balance_residual: f64,
    pub(super) ledger: Ledger,
}

impl PolishPenalty {
    /// The penalty, after a training with `decay`.
    pub(super) fn or(self, decay: f64) -> f64 {
        match self {
            Self::OfTraining => decay,
            Self::Given(l2) => l2,
        }
    }
}

impl FromStr for PolishPenalty {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "decay" => Ok(Self::OfTraining),
            number => {
                number.parse().map(Self::Given).map_err(|_| "give a number, or nothing for that of --decay")
            }
        }
    }
}

impl Polish {
    /// With a penalty on the coefficients. Fails when that cannot be used.
    pub(super) fn new(loss: &LossSpec, l2: f64) -> Result<Self> {
        ensure!(
            (0.0..=LARGEST_PARAMETER).contains(&l2),
            "--polish {l2}: give zero or a positive number up to {LARGEST_PARAMETER:e}"
        );
        Ok(Self { loss: loss.clone(), l2 })
    }

    /// Solves the last layer of a training.
    pub(super) fn solve(&self, training: &Training, layer: &LastLayer) -> Result<Polished> {
        let targets = training.targets();
        let penalty = HeadPenalty { decay: self.l2, with_bias: false };
        let before = HeadMeasures::of(layer.evaluate(training.loss(), targets, penalty));
        let dataset = layer.dataset(targets).context("--polish: the network's features")?;
        let weights = ClassWeights::Explicit(targets.class_weights().to_vec());
        check_problem(&dataset, &self.loss, self.l2).context("--polish")?;
        let problem = Problem::new(&dataset, &self.loss, &weights, self.l2).context("--polish")?;
        let spinner = Spinner::new(None);
        let mut report = |at: &Iteration| {
            spinner.update(at);
            ControlFlow::Continue(())
        };
        let (status, after, why) = match solve_with(&problem, &SolverSettings::default(), &mut report)? {
            Outcome::Stationary(point) => {
                let ledger = Ledger::at(problem.loss(), &point.logits(), targets);
                let measures = HeadMeasures {
                    loss: point.data_loss,
                    gradient_inf: point.recomputed().gradient_inf,
                    balance_residual: ledger.worst_residual(),
                    ledger,
                };
                (Status::Stationary, Some(measures), None)
            }
            Outcome::Separable(proof) => {
                let classes = proof.classes.iter();
                (Status::Separable, None, Some(separable(classes.copied(), proof.separated_samples, targets)))
            }
            Outcome::NotConverged { why, .. } => {
                (Status::NotConverged, None, Some(format!("{why}; raise the penalty above {:?}", self.l2)))
            }
        };
        Ok(Polished { status, l2: self.l2, before, after, why })
    }
}

impl HeadMeasures {
    fn of(evaluation: LastLayerEvaluation) -> Self {
        Self {
            loss: evaluation.loss,
            gradient_inf: evaluation.gradient_inf,
            balance_residual: evaluation.worst_residual(),
            ledger: evaluation.ledger,
        }
    }
}

fn separable(classes: impl Iterator<Item = usize>, samples: usize, targets: &Targets) -> String {
    let names: Vec<&str> = classes.map(|class| targets.labels().class_names()[class].as_str()).collect();
    format!(
        "the features separate {samples} images (of {}), so that along one direction the loss falls for ever; give a \
         penalty such as --polish 1e-4",
        names.join(", ")
    )
}
