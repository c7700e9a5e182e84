//! Why claims cannot be checked.

use super::claim_ids;
use crate::nearest::nearest;
use std::path::PathBuf;
use thiserror::Error;

/// Why a plan cannot be carried out.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimError {
    /// No claim has this id.
    #[error("claim {id}: unknown{}; the ids are {}", suggestion(id), claim_ids().join(", "))]
    UnknownId {
        /// As given.
        id: String,
    },
    /// The claim has no set-up of this number.
    #[error("case {case}: {id} has cases {available}")]
    UnknownCase {
        /// The claim.
        id: &'static str,
        /// As given.
        case: usize,
        /// In words.
        available: String,
    },
    /// What an earlier check has kept cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unread {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// What is checked cannot be kept.
    #[error("cannot write {}: {reason}; free space, or choose another place", path.display())]
    Unkept {
        /// Where.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// The id that was probably meant, in words.
fn suggestion(id: &str) -> String {
    nearest(id, &claim_ids()).map_or_else(String::new, |near| format!("; did you mean {near}?"))
}
