//! `figures/` holds what the shipped analyses drew: run again, the quick ones give the same numbers.

use super::{equipoise, read};
use equipoise::analysis::SHIPPED;
use serde_json::Value;
use std::path::Path;

/// Numbers that are rounding errors themselves differ from machine to machine: residuals, and the iterates' last digits.
const ROUNDING: [&str; 6] = [
    "residual",
    "balance_residual",
    "error_ratio_residual",
    "centroid_residual",
    "gradient",
    "balance_trace",
];
/// Other processors sum in another order.
const TOLERANCE: f64 = 1e-8;

#[test]
fn the_committed_records_are_what_the_program_measures() {
    let figures = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures");
    // First-order searches and networks take another path after rounding; those are not compared number by number.
    let wanders = |text: &str| text.contains("optimizer = { lbfgs") || text.contains("[training]");
    for shipped in SHIPPED.into_iter().filter(|shipped| !wanders(shipped.text)) {
        let committed: Value =
            serde_json::from_str(&read(figures.join(shipped.name).join("records.json"))).expect("JSON");
        let directory = tempfile::tempdir().expect("a directory");
        equipoise(directory.path()).args(["run", shipped.name, "--format", "svg"]).assert().success();
        let text = read(directory.path().join(shipped.name).join("records.json"));
        let measured: Value = serde_json::from_str(&text).expect("JSON");
        let (ours, theirs) = (&measured["records"], &committed["records"]);
        let count = ours.as_array().map_or(0, Vec::len);
        assert!(count > 0 && Some(count) == theirs.as_array().map(Vec::len), "{}", shipped.name);
        for record in 0..count {
            compare(&ours[record]["measured"], &theirs[record]["measured"], shipped.name);
        }
    }
}

fn compare(ours: &Value, theirs: &Value, name: &str) {
    let ours = ours.as_object().expect("measures");
    for (measure, values) in ours.iter().filter(|(measure, _)| !ROUNDING.contains(&measure.as_str())) {
        let committed = theirs[measure].as_array().unwrap_or_else(|| panic!("{name}: no {measure}"));
        let values = values.as_array().expect("a list");
        assert_eq!(values.len(), committed.len(), "{name}, {measure}");
        for (ours, theirs) in values.iter().zip(committed) {
            let close = match (ours.as_f64(), theirs.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * (1.0 + a.abs()),
                (None, None) => true,
                _ => false,
            };
            assert!(close, "{name}, {measure}: {ours} now, {theirs} committed");
        }
    }
}
