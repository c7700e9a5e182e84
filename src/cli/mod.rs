//! The command line: one file per subcommand, each of which parses, calls the library, and prints.
//!
//! Exit codes: 0 done, 1 a claim failed or the answer does not exist, 2 bad input.

mod output;
mod reproduce;
mod solve;
mod solve_record;
mod solve_table;
mod verdict_table;
mod verify;

use clap::{Parser, Subcommand};
use output::{ColorChoice, Style};
use std::io::Write;
use std::process::ExitCode;

/// What a subcommand ended in, short of bad input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Everything asked for was done, and every claim held.
    Done,
    /// A claim failed, or the answer does not exist.
    Negative,
}

const EXAMPLES: &str = "Examples:
  equipoise reproduce                      every claim, every figure, one page
  equipoise verify B5 A                    one claim and one family of claims
  equipoise solve data.csv --label species --loss softmax --class-weights balanced
  equipoise solve data.csv --label y --loss inr --beta 5 --l2 1e-3 --format json

Exit codes: 0 done; 1 a claim failed, or the answer does not exist; 2 bad input.";

/// What logistic and softmax losses settle to: certified stationary points, and the laws that hold there.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Threads to use; every result is the same on any number of them [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// When to colour the output; `NO_COLOR` is honoured
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the theory's claims over many drawn problems and real digits
    Verify(verify::Arguments),
    /// Solve a linear head on a CSV file to a certified stationary point
    Solve(solve::Arguments),
    /// Check every claim, draw every figure, write one report
    Reproduce(reproduce::Arguments),
}

/// Runs the program on the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return clap_exit(&error),
    };
    if let Some(threads) = arguments.threads {
        // A second pool cannot be asked for: this is the first thing the process does.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let style = Style::choose(arguments.color);
    let ending = match arguments.command {
        Command::Verify(arguments) => verify::run(&arguments, style),
        Command::Solve(arguments) => solve::run(&arguments, style),
        Command::Reproduce(arguments) => reproduce::run(&arguments, style),
    };
    match ending {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Negative) => ExitCode::from(1),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, causes after colons; nothing sensible is left to do when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "error: {}", output::one_line(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}

/// Help and version end well, anything else is bad input.
fn clap_exit(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}
