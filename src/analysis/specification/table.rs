//! `[[table]]`: series beside each other, in numbers.

use crate::analysis::measure::Measure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Means and deviations over repetitions of every series at every sweep point, with paired tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablePlan {
    /// Name of the table, such as `T1`; part of the names of its files.
    pub id: String,
    /// What is compared: measures of one number.
    pub measures: Vec<Measure>,
    /// Series that every other one is tested against, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<String>,
}
