//! What a user's own logits and labels say about training: the balance of every class, what its weights did, whether there is
//! more to be had.
//!
//! [`AuditInput`] is what the user gave, [`audit()`] makes an [`AuditRecord`] of it in one pass over blocks of samples,
//! [`recalibrate`] and [`compare_head`] solve for what could be better. `words` says it in sentences.

mod head;
mod input;
mod inr;
mod pass;
mod recalibration;
mod record;
mod tables;
mod words;

pub use head::{HeadComparison, compare_head};
pub use input::{AuditInput, ReadOptions, ScoreKind};
pub use recalibration::{Recalibration, recalibrate};
pub use record::{AuditRecord, Measured, PolytopePosition, Reduction, StationaryVerdict, audit};
pub use tables::{TextTable, summary, tables};
pub use words::findings;
