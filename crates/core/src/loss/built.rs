//! A loss over the samples that it is evaluated on.

use super::{Inr, Link, Logistic, Loss, Softmax, Targets, class_weights_differ};
use crate::numeric::DoubleDouble;
use nalgebra::DMatrix;
use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

/// A loss over the samples of a problem, of a training or of an audit, by its structure: the solver has an algorithm for
/// each.
#[derive(Debug, Clone)]
pub enum BuiltLoss {
    /// Binary or one-vs-all logistic loss, with any weights of pairs of class and column.
    Logistic(Logistic),
    /// Softmax cross-entropy.
    Softmax(Softmax),
    /// LGL-INR.
    Inr(Inr),
    /// Any other that is a sum over samples.
    PerSample(Arc<dyn SampleLoss>),
}

/// A loss that is a sum over samples, each of which speaks for itself.
pub trait SampleLoss: Loss + Send + Debug {
    /// The same with every sample counted `factor` times.
    fn scaled(&self, factor: f64) -> Arc<dyn SampleLoss>;

    /// The direction in logit space that leaves the loss unchanged; `None` for losses without one.
    fn free_shift(&self) -> Option<Vec<f64>>;

    /// Which data leave the loss without a stationary point.
    fn separated_by(&self) -> SeparatedBy;

    /// Turns the logits of a sample of a class into `dL/dz`, its own weight aside, in double-double arithmetic and from the
    /// equations alone.
    fn precise_gradient(&self, class: usize, targets: &Targets, logits: &mut [DoubleDouble]);

    /// The sum of the magnitudes of the terms that `dL/dz_k` of a sample of a class, its own weight aside, is made of where it is
    /// `residual`: more than the residual's own where a target between zero and one cancels a prediction.
    fn magnitude_of_terms(&self, _class: usize, _column: usize, residual: f64) -> f64 {
        residual.abs()
    }
}

/// Along which directions a loss without penalty falls for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeparatedBy {
    /// Those in which every sample's own logit is ahead of each other; where [`SampleLoss::free_shift`] moves logits by different
    /// amounts, logits divided by those are compared.
    Pairs,
    /// Those of a column in which its class is above zero and all others are below.
    Columns,
    /// None: the loss grows along every direction that changes a probability.
    Nothing,
    /// None that is known.
    Unknown,
}

impl BuiltLoss {
    /// A loss that is a sum over samples.
    pub fn per_sample(loss: impl SampleLoss + 'static) -> Self {
        Self::PerSample(Arc::new(loss))
    }

    /// Whether these class weights move the probabilities of a head, so that they can be mapped back. LGL-INR averages within each
    /// class, which leaves it as it is.
    pub(crate) fn moves_probabilities(&self, class_weights: &[f64]) -> bool {
        !matches!(self, Self::Inr(_)) && class_weights_differ(class_weights)
    }

    fn structure(&self) -> &dyn Loss {
        match self {
            Self::Logistic(loss) => loss,
            Self::Softmax(loss) => loss,
            Self::Inr(loss) => loss,
            Self::PerSample(loss) => &**loss,
        }
    }

    /// The loss of a batch that is a `1 / batches` part of all samples: over all batches of an epoch its gradients add up to
    /// `batches` times that of the whole, so that each estimates it without bias. A weighted mean is not divided by the batch's
    /// own mass, which would count a rare class less wherever it occurs; LGL-INR takes its class means over the batch.
    #[must_use]
    pub fn on_batch(&self, batches: f64) -> Self {
        match self {
            Self::Logistic(loss) => Self::Logistic(loss.scaled(batches)),
            Self::Softmax(loss) => Self::Softmax(loss.scaled(batches)),
            Self::Inr(loss) => Self::Inr(*loss),
            Self::PerSample(loss) => Self::PerSample(loss.scaled(batches)),
        }
    }

    /// [`SampleLoss::magnitude_of_terms`] of a sample of this weight, the weight included.
    pub(crate) fn magnitude_of_terms(&self, class: usize, column: usize, weight: f64, residual: f64) -> f64 {
        match self {
            Self::PerSample(loss) if weight > 0.0 => {
                weight * loss.magnitude_of_terms(class, column, residual / weight)
            }
            Self::Logistic(_) | Self::Softmax(_) | Self::Inr(_) | Self::PerSample(_) => residual.abs(),
        }
    }

    /// The direction in logit space that leaves the loss unchanged: all ones for softmax; `None` for losses without
    /// one.
    #[must_use]
    pub fn free_shift(&self) -> Option<Vec<f64>> {
        match self {
            Self::Softmax(loss) => Some(vec![1.0; loss.logit_rows()]),
            Self::PerSample(loss) => loss.free_shift(),
            Self::Logistic(_) | Self::Inr(_) => None,
        }
    }

    /// Which data leave the loss without a stationary point, as far as one search over all columns checks it.
    #[must_use]
    pub fn separated_by(&self) -> SeparatedBy {
        match self {
            Self::Softmax(_) => SeparatedBy::Pairs,
            Self::Logistic(_) => SeparatedBy::Columns,
            Self::Inr(_) => SeparatedBy::Nothing,
            Self::PerSample(loss) => loss.separated_by(),
        }
    }
}

impl Loss for BuiltLoss {
    fn link(&self) -> Link {
        self.structure().link()
    }

    fn adjusted_logits<'a>(&self, logits: &'a DMatrix<f64>, targets: &Targets) -> Cow<'a, DMatrix<f64>> {
        self.structure().adjusted_logits(logits, targets)
    }

    fn logit_rows(&self) -> usize {
        self.structure().logit_rows()
    }

    fn target_of(&self, row: usize) -> usize {
        self.structure().target_of(row)
    }

    fn denominator(&self) -> f64 {
        self.structure().denominator()
    }

    fn has_objective(&self) -> bool {
        self.structure().has_objective()
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        self.structure().value_and_gradient(logits, targets, gradient)
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        self.structure().curvature_product(logits, targets, direction, product);
    }
}
