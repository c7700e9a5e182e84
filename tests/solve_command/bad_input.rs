//! Bad input: exit 2, one line on standard error that says what and where, nothing printed, nothing written.

use super::run::Folder;
use equipoise::data::Labels;

const GOOD: &str = "y,x\na,1\nb,2\na,3\nb,0\n";

/// Runs with `--save` and expects one line with all of `parts`.
#[track_caller]
fn refused(csv: impl AsRef<[u8]>, arguments: &[&str], parts: &[&str]) {
    let folder = Folder::with(csv);
    let run = folder.run(&[arguments, &["--save", "head.json"]].concat());
    assert_eq!((run.code, run.printed.as_str()), (2, ""), "{run:?}");
    assert!(run.complained.starts_with("error: "), "{}", run.complained);
    assert_eq!(run.complained.lines().count(), 1, "{}", run.complained);
    for part in parts {
        assert!(run.complained.contains(part), "{} lacks {part:?}", run.complained);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "something was written");
}

#[track_caller]
fn refused_file(csv: impl AsRef<[u8]>, parts: &[&str]) {
    refused(csv, &["solve", "data.csv", "--label", "y"], parts);
}

#[track_caller]
fn refused_options(options: &[&str], parts: &[&str]) {
    refused(GOOD, &[&["solve", "data.csv", "--label", "y"], options].concat(), parts);
}

#[test]
fn files_that_cannot_be_read() {
    refused(GOOD, &["solve", "dat.csv", "--label", "y"], &["cannot read dat.csv", "no such file"]);
    refused(GOOD, &["solve", ".", "--label", "y"], &["cannot read .", "directory"]);
    refused_file("", &["data.csv: is empty"]);
    refused_file("y,x\n", &["data.csv: holds a header but no rows"]);
}

#[test]
fn columns_that_do_not_exist() {
    let options = ["solve", "data.csv", "--label", "z"];
    refused(GOOD, &options, &["data.csv: line 1", "there is no column \"z\"", "\"y\", \"x\""]);
    refused_options(&["--features", "x,w"], &["there is no column \"w\""]);
    refused_options(&["--features", "x,y"], &["feature \"y\": is the label column"]);
}

#[test]
fn classes_that_are_missing() {
    refused_file("y,x\na,1\na,2\n", &["column \"y\"", "one class only, \"a\""]);
    // A file cannot hold a class without a sample, hence no more classes than samples; the library refuses both.
    let names = |count: usize| (0..count).map(|class| format!("c{class}")).collect();
    let empty = Labels::new(vec![0, 0, 2], names(3)).expect_err("an empty class").to_string();
    assert!(empty.contains("class c1: has no sample"), "{empty}");
    assert!(Labels::new(vec![0, 1], names(3)).is_err());
}

#[test]
fn cells_that_are_no_finite_numbers() {
    refused_file("y,x\na,1\nb,NaN\n", &["data.csv: line 3, column \"x\"", "\"NaN\" marks a missing value"]);
    refused_file("y,x\na,-inf\nb,1\n", &["line 2, column \"x\"", "\"-inf\" is not finite"]);
    refused_file("y,x\na,1e400\nb,1\n", &["line 2, column \"x\"", "too large"]);
    refused_file("y,x\na,tall\nb,1\n", &["line 2, column \"x\"", "\"tall\" is not a number"]);
    refused_file("y,x\na,1\nb,\n", &["line 3, column \"x\"", "empty"]);
    refused_file(b"y,x\na,1\nb,\xff\n", &["line 3, column \"x\"", "UTF-8"]);
}

#[test]
fn rows_that_are_ragged() {
    refused_file("y,x\na,1\nb,2,3\n", &["data.csv: line 3", "3 cells, but the header has 2 columns"]);
    refused_file("y,x\na,1\nb\n", &["data.csv: line 3", "1 cell, but the header has 2 columns"]);
}

#[test]
fn class_weights_that_cannot_be_used() {
    let weights = |text: &str, parts: &[&str]| refused_options(&["--class-weights", text], parts);
    weights("-1,2", &["weight -1 of class a must be a positive"]);
    weights("1,0", &["weight 0 of class b must be a positive"]);
    weights("1,inf", &["weight inf of class b"]);
    weights("NaN,1", &["weight NaN of class a"]);
    weights("3", &["1 given for 2 classes (a, b)"]);
    weights("1,2,3", &["3 given for 2 classes (a, b)"]);
    weights("1,,2", &["--class-weights: \"\" is not a number"]);
    weights("even", &["--class-weights: \"even\" is not a number", "none, balanced"]);
}

#[test]
fn parameters_out_of_range() {
    let number = "must be a number between 0 and 1e100";
    refused_options(&["--loss", "inr", "--beta", "-1"], &["--loss inr: beta = -1; give a number from 0"]);
    refused_options(&["--loss", "inr", "--beta", "inf"], &["--loss inr: beta = inf; give a number from 0"]);
    refused_options(&["--l2", "-1"], &["--l2: -1", number]);
    refused_options(&["--l2", "nan"], &["--l2: NaN", number]);
    refused_options(&["--beta", "2"], &["--beta: goes with --loss inr only"]);
    refused_options(&["--loss", "logistic", "--detached"], &["--detached: goes with --loss inr only"]);
}

#[test]
fn places_that_cannot_be_saved_to() {
    let refused_save = |target: &str, parts: &[&str]| {
        let folder = Folder::with(GOOD);
        let run = folder.solve(&["--save", target]);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{run:?}");
        assert!(parts.iter().all(|part| run.complained.contains(part)), "{}", run.complained);
        assert_eq!(std::fs::read_to_string(folder.file("data.csv")).expect("read"), GOOD);
    };
    refused_save(
        "missing/head.json",
        &["error: --save missing/head.json: cannot write into missing: there is no such directory; make it"],
    );
    refused_save(".", &["is not a regular file"]);
    refused_save("./data.csv", &["is the file that is read"]);
}

#[test]
fn arguments_that_make_no_sense_to_the_parser() {
    let folder = Folder::with(GOOD);
    let lines: [&[&str]; 7] = [
        &[],
        &["solv"],
        &["solve", "data.csv"],
        &["solve", "data.csv", "--label", "y", "--loss", "hinge"],
        &["solve", "data.csv", "--label", "y", "--l2", "much"],
        &["solve", "data.csv", "--label", "y", "--threads", "-1"],
        &["solve", "data.csv", "--label", "y", "--threads", "100000"],
    ];
    for line in lines {
        let run = folder.run(line);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{line:?}");
        assert!(!run.complained.is_empty());
    }
}
