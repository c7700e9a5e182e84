//! `audit --held-out`: what is left of the balance on samples that were not trained on.

use super::files::{Folder, doubles, npz, numbers, sample, stored, whole};
use equipoise::data::{Covariance, Dataset, GaussianMixture};
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::solver::{Problem, solve};
use nalgebra::DMatrix;
use predicates::prelude::*;
use zip::CompressionMethod::Stored;

const L2: f64 = 1e-3;

/// Two classes in so many dimensions, about two standard deviations apart.
fn draw(counts: [usize; 2], dimension: usize, number: u64) -> Dataset {
    let apart = 2.0 / (dimension as f64).sqrt();
    let means = DMatrix::from_fn(dimension, 2, |_, class| apart * class as f64);
    let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts.to_vec()).expect("classes");
    mixture.sample(4, number).expect("a draw")
}

fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.column_iter().map(|column| column.iter().copied().collect()).collect()
}

fn file(logits: &DMatrix<f64>, dataset: &Dataset, with_features: bool) -> Vec<u8> {
    let labels: Vec<i64> = dataset.labels().class_indices().iter().map(|&class| i64::from(class)).collect();
    let mut arrays = vec![("logits", doubles(&rows(logits))), ("labels", whole(&labels))];
    if with_features {
        arrays.push(("features", doubles(&rows(&dataset.features()))));
    }
    npz(&arrays, Stored)
}

/// Logits of a softmax head, inverse-frequency weights, on its own samples and on others, whose features are moved by
/// `moved`.
fn folder(dimension: usize, test: [usize; 2], moved: f64, with_features: bool) -> Folder {
    let (training, test) = (draw([240, 60], dimension, 1), draw(test, dimension, 2));
    let problem =
        Problem::new(&training, &LossSpec::Softmax, &ClassWeights::Balanced, L2).expect("a problem");
    let point = solve(&problem).stationary().expect("a stationary point");
    let other = test.features().map(|value| value + moved);
    let folder = Folder::with("a.npz", &file(&point.logits(), &training, with_features));
    folder.add("test.npz", &file(&point.head.logits(&other), &test, false));
    folder
}

const OPTIONS: [&str; 5] = ["a.npz", "--class-weights", "balanced", "--held-out", "test.npz"];

fn held_out(folder: &Folder) -> serde_json::Value {
    folder.json(&[&OPTIONS[..], &["--l2", "1e-3"]].concat())["held_out"].clone()
}

#[test]
fn a_head_of_few_features_is_in_balance_out_of_sample() {
    let folder = folder(2, [240, 60], 0.0, true);
    let record = held_out(&folder);
    assert_eq!((&record["reading"], &record["priors_differ"]), (&"balanced".into(), &false.into()));
    // By the definition, from the printed means: training is stationary, and both masses are 150.
    let means = numbers(&record["mean_probability"]);
    for k in 0..2 {
        let entry = &record["balance"][k];
        let expected = 150.0 * (means[k] + means[2 + k] - 1.0);
        assert!((numbers(&entry["difference"])[0] - expected).abs() < 1e-9);
        let [from, to] = numbers(&entry["interval"])[..] else { panic!("two ends") };
        assert!(from < expected && expected < to);
        assert!(numbers(&entry["bias"])[0].abs() < numbers(&entry["standard_deviation"])[0]);
    }
    folder
        .command(&OPTIONS)
        .assert()
        .success()
        .stdout(predicate::str::contains("the balance holds out of sample"));
}

#[test]
fn overfitting_and_other_samples_are_told_apart_by_features() {
    let crowded = held_out(&folder(70, [2400, 600], 0.0, true));
    assert_eq!(crowded["reading"], "overfitting", "{crowded}");
    let unknown = held_out(&folder(70, [2400, 600], 0.0, false));
    assert_eq!(unknown["reading"], "overfitting-or-shifted");
    assert!(unknown["balance"][0].get("bias").is_none());
    let moved = held_out(&folder(2, [240, 60], 1.0, true));
    assert_eq!(moved["reading"], "shifted", "{moved}");
}

#[test]
fn a_shift_of_priors_leaves_the_balance_and_is_named() {
    let folder = folder(2, [150, 150], 0.0, true);
    let record = held_out(&folder);
    assert_eq!((&record["reading"], &record["priors_differ"]), (&"balanced".into(), &true.into()));
    folder.command(&OPTIONS).assert().success().stdout(predicate::str::contains("a shift of priors"));
}

#[test]
fn held_out_samples_that_do_not_fit_are_refused() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let two: Vec<i64> = labels.iter().map(|&label| label % 2).collect();
    folder.add("two.npz", &stored(&logits, &two));
    let narrow: Vec<Vec<f64>> = logits.iter().map(|row| row[..2].to_vec()).collect();
    folder.add("narrow.npz", &stored(&narrow, &two));
    for (options, part) in [
        (&["--held-out", "two.npz"][..], "--held-out: class 2 has no samples"),
        (&["--held-out", "narrow.npz"], "2 logits per sample, but 3 in training"),
        (
            &["--held-out", "two.npz", "--loss", "focal"],
            "goes with --loss softmax and logistic, not with focal",
        ),
        (&["--held-out", "missing.npz"], "there is no such file"),
        (&["--held-out", "two.npz", "--out", "two.npz"], "is the file that is read"),
        (&["--held-out", "two.npz", "--sample-weights", "w.npy"], "put both into the files"),
    ] {
        let complaint = folder.complaint(&[&["a.npz"], options].concat());
        assert!(complaint.contains(part), "{options:?}: {complaint}");
    }
    assert!(folder.complaint(&["-", "--held-out", "-"]).contains("--held-out -: standard input"));
}
