//! What can keep a figure from being drawn or written.

use std::path::PathBuf;

use thiserror::Error;

/// Errors of a figure; each message says what, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A record that holds nothing to draw.
    #[error("figure {figure}: the record has no {missing}; run the analysis that fills it")]
    Empty {
        /// Id of the figure.
        figure: String,
        /// What the record lacks.
        missing: &'static str,
    },
    /// A value that the figure cannot show.
    #[error("figure {figure}, {place}: {problem}")]
    Invalid {
        /// Id of the figure.
        figure: String,
        /// Where in the record.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// The vector drawing could not be made.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// The picture could not be made from the vector drawing.
    #[error("cannot turn the drawing into a picture at {dpi} dpi: {reason}")]
    Rendering {
        /// Dots per inch asked for.
        dpi: f64,
        /// What the renderer said.
        reason: String,
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

impl FigureError {
    /// An [`FigureError::Invalid`] from its texts.
    pub(super) fn invalid(figure: &str, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { figure: figure.to_owned(), place: place.into(), problem: problem.into() }
    }
}
