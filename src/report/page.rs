//! The skeleton of the page.

use super::circumstances::Circumstances;
use super::markup::{described, each, escape};
use super::results::{self, duration};
use super::{Report, ReportError, formulas, verdicts};
use crate::claims::Effort;

const STYLE: &str = include_str!("style.css");

/// The page: everything it shows is in it.
pub(super) fn page(report: &Report, circumstances: &Circumstances) -> Result<String, ReportError> {
    let first = report.verdicts.first().ok_or(ReportError::NoVerdicts)?;
    let drawings = report
        .figures
        .iter()
        .enumerate()
        .map(|(place, drawn)| results::figure(place, drawn, report.verdicts))
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    let tables = results::tables(report.figures);
    let mut body = introduction(report, !tables.is_empty());
    body += &section("reading", "How to read this page", &formulas::notation(first.tolerance));
    body += &section("claims", "The claims", &verdicts::overview(report));
    if !drawings.is_empty() {
        body += &section("figures", "Figures", &drawings);
    }
    if !tables.is_empty() {
        body += &section("tables", "Tables", &tables);
    }
    body += &section("details", "Claim by claim", &verdicts::details(report.verdicts));
    Ok(document("What logistic and softmax losses settle to", &body, &footer(report, circumstances)))
}

/// A page of its own: everything it shows is in it.
pub(super) fn document(title: &str, body: &str, footer: &str) -> String {
    let head = head(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n{head}</head>\n<body>\n<main>\n{body}</main>\n{footer}</body>\n\
         </html>\n"
    )
}

fn head(title: &str) -> String {
    let title = escape(title);
    format!(
        "<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n"
    )
}

fn introduction(report: &Report, has_tables: bool) -> String {
    let summary = verdicts::summary(report.verdicts);
    let contents = contents(report, has_tables);
    format!(
        "<header>\n<h1>What logistic and softmax losses settle to</h1>\n\
         <p>When the training of a classifier has converged, the mean probabilities it predicts for its training \
         data must obey exact laws, which know of its loss, the class sizes and the class weights, and of nothing else. The laws are those of X. Li, X. Li, \
         D. Pan and D. Zhu, <cite>On the Learning Property of Logistic and Softmax Losses for Deep Neural \
         Networks</cite>, AAAI 2020 (<a href=\"https://arxiv.org/abs/2003.02309\">arXiv 2003.02309</a>), together \
         with consequences drawn from them. <code>equipoise</code> solved the problems below until their gradient \
         was zero to rounding and measured how well each law holds there.</p>\n\
         <p>The laws are about the training data that the gradient saw, and need an intercept that is free; T1 and T2 are about \
         other data, M1 to M3 about mini-batches, F1 about heads without an intercept. Not all claims are independent of each \
         other: B2 and B3 rearrange B1, I2 and C2 rearrange B5, whose derivative is W2; A1 is an instance of B6 and A2 follows from it; R3 \
         follows from R1 and R2; M2 is an end of M1; N1 to N4 are the laws over the features of a network. They are checked all the \
         same, because a formula can be right and its code wrong. Laws are proved in <code>docs/theory.md</code>; what is measured and not \
         proved, as A3, R4 and much of C1, is said there.</p>\n\
         {summary}</header>\n<nav aria-label=\"Contents\">\n<h2>Contents</h2>\n{contents}</nav>\n"
    )
}

fn contents(report: &Report, has_tables: bool) -> String {
    let claims = each(report.verdicts, |verdict| {
        format!("<li><a href=\"#{}\">{}</a></li>", verdicts::anchor(verdict), escape(&verdict.id))
    });
    let figures = each(report.figures, |figure| {
        format!("<li><a href=\"#{}\">{}</a></li>", results::anchor(&figure.figure), escape(&figure.figure.id))
    });
    let figures = if figures.is_empty() {
        String::new()
    } else {
        format!("<li><a href=\"#figures\">Figures</a><ul>{figures}</ul></li>\n")
    };
    let tables = if has_tables { "<li><a href=\"#tables\">Tables</a></li>\n" } else { "" };
    format!(
        "<ul>\n<li><a href=\"#reading\">How to read this page</a></li>\n<li><a href=\"#claims\">The claims</a></li>\n\
         {figures}{tables}<li><a href=\"#details\">Claim by claim</a><ul>{claims}</ul></li>\n</ul>\n"
    )
}

pub(super) fn section(id: &str, title: &str, html: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{}</h2>\n{html}</section>\n", escape(title))
}

fn footer(report: &Report, circumstances: &Circumstances) -> String {
    let effort = match report.effort {
        Effort::Quick => "quick (a sample of the set-ups)",
        Effort::Full => "full (every set-up)",
    };
    let facts = [
        ("Program", format!("equipoise {}", env!("CARGO_PKG_VERSION"))),
        ("Seed", report.seed.to_string()),
        ("Effort", effort.to_owned()),
        ("Libraries", circumstances.libraries.clone()),
        ("Machine", circumstances.machine.clone()),
        ("Date", circumstances.date.clone()),
        ("Duration", duration(report.duration_seconds)),
    ];
    let facts = each(facts, |(term, value)| described(term, &escape(&value)));
    format!("<footer>\n<h2>How this page was made</h2>\n<dl>\n{facts}</dl>\n</footer>\n")
}
