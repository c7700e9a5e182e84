//! Commands in README and docs are commands that there are, with the options that they take.

use super::CommandLine;
use clap::CommandFactory;
use std::fs::{read_dir, read_to_string};
use std::path::Path;

/// Blocks of shell commands of a page.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next())
}

/// The calls of the program among the lines of a shell, without the program's name.
fn calls(block: &str) -> Vec<Vec<String>> {
    let joined = block.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap_or(line));
    let commands = lines.flat_map(|line| line.split(['|', ';', '&']).map(str::trim));
    let call = |command: &str| {
        let command = command.split(['>', '<']).next().unwrap_or(command);
        let words = words(command);
        let rest = ["equipoise", "cargo run --release --"].iter().find_map(|program| {
            let program: Vec<&str> = program.split(' ').collect();
            let is_it =
                words.len() >= program.len() && words.iter().zip(&program).all(|(word, name)| word == name);
            is_it.then(|| words[program.len()..].to_vec())
        });
        rest.filter(|arguments| !arguments.is_empty())
    };
    commands.filter_map(call).collect()
}

/// Words, of which those in quotes hold spaces.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split(['"', '\'']).enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Calls that the program would refuse, and how many there are.
fn refused(page: &str) -> (Vec<String>, usize) {
    let calls: Vec<Vec<String>> = blocks(page).flat_map(calls).collect();
    let why = |call: &Vec<String>| {
        let words = ["equipoise".to_owned()].into_iter().chain(call.iter().cloned());
        let error = CommandLine::command().try_get_matches_from(words).err()?;
        error.use_stderr().then(|| format!("{}: {}", call.join(" "), super::mistyped::line(&error)))
    };
    (calls.iter().filter_map(why).collect(), calls.len())
}

#[test]
fn every_command_in_a_document_can_be_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = read_dir(root.join("docs")).expect("docs").map(|entry| entry.expect("an entry").path());
    let pages = docs.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let mut seen = 0;
    for path in pages.chain([root.join("README.md"), root.join("CONTRIBUTING.md")]) {
        let (refused, calls) = refused(&read_to_string(&path).expect("readable"));
        assert_eq!(refused, Vec::<String>::new(), "{}", path.display());
        seen += calls;
    }
    assert!(seen > 60, "{seen} commands");
}

#[test]
fn a_command_that_cannot_be_called_is_seen() {
    let page = "```sh\nequipoise solve data.csv --lable y   # a remark\nequipoise verify B5 | head > x\nls; equipoise slove\n```";
    let (refused, calls) = refused(page);
    assert_eq!((refused.len(), calls), (2, 3), "{refused:?}");
    assert!(refused[0].contains("did you mean --label?") && refused[1].contains("did you mean solve?"));
}
