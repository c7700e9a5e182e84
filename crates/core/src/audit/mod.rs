//! Audits a user's own logits and labels: the balance of every class, the effect of its weights, and whether training
//! had converged.
//!
//! [`AuditInput`] is what the user gave, [`audit()`] makes an [`AuditRecord`] of it in one pass over blocks of samples,
//! [`recalibrate`] and [`compare_head`] solve for better intercepts and for a better last layer, [`compare_held_out`] looks at
//! samples that the loss has not seen. `words` puts the findings into sentences.

mod alternatives;
mod batch;
mod head;
mod held_out;
mod input;
mod inr;
mod labels;
mod logit_columns;
mod memory;
mod multi_label;
mod pass;
mod recalibration;
mod record;
mod scan;
mod tables;
mod verdict;
mod weight_effect_left;
mod words;

pub use alternatives::{Alternative, alternatives};
pub use batch::{BatchLawName, BatchRecord};
pub use head::{HeadComparison, compare_head};
pub use held_out::{HeldOut, HeldOutClass, HeldOutReading, compare_held_out};
pub use input::{AuditInput, ReadOptions, ScoreKind};
pub use multi_label::{LabelBalance, MultiLabelRecord, audit_multi_label};
pub use recalibration::{Recalibration, recalibrate};
pub use record::{AuditRecord, Measured, PolytopePosition, Reduction, StationaryVerdict, audit};
pub use tables::{TextTable, summary, tables};
pub use verdict::{AuditVerdict, verdict};
pub use weight_effect_left::{MeasuredAt, WeightEffectLeft};
pub use words::findings;
