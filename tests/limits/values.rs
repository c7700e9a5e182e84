//! Numbers of analyses and options that cannot be: refused with the file's line before anything is solved.

use super::{assert_one_line, mine, program};

#[test]
fn axes_that_cannot_be_drawn_are_refused_before_the_work() {
    for limits in [
        "low = 0.0, scale = \"log\"",
        "low = -0.0, scale = \"log\"",
        "low = inf, scale = \"log\"",
        "high = 0.0, scale = \"log\"",
        "low = 5e-324, scale = \"log\"",
        "ticks = [0.0, 1.0], scale = \"log\"",
        "low = nan",
        "high = nan",
        "low = inf, high = inf",
        "low = -1e308, high = 1e308",
        "low = 1.0, high = 0.0",
        "low = 1.0, high = 1.0",
        "ticks = [inf]",
    ] {
        refused("low = 0.0", limits, "y_axis");
        refused("label = \"pen\"", &format!("label = \"pen\", {limits}"), "x_axis");
    }
}

#[test]
fn numbers_without_end_are_refused_before_the_work() {
    for (from, to, key) in [
        ("repetitions = 2", "repetitions = 10000000", "repetitions"),
        ("repetitions = 2", "repetitions = 0", "repetitions"),
        ("repetitions = 2", "repetitions = 2\npenalty = nan", "penalty"),
        (
            "repetitions = 2",
            "repetitions = 2\nclass_weights = { log_uniform = { low = 0.0, high = 1.0 } }",
            "class_weights",
        ),
        (
            "repetitions = 2",
            "repetitions = 2\nclass_weights = { log_uniform = { low = 2.0, high = 1.0 } }",
            "class_weights",
        ),
        (
            "repetitions = 2",
            "repetitions = 2\nclass_weights = { log_uniform = { low = 1e-308, high = 1e308 } }",
            "class_weights",
        ),
        (
            "loss = \"softmax\"",
            "loss = \"softmax\"\noptimizer = { lbfgs = { iterations = 18446744073709551 } }",
            "optimizer",
        ),
        (
            "loss = \"softmax\"",
            "loss = \"softmax\"\noptimizer = { gradient_descent = { iterations = 0 } }",
            "optimizer",
        ),
        ("over = [0.01, 0.1]", "over = [0.01, inf]", "sweep"),
        (
            "keys = [\"penalty\"]\nover = [0.01, 0.1]",
            "keys = [\"repetitions\"]\nover = [1, 5000000]",
            "repetitions",
        ),
        ("id = \"F1\"", "id = \"F1\"\nheight = 1e308", "height"),
        ("caption = \"cap\"", "caption = \"{mean shortfall.9 of LGL at pen=0.01}\"", "caption"),
        ("caption = \"cap\"", "caption = \"{mean shortfall.0 of LGL at pen=0.01, pen=0.1}\"", "caption"),
    ] {
        refused(from, to, key);
    }
    let long = "x".repeat(240);
    refused("name = \"mine\"", &format!("name = \"{long}\""), "name");
    refused("id = \"F1\"", &format!("id = \"{long}\""), "id");
    refused("id = \"T1\"", &format!("id = \"{long}\""), "id");
}

/// The analysis with a change is refused with its line, and nothing is begun.
#[track_caller]
fn refused(from: &str, to: &str, key: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), mine(from, to)).expect("written");
    for more in [&["--out", "o", "--format", "svg"][..], &["--estimate"]] {
        let output = program(directory.path()).args(["run", "a.toml"]).args(more).output().expect("it runs");
        assert_one_line(&output, &["a.toml:", key]);
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 1, "{to}: something is begun");
}

#[test]
fn options_without_end_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("s.csv"), "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n").expect("written");
    for (option, value) in [
        ("--starts", "9223372036854775807"),
        ("--starts", "1000001"),
        ("--beta", "1e308"),
        ("--l2", "1e308"),
        ("--l2", "-1e308"),
        ("--tolerance", "-1e300"),
        ("--time-limit", "-1e300"),
    ] {
        let mut command = program(directory.path());
        let output =
            command.args(["solve", "s.csv", "--label", "y", "--loss", "inr", option, value]).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{option} {value}: {said}");
        assert!(
            said.lines().count() == 1 && said.contains(option.trim_start_matches('-')) && said.len() < 250,
            "{said}"
        );
    }
}

/// A double may have 309 digits; no message has.
#[test]
fn messages_have_no_number_of_hundreds_of_digits() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("written");
    write("s.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n");
    write("a.csv", "a,b,label\n1,1e300,0\n2,1,1\n");
    write("b.csv", &format!("x,y\n1,{}.5\n2,1\n", "9".repeat(300)));
    write("c.csv", "a,b,label\n1,2,0\n2,1,1\n");
    write("mine.toml", super::MINE);
    for arguments in [
        "solve s.csv --label y --l2 1e308",
        "solve s.csv --label y --class-weights 1,1e308",
        "solve s.csv --label y --class-weights 1,1e-320",
        "solve s.csv --label y --class-weights effective:1e308",
        "solve b.csv --label y",
        "weights s.csv --label y --target shortfall:-1e308,1 --l2 1",
        "audit a.csv",
        "audit a.csv --probabilities",
        "audit a.csv --tolerance 1e308",
        "audit a.csv --l2 -1e308",
        "audit a.csv --loss focal --gamma 1e308",
        "audit a.csv --loss ldam --margin 1e308 --scale 1",
        "train --rate -1e308",
        "train --decay -1e308",
        "train --momentum 1e308",
        "train --schedule step:1:-1e308",
        "train --polish 1e308",
        "search own --l2 1e308",
        "run mine.toml --set data.gaussian.variance=-1e308",
        "run mine.toml --set class_weights=[1e308,-1e308]",
    ] {
        let output = program(directory.path()).args(arguments.split(' ')).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(said.len() < 350 && !said.contains("00000000000000000000000000"), "{arguments}: {said}");
    }
    for arguments in [
        "audit c.csv --loss inr --beta 5e-324",
        "audit c.csv --loss seesaw --mitigation 1e-308",
        "audit c.csv --loss ldam --scale 1e-308 --format markdown",
        "solve s.csv --label y --time-limit 1e-308",
    ] {
        let output = program(directory.path()).args(arguments.split(' ')).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 1)) && !said.is_empty(), "{arguments}: {said}");
        assert!(!said.contains("00000000000000000000000000"), "{arguments}: {said}");
    }
}

/// The differences between these values are more than doubles hold, or so are their sums.
#[test]
fn features_too_far_apart_end_in_a_named_status() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, width) in [("far", 1.7e308), ("wide", 0.8e308)] {
        let row = |i: i32| format!("{0:e},{0:e},{1}\n", if i % 2 == 0 { width } else { -width }, i / 3 % 2);
        let rows: String = (0..100).map(row).collect();
        std::fs::write(directory.path().join("far.csv"), format!("x,z,y\n{rows}")).expect("written");
        for loss in ["softmax", "logistic", "inr", "focal", "seesaw"] {
            for more in [&[][..], &["--l2", "0.01"], &["--standardize"]] {
                let mut command = program(directory.path());
                command.args(["solve", "far.csv", "--label", "y", "--loss", loss]).args(more);
                let output = command.output().expect("it runs");
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(matches!(output.status.code(), Some(0..=2)), "{name} {loss} {more:?}: {said}");
                assert!(
                    !said.contains("NaN") && !said.contains("panicked"),
                    "{name} {loss} {more:?}: {said}"
                );
            }
        }
    }
    let far = mine("[[-1.0, 0.0], [1.0, 0.5]]", "[[1e308, 0.0], [-1e308, 0.0]]");
    std::fs::write(directory.path().join("a.toml"), far).expect("written");
    let output =
        program(directory.path()).args(["run", "a.toml", "--format", "svg"]).output().expect("it runs");
    assert!(matches!(output.status.code(), Some(1 | 2)), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Predictions of features far from those of the training are none, rather than NaN.
#[test]
fn logits_that_doubles_do_not_hold_are_no_predictions() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("written");
    write("s.csv", "x,z,y\n1e-3,1,0\n2e-3,2,1\n3e-3,1,0\n4e-3,3,1\n5e-3,2,0\n");
    write("far.csv", "x,z,y\n1,1,0\n1e308,-1e308,1\n");
    let run =
        |arguments: &str| program(directory.path()).args(arguments.split(' ')).output().expect("it runs");
    assert!(run("solve s.csv --label y --l2 1e-6 --save h.json").status.success());
    for (arguments, place) in [
        ("predict h.json far.csv --out p.csv", "far.csv: line 3"),
        ("solve s.csv --label y --l2 1e-6 --predict far.csv --out p.csv --save h2.json", "far.csv: line 3"),
        ("solve s.csv --label y --l2 1e-6 --test far.csv --format json", "far.csv: line 3"),
    ] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{arguments}: {said}");
        assert!(said.contains(place) && said.contains("larger than doubles hold"), "{arguments}: {said}");
    }
    assert!(!directory.path().join("p.csv").exists() && !directory.path().join("h2.json").exists());
}
