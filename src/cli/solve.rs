//! `solve`: a table or arrays to a certified stationary point.

use super::data_arguments::{DataArguments, say_taken};
use super::files::{Target, check_targets, save};
use super::loss_arguments::LossArguments;
use super::memory::check_problem;
use super::output::{Style, note, print};
use super::solve_record::{OtherPoints, SolveRecord, Status};
use super::spinner::Spinner;
use super::{Ending, solve_table};
use anyhow::{Error, Result, ensure};
use equipoise::data::Samples;
use equipoise::loss::{ClassWeights, LossSpec, MAX_WEIGHT_RATIO, WeightRange};
use equipoise::numeric::plain;
use equipoise::solver::{
    Conditioning, Iteration, Outcome, Problem, ProblemError, SettingsError, SolverSettings, solve_with,
};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

/// Seed of random starts where none is given.
const DEFAULT_SEED: u64 = 1;

const EXAMPLES: &str = "Examples:
  equipoise solve data.csv --label species
  equipoise solve data.csv --label y --loss logistic --class-weights balanced
  equipoise solve data.csv --label y --loss inr --beta 5 --detached --l2 1e-3
  equipoise solve data.csv --label y --loss inr --beta 20 --starts 50
  equipoise solve data.csv --label y --loss focal --gamma 2 --l2 1e-3
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
    #[command(flatten)]
    loss: LossArguments,
    /// L2 penalty on the coefficients
    #[arg(long, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    l2: f64,
    /// inr: look for other stationary points from N random starts, up to 1,000,000 [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    starts: Option<u32>,
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
enum Format {
    Table,
    Json,
}

pub(super) fn run(arguments: &SolveArguments, style: Style) -> Result<Ending> {
    let spec = arguments.loss.named.spec()?;
    check_starts(arguments, &spec)?;
    let weights = parse_weights(&arguments.loss.class_weights)?;
    let settings = settings(arguments)?;
    check_targets(Target::of("--save", arguments.save.as_deref()).as_slice(), &arguments.data.files())?;
    let Samples { dataset, taken, .. } = arguments.data.read()?;
    check_problem(&dataset, &spec, arguments.l2)?;
    let problem = Problem::new(&dataset, &spec, &weights, arguments.l2).map_err(name_option)?;
    say_taken(&taken);
    note_dependent_columns(problem.conditioning());
    note_wide_weights(problem.targets().class_weights());
    note_idle_weights(matches!(spec, LossSpec::Inr { .. }), &weights);
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
            Some(OtherPoints::look_for(point, starts as usize, seed))
        }
        _ => None,
    };
    let record = SolveRecord::new(taken, &spec, &problem, &outcome, others, seconds);
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
            anyhow::anyhow!("--{}: {} must be {wanted}", name.replace('_', "-"), plain(value))
        }
        other => other.into(),
    };
    settings.validate().map_err(by_option)?;
    Ok(settings)
}

/// Random starts are for the loss whose stationary points are looked for column by column.
fn check_starts(arguments: &SolveArguments, spec: &LossSpec) -> Result<()> {
    let row = spec.row();
    let why = if row.convex {
        format!("; {} is convex and has one stationary point", row.name)
    } else {
        String::new()
    };
    let allowed = arguments.starts.is_none() || matches!(spec, LossSpec::Inr { .. });
    ensure!(allowed, "--starts: goes with --loss inr only{why}");
    Ok(())
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
        ProblemError::Loss { name, problem } => anyhow::anyhow!("--loss {name}: {problem}"),
        _ => error.into(),
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
