//! Characters that are none: they never reach a terminal, a picture, Markdown or HTML.

use super::{MINE, assert_one_line, mine, program};
use std::path::Path;

/// Escape sequences, a control of eight bits, an override of the direction, and a separator of lines.
const BAD: [&str; 5] = ["\u{1b}]0;x\u{7}", "\u{9b}31m", "\u{202e}", "\u{2066}", "\u{2028}"];

fn is_bad(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[track_caller]
fn assert_clean(bytes: &[u8]) {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    assert_eq!(text.find(is_bad), None, "{text:?}");
}

/// Every file of text in a directory is clean.
#[track_caller]
fn assert_clean_files(directory: &Path) {
    for entry in std::fs::read_dir(directory).expect("listed").map(|entry| entry.expect("an entry").path()) {
        let ending = entry.extension().unwrap_or_default().to_string_lossy().into_owned();
        if ["svg", "md", "csv", "json", "toml", "html"].contains(&ending.as_str()) {
            assert_clean(&std::fs::read(&entry).expect("read"));
        }
    }
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("written");
}

#[test]
fn an_analysis_with_characters_that_are_no_text_is_refused_with_its_line() {
    let directory = tempfile::tempdir().expect("a directory");
    for bad in BAD {
        // As TOML writes it.
        let bad: String = bad.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
        for (from, to) in [
            ("caption = \"cap\"", format!("caption = \"a{bad}\"")),
            ("label = \"pen\"", format!("label = \"a{bad}\"")),
            ("title = \"t\"", format!("title = \"a{bad}\"")),
            ("loss = \"softmax\"", format!("loss = \"softmax\"\nlabel = \"a{bad}\"")),
            ("over = [0.01, 0.1]", format!("over = [0.01, 0.1]\nlabels = [\"a{bad}\", \"b\"]")),
        ] {
            write(directory.path(), "bad.toml", &mine(from, &to));
            let output = program(directory.path()).args(["run", "bad.toml"]).output().expect("it runs");
            assert_one_line(&output, &["bad.toml:", "which is no text"]);
            assert_clean(&output.stderr);
        }
    }
    write(directory.path(), "mine.toml", MINE);
    let output = program(directory.path()).args(["run", "mine.toml", "--set", "title=a\u{202e}b"]).output();
    assert_one_line(&output.expect("it runs"), &["--set title", "U+202E"]);
    assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 2, "nothing is begun");
}

#[test]
fn names_from_data_are_written_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    for bad in BAD {
        write(home, "data.csv", &format!("h{bad},y\n1,a{bad}c\n2,b\n3,a{bad}c\n4,b\n2,a{bad}c\n1,b\n"));
        write(home, "scores.csv", &format!("a{bad},b,label\n1,2,a{bad}\n2,1,b\n0,1,b\n"));
        for arguments in [
            &["solve", "data.csv", "--label", "y", "--l2", "0.1"][..],
            &["solve", "data.csv", "--label", "y", "--l2", "0.1", "--format", "json"],
            &["solve", "data.csv", "--label", "y", "--l2", "0.1", "--loss", "inr", "--save", "h.json"],
            // Headings are asked for as the file has them.
            &[
                "solve",
                "data.csv",
                "--label",
                "y",
                "--l2",
                "0.1",
                "--features",
                &format!("h{bad}"),
                "--save",
                "h.csv",
            ],
            &["predict", "h.json", "data.csv", "--out", "p.csv"],
            &["weights", "data.csv", "--label", "y", "--l2", "0.1", "--target", "equal-shortfall"],
            &["audit", "scores.csv"],
            &["audit", "scores.csv", "--format", "json"],
            &["audit", "scores.csv", "--format", "markdown"],
            &["audit", "scores.csv", "--format", "html"],
        ] {
            let output = program(home).args(arguments).output().expect("it runs");
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            assert_clean(&output.stdout);
            assert_clean(&output.stderr);
        }
        // Two names that differ in such a character alone stay two.
        write(home, "two.csv", &format!("x,y\n1,ac\n2,a{bad}c\n3,ac\n4,a{bad}c\n2,b\n"));
        let mut command = program(home);
        command.args(["solve", "two.csv", "--label", "y", "--l2", "0.1", "--format", "json"]);
        let output = command.output().expect("it runs");
        let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(record["classes"].as_array().map(Vec::len), Some(3), "{record}");
    }
    for saved in ["h.json", "h.csv", "p.csv"] {
        assert_clean(&std::fs::read(home.join(saved)).expect("saved"));
    }
}

/// A table in a file that a browser takes for a page would be markup of strangers.
#[test]
fn an_audit_is_written_as_the_name_of_its_file_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    write(home, "a.csv", "<img src=x>,b,label\n1,2,<img src=x>\n2,1,b\n0,1,b\n");
    for (name, more, begins) in [
        ("a.html", &[][..], "<!DOCTYPE html>"),
        ("a.HTM", &[], "<!DOCTYPE html>"),
        ("a.json", &[], "{"),
        ("a.md", &[], "|"),
        ("a.txt", &[], ""),
        ("b.html", &["--format", "json"], "{"),
    ] {
        let output =
            program(home).args(["audit", "a.csv", "--out", name]).args(more).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(home.join(name)).expect("written");
        assert!(text.contains(begins), "{name}: {text}");
        assert_eq!(text.contains("<img"), begins == "{" || name == "a.txt", "{name}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn paths_are_shown_without_what_is_no_text() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    write(home, "mine.toml", MINE);
    for bad in ["\u{1b}[31m", "\u{1b}]0;x\u{7}", "\u{202e}", "\n"] {
        let out = format!("o{bad}x");
        for arguments in [
            &["run", "mine.toml", "--out", &out, "--format", "svg"][..],
            &["draw", &out, "--format", "svg"],
            &["status", &out],
            &["results", "list", &out],
            &["solve", &out, "--label", "y"],
            &["audit", &out],
        ] {
            let output = program(home).args(arguments).output().expect("it runs");
            assert_clean(&output.stdout);
            assert_clean(&output.stderr);
        }
        assert_clean_files(&home.join(&out));
    }
}

#[test]
fn markdown_and_html_hold_no_markup_of_strangers() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    for (name, raw) in [
        ("<img src=x onerror=alert(1)>", "<img"),
        ("<script>alert(1)</script>", "<script>alert"),
        ("[here](javascript:alert(1))", "[here]("),
        ("a`b`", "a`b`"),
        ("a|b", "a|b"),
    ] {
        write(
            home,
            "m.toml",
            &mine("loss = \"logistic\"", &format!("loss = \"logistic\"\nlabel = '{name}'")),
        );
        let output =
            program(home).args(["run", "m.toml", "--out", "m", "--force", "--format", "svg"]).output();
        assert!(output.expect("it runs").status.success());
        let table = std::fs::read_to_string(home.join("m/T1-mine.md")).expect("written");
        assert!(!table.contains(raw), "{table}");
        write(home, "a.csv", &format!("{name},b,label\n1,2,{name}\n2,1,b\n0,1,b\n"));
        let markdown =
            program(home).args(["audit", "a.csv", "--format", "markdown"]).output().expect("it runs");
        let markdown = String::from_utf8_lossy(&markdown.stdout).into_owned();
        assert!(!markdown.is_empty() && !markdown.contains(raw), "{markdown}");
        let html = program(home).args(["audit", "a.csv", "--format", "html"]).output().expect("it runs");
        let html = String::from_utf8_lossy(&html.stdout).into_owned();
        assert!(
            !html.is_empty() && (raw.starts_with('[') || raw.contains(['`', '|']) || !html.contains(raw))
        );
    }
}

/// A line of a name is no line of the output.
#[test]
fn paths_are_printed_on_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "mine.toml", MINE);
    let forged = "a\nerror: forged\u{202e}";
    for arguments in [
        &["run", "mine.toml", "--out", forged, "--format", "svg"][..],
        &["draw", forged, "--format", "svg"],
        &["analyses", "copy", "averaging", &format!("{forged}.toml")],
        &["man", &format!("{forged}-man")],
    ] {
        let output = program(directory.path()).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_clean(&output.stdout);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(!printed.lines().any(|line| line.starts_with("error:")), "{printed}");
    }
}
