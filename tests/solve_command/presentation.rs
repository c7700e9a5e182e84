//! How results are presented: tables, JSON on any number of threads, saved files, help.

use super::run::{Folder, groups};
use assert_cmd::cargo::cargo_bin;
use std::fmt::Write;
use std::process::{Command, Stdio};

const COUNTS: [&[usize]; 2] = [&[5, 2, 9], &[3, 8, 4]];

/// A table without time and rounding errors, which differ between machines.
fn untimed(table: &str) -> String {
    let mut in_classes = false;
    let mut lines = Vec::new();
    for line in table.lines() {
        in_classes = line.starts_with("class ") || (in_classes && !line.is_empty());
        lines.push(match line.split_once(" after ") {
            Some((status, _)) => status,
            None if line.starts_with("gradient at") => line.split_once(':').map_or(line, |(kept, _)| kept),
            None if line.contains("of its terms") => "of its terms",
            None if in_classes => line.rsplit_once(' ').map_or(line, |(kept, _)| kept.trim_end()),
            None => line,
        });
    }
    lines.join("\n")
}

/// What is said of the table of these tests.
const READ: &str = "read data.csv (CSV): label y, classes c0, c1, c2; features x; 31 rows\n";

#[test]
fn a_table_of_a_softmax_problem() {
    let run = Folder::with(groups(&COUNTS)).solve(&["--class-weights", "1,2.5,1", "--l2", "1e-3"]);
    assert_eq!((run.code, run.complained.as_str()), (0, READ));
    insta::assert_snapshot!(untimed(&run.printed));
}

#[test]
fn a_table_of_an_inr_problem_notes_that_weights_have_no_say() {
    let run =
        Folder::with(groups(&COUNTS)).solve(&["--loss", "inr", "--beta", "4", "--class-weights", "balanced"]);
    assert_eq!(run.code, 0);
    let said = run.complained.strip_prefix(READ).expect("what was taken for what");
    assert!(said.starts_with("note: class weights leave LGL-INR unchanged"), "{said}");
    insta::assert_snapshot!(untimed(&run.printed));
}

#[test]
fn names_from_the_file_stay_in_their_cells() {
    let csv = "y,\"a very long name, with\na line break\"\n\"x\u{1b}[2J\",1\nz,2\n\"x\u{1b}[2J\",3\nz,1.5\n";
    let run = Folder::with(csv).solve(&[]);
    assert_eq!(run.code, 0);
    assert!(!run.printed.contains('\u{1b}'));
    assert!(run.printed.contains("\na very lon…ine break  "), "{}", run.printed);
}

#[test]
fn json_is_the_same_on_any_number_of_threads() {
    let mut csv = "y,a,b,c\n".to_owned();
    for row in 0..4000_u32 {
        let (at, class) = (f64::from(row), row * row / 7 % 3);
        writeln!(
            csv,
            "{class},{},{},{}",
            (at * 1.3).sin(),
            (at * 0.31).cos() + f64::from(class) * 0.3,
            at.sqrt()
        )
        .expect("written");
    }
    let folder = Folder::with(csv);
    for loss in ["softmax", "logistic", "inr"] {
        let [one, two] = ["1", "2"].map(|threads| {
            let run = folder.solve(&["--loss", loss, "--format", "json", "--threads", threads]);
            assert_eq!(run.code, 0, "{run:?}");
            run.without_seconds()
        });
        assert_eq!(one, two, "{loss}");
    }
}

#[test]
fn the_way_a_file_is_written_makes_no_difference() {
    let plain = groups(&COUNTS);
    let quoted = plain.replace(',', "\",\"").replace('\n', "\"\n\"");
    let quoted = format!("\"{}", quoted.strip_suffix('"').expect("a last line"));
    let solve = |csv: &str| Folder::with(csv).solve(&["--format", "json"]).without_seconds();
    let expected = solve(&plain);
    for other in [plain.replace('\n', "\r\n"), format!("\u{feff}{plain}"), quoted] {
        assert_eq!(solve(&other), expected);
    }
}

#[test]
fn the_saved_file_is_the_json_and_replaces_an_older_one() {
    let folder = Folder::with(groups(&COUNTS));
    std::fs::write(folder.file("head.json"), "an older file").expect("written");
    let run = folder.solve(&["--format", "json", "--save", "head.json"]);
    assert_eq!(run.code, 0);
    assert_eq!(std::fs::read_to_string(folder.file("head.json")).expect("read"), run.printed);
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 2);
}

#[test]
fn colour_comes_only_when_asked_for() {
    let folder = Folder::with(groups(&COUNTS));
    assert!(!folder.solve(&[]).printed.contains('\u{1b}'));
    assert!(!folder.solve(&["--color", "never"]).printed.contains('\u{1b}'));
    assert!(folder.solve(&["--color", "always"]).printed.contains("\u{1b}[32mstationary\u{1b}[0m"));
}

#[test]
fn every_command_has_help_with_examples() {
    let folder = Folder::with("");
    for command in ["solve", "verify", "reproduce"] {
        let run = folder.run(&[command, "--help"]);
        assert_eq!(run.code, 0);
        assert!(run.printed.contains("Examples:\n  equipoise "), "{}", run.printed);
    }
    let first = folder.run(&["--help"]);
    for part in [
        "\nStart here:\n",
        "\nUnderstand a model:\n  audit ",
        "\nLook after results:\n  status ",
        "Exit codes: 0 done",
    ] {
        assert!(first.code == 0 && first.printed.contains(part), "{part}: {}", first.printed);
    }
}

#[test]
fn the_version_names_commit_and_features() {
    let folder = Folder::with("");
    let version = format!("equipoise {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.run(&["-V"]).printed, version);
    let long = folder.run(&["--version"]).printed;
    let lines: Vec<&str> = long.lines().collect();
    assert_eq!(lines.len(), 3, "{long}");
    assert!(long.starts_with(&version) && lines[1].starts_with("commit: "), "{long}");
    assert!(
        lines[2].starts_with("features: ") && lines[2].split(' ').any(|feature| feature == "cli"),
        "{long}"
    );
}

#[test]
fn shells_and_man_have_their_files() {
    let folder = Folder::with("");
    for (shell, words) in
        [("bash", "complete -F"), ("zsh", "#compdef equipoise"), ("fish", "complete -c equipoise")]
    {
        let run = folder.run(&["completions", shell]);
        assert!(
            run.code == 0 && run.printed.contains(words) && run.printed.contains("no-intercept"),
            "{shell}"
        );
    }
    let run = folder.run(&["man", "pages"]);
    assert_eq!(run.code, 0, "{}", run.complained);
    let page = std::fs::read_to_string(folder.file("pages/equipoise-solve.1")).expect("a page");
    assert!(page.starts_with(".ie") && page.contains("no\\-intercept"), "{page}");
    for other in ["equipoise.1", "equipoise-results-merge.1"] {
        assert!(folder.file("pages").join(other).is_file(), "{other}");
    }
    assert!(!folder.file("pages/equipoise-lesson.1").exists(), "hidden");
    // Nothing is written over what is no file, and nothing before that is known.
    std::fs::remove_file(folder.file("pages/equipoise-solve.1")).expect("removed");
    std::fs::create_dir(folder.file("pages/equipoise-solve.1")).expect("made");
    std::fs::write(folder.file("pages/equipoise.1"), "kept").expect("written");
    let run = folder.run(&["man", "pages"]);
    assert_eq!((run.code, run.complained.lines().count()), (2, 1), "{}", run.complained);
    assert_eq!(std::fs::read_to_string(folder.file("pages/equipoise.1")).expect("read"), "kept");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = Folder::with(groups(&COUNTS));
    let mut child = Command::new(cargo_bin("equipoise"))
        .current_dir(folder.path())
        .args(["solve", "data.csv", "--label", "y", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, READ);
}
