//! The records of a run, one for each solved problem; how to look numbers up in them; and their table in long form, one
//! number a row, so that every tool can filter and pivot it.

use super::file::{Experiment, SweptAxis};
use super::measure::{Measure, Selector, Shape};
use super::specification::series_named;
use crate::numeric::WithGaps;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// One problem: its place in the analysis, how its search ended, what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Name of the unit of work in the result store.
    pub key: String,
    /// Place on each axis of the sweep.
    pub at: Vec<usize>,
    /// Number of the series.
    pub series: usize,
    /// Number of the repetition.
    pub repetition: u64,
    /// How its search ended.
    pub ended: Ended,
    /// `K`.
    pub classes: usize,
    /// `d`.
    pub features: usize,
    /// How columns of the user's table depend on each other, one sentence per dependent column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependent_columns: Vec<String>,
    /// The numbers of each measure; NaN is written as null.
    #[serde(deserialize_with = "map_with_gaps")]
    pub measured: BTreeMap<Measure, Vec<f64>>,
}

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Gradient = 0 to rounding.
    Stationary,
    /// Where its first-order optimizer gave up, as the analysis asks for.
    Stopped,
    /// Nowhere: there is no answer, and why.
    Unsolved(String),
}

fn map_with_gaps<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Measure, Vec<f64>>, D::Error> {
    let gapped = BTreeMap::<Measure, WithGaps>::deserialize(deserializer)?;
    Ok(gapped.into_iter().map(|(measure, numbers)| (measure, numbers.0)).collect())
}

impl Record {
    /// All numbers of a measure.
    #[must_use]
    pub fn all(&self, measure: Measure) -> &[f64] {
        self.measured.get(&measure).map_or(&[], Vec::as_slice)
    }

    /// The number that a selector picks, if it was measured.
    #[must_use]
    pub fn one(&self, selector: &Selector) -> Option<f64> {
        let place = match (selector.measure.shape(), selector.indices.as_slice()) {
            (Shape::Scalar, []) => 0,
            (Shape::Classes | Shape::Points | Shape::Iterations | Shape::Trials, &[index]) => index,
            (Shape::ClassPairs, &[row, column]) if column < self.classes => row * self.classes + column,
            (Shape::Features, &[row, column]) if column < self.features => row * self.features + column,
            _ => return None,
        };
        self.all(selector.measure).get(place).copied().filter(|number| number.is_finite())
    }

    /// The numbers that a selector picks: one, or all that were measured.
    #[must_use]
    pub fn picked(&self, selector: &Selector) -> Vec<f64> {
        if selector.is_one_number() {
            self.one(selector).into_iter().collect()
        } else {
            self.all(selector.measure).iter().copied().filter(|number| number.is_finite()).collect()
        }
    }
}

/// The mean of each number of a measure over records that have it.
#[must_use]
pub fn mean_of<'a>(records: impl Iterator<Item = &'a Record>, measure: Measure) -> Vec<f64> {
    let lists: Vec<&[f64]> =
        records.map(|record| record.all(measure)).filter(|list| !list.is_empty()).collect();
    let length = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    (0..length).map(|place| lists.iter().map(|list| list[place]).sum::<f64>() / lists.len() as f64).collect()
}

/// A run that is done: the experiment and its records, in the order of points, series, repetitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// What was run.
    pub experiment: Experiment,
    /// What it left.
    pub records: Vec<Record>,
}

impl Results {
    /// Records of searches without an answer.
    pub fn unsolved(&self) -> impl Iterator<Item = (&Record, &str)> {
        self.records.iter().filter_map(|record| match &record.ended {
            Ended::Unsolved(why) => Some((record, why.as_str())),
            Ended::Stationary | Ended::Stopped => None,
        })
    }

    /// Name of a series.
    #[must_use]
    pub fn series_name(&self, series: usize) -> String {
        self.experiment
            .analysis
            .series
            .get(series)
            .map_or_else(String::new, super::specification::Series::name)
    }

    /// Whether a series is one of those that are named, or none is.
    #[must_use]
    pub fn is_among(&self, series: usize, named: &[String]) -> bool {
        let all = &self.experiment.analysis.series;
        named.is_empty() || named.iter().any(|name| series_named(all, name) == Some(series))
    }

    /// Whether a record is at the value of an axis that is called `label`.
    #[must_use]
    pub fn is_at(&self, record: &Record, axis: &str, label: &str) -> bool {
        let place = self.experiment.axis(axis).and_then(|axis| Some((axis, *record.at.get(axis)?)));
        place.is_some_and(|(axis, place)| {
            self.experiment.axes[axis].labels.get(place).is_some_and(|found| found == label)
        })
    }

    /// What a problem is called: series, sweep point, repetition.
    #[must_use]
    pub fn problem_name(&self, record: &Record) -> String {
        self.experiment.problem_name(record.series, &record.at, record.repetition)
    }
}

/// One number of a record, or a record without any.
pub(super) struct Entry {
    pub(super) series: String,
    /// The value on each axis of the sweep, as [`axis_heads`] name them.
    pub(super) places: Vec<String>,
    pub(super) repetition: u64,
    pub(super) status: &'static str,
    pub(super) measure: String,
    /// Class (true class), logit or iteration, where the measure is a list.
    pub(super) row: Option<usize>,
    /// Name of that class; empty where it is none.
    pub(super) class: String,
    /// Predicted class or feature, where it is a matrix.
    pub(super) column: Option<usize>,
    /// `None` where there is no number.
    pub(super) value: Option<f64>,
}

/// The names of all columns.
pub(super) fn heads(results: &Results) -> Vec<String> {
    let axes = results.experiment.axes.iter().flat_map(axis_heads);
    let after = ["repetition", "status", "measure", "row", "class", "column", "value"].map(str::to_owned);
    std::iter::once("series".to_owned()).chain(axes).chain(after).collect()
}

/// Numbers have a column with all their digits. Other values, and those that have labels, have one with what they are called,
/// and labelled numbers a second one.
pub(super) fn axis_heads(axis: &SweptAxis) -> Vec<String> {
    match (axis.holds_numbers(), axis.is_labelled) {
        (true, true) => vec![axis.name.clone(), format!("{}_value", axis.name)],
        _ => vec![axis.name.clone()],
    }
}

/// The value at a place, for each of these columns.
fn axis_cells(axis: &SweptAxis, place: usize) -> Vec<String> {
    let label = || axis.labels.get(place).map_or_else(|| "?".to_owned(), Clone::clone);
    let value = || axis.values.get(place).map_or_else(|| "?".to_owned(), exact_number);
    match (axis.holds_numbers(), axis.is_labelled) {
        (true, true) => vec![label(), value()],
        (true, false) => vec![value()],
        (false, _) => vec![label()],
    }
}

/// A number with all its digits, without a needless point.
fn exact_number(value: &serde_json::Value) -> String {
    match value.as_f64().filter(|_| value.is_f64()) {
        Some(number) => number.to_string(),
        None => value.to_string(),
    }
}

/// All rows, in the order of the records.
pub(super) fn entries(results: &Results) -> impl Iterator<Item = Entry> {
    results.records.iter().flat_map(|record| entries_of(results, record))
}

fn entries_of(results: &Results, record: &Record) -> Vec<Entry> {
    let row = |measure: String, row, class: String, column, value| Entry {
        series: results.series_name(record.series),
        places: results
            .experiment
            .axes
            .iter()
            .zip(&record.at)
            .flat_map(|(axis, &place)| axis_cells(axis, place))
            .collect(),
        repetition: record.repetition,
        status: match record.ended {
            Ended::Stationary => "stationary",
            Ended::Stopped => "stopped",
            Ended::Unsolved(_) => "unsolved",
        },
        measure,
        row,
        class,
        column,
        value,
    };
    if record.measured.is_empty() {
        return vec![row(String::new(), None, String::new(), None, None)];
    }
    let numbers = record.measured.iter().flat_map(|(measure, values)| {
        values.iter().enumerate().map(|(number, &value)| (*measure, number, value))
    });
    numbers
        .map(|(measure, number, value)| {
            let (at, across) = match measure.shape() {
                Shape::Scalar => (None, None),
                Shape::Classes | Shape::Points | Shape::Iterations | Shape::Trials => (Some(number), None),
                Shape::ClassPairs => (Some(number / record.classes), Some(number % record.classes)),
                Shape::Features => (Some(number / record.features), Some(number % record.features)),
            };
            let of_classes = matches!(measure.shape(), Shape::Classes | Shape::ClassPairs);
            let class = at.filter(|_| of_classes).map(|class| results.experiment.class_name(class));
            row(measure.name(), at, class.unwrap_or_default(), across, value.is_finite().then_some(value))
        })
        .collect()
}

/// The table as CSV.
pub(super) fn csv(results: &Results) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heads(results))?;
    let written = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
    for row in entries(results) {
        let mut cells = vec![row.series];
        cells.extend(row.places);
        cells.extend([row.repetition.to_string(), row.status.to_owned(), row.measure]);
        cells.extend([written(row.row), row.class, written(row.column)]);
        cells.push(row.value.map_or_else(String::new, |value| value.to_string()));
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
