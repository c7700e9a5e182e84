//! `figures/` holds what the shipped analyses drew: run again, they give the same numbers.

use super::read;
use equipoise::analysis::Shipped;
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

/// Compares what so many repetitions of an analysis have measured with the committed records; nothing where rounding decides on which
/// path a search goes: with first-order searches and networks.
pub(super) fn compare_with_committed(shipped: &Shipped, repetitions: usize, results: &Path) {
    if wanders(shipped) {
        return;
    }
    let figures = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures");
    let records = |directory: &Path| -> Value {
        serde_json::from_str(&read(directory.join("records.json"))).expect("JSON")
    };
    let (measured, committed) = (records(results), records(&figures.join(shipped.name)));
    let list = |all: &Value| all["records"].as_array().expect("a list").clone();
    let place = |record: &Value| ["at", "series", "repetition"].map(|key| record[key].clone());
    let (ours, theirs) = (list(&measured), list(&committed));
    let expected =
        theirs.iter().filter(|record| record["repetition"].as_u64() < Some(repetitions as u64)).count();
    assert!(ours.len() == expected && expected > 0, "{}: {} records", shipped.name, ours.len());
    for ours in &ours {
        let theirs = theirs.iter().find(|theirs| place(theirs) == place(ours));
        let theirs = theirs.unwrap_or_else(|| panic!("{}: {:?} is not committed", shipped.name, place(ours)));
        compare(&ours["measured"], &theirs["measured"], shipped.name);
    }
}

/// Whether another processor's last digits lead a search elsewhere.
pub(super) fn wanders(shipped: &Shipped) -> bool {
    shipped.text.contains("optimizer = { lbfgs") || shipped.text.contains("[training]")
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
