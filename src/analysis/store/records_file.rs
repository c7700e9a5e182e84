//! All records of a finished run, one a line, sealed together.

use crate::analysis::file::SweptAxis;
use crate::analysis::records::{Record, Results};
use crate::analysis::specification::Series;
use crate::data::Taken;
use crate::files::journal::seal;
use serde::{Deserialize, Serialize};

/// `records.json` as it is read and written.
#[derive(Serialize, Deserialize)]
struct RecordsFile {
    analysis: String,
    version: String,
    /// What the numbers in `at` stand for; it and the names below are for readers of the file.
    #[serde(default)]
    axes: Vec<AxisValues>,
    /// Names of the series.
    #[serde(default)]
    series: Vec<String>,
    /// Names of the classes at the first sweep point.
    #[serde(default)]
    classes: Vec<String>,
    /// What of the user's table was taken for what, at the first sweep point.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    input: Option<Taken>,
    /// Of the lines of records in the file.
    seal: String,
    records: Vec<Record>,
}

/// An axis of the sweep.
#[derive(Serialize, Deserialize)]
struct AxisValues {
    name: String,
    labels: Vec<String>,
    values: Vec<serde_json::Value>,
}

/// What the file of finished results says.
pub(super) fn text(results: &Results) -> Result<String, serde_json::Error> {
    let records: Vec<String> = results.records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let lines = records.join(",\n");
    let head = RecordsFile {
        analysis: results.experiment.analysis.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        axes: results.experiment.axes.iter().map(AxisValues::of).collect(),
        series: results.experiment.analysis.series.iter().map(Series::name).collect(),
        classes: results.experiment.class_names.clone(),
        input: input(results),
        seal: seal(&lines),
        records: Vec::new(),
    };
    let head = serde_json::to_string(&head)?;
    let opened = head.strip_suffix("]}").unwrap_or(&head);
    Ok(format!("{opened}\n{lines}\n]}}\n"))
}

/// What of the user's table was taken for what, where there is one.
fn input(results: &Results) -> Option<Taken> {
    let first = results.experiment.points.first().unwrap_or(&results.experiment.analysis);
    first.data.table()?.read().ok().map(|samples| samples.taken)
}

impl AxisValues {
    fn of(axis: &SweptAxis) -> Self {
        Self { name: axis.name.clone(), labels: axis.labels.clone(), values: axis.values.clone() }
    }
}

/// Whether a file begins as such a file does. One that is damaged later on is ours too.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"{\"analysis\":";
    bytes.starts_with(BEGINNING) || BEGINNING.starts_with(bytes)
}

/// The records in it, or why they are not to be trusted.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Record>, String> {
    let read: RecordsFile =
        serde_json::from_slice(bytes).map_err(|error| format!("cannot be read ({error})"))?;
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split_once("[\n").and_then(|(_, rest)| rest.strip_suffix("\n]}\n"));
    if lines.map(seal).as_ref() != Some(&read.seal) {
        return Err("is damaged".to_owned());
    }
    Ok(read.records)
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::analysis::{Results, SHIPPED};
    use std::path::Path;

    /// The files in `figures` are as a run writes them now, but for the keys of records, which belong to the code that solved them.
    /// `EQUIPOISE_REFERENCE=write` brings them into this form.
    #[test]
    fn committed_records_have_the_form_of_new_ones() {
        let figures = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures");
        let mut seen = 0;
        for entry in std::fs::read_dir(figures).expect("a directory") {
            let directory = entry.expect("an entry").path();
            let file = directory.join("records.json");
            let Ok(committed) = std::fs::read_to_string(&file) else { continue };
            let is_shipped = SHIPPED.iter().any(|shipped| directory.ends_with(shipped.name));
            let results = match Results::read(&directory) {
                Ok(results) => results,
                // Not every machine has the image sets.
                Err(_) if !is_shipped => continue,
                Err(error) => panic!("{error}"),
            };
            let now = text(&results).expect("JSON");
            if std::env::var("EQUIPOISE_REFERENCE").is_ok_and(|value| value == "write") {
                std::fs::write(&file, now).expect("written");
            } else {
                assert!(now == committed, "{}: write it anew with EQUIPOISE_REFERENCE=write", file.display());
            }
            seen += 1;
        }
        assert!(seen >= SHIPPED.len(), "{seen}");
    }
}
