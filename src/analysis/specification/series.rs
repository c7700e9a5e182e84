//! `[[series]]`: what is solved over the data, one curve or panel each.

use super::design::Draw;
use super::either::list_or_rule;
use crate::data::random::log_uniform;
pub use crate::loss::LossSpec as Loss;

use crate::balance::BatchLaw;
use crate::data::Dataset;
use crate::loss::{BuiltLoss, ClassWeights, Logistic, Targets};
use crate::solver::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A loss with its weights, and how it is minimised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The loss.
    pub loss: Loss,
    /// Name of the series in figures and tables; by default the paper's name of the loss and its weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its colour in figures; by default that of its loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Hue>,
    /// Its marks in figures; by default circles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<Marker>,
    /// Class weights, if other than those of the analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<WeightRule>,
    /// Whether a trained network's head is then solved to stationarity on its features (docs/theory.md#n2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub polished: bool,
    /// Samples in a batch. Of LGL-INR what is solved is the loss in expectation over batches of so many, drawn without
    /// replacement (docs/theory.md#m1); by default one batch holds all samples. A network is trained in batches of so many, by
    /// default those of the recipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// The algorithm; others than the default show where first-order searches stop.
    #[serde(default)]
    pub optimizer: SeriesOptimizer,
}

/// Colours that people with and without colour blindness can tell apart (Okabe and Ito), and two greys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hue {
    /// LGL-INR.
    Blue,
    /// LGL.
    Vermillion,
    /// Of no loss of the paper, like those below.
    Green,
    /// Reddish purple.
    Purple,
    /// Sky blue.
    Sky,
    /// Orange.
    Amber,
    /// Softmax.
    Grey,
    /// Near black.
    Black,
}

/// Marks of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Marker {
    /// A disc.
    #[default]
    Circle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle.
    Triangle,
}

/// How much each class counts.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum WeightRule {
    /// One weight per class.
    Each(Vec<f64>),
    /// A rule from the class sizes.
    Rule(NamedWeights),
}

/// Weights by rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NamedWeights {
    /// Every sample counts once.
    None,
    /// Inverse frequency: every class has the same mass.
    Balanced,
    /// Class-balanced weights of the effective number of samples: `(1 - B) / (1 - B^N_c)`.
    EffectiveNumber {
        /// `B`, from 0 to below 1.
        overlap: f64,
    },
    /// Drawn for each class and repetition, uniform in the logarithm.
    LogUniform {
        /// Smallest weight.
        low: f64,
        /// Largest weight.
        high: f64,
    },
}

/// How the objective is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SeriesOptimizer {
    /// To stationarity, with a certificate.
    #[default]
    Newton,
    /// L-BFGS, until its line search fails or the iterations are spent.
    Lbfgs {
        /// Most iterations.
        iterations: u64,
    },
    /// Gradient descent with a line search, until that fails or the iterations are spent.
    GradientDescent {
        /// Most iterations.
        iterations: u64,
    },
}

impl Default for WeightRule {
    fn default() -> Self {
        Self::Rule(NamedWeights::None)
    }
}

impl<'de> Deserialize<'de> for WeightRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected =
            "a list of weights, \"balanced\", \"none\", or { log_uniform = { low = 0.1, high = 10.0 } }";
        list_or_rule(deserializer, expected, Self::Each, Self::Rule)
    }
}

impl WeightRule {
    /// The weights for one draw of a problem with `classes` classes.
    #[must_use]
    pub fn weights(&self, classes: usize, draw: Draw) -> ClassWeights {
        match self {
            Self::Each(weights) => ClassWeights::Explicit(weights.clone()),
            Self::Rule(NamedWeights::None) => ClassWeights::None,
            Self::Rule(NamedWeights::Balanced) => ClassWeights::Balanced,
            &Self::Rule(NamedWeights::EffectiveNumber { overlap }) => ClassWeights::EffectiveNumber(overlap),
            &Self::Rule(NamedWeights::LogUniform { low, high }) => {
                let generator = &mut draw.weights();
                ClassWeights::Explicit((0..classes).map(|_| log_uniform(generator, low, high)).collect())
            }
        }
    }
}

impl Series {
    /// The problem that is solved over some samples, or why there is none.
    ///
    /// # Errors
    /// Loss, weights or penalty do not fit, or batches were asked for and no objective in expectation over them is known.
    pub fn problem<'a>(
        &self,
        dataset: &'a Dataset,
        weights: &ClassWeights,
        penalty: f64,
    ) -> Result<Problem<'a>, String> {
        let whole = || Problem::new(dataset, &self.loss, weights, penalty).map_err(|error| error.to_string());
        let Some(batch) = self.batch else { return whole() };
        let labels = dataset.labels();
        if labels.weights().is_some() {
            return Err("`batch` is for rows that count once each; take it out".to_owned());
        }
        match BatchLaw::of(&self.loss, labels.counts(), batch).map_err(|error| error.to_string())? {
            BatchLaw::Whole => whole(),
            BatchLaw::Simulated => Err(
                "LGL-INR with beta above 0 has no objective in batches; take beta = 0 or take `batch` out"
                    .to_owned(),
            ),
            BatchLaw::PairWeighted(presence) => {
                let targets = Targets::new(labels, weights).map_err(|error| error.to_string())?;
                let loss = Logistic::with_pair_weights(presence.pair_weights(labels.counts()), 1.0);
                Problem::of_parts(
                    dataset,
                    targets,
                    Some(self.loss.clone()),
                    BuiltLoss::Logistic(loss),
                    penalty,
                )
                .map_err(|error| error.to_string())
            }
        }
    }

    /// Whether the other series is this one but for its polished last layer (and its label).
    #[must_use]
    pub fn differs_in_polish(&self, other: &Self) -> bool {
        let unnamed = |series: &Self| Self { label: None, polished: false, ..series.clone() };
        self.polished != other.polished && unnamed(self) == unnamed(other)
    }

    /// What the series is called.
    #[must_use]
    pub fn name(&self) -> String {
        let weighted = match &self.class_weights {
            None | Some(WeightRule::Rule(NamedWeights::None)) => "",
            Some(WeightRule::Rule(NamedWeights::Balanced)) => ", balanced",
            Some(WeightRule::Rule(NamedWeights::EffectiveNumber { .. })) => ", class-balanced",
            Some(_) => ", weighted",
        };
        self.label.clone().unwrap_or_else(|| self.loss.paper_name() + weighted)
    }
}

/// The series that is meant by a name: the one called so, or the only one whose name goes on after it with parameters, as
/// `LGL-INR, β = 5` does after `LGL-INR`. `None` if there is none, or more than one.
#[must_use]
pub fn series_named(series: &[Series], name: &str) -> Option<usize> {
    let names: Vec<String> = series.iter().map(Series::name).collect();
    let goes_on = |full: &String| full.strip_prefix(name).is_some_and(|rest| rest.starts_with(", "));
    let exact = names.iter().position(|full| full == name);
    exact.or_else(|| {
        let mut longer = (0..names.len()).filter(|&place| goes_on(&names[place]));
        longer.next().filter(|_| longer.next().is_none())
    })
}
