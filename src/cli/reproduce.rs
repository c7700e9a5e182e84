//! `reproduce`: every claim, every figure, one report.

use super::draw::DrawingOptions;
use super::files::{Destination, save_into};
use super::output::{Style, counted, note, path_line, print};
use super::progress::{Busy, Whole};
use super::run::{finish, report_unsolved};
use super::verify::{check, effort, ending};
use super::{Ending, verdict_table};
use anyhow::{Context, Result, bail};
use equipoise::analysis::{Experiment, SHIPPED, Store, balance_law, estimate};
use equipoise::claims::{CheckedSetups, Effort, VerifyOptions};
use equipoise::figure::{self, Figure};
use equipoise::files::{OwnFile, give_up_files, mark_directory};
use equipoise::numeric::significant;
use equipoise::report::{self, DrawnFigure, Report};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const EXAMPLES: &str = "Examples:
  equipoise reproduce                   into ./reproduction, under two minutes on two cores
  equipoise reproduce --quick           a sample of the set-ups, in seconds
  equipoise reproduce --out results     somewhere else

An interrupted run resumes where it stopped.";

/// What to reproduce and where to put it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReproduceArguments {
    /// A sample of the set-ups only
    #[arg(long)]
    quick: bool,
    /// Seed of every set-up of the claims; analyses name their own
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory for the report, the figures and their data
    #[arg(long, default_value = "reproduction", value_name = "DIR")]
    out: PathBuf,
    /// Overwrite a finished report of another seed or effort, and files that equipoise did not write
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    drawing: DrawingOptions,
}

/// Set-ups of the claims that are checked, until all is done.
const CHECKED: &str = "claims.jsonl";
/// The verdicts.
const VERDICTS: &str = "verdicts.json";
/// Directory and records of figure F1, which is no analysis's.
const BALANCE_LAW: &str = "balance-law";
const BALANCE_RECORDS: &str = "records.json";
/// Directory of the figures of losses.
const LOSSES: &str = "losses";
/// Repetitions of every analysis in a quick run, at most.
const QUICK_REPETITIONS: u64 = 2;

/// Problems of each law in figure F1.
fn balance_problems(effort: Effort) -> usize {
    match effort {
        Effort::Quick => 12,
        Effort::Full => 60,
    }
}

pub(super) fn run(arguments: &ReproduceArguments, style: Style) -> Result<Ending> {
    let started = Instant::now();
    let effort = effort(arguments.quick);
    let places = Places::prepare(arguments, effort)?;
    let plan = VerifyOptions { ids: Vec::new(), effort, seed: arguments.seed, case: None };
    let checked = CheckedSetups::open(&arguments.out.join(CHECKED))?.with_context(|| {
        format!(
            "{}: another run is writing here; wait until it ends, or choose another --out",
            arguments.out.display()
        )
    })?;
    checked.remarks.iter().for_each(|remark| note(remark));
    let lengths = Lengths::of(&places, effort)?;
    let whole = Whole::of(lengths.sum());
    let verdicts = check(&plan, &checked, &|at| {
        whole.within_part(lengths.claims, at.done as f64 / at.total as f64);
    })?;
    whole.part_done(lengths.claims);
    save_into(&arguments.out, VERDICTS, &json(&verdicts)?)?;
    let (figures, problems_found) = draw_figures(arguments, &places, &checked, (&lengths, &whole), style)?;
    drop(whole);
    let duration_seconds = started.elapsed().as_secs_f64();
    let report =
        Report { verdicts: &verdicts, figures: &figures, seed: arguments.seed, effort, duration_seconds };
    let page = report::write(&report, &arguments.out)?;
    let earlier = match (checked.found, problems_found) {
        (0, 0) => String::new(),
        (setups, problems) => format!(
            "found: {} of claims, {} of analyses, from an earlier run\n",
            counted(setups as u64, "set-up"),
            counted(problems as u64, "problem")
        ),
    };
    let written = format!(
        "{}\n{earlier}report: {}\nfigures: {} in {}, records beside them\ntime: {} s\n",
        verdict_table::table(&verdicts, style),
        path_line(&page),
        figures.len(),
        path_line(&arguments.out),
        significant(duration_seconds, 3)
    );
    checked.remove_file()?;
    print(&written)?;
    Ok(ending(&verdicts))
}

/// Everything that is written, opened before the work: nothing of anybody else's is found in the way after an hour.
struct Places {
    /// Each shipped analysis and the directory of its run.
    runs: Vec<(Experiment, PathBuf, Store)>,
    losses: Vec<Figure>,
}

impl Places {
    fn prepare(arguments: &ReproduceArguments, effort: Effort) -> Result<Self> {
        let ReproduceArguments { out, seed, force, drawing, .. } = arguments;
        let claim =
            |directory: &Path, files: &[OwnFile]| Destination { directory, files, overwrite: *force }.claim();
        let [verdicts, page] = [VERDICTS, report::FILE_NAME].map(OwnFile::marked);
        let own = [OwnFile::journal(CHECKED), verdicts, page];
        let earlier = claim(out, &own)?;
        check_earlier(arguments, effort, earlier.as_deref())?;
        let inner = [BALANCE_LAW, LOSSES].into_iter().chain(SHIPPED.iter().map(|shipped| shipped.name));
        inner.map(|name| out.join(name)).try_for_each(|directory| check_own_directory(&directory))?;
        let law = out.join(BALANCE_LAW);
        let mut of_law = drawing.files([figure::balance_law::FILE_STEM.to_owned()]);
        of_law.push(OwnFile::marked(BALANCE_RECORDS));
        claim(&law, &of_law)?;
        let losses = figure::draw_loss_gradients(drawing.theme())?;
        let of_losses = drawing.files(losses.iter().map(|figure| figure.file_stem.clone()));
        claim(&out.join(LOSSES), &of_losses)?;
        let run = |shipped: equipoise::analysis::Shipped| {
            let mut experiment = shipped.source().experiment(&[])?;
            if effort == Effort::Quick {
                experiment = experiment.with_at_most(QUICK_REPETITIONS);
            }
            let directory = out.join(shipped.name);
            let store = Store::open(&directory, &experiment, None, *force)?;
            Ok((experiment, directory, store))
        };
        let runs = SHIPPED.into_iter().map(run).collect::<Result<_>>()?;
        let holds = holds(*seed, effort);
        for (directory, files) in [(out, &own[..]), (&law, &of_law), (&out.join(LOSSES), &of_losses)] {
            mark_directory(directory, &holds)?;
            if *force {
                give_up_files(directory, files)?;
            }
        }
        Ok(Self { runs, losses })
    }
}

/// Predicted seconds of the parts, to say how far the whole is.
struct Lengths {
    claims: f64,
    /// Of each analysis and its figures.
    runs: Vec<f64>,
}

/// Seconds of one processor for all claims, quick and full, and for writing a figure in the usual formats; measured, as those of
/// `estimate` are.
const CLAIMS_QUICK: f64 = 7.0;
const CLAIMS_FULL: f64 = 90.0;
const FIGURE: f64 = 0.4;

impl Lengths {
    fn of(places: &Places, effort: Effort) -> Result<Self> {
        let threads = rayon::current_num_threads() as f64;
        let claims = match effort {
            Effort::Quick => CLAIMS_QUICK,
            Effort::Full => CLAIMS_FULL,
        };
        let run = |(experiment, _, _): &(Experiment, PathBuf, Store)| {
            let figures = experiment.analysis.figure.len() as f64;
            Ok(estimate(experiment)?.seconds / threads + FIGURE * figures)
        };
        let runs = places.runs.iter().map(run).collect::<Result<_>>()?;
        Ok(Self { claims: claims / threads, runs })
    }

    fn sum(&self) -> f64 {
        self.claims + self.runs.iter().sum::<f64>()
    }
}

/// An error if a directory inside of the report's is there and is none: what a link leads to is somebody else's.
fn check_own_directory(directory: &Path) -> Result<()> {
    let place = directory.display();
    match directory.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot read {place}")),
        Ok(found) if found.is_symlink() => bail!("{place}: is a link; move it away, or choose another --out"),
        Ok(found) if !found.is_dir() => {
            bail!("{place}: is no directory; move it away, or choose another --out")
        }
        Ok(_) => Ok(()),
    }
}

/// What the mark of the directory says.
fn holds(seed: u64, effort: Effort) -> String {
    let effort = match effort {
        Effort::Quick => "a sample of the set-ups",
        Effort::Full => "all set-ups",
    };
    format!("a report on {effort}, seed {seed}")
}

/// An error if a report would be replaced by one of another seed, or of less.
fn check_earlier(arguments: &ReproduceArguments, effort: Effort, earlier: Option<&str>) -> Result<()> {
    let Some(earlier) = earlier.filter(|_| !arguments.force) else { return Ok(()) };
    let ours = holds(arguments.seed, effort);
    if earlier == ours || earlier == holds(arguments.seed, Effort::Quick) {
        return Ok(());
    }
    bail!(
        "{}: holds {earlier}, this is {ours}; choose another --out, or --force to overwrite",
        arguments.out.display()
    )
}

/// Draws F1, runs every shipped analysis, each into its own directory, and draws the losses; returns the number of
/// problems that an earlier run had solved.
fn draw_figures(
    arguments: &ReproduceArguments,
    places: &Places,
    checked: &CheckedSetups,
    (lengths, whole): (&Lengths, &Whole),
    style: Style,
) -> Result<(Vec<DrawnFigure>, usize)> {
    let directory = arguments.out.join(BALANCE_LAW);
    let effort = effort(arguments.quick);
    let busy = Busy::new("both sides of every balance law (figure F1)");
    let record = balance_law::run(arguments.seed, balance_problems(effort), checked)?;
    let figure = figure::balance_law::draw(&record, arguments.drawing.theme())?;
    drop(busy);
    arguments.drawing.write(&figure, &directory)?;
    save_into(&directory, BALANCE_RECORDS, &json(&record)?)?;
    let mut figures = vec![DrawnFigure { figure, results: None }];
    let mut found = 0;
    for ((experiment, directory, store), &length) in places.runs.iter().zip(&lengths.runs) {
        let done = finish(experiment, store, directory, &arguments.drawing, style)?;
        report_unsolved(&done.results);
        found += done.workload.found;
        let results = Arc::new(done.results);
        let drawn = |(figure, _)| DrawnFigure { figure, results: Some(Arc::clone(&results)) };
        figures.extend(done.figures.into_iter().map(drawn));
        whole.part_done(length);
    }
    for figure in &places.losses {
        arguments.drawing.write(figure, &arguments.out.join(LOSSES))?;
        figures.push(DrawnFigure { figure: figure.clone(), results: None });
    }
    Ok((figures, found))
}

fn json(record: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(record)? + "\n")
}
