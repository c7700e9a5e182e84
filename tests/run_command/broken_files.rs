//! Files with a mistake in them: one line that says where it is and what was probably meant.

use super::{SMALL, equipoise};
use predicates::prelude::*;

/// The line of the small analysis, counted from 1, that starts with some text.
fn line_of(text: &str, start: &str) -> usize {
    1 + text.lines().position(|line| line.starts_with(start)).expect("there")
}

/// Replaces `from` with `to` in the small analysis; the program must name the line that then starts with `line` and say
/// all of `words`.
fn refused(from: &str, to: &str, line: &str, words: &[&str]) {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replacen(from, to, 1);
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("broken.toml"), &text).expect("written");
    let place = format!("error: broken.toml:{}: ", line_of(&text, line));
    let assert = equipoise(directory.path()).args(["run", "broken.toml"]).assert().code(2).stdout("");
    let assert =
        assert.stderr(predicate::str::starts_with(place)).stderr(predicate::str::contains("\n").count(1));
    words.iter().fold(assert, |assert, word| assert.stderr(predicate::str::contains(*word)));
    let left = std::fs::read_dir(directory.path()).expect("listed").count();
    assert_eq!(left, 1, "nothing is left behind");
}

#[test]
fn unknown_keys_are_named_with_the_nearest() {
    refused(
        "repetitions = 3",
        "repetition = 3",
        "repetition",
        &["`repetition`", "did you mean `repetitions`?"],
    );
    refused("radius = 1.5 } }", "radios = 1.5 } }", "means", &["`radios`", "did you mean `radius`?"]);
    refused("[data.gaussian]", "[data.gausian]", "[data", &["`gausian`", "did you mean `gaussian`?"]);
    refused("style = \"marked\"", "style = \"market\"", "lines", &["`market`", "did you mean `marked`?"]);
}

#[test]
fn wrong_types_are_named() {
    refused("seed = 5", "seed = \"five\"", "seed", &["invalid type: string \"five\"", "a whole number"]);
    refused("counts = [40, 30, 20]", "counts = 40", "counts", &["list of class sizes"]);
    refused("loss = \"softmax\"", "loss = { inr = { beta = true } }", "loss = {", &["boolean"]);
}

#[test]
fn what_is_missing_is_named() {
    refused("title = \"A small analysis\"\n", "", "name", &["missing field `title`"]);
}

#[test]
fn text_that_is_no_toml_is_named_at_its_line() {
    refused("seed = 5", "seed = = 5", "seed", &[]);
}

#[test]
fn impossible_designs_are_named() {
    refused("counts = [40, 30, 20]", "counts = [40, 30]", "[data", &["2 counts", "3 classes"]);
    refused(
        "classes = 3",
        "classes = 9000000000000",
        "[data",
        &["of memory are free", "ask for fewer samples, classes or features"],
    );
    refused("counts = [40, 30, 20]", "counts = [40, 0, 20]", "[data", &["class 1: 0 samples"]);
    let wrong = |shares: &str| format!("counts = [40, 30, 20]\nwrong_labels = {shares}");
    refused("counts = [40, 30, 20]", &wrong("[0.5]"), "[data", &["1 of 3 shares are given"]);
    refused("counts = [40, 30, 20]", &wrong("[0.1, 1.5, 0.0]"), "[data", &["1.5; give shares from 0 to 1"]);
    refused("values = [1.0, 1.5, 2.0]", "values = [1.0, -1.5]", "[data", &["at radius = -1.5", "above 0"]);
    refused("loss = \"logistic\"", "loss = { inr = { beta = -1.0 } }", "[[series", &["beta"]);
    refused("repetitions = 3", "repetitions = 0", "repetitions", &["give 1 to"]);
}

#[test]
fn names_that_lead_nowhere_are_named() {
    refused("means.ring.radius\"]", "means.rink.radius\"]", "keys", &["`rink`", "did you mean `ring`?"]);
    // Figures are of the whole, not of the points of a sweep.
    refused("data.gaussian.means.ring.radius\"]", "figure.0.id\"]", "keys", &["`figure`"]);
    refused("x = \"radius\"", "x = \"radiuss\"", "x = ", &["`radiuss`", "did you mean `radius`?"]);
    refused("measure = \"hardest.0\"", "measure = \"hardest\"", "lines", &["`hardest.0`"]);
    refused("measure = \"hardest.0\"", "measure = \"hardest.7\"", "lines", &["there is no class 7"]);
    refused("measure = \"hardest.0\"", "measure = \"accuracy\"", "lines", &["add it to `measure`"]);
    refused("at radius=2}", "at radiuss=2}", "caption", &["`radiuss`", "did you mean `radius`?"]);
    refused("{mean hardest.0", "{meen hardest.0", "caption", &["`meen`"]);
}

#[test]
fn a_panel_that_would_mix_sweep_points_is_refused() {
    let sweep =
        "[[sweep]]\nname = \"size\"\nkeys = [\"data.gaussian.counts.0\"]\nover = [40, 80]\n\n[[figure]]";
    refused("[[figure]]", sweep, "[[figure.plot", &["`size`", "at = { size = \"40\" }"]);
}

#[test]
fn overrides_are_checked_like_the_file() {
    let directory = super::with_small();
    let refused = |value: &str, words: &str| {
        equipoise(directory.path())
            .args(["run", "small.toml", "--set", value])
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::starts_with("error: --set "))
            .stderr(predicate::str::contains(words));
    };
    refused("repetition=2", "did you mean `repetitions`?");
    refused("data.gaussian.count.0=2", "did you mean `counts`?");
    refused("repetitions=many", "invalid type: string \"many\"");
    refused("repetitions", "write key=value");
}

#[test]
fn names_of_shipped_analyses_are_suggested() {
    let directory = tempfile::tempdir().expect("a directory");
    equipoise(directory.path())
        .args(["run", "avaraging"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("did you mean `averaging`?"));
    equipoise(directory.path())
        .args(["run", "no/such.toml"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("cannot read no/such.toml"));
}

#[test]
fn measures_of_other_problems_are_refused() {
    let with = |measure: &str, why: &str| {
        let to = format!("measure = [\"{measure}\", \"hardest\"");
        refused("measure = [\"hardest\"", &to, "measure", &[measure, why]);
    };
    for measure in ["error_ratio", "point_probability", "point_loss"] {
        with(measure, "needs two classes");
    }
    with("sum_rule_residual", "is defined for softmax and the binary logistic loss only");
    let text = "name = \"own\"\ntitle = \"Own\"\nmeasure = [\"point_loss\"]\n\n[data.logits]\nclasses = 2\nscale = 1.0\ncounts = [20, 10]\n\n[[series]]\nloss = \"logistic\"\n";
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("own.toml"), text).expect("written");
    let assert = equipoise(directory.path()).args(["run", "own.toml"]).assert().code(2);
    assert.stderr(predicate::str::contains("own.toml:3: `measure`: `point_loss` needs features"));
}
