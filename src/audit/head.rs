//! Compares the user's last layer with the stationary one on the same features.

use super::AuditInput;
use super::record::problem;
use crate::balance::{Ledger, accuracy, hits, predicted_class};
use crate::data::{DataError, Dataset};
use crate::loss::{BuiltLoss, ClassWeights, Link, Loss, LossSpec, Targets};
use crate::solver::{
    Conditioning, Head, Outcome, Problem, ProblemError, SeparationKind, SolverSettings, solve, solve_general,
};
use nalgebra::DMatrix;
use serde::Serialize;

/// What more training of the last layer would have changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadComparison {
    /// `mu` of the penalty `mu/2 |W|^2` that both are held against.
    pub l2: f64,
    /// Largest difference between the logits given and those of the weights and features given.
    pub logits_apart: Option<f64>,
    /// Of the user's layer.
    pub own: Option<HeadMeasured>,
    /// Of the exact one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<HeadMeasured>,
    /// Why there is no exact one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_exact: Option<String>,
    /// Angle between the two rows of weights of each logit, in degrees; softmax rows with their mean over classes taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angles: Option<Vec<f64>>,
    /// The feature columns that others determine, and the condition number of the others.
    #[serde(flatten)]
    pub conditioning: Conditioning,
    /// Share of samples on whose class the two agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
}

/// Measures of a head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadMeasured {
    /// The loss and the penalty.
    pub objective: f64,
    /// Largest entry of the gradient with respect to weights and intercepts.
    pub gradient_inf: f64,
    /// The largest relative difference of a class's outflow and inflow.
    pub worst_residual: f64,
    /// Fraction of samples correctly classified.
    pub accuracy: f64,
}

/// Solves for the last layer on the given features; `None` without features.
///
/// # Errors
/// As [`audit`](super::audit()); or a feature is not finite, or `l2` is negative or too large.
pub fn compare_head(
    input: &AuditInput,
    spec: &LossSpec,
    weights: &ClassWeights,
    l2: f64,
) -> Result<Option<HeadComparison>, DataError> {
    let Some(features) = input.feature_matrix()? else { return Ok(None) };
    let (targets, loss) = problem(input, spec, weights)?;
    let dataset = Dataset::unnamed(features.clone(), targets.labels().clone())?;
    let over = Over { features: &features, dataset: &dataset, targets: &targets, loss: &loss, l2 };
    let exact = over.exact(spec, input.head.as_ref())?;
    let own = input.head.as_ref();
    let logits_apart = match own {
        None => None,
        Some(head) => {
            let given = input.logits(0..targets.samples(), loss.link())?;
            Some((head.logits(&features) - given).amax())
        }
    };
    let both = own.zip(exact.as_ref().ok());
    Ok(Some(HeadComparison {
        l2,
        logits_apart,
        conditioning: Conditioning::of(&dataset),
        own: own.map(|head| over.measured(head)),
        exact: exact.as_ref().ok().map(|head| over.measured(head)),
        no_exact: exact.as_ref().err().cloned(),
        angles: both.map(|(own, exact)| angles(own, exact, loss.link())),
        agreement: both.map(|(own, exact)| over.agreement(own, exact)),
    }))
}

struct Over<'a> {
    features: &'a DMatrix<f64>,
    dataset: &'a Dataset,
    targets: &'a Targets,
    loss: &'a BuiltLoss,
    l2: f64,
}

impl Over<'_> {
    /// The exact head, or why there is none.
    fn exact(&self, spec: &LossSpec, start: Option<&Head>) -> Result<Result<Head, String>, DataError> {
        let columns = self.loss.logit_rows();
        let classes = self.targets.classes();
        let usual = columns == 1 || columns == classes && (classes > 2 || *spec == LossSpec::Softmax);
        let own_algorithm = usual
            && !matches!(self.loss, BuiltLoss::PerSample(_))
            && self.targets.counts().iter().all(|&count| count > 0);
        let refused = |error: ProblemError| DataError::invalid("--l2", error.to_string());
        let (targets, loss) = (self.targets.clone(), self.loss.clone());
        let problem =
            Problem::of_parts(self.dataset, targets, Some(spec.clone()), loss, self.l2).map_err(refused)?;
        let outcome = if own_algorithm { solve(&problem) } else { solve_general(&problem, start) };
        Ok(match outcome.confirmed(&SolverSettings::default()) {
            Outcome::Stationary(point) => Ok(point.head),
            Outcome::Separable(found) => Err(match found.kind {
                SeparationKind::Complete => {
                    "the features separate all samples: the loss has no minimum; give the --l2 of training"
                        .to_owned()
                }
                SeparationKind::Quasi => {
                    "the features separate some samples: the loss has no minimum; give the --l2 of training"
                        .to_owned()
                }
            }),
            Outcome::NotConverged { why, .. } => Err(why),
        })
    }

    fn measured(&self, head: &Head) -> HeadMeasured {
        let logits = head.logits(self.features);
        let mut by_logits = DMatrix::zeros(logits.nrows(), logits.ncols());
        let value = self.loss.value_and_gradient(&logits, self.targets, &mut by_logits);
        let by_weights = &by_logits * self.features.transpose() + self.l2 * &head.coefficients;
        let by_intercepts = by_logits.column_sum();
        HeadMeasured {
            objective: value + 0.5 * self.l2 * head.coefficients.norm_squared(),
            gradient_inf: by_weights.amax().max(by_intercepts.amax()),
            worst_residual: Ledger::at(self.loss, &logits, self.targets).worst_residual(),
            accuracy: accuracy(&hits(&logits, self.targets), self.targets),
        }
    }

    fn agreement(&self, own: &Head, exact: &Head) -> f64 {
        let classes = |head: &Head| -> Vec<usize> {
            head.logits(self.features).column_iter().map(|z| predicted_class(z.as_slice())).collect()
        };
        let (own, exact) = (classes(own), classes(exact));
        let agreed = own.iter().zip(&exact).enumerate().filter(|(_, (a, b))| a == b);
        agreed.map(|(sample, _)| self.targets.sample_weight(sample)).sum::<f64>() / self.targets.total_size()
    }
}

fn angles(own: &Head, exact: &Head, link: Link) -> Vec<f64> {
    let centred = |head: &Head| {
        let mut weights = head.coefficients.clone();
        if link == Link::Softmax {
            let mean = weights.row_mean();
            weights.row_iter_mut().for_each(|mut row| row -= &mean);
        }
        weights
    };
    let (own, exact) = (centred(own), centred(exact));
    let angle = |(a, b): (nalgebra::RowDVector<f64>, nalgebra::RowDVector<f64>)| {
        // Half of the angle by its tangent, which keeps small angles.
        let (a, b) = (a.clone() / a.norm(), b.clone() / b.norm());
        2.0 * (&a - &b).norm().atan2((&a + &b).norm()).to_degrees()
    };
    own.row_iter().zip(exact.row_iter()).map(|(a, b)| angle((a.into_owned(), b.into_owned()))).collect()
}
