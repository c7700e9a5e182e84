//! The figures: each drawing inside the page, with its caption.

use super::escape::{escape, prose};
use super::numbers::numbers;
use super::verdicts::anchor as verdict_anchor;
use super::{Drawn, ReportError};
use crate::analysis::Results;
use crate::claims::Verdict;
use crate::figure::Figure;

/// One figure; `place` is its position on the page, counted from 0.
pub(super) fn figure(place: usize, drawn: &Drawn, verdicts: &[Verdict]) -> Result<String, ReportError> {
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
        "<figure id=\"{anchor}\">\n<div class=\"card{narrow}\">\n{drawing}\n</div>\n\
         <figcaption><strong>{id}.</strong> {caption}{origin}</figcaption>\n{numbers}</figure>\n"
    ))
}

/// Which analysis it comes from, the claims it shows, and how to run it again.
fn origin(figure: &Figure, results: &Results, verdicts: &[Verdict]) -> String {
    let analysis = &results.experiment.analysis;
    let plan = analysis.figure.iter().find(|plan| plan.id == figure.id);
    let link = |id: &String| match verdicts.iter().find(|verdict| verdict.id == *id) {
        Some(verdict) => format!("<a href=\"#{}\">{}</a>", verdict_anchor(verdict), escape(id)),
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
            Drawn { figure, results: None }
        };
        let html = figure(0, &with("<?xml version=\"1.0\"?>\n<svg></svg>"), &[]).expect("a drawing");
        assert!(html.contains("<svg></svg>") && !html.contains("<?xml") && html.contains("a &lt; b"));
        let error = figure(0, &with("nothing"), &[]).expect_err("no drawing").to_string();
        assert!(error.contains("F9"), "{error}");
    }
}
