//! The page around verdicts and figures.

use super::date::today;
use super::escape::escape;
use super::{notation, verdicts};
use crate::claims::{Effort, Verdict};
use crate::figure::Figure;
use crate::files::write_whole;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

const STYLE: &str = include_str!("style.css");
/// Name of the page within its directory.
const FILE: &str = "report.html";

/// What a page reports.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// All verdicts, in the order they are shown.
    pub verdicts: &'a [Verdict],
    /// All figures, in the order they are shown.
    pub figures: &'a [Figure],
    /// Seed of the set-ups.
    pub seed: u64,
    /// How much was checked.
    pub effort: Effort,
    /// Wall time of it all, in seconds.
    pub duration_seconds: f64,
}

/// A page that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {path}: {source}")]
pub struct ReportError {
    /// The file.
    path: PathBuf,
    /// What the operating system said.
    source: std::io::Error,
}

/// The page as HTML.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = head();
    page.push_str(&introduction(report));
    page.push_str(&verdicts::table(report.verdicts));
    page.push_str(&figures(report.figures));
    page.push_str(&notation::section());
    page.push_str(&verdicts::details(report.verdicts));
    page.push_str(&footer(report));
    page.push_str("</main></body></html>\n");
    page
}

/// Writes `report.html` into `directory`, whole or not at all, and returns its path.
pub fn write(report: &Report, directory: &Path) -> Result<PathBuf, ReportError> {
    let path = directory.join(FILE);
    match write_whole(&path, render(report).as_bytes()) {
        Ok(()) => Ok(path),
        Err(source) => Err(ReportError { path, source }),
    }
}

fn head() -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>equipoise: what logistic and softmax losses settle to</title>\n<style>\n{STYLE}</style></head>\n<body><main>\n"
    )
}

fn introduction(report: &Report) -> String {
    let effort = match report.effort {
        Effort::Quick => "A quick run: a sample of the set-ups.",
        Effort::Full => "A full run.",
    };
    let figures: String = report
        .figures
        .iter()
        .map(|figure| {
            format!(
                "<li><a href=\"#{0}\">{0}</a> {1}</li>\n",
                figure.id,
                escape(first_sentence(&figure.caption))
            )
        })
        .collect();
    format!(
        "<header><h1>What logistic and softmax losses settle to</h1>\n\
         <p>A classifier trained to convergence stands at a point where the gradient of its loss is zero. That condition \
         alone fixes how much probability each class gives away and receives: what class weights really do, why \
         one-vs-all losses neglect rare hard classes, and how LGL-INR repairs it. This page checks those statements \
         (X. Li, X. Li, D. Pan, D. Zhu, <cite>On the Learning Property of Logistic and Softmax Losses for Deep Neural \
         Networks</cite>, AAAI 2020, arXiv 2003.02309) on solved problems, synthetic and real. {effort}</p></header>\n\
         <nav><h2>Contents</h2><ul>\n<li><a href=\"#verdicts\">Verdicts</a></li>\n{figures}\
         <li><a href=\"#reading\">How to read this page</a></li>\n<li><a href=\"#details\">Claim by claim</a></li>\n</ul></nav>\n"
    )
}

/// Up to the first full stop that ends a sentence.
fn first_sentence(caption: &str) -> &str {
    caption.find(". ").map_or(caption, |end| &caption[..=end])
}

fn figures(figures: &[Figure]) -> String {
    let mut section = "<section id=\"figures\"><h2>Figures</h2>\n".to_owned();
    for figure in figures {
        let _ = write!(
            section,
            "<figure id=\"{0}\"><div class=\"paper\">{1}</div>\n<figcaption><strong>{0}.</strong> {2}</figcaption></figure>\n",
            figure.id,
            inline(&figure.svg),
            escape(&figure.caption)
        );
    }
    section.push_str("</section>\n");
    section
}

/// An SVG document as an element of a page: without its XML declaration.
fn inline(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |start| &svg[start..])
}

fn footer(report: &Report) -> String {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!(
        "<footer><p>equipoise {}, seed {}, {} on {} {} with {threads} threads, {:.1} s. Every number on this page comes \
         from the records beside it; the same seed gives the same verdicts and figures on any number of threads.</p></footer>\n",
        env!("CARGO_PKG_VERSION"),
        report.seed,
        today(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        report.duration_seconds
    )
}
