//! `[training]`: networks trained on images, instead of heads solved for.

use crate::cnn::Recipe;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a network is trained for each series, and what it is tested on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Network and steps.
    #[serde(default)]
    pub recipe: Recipe,
    /// Learning rates to choose from, for each series at each sweep point: the one with the highest mean recall on the
    /// images held out, after a training on the first draw. By default the recipe's rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<f64>,
    /// Images of each class that are held out to choose the learning rate by.
    #[serde(default)]
    pub held_out: usize,
    /// Images of each class that are kept apart to test on; 0 for the image set's own test part.
    #[serde(default)]
    pub test: usize,
}

impl Training {
    /// Whether there is a learning rate to choose.
    #[must_use]
    pub fn chooses(&self) -> bool {
        self.rates.len() > 1
    }

    /// The learning rate where there is none to choose.
    #[must_use]
    pub fn only_rate(&self) -> f64 {
        self.rates.first().copied().unwrap_or(self.recipe.rate)
    }

    /// Whether the test images are to come from a test part; the digits have none.
    #[must_use]
    pub fn tests_on_part(&self) -> bool {
        self.test == 0
    }
}
