//! What can be wrong with a network or its training.

use crate::data::DataError;
use crate::loss::WeightError;
use crate::memory::MemoryError;
use crate::solver::ProblemError;
use std::path::PathBuf;
use thiserror::Error;

/// Each text says what, where, and what to do.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum NetworkError {
    /// A layer that cannot be.
    #[error("network, layer {number}: {problem}")]
    Layer {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A setting that cannot be.
    #[error("training, {setting}: {problem}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The loss or a parameter is no longer a number.
    #[error("training, epoch {epoch}, step {step}: {what} is no longer finite; lower the learning rate")]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
        /// What went astray.
        what: &'static str,
    },
    /// A checkpoint that cannot be read, written, or gone on from.
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A training that does not fit into memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Images that cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Weights that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// A head that cannot be solved for.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}
