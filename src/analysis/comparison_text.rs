//! A comparison as text: tables of means, and of the differences of each family with their intervals.

use super::comparison::{Comparison, FamilyDifferences, PointMeans, SeriesMeans};
use super::measure::{DisplayUnit, Selector};
use super::paired::{Draws, FEWEST_PAIRS, LEVEL, POWER, PairedDifference, detectable_in_errors};

/// A table of one measure or family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonTable {
    /// What is in the cells.
    pub heading: String,
    /// The headings of columns, then a row for each series or pair, its name first.
    pub rows: Vec<Vec<String>>,
    /// What the marks in the cells mean, and what else must be known to read them; empty where nothing is.
    pub note: String,
}

/// The differences of each family, which answer what was asked; then the means of every measure.
#[must_use]
pub fn comparison_tables(comparison: &Comparison) -> Vec<ComparisonTable> {
    let families = comparison.families.iter().map(|family| differences(family, comparison.draws));
    let mut measures: Vec<&Selector> = Vec::new();
    for point in &comparison.means {
        if !measures.contains(&&point.measure) {
            measures.push(&point.measure);
        }
    }
    let of_measure = |measure: &Selector| {
        let points: Vec<&PointMeans> =
            comparison.means.iter().filter(|found| found.measure == *measure).collect();
        if measure.is_one_number() {
            vec![means(&points)]
        } else {
            points.into_iter().map(by_class).collect()
        }
    };
    families.chain(measures.into_iter().flat_map(of_measure)).collect()
}

fn differences(family: &FamilyDifferences, draws: Draws) -> ComparisonTable {
    let unit = family.measure.measure.unit();
    let headings = std::iter::once("difference".to_owned()).chain(columns(&family.points));
    let row = |pair: &super::comparison::Pair| {
        let name = format!("{} − {}", pair.series, pair.against);
        let cells = pair.differences.iter().map(|difference| difference_cell(unit, difference));
        std::iter::once(name).chain(cells).collect()
    };
    ComparisonTable {
        heading: format!(
            "{}: difference of {}{}, mean [95% interval]",
            family.name,
            words(&family.measure),
            match unit {
                DisplayUnit::Percent => ", percentage points",
                DisplayUnit::Plain => "",
            }
        ),
        rows: std::iter::once(headings.collect()).chain(family.pairs.iter().map(row)).collect(),
        note: note_on_tests(family, draws),
    }
}

fn note_on_tests(family: &FamilyDifferences, draws: Draws) -> String {
    let tests = family.tests();
    if tests == 0 {
        return format!(
            "nothing is tested: a test takes {FEWEST_PAIRS} draws or more, and differences that are not all equal"
        );
    }
    let pairs = family.pairs.iter().flat_map(|pair| &pair.differences);
    let pairs = pairs.filter(|one| one.inference.is_some()).map(|one| one.pairs).max().unwrap_or(0);
    let method = match draws {
        Draws::Independent => "paired t tests over the draws".to_owned(),
        Draws::Splits { .. } => {
            "corrected resampled t tests (Nadeau and Bengio 2003), as the splits share samples".to_owned()
        }
    };
    let detectable = |level: f64| {
        let errors = detectable_in_errors((pairs - 1) as f64, level)?;
        Some(errors * draws.variance_of_mean(pairs).sqrt())
    };
    let power = match (detectable(LEVEL), detectable(LEVEL / tests as f64)) {
        (Some(alone), Some(first)) => format!(
            "; with {pairs} draws a difference of {alone:.1} standard deviations of the paired differences is found with \
             {:.0}% probability by a single test, one of {first:.1} by the first of {tests}",
            100.0 * POWER
        ),
        _ => String::new(),
    };
    format!(
        "*: adjusted p below {LEVEL}, by {method}, adjusted by Holm's method for the {tests} tests of this table; no * is no \
         proof of equality{power}"
    )
}

/// One table of a number, a column for each sweep point.
fn means(points: &[&PointMeans]) -> ComparisonTable {
    let Some(first) = points.first() else {
        return ComparisonTable { heading: String::new(), rows: Vec::new(), note: String::new() };
    };
    let unit = first.measure.measure.unit();
    let words_of_points: Vec<String> = points.iter().map(|point| point.point.clone()).collect();
    let headings = std::iter::once("loss".to_owned()).chain(columns(&words_of_points));
    let row = |number: usize| {
        let cells = points.iter().map(|point| {
            let row = &point.rows[number];
            format!("{}{}", number_cell(unit, row.numbers.first().copied()), failures(row))
        });
        std::iter::once(first.rows[number].name.clone()).chain(cells).collect()
    };
    let rows = std::iter::once(headings.collect()).chain((0..first.rows.len()).map(row)).collect();
    let series = points.iter().flat_map(|point| &point.rows);
    ComparisonTable { heading: heading(first, ""), rows, note: note_on_failures(series) }
}

/// One table of a sweep point, a column for each class.
fn by_class(point: &PointMeans) -> ComparisonTable {
    let unit = point.measure.measure.unit();
    let classes = point.rows.iter().map(|row| row.numbers.len()).max().unwrap_or(0);
    let headings =
        std::iter::once("loss".to_owned()).chain((0..classes).map(|class| format!("class {class}")));
    let row = |row: &SeriesMeans| {
        let cells = (0..classes).map(|class| number_cell(unit, row.numbers.get(class).copied()));
        std::iter::once(format!("{}{}", row.name, failures(row))).chain(cells).collect()
    };
    let place = columns(std::slice::from_ref(&point.point)).remove(0);
    ComparisonTable {
        heading: heading(point, &if point.point.is_empty() { String::new() } else { format!(", {place}") }),
        rows: std::iter::once(headings.collect()).chain(point.rows.iter().map(row)).collect(),
        note: note_on_failures(point.rows.iter()),
    }
}

fn heading(point: &PointMeans, place: &str) -> String {
    let draws = point.rows.iter().map(|row| row.draws).max().unwrap_or(0);
    let unit = match point.measure.measure.unit() {
        DisplayUnit::Percent => ", %",
        DisplayUnit::Plain => "",
    };
    let of = words(&point.measure);
    format!("{of}{unit}{place}: mean ± standard deviation over {draws} draws")
}

fn failures(row: &SeriesMeans) -> String {
    match row.failed {
        0 => String::new(),
        failed => format!(" ({failed} of {} failed)", failed + row.draws),
    }
}

fn note_on_failures<'a>(mut rows: impl Iterator<Item = &'a SeriesMeans>) -> String {
    if rows.all(|row| row.failed == 0) {
        return String::new();
    }
    "failed: without an answer, or the loss was no longer finite, or every image was given the same class; in no mean and no \
     difference"
        .to_owned()
}

/// `test recall of class 9`.
fn words(measure: &Selector) -> String {
    let name = measure.measure.name().replace('_', " ");
    match measure.indices.as_slice() {
        [] => name,
        [class] => format!("{name} of class {class}"),
        more => format!("{name}, {}", more.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The values of sweep points, without the names of their axes.
fn columns(points: &[String]) -> Vec<String> {
    let column = |point: &String| {
        let values = point.split(", ").map(|axis| axis.split_once(" = ").map_or(axis, |(_, value)| value));
        let place = values.collect::<Vec<_>>().join(", ");
        if place.is_empty() { "mean".to_owned() } else { place }
    };
    points.iter().map(column).collect()
}

fn number_cell(unit: DisplayUnit, number: Option<(f64, f64)>) -> String {
    let Some((mean, deviation)) = number else { return "–".to_owned() };
    let deviation =
        if deviation.is_nan() { String::new() } else { format!(" ± {}", unit.written(deviation)) };
    format!("{}{deviation}", unit.written(mean))
}

fn difference_cell(unit: DisplayUnit, difference: &PairedDifference) -> String {
    if difference.pairs == 0 {
        return "–".to_owned();
    }
    let signed = |number: f64| {
        let text = unit.written(number.abs());
        let is_zero = !text.contains(|letter: char| ('1'..='9').contains(&letter));
        match number {
            _ if is_zero => text,
            0.0.. => format!("+{text}"),
            _ => format!("−{text}"),
        }
    };
    let mean = signed(difference.mean);
    match difference.inference {
        None => mean,
        Some(inference) => {
            let mark = if inference.adjusted < LEVEL { " *" } else { "" };
            format!("{mean} [{}, {}]{mark}", signed(inference.low), signed(inference.high))
        }
    }
}
