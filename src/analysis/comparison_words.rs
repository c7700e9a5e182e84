//! Comparisons in words: tables whose cells say mean, deviation, and whom a series is significantly above or below.

use super::comparison::{ComparedSeries, Comparison};
use super::measure::Measure;
use super::specification::TablePlan;

/// A difference is significant where its adjusted probability is below this.
const LEVEL: f64 = 0.05;

/// One measure at all sweep points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonTable {
    /// What is in the cells.
    pub heading: String,
    /// The headings of columns, then a row for each series, its name first.
    pub rows: Vec<Vec<String>>,
}

/// A table for each measure of the plan.
#[must_use]
pub fn comparison_tables(plan: &TablePlan, compared: &[Comparison]) -> Vec<ComparisonTable> {
    plan.measures.iter().map(|&measure| table_of(plan, compared, measure)).collect()
}

/// What the marks in the cells mean; empty where nothing is tested.
#[must_use]
pub fn marks(plan: &TablePlan) -> String {
    if plan.against.is_empty() {
        return String::new();
    }
    let named: Vec<String> =
        plan.against.iter().map(|name| format!("▲{0} ▼{0}: above, below {name}", initial(name))).collect();
    format!(
        "{}; by paired t tests over the draws at the {}% level, adjusted by Holm's method for all tests of a column",
        named.join("; "),
        100.0 * LEVEL
    )
}

fn table_of(plan: &TablePlan, compared: &[Comparison], measure: Measure) -> ComparisonTable {
    let points: Vec<&Comparison> = compared.iter().filter(|found| found.measure == measure).collect();
    let series = points.first().map_or(0, |point| point.rows.len());
    let headings = std::iter::once("loss".to_owned()).chain(points.iter().map(|point| place(point)));
    let row = |number: usize| {
        let name = points.first().map(|point| point.rows[number].name.clone());
        name.into_iter().chain(points.iter().map(|point| cell(plan, &point.rows[number]))).collect()
    };
    let rows = std::iter::once(headings.collect()).chain((0..series).map(row)).collect();
    ComparisonTable { heading: heading(measure, &points), rows }
}

fn heading(measure: Measure, points: &[&Comparison]) -> String {
    let tests_at = |point: &&Comparison| point.rows.iter().flat_map(|row| &row.tests).flatten().count();
    let draws = points.iter().flat_map(|point| &point.rows).map(|row| row.count).max().unwrap_or(0);
    format!(
        "{}, %: mean ± standard deviation over {draws} draws; {} paired tests in each column",
        measure.name().replace('_', " "),
        points.first().map_or(0, tests_at)
    )
}

/// The values of a sweep point, without the names of its axes.
fn place(point: &Comparison) -> String {
    let values = point.point.split(", ").map(|axis| axis.split_once(" = ").map_or(axis, |(_, value)| value));
    let place = values.collect::<Vec<_>>().join(", ");
    if place.is_empty() { "mean".to_owned() } else { place }
}

/// Mean, deviation, and whom it is significantly above or below.
fn cell(plan: &TablePlan, row: &ComparedSeries) -> String {
    let deviation =
        if row.deviation.is_nan() { String::new() } else { format!(" ± {:.2}", 100.0 * row.deviation) };
    let mut text = format!("{:.2}{deviation}", 100.0 * row.mean);
    for (number, test) in row.tests.iter().enumerate() {
        if let Some(test) = test.filter(|test| test.adjusted < LEVEL) {
            text += if test.difference > 0.0 { " ▲" } else { " ▼" };
            text += &initial(&plan.against[number]);
        }
    }
    text
}

/// The first letter of a series.
fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}
