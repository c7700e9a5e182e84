//! Comparisons of losses: tables of differences, and the large comparison broken off and gone on with.

use super::{equipoise, read};
use equipoise::analysis::{Results, compare, comparison_tables};
use predicates::prelude::*;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use toml::{Table, Value};

const TWO_LOSSES: &str = r#"name = "two"
title = "Two losses"
repetitions = 4
measure = ["test_accuracy", "test_recall", "iterations"]
test = { share = 0.3 }
penalty = 1e-2

[data.tabular]
set = "thyroid"

[[series]]
loss = "logistic"

[[series]]
loss = "softmax"

[[table]]
id = "T9"
measures = ["test_accuracy", "test_recall", "iterations"]

[[table.family]]
name = "accuracy"
measure = "test_accuracy"
against = ["LGL"]

[[figure]]
id = "F9"
caption = "Differences."

[figure.plot.forest]
table = "T9"
family = "accuracy"

[[figure.plot.forest.panels]]
x_axis = { label = "percentage points" }
"#;

fn with(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("two.toml"), text).expect("written");
    directory
}

#[test]
fn differences_come_first_and_units_follow_the_measure() {
    let directory = with(TWO_LOSSES);
    let run = equipoise(directory.path()).args(["run", "two.toml", "--format", "svg"]).assert().success();
    let text = String::from_utf8(run.get_output().stdout.clone()).expect("text");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}"));
    let headings = [
        "accuracy: difference of test accuracy, percentage points, mean [95% interval]",
        "SML − LGL",
        "corrected resampled t tests (Nadeau and Bengio 2003)",
        "test accuracy, %: mean ± standard deviation over 4 draws",
        "test recall, %: mean",
        "class 2",
        "iterations: mean",
    ];
    let places: Vec<usize> = headings.iter().map(|heading| place(heading)).collect();
    assert!(places.is_sorted(), "{places:?}\n{text}");
    // A finished run draws its tables again, byte for byte.
    let [markdown, csv] = ["two/T9-two.md", "two/T9-two.csv"].map(|file| directory.path().join(file));
    let written = [read(&markdown), read(&csv)];
    std::fs::remove_file(&markdown).expect("removed");
    std::fs::write(&csv, "").expect("written");
    equipoise(directory.path()).args(["draw", "two", "--format", "svg", "--force"]).assert().success();
    assert_eq!([read(&markdown), read(&csv)], written);
    assert!(written[1].starts_with("point,measure,class,series,draws,failed,mean,deviation,family,against,"));
}

#[test]
fn two_draws_are_not_tested() {
    let directory = with(&TWO_LOSSES.replace("repetitions = 4", "repetitions = 2"));
    equipoise(directory.path()).args(["run", "two.toml", "--format", "svg"]).assert().success().stdout(
        predicate::str::contains("nothing is tested: a test takes 3 draws or more")
            .and(predicate::str::contains('[').count(1)),
    );
    let csv = read(directory.path().join("two/T9-two.csv"));
    let tested = csv.lines().find(|line| line.contains(",accuracy,LGL,2,")).expect("a difference");
    assert!(tested.ends_with(",,,,,"), "{tested}");
}

#[test]
fn what_cannot_be_compared_is_named_by_its_line() {
    for (from, to, line, expected) in [
        ("against = [\"LGL\"]", "against = [\"LGX\"]", 24, "there is no `LGX`; did you mean `LGL`?"),
        (
            "measure = \"test_accuracy\"",
            "measure = \"test_recall\"",
            23,
            "say which number of it, such as `test_recall.0`",
        ),
        ("measure = \"test_accuracy\"", "measure = \"accuracy\"", 23, "is not measured"),
        ("family = \"accuracy\"", "family = \"accurate\"", 32, "did you mean `accuracy`?"),
        ("table = \"T9\"", "table = \"T8\"", 31, "there is no `T8`"),
        ("against = [\"LGL\"]", "series = [\"LGL\"]\nagainst = [\"LGL\"]", 25, "there is nothing to compare"),
    ] {
        let directory = with(&TWO_LOSSES.replacen(from, to, 1));
        equipoise(directory.path()).args(["run", "two.toml"]).assert().code(2).stdout("").stderr(
            predicate::str::contains(expected)
                .and(predicate::str::contains(format!("two.toml:{line}:")))
                .and(predicate::str::contains("\n").count(1)),
        );
    }
}

/// An image set of 28 x 28 pixels in IDX files: a bar whose place is the class, and noise.
fn write_image_set(directory: &Path, seed: u32) {
    std::fs::create_dir_all(directory).expect("a directory");
    for (part, count) in [("train", 200_u32), ("t10k", 40)] {
        let (mut images, mut labels) = (vec![0, 0, 8, 3], vec![0, 0, 8, 1]);
        for size in [count, 28, 28] {
            images.extend(size.to_be_bytes());
        }
        labels.extend(count.to_be_bytes());
        let mut noise = seed;
        for image in 0..count {
            let class = image % 10;
            labels.push(u8::try_from(class).expect("a digit"));
            for pixel in 0..28 * 28_u32 {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let bar = u32::from(pixel / 28 / 3 == class) * 100;
                images.push(u8::try_from(bar + (noise >> 24) / 2).expect("a byte"));
            }
        }
        std::fs::write(directory.join(format!("{part}-images-idx3-ubyte")), images).expect("written");
        std::fs::write(directory.join(format!("{part}-labels-idx1-ubyte")), labels).expect("written");
    }
}

/// The large comparison on tiny image sets, with a tiny network and few epochs; its losses, families and search as they are.
fn tiny_comparison() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("analyses/comparison.toml");
    let text = read(file)
        .replace("/usr/share/datasets/fashion-mnist", "one")
        .replace("/usr/share/datasets/mnist", "other")
        .replace("largest = 1200, ratio = 100.0", "largest = 20, ratio = 4.0");
    let mut analysis: Table = text.parse().expect("TOML");
    analysis.insert("repetitions".to_owned(), Value::Integer(1));
    let training = analysis["training"].as_table_mut().expect("a table");
    training
        .insert("halving".to_owned(), "epochs = 1\nextensions = 1".parse::<Table>().expect("TOML").into());
    let recipe = training["recipe"].as_table_mut().expect("a table");
    recipe.insert("epochs".to_owned(), Value::Integer(2));
    let layers = "layers = [{ max_pool = 4 }, { linear = 8 }, \"relu\"]".parse::<Table>().expect("TOML");
    recipe.insert("network".to_owned(), layers.into());
    toml::to_string(&analysis).expect("TOML")
}

#[test]
fn the_large_comparison_goes_on_where_it_was_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    for (set, seed) in [("one", 1), ("other", 2)] {
        write_image_set(&home.join(set), seed);
    }
    std::fs::write(home.join("tiny.toml"), tiny_comparison()).expect("written");
    let run = |out: &str| {
        equipoise(home)
            .args(["run", "tiny.toml", "--format", "svg", "--out", out])
            .assert()
            .code(predicate::in_iter([0, 1]))
    };
    run("whole");
    let mut killed = Command::new(env!("CARGO_BIN_EXE_equipoise"))
        .args(["run", "tiny.toml", "--format", "svg", "--out", "killed"])
        .current_dir(home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let journal = home.join("killed/records.jsonl");
    let begun = Instant::now();
    let records = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    while records() < 10 && begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().expect("killed");
    killed.wait().expect("ended");
    let kept = records();
    assert!((10..80).contains(&kept), "{kept} of 80 records when it was killed");
    run("killed").stdout(predicate::str::contains(" of them earlier)"));
    for file in ["records.json", "T11-comparison.md", "T11-comparison.csv", "F33-comparison.svg"] {
        assert_eq!(read(home.join("killed").join(file)), read(home.join("whole").join(file)), "{file}");
    }
}

#[test]
fn estimates_count_rates_epochs_and_images() {
    let directory = tempfile::tempdir().expect("a directory");
    for (set, seed) in [("one", 1), ("other", 2)] {
        write_image_set(&directory.path().join(set), seed);
    }
    std::fs::write(directory.path().join("tiny.toml"), tiny_comparison()).expect("written");
    equipoise(directory.path()).args(["run", "tiny.toml", "--estimate"]).assert().success().stdout(
        predicate::str::is_match("trainings +80\n")
            .expect("an expression")
            .and(predicate::str::contains("at most 5\n"))
            // Five rates for an epoch and three for another.
            .and(predicate::str::contains("at most 8 over all rates"))
            .and(predicate::str::contains("longest training"))
            .and(predicate::str::contains("memory on as many")),
    );
}

/// The analysis of a table, whose records are in `figures`.
fn analysis_of(id: &str) -> &'static str {
    match id {
        "T1" => "digits-table",
        "T2" => "images-table",
        "T10" => "tabular",
        other => panic!("{other} is no table of which there are records"),
    }
}

/// The committed table of an id, without the marks of Markdown.
fn committed(id: &str) -> String {
    let analysis = analysis_of(id);
    let file = format!("figures/{analysis}/{id}-{analysis}.md");
    read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).replace('\\', "")
}

/// The cell of a row and column in the table of a measure: that of a difference in the table of a family.
fn cell(text: &str, measure: &str, row: &str, column: &str) -> Option<String> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let of_measure = |heading: &str| {
        let (_, heading) = heading.split_once("** ").unwrap_or_default();
        let before = if row.contains(" − ") { "difference of " } else { "" };
        let rest = heading
            .split_once(&format!("{before}{measure}"))
            .filter(|(first, _)| !before.is_empty() || first.is_empty());
        rest.is_some_and(|(_, rest)| rest.starts_with([',', ':']))
    };
    let mut table: Option<Vec<String>> = None;
    let mut wanted = false;
    for line in text.lines() {
        if line.starts_with("**") {
            (wanted, table) = (of_measure(line), None);
        } else if let (true, true, Some(columns)) = (wanted, line.starts_with('|'), &table) {
            let found = cells(line);
            if let (true, Some(place)) = (found[0] == row, columns.iter().position(|name| name == column)) {
                return Some(found[place].clone());
            }
        } else if wanted && line.starts_with('|') {
            table = Some(cells(line));
        }
    }
    None
}

#[test]
fn every_number_that_the_document_states_is_in_the_tables() {
    let document = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comparison.md"));
    let (_, said) = document.split_once("## What it shows").expect("a section");
    let mut count = 0;
    for line in said.lines().filter(|line| line.starts_with("| T")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let &[table, measure, row, column, stated] = cells.as_slice() else { panic!("{line}") };
        let found = cell(&committed(table), measure, row, column);
        assert_eq!(found, Some(stated.replace('\\', "")), "{line}");
        count += 1;
    }
    assert!(count >= 10, "{count} numbers");
    // Nothing is stated beside the table that is not in it.
    let prose = said.lines().filter(|line| !line.starts_with('|')).collect::<Vec<_>>().join("\n");
    let number = prose.split_whitespace().find(|word| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        word.contains('.') && word.starts_with(|letter: char| letter.is_ascii_digit())
    });
    assert_eq!(number, None, "a number outside of the table");
}

#[test]
fn the_committed_tables_are_those_of_the_records() {
    // Those of images are drawn with the image sets at hand alone.
    for id in ["T1", "T10"] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures").join(analysis_of(id));
        let results = Results::read(&directory).expect("finished results");
        let plan = results.experiment.analysis.table.iter().find(|plan| plan.id == id).expect("a table");
        let text = committed(id);
        let tables = comparison_tables(&compare(&results, plan));
        assert!(tables.len() > 5, "{id}");
        for row in tables.iter().flat_map(|table| &table.rows) {
            let line = format!("| {} |", row.join(" | "));
            assert!(text.contains(&line), "{id}: {line}");
        }
    }
}
