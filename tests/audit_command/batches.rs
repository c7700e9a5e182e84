//! `audit --batch`: which balance a model that was trained in batches is held against.

use super::files::{Folder, doubles, npz, numbers, sample, stored, whole};
use equipoise::balance::BatchPresence;
use predicates::prelude::*;
use zip::CompressionMethod::Stored;

const INR: [&str; 5] = ["a.npz", "--loss", "inr", "--beta", "0"];

/// The sample with intercepts that make LGL-INR stationary in expectation over batches of eight.
fn stationary_in_batches() -> Folder {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let options = [&INR[..], &["--batch", "8", "--recalibrate", "--biases", "b.json"]].concat();
    folder.json(&options);
    let biases: Vec<f64> =
        serde_json::from_slice(&std::fs::read(folder.file("b.json")).expect("biases")).expect("a list");
    let corrected: Vec<Vec<f64>> =
        logits.iter().map(|row| row.iter().zip(&biases).map(|(z, b)| z + b).collect()).collect();
    Folder::with("a.npz", &stored(&corrected, &labels))
}

#[test]
fn in_expectation_over_batches_another_balance_holds_than_over_all_samples() {
    let folder = stationary_in_batches();
    let whole = folder.json(&INR);
    assert_eq!(whole["stationary"], false, "R1 does not hold there");
    let record = folder.json(&[&INR[..], &["--batch", "8"]].concat());
    assert_eq!((&record["stationary"], &record["batch"]["law"]), (&true.into(), &"expected".into()));
    assert!(numbers(&record["verdict"]["worst_residual"])[0] < 1e-10);
    assert_eq!(record["batch"]["whole_sample_residual"], whole["verdict"]["worst_residual"]);
    let exact = BatchPresence::of(&[20, 12, 8], 8).expect("small").present;
    for (given, exact) in numbers(&record["batch"]["present"]).iter().zip(exact) {
        assert!((given - exact).abs() < 1e-12);
    }
    folder
        .command(&[&INR[..], &["--batch", "8"]].concat())
        .assert()
        .success()
        .stdout(predicate::str::contains("have a sample of class 2").and(predicate::str::contains("M1")));
}

#[test]
fn one_sample_at_a_time_is_plain_logistic_loss_and_all_of_them_are_the_whole() {
    let folder = stationary_in_batches();
    for beta in ["0", "5"] {
        let inr = ["a.npz", "--loss", "inr", "--beta", beta, "--batch"];
        let single = folder.json(&[&inr[..], &["1"]].concat());
        let plain = folder.json(&["a.npz", "--loss", "logistic"]);
        assert_eq!(single["batch"]["law"], "plain");
        for k in 0..3 {
            let residual = |record: &serde_json::Value| numbers(&record["ledger"][k]["residual"])[0];
            assert!((residual(&single) - residual(&plain)).abs() < 1e-12, "beta {beta}, class {k}");
        }
        let all = folder.json(&[&inr[..], &["40"]].concat());
        assert_eq!(all["batch"]["law"], "whole-sample");
        assert_eq!(all["ledger"], folder.json(&inr[..5])["ledger"]);
    }
}

/// Where no law is known, batches are drawn: at beta near zero they meet the exact expectation within their error.
#[test]
fn sharp_weights_in_batches_are_simulated() {
    let folder = stationary_in_batches();
    let sharp = |beta: &'static str| ["a.npz", "--loss", "inr", "--beta", beta, "--batch", "8"];
    let record = folder.json(&sharp("1e-9"));
    assert_eq!((&record["batch"]["law"], &record["batch"]["batches"]), (&"simulated".into(), &10_000.into()));
    assert_eq!(record["stationary"], true, "{}", record["verdict"]);
    for (k, error) in numbers(&record["batch"]["standard_error"]).into_iter().enumerate() {
        let difference = numbers(&record["ledger"][k]["difference"])[0];
        assert!(error > 0.0 && difference.abs() < 3.3 * error, "class {k}: {difference} against {error}");
    }
    assert_eq!(folder.json(&sharp("1e-9")), record, "the same batches are drawn");
    assert_eq!(folder.json(&sharp("20"))["stationary"], false, "other weights, another balance");
    let complaint = folder.complaint(&[&sharp("20")[..], &["--recalibrate"]].concat());
    assert!(complaint.contains("has no objective"), "{complaint}");
}

#[test]
fn sums_over_samples_do_not_see_batches() {
    let folder = stationary_in_batches();
    for loss in ["softmax", "logistic", "focal"] {
        let (with, without) = (
            folder.json(&["a.npz", "--loss", loss, "--batch", "8"]),
            folder.json(&["a.npz", "--loss", loss]),
        );
        assert_eq!((&with["batch"]["law"], &with["ledger"]), (&"own".into(), &without["ledger"]), "{loss}");
    }
}

#[test]
fn batches_that_cannot_be_are_refused() {
    let (logits, labels) = sample();
    let weights = doubles(&vec![vec![2.0]; 40]);
    let arrays = [("logits", doubles(&logits)), ("labels", whole(&labels)), ("w", weights)];
    let folder = Folder::with("a.npz", &npz(&arrays, Stored));
    for (options, part) in [
        (&["--batch", "0"][..], "--batch: batches of 0; give a size from 1 to 40"),
        (&["--batch", "41"], "batches of 41; give a size from 1 to 40"),
        (&["--batch", "8", "--sample-weights", "w"], "leave out --sample-weights"),
    ] {
        let complaint = folder.complaint(&[&INR[..], options].concat());
        assert!(complaint.contains(part), "{complaint}");
    }
}
