//! What is shipped: listed, copied, run from the copy, and in agreement with the schema.

use super::committed::{compare_with_committed, wanders};
use super::{equipoise, read};
use equipoise::analysis::{SHIPPED, schema};
use equipoise::loss::LOSS_TABLE;
use predicates::prelude::*;

#[test]
fn every_shipped_analysis_is_listed_with_its_figure() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut assert = equipoise(directory.path()).arg("analyses").assert().success();
    for shipped in SHIPPED {
        assert = assert.stdout(predicate::str::contains(shipped.name));
    }
    assert.stdout(predicate::str::contains("F11"));
}

/// Repetitions of an analysis that are compared with the committed ones.
const MOST_REPETITIONS: usize = 4;

#[test]
fn every_shipped_analysis_runs_from_a_copy_and_measures_what_is_committed() {
    for shipped in SHIPPED {
        let directory = tempfile::tempdir().expect("a directory");
        let file = format!("{}.toml", shipped.name);
        equipoise(directory.path()).args(["analyses", "copy", shipped.name]).assert().success();
        let copy = read(directory.path().join(&file));
        assert_eq!(copy.split_once('\n'), Some(("#:schema equipoise.schema.json", shipped.text)));
        let mut command = equipoise(directory.path());
        command.args(["run", &file, "--out", "out", "--format", "svg"]);
        // Draws are those of the committed records, however many there are; `reproduce` runs whole trainings.
        let stated = shipped.text.lines().find_map(|line| line.strip_prefix("repetitions = ")?.parse().ok());
        let repetitions = stated.unwrap_or(1).min(if wanders(&shipped) { 1 } else { MOST_REPETITIONS });
        command.args(["--set", &format!("repetitions={repetitions}")]);
        match shipped.name {
            "convergence" => command.args(["--set", "series.2.optimizer.gradient_descent.iterations=200"]),
            "training" => command.args(["--set", "training.recipe.epochs=20"]),
            _ => &mut command,
        };
        command.assert().success().stderr("");
        let out = directory.path().join("out");
        for expected in ["analysis.toml", "records.json", "records.csv"] {
            assert!(out.join(expected).is_file(), "{}: no {expected}", shipped.name);
        }
        let with_ending = |ending: &str| {
            let entries =
                std::fs::read_dir(&out).expect("listed").map(|entry| entry.expect("an entry").path());
            entries.filter(|path| path.extension() == Some(ending.as_ref())).count()
        };
        assert!(with_ending("svg") >= 1, "{}", shipped.name);
        assert_eq!(with_ending("jsonl"), 0, "the journal has served");
        compare_with_committed(&shipped, repetitions, &out);
    }
}

#[test]
fn a_copy_overwrites_nothing_unless_asked_to() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("ledger.toml"), "mine").expect("written");
    let copy =
        |more: &[&str]| equipoise(directory.path()).args(["analyses", "copy", "ledger"]).args(more).assert();
    copy(&[]).code(2).stderr(predicate::str::contains("ledger.toml already exists"));
    assert_eq!(read(directory.path().join("ledger.toml")), "mine");
    assert!(!directory.path().join("equipoise.schema.json").exists());
    copy(&["--force"]).success();
    // A schema that is there may be of another version, or somebody's own.
    std::fs::write(directory.path().join("equipoise.schema.json"), "mine").expect("written");
    copy(&["other.toml"]).success().stdout(predicate::str::contains("other.toml written"));
    assert_eq!(read(directory.path().join("equipoise.schema.json")), "mine");
}

/// Enough of JSON Schema to accept right files and refuse wrong ones: types, required and additional properties, enums, references,
/// alternatives, items.
fn fits(schema: &serde_json::Value, value: &serde_json::Value, root: &serde_json::Value) -> bool {
    use serde_json::Value;
    if let Some(reference) = schema["$ref"].as_str() {
        let pointed = root.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere");
        return fits(pointed, value, root);
    }
    let any = |key: &str| match schema[key].as_array() {
        Some(alternatives) => alternatives.iter().any(|one| fits(one, value, root)),
        None => true,
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    };
    let typed = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    let constant = schema.get("const").is_none_or(|constant| constant == value);
    let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    let members = value.as_object().is_none_or(|object| {
        let required = schema["required"]
            .as_array()
            .is_none_or(|names| names.iter().filter_map(Value::as_str).all(|name| object.contains_key(name)));
        required
            && object.iter().all(|(name, inner)| match schema["properties"].get(name) {
                Some(property) => fits(property, inner, root),
                None => match &schema["additionalProperties"] {
                    Value::Bool(allowed) => *allowed,
                    Value::Null => true,
                    property => fits(property, inner, root),
                },
            })
    });
    let items = value.as_array().is_none_or(|list| {
        schema.get("items").is_none_or(|items| list.iter().all(|item| fits(items, item, root)))
    });
    typed && constant && listed && members && items && any("anyOf") && any("oneOf")
}

fn valid(text: &str) -> bool {
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("the schema is JSON");
    let table: toml::Table = toml::from_str(text).expect("well formed");
    let value = serde_json::to_value(table).expect("JSON can say it");
    fits(&schema, &value, &schema)
}

#[test]
fn every_shipped_file_fits_the_schema() {
    for shipped in SHIPPED {
        assert!(valid(shipped.text), "{}", shipped.name);
    }
    assert!(valid(super::SMALL));
}

#[test]
fn the_schema_refuses_ten_kinds_of_broken_file() {
    let broken = [
        ("repetitions = 3", "repetition = 3"),
        ("seed = 5", "seed = \"five\""),
        ("title = \"A small analysis\"\n", ""),
        ("counts = [40, 30, 20]", "counts = 40"),
        ("ring = {", "rink = {"),
        ("radius = 1.5 } }", "radius = \"wide\" } }"),
        ("loss = \"softmax\"", "loss = \"softmacs\""),
        ("loss = \"softmax\"", "loss = { inr = { gamma = 2.0 } }"),
        ("values = [1.0, 1.5, 2.0]", "values = { logs = { from = 1.0, to = 2.0, steps = 3 } }"),
        ("style = \"marked\"", "style = \"market\""),
        ("measure = [\"hardest\"", "measure = [\"hardness\""),
        ("band = \"confidence\"", "bands = \"confidence\""),
    ];
    for (from, to) in broken {
        assert!(super::SMALL.contains(from), "{from}");
        assert!(!valid(&super::SMALL.replacen(from, to, 1)), "{to}");
    }
}

#[test]
fn the_documented_file_runs() {
    let page = read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/analyses.md"));
    let text = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert!(valid(text));
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine.toml"), text).expect("written");
    equipoise(directory.path())
        .args(["run", "mine.toml"])
        .assert()
        .success()
        .stdout(predicate::str::contains("The hardest mean of class 0 falls to 0."));
}

/// Every loss of the table, spelled as `loss_plan` of `solve` spells it.
#[test]
fn an_analysis_takes_every_loss() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut file = "name = \"losses\"\ntitle = \"Every loss\"\nseed = 5\npenalty = 0.01\nmeasure = [\"gradient\"]\n\n\
                    [data.gaussian]\nmeans = { ring = { classes = 3, radius = 1.5 } }\ncounts = [40, 30, 20]\n"
        .to_owned();
    for row in LOSS_TABLE {
        let loss = toml::Value::try_from(&row.default).expect("TOML");
        file.push_str(&format!("\n[[series]]\nlabel = \"{}\"\nloss = {loss}\n", row.name));
    }
    std::fs::write(directory.path().join("losses.toml"), file).expect("written");
    equipoise(directory.path()).args(["run", "losses.toml", "--out", "out"]).assert().success();
    let records: serde_json::Value =
        serde_json::from_str(&read(directory.path().join("out/records.json"))).expect("JSON");
    let records = records["records"].as_array().or(records.as_array()).expect("records");
    assert_eq!(records.len(), LOSS_TABLE.len());
    for (record, row) in records.iter().zip(LOSS_TABLE) {
        let gradient = record["measured"]["gradient"][0].as_f64();
        assert!(gradient.is_some_and(|gradient| gradient < 1e-12), "{}: {record}", row.name);
    }
}

#[test]
fn a_measure_that_is_not_computed_for_a_loss_is_refused_in_a_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = "name = \"effects\"\ntitle = \"Effects\"\nmeasure = [\"weight_effect\"]\n\n\
                [data.gaussian]\nmeans = { ring = { classes = 3, radius = 1.5 } }\ncounts = [40, 30, 20]\n\n\
                [[series]]\nloss = { focal = { gamma = 2.0 } }\n";
    std::fs::write(directory.path().join("effects.toml"), file).expect("written");
    equipoise(directory.path())
        .args(["run", "effects.toml"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("`weight_effect` is not computed for this loss"));
}
