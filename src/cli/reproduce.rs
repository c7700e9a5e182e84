//! `reproduce`: every claim, every figure, one report.

use super::drawing::DrawingOptions;
use super::files::{prepare_directory, save};
use super::output::{Style, counted, note, print};
use super::run::{carry_out, report_unsolved};
use super::verify::{check, effort, ending};
use super::{Ending, verdict_table};
use anyhow::{Context, Result};
use equipoise::analysis::{SHIPPED, balance_law};
use equipoise::claims::{CheckedSetups, Effort, VerifyOptions};
use equipoise::figure;
use equipoise::numeric::significant;
use equipoise::report::{self, Drawn, Report};
use serde::Serialize;
use std::path::PathBuf;
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
    #[command(flatten)]
    drawing: DrawingOptions,
}

/// Set-ups of the claims that are checked, until all is done.
const CHECKED: &str = "claims.jsonl";
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
    prepare_directory(&arguments.out)?;
    let plan = VerifyOptions { ids: Vec::new(), effort, seed: arguments.seed, case: None };
    let checked = CheckedSetups::open(&arguments.out.join(CHECKED))?.with_context(|| {
        format!(
            "{}: another run is at work here; wait until it has ended, or choose another --out",
            arguments.out.display()
        )
    })?;
    checked.remarks.iter().for_each(|remark| note(remark));
    let verdicts = check(&plan, &checked)?;
    save(&arguments.out.join("verdicts.json"), &json(&verdicts)?)?;
    let (figures, problems_found) = draw_figures(arguments, &checked, style)?;
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
        page.display(),
        figures.len(),
        arguments.out.display(),
        significant(duration_seconds, 3)
    );
    checked.remove_file()?;
    print(&written)?;
    Ok(ending(&verdicts))
}

/// Draws F1, runs every shipped analysis, each into its own directory, and draws the losses; returns the number of
/// problems that an earlier run had solved.
fn draw_figures(
    arguments: &ReproduceArguments,
    checked: &CheckedSetups,
    style: Style,
) -> Result<(Vec<Drawn>, usize)> {
    let directory = arguments.out.join("balance-law");
    let effort = effort(arguments.quick);
    let record = balance_law::run(arguments.seed, balance_problems(effort), checked)?;
    let figure = figure::balance_law::draw(&record)?;
    arguments.drawing.write(&figure, &directory)?;
    save(&directory.join("records.json"), &json(&record)?)?;
    let mut figures = vec![Drawn { figure, results: None }];
    let mut found = 0;
    for shipped in SHIPPED {
        let mut experiment = shipped.source().experiment(&[])?;
        if effort == Effort::Quick {
            experiment = experiment.with_at_most(QUICK_REPETITIONS);
        }
        let done =
            carry_out(&experiment, &arguments.out.join(shipped.name), false, &arguments.drawing, style)?;
        report_unsolved(&done.results);
        found += done.workload.found;
        let results = Arc::new(done.results);
        let drawn = |(figure, _)| Drawn { figure, results: Some(Arc::clone(&results)) };
        figures.extend(done.figures.into_iter().map(drawn));
    }
    let directory = arguments.out.join("losses");
    for figure in figure::draw_loss_gradients()? {
        arguments.drawing.write(&figure, &directory)?;
        figures.push(Drawn { figure, results: None });
    }
    Ok((figures, found))
}

fn json(record: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(record)? + "\n")
}
