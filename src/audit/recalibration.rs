//! Recalibration: solves for the intercepts alone and leaves everything else as it is.

use super::AuditInput;
use super::memory::check_recalibration;
use super::pass::tally;
use super::record::{Measured, problem};
use crate::data::{DataError, Dataset};
use crate::loss::{ClassWeights, LossPlan};
use crate::solver::{GeneralOutcome, GeneralProblem, solve_general};
use serde::Serialize;

/// Intercepts that make the loss stationary, and what is measured with them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recalibration {
    /// To be added to the logits, or to the last layer's bias; of softmax losses, for which many would do, those of least
    /// norm, whose mean is zero unless the loss scales each logit by a factor of its own.
    pub added: Vec<f64>,
    /// Whether a stationary point was found; if not, where the search ended, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_converged: Option<String>,
    /// Everything measured with them; the loss is in its own reduction.
    pub measured: Measured,
}

/// Solves for the intercepts. All logits are held in memory as doubles, four times.
///
/// # Errors
/// As [`audit`](super::audit()).
pub fn recalibrate(
    input: &AuditInput,
    plan: &LossPlan,
    weights: &ClassWeights,
    tolerance: f64,
) -> Result<Recalibration, DataError> {
    check_recalibration(input)?;
    let (targets, loss) = problem(input, plan, weights)?;
    let logits = input.logits(0..targets.samples(), loss.link())?;
    let dataset = Dataset::from_logits(logits, targets.labels().clone())?;
    let general = GeneralProblem { loss: &*loss, targets: &targets, dataset: &dataset, l2: 0.0 };
    let (point, not_converged) = match solve_general(&general, None) {
        GeneralOutcome::Stationary(point) => (point, None),
        GeneralOutcome::NotConverged { why, at } => (at, Some(why)),
    };
    let mut added = point.head.intercepts;
    if let Some(free) = loss.free_shift() {
        let along: f64 = added.iter().zip(&free).map(|(entry, free)| entry * free).sum();
        let coefficient = along / free.iter().map(|free| free * free).sum::<f64>();
        added.iter_mut().zip(&free).for_each(|(entry, free)| *entry -= coefficient * free);
    }
    let tallied = tally(input, &targets, &loss, &added)?;
    let measured = Measured::of(&tallied, &targets, &loss, 1.0, tolerance);
    Ok(Recalibration { added, not_converged, measured })
}
