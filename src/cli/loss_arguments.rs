//! The loss, by its name and the options that belong to it.

use anyhow::{Context, Result, ensure};
use clap::builder::{PossibleValue, PossibleValuesParser};
use equipoise::loss::{
    FocalProbability, InrVariant, LOSS_TABLE, LossSpec, PositiveWeights, SmoothingWeights, loss_named,
};

/// The options about the loss and its class weights.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub(super) struct LossArguments {
    #[command(flatten)]
    pub(super) named: NamedLossArguments,
    /// none, balanced (inverse frequency), effective:B (effective number of samples, B from 0 to below 1), or one positive
    /// number per class in order, such as 1,2,5
    #[arg(long, default_value = "none", value_name = "WEIGHTS", allow_hyphen_values = true)]
    pub(super) class_weights: String,
}

/// The loss and its parameters.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub(super) struct NamedLossArguments {
    /// The loss; `equipoise losses` has equations, laws and sources [default: softmax]
    #[arg(long, value_parser = names(), value_name = "LOSS")]
    loss: Option<String>,
    /// Sharpness of inr's reweighting [default: 1]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    beta: Option<f64>,
    /// inr with its weights held constant in the gradient
    #[arg(long)]
    detached: bool,
    /// Power in focal and sigmoid-focal (default 2), vector-scaling (0.15) and soft-selection (2)
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    gamma: Option<f64>,
    /// Weight of own columns in sigmoid-focal (default 0.25), of the others in soft-selection (1)
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    alpha: Option<f64>,
    /// Which probability focuses focal: that of the plain loss, or exp(-loss) of the weighted one
    #[arg(long, value_enum, value_name = "WHICH")]
    focal_of: Option<FocalOf>,
    /// Share of each label that label-smoothing spreads over all classes [default: 0.1]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    smoothing: Option<f64>,
    /// What class weights multiply in label-smoothing: each term (PyTorch) or the whole sample (Keras)
    #[arg(long, value_enum, value_name = "WHAT")]
    smoothing_weights: Option<SmoothedBy>,
    /// What log class frequencies are multiplied by in logit-adjusted and vector-scaling [default: 1]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    strength: Option<f64>,
    /// Margin of the rarest class in ldam [default: 0.5]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    margin: Option<f64>,
    /// What ldam multiplies logits by [default: 30]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    scale: Option<f64>,
    /// Weights of own columns in pos-weight: balanced, or one positive number per class [default: balanced]
    #[arg(long, value_name = "WEIGHTS", allow_hyphen_values = true)]
    positive_weights: Option<String>,
    /// Share of samples below which a class is rare in equalization [default: 0.01]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    rare: Option<f64>,
    /// Power of the ratio of class sizes in seesaw [default: 0.8]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    mitigation: Option<f64>,
    /// Power of the ratio of probabilities in seesaw [default: 2]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    compensation: Option<f64>,
    /// Lower bound on the own probability in seesaw's ratio [default: 0.01]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    floor: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum FocalOf {
    #[default]
    Plain,
    WeightedLoss,
}

impl From<FocalOf> for FocalProbability {
    fn from(of: FocalOf) -> Self {
        match of {
            FocalOf::Plain => Self::Plain,
            FocalOf::WeightedLoss => Self::OfWeightedLoss,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum SmoothedBy {
    #[default]
    Term,
    Sample,
}

impl From<SmoothedBy> for SmoothingWeights {
    fn from(by: SmoothedBy) -> Self {
        match by {
            SmoothedBy::Term => Self::Term,
            SmoothedBy::Sample => Self::Sample,
        }
    }
}

/// The loss that is meant where none is given.
const DEFAULT: &str = "softmax";

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(LOSS_TABLE.map(|row| PossibleValue::new(row.name).help(row.title)))
}

impl NamedLossArguments {
    /// The loss that is meant; fails when an option goes with another one.
    pub(super) fn spec(&self) -> Result<LossSpec> {
        let row = loss_named(self.name()).context("--loss: unknown")?;
        let mut spec = row.default.clone();
        for (name, number) in self.numbers().into_iter().filter_map(|(name, number)| Some((name, number?))) {
            ensure!(spec.set(name, number), "--{name}: goes with {} only", losses_with(name));
        }
        let belongs = |given: bool, option: &str, to: &str| -> Result<()> {
            ensure!(!given || row.name == to, "--{option}: goes with --loss {to} only");
            Ok(())
        };
        belongs(self.detached, "detached", "inr")?;
        belongs(self.focal_of.is_some(), "focal-of", "focal")?;
        belongs(self.smoothing_weights.is_some(), "smoothing-weights", "label-smoothing")?;
        belongs(self.positive_weights.is_some(), "positive-weights", "pos-weight")?;
        match &mut spec {
            LossSpec::Inr { variant, .. } if self.detached => *variant = InrVariant::Detached,
            LossSpec::Focal { probability, .. } => *probability = self.focal_of.unwrap_or_default().into(),
            LossSpec::LabelSmoothing { weights, .. } => {
                *weights = self.smoothing_weights.unwrap_or_default().into();
            }
            LossSpec::PosWeight { weights } => {
                if let Some(text) = &self.positive_weights {
                    *weights = positive(text)?;
                }
            }
            _ => {}
        }
        match spec.problem() {
            Some(problem) => anyhow::bail!("--loss {}: {problem}", row.name),
            None => Ok(spec),
        }
    }

    /// Its name in the table.
    pub(super) fn name(&self) -> &str {
        self.given().unwrap_or(DEFAULT)
    }

    /// The name that the user gave, if any.
    pub(super) fn given(&self) -> Option<&str> {
        self.loss.as_deref()
    }

    fn numbers(&self) -> [(&'static str, Option<f64>); 11] {
        [
            ("beta", self.beta),
            ("gamma", self.gamma),
            ("alpha", self.alpha),
            ("smoothing", self.smoothing),
            ("strength", self.strength),
            ("margin", self.margin),
            ("scale", self.scale),
            ("rare", self.rare),
            ("mitigation", self.mitigation),
            ("compensation", self.compensation),
            ("floor", self.floor),
        ]
    }
}

/// `--loss a, b`, of the losses that depend on the number of a name.
fn losses_with(number: &str) -> String {
    let rows = LOSS_TABLE.into_iter().filter(|row| row.takes(number));
    format!("--loss {}", rows.map(|row| row.name).collect::<Vec<_>>().join(", "))
}

fn positive(text: &str) -> Result<PositiveWeights> {
    if text == "balanced" {
        return Ok(PositiveWeights::Balanced);
    }
    let number = |text: &str| {
        text.trim().parse().with_context(|| {
            format!("--positive-weights: {text} is no number; give balanced, or numbers such as 1,2,5")
        })
    };
    Ok(PositiveWeights::Explicit(text.split(',').map(number).collect::<Result<_>>()?))
}
