//! What solving ends in: a certified stationary point, a proof that there is none, or the reason for neither.

use super::problem::Problem;
use super::recomputed::Recomputed;
use super::scaled_features::ScaledFeatures;
use super::separation::SeparationKind;
use nalgebra::DMatrix;
use serde::Serialize;

/// A linear head in the user's units: `z = coefficients h + intercepts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// `K x d` (`1 x d` for the binary logistic loss); softmax rows sum to zero over classes.
    pub coefficients: DMatrix<f64>,
    /// One per row of `coefficients`.
    pub intercepts: Vec<f64>,
}

impl Head {
    /// `W h + b` of features (`d x N`), one sample per column.
    #[must_use]
    pub fn logits(&self, features: &DMatrix<f64>) -> DMatrix<f64> {
        let mut logits = &self.coefficients * features;
        for mut column in logits.column_iter_mut() {
            column.iter_mut().zip(&self.intercepts).for_each(|(logit, intercept)| *logit += intercept);
        }
        logits
    }
}

/// How stationary a head is, as it is handed out, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// Gradient and balance at the doubles of the head, in the user's units and in double-double arithmetic.
    pub recomputed: Recomputed,
    /// Smallest eigenvalue of the Hessian in scaled units, over columns; positive at a strict local minimum. Given
    /// for the loss that is not convex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_curvature: Option<f64>,
    /// Outer iterations.
    pub iterations: u64,
    /// Wall time of solving, in seconds.
    pub seconds: f64,
}

/// A point where the gradient of a problem vanishes. It knows its problem, so that it is measured on no other.
#[derive(Debug, Clone)]
pub struct StationaryPoint<'a> {
    /// The head.
    pub head: Head,
    /// The loss without penalty.
    pub data_loss: f64,
    /// The loss with penalty.
    pub loss: f64,
    /// How stationary it is.
    pub certificate: Certificate,
    pub(super) problem: Problem<'a>,
    /// The head in the coordinates it was solved in, before it was rounded.
    pub(super) theta: DMatrix<f64>,
}

impl<'a> StationaryPoint<'a> {
    /// The problem that it solves.
    #[must_use]
    pub fn problem(&self) -> &Problem<'a> {
        &self.problem
    }

    /// Logits of the samples of the problem's data set, one sample per column, by the head as it is handed out.
    #[must_use]
    pub fn logits(&self) -> DMatrix<f64> {
        let coordinates = self.problem.coordinates();
        if coordinates.combines_features() {
            return Recomputed::logits(&self.problem, &self.head);
        }
        let features = ScaledFeatures::new(self.problem.dataset, coordinates);
        features.logits(&coordinates.scaled_head(&self.head))
    }
}

/// A proof that no finite minimiser exists: along `direction` no sample's loss rises and some fall for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Separable {
    /// Complete or quasi-complete.
    pub kind: SeparationKind,
    /// For one-vs-all losses the class whose column separates; `None` when the direction spans all classes.
    pub column_class: Option<usize>,
    /// The direction in the user's units: one row (its class above, the rest below), or one row per class (each
    /// sample's own row highest).
    pub direction: Head,
    /// Samples with a strictly positive margin.
    pub separated_samples: usize,
    /// The sum of their weights.
    pub separated_size: f64,
    /// Classes those samples belong to.
    pub classes: Vec<usize>,
}

/// How a search ended.
#[derive(Debug, Clone)]
pub enum Outcome<'a> {
    /// Gradient = 0 to rounding, at the head as it is handed out.
    Stationary(Box<StationaryPoint<'a>>),
    /// No finite minimiser exists.
    Separable(Box<Separable>),
    /// Neither a stationary point nor a proof that there is none.
    NotConverged {
        /// What happened.
        why: String,
        /// Outer iterations.
        iterations: u64,
        /// Relative gradient where the search ended.
        relative_gradient: f64,
    },
}

impl<'a> Outcome<'a> {
    /// The stationary point, if that is how it ended.
    #[must_use]
    pub fn stationary(self) -> Option<StationaryPoint<'a>> {
        match self {
            Self::Stationary(point) => Some(*point),
            Self::Separable(_) | Self::NotConverged { .. } => None,
        }
    }
}
