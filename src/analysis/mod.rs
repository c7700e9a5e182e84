//! Experiments: what is solved for a figure, and the records it leaves. A record is written once and read by the
//! figure, its caption, the report and the tests alike.

pub mod balance_law;
pub mod binary_weights;
pub mod probability_maps;
pub mod scaling;

mod error;

pub use error::AnalysisError;
