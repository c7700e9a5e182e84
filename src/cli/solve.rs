//! `solve`: a table or arrays to a certified stationary point.

use super::class_weights::WeightChoice;
use super::data_arguments::{DataArguments, say_taken};
use super::files::{SMALLER, STDIN, Target, check_problem, check_targets};
use super::loss_arguments::LossArguments;
use super::new_data::{NewData, NewDataArguments};
use super::offset::as_logits;
use super::output::{OutputFormat, Style, counted, note, print};
use super::penalty::Penalties;
use super::predict::{HeadFormat, save_head};
use super::progress::{Spinner, progress_bar};
use super::{Ending, OUTPUT, solve_estimate, solve_table, sweep};
use anyhow::{Error, Result, bail, ensure};
use equipoise::analysis::{Searches, Until};
use equipoise::balance::standard_errors;
use equipoise::data::{Dataset, Samples, check_files_whole};
use equipoise::loss::{ClassWeights, LossSpec, MAX_WEIGHT_RATIO, WeightRange};
use equipoise::memory::check_memory;
use equipoise::numeric::plain;
use equipoise::record::{
    End, InferenceRecord, OtherPointsRecord, PenaltySweep, ProblemSource, SolveRecord, StandardUnits,
    SweepRecord, UnansweredSweep,
};
use equipoise::signals::say_when_interrupted;
use equipoise::solver::{
    Callback, Conditioning, Intercept, Iteration, Outcome, Problem, ProblemError, ResumedAt,
    SearchCheckpoint, SettingsError, SolverSettings, StationaryPoint, solve_with,
};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
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
  equipoise solve data.csv --label y --class-weights ant=1,bee=5 --test 0.2
  equipoise solve data.csv --label y --sample-weights w --standard-errors
  equipoise solve dummies.csv --label y --no-intercept
  equipoise solve titanic.csv --label survived --drop name --one-hot --missing indicator --l2 1e-3
  equipoise solve data.csv --label y --l2 1e-3 --standardize --predict new.csv --out predictions.csv
  equipoise solve features.npy --label labels.npy --loss logistic
  equipoise solve features.npy --label labels.npy --l2 1e-5 --tolerance 1e-6 --time-limit 600
  equipoise solve features.npy --label labels.npy --l2 1e-7..1e-1:25 --test 0.1 --tolerance 1e-7
  equipoise solve features.npy --label labels.npy --l2 1e-5 --checkpoint search.safetensors

Arrays of features (N x d) of float16, float32 or float64 in NPY, NPZ and safetensors files are mapped, not read: they may be larger than \
memory. The labels of an NPY file are an NPY file of N whole numbers or texts, its --sample-weights one of N numbers.

With --checkpoint the search is saved after a step, at intervals, and at its end. If the file exists, the search resumes from it and \
comes to the same stationary point, to rounding; over other data or with other options it is refused. A later run may ask for \
another --tolerance.

Sample weights count rows (frequency, survey or importance weights); class weights multiply them. A whole weight counts as so \
many equal rows, a row of weight 0 as none.

The loss is a weighted mean over samples (one-vs-all summed over columns first; LGL-INR its own sum over classes), \
to which --l2 adds half its value times the squared norm of the coefficients. Intercepts are never penalised, and there are none \
under --no-intercept: features are then taken as they are, and --standardize divides them by their standard deviations alone.

In JSON, `seconds` is the last line and the only one that differs between two runs.";

/// Heading of the options of the fit.
const FIT: &str = "Fit";

/// What to solve and how to print it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "a flag of the command line each")]
pub(super) struct SolveArguments {
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    loss: LossArguments,
    /// L2 penalty on the coefficients; A..B:N sweeps over N penalties from A to B, measures each on the samples of --test, and solves
    /// for the best, over all samples where --test is a share
    #[arg(long, help_heading = FIT, default_value_t, value_name = "X|A..B:N", allow_hyphen_values = true)]
    l2: Penalties,
    /// inr: look for other stationary points from N random starts, up to 1,000,000 [default: 0]
    #[arg(long, help_heading = FIT, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    starts: Option<u32>,
    /// Seed of the random starts, and of the samples that --test draws [default: 1]
    #[arg(long, help_heading = FIT, value_name = "N")]
    seed: Option<u64>,
    /// Stop once the largest entry of the gradient of the mean loss is at most X; 0 continues to rounding level
    #[arg(long, help_heading = FIT, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    tolerance: f64,
    /// Stop after so many seconds, without an answer; with --starts, without further starts [default: none]
    #[arg(long, help_heading = FIT, value_name = "SECONDS", allow_hyphen_values = true)]
    time_limit: Option<f64>,
    /// Save the search in this file, and resume from it if it exists (softmax and logistic, one penalty)
    #[arg(long, help_heading = FIT, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Seconds between two checkpoints; each is written after a step
    #[arg(long, help_heading = FIT, default_value_t = 60, value_name = "SECONDS", requires = "checkpoint")]
    checkpoint_every: u32,
    /// Penalise coefficients of features in standard units; they are reported in the units of the file
    #[arg(long, help_heading = FIT)]
    standardize: bool,
    /// Solve without intercepts; outflow and inflow of a class are then equal only where a combination of features is constant
    #[arg(long, help_heading = FIT)]
    no_intercept: bool,
    /// Standard errors and confidence intervals, from the Hessian and robust (softmax and logistic, without a penalty)
    #[arg(long, help_heading = FIT)]
    standard_errors: bool,
    /// Print the processor time and memory that solving will take, and solve nothing
    #[arg(long, help_heading = OUTPUT, conflicts_with_all = ["format", "save", "predict", "out"])]
    estimate: bool,
    /// How to print the result
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    /// Also write the head to this file, once a stationary point is found: .json (all that is known, which `predict` reads), .csv,
    /// .npz or .safetensors
    #[arg(long, help_heading = OUTPUT, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    new: NewDataArguments,
}

pub(super) fn run(arguments: &SolveArguments, style: Style) -> Result<Ending> {
    let spec = arguments.loss.named.spec()?;
    check_options(arguments, &spec)?;
    let weights = WeightChoice::parse(&arguments.loss.class_weights)?;
    let settings = settings(arguments)?;
    check_files(arguments)?;
    let mut samples = arguments.data.read()?;
    let whole = kept_whole(&samples.dataset, arguments)?;
    let new = arguments.new.read(&mut samples, &arguments.data, arguments.seed())?;
    let Samples { dataset, design, taken } = samples;
    if arguments.estimate {
        return estimate(dataset, arguments, &spec, style);
    }
    let (dataset, units) = prepared(dataset, arguments, &spec)?;
    let weights = weights.of(dataset.labels().class_names())?;
    let intercept = arguments.intercept();
    let problem_of = |dataset, l2| {
        let problem = Problem::new(dataset, &spec, &weights, l2);
        problem.and_then(|problem| problem.with_intercept(intercept)).map_err(name_option)
    };
    let problem = problem_of(&dataset, arguments.l2.largest())?;
    say_taken(&taken);
    let started = Instant::now();
    note_dependent_columns(units.as_ref().map_or(problem.conditioning(), |units| &units.conditioning));
    note_problem(&problem, &spec, &weights);
    let swept = match &arguments.l2 {
        Penalties::One(_) => None,
        Penalties::Sweep(falling) => {
            let units = units.as_ref().map(|units| &units.standardization);
            match sweep::run(&problem, falling, &settings, &new, units)? {
                Ok(swept) => Some(swept),
                Err(unanswered) => return without_answer(&unanswered, arguments, &new, style),
            }
        }
    };
    let (whole, units) = match whole.map(|whole| prepared(whole, arguments, &spec)).transpose()? {
        Some((whole, units)) => (Some(whole), units),
        None => (None, units),
    };
    let problem = match &swept {
        None => problem,
        Some(swept) => problem_of(whole.as_ref().unwrap_or(&dataset), swept.record.best)?,
    };
    let (outcome, swept) = solved(&problem, swept, &settings, arguments)?;
    let seconds = started.elapsed().as_secs_f64();
    let offset = arguments.data.request().offset;
    let source = ProblemSource { input: taken, design, offset, units };
    let mut record = SolveRecord::new(&spec, &problem, &outcome, seconds).made_of(source);
    record.sweep = swept;
    measure_further(&mut record, &outcome, arguments, (&new, &problem), started)?;
    check_files_whole()?;
    give(&record, arguments, (&new, &problem), style)
}

/// All samples, where the best penalty of a sweep is solved for over these.
fn kept_whole(dataset: &Dataset, arguments: &SolveArguments) -> Result<Option<Dataset>> {
    if !arguments.solves_over_all() {
        return Ok(None);
    }
    check_memory(dataset.bytes_of_features(), "--l2: a sweep with --test SHARE takes", SMALLER)?;
    Ok(Some(dataset.clone()))
}

/// Says what is worth knowing of a problem before it is solved.
fn note_problem(problem: &Problem, spec: &LossSpec, weights: &ClassWeights) {
    note_wide_weights(problem.targets().class_weights());
    note_idle_weights(matches!(spec, LossSpec::Inr { .. }), weights);
}

/// Solves for the one penalty, or for the best of a sweep on the way that led to it.
fn solved<'a>(
    problem: &Problem<'a>,
    swept: Option<PenaltySweep>,
    settings: &SolverSettings,
    arguments: &SolveArguments,
) -> Result<(Outcome<'a>, Option<SweepRecord>)> {
    let file = arguments.data.files().first().map(|file| file.display().to_string());
    let spinner = Spinner::new(file.as_deref());
    let mut report = |at: &Iteration| {
        spinner.update(at);
        ControlFlow::Continue(())
    };
    let (outcome, swept) = match swept {
        None => (solve_one(problem, settings, arguments, &mut report)?, None),
        Some(mut swept) => (swept.path.solve(problem, settings, &mut report)?, Some(swept.record)),
    };
    Ok((outcome.confirmed(settings), swept))
}

/// Adds what else was asked for of a stationary point: others from random starts, the samples of the test, standard errors.
fn measure_further(
    record: &mut SolveRecord,
    outcome: &Outcome,
    arguments: &SolveArguments,
    (new, problem): (&NewData, &Problem),
    started: Instant,
) -> Result<()> {
    let head = record.head();
    let (End::Stationary(measured), Outcome::Stationary(point)) = (&mut record.end, outcome) else {
        return Ok(());
    };
    let others = |starts: u32| {
        let drawn = (starts as usize, arguments.seed());
        look_for_others(point, drawn, (started, arguments.time_limit))
    };
    measured.other_points = arguments.starts.map(others);
    measured.test = match &head {
        // A head that was solved over the samples of the test is not tested on them.
        Some(head) if !arguments.solves_over_all() => new.tested(problem, head)?,
        _ => None,
    };
    measured.standard_errors = inference(arguments, point)?;
    Ok(())
}

/// Predicts, saves and prints what was found.
fn give(
    record: &SolveRecord,
    arguments: &SolveArguments,
    (new, problem): (&NewData, &Problem),
    style: Style,
) -> Result<Ending> {
    let (head, json) = (record.head(), serde_json::to_string_pretty(record)? + "\n");
    match &head {
        Some(head) => new.predicted(problem, head)?,
        None => new.not_predicted(),
    }
    match (&head, &arguments.save) {
        (Some(head), Some(file)) => save_head(file, record, head, &json)?,
        (None, _) => arguments.note_not_saved(),
        (Some(_), None) => {}
    }
    print(&match arguments.format {
        OutputFormat::Json => json,
        OutputFormat::Table => solve_table::table(record, style),
    })?;
    Ok(if head.is_some() { Ending::Done } else { Ending::Failed })
}

/// Prints a sweep in which no penalty has an answer.
fn without_answer(
    sweep: &UnansweredSweep,
    arguments: &SolveArguments,
    new: &NewData,
    style: Style,
) -> Result<Ending> {
    new.not_predicted();
    arguments.note_not_saved();
    print(&match arguments.format {
        OutputFormat::Json => serde_json::to_string_pretty(sweep)? + "\n",
        OutputFormat::Table => sweep::unanswered_table(sweep, style),
    })?;
    Ok(Ending::Failed)
}

/// Names of files that cannot be written are refused before anything is read.
fn check_files(arguments: &SolveArguments) -> Result<()> {
    let targets = [
        Target::of("--save", arguments.save.as_deref()),
        Target::of("--checkpoint", arguments.checkpoint.as_deref()),
        arguments.new.target(),
    ];
    let targets: Vec<Target> = targets.into_iter().flatten().collect();
    check_targets(&targets, &[arguments.data.files(), arguments.new.inputs()].concat())?;
    arguments.save.as_deref().map(HeadFormat::of).transpose()?;
    Ok(())
}

impl SolveArguments {
    fn is_sweep(&self) -> bool {
        matches!(self.l2, Penalties::Sweep(_))
    }

    /// Whether the best penalty of a sweep is solved for over all samples, those that it was chosen by included.
    fn solves_over_all(&self) -> bool {
        self.is_sweep() && self.new.draws()
    }

    fn seed(&self) -> u64 {
        self.seed.unwrap_or(DEFAULT_SEED)
    }

    /// Says that nothing is saved, where that was asked for.
    fn note_not_saved(&self) {
        if let Some(file) = &self.save {
            note(&format!("note: there is no head to save; {} is not written", file.display()));
        }
    }

    fn intercept(&self) -> Intercept {
        if self.no_intercept { Intercept::None } else { Intercept::Free }
    }
}

/// Solves one problem, and saves the search where a checkpoint is asked for.
fn solve_one<'a>(
    problem: &Problem<'a>,
    settings: &SolverSettings,
    arguments: &SolveArguments,
    report: Callback,
) -> Result<Outcome<'a>> {
    let Some(file) = &arguments.checkpoint else { return Ok(solve_with(problem, settings, report)?) };
    let checkpoint = SearchCheckpoint::open(file, problem)?;
    if let Some(ResumedAt { iterations, relative_gradient }) = checkpoint.resumed_at() {
        note(&format!(
            "note: {} was saved after {} with a relative gradient of {relative_gradient:.1e}; the search resumes there",
            file.display(),
            counted(iterations, "iteration")
        ));
    }
    let said = format!("note: interrupted; the same command resumes from {}\n", file.display());
    let mut checkpoint =
        checkpoint.every(arguments.checkpoint_every.into()).when_kept(move || say_when_interrupted(said));
    Ok(checkpoint.solve(settings, report)?)
}

/// What solving will take.
fn estimate(dataset: Dataset, arguments: &SolveArguments, spec: &LossSpec, style: Style) -> Result<Ending> {
    let searches = Searches {
        alone: 1 + arguments.starts.unwrap_or(0) as usize,
        swept: match &arguments.l2 {
            Penalties::One(_) => 0,
            Penalties::Sweep(falling) => falling.len(),
        },
        until: if arguments.tolerance > 0.0 { Until::Tolerance } else { Until::Rounding },
    };
    let asked = (arguments.l2.largest(), searches);
    print(&solve_estimate::table(&with_offset_for(dataset, spec)?, spec, asked, style))?;
    Ok(Ending::Done)
}

/// Samples as they are solved over: with the offset that the loss takes, and in standard units where these are asked for.
fn prepared(
    dataset: Dataset,
    arguments: &SolveArguments,
    spec: &LossSpec,
) -> Result<(Dataset, Option<StandardUnits>)> {
    let dataset = with_offset_for(dataset, spec)?;
    check_problem(&dataset, spec, arguments.l2.largest())?;
    ensure!(
        !(arguments.no_intercept && dataset.dimension() == 0),
        "--no-intercept: there are no features, so nothing would be left to solve for; leave it out"
    );
    Ok(StandardUnits::applied(dataset, arguments.intercept(), arguments.standardize)?)
}

/// The offset as the loss has logits: of two classes logistic has one, softmax two.
fn with_offset_for(dataset: Dataset, spec: &LossSpec) -> Result<Dataset> {
    let offset = match dataset.fixed_logits() {
        Some(offset) if dataset.labels().classes() == 2 => offset.clone(),
        _ => return Ok(dataset),
    };
    match (spec, offset.nrows()) {
        (LossSpec::Logistic, 2) => {
            bail!("--offset: two classes have one logit under --loss logistic; name one column")
        }
        (LossSpec::Logistic, _) => Ok(dataset),
        _ => Ok(dataset.with_offset(as_logits(offset, 2))?),
    }
}

/// Standard errors, if they are asked for.
fn inference(arguments: &SolveArguments, point: &StationaryPoint) -> Result<Option<Vec<InferenceRecord>>> {
    if !arguments.standard_errors {
        return Ok(None);
    }
    let found = standard_errors(point).map_err(|why| anyhow::anyhow!("--standard-errors: {why}"))?;
    let dataset = point.problem().dataset();
    Ok(Some(InferenceRecord::of(&found, dataset.feature_names(), dataset.labels().class_names())))
}

/// Options that contradict each other, or the loss.
fn check_options(arguments: &SolveArguments, spec: &LossSpec) -> Result<()> {
    check_starts(arguments, spec)?;
    check_checkpoint(arguments, spec)?;
    arguments.new.check()?;
    let inputs = [arguments.data.files(), arguments.new.inputs()].concat();
    ensure!(
        inputs.iter().filter(|input| **input == Path::new(STDIN)).count() < 2,
        "-: standard input can be read once; name a file for the other"
    );
    if arguments.is_sweep() {
        sweep::check(arguments.new.tests())?;
    }
    ensure!(
        arguments.seed.is_none() || arguments.starts.is_some() || arguments.new.draws(),
        "--seed: nothing is drawn; it goes with --starts or --test SHARE"
    );
    ensure!(
        arguments.data.offset.is_none() || matches!(spec, LossSpec::Logistic | LossSpec::Softmax),
        "--offset: goes with --loss softmax and --loss logistic"
    );
    ensure!(
        !(arguments.standard_errors && arguments.standardize),
        "--standard-errors: are those of the units of the file, which --standardize does not change without a penalty; leave it out"
    );
    ensure!(
        !(arguments.standard_errors && arguments.l2.largest() > 0.0),
        "--standard-errors: a penalty biases the coefficients, and standard errors do not say by how much; give --l2 0"
    );
    Ok(())
}

/// What random starts lead to within the time that is left.
fn look_for_others(
    point: &StationaryPoint,
    (starts, seed): (usize, u64),
    (started, limit): (Instant, Option<f64>),
) -> OtherPointsRecord {
    let bar = progress_bar("random starts");
    bar.set_length(starts as u64);
    let mut goes_on = |start: usize| {
        bar.set_position(start as u64);
        limit.is_none_or(|limit| started.elapsed().as_secs_f64() < limit)
    };
    let others = OtherPointsRecord::look_for(point, (starts, seed), &mut goes_on);
    bar.finish_and_clear();
    if others.starts < starts {
        note(&format!(
            "note: {} of {starts} random starts were tried within --time-limit; raise it, or ask for fewer --starts",
            others.starts
        ));
    }
    others
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

/// Searches are resumed whose end does not depend on their way.
fn check_checkpoint(arguments: &SolveArguments, spec: &LossSpec) -> Result<()> {
    if arguments.checkpoint.is_none() {
        return Ok(());
    }
    ensure!(
        matches!(spec, LossSpec::Logistic | LossSpec::Softmax),
        "--checkpoint: goes with --loss softmax and --loss logistic, which end at the same point wherever they resume"
    );
    ensure!(!arguments.is_sweep(), "--checkpoint: goes with one penalty, not with a sweep; give --l2 X");
    ensure!(!arguments.estimate, "--checkpoint: --estimate solves nothing; leave one of them out");
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
