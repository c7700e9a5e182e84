//! What an analysis measured, as a table: one row for every series at every sweep point.

use super::escape::escape;
use super::markup::table;
use crate::analysis::summary::Spread;
use crate::analysis::{Measure, Record, Results, Shape};
use crate::numeric::{counted, significant};

/// More rows than this are for the CSV file.
const MAX_ROWS: usize = 120;

/// The table, folded away; nothing where it would be too long to read.
pub(super) fn numbers(results: &Results) -> String {
    let measures: Vec<Measure> =
        results.experiment.analysis.measure.iter().copied().filter(|measure| is_told(*measure)).collect();
    let count = results.experiment.points.len() * results.experiment.analysis.series.len();
    if measures.is_empty() || count > MAX_ROWS {
        return String::new();
    }
    let rows = rows(results, &measures);
    let axes = results.experiment.axes.iter().map(|axis| axis.name.clone());
    let names = measures.iter().map(|measure| measure.name());
    let headings: Vec<String> = std::iter::once("series".to_owned()).chain(axes).chain(names).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let repetitions = counted(repetitions(results) as u64, "draw");
    let table = table("numbers", "Numbers", &headings, &rows);
    format!(
        "<details>\n<summary>Numbers: means over {repetitions}; of lists, the smallest to the largest entry</summary>\n\
         {table}</details>\n"
    )
}

fn repetitions(results: &Results) -> usize {
    usize::try_from(results.experiment.analysis.repetitions).unwrap_or(usize::MAX)
}

/// Matrices and iterates say nothing in a cell.
fn is_told(measure: Measure) -> bool {
    matches!(measure.shape(), Shape::Scalar | Shape::Classes | Shape::ClassPairs)
}

fn rows(results: &Results, measures: &[Measure]) -> Vec<Vec<String>> {
    let series = results.experiment.analysis.series.len();
    let mut rows = Vec::new();
    for point in 0..results.experiment.points.len() {
        let at = results.experiment.places(point);
        for number in 0..series {
            let here = |record: &&Record| record.series == number && record.at == at;
            let records: Vec<&Record> = results.records.iter().filter(here).collect();
            let mut row = vec![escape(&results.series_name(number))];
            let places = results.experiment.axes.iter().zip(&at);
            row.extend(places.map(|(axis, &place)| escape(&axis.labels[place])));
            row.extend(measures.iter().map(|&measure| cell(&records, measure)));
            rows.push(row);
        }
    }
    rows
}

/// The mean over repetitions, or the range of the means of a list's entries.
fn cell(records: &[&Record], measure: Measure) -> String {
    const DIGITS: usize = 3;
    let length = records.iter().map(|record| record.all(measure).len()).max().unwrap_or(0);
    let mean = |place: usize| {
        let values: Vec<f64> = records
            .iter()
            .filter_map(|record| record.all(measure).get(place).copied())
            .filter(|value| value.is_finite())
            .collect();
        Spread::of_mean(&values).map(|spread| spread.middle)
    };
    let means: Vec<f64> = (0..length).filter_map(mean).collect();
    let written = |value: f64| significant(value, DIGITS).replace('-', "−");
    match means.as_slice() {
        [] => "–".to_owned(),
        &[only] => written(only),
        several => {
            let least = several.iter().copied().fold(f64::INFINITY, f64::min);
            let most = several.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            format!("{} to {}", written(least), written(most))
        }
    }
}
