//! Makes one self-contained HTML page of verdicts and figures: no script, no network, no font to load.
//!
//! [`render`] makes the page, [`write()`] puts it into a directory. `page` holds the skeleton, `summary` its first screen, `chapters` the
//! order of the argument, `verdicts` and `results` its parts, `circumstances` what differs between two runs. All use `markup` (text, lists and tables) and
//! `formulas`.

mod audit_page;
mod chapters;
mod circumstances;
mod formulas;
mod markup;
mod page;
mod results;
mod summary;
mod verdicts;

#[cfg(test)]
mod tests;

use crate::analysis::Results;
use crate::claims::{Effort, Verdict};
use crate::figure::Figure;
use crate::files::{make_directory, write_marked};
pub use audit_page::audit_page;
use circumstances::Circumstances;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Name of the page's file.
pub const FILE_NAME: &str = "report.html";

/// A figure, and what it was drawn from.
#[derive(Debug, Clone)]
pub struct DrawnFigure {
    /// The figure.
    pub figure: Figure,
    /// The run whose records it shows, where it shows those of an analysis.
    pub results: Option<std::sync::Arc<Results>>,
}

/// What a page reports: one run of the program.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The verdicts, in the order of the page.
    pub verdicts: &'a [Verdict],
    /// The figures, in the order of the page.
    pub figures: &'a [DrawnFigure],
    /// Seed of every set-up.
    pub seed: u64,
    /// How much was checked.
    pub effort: Effort,
    /// Wall time of the run, in seconds.
    pub duration_seconds: f64,
}

/// The page as HTML text. Apart from date, duration and the line about the machine, equal reports give equal bytes.
///
/// # Errors
/// There are no verdicts ([`ReportError::NoVerdicts`]), or a figure holds no drawing
/// ([`ReportError::NoDrawing`]).
pub fn render(report: &Report) -> Result<String, ReportError> {
    page::page(report, &Circumstances::of_this_machine())
}

/// Writes the page as `report.html` into `directory`, which is made if need be, and returns the file's path. The file
/// is written atomically.
///
/// # Errors
/// As [`render`]; or the file cannot be written ([`ReportError::Unwritable`]).
pub fn write(report: &Report, directory: &Path) -> Result<PathBuf, ReportError> {
    let page = render(report)?;
    let path = directory.join(FILE_NAME);
    let failure = |reason| ReportError::Unwritable { path: path.clone(), reason };
    make_directory(directory).map_err(failure)?;
    write_marked(&path, page.as_bytes()).map_err(failure)?;
    Ok(path)
}

/// Errors of a report; each message says what, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Nothing was checked.
    #[error("report: there are no verdicts; check at least one claim")]
    NoVerdicts,
    /// A figure without a drawing.
    #[error("report, figure {id}: its drawing is not an SVG text; draw it again")]
    NoDrawing {
        /// Id of the figure.
        id: String,
    },
    /// A file that could not be written.
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: std::io::Error,
    },
}
