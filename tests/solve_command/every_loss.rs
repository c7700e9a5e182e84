//! Every loss of the table, with its parameters as `audit` and `train` spell them.

use super::run::{Folder, groups, number, numbers, solved};
use equipoise::loss::LOSS_TABLE;

/// Three overlapping classes of unequal size over four groups.
const OVERLAPPING: [&[usize]; 4] = [&[9, 4, 2], &[7, 6, 1], &[5, 3, 3], &[8, 2, 2]];

#[test]
fn all_end_at_a_stationary_point_that_double_double_arithmetic_confirms() {
    for row in LOSS_TABLE {
        let record = solved(groups(&OVERLAPPING), &["--loss", row.name, "--l2", "1e-2"]);
        assert_eq!(record["loss_name"], row.name);
        let plan = serde_json::to_value(&row.default).expect("JSON");
        assert_eq!(record["loss_plan"], plan, "{}", row.name);
        assert!(number(&record["recomputed"]["relative_gradient"]) < 1e-12, "{}: {record}", row.name);
        assert_eq!(record.get("continues").is_some(), !row.convex, "{}", row.name);
    }
}

#[test]
fn parameters_change_the_answer() {
    for (loss, options) in [
        ("focal", &["--gamma", "0.5"][..]),
        ("focal", &["--focal-of", "weighted-loss", "--class-weights", "1,2,3"]),
        ("sigmoid-focal", &["--alpha", "0.5"]),
        ("label-smoothing", &["--smoothing", "0.3"]),
        ("label-smoothing", &["--smoothing-weights", "sample", "--class-weights", "1,2,3"]),
        ("logit-adjusted", &["--strength", "0.5"]),
        ("ldam", &["--margin", "0.1", "--scale", "4"]),
        ("vector-scaling", &["--gamma", "0.4"]),
        ("pos-weight", &["--positive-weights", "1,2,3"]),
        ("seesaw", &["--compensation", "1"]),
        ("soft-selection", &["--alpha", "2"]),
    ] {
        let of = |options: &[&str]| {
            let record = solved(groups(&OVERLAPPING), &[&["--loss", loss, "--l2", "1e-2"], options].concat());
            numbers(&record["intercepts"])
        };
        let apart = |(one, other): (&f64, &f64)| (one - other).abs() > 1e-6;
        assert!(of(options).iter().zip(&of(&[])).any(apart), "{loss} {options:?}");
    }
}

#[test]
fn a_loss_that_is_not_convex_says_which_point_it_is_and_how_it_bends() {
    let run = Folder::with(groups(&OVERLAPPING)).solve(&["--loss", "focal", "--gamma", "3", "--l2", "1e-2"]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in [
        "focal, gamma 3.0: ",
        "local minimum: smallest Hessian eigenvalue",
        "which one: the stationary point that continues the search that begins at zero",
    ] {
        assert!(run.printed.contains(words), "{}", run.printed);
    }
    let convex = Folder::with(groups(&OVERLAPPING)).solve(&["--loss", "ldam", "--l2", "1e-2"]);
    assert!(!convex.printed.contains("which one"), "{}", convex.printed);
}

#[test]
fn a_rare_class_under_equalization_has_no_stationary_point() {
    let run = Folder::with(groups(&OVERLAPPING)).solve(&["--loss", "equalization", "--rare", "0.2"]);
    assert_eq!(run.code, 1, "{run:?}");
    for words in ["not converged", "class c2", "grows without end", "What to do: lower --rare"] {
        assert!(run.printed.contains(words), "{}", run.printed);
    }
}

/// Factors of classes change the head along which the loss falls, not whether there is one.
#[test]
fn separable_data_are_separable_for_scaled_logits_too() {
    let run = Folder::with("y,x\na,1\na,2\na,2\nb,3\nb,4\n").solve(&["--loss", "vector-scaling"]);
    assert_eq!(run.code, 1, "{run:?}");
    for words in ["separable", "along that head, each row divided by its class's factor", "add a penalty"] {
        assert!(run.printed.contains(words), "{}", run.printed);
    }
}

#[test]
fn separable_data_are_separable_for_the_focal_loss_too() {
    let run = Folder::with("y,x\na,1\na,2\nb,3\nb,4\n").solve(&["--loss", "focal"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.printed.contains("separable") && run.printed.contains("add a penalty"), "{}", run.printed);
}

#[test]
fn options_of_another_loss_are_refused() {
    for (options, words) in [
        (&["--loss", "ldam", "--gamma", "2"][..], "--gamma: goes with --loss focal, sigmoid-focal"),
        (&["--loss", "focal", "--gamma", "-1"], "--loss focal: gamma = -1; give a number from 0"),
        (&["--loss", "focal", "--starts", "3"], "--starts: goes with --loss inr only"),
        (&["--loss", "pos-weight", "--positive-weights", "1,2"], "2 positive weights for 3 classes"),
        (&["--positive-weights", "1,2,3"], "--positive-weights: goes with --loss pos-weight only"),
    ] {
        let run = Folder::with(groups(&OVERLAPPING)).solve(options);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{run:?}");
        assert!(run.complained.contains(words) && run.complained.lines().count() == 1, "{}", run.complained);
    }
}
