//! Logits and labels in, value and `d/dlogits` out, for the whole batch. A loss never sees features.
//!
//! Logits, gradients and probabilities are matrices with one row per logit column of the head and one **sample
//! per column** (`K x N`; `1 x N` for the binary logistic loss).

mod inr;
mod logistic;
mod softmax;
mod weights;

pub(crate) use inr::in_negative_weights;
pub use inr::{Inr, InrVariant};
pub use logistic::Logistic;
pub use softmax::{Softmax, SoftmaxProbabilities};
pub use weights::{ClassWeights, Targets, WeightError};

use nalgebra::DMatrix;

/// Which probability a loss speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// `p_k = sigmoid(z_k)`, each column for itself.
    Sigmoid,
    /// `p = softmax(z)`, columns sum to one.
    Softmax,
}

/// A loss over the whole logit matrix; LGL-INR is not a sum over samples, so nothing smaller will do.
pub trait Loss: Sync {
    /// Which probability the loss speaks of.
    fn link(&self) -> Link;

    /// Rows of the logit matrix this loss takes.
    fn logit_rows(&self) -> usize;

    /// What the sum over samples is divided by: the total mass of a weighted mean, 1 for LGL-INR's sum over classes.
    fn divisor(&self) -> f64;

    /// The value `L`, and `dL/dlogits` written to `gradient` (same shape as `logits`).
    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64;

    /// `d2L/dlogits2 * direction`, written to `product`; all of shape `logits`.
    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    );
}

/// A loss that is a sum over logit columns, so that each column is a problem of its own.
pub trait ColumnLoss: Loss {
    /// The class that logit column `column` is to accept.
    fn target_of(&self, column: usize) -> usize;

    /// Values and gradients of some columns: row `r` of `logits` and `gradient` belongs to column `columns[r]`.
    fn evaluate_columns(
        &self,
        columns: &[usize],
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> Vec<f64>;

    /// Second derivatives of one column by its own `N` logits.
    fn column_curvature(&self, column: usize, logits: &[f64], targets: &Targets) -> ColumnCurvature;
}

/// One of the losses the solver knows, by its structure.
#[derive(Debug, Clone, PartialEq)]
pub enum LossKind {
    /// Binary or one-vs-all logistic loss (LGL).
    Logistic(Logistic),
    /// Softmax cross-entropy (SML).
    Softmax(Softmax),
    /// LGL-INR.
    Inr(Inr),
}

impl std::ops::Deref for LossKind {
    type Target = dyn Loss;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Logistic(loss) => loss,
            Self::Softmax(loss) => loss,
            Self::Inr(loss) => loss,
        }
    }
}

/// The second derivative of one column's loss by its logits: `diag(d) + S B S^T`.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnCurvature {
    /// `d`, one entry per sample.
    pub diagonal: Vec<f64>,
    /// `S B S^T`, for losses that couple samples through class means.
    pub coupling: Option<ClassCoupling>,
}

/// How class means couple the samples of one column.
///
/// Sample `i` of class `c` moves two class means, that of the loss by `loss_slope[i]` and that of the
/// probability by `probability_slope[i]`; `matrix` is the `2K x 2K` second derivative by those means (losses
/// first, probabilities second; rows and columns of the target class are zero).
#[derive(Debug, Clone, PartialEq)]
pub struct ClassCoupling {
    /// Derivative of its class's mean loss by the logit of each sample.
    pub loss_slope: Vec<f64>,
    /// Derivative of its class's mean probability by the logit of each sample.
    pub probability_slope: Vec<f64>,
    /// Second derivative by the class means, `2K x 2K`.
    pub matrix: DMatrix<f64>,
}

#[cfg(test)]
mod tests;
