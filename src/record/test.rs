//! Measures on samples that a head was not solved over.

use crate::balance::{Calibration, Classification};
use crate::numeric::Count;
use serde::Serialize;

/// How a head does on samples that it was not solved over.
#[derive(Debug, Serialize)]
pub struct TestRecord {
    /// The file, or the share and the seed that drew it.
    pub source: String,
    /// The sum of the sample weights of each class.
    pub class_counts: Vec<Count>,
    /// How they are classified.
    #[serde(flatten)]
    pub classification: Classification,
    /// Whether probabilities are frequencies.
    pub calibration: Calibration,
    /// The same after undoing class weights; absent where all classes have the same weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_corrected: Option<Calibration>,
}
