//! The JSON Schema of analysis files, for editors, and what it says of measures, for people.

use super::measure::Measure;
use super::specification::Analysis;
use serde_json::Value;

/// The schema as JSON text.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Analysis);
    format!("{:#}\n", schema.as_value())
}

/// Every measure's name and what it is.
#[must_use]
pub fn measures() -> Vec<(String, String)> {
    let schema = schemars::schema_for!(Measure);
    let alternatives = schema.as_value()["oneOf"].as_array().cloned().unwrap_or_default();
    let text = |alternative: Value| {
        let text = |key: &str| alternative[key].as_str().map(|text| text.replace('\n', " "));
        Some((text("const")?, text("description")?))
    };
    alternatives.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_listed_by_the_name_files_use() {
        let text = measures();
        assert!(text.len() > 30, "{text:?}");
        for (name, meaning) in text {
            let measure = Measure::named(&name).expect("its name");
            assert_eq!(measure.name(), name);
            assert!(meaning.ends_with('.') || meaning.ends_with(')'), "{name}: {meaning}");
        }
    }
}
