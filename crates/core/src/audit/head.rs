//! Compares the user's last layer with the stationary one on the same features.

use super::AuditInput;
use super::batch::without_objective;
use super::memory::check_layer;
use super::record::problem;
use super::weight_effect_left::{MeasuredAt, WeightEffectLeft};
use crate::balance::{accuracy, hits, predicted_class};
use crate::data::{DataError, Dataset};
use crate::loss::{BuiltLoss, ClassWeights, Link, Loss, LossSpec, Targets};
use crate::memory::check_memory;
use crate::numeric::largest;
use crate::solver::{
    Conditioning, Head, Intercept, Outcome, Problem, ProblemError, SeparationKind, SolverSettings, solve,
    solve_general,
};
use nalgebra::RowDVector;
use serde::Serialize;

/// What more training of the last layer would have changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadComparison {
    /// Whether the layers have intercepts; without, the balance laws need not hold (docs/theory.md#h1).
    pub intercept: bool,
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
    /// Angle between the two rows of weights of each logit, in degrees; softmax rows with their mean over classes taken off. Zero
    /// where one of them vanishes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angles: Option<Vec<f64>>,
    /// The feature columns that others determine, and the condition number of the others.
    #[serde(flatten)]
    pub conditioning: Conditioning,
    /// Share of samples on whose class the two agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// What class weights still do to decisions, where the features separate all samples; for softmax and binary logistic loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_effect_left: Option<WeightEffectLeft>,
}

/// Why there is no exact head.
struct NoExact {
    why: String,
    /// The features separate all samples.
    separable: bool,
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
    if let Some(features) = &input.features {
        check_layer(input, features.columns())?;
    }
    let Some(features) = input.feature_matrix()? else { return Ok(None) };
    let (targets, loss) = problem(input, spec, weights)?;
    let dataset = Dataset::unnamed(features.clone(), targets.labels().clone())?;
    let refused = |error: ProblemError| DataError::invalid("`l2`", error.to_string());
    let problem = Problem::of_parts(&dataset, targets.clone(), Some(spec.clone()), loss.clone(), l2)
        .and_then(|problem| problem.with_intercept(input.intercept))
        .map_err(refused)?;
    let own = input.head.as_ref();
    let memory = spec.memory(dataset.dimension(), targets.counts(), l2);
    check_memory(memory, "the exact last layer takes", "leave out the features, or some samples")
        .map_err(|error| DataError::invalid("audit", error.to_string()))?;
    let exact = match without_objective(input, spec)? {
        None => solved(&problem, spec, own),
        Some(why) => Err(NoExact { why: why.to_owned(), separable: false }),
    };
    let measured = |head: &Head| MeasuredHead::of(&problem, head);
    let (own_measured, exact_measured) = (own.map(measured), exact.as_ref().ok().map(measured));
    let agreement =
        own_measured.as_ref().zip(exact_measured.as_ref()).map(|(own, exact)| own.agreement(exact, &targets));
    let given = input.logits(0..targets.samples(), loss.link())?;
    let logits_apart = own.map(|head| (head.logits(&features) - &given).amax());
    // Columns of one-vs-all are each decided by themselves, and compared only then.
    let of_one_decision = *spec == LossSpec::Softmax || *spec == LossSpec::Logistic && given.nrows() == 1;
    let weight_effect_left = match &exact {
        _ if !of_one_decision => None,
        Ok(head) => WeightEffectLeft::of(MeasuredAt::ExactLayer, &head.logits(&features), &targets),
        Err(NoExact { separable: true, .. }) => {
            WeightEffectLeft::of(MeasuredAt::GivenLogits, &given, &targets)
        }
        Err(_) => None,
    };
    let both = own.zip(exact.as_ref().ok());
    Ok(Some(HeadComparison {
        intercept: input.intercept == Intercept::Free,
        l2,
        logits_apart,
        conditioning: problem.conditioning().clone(),
        own: own_measured.map(|own| own.head),
        exact: exact_measured.map(|exact| exact.head),
        no_exact: exact.as_ref().err().map(|no| no.why.clone()),
        angles: both.map(|(own, exact)| angles(own, exact, loss.link())),
        agreement,
        weight_effect_left,
    }))
}

/// The exact head, or why there is none.
fn solved(problem: &Problem, spec: &LossSpec, start: Option<&Head>) -> Result<Head, NoExact> {
    let (columns, classes) = (problem.loss().logit_rows(), problem.targets().classes());
    let usual = columns == 1 || columns == classes && (classes > 2 || *spec == LossSpec::Softmax);
    let own_algorithm = usual
        && !matches!(problem.loss(), BuiltLoss::PerSample(_))
        && problem.targets().counts().iter().all(|&count| count > 0);
    let outcome = if own_algorithm { solve(problem) } else { solve_general(problem, start) };
    match outcome.confirmed(&SolverSettings::default()) {
        Outcome::Stationary(point) => Ok(point.head),
        Outcome::Separable(found) => {
            let separable = found.kind == SeparationKind::Complete;
            let samples = if separable { "all" } else { "some" };
            let why = format!(
                "the features separate {samples} samples: the loss has no minimum; give the `l2` of training"
            );
            Err(NoExact { why, separable })
        }
        Outcome::NotConverged { why, .. } => Err(NoExact { why, separable: false }),
    }
}

/// A head's measures, and the predicted class of every sample.
struct MeasuredHead {
    head: HeadMeasured,
    predicted: Vec<usize>,
}

impl MeasuredHead {
    fn of(problem: &Problem, head: &Head) -> Self {
        let found = problem.evaluate(head);
        let head = HeadMeasured {
            objective: found.objective,
            gradient_inf: found.recomputed.gradient_inf,
            worst_residual: largest(found.recomputed.flows.iter().map(|flow| flow.residual)),
            accuracy: accuracy(&hits(&found.logits, problem.targets()), problem.targets()),
        };
        let predicted = found.logits.column_iter().map(|z| predicted_class(z.as_slice())).collect();
        Self { head, predicted }
    }

    /// Share of samples that the two classify alike.
    fn agreement(&self, other: &Self, targets: &Targets) -> f64 {
        let alike = self.predicted.iter().zip(&other.predicted).enumerate().filter(|(_, (a, b))| a == b);
        alike.map(|(sample, _)| targets.sample_weight(sample)).sum::<f64>() / targets.total_size()
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
    own.row_iter().zip(exact.row_iter()).map(|(a, b)| angle(&a.into_owned(), &b.into_owned())).collect()
}

/// In degrees; a row of zeros has the direction of every other.
fn angle(a: &RowDVector<f64>, b: &RowDVector<f64>) -> f64 {
    if a.amax() == 0.0 || b.amax() == 0.0 {
        return 0.0;
    }
    // Sizes first: squares of rows in other units leave the range of doubles.
    let unit = |row: &RowDVector<f64>| (row / row.amax()).normalize();
    let (a, b) = (unit(a), unit(b));
    // Half of the angle by its tangent, which keeps small angles.
    2.0 * (&a - &b).norm().atan2((&a + &b).norm()).to_degrees()
}
