//! Why an experiment has no result.

use crate::data::DataError;
use crate::solver::{Outcome, ProblemError, StationaryPoint};
use thiserror::Error;

/// An experiment that could not be carried out.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// The data could not be drawn.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The problem could not be stated.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A problem of the experiment has no stationary point.
    #[error("{problem}: {why}; choose another seed or add a penalty")]
    NoStationaryPoint {
        /// Which problem.
        problem: String,
        /// How solving ended.
        why: String,
    },
}

/// The stationary point, or an error that names the problem.
pub(super) fn stationary(
    outcome: Outcome,
    problem: impl Fn() -> String,
) -> Result<StationaryPoint, AnalysisError> {
    let why = match outcome {
        Outcome::Stationary(point) => return Ok(*point),
        Outcome::Separable(_) => "the classes are separable".to_owned(),
        Outcome::NotConverged { why, .. } => why,
    };
    Err(AnalysisError::NoStationaryPoint { problem: problem(), why })
}
