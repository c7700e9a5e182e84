//! Of which loss and weights the logits would be a stationary point, where they are none of what was said.

use super::AuditInput;
use super::pass::tally;
use super::record::{StationaryVerdict, ledger_of, problem};
use crate::data::DataError;
use crate::loss::{BuiltLoss, ClassWeighting, ClassWeights, LOSS_TABLE, Loss, LossSpec};
use serde::Serialize;

/// A loss and weights that were tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Name of the loss, with its usual parameters.
    pub loss: &'static str,
    /// `none`, `balanced` or `effective:0.999`.
    pub class_weights: &'static str,
    /// The largest relative difference of a class's outflow and inflow.
    pub worst_residual: f64,
}

/// The weights that are tried.
const WEIGHTS: [(&str, ClassWeights); 3] = [
    ("none", ClassWeights::None),
    ("balanced", ClassWeights::Balanced),
    ("effective:0.999", ClassWeights::EffectiveNumber(0.999)),
];

/// Up to so many logits all losses are tried; of more, the two usual ones.
const MANY_LOGITS: usize = 20_000_000;

/// Tries the usual weights and the other losses, the nearest to stationary first. Combinations that do not fit the logits are left
/// out, as is the one that was asked for.
///
/// # Errors
/// A row holds a number that is not finite or is no probability.
pub fn alternatives(
    input: &AuditInput,
    spec: &LossSpec,
    weights: &ClassWeights,
) -> Result<Vec<Alternative>, DataError> {
    let few = input.labels().samples().saturating_mul(input.columns()) <= MANY_LOGITS;
    let asked = problem(input, spec, weights)?.0.class_weights().to_vec();
    let mut found: Vec<Alternative> = Vec::new();
    let mut tried: Vec<(&'static str, Vec<f64>)> = Vec::new();
    let rows =
        LOSS_TABLE.iter().filter(|row| few || [LossSpec::Softmax, LossSpec::Logistic].contains(&row.default));
    for row in rows {
        for (name, weights) in &WEIGHTS {
            if row.class_weights == ClassWeighting::No && *weights != ClassWeights::None {
                continue;
            }
            let Ok((targets, loss)) = problem(input, &row.default, weights) else { continue };
            let relative = relative(targets.class_weights());
            let is_asked = row.default == *spec && relative == self::relative(&asked);
            // Where classes are of equal size, balanced weights are none.
            let is_known = tried.iter().any(|(loss, weights)| *loss == row.name && *weights == relative);
            if is_asked || is_known || !fits(&loss, input) {
                continue;
            }
            tried.push((row.name, relative));
            let tallied = tally(input, &targets, &loss, &vec![0.0; input.columns()])?;
            let verdict = StationaryVerdict::of(&ledger_of(&tallied, loss.denominator()), 0.0);
            let worst_residual = verdict.worst_residual;
            if worst_residual.is_finite() {
                found.push(Alternative { loss: row.name, class_weights: name, worst_residual });
            }
        }
    }
    found.sort_by(|a, b| a.worst_residual.total_cmp(&b.worst_residual));
    Ok(found)
}

/// Weights up to a common factor, which moves no stationary point.
fn relative(weights: &[f64]) -> Vec<f64> {
    weights.iter().map(|weight| weight / weights[0]).collect()
}

fn fits(loss: &BuiltLoss, input: &AuditInput) -> bool {
    loss.logit_rows() == input.columns()
}

impl Alternative {
    /// The loss and its weights in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.class_weights {
            "none" => format!("{} without weights", self.loss),
            "balanced" => format!("{} with balanced weights", self.loss),
            weights => format!("{} with the weights {weights}", self.loss),
        }
    }

    /// The options that audit under it.
    #[must_use]
    pub fn options(&self) -> String {
        let weights = if self.class_weights == "none" {
            String::new()
        } else {
            format!(" --class-weights {}", self.class_weights)
        };
        format!("--loss {}{weights}", self.loss)
    }
}
