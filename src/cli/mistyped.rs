//! Arguments that cannot be read, in one line: what is wrong, and what was probably meant.

use super::CommandLine;
use super::commands::HELP;
use clap::error::{ContextKind, ContextValue};
use clap::{Command, CommandFactory, Error};
use equipoise::analysis::Shipped;
use equipoise::claims::claim_ids;
use equipoise::loss::{loss_meant, loss_named};
use equipoise::nearest::nearest;

/// What parsers of numbers say, and what is needed.
const PARSERS: [(&str, &str); 3] = [
    ("invalid digit found in string", "give a whole number"),
    ("invalid float literal", "give a number"),
    ("number too large to fit in target type", "give a smaller number"),
];

/// The line.
pub(super) fn line(error: &Error) -> String {
    let text = error.to_string();
    let paragraph: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let meant = meant(error).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    let what = PARSERS.iter().fold(paragraph.join(" "), |text, (theirs, ours)| text.replace(theirs, ours));
    format!("{what}{meant} ({})", where_to_look(error))
}

/// What lists the alternatives.
fn where_to_look(error: &Error) -> &'static str {
    match unknown_command(error) {
        Some(_) => "equipoise --help lists all commands",
        None => "--help lists all options",
    }
}

/// What was probably meant: the nearest name, or the command that takes what was given in place of one.
fn meant(error: &Error) -> Option<String> {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let names = kinds.into_iter().find_map(|kind| error.get(kind)).and_then(|names| match names {
        ContextValue::String(name) => Some(name.clone()),
        // The nearest comes last.
        ContextValue::Strings(names) => names.last().cloned(),
        _ => None,
    });
    unknown_command(error)
        .and_then(command_that_takes)
        .or(names)
        .or_else(|| unknown_command(error).and_then(|word| command_meant(error, word)))
        .or_else(|| unknown_loss(error).and_then(loss_meant).map(str::to_owned))
}

/// The command that `help` was probably asked about: clap compares those only that are to be run.
fn command_meant(error: &Error, word: &str) -> Option<String> {
    let root = CommandLine::command();
    let names: Vec<&str> =
        parent(error, &root).get_subcommands().map(Command::get_name).chain([HELP]).collect();
    nearest(word, &names).map(str::to_owned)
}

/// The command that has none of the name: the usage in the error begins with its words.
fn parent<'a>(error: &Error, root: &'a Command) -> &'a Command {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    usage.split_whitespace().fold(root, |command, word| command.find_subcommand(word).unwrap_or(command))
}

/// What was given as a loss, if that is what is wrong.
fn unknown_loss(error: &Error) -> Option<&str> {
    match (error.get(ContextKind::InvalidArg)?, error.get(ContextKind::InvalidValue)?) {
        (ContextValue::String(option), ContextValue::String(name)) if option.starts_with("--loss ") => {
            Some(name)
        }
        _ => None,
    }
}

fn unknown_command(error: &Error) -> Option<&str> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) => Some(word.as_str()),
        _ => None,
    }
}

/// The command that takes the name of an analysis, a claim or a loss.
fn command_that_takes(word: &str) -> Option<String> {
    let claim = word.to_uppercase();
    if Shipped::named(word).is_ok() {
        Some(format!("equipoise run {word}"))
    } else if claim_ids().contains(&claim.as_str()) {
        Some(format!("equipoise verify {claim}"))
    } else {
        loss_named(word).map(|_| format!("equipoise losses {word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::line;
    use crate::cli::CommandLine;
    use clap::CommandFactory;

    fn said(arguments: &str) -> String {
        let arguments = ["equipoise"].into_iter().chain(arguments.split(' '));
        line(&CommandLine::command().try_get_matches_from(arguments).expect_err("wrong"))
    }

    #[test]
    fn the_nearest_name_is_asked_for() {
        for (arguments, meant) in [
            ("slove data.csv", "; did you mean solve?"),
            ("verfy", "; did you mean verify?"),
            ("solve data.csv --lable y", "; did you mean --label?"),
            ("solve data.csv --label y --format jsn", "; did you mean json?"),
            ("results lst out", "; did you mean list?"),
            ("averaging", "; did you mean equipoise run averaging?"),
            ("b5", "; did you mean equipoise verify B5?"),
            ("focal", "; did you mean equipoise losses focal?"),
            ("help sovle", "; did you mean solve?"),
            ("help analyses cpy", "; did you mean copy?"),
            ("solve data.csv --label y --loss SML", "; did you mean softmax?"),
            ("solve data.csv --label y --loss cross_entropy", "; did you mean softmax?"),
        ] {
            let line = said(arguments);
            assert!(line.contains(meant) && !line.contains('\n'), "{arguments}: {line}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_asked_for_in_words() {
        for (arguments, words) in [
            ("--threads many verify", "give a whole number"),
            ("solve data.csv --label y --tolerance tiny", "give a number"),
            ("solve data.csv --label y --seed 99999999999999999999", "give a smaller number"),
        ] {
            let line = said(arguments);
            assert!(line.contains(words), "{arguments}: {line}");
        }
    }

    #[test]
    fn where_nothing_is_near_nothing_is_guessed() {
        for arguments in [
            "xyzzy",
            "help xyzzy",
            "results shw",
            "solve data.csv --qqq",
            "solve data.csv --label y --format 12345",
        ] {
            let line = said(arguments);
            assert!(!line.contains("did you mean") && line.contains("--help lists all"), "{line}");
        }
    }
}
