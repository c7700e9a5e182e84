//! Class weights whose stationary point meets a target: Newton on the logarithms of the weights, with the weight-effect
//! Jacobian (docs/theory.md#w1).

mod error;
mod gauge;
mod recall;
mod search;
mod target;
#[cfg(test)]
mod tests;

pub use error::DesignError;
pub use target::WeightTarget;

use super::mean_probability::MeanProbability;
use crate::data::Dataset;
use crate::loss::{ClassWeighting, ClassWeights, LossSpec};
use crate::solver::{NoResponse, ProblemError, StationaryPoint};
use gauge::Gauge;
use nalgebra::DVector;
use search::{At, Search};
use serde::Serialize;

/// Weights that meet the target, and the way there.
#[derive(Debug, Clone)]
pub struct WeightDesign<'a> {
    /// Where the search ended; its residual counts as none.
    pub reached: DesignStep,
    /// Mean probabilities there.
    pub means: MeanProbability,
    /// The head there.
    pub point: StationaryPoint<'a>,
    /// Every step, from the first weights to the last.
    pub path: Vec<DesignStep>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DesignStep {
    /// The weights; their masses sum to the number of samples.
    pub class_weights: Vec<f64>,
    /// Shortfall of each class.
    pub shortfall: Vec<f64>,
    /// Share of each class's samples whose own logit is the largest.
    pub recall: Vec<f64>,
    /// The distance to the target: the largest difference in the logarithm of a proportion; for equal recalls, by how
    /// much they differ beyond one sample of each class.
    pub residual: f64,
}

/// Residual that counts as none.
const MET: f64 = 1e-11;
/// Steps at most.
const MAX_STEPS: usize = 60;

/// Finds weights that meet a target on the user's data, from inverse frequency on.
///
/// Losses whose response to weights is computed ([`ClassWeighting::WithJacobian`]); LGL-INR does not read class weights.
///
/// ```
/// use equipoise::balance::{WeightTarget, design_weights};
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::LossSpec;
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let design = design_weights(&dataset, &LossSpec::Logistic, 1e-3, &WeightTarget::equal_shortfall(2))?;
/// let shortfall = &design.reached.shortfall;
/// assert!((shortfall[0] - shortfall[1]).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The target does not fit the data or the loss ([`DesignError::Target`]), the classes are separable, a problem
/// on the way has no stationary point, or no weights met the target ([`DesignError::Unattainable`],
/// [`DesignError::NotMet`]).
pub fn design_weights<'a>(
    dataset: &'a Dataset,
    spec: &LossSpec,
    l2: f64,
    target: &WeightTarget,
) -> Result<WeightDesign<'a>, DesignError> {
    design_weights_observed(dataset, spec, l2, target, &|_| ())
}

/// As [`design_weights`]; `observe` is called with every step of the path.
///
/// # Errors
/// As [`design_weights`].
pub fn design_weights_observed<'a>(
    dataset: &'a Dataset,
    spec: &LossSpec,
    l2: f64,
    target: &WeightTarget,
    observe: &dyn Fn(&DesignStep),
) -> Result<WeightDesign<'a>, DesignError> {
    let labels = dataset.labels();
    target.check(labels).map_err(DesignError::Target)?;
    match spec.row().class_weights {
        ClassWeighting::WithJacobian => {}
        ClassWeighting::Yes => return Err(NoResponse::NotComputed.into()),
        ClassWeighting::No => {
            return Err(DesignError::Target(
                "this loss does not read class weights; use softmax or logistic".to_owned(),
            ));
        }
    }
    let start = match target.closed_form(labels) {
        Some(weights) => weights,
        None => ClassWeights::Balanced.resolve(labels).map_err(ProblemError::from)?,
    };
    let start = DVector::from_iterator(start.len(), start.iter().map(|weight| weight.ln()));
    let search = |gauge| Search { dataset, spec, l2, gauge, observe };
    let mut path = Vec::new();
    let at = match target {
        WeightTarget::Shortfall(wanted) => {
            let search = search(Gauge::Shortfall(wanted));
            search.descend(search.look(&start)?, &mut path)
        }
        WeightTarget::Prior(wanted) => {
            let search = search(Gauge::Prior(wanted));
            search.descend(search.look(&start)?, &mut path)
        }
        WeightTarget::EqualRecall => recall::anneal(&search, &start, &mut path)?,
    };
    if at.step.residual <= MET {
        let At { step: reached, means, point, .. } = at;
        return Ok(WeightDesign { reached, means, point, path });
    }
    Err(DesignError::ended(target, labels, &path))
}
