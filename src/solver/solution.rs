//! What solving ends in: a certified stationary point, a proof that there is none, or the reason for neither.

use super::scaled_features::ScaledFeatures;
use super::scaling::Scaling;
use super::separation::SeparationKind;
use crate::data::Dataset;
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

/// How a stationary point was found and how stationary it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// Infinity norm of the gradient of the mean loss, penalty included, by coefficients and intercepts in the
    /// user's units.
    pub gradient_inf: f64,
    /// Largest gradient entry beside the sum of the magnitudes of the terms that cancel in it, in scaled units.
    pub relative_gradient: f64,
    /// Smallest eigenvalue of the Hessian in scaled units, over columns; positive at a strict local minimum. Given
    /// for the loss that is not convex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_curvature: Option<f64>,
    /// Outer iterations.
    pub iterations: u64,
    /// Wall time of solving, in seconds.
    pub seconds: f64,
}

/// A point where the gradient vanishes, and everything measured there.
#[derive(Debug, Clone, PartialEq)]
pub struct StationaryPoint {
    /// The head.
    pub head: Head,
    /// The loss without penalty.
    pub data_loss: f64,
    /// The loss with penalty.
    pub loss: f64,
    /// How stationary it is.
    pub certificate: Certificate,
    pub(super) scaled: ScaledHead,
}

/// A head in the coordinates it was solved in, where its logits lose nothing to a far-off centre.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScaledHead {
    pub(super) theta: DMatrix<f64>,
    pub(super) scaling: Scaling,
}

impl StationaryPoint {
    /// Logits of the samples of the data set that was solved over, one sample per column.
    #[must_use]
    pub fn logits(&self, dataset: &Dataset) -> DMatrix<f64> {
        ScaledFeatures::with_scaling(dataset, self.scaled.scaling.clone()).logits(&self.scaled.theta)
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
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Gradient = 0 to rounding.
    Stationary(Box<StationaryPoint>),
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

impl Outcome {
    /// The stationary point, if that is how it ended.
    #[must_use]
    pub fn stationary(self) -> Option<StationaryPoint> {
        match self {
            Self::Stationary(point) => Some(*point),
            Self::Separable(_) | Self::NotConverged { .. } => None,
        }
    }
}
