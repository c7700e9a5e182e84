//! How a network is trained: everything but the images, the loss and the seed.

use super::architecture::Architecture;
use super::error::NetworkError;
use super::optimizer::{Optimizer, Schedule};
use super::pictures::Augmentation;
use serde::{Deserialize, Serialize};

/// Network, steps, and what happens to images on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "analyses", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// The network.
    pub network: Architecture,
    /// Times that every image is seen.
    pub epochs: usize,
    /// Images in a step.
    pub batch: usize,
    /// How a step is made.
    pub optimizer: Optimizer,
    /// Learning rate at first.
    pub rate: f64,
    /// How the learning rate goes down.
    pub schedule: Schedule,
    /// `mu` of the penalty `mu / 2 ||w||^2` on all parameters but the head's bias.
    pub decay: f64,
    /// Whether the head's bias decays too: the balance law is then off by `mu b_k`.
    pub decay_head_bias: bool,
    /// Whether every second image, drawn anew in every epoch, is mirrored left to right.
    pub flips: bool,
    /// Rows and columns by which an image is moved at most, anew in every epoch.
    pub shifts: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            network: Architecture::default(),
            epochs: 5,
            batch: 64,
            optimizer: Optimizer::default(),
            rate: 0.05,
            schedule: Schedule::default(),
            decay: 1e-4,
            decay_head_bias: false,
            flips: false,
            shifts: 0,
        }
    }
}

impl Recipe {
    /// What happens to images.
    #[must_use]
    pub fn augmentation(&self) -> Augmentation {
        Augmentation { flips: self.flips, shifts: self.shifts }
    }

    /// Fails, naming the setting, when one cannot be.
    pub(super) fn check(&self) -> Result<(), NetworkError> {
        let refused = |setting, problem: String| Err(NetworkError::Setting { setting, problem });
        if !(1..=MAX_EPOCHS).contains(&self.epochs) {
            return refused("epochs", format!("{}; give 1 to {MAX_EPOCHS}", self.epochs));
        }
        if !(1..=MAX_IN_BATCH).contains(&self.batch) {
            return refused("batch", format!("{}; give 1 to {MAX_IN_BATCH} images", self.batch));
        }
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return refused("rate", format!("{}; give a number above 0", self.rate));
        }
        if !(self.decay.is_finite() && self.decay >= 0.0) {
            return refused("decay", format!("{}; give a number of at least 0", self.decay));
        }
        if let Optimizer::Sgd { momentum } = self.optimizer
            && !(0.0..1.0).contains(&momentum)
        {
            return refused("momentum", format!("{momentum}; give a number from 0 to below 1"));
        }
        if let Schedule::Step { every, factor } = self.schedule
            && (every == 0 || !(factor.is_finite() && factor > 0.0))
        {
            return refused(
                "schedule",
                format!("factor {factor} every {every} epochs; both must be above 0"),
            );
        }
        if self.shifts > MAX_SHIFTS {
            return refused("shifts", format!("{}; give at most {MAX_SHIFTS}", self.shifts));
        }
        Ok(())
    }
}

const MAX_EPOCHS: usize = 100_000;
const MAX_IN_BATCH: usize = 1 << 16;
const MAX_SHIFTS: usize = 1 << 10;
