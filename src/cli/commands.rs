//! The first page of help: where to start, and every command under the task that it serves.

use clap::Command;
use std::fmt::Write;

/// A task, and the commands that serve it.
struct Task {
    title: &'static str,
    commands: &'static [&'static str],
}

/// All commands, in the order of the help.
const TASKS: [Task; 8] = [
    Task { title: "Understand a model", commands: &["audit", "solve", "predict", "losses"] },
    Task { title: "Choose class weights", commands: &["weights", "search"] },
    Task { title: "Check the theory", commands: &["verify", "reproduce"] },
    Task { title: "Make figures", commands: &["analyses", "run", "draw"] },
    Task { title: "Train a network", commands: &["train"] },
    Task { title: "Teach, or try it by hand", commands: &["teach"] },
    Task { title: "Look after results", commands: &["status", "results"] },
    Task { title: "Set up", commands: &["completions", "man", HELP] },
];

/// A command line for each of the first questions.
const START: [(&str, &str); 4] = [
    ("What weights did", "equipoise audit model.npz"),
    ("Which to use", "equipoise weights data.csv --label y --target equal-recall"),
    ("A figure", "equipoise run averaging"),
    ("A law, checked", "equipoise verify B5"),
];

/// Clap's own command.
pub(super) const HELP: &str = "help";
const ABOUT_HELP: &str = "Print this page, or the options of a command";

/// The program with its commands listed by task.
pub(super) fn by_task(command: Command) -> Command {
    let template = template(&command);
    command.help_template(template)
}

/// The page of help; in braces what clap fills in.
fn template(command: &Command) -> String {
    let styles = command.get_styles();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    let _ = write!(text, "\n{header}Start here:{header:#}\n");
    for (question, line) in START {
        let _ = writeln!(text, "  {question:<16}  {literal}{line}{literal:#}");
    }
    for task in &TASKS {
        let _ = write!(text, "\n{header}{}:{header:#}\n", task.title);
        for name in task.commands {
            let _ = writeln!(text, "  {literal}{name:<11}{literal:#}  {}", about(command, name));
        }
    }
    let _ = write!(text, "\n{header}Options of every command:{header:#}\n{{options}}{{after-help}}");
    text
}

fn about(command: &Command, name: &str) -> String {
    let found = command.find_subcommand(name).and_then(Command::get_about);
    found.map_or_else(|| ABOUT_HELP.to_owned(), ToString::to_string)
}

/// Commands that solve what an analysis file says. Their messages name keys of the file in the same way as settings.
const OF_ANALYSES: [&str; 6] = ["run", "draw", "results", "reproduce", "status", "analyses"];

/// The options that messages of a command may mean, without their dashes: those of all commands, since what is said about a
/// saved head or a file may be about an option of another one.
pub(super) fn options_named_by(name: &str, all: &Command) -> Vec<String> {
    let own = all.find_subcommand(name).filter(|_| OF_ANALYSES.contains(&name));
    own.map_or_else(|| options_of(all), options_of)
}

/// The options of a command and of those below it.
fn options_of(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|option| option.get_long().map(str::to_owned));
    own.chain(command.get_subcommands().flat_map(options_of)).collect()
}

/// Tasks and the commands that serve them.
#[cfg(test)]
pub(super) fn tasks() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TASKS.iter().map(|task| (task.title, task.commands))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CommandLine;
    use clap::CommandFactory;

    #[test]
    fn every_command_serves_one_task() {
        let command = CommandLine::command();
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
        let mut shown: Vec<&str> = shown.chain([HELP]).collect();
        let mut listed: Vec<&str> = TASKS.iter().flat_map(|task| task.commands).copied().collect();
        shown.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, shown);
    }

    #[test]
    fn what_follows_an_analysis_file_means_its_own_options_alone() {
        let command = CommandLine::command();
        let named = |name: &str, option: &str| options_named_by(name, &command).contains(&option.to_owned());
        assert!(named("predict", "offset") && named("audit", "drop"));
        assert!(named("results", "force") && !named("run", "test"));
        assert!(OF_ANALYSES.iter().all(|name| command.find_subcommand(name).is_some()));
    }

    #[test]
    fn the_first_page_fits_a_narrow_terminal() {
        const NARROW: usize = 80;
        let page = by_task(CommandLine::command()).term_width(NARROW).render_help().to_string();
        for line in page.lines() {
            assert!(line.chars().count() <= NARROW, "{line}");
        }
        for task in &TASKS {
            assert!(page.contains(task.title), "{page}");
        }
        assert!(!page.contains('{') && page.contains("--threads"), "{page}");
    }

    #[test]
    fn where_to_start_are_commands_that_there_are() {
        let command = CommandLine::command();
        for (_, line) in START {
            let name = line.split(' ').nth(1).expect("a command");
            assert!(command.find_subcommand(name).is_some(), "{line}");
            command.clone().try_get_matches_from(line.split(' ')).expect("well formed");
        }
    }
}
