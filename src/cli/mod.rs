//! The command line: one file per subcommand, each of which parses, calls the library, and prints.
//!
//! Exit codes: 0 done, 1 a claim failed or the answer does not exist, 2 bad input.

mod analyses;
mod audit;
mod calibration;
mod class_weights;
mod classification;
mod commands;
mod comparison_table;
mod completions;
mod data_arguments;
#[cfg(test)]
mod documents;
mod draw;
mod files;
mod inference;
mod loss_arguments;
mod losses;
mod man;
mod mistyped;
mod new_data;
mod offset;
mod output;
mod penalty;
mod predict;
mod progress;
#[cfg(test)]
mod reference;
mod reproduce;
mod results;
mod run;
mod search;
mod separation;
mod solve;
mod solve_estimate;
mod solve_table;
mod sweep;
mod teach;
mod train;
mod verdict_table;
mod verify;
mod version;
mod weights;
mod weights_table;

use anyhow::{Context, Result, ensure};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
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

/// Heading of the options that say how a result is printed and kept.
const OUTPUT: &str = "Output";

/// Threads at most: more take minutes to start.
const MAX_THREADS: i64 = 1024;

/// Exit code for bad input.
const BAD_INPUT: u8 = 2;

const EXIT_CODES: &str = "Exit codes: 0 done; 1 a claim failed, or the answer does not exist; 2 bad input.
`equipoise help COMMAND` lists the options of a command and shows examples.";

/// What logistic and softmax losses settle to, and the laws that hold there.
#[derive(Debug, Parser)]
#[command(version, long_version = version::LONG, after_help = EXIT_CODES, arg_required_else_help = true)]
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
    /// Check claims on hundreds of drawn problems and on real digits
    Verify(verify::VerifyArguments),
    /// Solve a linear head on your data to a certified stationary point
    Solve(solve::SolveArguments),
    /// Predict for new samples with a head that solve saved
    Predict(predict::PredictArguments),
    /// Find class weights that meet a target, such as equal recalls
    Weights(weights::WeightsArguments),
    /// Search for data on which a class weight has an unexpected effect
    Search(search::SearchArguments),
    /// Train a small network and watch its balance, epoch by epoch
    Train(train::TrainArguments),
    /// Say what logits and labels of a trained model show
    Audit(audit::AuditArguments),
    /// List the losses, with equations, laws and sources
    Losses(losses::ListLossesArguments),
    /// Check every claim, draw every figure, write one report
    Reproduce(reproduce::ReproduceArguments),
    /// Run an analysis file: solve, keep the records, draw the figures
    Run(run::RunArguments),
    /// Show the progress of a run
    Status(results::StatusArguments),
    /// Manage results: list, merge shards, verify, prune
    Results(results::ResultsArguments),
    /// Draw the figures and tables of a finished run anew
    Draw(draw::DrawArguments),
    /// List the shipped analyses, or copy one to edit
    Analyses(analyses::AnalysesArguments),
    /// Open a page on which data, weights and losses are moved by hand
    Teach(teach::TeachArguments),
    /// Print the completions of a shell
    Completions(completions::CompletionsArguments),
    /// Write the manual pages into a directory
    Man(man::ManArguments),
    /// Answer one lesson of the lecture page, from standard input
    #[command(hide = true)]
    Lesson,
}

/// Runs the program on the process's own arguments.
#[must_use]
pub(crate) fn run() -> ExitCode {
    answer_limits();
    name_files_cut_short();
    let parsed = commands::by_task(CommandLine::command()).try_get_matches();
    let named = parsed.as_ref().ok().and_then(|matches| matches.subcommand_name()).unwrap_or_default();
    output::call_settings_by(commands::options_named_by(named, &CommandLine::command()));
    let arguments = match parsed.and_then(|matches| CommandLine::from_arg_matches(&matches)) {
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
        Command::Completions(arguments) => completions::run(arguments, CommandLine::command()),
        Command::Man(arguments) => man::run(arguments, CommandLine::command()),
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

/// Help and version end well, anything else is bad input, in one line.
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
        output::note(&mistyped::line(error));
    }
    if error.use_stderr() { ExitCode::from(BAD_INPUT) } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use super::{CommandLine, commands};
    use clap::{Command, CommandFactory};

    #[test]
    fn the_command_line_is_well_formed() {
        commands::by_task(CommandLine::command()).debug_assert();
    }

    /// A heading goes on for the options below it, until there is another.
    #[test]
    fn options_are_under_their_own_headings() {
        let command = CommandLine::command();
        let headed = |name: &str, heading: &str| -> Vec<String> {
            let command = command.find_subcommand(name).expect("a command");
            let options = command.get_arguments().filter(|option| option.get_help_heading() == Some(heading));
            options.map(|option| option.get_id().to_string()).collect()
        };
        let table = ["separator", "decimal", "thousands", "encoding", "skip_lines", "no_header", "comment"];
        for name in ["solve", "weights", "audit", "predict"] {
            assert_eq!(headed(name, "Format of a text table"), table, "{name}");
        }
        for name in ["solve", "weights", "audit", "train"] {
            let loss = headed(name, "Loss");
            assert!(
                loss.contains(&"gamma".to_owned()) && !loss.contains(&"l2".to_owned()),
                "{name}: {loss:?}"
            );
            assert!(headed(name, super::OUTPUT).contains(&"format".to_owned()), "{name}");
        }
    }

    /// What follows the options is wrapped to the terminal, so that a paragraph is one line; clap never makes a line wider than this.
    #[test]
    fn paragraphs_below_the_options_are_left_to_the_terminal_to_wrap() {
        const WIDEST: usize = 100;
        fn check(command: &Command) {
            let name = command.get_name();
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2) {
                let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
                let ends = |line: &str| line.ends_with(['.', ';']);
                let broken = is_text(pair[0]) && is_text(pair[1]) && !ends(pair[0]);
                assert!(!broken, "{name}: a paragraph is broken: {pair:?}");
            }
            let wide = lines.iter().find(|line| line.starts_with(' ') && line.chars().count() > WIDEST);
            assert_eq!(wide, None, "{name}: an example is too wide");
            command.get_subcommands().for_each(check);
        }
        check(&CommandLine::command());
    }
}
