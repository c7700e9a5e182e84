//! The loss, by its name and the options that belong to it.

use crate::loss::{InrVariant, LossPlan};
use anyhow::{Result, ensure};

/// What a loss is given where its option is not.
const DEFAULT_BETA: f64 = 1.0;
const DEFAULT_GAMMA: f64 = 2.0;
const DEFAULT_STRENGTH: f64 = 1.0;

/// The options about the loss.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub(super) struct LossArguments {
    /// The loss
    #[arg(long, value_enum, default_value_t = LossName::Softmax)]
    loss: LossName,
    /// Sharpness of LGL-INR's reweighting, zero or more [default: 1]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    beta: Option<f64>,
    /// LGL-INR with its weights held constant in the gradient
    #[arg(long)]
    detached: bool,
    /// Sharpness of the focal loss, zero or more [default: 2]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    gamma: Option<f64>,
    /// What the logit-adjusted loss multiplies log class frequencies by, zero or more [default: 1]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    strength: Option<f64>,
    /// none, balanced (inverse frequency), effective:B (effective number of samples, B from 0 to below 1), or one positive
    /// number per class in order, such as 1,2,5
    #[arg(long, default_value = "none", value_name = "WEIGHTS", allow_hyphen_values = true)]
    pub(super) class_weights: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LossName {
    /// Binary or one-vs-all logistic loss (LGL)
    Logistic,
    /// Softmax cross-entropy (SML)
    Softmax,
    /// LGL-INR
    Inr,
    /// Softmax focal loss
    Focal,
    /// Softmax of logits shifted by log class frequencies
    LogitAdjusted,
}

impl LossArguments {
    /// The loss that is meant; fails when an option goes with another one.
    pub(super) fn plan(&self) -> Result<LossPlan> {
        let Self { loss, beta, detached, gamma, strength, .. } = *self;
        ensure!(beta.is_none() || loss == LossName::Inr, "--beta: goes with --loss inr only");
        ensure!(!detached || loss == LossName::Inr, "--detached: goes with --loss inr only");
        ensure!(gamma.is_none() || loss == LossName::Focal, "--gamma: goes with --loss focal only");
        ensure!(
            strength.is_none() || loss == LossName::LogitAdjusted,
            "--strength: goes with --loss logit-adjusted only"
        );
        let variant = if detached { InrVariant::Detached } else { InrVariant::Attached };
        Ok(match loss {
            LossName::Logistic => LossPlan::Logistic,
            LossName::Softmax => LossPlan::Softmax,
            LossName::Inr => LossPlan::Inr { beta: beta.unwrap_or(DEFAULT_BETA), variant },
            LossName::Focal => LossPlan::Focal { gamma: gamma.unwrap_or(DEFAULT_GAMMA) },
            LossName::LogitAdjusted => {
                LossPlan::LogitAdjusted { strength: strength.unwrap_or(DEFAULT_STRENGTH) }
            }
        })
    }
}
