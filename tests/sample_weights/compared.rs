//! Two records, number by number.

use serde_json::Value;

/// What two runs may differ in: times, and numbers of iterations and rows.
const LEFT_OUT: [&str; 4] = ["seconds", "iterations", "rows", "input"];

/// Relative difference that is none.
const NONE: f64 = 1e-12;
/// Numbers below this are what is left of sums that cancel.
const CANCELLED: f64 = 1e-12;
/// Rounding of the difference of two numbers of order one.
const ROUNDING: f64 = 1e-14;
/// The first two of numbers that `--recalibrate` solves for: any loss of the catalogue is solved until the gradient is 1e-12
/// of its terms, which add up to hundreds of samples, and no further.
const RECALIBRATED: (f64, f64) = (1e-10, 1e-9);

/// Every number or word in which two records differ.
pub(crate) fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(one, other, "", &mut found);
    found
}

fn compare(one: &Value, other: &Value, place: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let names = |of: &serde_json::Map<String, Value>| -> Vec<String> {
                of.keys().filter(|name| !LEFT_OUT.contains(&name.as_str())).cloned().collect()
            };
            if names(fields) != names(others) {
                found.push(format!("{place}: {:?} and {:?}", names(fields), names(others)));
            }
            for name in names(fields) {
                compare(&one[&name], &other[&name], &format!("{place}.{name}"), found);
            }
        }
        (Value::Array(entries), Value::Array(others)) if entries.len() == others.len() => {
            for (number, (one, other)) in entries.iter().zip(others).enumerate() {
                compare(one, other, &format!("{place}.{number}"), found);
            }
        }
        (Value::Number(_), Value::Number(_)) => {
            let (one, other) = (one.as_f64().expect("a number"), other.as_f64().expect("a number"));
            if !same(one, other, place) {
                found.push(format!("{place}: {one:?} and {other:?}"));
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{place}: {one} and {other}")),
    }
}

fn same(one: f64, other: f64, place: &str) -> bool {
    let (apart, size) = ((one - other).abs(), one.abs().max(other.abs()));
    let (none, cancelled) = if place.contains(".recalibrated.") { RECALIBRATED } else { (NONE, CANCELLED) };
    apart <= none * size || apart <= ROUNDING || size <= cancelled
}

#[test]
fn what_differs_is_found() {
    let record = |number: f64| serde_json::json!({"seconds": number, "a": [{"b": number}, 0.1], "c": "word"});
    assert!(differences(&record(1.0), &record(1.0 + 5e-13)).is_empty());
    assert_eq!(differences(&record(1.0), &record(1.0 + 5e-12)).len(), 1);
    assert_eq!(differences(&serde_json::json!({"a": 1}), &serde_json::json!({"b": 1})).len(), 2);
}
