//! What analyses found: each drawing with its caption, the measured numbers as a table with one row for every series at
//! every sweep point, and comparisons of series by tests.

use super::markup::{each, escape, prose, table, text_table};
use super::verdicts::{anchor as verdict_anchor, name as verdict_name};
use super::{DrawnFigure, ReportError};
use crate::analysis::specification::TablePlan;
use crate::analysis::summary::Spread;
use crate::analysis::{ComparisonTable, Measure, Record, Results, Shape, compare, comparison_tables};
use crate::claims::Verdict;
use crate::figure::Figure;
use crate::numeric::{counted, significant};
use std::sync::Arc;

/// One figure; `place` is its position on the page, counted from 0.
pub(super) fn figure(place: usize, drawn: &DrawnFigure, verdicts: &[Verdict]) -> Result<String, ReportError> {
    let figure = &drawn.figure;
    let missing = || ReportError::NoDrawing { id: figure.id.clone() };
    // HTML may not hold a prologue such as an XML declaration.
    let start = figure.svg.find("<svg").ok_or_else(missing)?;
    let drawing = with_own_ids(&figure.svg[start..], &format!("drawing-{place}-"));
    let (anchor, id, caption) = (anchor(figure), escape(&figure.id), prose(&figure.caption));
    let results = drawn.results.as_deref();
    let narrow = if is_narrow(&drawing) { " narrow" } else { "" };
    let origin = results.map(|results| origin(figure, results, verdicts)).unwrap_or_default();
    let numbers = results.map(numbers).unwrap_or_default();
    Ok(format!(
        "<figure id=\"{anchor}\">\n<div class=\"card{narrow}\" tabindex=\"0\">\n{drawing}\n</div>\n<p class=\"swipe\" aria-hidden=\"true\">goes on to the right →</p>\n\
         <figcaption><strong>{id}.</strong> {caption}{origin}</figcaption>\n{numbers}</figure>\n"
    ))
}

/// Which analysis it comes from, the claims it shows, and how to run it again.
fn origin(figure: &Figure, results: &Results, verdicts: &[Verdict]) -> String {
    let analysis = &results.experiment.analysis;
    let plan = analysis.figure.iter().find(|plan| plan.id == figure.id);
    let link = |id: &String| match verdicts.iter().find(|verdict| verdict.id == *id) {
        Some(verdict) => format!("<a href=\"#{}\">{}</a>", verdict_anchor(verdict), verdict_name(verdict)),
        // A claim that is measured, not judged.
        None => escape(id),
    };
    let claims: Vec<String> = plan.into_iter().flat_map(|plan| &plan.claims).map(link).collect();
    format!(
        " <small>Claims: {}. <code>equipoise run {}</code></small>",
        claims.join(", "),
        escape(&analysis.name)
    )
}

/// Whether a drawing is made for one column.
fn is_narrow(drawing: &str) -> bool {
    /// Widths in points between those of one column and of two.
    const BETWEEN: f64 = 360.0;
    let width = drawing.split_once("width=\"").and_then(|(_, rest)| rest.split_once("pt\""));
    width.and_then(|(width, _)| width.parse::<f64>().ok()).is_some_and(|width| width < BETWEEN)
}

/// Id and subject, as `F7 averaging`.
pub(super) fn name(figure: &Figure) -> String {
    let subject = figure.file_stem.strip_prefix(&format!("{}-", figure.id)).unwrap_or(&figure.file_stem);
    format!("{} {}", escape(&figure.id), escape(&subject.replace('-', " ")))
}

/// The name by which the page links to a figure.
pub(super) fn anchor(figure: &Figure) -> String {
    format!("figure-{}", escape(&figure.id))
}

/// The drawing with `prefix` before every id and every reference to one, since ids must be unique on a page that
/// holds several drawings. Text between tags stays as it is.
fn with_own_ids(svg: &str, prefix: &str) -> String {
    const MARKS: [&str; 5] = [" id=\"", "href=\"#", "url(#", "aria-labelledby=\"", "aria-describedby=\""];
    let rename = |tag: &str| {
        MARKS.iter().fold(tag.to_owned(), |tag, mark| tag.replace(mark, &format!("{mark}{prefix}")))
    };
    let mut renamed = String::with_capacity(svg.len());
    for piece in svg.split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        renamed.push_str(text);
        renamed.push_str(&rename(tag));
    }
    renamed
}

/// More rows than this are for the CSV file.
const MAX_ROWS: usize = 120;

/// The table, folded away; nothing where it would be too long to read.
pub(super) fn numbers(results: &Results) -> String {
    let measures: Vec<Measure> =
        results.experiment.analysis.measure.iter().copied().filter(|measure| fits_a_cell(*measure)).collect();
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
fn fits_a_cell(measure: Measure) -> bool {
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

/// A residual: two digits and a power of ten.
pub(super) fn residual(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value.is_nan() { "not a number" } else { "infinite" }.to_owned();
    }
    if (0.01..1000.0).contains(&value.abs()) {
        let decimals = if value.abs() < 1.0 { 3 } else { 1 };
        return format!("{value:.decimals$}");
    }
    let text = format!("{value:.1e}");
    match text.split_once('e') {
        Some((digits, power)) => {
            let digits =
                digits.strip_suffix(".0").map_or_else(|| format!("{digits}&nbsp;×&nbsp;"), of_one_digit);
            format!("{digits}10<sup>{}</sup>", power.replace('-', "−"))
        }
        None => text,
    }
}

/// What comes before the power: nothing for `1`, so that a tolerance reads as one.
fn of_one_digit(digit: &str) -> String {
    if digit == "1" { String::new() } else { format!("{digit}&nbsp;×&nbsp;") }
}

/// A duration in minutes and seconds.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    format!("{} min {} s", (whole / 60.0).floor(), whole % 60.0)
}

/// Every table of the runs whose figures are shown; empty if they have none.
pub(super) fn tables<'a>(figures: impl Iterator<Item = &'a DrawnFigure>) -> String {
    each(runs(figures), |results| each(&results.experiment.analysis.table, |plan| comparison(results, plan)))
}

/// Each run once, though it has several figures.
fn runs<'a>(figures: impl Iterator<Item = &'a DrawnFigure>) -> Vec<&'a Arc<Results>> {
    let mut runs: Vec<&Arc<Results>> = figures.filter_map(|drawn| drawn.results.as_ref()).collect();
    runs.dedup_by(|a, b| Arc::ptr_eq(a, b));
    runs
}

fn comparison(results: &Results, plan: &TablePlan) -> String {
    let tables = comparison_tables(&compare(results, plan));
    let (id, name) = (escape(&plan.id), escape(&results.experiment.analysis.name));
    let title = escape(&results.experiment.analysis.title);
    let body = each(&tables, |table| one_table(&plan.id, table));
    format!(
        "<h3 id=\"table-{id}\">Table {id}. {title}</h3>\n{body}<p><small><code>equipoise run {name}</code></small></p>\n"
    )
}

fn one_table(id: &str, table: &ComparisonTable) -> String {
    let label = format!("Table {id}, {}", table.heading);
    let note = if table.note.is_empty() {
        String::new()
    } else {
        format!("<p><small>{}</small></p>\n", escape(&table.note))
    };
    format!("<p>{}</p>\n{}{note}", escape(&table.heading), text_table("numbers", &label, &table.rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_references_are_renamed_together_and_text_is_not() {
        let svg = "<svg><clipPath id=\"a\"/><g clip-path=\"url(#a)\"><text>url(#a) id=\"a\"</text></g>\
                   <use xlink:href=\"#a\"/></svg>";
        let expected = "<svg><clipPath id=\"x-a\"/><g clip-path=\"url(#x-a)\"><text>url(#a) id=\"a\"</text></g>\
                        <use xlink:href=\"#x-a\"/></svg>";
        assert_eq!(with_own_ids(svg, "x-"), expected);
    }

    #[test]
    fn an_xml_declaration_is_left_out_and_a_missing_drawing_is_named() {
        let with = |svg: &str| {
            let figure = Figure {
                id: "F9".to_owned(),
                file_stem: "F9-test".to_owned(),
                svg: svg.to_owned(),
                caption: "a < b".to_owned(),
            };
            DrawnFigure { figure, results: None }
        };
        let html = figure(0, &with("<?xml version=\"1.0\"?>\n<svg></svg>"), &[]).expect("a drawing");
        assert!(html.contains("<svg></svg>") && !html.contains("<?xml") && html.contains("a &lt; b"));
        let error = figure(0, &with("nothing"), &[]).expect_err("no drawing").to_string();
        assert!(error.contains("F9"), "{error}");
    }

    #[test]
    fn residuals_are_short() {
        let shown = [1e-10, 2.34e-14, 4e-12, 0.0, 0.5, 12.0, 12345.0].map(residual);
        let expected = [
            "10<sup>−10</sup>",
            "2.3&nbsp;×&nbsp;10<sup>−14</sup>",
            "4&nbsp;×&nbsp;10<sup>−12</sup>",
            "0",
            "0.500",
            "12.0",
            "1.2&nbsp;×&nbsp;10<sup>4</sup>",
        ];
        assert_eq!(shown, expected);
        assert_eq!(residual(f64::INFINITY), "infinite");
        assert_eq!(residual(f64::NAN), "not a number");
    }

    #[test]
    fn durations_carry_to_the_next_minute() {
        assert_eq!(duration(8.25), "8.2 s");
        assert_eq!(duration(119.6), "2 min 0 s");
        assert_eq!(duration(f64::NAN), "unknown");
    }
}
