//! Logits and labels in, value and `d/dlogits` out, for the whole batch. A loss never sees features.
//!
//! Logits, gradients and probabilities are matrices with one row per logit column of the head and one **sample
//! per column** (`K x N`; `1 x N` for the binary logistic loss).

mod block;
mod built;
mod columns;
mod focal;
mod inr;
mod logistic;
mod power_logistic;
mod precise;
mod profile;
mod seesaw;
mod shifted;
mod smoothed;
mod softmax;
mod softmax_single;
mod spec;
mod table;
mod weights;

pub(crate) use block::{LogitBlock, of_classes, weigh};
pub use built::{BuiltLoss, SampleLoss, SeparatedBy};
pub use columns::ColumnMeans;
pub use columns::ColumnWeights;
pub(crate) use columns::{ClassSums, PairWeights, SeenBlock, mean_slopes};
pub use focal::{Focal, FocalProbability};
pub(crate) use inr::Coupling;
pub use inr::in_negative_weights;
pub use inr::{Inr, InrVariant};
pub use logistic::Logistic;
pub use power_logistic::PowerLogistic;
pub(crate) use precise::{PreciseBlock, PreciseLoss, PreciseSums, add_sums};
pub use profile::{LossProfile, Moved, ProfilePoint};
pub use seesaw::Seesaw;
pub use shifted::ShiftedSoftmax;
pub use smoothed::{LabelSmoothing, SmoothingWeights};
pub use softmax::Softmax;
pub use spec::{LossSpec, PositiveWeights};
pub use table::{ClassWeighting, LOSS_TABLE, LossRow, Parameter, loss_meant, loss_named, no_such_loss};
pub use weights::{ClassWeights, MAX_WEIGHT_RATIO, Targets, WeightError, WeightRange, class_weights_differ};

use nalgebra::DMatrix;
use std::borrow::Cow;

/// Which probability a loss predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// `p_k = sigmoid(z_k)`, each column for itself.
    Sigmoid,
    /// `p = softmax(z)`, columns sum to one.
    Softmax,
}

/// A loss over the whole logit matrix, since LGL-INR is not a sum over samples.
pub trait Loss: Sync {
    /// Which probability the loss predicts.
    fn link(&self) -> Link;

    /// The logits that the link is applied to; most losses take them as given.
    fn adjusted_logits<'a>(&self, logits: &'a DMatrix<f64>, _: &Targets) -> Cow<'a, DMatrix<f64>> {
        Cow::Borrowed(logits)
    }

    /// Rows of the logit matrix this loss takes.
    fn logit_rows(&self) -> usize;

    /// The class that a logit row is to accept.
    fn target_of(&self, row: usize) -> usize {
        row
    }

    /// The denominator of the sum over samples: the total mass for a weighted mean, 1 for LGL-INR's sum over classes.
    fn denominator(&self) -> f64;

    /// Whether `dL/dz` is the derivative of the value. Detached losses treat as constant what is not.
    fn has_objective(&self) -> bool {
        true
    }

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
pub(crate) trait ColumnLoss: Loss {
    /// Whether [`Self::pair_weights`] depend on class means at the present logits.
    fn reads_class_means(&self) -> bool {
        false
    }

    /// The weights of some columns; `means` holds the class means of each where they are read.
    fn pair_weights(&self, columns: &[usize], means: &[ColumnMeans], targets: &Targets) -> PairWeights;

    /// How the gradient with respect to the class means of a column changes with them, for losses that couple samples through them.
    fn coupling(&self, _column: usize, _means: &ColumnMeans) -> Option<Coupling> {
        None
    }
}

/// What one block of samples adds to a logit column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ColumnPart {
    /// To the value `L`.
    pub(crate) value: f64,
    /// To `sum_i |dL/dz_i|`.
    pub(crate) magnitude: f64,
    /// `max_i |z_i|`.
    pub(crate) largest_logit: f64,
}

#[cfg(test)]
mod tests;
