//! `solve --l2 A..B:N`: a sweep over penalties, chosen on held-out samples; and `--estimate`.

use super::run::{Folder, number};
use std::fmt::Write;

/// Three classes that overlap, in two features.
fn overlapping() -> String {
    let mut csv = "y,a,b\n".to_owned();
    for sample in 0..240_u32 {
        let (class, turn) = (sample % 3, f64::from(sample));
        let value = |phase: f64| {
            f64::from(class) * phase.cos() + 1.2 * (turn * (1.3 + phase) + 0.05 * turn * turn).sin()
        };
        writeln!(csv, "{},{},{}", ["ant", "bee", "cat"][class as usize], value(0.3), value(1.9))
            .expect("written");
    }
    csv
}

#[test]
fn the_best_of_a_sweep_is_solved_for_over_all_samples() {
    let folder = Folder::with(overlapping());
    let run = folder.solve(&["--l2", "1e-4..1:9", "--test", "0.25", "--seed", "3", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let record = run.json();
    let sweep = &record["sweep"];
    let penalties = sweep["penalties"].as_array().expect("a list");
    assert_eq!((penalties.len(), sweep["solved_over"].as_str()), (9, Some("all_samples")));
    let at = |place: usize, name: &str| number(&penalties[place][name]);
    assert_eq!((at(0, "l2"), at(8, "l2")), (1.0, 1e-4));
    let least = (0..9).min_by(|&a, &b| at(a, "log_loss").total_cmp(&at(b, "log_loss"))).expect("nine");
    assert_eq!(number(&sweep["best"]), at(least, "l2"));
    // Every head of the sweep is that of a solve of its own on the same split, but for what a relative gradient of 1e-8 leaves.
    for place in [0, 4, 8] {
        let l2 = format!("{:e}", at(place, "l2"));
        let alone = folder.solve(&["--l2", &l2, "--test", "0.25", "--seed", "3", "--format", "json"]).json();
        let test = &alone["test"];
        assert!(
            (number(&test["calibration"]["log_loss"]) / at(place, "log_loss") - 1.0).abs() < 1e-7,
            "{l2}"
        );
        assert_eq!(number(&test["accuracy"]), at(place, "accuracy"), "{l2}");
    }
    // The answer is that of all samples, none of which is left to test on.
    let best = format!("{:e}", number(&sweep["best"]));
    let whole = folder.solve(&["--l2", &best, "--format", "json"]).json();
    assert!((number(&whole["loss"]) / number(&record["loss"]) - 1.0).abs() < 1e-12);
    assert!(record["test"].is_null() && number(&record["class_counts"][0]) == 80.0);
    assert!(number(&record["gradient_inf"]) < 1e-12);
}

#[test]
fn a_file_to_test_on_is_left_out_of_the_answer_and_the_table_says_so() {
    let folder = Folder::with(overlapping());
    std::fs::copy(folder.file("data.csv"), folder.file("other.csv")).expect("copied");
    let options =
        ["--l2", "1e-3..1e-1:3", "--test", "other.csv", "--standardize", "--class-weights", "balanced"];
    let run = folder.solve(&options);
    assert_eq!(run.code, 0, "{run:?}");
    let parts = [
        "sweep over 3 penalties, tested on other.csv",
        "best by log loss: l2 0.00100, solved over the samples of the sweep",
    ];
    assert!(parts.iter().all(|part| run.printed.contains(part)), "{}", run.printed);
    assert!(
        run.printed.contains("test on other.csv") || run.printed.contains("other.csv"),
        "{}",
        run.printed
    );
}

#[test]
fn a_sweep_that_cannot_be_is_refused_in_one_line() {
    let folder = Folder::with(overlapping());
    for (options, part) in [
        (&["--l2", "1e-3..1:5"][..], "--l2: a sweep goes with --test"),
        (&["--l2", "1..1e-3:5", "--test", "0.2"], "from a positive number to a larger one"),
        (&["--l2", "1e-3..1:1", "--test", "0.2"], "2 to 1000 penalties"),
        (&["--l2", "1e-3..1:5", "--test", "0.2", "--standard-errors"], "--standard-errors: a penalty biases"),
    ] {
        let run = folder.solve(options);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{run:?}");
        assert!(run.complained.contains(part), "{}", run.complained);
    }
}

/// A sweep without an answer writes nothing, and says so.
#[test]
fn a_sweep_without_an_answer_names_what_is_not_written() {
    let folder = Folder::with(overlapping());
    let run = folder.solve(&[
        "--l2",
        "1e-3..1:3",
        "--test",
        "0.2",
        "--time-limit",
        "1e-9",
        "--save",
        "head.json",
        "--predict",
        "data.csv",
        "--out",
        "p.csv",
    ]);
    assert_eq!(run.code, 1, "{run:?}");
    for name in ["head.json", "p.csv"] {
        assert!(run.complained.contains(&format!("{name} is not written")), "{}", run.complained);
        assert!(!folder.file(name).exists());
    }
}

/// As JSON too: how the search ended at every penalty, and no number that is none.
#[test]
fn a_sweep_without_an_answer_is_json_that_names_every_outcome() {
    let folder = Folder::with(overlapping());
    let sweep = ["--l2", "1e-3..1:3", "--test", "0.2"];
    let run = folder.solve(&[&sweep[..], &["--time-limit", "1e-9", "--format", "json"]].concat());
    assert_eq!(run.code, 1, "{run:?}");
    let record = run.json();
    assert_eq!(record["status"], "not_converged");
    let penalties = record["penalties"].as_array().expect("a list");
    assert_eq!(
        penalties.iter().map(|one| number(&one["l2"])).collect::<Vec<_>>(),
        [1.0, 10.0_f64.powf(-1.5), 1e-3]
    );
    for penalty in penalties {
        assert_eq!(penalty["status"], "not_converged");
        assert!(penalty["why"].as_str().is_some_and(|why| !why.is_empty()), "{penalty}");
    }
    let run = folder.solve(&[&sweep[..], &["--time-limit", "1e-9"]].concat());
    assert_eq!(run.printed.matches("not converged").count(), 3, "{}", run.printed);
    // With an answer every penalty says so.
    let record = folder.solve(&[&sweep[..], &["--format", "json"]].concat()).json();
    let penalties = record["sweep"]["penalties"].as_array().expect("a list");
    assert!(penalties.iter().all(|one| one["status"] == "stationary" && one["why"].is_null()), "{record}");
}

/// What an estimate does not do is not passed over, and what takes longest is counted.
#[test]
fn an_estimate_counts_starts_and_refuses_what_it_does_not_do() {
    let folder = Folder::with(overlapping());
    let run = folder.solve(&["--estimate", "--loss", "inr", "--starts", "99"]);
    assert!(run.code == 0 && run.printed.contains("problems                   100\n"), "{run:?}");
    for more in
        [&["--format", "json"][..], &["--save", "head.json"], &["--predict", "data.csv", "--out", "p.csv"]]
    {
        let run = folder.solve(&[&["--estimate"], more].concat());
        assert!(run.code == 2 && run.complained.contains("cannot be used with"), "{run:?}");
    }
}

#[test]
fn an_estimate_solves_nothing() {
    let run = Folder::with(overlapping()).solve(&["--estimate", "--l2", "1e-3..1:5", "--test", "0.2"]);
    assert_eq!(run.code, 0, "{run:?}");
    let parts = [
        "192 samples, 2 features, 3 classes",
        "problems",
        "processor time",
        "memory beside the samples",
        "at most",
    ];
    assert!(parts.iter().all(|part| run.printed.contains(part)), "{}", run.printed);
    assert!(!run.printed.contains("stationary"));
}
