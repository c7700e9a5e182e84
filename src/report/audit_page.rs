//! An audit as one page that needs nothing but itself.

use super::audit_pictures::{heat_map, ledger_bars, reliability};
use super::escape::escape;
use super::markup::{described, each, text_table};
use super::page::{document, section};
use crate::audit::{AuditRecord, TextTable, findings, summary, tables, verdict};

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
    let pictures = format!(
        "{}{}{}",
        heat_map(record),
        ledger_bars(record),
        reliability(&record.measured.calibration, record.measured.prior_corrected.as_ref())
    );
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
