//! `train`: a small convolutional network, and how the laws of balance emerge while it learns.

mod polish;
mod recipe;
mod record;

use super::class_weights::WeightChoice;
use super::files::{Target, check_targets};
use super::loss_arguments::LossArguments;
use super::output::{OutputFormat, Style, note, print};
use super::progress::{in_line, sparkline};
use super::solve::{note_idle_weights, note_wide_weights};
use super::{Ending, OUTPUT};
use anyhow::Result;
use equipoise::audit::BatchLawName;
use equipoise::cnn::{Checkpoint, NetworkError, Training, TrainingPlan};
use equipoise::loss::LossSpec;
use equipoise::numeric::significant;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use polish::{Polish, PolishPenalty, Polished};
use recipe::{ImageArguments, RecipeArguments};
use record::{End, EpochRecord, Test, TrainRecord};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const EXAMPLES: &str = "Examples:
  equipoise train                              digits, five epochs of a small network
  equipoise train --epochs 20 --polish --imbalance exponential:130:10
  equipoise train --classes 3,8 --loss logistic --counts 120,20 --class-weights balanced
  equipoise train --data fashion --network lenet --checkpoint fashion.safetensors
  equipoise train --network mine.toml --optimizer adamw --rate 1e-3 --flips --shifts 2

A file of layers, to which the last layer is added, one logit per class:
  layers = [{ convolution = { channels = 8, kernel = 3 } }, \"relu\", { max_pool = 2 },
            { average_pool = 2 }, { linear = 32 }, \"relu\", { dropout = 0.5 }]

Balance and gradient are measured on all training images, with dropout and augmentation as a gradient would see them. The gradient \
is that of the last layer, penalty included.

With --checkpoint the training is saved after every epoch and at intervals within one. If the file exists, the training resumes \
from it, and ends with the same bits as one that was never interrupted. The same seed gives the same bits on any number of \
threads.";

/// Heading of the options of the whole training.
const TRAINING: &str = "Training";

/// What to train and how to print it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TrainArguments {
    #[command(flatten)]
    images: ImageArguments,
    #[command(flatten)]
    loss: LossArguments,
    #[command(flatten)]
    recipe: RecipeArguments,
    /// Seed of the choice of images, the initial parameters, the order of images, and whatever is drawn
    #[arg(long, help_heading = TRAINING, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Save checkpoints of the training in this file, and resume from it if it exists
    #[arg(long, help_heading = TRAINING, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Seconds between two checkpoints within an epoch
    #[arg(long, help_heading = TRAINING, default_value_t = 30, value_name = "SECONDS", requires = "checkpoint")]
    checkpoint_every: u32,
    /// Then solve the last layer over the network's features to stationarity, with this penalty on its coefficients; for
    /// logistic, softmax and inr [default: that of --decay]
    #[arg(long, help_heading = TRAINING, value_name = "L2", num_args = 0..=1, default_missing_value = "decay", allow_negative_numbers = true)]
    polish: Option<PolishPenalty>,
    /// How to print the result
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
}

pub(super) fn run(arguments: &TrainArguments, style: Style) -> Result<Ending> {
    let (loss, recipe) = (arguments.loss.named.spec()?, arguments.recipe.recipe()?);
    let weights = WeightChoice::parse(&arguments.loss.class_weights)?;
    let polish = arguments.polish.map(|penalty| Polish::new(&loss, penalty.or(recipe.decay))).transpose()?;
    let target = Target::of("--checkpoint", arguments.checkpoint.as_deref());
    let network = Path::new(arguments.recipe.network_name());
    let images = arguments.images.files();
    let inputs: Vec<&Path> = images.iter().map(PathBuf::as_path).chain([network]).collect();
    check_targets(target.as_slice(), &inputs)?;
    let drawn = arguments.images.draw(arguments.seed)?;
    let weights = weights.of(drawn.learned.labels().class_names())?;
    note_idle_weights(matches!(loss, LossSpec::Inr { .. }), &weights);
    let plan = TrainingPlan::new(recipe, loss, &weights, &drawn.learned, arguments.seed)?;
    note_wide_weights(&plan.class_weights);
    let mut training = Training::new(plan, &drawn.learned)?;
    let test = Test::new(&drawn.apart)?;
    let every = Duration::from_secs(arguments.checkpoint_every.into());
    let mut checkpoint = CheckpointWriter::new(arguments.checkpoint.as_deref(), every)?;
    let epochs = match train(&mut training, &test, &mut checkpoint) {
        Err(error @ NetworkError::Diverged { .. }) => {
            note(&error.to_string());
            return Ok(Ending::Failed);
        }
        epochs => epochs?,
    };
    let record = record(arguments, &mut training, &test, epochs, polish.as_ref())?;
    print(&match arguments.format {
        OutputFormat::Json => serde_json::to_string_pretty(&record)? + "\n",
        OutputFormat::Table => record::table(&record, arguments.recipe.network_name(), style),
    })?;
    Ok(ending(record.polished.as_ref()))
}

/// Trains to the end and returns the records of all epochs.
fn train(
    training: &mut Training,
    test: &Test,
    checkpoint: &mut CheckpointWriter,
) -> Result<Vec<EpochRecord>, NetworkError> {
    let mut log: TrainingLog = checkpoint.resume(training, test)?;
    while !training.is_done() {
        let progress = Progress::new(training, &log.epochs);
        let sums = training.finish_epoch(&mut |training| {
            progress.update(training);
            checkpoint.save_if_due(training, &log)
        })?;
        log.epochs.push(EpochRecord::new(training, sums, test)?);
        checkpoint.save(training, &log)?;
    }
    Ok(log.epochs)
}

fn record(
    arguments: &TrainArguments,
    training: &mut Training,
    test: &Test,
    epochs: Vec<EpochRecord>,
    polish: Option<&Polish>,
) -> Result<TrainRecord> {
    let layer = training.last_layer();
    let evaluation = layer.evaluate(training.loss(), training.targets(), training.head_penalty());
    let polished = polish.map(|polish| polish.solve(training, &layer)).transpose()?;
    let labels = training.targets().labels().clone();
    let (plan, counts) = (training.plan(), labels.counts());
    let batch = plan.recipe.batch.min(counts.iter().sum());
    let batch_law = BatchLawName::of(&plan.loss, counts, batch)?;
    Ok(TrainRecord {
        version: env!("CARGO_PKG_VERSION"),
        data: arguments.images.name(),
        plan: training.plan().clone(),
        classes: labels.class_names().to_vec(),
        class_counts: labels.counts().to_vec(),
        class_weights: training.targets().class_weights().to_vec(),
        batch_law,
        epochs,
        end: End::new(&evaluation, labels.class_names(), training.plan().recipe.decay_head_bias),
        test: test.record(training),
        polished,
    })
}

/// Says on standard error why there is no polished layer.
fn ending(polished: Option<&Polished>) -> Ending {
    match polished.and_then(|polished| polished.why.as_ref()) {
        Some(why) => {
            note(&format!("--polish: no stationary point: {why}"));
            Ending::Failed
        }
        None => Ending::Done,
    }
}

/// What is saved beside the training: a resumed one prints what an uninterrupted one prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TrainingLog {
    /// Images of each class that accuracies were measured on.
    test_counts: Vec<usize>,
    epochs: Vec<EpochRecord>,
}

/// Saves a training after every epoch, and at intervals within one.
struct CheckpointWriter {
    checkpoint: Option<Checkpoint>,
    every: Duration,
    written: Instant,
}

impl CheckpointWriter {
    /// Saves to a file, if one is given; within an epoch at most once in `every`.
    ///
    /// # Errors
    /// Another process saves its training there.
    fn new(file: Option<&Path>, every: Duration) -> Result<Self, NetworkError> {
        let checkpoint = file.map(Checkpoint::open).transpose()?;
        Ok(Self { checkpoint, every, written: Instant::now() })
    }

    /// Resumes from the file if a training was saved there. Returns the log of the epochs done before.
    fn resume(&mut self, training: &mut Training, test: &Test) -> Result<TrainingLog, NetworkError> {
        let nothing = TrainingLog { test_counts: test.counts().to_vec(), epochs: Vec::new() };
        let saved = self.checkpoint.as_ref().filter(|checkpoint| !checkpoint.is_empty());
        let Some(file) = saved.map(Checkpoint::path) else {
            // From now on the file is a training's, at whatever moment this ends.
            self.save(training, &nothing)?;
            return Ok(nothing);
        };
        let log: TrainingLog = training.resume(file)?;
        let refused = |problem: &str| {
            Err(NetworkError::Checkpoint { path: file.to_owned(), problem: problem.to_owned() })
        };
        if log.test_counts != nothing.test_counts {
            return refused(
                "was tested on other images; give the same --test, or start anew under another name",
            );
        }
        if log.epochs.len() != training.epoch() {
            return refused("does not hold every epoch that it counts; it is damaged");
        }
        Ok(log)
    }

    /// Writes the training down, if it is to be kept.
    fn save(&mut self, training: &Training, log: &TrainingLog) -> Result<(), NetworkError> {
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.save(training, log)?;
            self.written = Instant::now();
        }
        Ok(())
    }

    /// Saves within an epoch if the last time is long enough ago; never a network whose parameters are not finite.
    fn save_if_due(&mut self, training: &Training, log: &TrainingLog) -> Result<(), NetworkError> {
        let due = self.checkpoint.is_some() && self.written.elapsed() >= self.every;
        let ends = training.sums().images == training.targets().samples();
        let sound = || training.network().parameters().iter().all(|parameter| parameter.is_finite());
        if due && !ends && sound() { self.save(training, log) } else { Ok(()) }
    }
}

/// A bar on standard error for each epoch, and below it the curve of residuals so far; silent where that is no terminal, and
/// without colours everywhere.
struct Progress(ProgressBar);

impl Progress {
    /// Of the epoch that a training is in, after others.
    fn new(training: &Training, done: &[EpochRecord]) -> Self {
        let images = training.targets().samples() as u64;
        let bar = in_line(ProgressBar::new(images));
        let (epoch, epochs) = (training.epoch() + 1, training.plan().recipe.epochs);
        let images_left = images * (epochs - training.epoch()) as u64;
        let curve = done.last().map_or_else(String::new, |last| {
            format!("\nbalance residual {} {}", residual_curve(done), significant(last.balance_residual, 2))
        });
        let template = format!(
            "epoch {epoch} of {epochs} {{bar:24}} {{pos}}/{{len}} images, {{speed}} a second, {{left}} left  {{msg}}{curve}"
        );
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let speed = |state: &ProgressState, text: &mut dyn Write| {
                let _ = write!(text, "{:.0}", state.per_sec());
            };
            // Of all epochs.
            let left = move |state: &ProgressState, text: &mut dyn Write| {
                let seconds = images_left.saturating_sub(state.pos()) as f64 / state.per_sec();
                let _ = match Duration::try_from_secs_f64(seconds.ceil()) {
                    Ok(left) => write!(text, "{}", HumanDuration(left)),
                    Err(_) => write!(text, "unknown time"),
                };
            };
            bar.set_style(style.with_key("speed", speed).with_key("left", left));
        }
        // Epochs before an interruption do not count for the speed.
        bar.set_position(training.sums().images as u64);
        bar.reset_eta();
        Self(bar)
    }

    /// After a step.
    fn update(&self, training: &Training) {
        let sums = training.sums();
        let images = sums.images as f64;
        self.0.set_position(sums.images as u64);
        self.0.set_message(format!(
            "loss {}, accuracy {}",
            significant(sums.loss / images, 3),
            significant(sums.hits as f64 / images, 3)
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The balance residual from epoch to epoch.
fn residual_curve(epochs: &[EpochRecord]) -> String {
    let residuals: Vec<f64> = epochs.iter().map(|epoch| epoch.balance_residual).collect();
    sparkline(&residuals)
}
