//! Losses, gradients by intercepts and mean probabilities against references that share no code with the program.

use super::files::{Folder, numbers, stored};
use serde_json::Value;

/// Agreement that is asked for.
const CLOSE: f64 = 1e-12;

/// A record beside this file's directory, with every set of logits written out.
fn references(name: &str) -> (Value, Folder) {
    let path = format!("{}/tests/references/{name}", env!("CARGO_MANIFEST_DIR"));
    let references: Value = serde_json::from_slice(&std::fs::read(path).expect("references")).expect("JSON");
    let folder = Folder::new();
    for (number, set) in references["sets"].as_array().expect("sets").iter().enumerate() {
        let logits: Vec<Vec<f64>> = set["logits"].as_array().expect("rows").iter().map(numbers).collect();
        let labels: Vec<i64> = set["labels"]
            .as_array()
            .expect("labels")
            .iter()
            .map(|label| label.as_i64().expect("whole"))
            .collect();
        folder.add(&format!("{number}.npz"), &stored(&logits, &labels));
    }
    (references, folder)
}

/// The audit that a case asks for.
fn audited(folder: &Folder, case: &Value) -> Value {
    let file = format!("{}.npz", case["set"]);
    let options =
        case["arguments"].as_array().expect("arguments").iter().map(|text| text.as_str().expect("text"));
    folder.json(&std::iter::once(file.as_str()).chain(options).collect::<Vec<_>>())
}

/// Fails unless all numbers agree to [`CLOSE`], relative to the reference or to the terms that cancel in it.
fn assert_close(case: &Value, what: &str, measured: &Value, terms: f64) {
    let (measured, expected) = (numbers(measured), numbers(&case[what]));
    assert_eq!(measured.len(), expected.len());
    for (measured, expected) in measured.iter().zip(&expected) {
        let off = (measured - expected).abs();
        assert!(
            // What is smaller than a double holds in full has few digits.
            off <= CLOSE * expected.abs() || off <= (4.0 * f64::EPSILON * terms).max(f64::MIN_POSITIVE),
            "{} {}: {what}: {measured:e} instead of {expected:e}",
            case["set"],
            case["arguments"]
        );
    }
}

#[test]
fn every_loss_agrees_with_forty_digits() {
    let (references, folder) = references("losses.json");
    let cases = references["cases"].as_array().expect("cases");
    assert!(cases.len() > 200);
    for case in cases {
        let record = audited(&folder, case);
        assert_close(case, "loss", &record["loss"], 0.0);
        assert_close(case, "mean_probability", &record["mean_probability"], 0.0);
        if case.get("shifted_mean_probability").is_some() {
            assert_close(case, "shifted_mean_probability", &record["shifted_mean_probability"], 0.0);
        }
        // Outflow and inflow of a class, as large as the gradient would be if nothing cancelled.
        let flow =
            record["ledger"].as_array().expect("classes").iter().map(|entry| numbers(&entry["outflow"])[0]);
        let counts: f64 = numbers(&record["class_counts"]).iter().sum();
        assert_close(case, "bias_gradient", &record["bias_gradient"], flow.fold(0.0, f64::max) / counts);
    }
}

#[test]
fn what_pytorch_computed_is_computed() {
    let (references, folder) = references("pytorch.json");
    let cases = references["cases"].as_array().expect("cases");
    assert!(cases.len() >= 40 && references["torch"].as_str().expect("a version").starts_with('2'));
    for case in cases {
        let record = audited(&folder, case);
        assert_close(case, "loss", &record["loss"], 0.0);
        let largest = numbers(&case["bias_gradient"]).into_iter().map(f64::abs).fold(0.0, f64::max);
        assert_close(case, "bias_gradient", &record["bias_gradient"], largest);
    }
}

/// A control: a gradient that is off by a millionth is noticed.
#[test]
#[should_panic(expected = "bias_gradient")]
fn a_wrong_gradient_is_noticed() {
    let (references, folder) = references("losses.json");
    let mut case = references["cases"][0].clone();
    let record = audited(&folder, &case);
    let off = numbers(&case["bias_gradient"])[0] * (1.0 + 1e-6);
    case["bias_gradient"][0] = off.to_string().into();
    assert_close(&case, "bias_gradient", &record["bias_gradient"], 0.0);
}
