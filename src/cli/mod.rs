//! The command line: one file per subcommand, each of which parses, calls the library, and prints.
//!
//! Exit codes: 0 done, 1 a claim failed or the answer does not exist, 2 bad input.

mod analyses;
mod audit;
mod calibration;
mod class_weights;
mod classification;
mod comparison_table;
mod data_arguments;
mod draw;
mod files;
mod inference;
mod loss_arguments;
mod losses;
mod new_data;
mod offset;
mod output;
mod predict;
mod progress;
mod reproduce;
mod results;
mod run;
mod search;
mod separation;
mod solve;
mod solve_table;
mod teach;
mod train;
mod verdict_table;
mod verify;
mod weights;
mod weights_table;

use anyhow::{Context, Result, ensure};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use equipoise::data::name_files_cut_short;
use equipoise::signals::answer_limits;
use output::{ColorChoice, Style};
use std::io::Write;
use std::process::ExitCode;

/// What a subcommand ended in, short of bad input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Everything asked for was done, and every claim held.
    Done,
    /// A claim failed, or the answer does not exist.
    Failed,
}

/// Heading of the options that every command takes.
const EVERYWHERE: &str = "Options of every command";

/// Threads at most: more take minutes to start.
const MAX_THREADS: i64 = 1024;

/// Exit code for bad input.
const BAD_INPUT: u8 = 2;

const EXAMPLES: &str = "Examples:
  equipoise reproduce                      every claim, every figure, one page
  equipoise run averaging                  one analysis: records and figures
  equipoise analyses copy averaging        its file, to edit
  equipoise verify B5 A                    one claim and one family of claims
  equipoise solve data.csv --label species --loss softmax --class-weights balanced
  equipoise solve data.csv --label y --loss inr --beta 5 --l2 1e-3 --format json
  equipoise train --epochs 20 --polish     a small network on digits: the laws while it learns
  equipoise teach                          a page to try it all by hand

Exit codes: 0 done; 1 a claim failed, or the answer does not exist; 2 bad input.";

/// What logistic and softmax losses settle to: certified stationary points, and the laws that hold there.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Threads to use, 0 for all cores; every result is the same on any number of them
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "N", default_value_t = 0, hide_default_value = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=MAX_THREADS))]
    threads: u16,
    /// When to colour the output; `NO_COLOR` is honoured
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the theory's claims over many drawn problems and real digits
    Verify(verify::VerifyArguments),
    /// Solve a linear head on a table or arrays to a certified stationary point
    Solve(solve::SolveArguments),
    /// Predict for new samples with a head that solve saved
    Predict(predict::PredictArguments),
    /// Find class weights that meet a target
    Weights(weights::WeightsArguments),
    /// Search for data on which a class weight has an unexpected effect
    Search(search::SearchArguments),
    /// Train a small convolutional network and see the laws of balance emerge
    Train(train::TrainArguments),
    /// Audit a model's own logits and labels: balance, weights, neglect, calibration
    Audit(audit::AuditArguments),
    /// List the losses, with equations, laws and sources
    Losses(losses::ListLossesArguments),
    /// Check every claim, draw every figure, write one report
    Reproduce(reproduce::ReproduceArguments),
    /// Run an analysis: solve its problems, keep the records, draw its figures
    Run(run::RunArguments),
    /// Show the progress of a run
    Status(results::StatusArguments),
    /// Manage results: list, merge shards, verify, prune
    Results(results::ResultsArguments),
    /// Draw the figures and tables of a finished run anew
    Draw(draw::DrawArguments),
    /// List the shipped analyses, or copy one to edit
    Analyses(analyses::AnalysesArguments),
    /// Open the lecture page: change data, weights and losses by hand, see the stationary point
    Teach(teach::TeachArguments),
    /// Answer one lesson of the lecture page, from standard input
    #[command(hide = true)]
    Lesson,
}

/// Runs the program on the process's own arguments.
#[must_use]
pub(crate) fn run() -> ExitCode {
    answer_limits();
    name_files_cut_short();
    let arguments = match CommandLine::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return clap_exit(&error),
    };
    match dispatch(&arguments) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed) => ExitCode::from(1),
        Err(error) => {
            output::note(&format!("error: {}", cause(&error)));
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// What went wrong, and what may be behind it: nothing is found or written by a relative path in a directory that is gone.
fn cause(error: &anyhow::Error) -> String {
    match std::env::current_dir() {
        Ok(_) => format!("{error:#}"),
        Err(_) => format!("{error:#}; the working directory is gone, change to one that exists"),
    }
}

fn dispatch(arguments: &CommandLine) -> Result<Ending> {
    let threads = usize::from(arguments.threads);
    check_thread_variables()?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .with_context(|| format!("--threads {threads}: the threads cannot be started; ask for fewer"))?;
    let style = Style::choose(arguments.color);
    match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments, style),
        Command::Solve(arguments) => solve::run(arguments, style),
        Command::Predict(arguments) => predict::run(arguments),
        Command::Weights(arguments) => weights::run(arguments, style),
        Command::Search(arguments) => search::run(arguments, style),
        Command::Train(arguments) => train::run(arguments, style),
        Command::Audit(arguments) => audit::run(arguments, style),
        Command::Losses(arguments) => losses::run(arguments, style),
        Command::Reproduce(arguments) => reproduce::run(arguments, style),
        Command::Run(arguments) => run::run(arguments, style),
        Command::Status(arguments) => results::run_status(arguments, style),
        Command::Results(arguments) => results::run(arguments, style),
        Command::Draw(arguments) => draw::run(arguments, style),
        Command::Analyses(arguments) => analyses::run(arguments, style),
        Command::Teach(arguments) => teach::run(arguments),
        Command::Lesson => teach::run_lesson(),
    }
}

/// Without `--threads`, variables of the environment say how many there are; they have the same limit.
fn check_thread_variables() -> Result<()> {
    for name in ["RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"] {
        let Ok(value) = std::env::var(name) else { continue };
        let is_possible = value.is_empty()
            || value.trim().parse().is_ok_and(|threads| (0..=MAX_THREADS).contains(&threads));
        ensure!(
            is_possible,
            "{name}: {value:?}; set it to a number of threads up to {MAX_THREADS}, or unset it"
        );
    }
    Ok(())
}

/// Help and version end well, anything else is bad input: its first paragraph, as one line.
fn clap_exit(error: &clap::Error) -> ExitCode {
    let asked_for_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if asked_for_help || !error.use_stderr() {
        let printed = error.print().and_then(|()| std::io::stdout().flush());
        if let Err(why) = printed
            && why.kind() != std::io::ErrorKind::BrokenPipe
        {
            output::note(&format!("error: {}: {why}", output::UNWRITABLE));
            return ExitCode::from(BAD_INPUT);
        }
    } else {
        let text = error.to_string();
        let paragraph: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        output::note(&format!("{} (--help lists all options)", paragraph.join(" ")));
    }
    if error.use_stderr() { ExitCode::from(BAD_INPUT) } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use super::CommandLine;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }
}
