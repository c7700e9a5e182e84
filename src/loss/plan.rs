//! Losses by the names that files and flags give them, and as networks are trained on them.

use super::{Focal, Inr, InrVariant, Logistic, LogitAdjusted, Loss, Softmax, Targets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A loss by its plain name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LossPlan {
    /// Binary or one-vs-all logistic loss (LGL).
    Logistic,
    /// Softmax cross-entropy (SML).
    Softmax,
    /// LGL-INR.
    Inr {
        /// Sharpness of the reweighting, at least 0.
        beta: f64,
        /// Whether the gradient flows through the weights.
        #[serde(default)]
        variant: InrVariant,
    },
    /// Softmax focal loss; for training networks.
    Focal {
        /// Sharpness, at least 0.
        gamma: f64,
    },
    /// Softmax of logits shifted by the logarithms of class frequencies; for training networks.
    LogitAdjusted {
        /// What the shift is multiplied by, at least 0.
        strength: f64,
    },
}

/// A loss over the samples that a network learns from, of which it sees a batch at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingLoss {
    /// Binary or one-vs-all logistic loss.
    Logistic(Logistic),
    /// Softmax cross-entropy.
    Softmax(Softmax),
    /// LGL-INR.
    Inr(Inr),
    /// Softmax focal loss.
    Focal(Focal),
    /// Softmax of shifted logits.
    LogitAdjusted(LogitAdjusted),
}

impl LossPlan {
    /// The loss over some samples.
    #[must_use]
    pub fn over(&self, targets: &Targets) -> TrainingLoss {
        match *self {
            Self::Logistic => TrainingLoss::Logistic(Logistic::for_classes(targets)),
            Self::Softmax => TrainingLoss::Softmax(Softmax::new(targets)),
            Self::Inr { beta, variant } => {
                TrainingLoss::Inr(Inr { classes: targets.classes(), beta, variant })
            }
            Self::Focal { gamma } => TrainingLoss::Focal(Focal::new(targets, gamma)),
            Self::LogitAdjusted { strength } => {
                TrainingLoss::LogitAdjusted(LogitAdjusted::new(targets, strength))
            }
        }
    }

    /// The number that the loss hangs on and its name, if it has one.
    #[must_use]
    pub fn parameter(&self) -> Option<(&'static str, f64)> {
        match *self {
            Self::Logistic | Self::Softmax => None,
            Self::Inr { beta, .. } => Some(("beta", beta)),
            Self::Focal { gamma } => Some(("gamma", gamma)),
            Self::LogitAdjusted { strength } => Some(("strength", strength)),
        }
    }

    /// The paper's name of the loss, or its authors'.
    #[must_use]
    pub fn paper_name(&self) -> String {
        match self {
            Self::Logistic => "LGL".to_owned(),
            Self::Softmax => "SML".to_owned(),
            Self::Inr { beta, variant: InrVariant::Attached } => format!("LGL-INR, β = {beta}"),
            Self::Inr { beta, variant: InrVariant::Detached } => format!("LGL-INR detached, β = {beta}"),
            Self::Focal { gamma } => format!("focal, γ = {gamma}"),
            Self::LogitAdjusted { strength: 1.0 } => "logit-adjusted".to_owned(),
            Self::LogitAdjusted { strength } => format!("logit-adjusted, τ = {strength}"),
        }
    }
}

impl TrainingLoss {
    /// The loss of a batch that is a `1 / share` part of all samples: over all batches of an epoch its gradients add up to
    /// `share` times that of the whole, so that each estimates it without bias. A weighted mean is not divided by the batch's
    /// own mass, which would count a rare class less wherever it occurs; LGL-INR takes its class means over the batch.
    #[must_use]
    pub fn on_batch(&self, share: f64) -> Self {
        match self {
            Self::Logistic(loss) => Self::Logistic(loss.scaled(share)),
            Self::Softmax(loss) => Self::Softmax(loss.scaled(share)),
            Self::Inr(loss) => Self::Inr(*loss),
            Self::Focal(loss) => Self::Focal(loss.scaled(share)),
            Self::LogitAdjusted(loss) => Self::LogitAdjusted(loss.scaled(share)),
        }
    }
}

impl std::ops::Deref for TrainingLoss {
    type Target = dyn Loss;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Logistic(loss) => loss,
            Self::Softmax(loss) => loss,
            Self::Inr(loss) => loss,
            Self::Focal(loss) => loss,
            Self::LogitAdjusted(loss) => loss,
        }
    }
}
