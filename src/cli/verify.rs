//! `verify`: check claims, print verdicts.

use super::output::{Style, note, print};
use super::progress::progress_bar;
use super::{Ending, verdict_table};
use anyhow::{Context, Result, ensure};
use equipoise::claims::{
    Advance, CheckedSetups, ClaimError, Effort, Verdict, VerifyOptions, claim_ids, claim_statement,
    claim_title, current_id, verify_on, verify_seeds,
};
use indicatif::ProgressBar;
use std::ops::RangeInclusive;

const EXAMPLES: &str = "Examples:
  equipoise verify                    all claims, all set-ups
  equipoise verify B R1 --quick       a family and one claim, a sample of the set-ups
  equipoise verify B5 --case 17       one set-up of one claim
  equipoise verify B R --seeds 1..20  the same on every seed from 1 to 20
  equipoise verify --list             what every claim states; docs/theory.md has the proofs
  equipoise verify --format json      for a machine; the same bytes on any number of threads";

/// Seeds of one command at most: a night's work.
const MAX_SEEDS: u64 = 10_000;

/// What to check and how to print it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct VerifyArguments {
    /// Claims to check, such as B5, or families, such as B [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Print what the claims state, and check nothing
    #[arg(long, conflicts_with_all = ["quick", "case", "format", "seed", "seeds"])]
    list: bool,
    /// Check a sample of the set-ups only
    #[arg(long)]
    quick: bool,
    /// Seed of every set-up
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Check on every seed of a range such as 1..20, both ends included
    #[arg(long, value_name = "FIRST..LAST", conflicts_with = "seed")]
    seeds: Option<String>,
    /// Check only the set-up of this number
    #[arg(long, value_name = "N")]
    case: Option<usize>,
    /// How to print the verdicts
    #[arg(long, value_enum, default_value_t = VerdictFormat::Table)]
    format: VerdictFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum VerdictFormat {
    Table,
    Json,
    Markdown,
}

pub(super) fn run(arguments: &VerifyArguments, style: Style) -> Result<Ending> {
    if arguments.list {
        print(&statements(&arguments.ids)?)?;
        return Ok(Ending::Done);
    }
    let options = VerifyOptions {
        ids: expand(&arguments.ids),
        effort: effort(arguments.quick),
        seed: arguments.seed,
        case: arguments.case,
    };
    if let Some(range) = &arguments.seeds {
        return run_seeds(&options, seeds(range)?, arguments.format, style);
    }
    let verdicts = check(&options, &CheckedSetups::default(), &|_| {})?;
    print(&match arguments.format {
        VerdictFormat::Table => verdict_table::table(&verdicts, style),
        VerdictFormat::Json => serde_json::to_string_pretty(&verdicts)? + "\n",
        VerdictFormat::Markdown => verdict_table::markdown(&verdicts),
    })?;
    Ok(ending(&verdicts))
}

fn run_seeds(
    options: &VerifyOptions,
    seeds: RangeInclusive<u64>,
    format: VerdictFormat,
    style: Style,
) -> Result<Ending> {
    let bar = progress_bar("set-ups");
    let verdicts = verify_seeds(options, seeds, &|advance| show(&bar, advance));
    bar.finish_and_clear();
    let verdicts = verdicts?;
    print(&match format {
        VerdictFormat::Table => verdict_table::table_of_seeds(&verdicts, style),
        VerdictFormat::Json => serde_json::to_string_pretty(&verdicts)? + "\n",
        VerdictFormat::Markdown => verdict_table::markdown_of_seeds(&verdicts),
    })?;
    Ok(if verdicts.iter().all(|verdict| verdict.holds) { Ending::Done } else { Ending::Failed })
}

/// A range of seeds as it is written.
fn seeds(text: &str) -> Result<RangeInclusive<u64>> {
    let wanted = || format!("--seeds {text}: give the first and the last, such as 1..20");
    let (first, last) = text.split_once("..").with_context(wanted)?;
    let number = |text: &str| text.trim().parse::<u64>().with_context(wanted);
    let (first, last) = (number(first)?, number(last.trim_start_matches('='))?);
    ensure!(first <= last, "--seeds {text}: the first is above the last");
    ensure!(last - first < MAX_SEEDS, "--seeds {text}: give at most {MAX_SEEDS} seeds at once");
    Ok(first..=last)
}

/// One line for every claim asked for, or for all.
fn statements(asked: &[String]) -> Result<String, ClaimError> {
    let ids =
        if asked.is_empty() { claim_ids().into_iter().map(str::to_owned).collect() } else { expand(asked) };
    let line = |id: &String| {
        let unknown = || ClaimError::UnknownId { id: id.clone() };
        let line = claim_title(id).zip(claim_statement(id));
        line.map(|(title, statement)| format!("{id} {title}: {statement}\n")).ok_or_else(unknown)
    };
    ids.iter().map(line).collect()
}

pub(super) fn effort(quick: bool) -> Effort {
    if quick { Effort::Quick } else { Effort::Full }
}

pub(super) fn ending(verdicts: &[Verdict]) -> Ending {
    if verdicts.iter().all(|verdict| verdict.holds) { Ending::Done } else { Ending::Failed }
}

/// Checks claims behind a progress bar, and says how far it is; set-ups already checked are reused.
pub(super) fn check(
    options: &VerifyOptions,
    checked: &CheckedSetups,
    advanced: &(dyn Fn(Advance) + Sync),
) -> Result<Vec<Verdict>> {
    let bar = progress_bar("set-ups");
    let verdicts = verify_on(options, checked, &|advance| {
        show(&bar, advance);
        advanced(advance);
    });
    bar.finish_and_clear();
    Ok(verdicts?)
}

fn show(bar: &ProgressBar, advance: Advance) {
    bar.set_length(advance.total as u64);
    bar.set_message(advance.id);
    bar.inc(1);
}

/// Ids in any case, and families by their letter; says so where a claim has another name by now.
fn expand(asked: &[String]) -> Vec<String> {
    let of_family = |id: &str| {
        let family: Vec<String> = claim_ids()
            .into_iter()
            .filter(|known| !id.is_empty() && known.trim_end_matches(char::is_numeric) == id)
            .map(str::to_owned)
            .collect();
        if family.is_empty() { vec![id.to_owned()] } else { family }
    };
    let named = |id: &String| {
        let id = id.to_uppercase();
        let current = current_id(&id);
        if current != id {
            note(&format!("note: {id} is a figure; the claim of that name is now {current}"));
        }
        of_family(current)
    };
    asked.iter().flat_map(named).collect()
}
