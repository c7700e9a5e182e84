//! A user's own table: its columns, a head solved on it, weights that meet a target on it, or an audit of scores in it. Nothing
//! of it is kept.

use super::answer::{ShownSamples, plane_points};
use super::lesson::{LessonError, MAX_CLASSES, MAX_FEATURES, within};
use crate::analysis::specification::{Draw, WeightRule};
use crate::audit::{AuditInput, ReadOptions, Reduction, audit, findings, summary, tables, verdict};
use crate::balance::{WeightTarget, design_weights};
use crate::data::arrays::{Wanted, read_bytes};
use crate::data::table::Headings;
use crate::data::{Dataset, Missing, SampleRequest, TableFormat};
use crate::loss::{ClassWeights, LossSpec};
use crate::record::{Asked, ProblemSource, SolveRecord, StandardUnits, Unweighted, WeightsRecord};
use crate::solver::{Intercept, Problem, SolverSettings, solve};
use serde::{Deserialize, Serialize};

/// A table and a question about it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableLesson {
    /// What the file is called, for messages.
    pub name: String,
    /// What is in it: CSV in any dialect.
    pub text: String,
    /// The column of labels; not needed to list columns.
    #[serde(default)]
    pub label: String,
    /// The columns that are features; by default all others.
    #[serde(default)]
    pub features: Option<Vec<String>>,
    /// What is done about missing values.
    #[serde(default)]
    pub missing: Missing,
    /// What is asked.
    pub question: TableQuestion,
}

/// What may be asked about a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TableQuestion {
    /// Which columns are there?
    Columns,
    /// What is the stationary point of a loss?
    Solve {
        /// The loss.
        loss: LossSpec,
        /// Class weights.
        #[serde(default)]
        class_weights: WeightRule,
        /// L2 penalty on the coefficients.
        penalty: f64,
        /// Whether features are brought to standard units first.
        standardize: bool,
    },
    /// Which class weights meet a target?
    Weights {
        /// The loss.
        loss: LossSpec,
        /// L2 penalty on the coefficients.
        penalty: f64,
        /// What is to be equal.
        target: EqualTarget,
        /// Whether features are brought to standard units first.
        standardize: bool,
    },
    /// Had the training that left these scores converged, and is every class in balance?
    Audit {
        /// The loss of the training.
        loss: LossSpec,
        /// Whether the scores are probabilities; logits otherwise.
        probabilities: bool,
    },
}

/// What weights are to make equal over the classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EqualTarget {
    /// The shortfalls.
    EqualShortfall,
    /// The recalls.
    EqualRecall,
}

impl EqualTarget {
    /// As the option `--target` of the program names it.
    fn name(self) -> &'static str {
        match self {
            Self::EqualShortfall => "equal-shortfall",
            Self::EqualRecall => "equal-recall",
        }
    }

    fn of(self, classes: usize) -> WeightTarget {
        match self {
            Self::EqualShortfall => WeightTarget::equal_shortfall(classes),
            Self::EqualRecall => WeightTarget::EqualRecall,
        }
    }
}

/// What is found in a table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableAnswer {
    /// The names of its columns.
    Columns(Vec<String>),
    /// A solved problem.
    Solved {
        /// What was taken for what, in a line.
        taken: String,
        /// The record that `equipoise solve` writes.
        record: Box<SolveRecord>,
        /// The samples, where there are two features.
        samples: ShownSamples,
    },
    /// Weights.
    Weights {
        /// What was taken for what, in a line.
        taken: String,
        /// The record that `equipoise weights` writes.
        record: Box<WeightsRecord>,
    },
    /// An audit, as `equipoise audit` prints it.
    Audited {
        /// What was taken for what, in a line.
        taken: String,
        /// What is strange about the scores, in sentences.
        notes: Vec<String>,
        /// What was audited, in a line.
        summary: String,
        /// Is the model fine, which class is worst, what to try.
        verdict: Vec<String>,
        /// Tables: a heading, then rows of cells, the first of which names the columns.
        tables: Vec<(String, Vec<Vec<String>>)>,
        /// The findings in sentences.
        findings: Vec<String>,
    },
}

/// `N` of a table.
pub const MAX_ROWS: usize = 20_000;
/// Columns of a table, most of which are then left out: separators of its first line, some of which may be in headings.
const MAX_COLUMNS: usize = 2_000;
/// Samples times features times classes.
const MAX_NUMBERS: usize = 2_000_000;

/// Answers a question about a table.
///
/// # Errors
/// The table cannot be read, is too large for a page, or does not fit the question.
pub(super) fn answer_table(lesson: &TableLesson) -> Result<TableAnswer, LessonError> {
    match &lesson.question {
        TableQuestion::Columns => Ok(TableAnswer::Columns(columns(lesson)?)),
        TableQuestion::Solve { loss, class_weights, penalty, standardize } => {
            solved(lesson, loss, class_weights, (*penalty, *standardize))
        }
        TableQuestion::Weights { loss, penalty, target, standardize } => {
            weighed(lesson, loss, (*penalty, *standardize), *target)
        }
        TableQuestion::Audit { loss, probabilities } => audited(lesson, loss, *probabilities),
    }
}

fn columns(lesson: &TableLesson) -> Result<Vec<String>, LessonError> {
    let mut names = Vec::new();
    let mut pick = |headings: &Headings| {
        names.clone_from(&headings.names);
        Ok(Vec::new())
    };
    // Before all of a file is read whose first line alone may be of any length.
    let first = lesson.text.lines().next().unwrap_or_default();
    within("columns", 1 + first.matches([',', ';', '\t', '|']).count(), MAX_COLUMNS, "equipoise solve")?;
    let format = TableFormat::default();
    let wanted = Wanted { arrays: &|_| false, columns: &mut pick, format: &format };
    read_bytes(lesson.text.clone().into_bytes(), &lesson.name, wanted)?;
    Ok(names)
}

fn read(lesson: &TableLesson) -> Result<crate::data::Samples, LessonError> {
    let request = SampleRequest {
        features: lesson.features.clone(),
        one_hot: true,
        missing: lesson.missing,
        ..SampleRequest::of_label(&lesson.label)
    };
    let samples = request.read_bytes(lesson.text.clone().into_bytes(), &lesson.name)?;
    let (rows, classes) = (samples.dataset.labels().samples(), samples.dataset.labels().classes());
    let features = samples.dataset.dimension();
    let at_most = |what, found, most| within(what, found, most, "equipoise solve");
    at_most("samples", rows, MAX_ROWS)?;
    at_most("classes", classes, MAX_CLASSES)?;
    at_most("features", features, MAX_FEATURES)?;
    at_most("samples times features times classes", rows * features * classes, MAX_NUMBERS)?;
    Ok(samples)
}

fn solved(
    lesson: &TableLesson,
    loss: &LossSpec,
    class_weights: &WeightRule,
    (penalty, standardize): (f64, bool),
) -> Result<TableAnswer, LessonError> {
    let crate::data::Samples { dataset: given, design, taken } = read(lesson)?;
    let (dataset, units) = StandardUnits::applied(given.clone(), Intercept::Free, standardize)?;
    let weights = class_weights.weights(given.labels().classes(), Draw { seed: 1, repetition: 0 });
    let problem = problem(&dataset, loss, &weights, penalty)?;
    let outcome = solve(&problem).confirmed(&SolverSettings::default());
    let line = taken.line();
    // No clock is read here.
    let record = SolveRecord::new(loss, &problem, &outcome, 0.0);
    let record = record.made_of(ProblemSource { input: taken, design, offset: Vec::new(), units });
    let samples = match given.dimension() {
        2 => ShownSamples::Plane(plane_points(&given)),
        _ => ShownSamples::Unseen,
    };
    Ok(TableAnswer::Solved { taken: line, record: Box::new(record), samples })
}

fn weighed(
    lesson: &TableLesson,
    loss: &LossSpec,
    (penalty, standardize): (f64, bool),
    target: EqualTarget,
) -> Result<TableAnswer, LessonError> {
    let crate::data::Samples { dataset: given, taken, .. } = read(lesson)?;
    let (dataset, units) = StandardUnits::applied(given, Intercept::Free, standardize)?;
    let problem = problem(&dataset, loss, &ClassWeights::None, penalty)?;
    let wanted = target.of(dataset.labels().classes());
    let design = design_weights(&dataset, loss, penalty, &wanted);
    let closed_form = wanted.closed_form(dataset.labels()).is_some();
    let asked = Asked { target: target.name(), problem: &problem };
    let mut record = WeightsRecord::new(&asked, closed_form, Unweighted::of(&problem), &design);
    if let Some(units) = units {
        record = record.standardized(units);
    }
    Ok(TableAnswer::Weights { taken: taken.line(), record: Box::new(record) })
}

fn problem<'a>(
    dataset: &'a Dataset,
    loss: &LossSpec,
    weights: &ClassWeights,
    penalty: f64,
) -> Result<Problem<'a>, LessonError> {
    Problem::new(dataset, loss, weights, penalty)
        .map_err(|error| LessonError::refused("question", error.to_string()))
}

/// How far from zero a relative imbalance may be for training to count as done; the usual one of `equipoise audit`.
const TOLERANCE: f64 = 0.01;

fn audited(lesson: &TableLesson, loss: &LossSpec, probabilities: bool) -> Result<TableAnswer, LessonError> {
    let options = ReadOptions {
        label: Some(lesson.label.clone()).filter(|label| !label.is_empty()),
        columns: lesson.features.clone(),
        probabilities,
        ..ReadOptions::default()
    };
    let input = AuditInput::of_bytes(lesson.text.clone().into_bytes(), &lesson.name, &options)?;
    within("samples", input.labels().samples(), MAX_ROWS, "equipoise audit")?;
    let name = loss.row().name;
    let record = audit(&input, name, loss, &ClassWeights::None, (Reduction::default(), TOLERANCE))?;
    Ok(TableAnswer::Audited {
        taken: record.input.line(),
        notes: record.input.notes.clone(),
        summary: summary(&record),
        verdict: verdict(&record).lines.to_vec(),
        tables: tables(&record).into_iter().map(|table| (table.heading, table.rows)).collect(),
        findings: findings(&record),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Two overlapping classes of unequal size and a third feature that is text.
    fn table() -> String {
        let rows = (0..60).map(|row| {
            let class = if row % 4 == 0 { "rare" } else { "common" };
            let (x, y) = (f64::from(row * 7 % 11), f64::from(row * 5 % 13));
            let shift = if class == "rare" { 2.5 } else { 0.0 };
            format!("{},{},{},{class}\n", x + shift, y, ["a", "b"][usize::from(row % 3 == 0)])
        });
        format!("x,y,kind,class\n{}", rows.collect::<String>())
    }

    fn ask(change: impl FnOnce(&mut Value)) -> Result<Value, String> {
        let mut lesson = json!({
            "name": "own.csv", "text": table(), "label": "class",
            "question": { "solve": { "loss": "softmax", "penalty": 0.0, "standardize": true } },
        });
        change(&mut lesson);
        let lesson: TableLesson = serde_json::from_value(lesson).map_err(|error| error.to_string())?;
        let answer = answer_table(&lesson).map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(&answer).expect("JSON"))
    }

    #[test]
    fn columns_are_listed() {
        let answer = ask(|lesson| lesson["question"] = json!("columns")).expect("read");
        assert_eq!(answer, json!({ "columns": ["x", "y", "kind", "class"] }));
    }

    #[test]
    fn a_table_is_solved_to_balance_and_its_head_is_in_its_own_units() {
        let head = |standardize: bool| {
            let answer = ask(|lesson| {
                lesson["features"] = json!(["x", "y"]);
                lesson["question"]["solve"]["standardize"] = json!(standardize);
            });
            let answer = answer.expect("solved");
            assert_eq!(answer["solved"]["record"]["status"], "stationary");
            for class in answer["solved"]["record"]["ledger"].as_array().expect("classes") {
                let [out, into] = ["outflow", "inflow"].map(|side| class[side].as_f64().expect("a number"));
                assert!((out - into).abs() <= 1e-9 * out && out > 1.0, "{class}");
            }
            assert_eq!(answer["solved"]["samples"]["plane"].as_array().map(Vec::len), Some(2));
            answer["solved"]["record"]["coefficients"][0][0].as_f64().expect("a number")
        };
        let (standard, plain) = (head(true), head(false));
        assert!((standard - plain).abs() < 1e-7 * plain.abs(), "{standard} {plain}");
    }

    #[test]
    fn weights_make_shortfalls_equal() {
        let answer = ask(|lesson| {
            lesson["question"] = json!({ "weights": { "loss": "softmax", "penalty": 1e-3, "target": "equal-shortfall", "standardize": true } });
        });
        let record = &answer.expect("found")["weights"]["record"];
        assert_eq!(record["attainable"], true, "{record}");
        let shortfall = |class: usize| record["shortfall"][class].as_f64().expect("a number");
        assert!((shortfall(0) - shortfall(1)).abs() < 1e-6, "{record}");
    }

    #[test]
    fn scores_are_audited() {
        let text = "label,a,b\na,2.0,0.0\na,0.5,0.0\nb,0.0,1.0\nb,0.0,-1.0\n";
        let answer = ask(|lesson| {
            lesson["text"] = json!(text);
            lesson["label"] = json!("label");
            lesson["question"] = json!({ "audit": { "loss": "softmax", "probabilities": false } });
        });
        let audited = &answer.expect("audited")["audited"];
        assert_eq!(audited["verdict"].as_array().map(Vec::len), Some(3), "{audited}");
        assert!(audited["tables"].as_array().is_some_and(|tables| tables.len() >= 2), "{audited}");
    }

    /// Whoever forgets to choose probabilities would read an audit of other numbers than the model's.
    #[test]
    fn probabilities_that_are_given_as_logits_are_noted() {
        let notes = |probabilities: bool| {
            let answer = ask(|lesson| {
                lesson["text"] = json!("label,a,b\na,0.9,0.1\na,0.6,0.4\nb,0.2,0.8\nb,0.7,0.3\n");
                lesson["label"] = json!("label");
                lesson["question"] =
                    json!({ "audit": { "loss": "softmax", "probabilities": probabilities } });
            });
            answer.expect("audited")["audited"]["notes"].to_string()
        };
        assert!(notes(false).contains("probabilities"), "{}", notes(false));
        assert_eq!(notes(true), "[]");
    }

    #[test]
    fn more_columns_than_a_list_holds_are_counted_and_not_read() {
        let columns = |count: usize| {
            let heads: Vec<String> = (0..count).map(|column| format!("f{column}")).collect();
            ask(|lesson| {
                lesson["text"] = json!(format!("{}\n{}\n", heads.join(","), vec!["1"; count].join(",")));
                lesson["question"] = json!("columns");
            })
        };
        assert_eq!(
            columns(MAX_COLUMNS).expect("listed")["columns"].as_array().map(Vec::len),
            Some(MAX_COLUMNS)
        );
        let refused = columns(MAX_COLUMNS + 1).expect_err("too many");
        assert!(refused.contains("columns: 2001; the page takes at most 2000"), "{refused}");
    }

    #[test]
    fn what_cannot_be_read_or_is_too_large_is_refused_in_a_line() {
        let wide = |rows: usize, columns: usize| {
            let heads: Vec<String> = (0..columns).map(|column| format!("f{column}")).collect();
            let row = |row: usize| format!("{}{}\n", row % 2, ",0.5".repeat(columns));
            format!("class,{}\n{}", heads.join(","), (0..rows).map(row).collect::<String>())
        };
        for (key, value, expected) in [
            ("label", json!("klass"), "klass"),
            ("text", json!("class,x\na,1\n"), "class"),
            ("text", json!("class,x\na,1\nb,?\n"), "x"),
            (
                "text",
                json!(wide(20_001, 1)),
                "samples: 20001; the page takes at most 20000 (`equipoise solve` takes more)",
            ),
            ("text", json!(wide(10, 65)), "features: 65"),
            (
                "question",
                json!({ "solve": { "loss": "softmax", "penalty": -1.0, "standardize": false } }),
                "-1",
            ),
        ] {
            let error = ask(|lesson| lesson[key] = value).expect_err(expected);
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }
}
