//! docs/reference, a page for each command, is what clap knows of them.
//!
//! `EQUIPOISE_REFERENCE=write cargo test --bins reference` writes the pages anew.

use super::{CommandLine, commands};
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The pages by their names.
fn pages() -> BTreeMap<String, String> {
    let mut program = CommandLine::command();
    program.build();
    let commands = shown(&program).map(|command| (format!("{}.md", command.get_name()), page(command)));
    let commands: BTreeMap<String, String> = commands.collect();
    let index = ("commands.md".to_owned(), index(&program));
    commands.into_iter().chain([index]).collect()
}

/// Commands that a user sees.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != commands::HELP)
}

/// The commands by task, and the options of all.
fn index(program: &Command) -> String {
    let mut text = format!(
        "# Commands\n\n{}.\n\nThe pages of this part are what `equipoise help COMMAND` prints.\n",
        about(program)
    );
    for (task, names) in commands::tasks() {
        text += &format!("\n## {task}\n\n| command | what it does |\n| --- | --- |\n");
        for name in names.iter().filter(|&&name| name != commands::HELP) {
            let command = program.find_subcommand(name).expect("a command");
            text += &format!("| [`{name}`]({name}.md) | {} |\n", about(command));
        }
    }
    let everywhere = program.get_arguments().filter(|argument| argument.is_global_set());
    text += &format!("\n## Options of every command\n\n{}", table(everywhere));
    text + &format!(
        "\n## Exit codes and version\n\n{}\n`equipoise --version` names the commit and the features of the build.\n",
        after(program)
    )
}

fn page(command: &Command) -> String {
    let mut text = format!("# equipoise {}\n", command.get_name());
    text += &section(command);
    for below in shown(command) {
        text += &format!("\n## {}\n{}", below.get_name(), section(below));
    }
    text
}

/// A command: what it does, how it is called, its options under their headings, examples.
fn section(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let mut text = format!("\n{}.\n\n```text\n{usage}\n```\n", about(command).trim_end_matches('.'));
    let own =
        || command.get_arguments().filter(|argument| !argument.is_hide_set() && !argument.is_global_set());
    let is_standard = |argument: &&Arg| {
        matches!(argument.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong)
    };
    let mut headings: Vec<Option<&str>> = Vec::new();
    for argument in own().filter(|argument| !is_standard(argument)) {
        if !headings.contains(&argument.get_help_heading()) {
            headings.push(argument.get_help_heading());
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            text += &format!("\n**{heading}**\n");
        }
        let of_heading =
            own().filter(|argument| !is_standard(argument) && argument.get_help_heading() == heading);
        text += &format!("\n{}", table(of_heading));
    }
    text + &after(command)
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// Arguments, a row each.
fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows: String = arguments.map(row).collect();
    format!("| | |\n| --- | --- |\n{rows}")
}

fn row(argument: &Arg) -> String {
    let mut meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| argument.get_action().takes_values())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({help})", value.get_name()),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !values.is_empty() {
        meaning += &format!(". One of {}", values.join(", "));
    }
    let defaults: Vec<&str> =
        argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
    if !defaults.is_empty() && argument.get_action().takes_values() && !argument.is_hide_default_value_set() {
        meaning += &format!(" [default: {}]", defaults.join(","));
    }
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    format!("| `{}` | {} |\n", argument.to_string().replace('|', "\\|"), cell(&meaning))
}

/// What follows the options: examples as they are, paragraphs as text.
fn after(command: &Command) -> String {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut page = String::new();
    let mut in_block = false;
    for line in text.lines() {
        let is_code = line.starts_with("  ");
        if is_code != in_block {
            page += if is_code { "\n```text\n" } else { "```\n" };
            in_block = is_code;
        }
        page += &match (is_code, line.is_empty()) {
            (true, _) => format!("{}\n", line.strip_prefix("  ").unwrap_or(line)),
            (false, true) => String::new(),
            (false, false) => format!("\n{line}\n"),
        };
    }
    if in_block { page + "```\n" } else { page }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference")
}

#[test]
fn the_pages_are_those_of_the_commands() {
    let pages = pages();
    if std::env::var("EQUIPOISE_REFERENCE").is_ok_and(|what| what == "write") {
        fs::create_dir_all(directory()).expect("made");
        for (name, text) in &pages {
            fs::write(directory().join(name), text).expect("written");
        }
    }
    let there = fs::read_dir(directory()).expect("docs/reference");
    let there = there.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut there: Vec<String> = there.collect();
    there.sort_unstable();
    assert_eq!(there, pages.keys().cloned().collect::<Vec<_>>());
    for (name, text) in &pages {
        let stale = fs::read_to_string(directory().join(name)).expect("readable") != *text;
        assert!(!stale, "{name} is stale: EQUIPOISE_REFERENCE=write cargo test --bins reference");
    }
}

#[test]
fn every_option_has_its_row() {
    let pages = pages();
    let solve = &pages["solve.md"];
    for option in ["--label", "--class-weights", "--no-intercept", "--save", "--separator"] {
        assert!(solve.contains(&format!("| `{option}")), "{option}: {solve}");
    }
    assert!(solve.contains("equipoise solve data.csv --label species"), "{solve}");
    assert!(pages["results.md"].contains("\n## merge\n"), "{}", pages["results.md"]);
    assert!(!pages.contains_key("lesson.md"));
}
