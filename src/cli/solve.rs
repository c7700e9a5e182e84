//! `solve`: a CSV or NPY file to a certified stationary point.

use super::data_arguments::DataArguments;
use super::files::{Target, check_targets, save};
use super::memory::check_memory;
use super::output::{Style, note, print};
use super::solve_record::{OtherPoints, SolveRecord, Status};
use super::spinner::Spinner;
use super::{Ending, solve_table};
use crate::loss::{ClassWeights, InrVariant, MAX_WEIGHT_RATIO, WeightRange};
use crate::solver::{
    Conditioning, Iteration, LossChoice, Outcome, Problem, ProblemError, SettingsError, SolverSettings,
    solve_with,
};
use anyhow::{Error, Result, ensure};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

/// Sharpness of LGL-INR where none is given.
const DEFAULT_BETA: f64 = 1.0;

/// Seed of random starts where none is given.
const DEFAULT_SEED: u64 = 1;

const EXAMPLES: &str = "Examples:
  equipoise solve data.csv --label species
  equipoise solve data.csv --label y --loss logistic --class-weights balanced
  equipoise solve data.csv --label y --loss inr --beta 5 --detached --l2 1e-3
  equipoise solve data.csv --label y --loss inr --beta 20 --starts 50
  equipoise solve data.csv --label y --class-weights 1,2,5 --format json --save head.json
  equipoise solve data.csv --label y --sample-weights w
  equipoise solve features.npy --label labels.npy --loss logistic
  equipoise solve features.npy --label labels.npy --l2 1e-5 --tolerance 1e-6 --time-limit 600

An NPY file of features (N x d, float32 or float64) is mapped, not read: it may be larger than memory. Its labels are \
an NPY file of N whole numbers, its --sample-weights one of N numbers.

Sample weights count rows (frequency, survey or importance weights); class weights multiply them. A whole weight counts as so \
many equal rows, a row of weight 0 as none.

The loss is a weighted mean over samples (one-vs-all summed over columns first; LGL-INR its own sum over classes), \
to which --l2 adds half its value times the squared norm of the coefficients. Intercepts are never penalised.

In JSON, `seconds` is the last line and the only one that differs between two runs.";

/// What to solve and how to print it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SolveArguments {
    #[command(flatten)]
    data: DataArguments,
    /// The loss: binary or one-vs-all logistic, softmax, or LGL-INR
    #[arg(long, value_enum, default_value_t = LossName::Softmax)]
    loss: LossName,
    /// none, balanced (inverse frequency), effective:B (effective number of samples, B from 0 to below 1), or one positive
    /// number per class in sorted order, such as 1,2,5
    #[arg(long, default_value = "none", value_name = "WEIGHTS", allow_hyphen_values = true)]
    class_weights: String,
    /// L2 penalty on the coefficients
    #[arg(long, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    l2: f64,
    /// Sharpness of LGL-INR's reweighting, zero or more [default: 1]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    beta: Option<f64>,
    /// LGL-INR with its weights held constant in the gradient
    #[arg(long)]
    detached: bool,
    /// LGL-INR: look for other stationary points from N random starts [default: 0]
    #[arg(long, value_name = "N")]
    starts: Option<usize>,
    /// Seed of the random starts [default: 1]
    #[arg(long, value_name = "N", requires = "starts")]
    seed: Option<u64>,
    /// Stop once the largest entry of the gradient of the mean loss is at most X; 0 goes on to rounding
    #[arg(long, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    tolerance: f64,
    /// Stop after so many seconds, without an answer [default: none]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    time_limit: Option<f64>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also write the JSON to this file, once a stationary point is found
    #[arg(long, value_name = "FILE.json")]
    save: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LossName {
    Softmax,
    Logistic,
    Inr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn run(arguments: &SolveArguments, style: Style) -> Result<Ending> {
    let choice = choose_loss(arguments)?;
    let weights = parse_weights(&arguments.class_weights)?;
    let settings = settings(arguments)?;
    check_targets(Target::of("--save", arguments.save.as_deref()).as_slice(), &arguments.data.files())?;
    let dataset = arguments.data.read()?;
    let problem = Problem::new(&dataset, &choice, &weights, arguments.l2).map_err(name_option)?;
    check_memory(&problem, 0)?;
    note_dependent_columns(problem.conditioning());
    note_wide_weights(problem.targets().class_weights());
    note_idle_weights(arguments.loss == LossName::Inr, &weights);
    let started = Instant::now();
    let spinner = Spinner::new();
    let mut report = |at: &Iteration| {
        spinner.update(at);
        ControlFlow::Continue(())
    };
    let outcome = solve_with(&problem, &settings, &mut report)?.confirmed(&settings);
    drop(spinner);
    let seconds = started.elapsed().as_secs_f64();
    let others = match (&outcome, arguments.starts) {
        (Outcome::Stationary(point), Some(starts)) => {
            let seed = arguments.seed.unwrap_or(DEFAULT_SEED);
            Some(OtherPoints::look_for(point, starts, seed))
        }
        _ => None,
    };
    let record = SolveRecord::new(&problem, &dataset, &outcome, others, seconds);
    let json = serde_json::to_string_pretty(&record)? + "\n";
    let found = record.status == Status::Stationary;
    if let Some(file) = &arguments.save {
        if found {
            save(file, &json)?;
        } else {
            note(&format!("note: there is no head to save; {} is not written", file.display()));
        }
    }
    print(&match arguments.format {
        Format::Json => json,
        Format::Table => solve_table::table(&record, style),
    })?;
    Ok(if found { Ending::Done } else { Ending::Failed })
}

/// The settings of the search by the names of their options.
fn settings(arguments: &SolveArguments) -> Result<SolverSettings> {
    let settings = SolverSettings {
        tolerance: arguments.tolerance,
        time_limit: arguments.time_limit,
        ..SolverSettings::default()
    };
    let by_option = |error: SettingsError| match error {
        SettingsError::OutOfRange { name, value, wanted } => {
            anyhow::anyhow!("--{}: {value} must be {wanted}", name.replace('_', "-"))
        }
        other => other.into(),
    };
    settings.validate().map_err(by_option)?;
    Ok(settings)
}

fn choose_loss(arguments: &SolveArguments) -> Result<LossChoice> {
    if arguments.loss != LossName::Inr {
        ensure!(arguments.beta.is_none(), "--beta: goes with --loss inr only");
        ensure!(!arguments.detached, "--detached: goes with --loss inr only");
        ensure!(
            arguments.starts.is_none(),
            "--starts: goes with --loss inr only; the other losses are convex and have one stationary point"
        );
    }
    let variant = if arguments.detached { InrVariant::Detached } else { InrVariant::Attached };
    Ok(match arguments.loss {
        LossName::Softmax => LossChoice::Softmax,
        LossName::Logistic => LossChoice::Logistic,
        LossName::Inr => LossChoice::Inr { beta: arguments.beta.unwrap_or(DEFAULT_BETA), variant },
    })
}

/// Says which columns others determine.
pub(super) fn note_dependent_columns(conditioning: &Conditioning) {
    if let Some(sentence) = conditioning.sentence() {
        note(&format!("note: {sentence}"));
    }
}

/// Says so where class weights have no say.
pub(super) fn note_idle_weights(is_inr: bool, weights: &ClassWeights) {
    if is_inr && *weights != ClassWeights::None {
        note("note: class weights leave LGL-INR unchanged, since it averages within each class");
    }
}

/// Says so where the lightest class counts for next to nothing.
pub(super) fn note_wide_weights(class_weights: &[f64]) {
    let span = WeightRange::of(class_weights);
    if span.ratio() > MAX_WEIGHT_RATIO {
        note(&format!(
            "note: class weights span {:.1e}; beyond {MAX_WEIGHT_RATIO:e} the lightest class hardly moves the sums that the others \
             make, so bring {:e} nearer to {:e}",
            span.ratio(),
            span.lightest,
            span.heaviest
        ));
    }
}

/// A parameter's error by the name of its option.
pub(super) fn name_option(error: ProblemError) -> Error {
    match error {
        ProblemError::Parameter { .. } => anyhow::anyhow!("--{error}"),
        ProblemError::Weights(_) | ProblemError::Shape(_) => error.into(),
    }
}

/// `none`, `balanced`, `effective:B` or a list of numbers, which the library checks against the classes.
pub(super) fn parse_weights(text: &str) -> Result<ClassWeights> {
    let parse = |entry: &str| {
        entry.trim().parse::<f64>().map_err(|_| {
            anyhow::anyhow!(
                "--class-weights: {entry:?} is not a number; give none, balanced, effective:0.999, or one number per class, \
                 such as 1,2,5"
            )
        })
    };
    match (text, text.strip_prefix("effective:")) {
        ("none", _) => Ok(ClassWeights::None),
        ("balanced", _) => Ok(ClassWeights::Balanced),
        (_, Some(overlap)) => Ok(ClassWeights::EffectiveNumber(parse(overlap)?)),
        (list, None) => Ok(ClassWeights::Explicit(list.split(',').map(parse).collect::<Result<_>>()?)),
    }
}
