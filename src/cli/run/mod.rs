//! `run`: an analysis from its file to records and figures, or (`--estimate`) what that will take.

mod slurm;

use super::data_arguments::say_taken;
use super::draw::DrawingOptions;
use super::output::{Align, Style, columns, counted, note, path_line, print};
use super::progress::{Busy, progress_bar};
use super::solve::note_dependent_columns;
use super::{Ending, comparison_table};
use anyhow::{Result, bail, ensure};
use equipoise::analysis::{
    AnalysisError, Estimate, Event, Experiment, Override, Results, Shard, Shipped, Source, Store, Workload,
    estimate, experiment_of_shard, memory_at_once, memory_of_records, run as run_experiment, run_shard,
    write_parquet,
};
use equipoise::data::check_files_whole;
use equipoise::figure::Figure;
use equipoise::files::{is_marked, is_same_file};
use equipoise::memory::{check_memory, fits, readable};
use equipoise::numeric::significant;
use equipoise::solver::Conditioning;
use slurm::SlurmOptions;
pub(super) use slurm::array_of;
use std::path::{Path, PathBuf};
use std::time::Instant;

const EXAMPLES: &str = "Examples:
  equipoise run averaging                              a shipped analysis, into ./averaging
  equipoise run mine.toml --out results                a file of your own
  equipoise run averaging --set repetitions=5          with another value for a key of the file
  equipoise run averaging/analysis.toml                goes on with, or repeats, what is there
  equipoise run digits-table --estimate                what it will take, before it is begun
  equipoise run digits-table --shard 2/4               one of four; `results merge` joins them

An interrupted run resumes where it stopped. `equipoise analyses` lists what is shipped.";

/// What to run and where to put it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArguments {
    /// An analysis file, or the name of a shipped analysis
    #[arg(value_name = "FILE|NAME")]
    analysis: String,
    /// Another value for a key of the file; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Directory for records and figures [default: the name of the analysis]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite finished results of another analysis, version, seed or setting, and files that equipoise did not write
    #[arg(long)]
    force: bool,
    /// Write the table of records as a Parquet file too
    #[arg(long)]
    parquet: bool,
    /// Work on the I-th of N disjoint shards alone, on this machine or any other; `equipoise results merge` joins them
    #[arg(long, value_name = "I/N", conflicts_with_all = ["parquet", "force"])]
    shard: Option<String>,
    /// Predict time and memory of the run, and start nothing
    #[arg(long, conflicts_with_all = ["shard", "out", "force", "parquet"])]
    estimate: bool,
    #[command(flatten)]
    unsolved: UnsolvedOption,
    #[command(flatten)]
    slurm: SlurmOptions,
    #[command(flatten)]
    drawing: DrawingOptions,
}

/// How a run ends in which problems have no stationary point.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct UnsolvedOption {
    /// Exit with 0 although problems have no stationary point: for sweeps that include such points on purpose
    #[arg(long = "accept-unsolved")]
    accept: bool,
}

impl UnsolvedOption {
    /// Says which problems have no answer, and what the exit code makes of that.
    pub(super) fn ending(self, results: &Results) -> Ending {
        report_unsolved(results);
        if results.unsolved().next().is_none() || self.accept {
            return Ending::Done;
        }
        note(
            "exit code 1, since not every problem has an answer; --accept-unsolved makes it 0 where that is meant",
        );
        Ending::Failed
    }

    /// The option as another call of the program takes it.
    pub(super) fn as_argument(self) -> &'static str {
        if self.accept { " --accept-unsolved" } else { "" }
    }
}

/// A run that is done.
pub(super) struct Done {
    pub(super) results: Results,
    pub(super) figures: Vec<(Figure, Vec<PathBuf>)>,
    /// Tables as text, and their files.
    pub(super) tables: (String, Vec<PathBuf>),
    pub(super) workload: Workload,
}

pub(super) fn run(arguments: &RunArguments, style: Style) -> Result<Ending> {
    let started = Instant::now();
    let overrides =
        arguments.overrides.iter().map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let (source, home) = source(&arguments.analysis)?;
    let shard = arguments.shard.as_deref().map(Shard::parse).transpose()?;
    let busy = Busy::new("checking the analysis");
    let experiment = match shard {
        Some(shard) => experiment_of_shard(&source, &overrides, shard)?,
        None => source.experiment(&overrides)?,
    };
    drop(busy);
    experiment.warnings().iter().for_each(|warning| note(&format!("warning: {warning}")));
    if arguments.estimate {
        return show(&experiment, style);
    }
    let directory =
        arguments.out.clone().or(home).unwrap_or_else(|| PathBuf::from(&experiment.analysis.name));
    spare_source(Path::new(&arguments.analysis), &directory)?;
    if arguments.slurm.asked_for() {
        let merging = (&arguments.drawing, arguments.unsolved);
        return arguments.slurm.submit(&experiment, &directory, arguments.force, merging);
    }
    check_problems(&experiment)?;
    arguments.drawing.check(&experiment.analysis)?;
    if let Some(table) = experiment.analysis.data.table() {
        let samples = table.read()?;
        say_taken(&samples.taken);
        note_dependent_columns(&Conditioning::of(&samples.dataset));
    }
    if let Some(shard) = shard {
        return work_on(shard, &experiment, &directory, started);
    }
    let store = Store::open(&directory, &experiment, None, arguments.force)?;
    let done = finish(&experiment, &store, &directory, &arguments.drawing, style)?;
    check_files_whole()?;
    if arguments.parquet {
        write_parquet(&done.results, &directory)?;
    }
    print(&summary(&done, &directory, started, style))?;
    Ok(arguments.unsolved.ending(&done.results))
}

/// Fails when the problems that are solved at once take more memory than is free.
fn check_problems(experiment: &Experiment) -> Result<()> {
    let threads = rayon::current_num_threads();
    let advice = match threads {
        2.. if fits(memory_at_once(experiment, 1)?) => {
            "ask for fewer --threads: each works on a problem of its own"
        }
        _ => "ask for fewer samples, classes or features",
    };
    check_memory(memory_at_once(experiment, threads)?, "the problems that are solved at once take", advice)?;
    check_memory(
        memory_of_records(experiment)?,
        "the records of all problems take",
        "give fewer repetitions or points, or measure less",
    )?;
    Ok(())
}

/// An error if the run would replace the analysis that the user has written by the one it keeps beside its results.
fn spare_source(file: &Path, directory: &Path) -> Result<()> {
    let kept = directory.join("analysis.toml");
    let own = is_same_file(file, &kept) && !is_marked(directory);
    ensure!(!own, "{}: is the file that is read; choose another --out", kept.display());
    Ok(())
}

/// A file, or a shipped analysis; and for the `analysis.toml` beside its results the directory of both.
fn source(name: &str) -> Result<(Source, Option<PathBuf>)> {
    let path = Path::new(name);
    if path.is_dir() && Shipped::named(name).is_err() {
        bail!(in_words_of_directory(path));
    }
    let looks_like_a_file = path.extension().is_some() || path.components().count() > 1;
    if path.is_file() || looks_like_a_file {
        let source = Source::read(path)?;
        // A file of this name that somebody has written is not beside results.
        let beside = path.file_name() == Some("analysis.toml".as_ref()) && is_marked(&source.directory);
        let home = beside.then(|| source.directory.clone());
        return Ok((source, home));
    }
    Ok((Shipped::named(name)?.source(), None))
}

/// What to run instead of a directory.
fn in_words_of_directory(directory: &Path) -> String {
    let analysis = directory.join("analysis.toml");
    let advice = if analysis.is_file() {
        format!("`equipoise run {}` resumes it", analysis.display())
    } else {
        "name an analysis file, or one of `equipoise analyses`".to_owned()
    };
    format!("{}: is a directory; {advice}", directory.display())
}

/// Solves what a store lacks, writes its records and draws.
pub(super) fn finish(
    experiment: &Experiment,
    store: &Store,
    directory: &Path,
    drawing: &DrawingOptions,
    style: Style,
) -> Result<Done> {
    let (results, workload) =
        watched(experiment, store, directory, |watch| run_experiment(experiment, store, watch))?;
    let figures = drawing.draw(&results, directory)?;
    let tables = comparison_table::write(&results, directory, style)?;
    Ok(Done { results, figures, tables, workload })
}

/// Works on a part behind a progress bar.
fn work_on(shard: Shard, experiment: &Experiment, directory: &Path, started: Instant) -> Result<Ending> {
    let store = Store::open(directory, experiment, Some(shard), false)?;
    let workload = watched(experiment, &store, directory, |watch| run_shard(experiment, &store, watch))?;
    let Workload { total, found, .. } = workload;
    print(&format!(
        "{}, shard {shard}: {} solved{} in {} s\nwhen all shards are done: equipoise results merge {}\n",
        experiment.analysis.name,
        counted(total as u64, "problem"),
        earlier(found),
        significant(started.elapsed().as_secs_f64(), 3),
        path_line(directory)
    ))?;
    Ok(Ending::Done)
}

/// A run with a progress bar, and the warnings of its store.
fn watched<T>(
    experiment: &Experiment,
    store: &Store,
    directory: &Path,
    run: impl FnOnce(&(dyn Fn(Event) + Sync)) -> Result<T, AnalysisError>,
) -> Result<T> {
    store.remarks.iter().for_each(|remark| note(remark));
    let bar = progress_bar("problems");
    bar.set_message(experiment.analysis.name.clone());
    let done = run(&|event| match event {
        Event::Known(Workload { total, found, foreign }) => {
            if foreign > 0 {
                let records = counted(foreign as u64, "record");
                note(&format!("{}: {records} of other problems, not used", directory.display()));
            }
            bar.set_length(total as u64);
            bar.set_position(found as u64);
            bar.reset_eta();
        }
        Event::Solved => bar.inc(1),
    });
    bar.finish_and_clear();
    match done {
        Err(error @ AnalysisError::Unwritable { .. }) => match store.kept() {
            0 => bail!(error),
            kept => {
                let records = counted(kept as u64, "finished record");
                bail!("{error}; {records} kept, the same command resumes there")
            }
        },
        done => Ok(done?),
    }
}

fn earlier(found: usize) -> String {
    if found == 0 { String::new() } else { format!(" ({found} of them earlier)") }
}

pub(super) fn summary(done: &Done, directory: &Path, started: Instant, style: Style) -> String {
    let earlier = earlier(done.workload.found);
    let mut text = format!(
        "{}: {} solved{earlier} in {} s\n",
        style.strong(&done.results.experiment.analysis.name),
        counted(done.workload.total as u64, "problem"),
        significant(started.elapsed().as_secs_f64(), 3)
    );
    text += &captions(&done.figures, style);
    text += &done.tables.0;
    text += &done.tables.1.iter().map(|file| path_line(file) + "\n").collect::<String>();
    text += &format!("records: {} and .csv\n", path_line(&directory.join("records.json")));
    text
}

/// Every figure's id, caption and files.
pub(super) fn captions(figures: &[(Figure, Vec<PathBuf>)], style: Style) -> String {
    let one = |(figure, files): &(Figure, Vec<PathBuf>)| {
        let files: Vec<String> = files.iter().map(|file| path_line(file)).collect();
        format!("\n{} {}\n{}\n", style.strong(&figure.id), figure.caption, files.join("\n"))
    };
    let text: String = figures.iter().map(one).collect();
    if text.is_empty() { text } else { text + "\n" }
}

/// Says which problems have no answer.
pub(super) fn report_unsolved(results: &Results) {
    let count = results.unsolved().count();
    if let Some((record, why)) = results.unsolved().next() {
        let of = results.records.len();
        note(&format!(
            "{} of {of} have no stationary point, the first: {}: {why}; add a penalty or change the design",
            counted(count as u64, "problem"),
            results.problem_name(record)
        ));
    }
}

pub(super) fn show(experiment: &Experiment, style: Style) -> Result<Ending> {
    let busy = Busy::new("predicting");
    let Estimate { problems, seconds, longest, memory } = estimate(experiment)?;
    drop(busy);
    let threads = rayon::current_num_threads();
    // No run ends before its longest problem does.
    let wall = (seconds / threads as f64).max(longest);
    let training = experiment.analysis.training.as_ref();
    let (problem, problems_of) =
        if training.is_some() { ("training", "trainings") } else { ("problem", "problems") };
    let mut rows = vec![(problems_of.to_owned(), problems.to_string())];
    if let Some(training) = training.filter(|training| training.halving.is_some()) {
        rows.push(("learning rates in each".to_owned(), format!("at most {}", training.max_rates())));
        rows.push(("epochs in each".to_owned(), format!("at most {} over all rates", training.max_epochs())));
    }
    rows.extend([
        ("processor time".to_owned(), duration(seconds)),
        (format!("longest {problem}"), duration(longest)),
        (format!("time on {threads} threads here"), duration(wall)),
        ("memory on as many".to_owned(), format!("at most {}", readable(memory))),
    ]);
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(what, much)| vec![what, much]).collect();
    print(&format!(
        "{}\n{}",
        style.strong(&experiment.analysis.name),
        columns(&rows, &[Align::Left, Align::Left])
    ))?;
    Ok(Ending::Done)
}

/// Two digits are more than a prediction has.
pub(in crate::cli) fn duration(seconds: f64) -> String {
    let (much, unit) = match seconds {
        ..100.0 => (seconds, "s"),
        ..6_000.0 => (seconds / 60.0, "min"),
        _ => (seconds / 3_600.0, "h"),
    };
    format!("about {} {unit}", significant(much, 2))
}
