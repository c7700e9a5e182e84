//! An audit as one page that needs nothing but itself. Its pictures are drawn in the page: the mean-probability matrix as a
//! heat map, the ledger as bars, and reliability curves.

use super::markup::{described, each, escape, text_table};
use super::page::{document, section};
use crate::audit::{AuditRecord, TextTable, findings, summary, tables, verdict};
use crate::balance::{Calibration, ReliabilityBin};
use crate::numeric::significant;
use crate::text::both_ends;

/// The page of an audit of `file`.
#[must_use]
pub fn audit_page(record: &AuditRecord, file: &str) -> String {
    let text = each(findings(record), |finding| format!("<li>{}</li>\n", escape(&finding)));
    let found = verdict(record);
    let kind = if found.is_good { "good" } else { "bad" };
    let lines = each(found.lines, |line| format!("<p class=\"line\">{}</p>\n", escape(&line)));
    let mut body = format!(
        "<header>\n<h1>Audit of {}</h1>\n<div class=\"summary {kind}\">\n{lines}</div>\n<p>{}</p>\n<p><small>{}</small></p>\n</header>\n",
        escape(file),
        escape(&summary(record)),
        escape(&record.input.line())
    );
    let notes = each(record.input.notes.clone(), |note| format!("<li>{}</li>\n", escape(&note)));
    if !notes.is_empty() {
        body += &format!("<ul>\n{notes}</ul>\n");
    }
    let pictures = [
        heat_map(record),
        ledger_bars(record),
        reliability(&record.measured.calibration, record.measured.prior_corrected.as_ref()),
    ];
    let pictures = each(pictures, |picture| format!("<div>\n{picture}</div>\n"));
    let pictures = format!("<div class=\"pictures\">\n{pictures}</div>\n");
    body += &section("pictures", "At a glance", &pictures);
    body += &section("findings", "Findings", &format!("<ul>\n{text}</ul>\n"));
    body += &section("numbers", "Numbers", &each(tables(record), |shown| one(&shown)));
    body += &section(
        "glossary",
        "Words",
        &format!("<dl>\n{}</dl>\n", each(GLOSSARY, |(term, text)| described(term, text))),
    );
    let footer = format!(
        "<footer>\n<p>equipoise {}: <code>equipoise losses {}</code> has the equation and the law.</p>\n</footer>\n",
        env!("CARGO_PKG_VERSION"),
        escape(&record.loss_name)
    );
    document(&format!("Audit of {file}"), &body, &footer)
}

fn one(shown: &TextTable) -> String {
    format!("<h3>{}</h3>\n{}", escape(&shown.heading), text_table("numbers", &shown.heading, &shown.rows))
}

/// Words of the page and what they mean.
const GLOSSARY: [(&str, &str); 9] = [
    ("mean probability", "P[c][k]: the probability of class k, averaged over the samples of class c."),
    ("shortfall", "1 - P[k][k]: what the samples of class k lack to be certain of their own class."),
    (
        "outflow",
        "The probability that the samples of a class give to other classes, summed, each sample by its weight.",
    ),
    (
        "inflow",
        "The probability that the samples of other classes give to this class, summed, each sample by its weight.",
    ),
    (
        "stationary",
        "Outflow equals inflow in every class. Training that has converged, with a bias in the last layer that does not decay, \
         ends there.",
    ),
    ("residual", "The difference of outflow and inflow, relative to the larger of them."),
    ("recall", "The share of a class's samples whose predicted class it is."),
    (
        "calibration error",
        "The mean difference between the confidence (the probability of the predicted class) and the accuracy, in 15 bins.",
    ),
    (
        "prior-corrected",
        "Probabilities divided by the class weights and made to sum to one again: what they would be without weights.",
    ),
];

/// More classes make no picture that can be read.
const MAX_CLASSES: usize = 40;
/// Fewer leave room for a number in each cell.
const NUMBERED: usize = 13;
/// Letters of a heading that is turned upright.
const LONGEST_HEADING: usize = 16;

/// Blue and orange of the palette that colour-blind people can distinguish (Okabe and Ito).
const BLUE: &str = "#0072b2";
const ORANGE: &str = "#d55e00";

/// The mean-probability matrix.
fn heat_map(record: &AuditRecord) -> String {
    let classes = &record.classes;
    if classes.len() > MAX_CLASSES {
        return format!(
            "<p>The mean probabilities of {} classes are in the JSON of the audit.</p>\n",
            classes.len()
        );
    }
    let is_numbered = classes.len() < NUMBERED;
    let matrix = &record.measured.mean_probability;
    let largest = matrix.iter().flatten().copied().filter(|p| p.is_finite()).fold(0.0, f64::max);
    let headings = each(classes, |class| {
        let shown = escape(&both_ends(class, LONGEST_HEADING));
        format!("<th scope=\"col\" title=\"{}\"><span>{shown}</span></th>", escape(class))
    });
    let row = |(class, row): (&String, &Vec<f64>)| {
        let cells = each(row.iter().enumerate(), |(k, &p)| heat_cell(p, largest, &classes[k], is_numbered));
        format!("<tr><th scope=\"row\" title=\"{0}\"><span>{0}</span></th>{cells}</tr>\n", escape(class))
    };
    let rows = each(classes.iter().zip(matrix), row);
    let kind = if is_numbered { "heat" } else { "heat plain" };
    format!(
        "<h3>Mean probability</h3>\n<p>Each row is a true class: where the probability of its samples goes, on average. A fine \
         model has its colour on the diagonal. Full colour is {}.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Mean probability\">\n\
         <table class=\"{kind}\">\n<thead><tr><th scope=\"col\">true \\ predicted</th>{headings}</tr></thead>\n<tbody>\n{rows}</tbody>\n\
         </table>\n</div>\n",
        significant(largest, 2)
    )
}

/// A cell whose colour is full at the largest probability of all.
fn heat_cell(p: f64, largest: f64, class: &str, numbered: bool) -> String {
    if p.is_nan() {
        return "<td title=\"no samples\"></td>".to_owned();
    }
    let share = if largest > 0.0 { (100.0 * p / largest).clamp(0.0, 100.0) } else { 0.0 };
    // White on dark, whatever the scheme of the page.
    let ink = if share > 65.0 { "; color: #ffffff" } else { "" };
    let text = if numbered { significant(p, 2) } else { String::new() };
    format!(
        "<td title=\"{}: {}\" style=\"background: color-mix(in srgb, {BLUE} {share:.0}%, transparent){ink}\">{text}</td>",
        escape(class),
        significant(p, 4)
    )
}

/// Outflow and inflow of every class, side by side.
fn ledger_bars(record: &AuditRecord) -> String {
    let ledger = &record.measured.ledger;
    let largest = ledger.iter().flat_map(|entry| [entry.outflow, entry.inflow]).fold(0.0, f64::max);
    if ledger.len() > MAX_CLASSES || largest <= 0.0 {
        return String::new();
    }
    let bar = |value: f64, colour: &str| {
        format!(
            "<div class=\"bar\"><span style=\"width: {:.2}%; background: {colour}\"></span><small>{}</small></div>",
            80.0 * value / largest,
            significant(value, 4)
        )
    };
    let longest = record.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    let room = longest.min(LONGEST_NAME) + 3;
    let row = |(class, entry): (&String, &crate::balance::LedgerEntry)| {
        format!(
            "<tr><th scope=\"row\" style=\"width: {room}ch\">{}</th><td>{}{}</td></tr>\n",
            escape(class),
            bar(entry.outflow, BLUE),
            bar(entry.inflow, ORANGE)
        )
    };
    let rows = each(record.classes.iter().zip(ledger), row);
    format!(
        "<h3>Ledger</h3>\n<p><span style=\"color: {BLUE}\">■</span> outflow: what a class gives away; \
         <span style=\"color: {ORANGE}\">■</span> inflow: what it takes from others. Where training has converged, both bars of a \
         class are equally long.</p>\n<table class=\"ledger\">\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
}

/// Longer names of classes go on in a further line beside their bars.
const LONGEST_NAME: usize = 15;

/// Side of the square of a reliability curve, and the room for its axes.
const SIDE: f64 = 260.0;
const MARGIN: f64 = 46.0;

/// Accuracy against confidence, as predicted and corrected for class weights.
fn reliability(plain: &Calibration, corrected: Option<&Calibration>) -> String {
    let at = |x: f64, y: f64| (MARGIN + SIDE * x, 10.0 + SIDE * (1.0 - y));
    let mut drawn = String::new();
    let (left, bottom) = at(0.0, 0.0);
    let (right, top) = at(1.0, 1.0);
    drawn += &format!(
        "<rect x=\"{left}\" y=\"{top}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.4\"/>\n"
    );
    drawn += &format!(
        "<line x1=\"{left}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{top}\" stroke=\"currentColor\" stroke-dasharray=\"4 4\" stroke-opacity=\"0.6\"/>\n"
    );
    for tick in [0.0, 0.5, 1.0] {
        let (x, y) = at(tick, tick);
        drawn += &format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>\n", bottom + 18.0);
        drawn += &format!("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{tick}</text>\n", left - 6.0, y + 4.0);
    }
    drawn += &format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">confidence</text>\n",
        left + SIDE / 2.0,
        bottom + 36.0
    );
    drawn += &format!(
        "<text transform=\"translate(12 {}) rotate(-90)\" text-anchor=\"middle\">accuracy</text>\n",
        top + SIDE / 2.0
    );
    drawn += &curve(&plain.bins, &format!("fill=\"{BLUE}\" fill-opacity=\"0.75\""), BLUE, &at);
    if let Some(corrected) = corrected {
        // Rings do not hide what is below.
        let ring = format!("fill=\"none\" stroke=\"{ORANGE}\" stroke-width=\"2\"");
        drawn += &curve(&corrected.bins, &ring, ORANGE, &at);
    }
    let legend = if corrected.is_some() {
        format!(
            " <span style=\"color: {BLUE}\">●</span> as predicted, <span style=\"color: {ORANGE}\">○</span> corrected for the class \
             weights."
        )
    } else {
        String::new()
    };
    let (width, height) = (MARGIN + SIDE + 12.0, SIDE + 56.0);
    format!(
        "<h3>Reliability</h3>\n<p>How often the predicted class is right, by the probability it was given. Points on the dashed line \
         are frequencies; below it the model is too sure. Larger points count more samples.{legend}</p>\n\
         <svg class=\"reliability\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Accuracy against confidence\">\n{drawn}</svg>\n"
    )
}

fn curve(bins: &[ReliabilityBin], dot: &str, colour: &str, at: &impl Fn(f64, f64) -> (f64, f64)) -> String {
    let points: Vec<String> = bins
        .iter()
        .map(|bin| {
            let (x, y) = at(bin.confidence, bin.accuracy);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let dots = each(bins, |bin| {
        let (x, y) = at(bin.confidence, bin.accuracy);
        let title = format!(
            "confidence {}, accuracy {}, {} of samples",
            significant(bin.confidence, 3),
            significant(bin.accuracy, 3),
            significant(bin.share, 2)
        );
        let radius = 2.5 + 9.0 * bin.share.sqrt();
        format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" {dot}><title>{title}</title></circle>\n"
        )
    });
    format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\n{dots}",
        points.join(" ")
    )
}
