//! The JSON Schema of analysis files, for editors.

use super::specification::Analysis;

/// The schema as JSON text.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Analysis);
    format!("{:#}\n", schema.as_value())
}
