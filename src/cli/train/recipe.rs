//! Network and steps, as options say them.

use anyhow::{Context, Result, bail, ensure};
use equipoise::cnn::{Architecture, LayerPlan, Optimizer, Recipe, Schedule};
use serde::Deserialize;
use std::path::Path;

/// The options of the network and its training; the defaults are those of [`Recipe::default`].
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Network and steps")]
pub(super) struct RecipeArguments {
    /// small (two convolutions of 8 and 16 channels, 32 features), lenet (32 and 64 channels, 256 features), vgg (six
    /// convolutions of 32 to 128 channels, 128 features), or a TOML file with a list of layers
    #[arg(long, default_value = "small", value_name = "small|lenet|vgg|FILE.toml")]
    network: String,
    /// Times that every image is seen
    #[arg(long, default_value_t = Recipe::default().epochs, value_name = "N")]
    epochs: usize,
    /// Images in a step
    #[arg(long, default_value_t = Recipe::default().batch, value_name = "N")]
    batch: usize,
    /// How a step is made; Adam and `AdamW` want a --rate of about 0.001
    #[arg(long, value_enum, default_value_t = OptimizerName::Sgd)]
    optimizer: OptimizerName,
    /// What sgd keeps of the last step, from 0 to below 1 [default: 0.9]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    momentum: Option<f64>,
    /// Learning rate at first
    #[arg(long, default_value_t = Recipe::default().rate, value_name = "X", allow_hyphen_values = true)]
    rate: f64,
    /// How the learning rate goes down: constant, cosine (to zero at the end), or step:EVERY:FACTOR (times FACTOR every so many
    /// epochs)
    #[arg(long, default_value = "cosine", value_name = "SCHEDULE")]
    schedule: String,
    /// mu of the penalty mu/2 ||w||^2 on all parameters but the last layer's bias
    #[arg(long, default_value_t = Recipe::default().decay, value_name = "MU", allow_hyphen_values = true)]
    decay: f64,
    /// Let the last layer's bias decay too, which moves the balance by `mu b_k`
    #[arg(long)]
    decay_bias: bool,
    /// Mirror every second image left to right, drawn anew in every epoch
    #[arg(long)]
    flips: bool,
    /// Move images by up to so many rows and columns, anew in every epoch
    #[arg(long, default_value_t = Recipe::default().shifts, value_name = "N")]
    shifts: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OptimizerName {
    Sgd,
    Adam,
    Adamw,
}

/// What a file of layers holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkFile {
    layers: Vec<LayerPlan>,
}

/// A file of layers larger than this is something else.
const LARGEST_FILE: u64 = 1 << 20;

impl RecipeArguments {
    /// What the network is called.
    pub(super) fn network_name(&self) -> &str {
        &self.network
    }

    /// The recipe; the library checks its numbers.
    pub(super) fn recipe(&self) -> Result<Recipe> {
        ensure!(
            self.momentum.is_none() || self.optimizer == OptimizerName::Sgd,
            "--momentum: goes with --optimizer sgd only"
        );
        Ok(Recipe {
            network: architecture(&self.network)?,
            epochs: self.epochs,
            batch: self.batch,
            optimizer: match self.optimizer {
                OptimizerName::Sgd => {
                    self.momentum.map_or_else(Optimizer::default, |momentum| Optimizer::Sgd { momentum })
                }
                OptimizerName::Adam => Optimizer::Adam,
                OptimizerName::Adamw => Optimizer::Adamw,
            },
            rate: self.rate,
            schedule: schedule(&self.schedule)?,
            decay: self.decay,
            decay_head_bias: self.decay_bias,
            flips: self.flips,
            shifts: self.shifts,
        })
    }
}

fn architecture(name: &str) -> Result<Architecture> {
    match name {
        "small" => Ok(Architecture::Small),
        "lenet" => Ok(Architecture::Lenet),
        "vgg" => Ok(Architecture::Vgg),
        file if Path::new(file)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) =>
        {
            read_layers(Path::new(file)).with_context(|| format!("--network {file}"))
        }
        other => bail!("--network {other}: give small, lenet, vgg, or a file that ends in .toml"),
    }
}

fn read_layers(file: &Path) -> Result<Architecture> {
    let found = std::fs::metadata(file).context("cannot be read")?;
    ensure!(found.is_file(), "is not a regular file");
    ensure!(found.len() <= LARGEST_FILE, "{} bytes are too many for a list of layers", found.len());
    let text = std::fs::read_to_string(file).context("cannot be read")?;
    match toml::from_str::<NetworkFile>(&text) {
        Ok(NetworkFile { layers }) => Ok(Architecture::Layers(layers)),
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| 1 + before.matches('\n').count());
            bail!(
                "line {line}: {}; give layers = [{{ convolution = {{ channels = 8, kernel = 3 }} }}, \"relu\", \
                 {{ max_pool = 2 }}, {{ linear = 32 }}]",
                error.message()
            )
        }
    }
}

fn schedule(text: &str) -> Result<Schedule> {
    match text.split(':').collect::<Vec<_>>()[..] {
        ["constant"] => Ok(Schedule::Constant),
        ["cosine"] => Ok(Schedule::Cosine),
        ["step", every, factor] => {
            let every = every
                .parse()
                .with_context(|| format!("--schedule {text}: {every:?} is no whole number of epochs"))?;
            let factor =
                factor.parse().with_context(|| format!("--schedule {text}: {factor:?} is not a number"))?;
            Ok(Schedule::Step { every, factor })
        }
        _ => bail!("--schedule {text}: give constant, cosine, or step:EVERY:FACTOR such as step:10:0.1"),
    }
}
