//! README and tutorial as a newcomer follows them: every block of commands is run, and prints what is printed below it.

use assert_cmd::cargo::cargo_bin;
use std::path::Path;
use std::process::Command;

/// What marks text that is left out: alone on a line for any number of lines.
const LEFT_OUT: &str = "…";

/// A block of commands, and what a page says they print.
struct Example<'a> {
    commands: &'a str,
    printed: &'a str,
}

/// Blocks of commands that are followed by a block of output.
fn examples(page: &str) -> Vec<Example<'_>> {
    let mut found = Vec::new();
    for rest in page.split("```sh\n").skip(1) {
        let Some((commands, after)) = rest.split_once("```\n") else { continue };
        let Some(output) = after.strip_prefix("\n```text\n") else { continue };
        let printed = output.split("```").next().unwrap_or(output);
        found.push(Example { commands, printed });
    }
    found
}

/// Whether a line is as a page has it, `…` for any part and a time for any other.
fn is_line(pattern: &str, line: &str) -> bool {
    let (pattern, line) = (without_times(pattern), without_times(line));
    let mut parts = pattern.split(LEFT_OUT);
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    for part in parts {
        match rest.find(part) {
            // The last part ends the line.
            _ if part.is_empty() => rest = "",
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

/// A line with its seconds taken out.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_time = |at: usize| words.get(at + 1) == Some(&"s") && words[at].parse::<f64>().is_ok();
    (0..words.len()).map(|at| if is_time(at) { "SECONDS" } else { words[at] }).collect::<Vec<_>>().join(" ")
}

/// The first line of a page that is not among what was printed, in order.
fn missing<'a>(expected: &'a str, printed: &str) -> Option<&'a str> {
    let lines: Vec<&str> = printed.lines().collect();
    let mut at = 0;
    let mut may_skip = false;
    for pattern in expected.lines() {
        if pattern == LEFT_OUT {
            may_skip = true;
            continue;
        }
        let found = lines[at..].iter().position(|line| is_line(pattern, line));
        match found {
            Some(skipped) if may_skip || skipped == 0 => at += skipped + 1,
            _ => return Some(pattern),
        }
        may_skip = false;
    }
    (at < lines.len() && !may_skip).then_some("nothing more")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

/// Runs all examples of a page, one after another in one directory.
fn follow(page: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join(page)).expect("readable");
    let directory = tempfile::tempdir().expect("a directory");
    copy(&root.join("examples/digits"), &directory.path().join("examples/digits"));
    let program = cargo_bin("equipoise");
    let bin = program.parent().expect("a directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path))).expect("paths");
    let examples = examples(&page);
    assert!(examples.len() >= 3, "{} examples", examples.len());
    for Example { commands, printed } in examples {
        let output = Command::new("sh")
            .args(["-ec", commands])
            .current_dir(directory.path())
            .env("PATH", &path)
            .env_remove("COLUMNS")
            .output()
            .expect("a shell");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{commands}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(missing(printed, &said), None, "{commands}{said}");
    }
}

#[cfg(unix)]
#[test]
fn the_readme_does_what_it_says() {
    follow("README.md");
}

#[cfg(unix)]
#[test]
fn the_tutorial_does_what_it_says() {
    follow("docs/tutorial.md");
}

#[test]
fn what_is_not_printed_is_seen() {
    let printed = "one 1.5 s\ntwo\nthree\nfour\n";
    for sound in ["one 2 s\ntwo\nthree\nfour\n", "…\nthree\n…\n", "one …\n…\nfo…r\n", "…\n"] {
        assert_eq!(missing(sound, printed), None, "{sound}");
    }
    for (wrong, line) in [
        ("one 2 s\nthree\n…\n", "three"),
        ("…\nthree\ntwo\n…\n", "two"),
        ("one 2 s\ntwo\n", "nothing more"),
        ("…\nfive\n", "five"),
    ] {
        assert_eq!(missing(wrong, printed), Some(line), "{wrong}");
    }
}

/// What documents say that `verify R3` finds.
#[test]
fn the_limit_of_the_repair_is_as_documents_say() {
    let output = Command::new(cargo_bin("equipoise")).args(["verify", "R3"]).output().expect("run");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains("the bound was broken in 64 of 494 columns, by up to 0.533"), "{said}");
    for (page, words) in [
        ("docs/findings.md", "64 of 494 that break it, by up to 0.533"),
        (
            "docs/paper/results.md",
            "494 such columns (three classes or more, `verify R3`, seed 1) 64 break the bound, by up to 0.533",
        ),
    ] {
        let page =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("readable");
        assert!(page.contains(words), "{words}");
    }
}
