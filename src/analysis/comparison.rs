//! Series beside each other over the same draws: means, deviations and paired tests; and as tables whose cells say mean,
//! deviation, and which other series a series is significantly above or below.

use super::measure::Measure;
use super::records::Results;
use super::specification::TablePlan;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// One measure at one sweep point, for every series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The sweep point in words; empty if nothing is swept.
    pub point: String,
    /// What is compared.
    pub measure: Measure,
    /// One row per series, in order.
    pub rows: Vec<ComparedSeries>,
}

/// A series in a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedSeries {
    /// Its name.
    pub name: String,
    /// Repetitions that have a number.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (of `count - 1`); NaN of a single one.
    pub deviation: f64,
    /// A test against each series it is compared with; `None` against itself, and where the draws do not allow a test.
    pub tests: Vec<Option<PairedTest>>,
}

/// Student's t test of the differences on the same draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairedTest {
    /// Mean difference, this series less the other.
    pub difference: f64,
    /// Two-sided probability of such a difference if there were none.
    pub p: f64,
    /// The same adjusted by Holm's method for all tests of the comparison: below 0.05 the difference is significant with
    /// the chance of even one false alarm among them at 5%.
    pub adjusted: f64,
}

/// Every comparison of a table: points, and at each the measures.
#[must_use]
pub fn comparisons(results: &Results, plan: &TablePlan) -> Vec<Comparison> {
    let points = 0..results.experiment.points.len();
    points
        .flat_map(|point| plan.measures.iter().map(move |&measure| compare(results, plan, point, measure)))
        .collect()
}

fn compare(results: &Results, plan: &TablePlan, point: usize, measure: Measure) -> Comparison {
    let (series, places) = (&results.experiment.analysis.series, results.experiment.places(point));
    let names: Vec<String> = series.iter().map(super::specification::Series::name).collect();
    let numbers = |series: usize| -> Vec<(u64, f64)> {
        let records = results.records.iter().filter(|record| record.series == series && record.at == places);
        records
            .filter_map(|record| Some((record.repetition, record.all(measure).first().copied()?)))
            .filter(|(_, number)| number.is_finite())
            .collect()
    };
    let all: Vec<Vec<(u64, f64)>> = (0..names.len()).map(numbers).collect();
    let row = |(number, name): (usize, &String)| {
        let values: Vec<f64> = all[number].iter().map(|(_, value)| *value).collect();
        let test = |other: &String| {
            let place = names.iter().position(|name| name == other).filter(|&place| place != number)?;
            paired_test(&all[number], &all[place])
        };
        let tests = plan.against.iter().map(test).collect();
        let (mean, deviation) = mean_and_deviation(&values);
        ComparedSeries { name: name.clone(), count: values.len(), mean, deviation, tests }
    };
    let mut rows: Vec<ComparedSeries> = names.iter().enumerate().map(row).collect();
    adjust(rows.iter_mut().flat_map(|row| row.tests.iter_mut().flatten()).collect());
    Comparison { point: results.experiment.point_in_words(point).unwrap_or_default(), measure, rows }
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

/// Over the repetitions that both have; `None` with fewer than two. Equal differences have the probability zero.
fn paired_test(ours: &[(u64, f64)], theirs: &[(u64, f64)]) -> Option<PairedTest> {
    let other =
        |repetition: u64| theirs.iter().find(|(found, _)| *found == repetition).map(|(_, value)| *value);
    let differences: Vec<f64> =
        ours.iter().filter_map(|&(repetition, value)| Some(value - other(repetition)?)).collect();
    let count = differences.len() as f64;
    if differences.len() < 2 {
        return None;
    }
    let (difference, deviation) = mean_and_deviation(&differences);
    let p = match (deviation > 0.0, StudentsT::new(0.0, 1.0, count - 1.0)) {
        (true, Ok(student)) => 2.0 * student.cdf(-(difference / (deviation / count.sqrt())).abs()),
        _ if difference == 0.0 => 1.0,
        _ => 0.0,
    };
    Some(PairedTest { difference, p, adjusted: p })
}

/// Holm's method: from the smallest probability on, each times the number of tests not yet done, none smaller than one
/// before.
fn adjust(mut tests: Vec<&mut PairedTest>) {
    tests.sort_by(|a, b| a.p.total_cmp(&b.p));
    let mut least: f64 = 0.0;
    let count = tests.len();
    for (done, test) in tests.into_iter().enumerate() {
        least = least.max(((count - done) as f64 * test.p).min(1.0));
        test.adjusted = least;
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(values: &[f64]) -> Vec<(u64, f64)> {
        (0..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn the_paired_test_is_that_of_the_textbook() {
        // Differences 1, 2, 3, 4: mean 2.5, t = 2.5 / (1.290994 / 2) = 3.872983, 3 degrees of freedom, p = 0.030466.
        let test =
            paired_test(&numbered(&[2.0, 4.0, 6.0, 8.0]), &numbered(&[1.0, 2.0, 3.0, 4.0])).expect("pairs");
        assert!((test.difference - 2.5).abs() < 1e-12);
        assert!((test.p - 0.030_466_3).abs() < 1e-6, "{}", test.p);
        assert!(paired_test(&numbered(&[1.0]), &numbered(&[2.0])).is_none());
        // Only draws that both have are compared.
        let gap = paired_test(&[(0, 1.0), (1, 5.0), (2, 2.0)], &[(0, 0.5), (2, 1.0)]).expect("two pairs");
        assert!((gap.difference - 0.75).abs() < 1e-12);
    }

    #[test]
    fn adjusted_probabilities_are_holms() {
        let mut tests = [0.01, 0.04, 0.03, 0.005].map(|p| PairedTest { difference: 1.0, p, adjusted: p });
        adjust(tests.iter_mut().collect());
        // 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 no smaller than that.
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (test, expected) in tests.iter().zip(expected) {
            assert!((test.adjusted - expected).abs() < 1e-12, "{} {expected}", test.adjusted);
        }
    }
}
