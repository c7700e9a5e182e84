//! What can keep a report from being made or written.

use std::path::PathBuf;
use thiserror::Error;

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
