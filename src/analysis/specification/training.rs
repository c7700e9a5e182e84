//! `[training]`: networks trained on images, instead of heads solved for.

use super::{Analysis, Series};
use crate::cnn::Recipe;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a network is trained for each series, and what it is tested on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// Network and steps.
    #[serde(default)]
    pub recipe: Recipe,
    /// Learning rates to choose from: the one with the highest mean recall on the images held out. By default the recipe's
    /// rate. Without `halving` they are tried for each series at each sweep point, each in a training on the first draw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<f64>,
    /// In what the rates are given.
    #[serde(default, skip_serializing_if = "RateUnit::is_plain")]
    pub rate_unit: RateUnit,
    /// Chooses the learning rate anew in each draw, by successive halving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halving: Option<Halving>,
    /// Images of each class that are held out to choose the learning rate by.
    #[serde(default)]
    pub held_out: usize,
    /// Share of the images of each class, between 0 and 1, that is held out for the same, taken from those to learn from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out_share: Option<f64>,
    /// Images of each class that are kept apart to test on; 0 for the image set's own test part.
    #[serde(default)]
    pub test: usize,
}

/// In what learning rates are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RateUnit {
    /// As they are.
    #[default]
    Plain,
    /// Over the norm of the loss's gradient at the initial parameters, so that the first step is as long under every loss; with
    /// `sgd`.
    InitialGradient,
}

impl RateUnit {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// Successive halving: all rates are trained for some epochs, the better half goes on for as many again, and so on until one is
/// left, which is trained to the end. What was trained is kept, so that the last one is the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Halving {
    /// Epochs before the first half is given up; then twice as many in all, and so on.
    pub epochs: usize,
    /// Rates that are added at most, each beyond the best one while that is the lowest or highest tried, by the ratio of the
    /// two rates at that end; they are trained as the others were.
    #[serde(default)]
    pub extensions: usize,
}

impl TrainingSpec {
    /// Whether there is a learning rate to choose.
    #[must_use]
    pub fn chooses(&self) -> bool {
        self.rates.len() > 1
    }

    /// Whether rates are tried on the first draw, before trainings begin.
    #[must_use]
    pub fn tries_first(&self) -> bool {
        self.chooses() && self.halving.is_none()
    }

    /// Rates of a training at most.
    #[must_use]
    pub fn max_rates(&self) -> usize {
        self.rates.len().max(1) + self.halving.map_or(0, |halving| halving.extensions)
    }

    /// Epochs of a training at most, those of rates that are given up included.
    #[must_use]
    pub fn max_epochs(&self) -> usize {
        let epochs = self.recipe.epochs;
        let Some(halving) = self.halving.filter(|_| self.chooses()) else { return epochs };
        let (mut left, mut done, mut until, mut total) =
            (self.max_rates(), 0, halving.epochs.min(epochs), 0_usize);
        while left > 1 {
            total = total.saturating_add(left.saturating_mul(until - done));
            (left, done, until) = (left.div_ceil(2), until, until.saturating_mul(2).min(epochs));
        }
        total.saturating_add(epochs - done)
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

impl Analysis {
    /// Network and steps of a series, with its own batch if it has one.
    #[must_use]
    pub fn recipe_of(&self, series: &Series) -> Recipe {
        let recipe = self.training.as_ref().map(|training| training.recipe.clone()).unwrap_or_default();
        Recipe { batch: series.batch.unwrap_or(recipe.batch), ..recipe }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_of_a_choice_are_counted() {
        let recipe = Recipe { epochs: 20, ..Recipe::default() };
        let halving = Some(Halving { epochs: 2, extensions: 0 });
        let training = TrainingSpec { recipe, rates: vec![0.1; 7], halving, ..TrainingSpec::default() };
        // Seven rates for 2 epochs, four for 2 more, two for 4 more, and one for the other 12.
        assert_eq!(training.max_epochs(), 14 + 8 + 8 + 12);
        assert_eq!(TrainingSpec { rates: vec![0.1], ..training.clone() }.max_epochs(), 20);
        let one_epoch = TrainingSpec { recipe: Recipe { epochs: 1, ..Recipe::default() }, ..training };
        assert_eq!(one_epoch.max_epochs(), 7);
    }
}
