//! Why an analysis cannot be run; each message says what, where, and what to do.

use crate::memory::MemoryError;
use std::path::PathBuf;
use thiserror::Error;

/// An analysis that could not be read, carried out or kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The analysis file says something that cannot be.
    #[error("{place}: {problem}")]
    Specification {
        /// File and line, or the option that overrides the file.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// A name under which no analysis is shipped.
    #[error("{name}: {problem}")]
    Unknown {
        /// The name.
        name: String,
        /// What there is instead.
        problem: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// A directory that holds something else.
    #[error("{}: {problem}", path.display())]
    Occupied {
        /// The directory or file.
        path: PathBuf,
        /// What it holds and what to do.
        problem: String,
    },
    /// An analysis that does not fit into memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A problem of the analysis that cannot be stated or measured.
    #[error("{problem}: {why}")]
    Impossible {
        /// Which problem: series, sweep point, repetition.
        problem: String,
        /// What is wrong with it.
        why: String,
    },
}

impl AnalysisError {
    /// A [`AnalysisError::Specification`] from its texts.
    pub(super) fn specification(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Specification { place: place.into(), problem: problem.into() }
    }
}
