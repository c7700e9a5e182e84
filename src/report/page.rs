//! The skeleton of the page.

use super::circumstances::Circumstances;
use super::markup::{described, each, escape};
use super::results::duration;
use super::{Report, ReportError, chapters, formulas, summary, verdicts};
use crate::claims::Effort;

const STYLE: &str = include_str!("style.css");

/// The page: everything it shows is in it.
pub(super) fn page(report: &Report, circumstances: &Circumstances) -> Result<String, ReportError> {
    let first = report.verdicts.first().ok_or(ReportError::NoVerdicts)?;
    let chapters = chapters::contents(report);
    let mut body = introduction(report);
    body += &table_of_contents(&chapters);
    let words = formulas::notation(first.tolerance) + SOURCES;
    body += &section("reading", "Words, symbols and losses", &words);
    body += &section("claims", "All verdicts", &verdicts::overview(report));
    body += &chapters.iter().map(|content| content.html(report)).collect::<Result<String, _>>()?;
    let others = each(chapters::others(report), verdicts::detail);
    if !others.is_empty() {
        body += &section("others", "Other claims", &others);
    }
    let body = format!("<div class=\"with-contents\">\n{body}</div>\n");
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

fn introduction(report: &Report) -> String {
    let summary = summary::summary(report.verdicts);
    format!(
        "<header id=\"summary\">\n<h1>What logistic and softmax losses settle to</h1>\n{summary}</header>\n"
    )
}

/// Whose laws these are, what they need, and which follow from which.
const SOURCES: &str = "<h3>Where the laws come from</h3>\n<p>The laws are those of X. Li, X. Li, D. Pan and D. Zhu, <cite>On the Learning \
    Property of Logistic and Softmax Losses for Deep Neural Networks</cite>, AAAI 2020 (<a href=\"https://arxiv.org/abs/2003.02309\">arXiv \
    2003.02309</a>), together with consequences drawn from them. They need an intercept that is free and concern the training data that the \
    gradient saw; T1 and T2 are about other data, M1 to M3 about mini-batches, H1 about heads without an intercept. Not all claims are \
    independent: B2 and B3 rearrange B1, I2 and C2 rearrange B5, whose derivative is W2; A1 is an instance of B6 and A2 follows from it; R3 \
    follows from R1 and R2; N1 to N4 are the laws over the features of a network. They are checked all the same, because a \
    formula can be right and its code wrong. Proofs are in <code>docs/theory.md</code>; what is measured and not proved, as A3, R4 and much \
    of C1, or derived to leading order, as S1 to S3, T1 and T2, is said there.</p>\n";

/// Chapters with their claims and figures by name; beside the text where the window is wide enough.
fn table_of_contents(chapters: &[chapters::Content]) -> String {
    let entries = each(chapters, chapters::Content::entry);
    format!(
        "<nav aria-label=\"Contents\" id=\"contents\">\n<h2>Contents</h2>\n<ul>\n<li><a href=\"#summary\">Summary</a></li>\n\
         <li><a href=\"#reading\">Words, symbols and losses</a></li>\n<li><a href=\"#claims\">All verdicts</a></li>\n{entries}</ul>\n</nav>\n\
         <a class=\"to-contents\" href=\"#contents\">Contents</a>\n"
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
