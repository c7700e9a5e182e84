//! `[data.table]`: rows of a table of the user's own.

use crate::data::{
    DataError, Dataset, Missing, NewSamples, NewSamplesRequest, SampleRequest, Samples, TableFormat,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A table (CSV, Parquet) or an archive of arrays, and what of it is what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableDesign {
    /// The file, relative to where the analysis file is.
    pub path: PathBuf,
    /// Name of the column that holds the classes.
    pub label: String,
    /// Name of the column that holds the weight of each row (frequency, survey or importance weight), where rows do not
    /// all count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_weights: Option<String>,
    /// The feature columns, in the order wanted; by default all that are nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Columns that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// The classes in their order; rows of others are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// Labels whose rows are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_index: Vec<String>,
    /// Whether columns of text become a column of 0 and 1 for each level but the first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_hot: bool,
    /// What is done about missing values.
    #[serde(default, skip_serializing_if = "is_refuse")]
    pub missing: Missing,
    /// How a text table is written, where the file does not show it.
    #[serde(default, skip_serializing_if = "is_found")]
    pub format: TableFormat,
    /// Whether each repetition solves on rows drawn with replacement, as many of each class (a bootstrap sample).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resample: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_refuse(missing: &Missing) -> bool {
    *missing == Missing::Refuse
}

fn is_found(format: &TableFormat) -> bool {
    *format == TableFormat::default()
}

/// Settings as errors name them, and the keys that these are here.
const KEYS: [(&str, &str); 14] = [
    ("`decimal` ,", "format.decimal = \",\""),
    ("`decimal` .", "format.decimal = \".\""),
    ("`thousands` ,", "format.thousands = \",\""),
    ("`thousands` .", "format.thousands = \".\""),
    ("`thousands`", "`format.thousands`"),
    ("`encoding` utf-16be", "format.encoding = \"utf-16be\""),
    ("`encoding` utf-16", "format.encoding = \"utf-16\""),
    ("`encoding` latin-1", "format.encoding = \"latin-1\""),
    ("`no_header`", "format.no_header = true"),
    ("`comment` '#'", "format.comment = \"#\""),
    ("`separator`", "`format.separator`"),
    ("`missing` drop-row", "missing = \"drop-row\""),
    ("`missing` indicator", "missing = \"indicator\""),
    ("`one_hot`", "one_hot = true"),
];

/// Advice that can be followed in an analysis.
fn by_keys(advice: &str) -> String {
    let advice = advice.replace("`skip_lines` ", "format.skip_lines = ");
    let advice = KEYS.iter().fold(advice, |advice, (setting, key)| advice.replace(setting, key));
    let advice = with_value(&advice, "give `ignore_index` ", |labels| {
        format!("give ignore_index = [{}]", labels.replace(',', ", "))
    });
    let advice = with_value(&advice, "`sample_weights` ", |name| format!("sample_weights = {name}"));
    with_value(&advice, "`drop` ", |names| format!("drop = [{}]", names.replace(',', ", ")))
}

/// A text in which the names behind a setting, which end where the sentence does, are written as a key and its value.
fn with_value(text: &str, setting: &str, written: impl Fn(&str) -> String) -> String {
    let Some((before, rest)) = text.split_once(setting) else { return text.to_owned() };
    let end = rest.find([';', ')']).into_iter().chain(rest.find(", ")).min().unwrap_or(rest.len());
    let names = rest[..end].split(',').map(|name| format!("\"{}\"", name.trim_matches(['\'', '"'])));
    let names: Vec<String> = names.collect();
    format!("{before}{}{}", written(&names.join(",")), &rest[end..])
}

/// An error whose advice can be followed in an analysis.
fn error_by_keys(error: DataError) -> DataError {
    match error {
        DataError::Invalid { place, problem } => DataError::Invalid { place, problem: by_keys(&problem) },
        other => other,
    }
}

impl TableDesign {
    /// Reads the samples.
    ///
    /// # Errors
    /// As [`SampleRequest::read`].
    pub fn read(&self) -> Result<Samples, DataError> {
        let request = SampleRequest {
            sample_weights: self.sample_weights.clone(),
            features: self.features.clone(),
            drop: self.drop.clone(),
            classes: self.classes.clone(),
            ignore_index: self.ignore_index.clone(),
            one_hot: self.one_hot,
            missing: self.missing,
            format: self.format.clone(),
            ..SampleRequest::of_label(&self.label)
        };
        let mut samples = request.read(&self.path).map_err(error_by_keys)?;
        samples.taken.notes.iter_mut().for_each(|note| *note = by_keys(note));
        samples.taken.left_out.iter_mut().for_each(|left_out| left_out.why = by_keys(&left_out.why));
        Ok(samples)
    }

    /// The samples, and those of another file of the same columns, in which every class occurs.
    ///
    /// # Errors
    /// One of the files cannot be read, or the other one lacks a column or a class.
    pub(super) fn with_file(&self, file: &Path) -> Result<(Dataset, Dataset), DataError> {
        let Samples { dataset, design, .. } = self.read()?;
        let request = NewSamplesRequest {
            design: &design,
            classes: dataset.labels().class_names(),
            offset: &[],
            label: Some(&self.label),
            sample_weights: self.sample_weights.as_deref(),
            ignore_index: &self.ignore_index,
            format: &self.format,
        };
        let NewSamples { features, labels, .. } = request.read(file).map_err(error_by_keys)?;
        let labels = labels.ok_or_else(|| DataError::invalid("test.file", "holds no labels"))?;
        if let Some(class) = labels.counts().iter().position(|&count| count == 0) {
            let name = &labels.class_names()[class];
            let problem = format!("no sample of class {name}; each class needs some to be tested");
            return Err(DataError::invalid(file.display().to_string(), problem));
        }
        let test = Dataset::new(features, dataset.feature_names().to_vec(), labels)?;
        Ok((dataset, test))
    }
}

#[cfg(test)]
mod tests {
    use super::by_keys;

    #[test]
    fn advice_names_keys_of_the_analysis() {
        for (advice, followed) in [
            (
                "leave it out with `drop` emb, or make numbers of it",
                "leave it out with drop = [\"emb\"], or make numbers of it",
            ),
            ("leave them out with `drop` a,b; or not", "leave them out with drop = [\"a\", \"b\"]; or not"),
            ("leave it out with `drop` 'my column'", "leave it out with drop = [\"my column\"]"),
            ("counts, give `sample_weights` w", "counts, give sample_weights = \"w\""),
            ("rows to ignore, give `ignore_index` -1", "rows to ignore, give ignore_index = [\"-1\"]"),
            (
                "the classes are a, b; `ignore_index` leaves such rows out",
                "the classes are a, b; `ignore_index` leaves such rows out",
            ),
            (
                "with `missing` drop-row; name it in `classes` if it is a class",
                "with missing = \"drop-row\"; name it in `classes` if it is a class",
            ),
            (
                "leave out the lines above with `skip_lines` 2",
                "leave out the lines above with format.skip_lines = 2",
            ),
        ] {
            assert_eq!(by_keys(advice), followed);
        }
    }
}
