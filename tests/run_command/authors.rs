//! The first edits of somebody who writes an analysis: each works, or is answered in one line that leads on.

use super::{SMALL, equipoise, read};
use predicates::prelude::*;
use std::path::{Path, PathBuf};

/// Writes a file and runs it; the directory holds `mine.toml`, and `out` with the results.
fn run(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine.toml"), text).expect("written");
    let out = directory.path().join("out");
    equipoise(directory.path())
        .args(["run", "mine.toml", "--out", "out", "--format", "svg,txt,tex,pgf"])
        .assert()
        .success();
    (directory, out)
}

/// The small analysis with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}

fn refused(text: &str, words: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine.toml"), text).expect("written");
    let assert = equipoise(directory.path()).args(["run", "mine.toml"]).assert().code(2).stdout("");
    let assert = assert.stderr(predicate::str::contains("\n").count(1));
    words.iter().fold(assert, |assert, word| assert.stderr(predicate::str::contains(*word)));
}

/// Width and height of a drawing in points.
fn size(svg: &str) -> (f64, f64) {
    let number = |name: &str| -> f64 {
        let rest = svg.split_once(&format!(" {name}=\"")).expect(name).1;
        rest.split_once("pt\"").expect("points").0.parse().expect("a number")
    };
    (number("width"), number("height"))
}

fn svg(out: &Path) -> String {
    read(out.join("mine-small.svg"))
}

#[test]
fn another_parameter_of_a_loss_is_followed_by_the_captions() {
    let directory = tempfile::tempdir().expect("a directory");
    equipoise(directory.path()).args(["analyses", "copy", "averaging"]).assert().success();
    let file = directory.path().join("averaging.toml");
    let text = read(&file);
    assert!(text.starts_with("#:schema equipoise.schema.json\n"));
    let schema: serde_json::Value =
        serde_json::from_str(&read(directory.path().join("equipoise.schema.json"))).expect("JSON");
    assert!(schema["properties"]["series"].is_object());
    let text = text
        .replace("beta = 5.0", "beta = 20")
        .replace("values = [400, 200, 100, 50, 25, 12]", "values = [300, 30]");
    std::fs::write(&file, text).expect("written");
    let words = predicate::str::contains("from 300 samples to 30")
        .and(predicate::str::contains("under LGL-INR, β = 20 it is 0."))
        .and(predicate::str::contains("Bands: 95% confidence intervals of the mean over 3 draws."));
    equipoise(directory.path())
        .args(["run", "averaging.toml", "--format", "svg", "--set", "repetitions=3"])
        .assert()
        .success()
        .stdout(words)
        .stderr("");
}

#[test]
fn what_a_caption_names_and_the_file_lacks_is_a_warning_with_the_fix() {
    for (from, to, warning, shown) in [
        (
            "of LGL at",
            "of LGM at",
            "warning: caption of mine: there is no `LGM`; did you mean `LGL`? Or add label = \"LGM\"",
            "[no series LGM]",
        ),
        (
            "radius=2}",
            "radius=9}",
            "`radius` never is 9; its values are `1`, `1.5`, `2`; `first` and `last`",
            "no number",
        ),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("mine.toml"), changed(from, to)).expect("written");
        equipoise(directory.path())
            .args(["run", "mine.toml", "--format", "svg"])
            .assert()
            .success()
            .stdout(predicate::str::contains(shown))
            .stderr(predicate::str::contains(warning).and(predicate::str::contains("\n").count(1)));
    }
}

#[test]
fn captions_hold_settings() {
    let caption = "{repetitions} draws, seed {seed}, penalty {penalty}, {points} points from {first radius} to {last radius} ({steps radius}), \
                   {classes} classes, {samples} samples, {count} problems, {series SML}.";
    let text = changed("Hardest mean {mean hardest.0 of LGL at radius=2}.", caption);
    let (_directory, out) = run(&text);
    let expected = "3 draws, seed 5, penalty 0, 3 points from 1 to 2 (3), 3 classes, 90 samples, 18 problems, SML. Bands: 95% confidence \
                    intervals of the mean over 3 draws.\n";
    assert_eq!(read(out.join("mine-small.txt")), expected);
}

#[test]
fn a_value_for_a_swept_key_is_refused_with_what_to_write_instead() {
    let directory = super::with_small();
    let set = |values: &[&str]| {
        let mut command = equipoise(directory.path());
        command.args(["run", "small.toml", "--format", "svg"]);
        values.iter().for_each(|value| {
            command.args(["--set", value]);
        });
        command.assert()
    };
    set(&["data.gaussian.means.ring.radius=3.0"]).code(2).stdout("").stderr(
        "error: --set data.gaussian.means.ring.radius: is swept: every value of the axis `radius` replaces it; \
         --set 'sweep.0.values=[3.0]' takes one alone\n",
    );
    assert!(!directory.path().join("small").exists());
    // What leads on works, and what lies above a swept key may be set.
    set(&["sweep.0.values=[1.25]"]).success().stderr(predicate::str::contains("`radius` never is 2"));
    let whole = "data.gaussian={ means = { ring = { classes = 3, radius = 9.0 } }, counts = [9, 9, 9] }";
    set(&[whole, "seed=6"]).code(2).stderr(predicate::str::contains("--force"));
}

#[test]
fn widths_are_columns_or_inches_and_panels_are_stacked_where_they_have_no_room() {
    let wide = |width: &str| changed("id = \"mine\"", &format!("id = \"mine\"\nwidth = {width}"));
    let second = |text: &str| {
        let panel = text.split_once("[[figure.plot.curves.panels]]").expect("a panel").1;
        format!("{text}\n[[figure.plot.curves.panels]]{panel}")
    };
    assert_eq!(size(&svg(&run(&wide("5.5")).1)), (396.0, 180.0));
    assert_eq!(size(&svg(&run(&wide("7")).1)), (504.0, 180.0));
    assert_eq!(size(&svg(&run(&second(&wide("\"two_columns\""))).1)), (489.6, 180.0));
    let stacked = svg(&run(&second(&wide("\"one_column\""))).1);
    assert_eq!(size(&stacked), (241.2, 360.0), "two rows of 2.5 inches");
    refused(&wide("\"wide\""), &["`width`: unknown variant `wide`", "`one_column`", "`two_columns`"]);
    refused(&wide("[5.5]"), &["`width`", "\"one_column\", \"two_columns\", or inches such as 5.5"]);
    refused(&wide("55"), &["`figure.0.width`: 55 inches; give 1.5 to 20"]);
}

#[test]
fn series_have_colours_and_marks_of_a_palette() {
    let series = |keys: &str| changed("loss = \"softmax\"", &format!("loss = \"softmax\"\n{keys}"));
    let plain = svg(&run(SMALL).1);
    assert!(plain.contains("#D55E00") && plain.contains("#6B6B6B"), "LGL and SML keep their colours");
    let named = svg(&run(&series("colour = \"green\"\nmarker = \"square\"")).1);
    assert!(named.contains("#009E73") && !named.contains("#6B6B6B\" points"), "{named}");
    refused(&series("colour = \"red\""), &["`colour`: unknown variant `red`", "`vermillion`", "`green`"]);
    refused(&series("color = \"red\""), &["`color`", "did you mean `colour`?"]);
    refused(&series("marker = \"star\""), &["`marker`: unknown variant `star`", "`triangle`"]);
}

#[test]
fn what_dashes_and_bands_mean_is_said() {
    let lines = "lines = [{ measure = \"hardest.0\", band = \"sd\" }, { measure = \"pooled.0\", style = \"dashed\", label = \"average\" }]";
    let from = "lines = [{ measure = \"hardest.0\", style = \"marked\", band = \"confidence\" }]";
    let (_directory, out) = run(&changed(from, lines));
    let drawing = svg(&out);
    assert!(drawing.contains("solid: hardest.0") && drawing.contains("dashed: average"));
    assert!(
        read(out.join("mine-small.txt"))
            .ends_with("Bands: the mean ± one standard deviation over 3 draws.\n")
    );
    // Two series of one loss.
    let twice =
        changed("[[sweep]]", "[[series]]\nloss = \"softmax\"\nclass_weights = \"balanced\"\n\n[[sweep]]");
    assert!(svg(&run(&twice).1).contains("dashed: balanced"));
    // A legend in place of names at the ends.
    let legend = svg(&run(&changed("id = \"mine\"", "id = \"mine\"\nnames = \"legend\"")).1);
    assert_eq!(legend.matches("\nLGL\n").count(), 1);
    refused(
        &changed("id = \"mine\"", "id = \"mine\"\nnames = \"box\""),
        &["`names`: unknown variant `box`", "`legend`"],
    );
}

#[test]
fn characters_of_latex_are_set_as_they_read() {
    let text = changed("loss = \"softmax\"", "loss = \"softmax\"\nlabel = \"50% & more_less #1 {x}\"")
        .replace("Hardest mean", "β_1 & 100% of $x^2$, {series LGL}: hardest mean");
    let (_directory, out) = run(&text);
    let include = read(out.join("mine-small.tex"));
    assert!(
        include.contains("\\includegraphics[width=6.800in]{mine-small}")
            && include.contains("\\begin{figure*}")
    );
    assert!(
        include.contains(
            "\\caption{$\\beta$\\_1 \\& 100\\% of \\$x\\textasciicircum{}2\\$, LGL: hardest mean 0."
        ),
        "{include}"
    );
    assert!(include.contains("\\label{fig:mine}"));
    let drawing = read(out.join("mine-small.pgf"));
    assert!(drawing.contains("50\\% \\& more\\_less \\#1 \\{x\\}"));
    let count =
        |letter: char| drawing.matches(letter).count() - drawing.matches(&format!("\\{letter}")).count();
    assert_eq!(count('{'), count('}'), "every brace is closed");
    // Where LaTeX is installed it takes both.
    let document = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n\\usepackage{graphicx,amssymb,pgf}\n\
                    \\begin{document}\n\\input{mine-small.pgf}\n\\renewcommand{\\includegraphics}[2][]{}\n\\input{mine-small.tex}\n\\end{document}\n";
    std::fs::write(out.join("paper.tex"), document).expect("written");
    let latex = std::process::Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "paper.tex"])
        .current_dir(&out)
        .output();
    if let Ok(latex) = latex {
        let log = String::from_utf8_lossy(&latex.stdout).into_owned();
        assert!(latex.status.success(), "{log}");
    }
}

#[test]
fn slides_have_a_folder_of_their_own_and_larger_text() {
    let directory = super::with_small();
    equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert().success();
    let paper = read(directory.path().join("small/mine-small.svg"));
    equipoise(directory.path())
        .args(["draw", "small", "--theme", "slides", "--format", "svg"])
        .assert()
        .success()
        .stdout(predicate::str::contains("small/slides/mine-small.svg"));
    let slides = read(directory.path().join("small/slides/mine-small.svg"));
    assert_eq!(read(directory.path().join("small/mine-small.svg")), paper, "the paper's figure stays");
    // In points, a box of whole units: a tenth of a point at most.
    assert!((size(&slides).0 - size(&paper).0).abs() < 0.1, "as wide as on paper");
    let drawn_width = |svg: &str| -> f64 {
        svg.split_once("viewBox=\"0 0 ")
            .expect("a box")
            .1
            .split(' ')
            .next()
            .expect("a width")
            .parse()
            .expect("a number")
    };
    let larger = drawn_width(&paper) / drawn_width(&slides);
    assert!((larger - 1.3).abs() < 0.01, "{larger}");
}

#[test]
fn records_hold_swept_values_exactly_and_names() {
    let text = changed("values = [1.0, 1.5, 2.0]", "values = [1.0, 1.23456789]").replace(" at radius=2", "");
    let (_directory, out) = run(&text);
    let table = read(out.join("records.csv"));
    assert!(
        table.lines().any(|line| line.starts_with("LGL,1.23456789,0,stationary,hardest,2,2,,")),
        "{table}"
    );
    let records: serde_json::Value = serde_json::from_str(&read(out.join("records.json"))).expect("JSON");
    assert_eq!(records["axes"][0]["values"][1].as_f64(), Some(1.234_567_89));
    assert_eq!(records["series"][1].as_str(), Some("SML"));
    assert_eq!(records["classes"].as_array().map(Vec::len), Some(3));
    // What is labelled has both.
    let labelled = text
        .replace("values = [1.0, 1.23456789]", "values = [1.0, 1.23456789]\nlabels = [\"near\", \"far\"]");
    let (_directory, out) = run(&labelled);
    let table = read(out.join("records.csv"));
    assert!(table.starts_with("series,radius,radius_value,repetition,"));
    assert!(table.contains("\nLGL,far,1.23456789,0,"));
}

#[test]
fn maps_show_any_measure_with_its_sign() {
    let map = |measure: &str| {
        let start = SMALL
            .split_once("[[sweep]]")
            .expect("a sweep")
            .0
            .replace("\"hardest\"", "\"weight_effect\", \"recall\", \"hardest\"");
        let start = start.replace("loss = \"logistic\"", "loss = \"softmax\"\nclass_weights = \"balanced\"");
        format!(
            "{start}\n[[figure]]\nid = \"mine\"\ncaption = \"A map.\"\nplot = {{ maps = {{ measure = \"{measure}\" }} }}\n"
        )
    };
    let effects = svg(&run(&map("weight_effect")).1);
    assert!(
        effects.contains("\nmore weight on\n") && effects.contains("\n−"),
        "effects of both signs are written"
    );
    assert!(svg(&run(&map("recall")).1).contains("\nclass\n"));
    refused(&map("loss"), &["plot.maps", "needs `loss`; add it to `measure`"]);
}

#[test]
fn ten_broken_edits_are_each_answered_in_a_line_that_leads_on() {
    for (from, to, words) in [
        ("repetitions = 3", "repetition = 3", vec!["did you mean `repetitions`?"]),
        ("loss = \"softmax\"", "loss = \"sofmax\"", vec!["`loss`", "did you mean `softmax`?"]),
        (
            "measure = [\"hardest\"",
            "measure = [\"hardnest\"",
            vec!["did you mean `hardest`?", "`equipoise analyses measures` lists them"],
        ),
        (
            "loss = \"softmax\"",
            "loss = { inr = { beta = \"5\" } }",
            vec!["`beta`: invalid type: string \"5\"", "expected a number"],
        ),
        ("band = \"confidence\"", "band = \"std\"", vec!["`band`: unknown variant `std`", "`sd`"]),
        ("loss = \"softmax\"", "loss = \"cross_entropy\"", vec!["did you mean `softmax`?"]),
        (
            "repetitions = 3",
            "repetitions = 3\nl2 = 0.1",
            vec!["unknown field `l2`", "did you mean `penalty`?"],
        ),
        ("repetitions = 3", "repetitions = 2.5", vec!["`repetitions`", "expected a whole number from 0"]),
        ("[[figure]]", "[figure]", vec!["expected a list; begin each with [[figure]]"]),
        ("id = \"mine\"", "id = \"my/figure\"", vec!["use letters, digits, hyphens and underscores"]),
        ("loss = \"softmax\"", "loss = \"softmax\"\nlabel = \" \"", vec!["`series.1.label`: is empty"]),
        ("title = ", "subtitle = ", vec!["did you mean `title`?"]),
        ("style = \"marked\"", "style = \"dash\"", vec!["`style`: unknown variant `dash`", "`dashed`"]),
        ("x = \"radius\"", "x = \"beta\"", vec!["there is no `beta`"]),
        ("{mean hardest.0", "{average hardest.0", vec!["`average` is not", "`mean`"]),
        ("id = \"mine\"", "id = \"mine\"\nheight = 250", vec!["250 inches; give 0.8 to 12"]),
        (
            "repetitions = 3",
            "repetitions = 3\npenalty = 0,01",
            vec!["a number is written 0.01", "a list [0, 01]"],
        ),
        ("loss = \"softmax\"", "loss = \u{201c}softmax\u{201d}", vec!["quotation marks of typography"]),
        ("[[series]]", "[series]", vec!["begin each", "[[series]]"]),
        ("repetitions = 3", "repetitions = 3\nrepetitions = 4", vec!["`repetitions` is given above already"]),
        ("id = \"mine\"", "id = \"mine\"\nwidth = yes", vec!["yes; write true"]),
        // A key beside a rule would mean nothing, and a sweep over it would draw a flat line.
        (
            "counts = [40, 30, 20]",
            "counts = { one_rare = { common = 40, rare = 1, samples = 5 }, samples = 9 }",
            vec!["`counts`", "a table of one key is wanted; `samples` is beside it"],
        ),
        (
            "counts = [40, 30, 20]",
            "counts = { one_rare = { common = 40, rare = 1, samples = 5 } }\n\n[[sweep]]\nname = \"size\"\nkeys = \
             [\"data.gaussian.counts.samples\"]\nvalues = [5, 9]",
            vec!["size = 5", "a table of one key is wanted; `samples` is beside it"],
        ),
        (
            "[data.gaussian]",
            "[data.digits]\nclasses = [3, 8]\n\n[data.gaussian]",
            vec!["this has `digits` and `gaussian`"],
        ),
        ("id = \"mine\"", "id = \"mine\"\nwidth = True", vec!["True; write true"]),
        ("seed = 5", "seed = 5;", vec!["no line ends with a semicolon"]),
        ("seed = 5", "seed = 5 // of my own", vec!["a comment begins with #"]),
        (
            "loss = \"softmax\"",
            "loss = softmax",
            vec!["text is written in quotation marks, as in \"softmax\""],
        ),
        ("loss = \"softmax\"", "loss = { focal = 2.0 }", vec!["expected a table of its settings"]),
        ("loss = \"softmax\"", "loss = \"SML\"", vec!["did you mean `softmax`?"]),
        ("loss = \"softmax\"", "loss = \"BCE\"", vec!["did you mean `logistic`?"]),
        ("loss = \"softmax\"", "loss = \"softmax\"\nname = \"mine\"", vec!["did you mean `label`?"]),
        (
            "repetitions = 3",
            "repetitions = 3\npenalty = -1",
            vec!["`penalty`", "must be a number between 0 and"],
        ),
        ("style = \"marked\"", "style = \"marked\", colour = \"red\"", vec!["keys of [[series]]"]),
        (
            "{mean hardest.0",
            "{mean hardest.0 and {mean hardest.0",
            vec!["`{mean hardest.0 and` has no closing brace"],
        ),
        (
            "measure = \"hardest.0\"",
            "measure = \"recall.0\"",
            vec!["`recall` is not measured; add it to `measure`"],
        ),
    ] {
        refused(&changed(from, to), &words);
    }
}

#[test]
fn classes_are_called_by_their_names() {
    let directory = tempfile::tempdir().expect("a directory");
    let row = |i: usize| format!("{}.5,{}\n", i * 7 % 13, ["ant", "bee", "wasp"][i * i % 7 % 3]);
    let rows: String = (0..60).map(row).collect();
    std::fs::write(directory.path().join("insects.csv"), format!("x,kind\n{rows}")).expect("written");
    let file = |selector: &str| {
        format!(
            "name = \"insects\"\ntitle = \"Insects\"\npenalty = 0.1\nmeasure = [\"target_probability\", \"recall\"]\n\n[data.table]\n\
             path = \"insects.csv\"\nlabel = \"kind\"\n\n[[series]]\nloss = \"softmax\"\n\n[[sweep]]\nname = \"l2\"\nkeys = [\"penalty\"]\nvalues = [0.01, 0.1]\n\n\
             [[figure]]\nid = \"I\"\ncaption = \"Bees: {{mean {selector} at l2=first}}.\"\n\n[[figure.plot.curves.panels]]\nx = \"l2\"\nx_axis = {{ label = \"l2\" }}\n\
             y_axis = {{ label = \"bees\" }}\nlines = [{{ measure = \"{selector}\" }}]\n"
        )
    };
    let run = |selector: &str| {
        std::fs::write(directory.path().join("insects.toml"), file(selector)).expect("written");
        equipoise(directory.path()).args(["run", "insects.toml", "--format", "svg"]).assert()
    };
    run("target_probability.bee").success().stdout(predicate::str::contains("Bees: 0."));
    assert!(read(directory.path().join("insects/records.csv")).contains(",target_probability,1,bee,,0."));
    assert!(read(directory.path().join("insects/analysis.toml")).contains("target_probability.1"));
    run("target_probability.bees").code(2).stderr(predicate::str::contains("did you mean `bee`?"));
}

#[test]
fn maps_of_signs_call_classes_by_their_names() {
    let directory = tempfile::tempdir().expect("a directory");
    for (file, kinds) in [("insects.csv", ["ant", "bee", "wasp"]), ("birds.csv", ["auk", "gull", "tern"])] {
        let row = |i: usize| format!("{}.5,{}\n", i * 7 % 13, kinds[i * i % 7 % 3]);
        let rows: String = (0..60).map(row).collect();
        std::fs::write(directory.path().join(file), format!("x,kind\n{rows}")).expect("written");
    }
    let text = "name = \"kinds\"\ntitle = \"Kinds\"\npenalty = 0.1\nmeasure = [\"weight_effect\"]\n\n[data.table]\npath = \"insects.csv\"\n\
                label = \"kind\"\n\n[[series]]\nloss = \"softmax\"\n\n[[sweep]]\nname = \"file\"\nkeys = [\"data.table.path\"]\n\
                values = [\"insects.csv\", \"birds.csv\"]\n\n[[figure]]\nid = \"K\"\ncaption = \"Signs.\"\n\
                plot = { signs = { measure = \"weight_effect\", designs = \"file\" } }\n";
    std::fs::write(directory.path().join("kinds.toml"), text).expect("written");
    equipoise(directory.path()).args(["run", "kinds.toml", "--format", "svg"]).assert().success();
    let drawn = read(directory.path().join("kinds/K-kinds.svg"));
    for name in ["ant", "bee", "wasp", "auk", "gull", "tern", "more weight on"] {
        assert!(drawn.contains(&format!("\n{name}\n")), "{name}: {drawn}");
    }
    assert!(!drawn.contains("class 0") && !drawn.contains('λ'), "{drawn}");
}

#[test]
fn a_value_for_an_axis_is_told_from_one_for_a_key() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine.toml"), SMALL).expect("written");
    let said = "'sweep.0.values=[5]'";
    equipoise(directory.path())
        .args(["run", "mine.toml", "--set", "radius=5"])
        .assert()
        .code(2)
        .stderr(predicates::str::contains(said).and(predicates::str::contains("axis `radius`")));
    equipoise(directory.path())
        .args(["run", "nothere.toml"])
        .assert()
        .code(2)
        .stderr(predicates::str::contains("equipoise analyses copy"));
}

/// Records say what of a user's table was taken for what, and a table written in another way is read as the file says.
#[test]
fn a_table_in_its_own_format_is_read_and_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let row = |i: usize| format!("{};1.{:03},5;{}\n", i, i * 7 % 13, ["ant", "bee"][i * i % 7 % 2]);
    let rows: String = (0..40).map(row).collect();
    std::fs::write(directory.path().join("own.csv"), format!("My insects\nrow;x;kind\n{rows}"))
        .expect("written");
    let file = |format: &str| {
        format!(
            "name = \"own\"\ntitle = \"Own\"\npenalty = 0.1\nmeasure = [\"loss\"]\n\n[data.table]\npath = \"own.csv\"\n\
             label = \"kind\"\ndrop = [\"row\"]\n{format}\n\n[[series]]\nloss = \"softmax\"\n"
        )
    };
    let run = |format: &str| {
        std::fs::write(directory.path().join("own.toml"), file(format)).expect("written");
        equipoise(directory.path()).args(["run", "own.toml"]).assert()
    };
    run("").code(2).stderr(predicates::str::contains("format.skip_lines = 1"));
    run("format = { skip_line = 1 }").code(2).stderr(predicates::str::contains("did you mean `skip_lines`?"));
    run("format = { skip_lines = 1 }").success();
    let kept = std::fs::read_to_string(directory.path().join("own/records.json")).expect("written");
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(kept["input"]["label"], "kind");
    assert_eq!(kept["input"]["features"], serde_json::json!(["x"]));
    assert_eq!(kept["input"]["left_out"][0]["what"], "column \"row\"");
    assert!(kept["input"]["notes"].to_string().contains("is read as 1000.5"), "{}", kept["input"]);
}

/// A figure does not change what is solved: records that are of another problem are not put down to it.
#[test]
fn what_differs_is_said_of_the_problem_not_of_the_figure() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |text: &str| {
        std::fs::write(directory.path().join("mine.toml"), text).expect("written");
        equipoise(directory.path()).args(["run", "mine.toml", "--out", "there", "--format", "svg"]).assert()
    };
    run(SMALL).success();
    let changed = SMALL.replacen("id = \"mine\"", "id = \"mine\"\nwidth = 5.5", 1);
    run(&changed).success();
    let both = changed.replace("seed = 5", "seed = 99").replace("width = 5.5", "width = 5.0");
    run(&both).code(2).stderr(predicates::str::contains("seed is"));
}
