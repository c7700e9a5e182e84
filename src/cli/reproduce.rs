//! `reproduce`: every claim, every figure, one report.

use super::files::{prepare_directory, save};
use super::output::{Style, print};
use super::verify::{check, effort, ending, progress_bar};
use super::{Ending, verdict_table};
use crate::analysis::{balance_law, binary_weights, probability_maps};
use crate::claims::{Effort, Plan};
use crate::figure::{self, Figure};
use crate::numeric::significant;
use crate::report::{self, Report};
use anyhow::Result;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

const EXAMPLES: &str = "Examples:
  equipoise reproduce                   into ./reproduction, under two minutes on two cores
  equipoise reproduce --quick           a sample of the set-ups, in seconds
  equipoise reproduce --out results     somewhere else";

/// What to reproduce and where to put it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A sample of the set-ups only
    #[arg(long)]
    quick: bool,
    /// Seed of every set-up
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory for the report, the figures and their data
    #[arg(long, default_value = "reproduction", value_name = "DIR")]
    out: PathBuf,
}

/// How much is solved for the figures.
struct Size {
    balance_problems: usize,
    repetitions: usize,
    /// Weight ratios of F2 over its five decades.
    ratios: usize,
}

impl Size {
    fn of(effort: Effort) -> Self {
        match effort {
            Effort::Quick => Self { balance_problems: 12, repetitions: 10, ratios: 11 },
            Effort::Full => Self { balance_problems: 60, repetitions: 40, ratios: 26 },
        }
    }
}

pub(super) fn run(arguments: &Arguments, style: Style) -> Result<Ending> {
    let started = Instant::now();
    let effort = effort(arguments.quick);
    let directory = arguments.out.join("figures");
    prepare_directory(&directory)?;
    let plan = Plan { ids: Vec::new(), effort, seed: arguments.seed, case: None };
    let verdicts = check(&plan)?;
    save(&arguments.out.join("verdicts.json"), &json(&verdicts)?)?;
    let figures = draw_figures(arguments.seed, &Size::of(effort), &directory)?;
    let duration_seconds = started.elapsed().as_secs_f64();
    let report =
        Report { verdicts: &verdicts, figures: &figures, seed: arguments.seed, effort, duration_seconds };
    let page = report::write(&report, &arguments.out)?;
    let written = format!(
        "{}\nreport: {}\nfigures: {} ({} drawn, SVG and PNG, data beside them)\ntime: {} s\n",
        verdict_table::table(&verdicts, style),
        page.display(),
        directory.display(),
        figures.len(),
        significant(duration_seconds, 3)
    );
    print(&written)?;
    Ok(ending(&verdicts))
}

/// Solves, draws and writes each figure with the record it was drawn from.
fn draw_figures(seed: u64, size: &Size, directory: &Path) -> Result<Vec<Figure>> {
    let bar = progress_bar("figures");
    bar.set_length(3);
    let mut figures = Vec::new();
    let mut keep = |(figure, record): (Figure, String)| -> Result<()> {
        figure.write(directory)?;
        save(&directory.join(format!("{}.json", figure.file_stem)), &record)?;
        figures.push(figure);
        bar.inc(1);
        Ok(())
    };
    let record = balance_law::run(seed, size.balance_problems);
    keep((figure::balance_law::draw(&record)?, json(&record)?))?;
    let record = binary_weights::run(seed, size.repetitions, size.ratios)?;
    keep((figure::binary_weights::draw(&record)?, json(&record)?))?;
    let record = probability_maps::run(seed)?;
    keep((figure::probability_maps::draw(&record)?, json(&record)?))?;
    bar.finish_and_clear();
    Ok(figures)
}

fn json(record: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(record)? + "\n")
}
