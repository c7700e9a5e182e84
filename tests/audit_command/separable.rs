//! What an audit says of class weights on features that separate all samples (S3).

use super::files::{Folder, doubles, npz, numbers, whole};
use equipoise::data::{Covariance, Dataset, GaussianMixture};
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::solver::{Problem, solve};
use nalgebra::DMatrix;
use predicates::prelude::*;
use serde_json::Value;
use zip::CompressionMethod::Stored;

const RATIO: f64 = 100.0;

/// Classes evenly around the origin, at a distance from it at which they are far apart, or overlap.
fn classes(counts: &[usize], radius: f64) -> Dataset {
    let turn = std::f64::consts::TAU / counts.len() as f64;
    let means = DMatrix::from_fn(2, counts.len(), |axis, class| {
        radius * if axis == 0 { (turn * class as f64).cos() } else { (turn * class as f64).sin() }
    });
    let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts.to_vec()).expect("classes");
    mixture.sample(5, 1).expect("a draw")
}

fn solved(dataset: &Dataset, spec: &LossSpec, weights: &ClassWeights, l2: f64) -> DMatrix<f64> {
    let problem = Problem::new(dataset, spec, weights, l2).expect("a problem");
    solve(&problem).stationary().expect("a stationary point").logits()
}

fn folder(dataset: &Dataset, logits: &DMatrix<f64>) -> Folder {
    let rows = |matrix: &DMatrix<f64>| -> Vec<Vec<f64>> {
        matrix.column_iter().map(|column| column.iter().copied().collect()).collect()
    };
    let labels: Vec<i64> = dataset.labels().class_indices().iter().map(|&class| i64::from(class)).collect();
    let arrays = [
        ("logits", doubles(&rows(logits))),
        ("labels", whole(&labels)),
        ("features", doubles(&rows(&dataset.features()))),
    ];
    Folder::with("a.npz", &npz(&arrays, Stored))
}

/// How far apart a weight moves the margins of the two samples nearest to the boundary, over the sum of the two: from two
/// solved heads, without the formula.
fn moved(dataset: &Dataset, l2: f64) -> f64 {
    let of = |weights| solved(dataset, &LossSpec::Logistic, &weights, l2);
    let (plain, weighted) = (of(ClassWeights::None), of(ClassWeights::Explicit(vec![1.0, RATIO])));
    let labels = dataset.labels().class_indices();
    let nearest = |class: u32| {
        let sign = if class == 1 { 1.0 } else { -1.0 };
        let of_class = (0..labels.len()).filter(|&sample| labels[sample] == class);
        let margins = of_class.map(|sample| (sample, sign * weighted[(0, sample)]));
        margins.min_by(|a, b| a.1.total_cmp(&b.1)).expect("a sample")
    };
    let (negative, positive) = (nearest(0), nearest(1));
    let before = plain[(0, positive.0)] + plain[(0, negative.0)];
    (positive.1 - negative.1 - before) / (positive.1 + negative.1)
}

#[test]
fn what_is_left_of_a_weight_is_what_solved_heads_show() {
    let dataset = classes(&[60, 20], 6.0);
    let mut earlier = f64::INFINITY;
    for l2 in [1e-6, 1e-9, 1e-12] {
        let weights = ClassWeights::Explicit(vec![1.0, RATIO]);
        let folder = folder(&dataset, &solved(&dataset, &LossSpec::Logistic, &weights, l2));
        let penalty = format!("{l2:e}");
        let options = ["a.npz", "--loss", "logistic", "--class-weights", "1,100", "--l2", &penalty];
        let left = folder.json(&options)["head"]["weight_effect_left"].clone();
        let shift = left["boundary_shift"].as_f64().unwrap_or_else(|| panic!("{left}"));
        let margins = numbers(&left["margins"]);
        assert!((shift - RATIO.ln() / margins.iter().sum::<f64>()).abs() < 1e-12, "{left}");
        assert_eq!(
            (&left["measured_at"], numbers(&left["classes"])),
            (&"exact-layer".into(), vec![1.0, 0.0])
        );
        let seen = moved(&dataset, l2);
        assert!((seen / shift - 1.0).abs() < 0.05, "l2 {l2:e}: {shift} by S3, {seen} between solved heads");
        assert!(shift < earlier, "a smaller penalty leaves less");
        earlier = shift;
        let shown = predicate::str::contains("the weight ratio 100 of classes 1 and 0 moves the boundary");
        folder.command(&options).assert().success().stdout(shown);
    }
}

#[test]
fn without_a_penalty_the_margins_are_those_of_the_logits_given() {
    let dataset = classes(&[60, 40, 20], 6.0);
    let logits = solved(&dataset, &LossSpec::Softmax, &ClassWeights::None, 1e-4);
    let options = ["a.npz", "--class-weights", "1,2,50"];
    let left = folder(&dataset, &logits).json(&options)["head"]["weight_effect_left"].clone();
    assert_eq!(left["measured_at"], "given-logits");
    let class = |place: usize| {
        usize::try_from(left["classes"][place].as_u64().expect("a class")).expect("a small number")
    };
    let [heavy, light] = [0, 1].map(class);
    let weights = [1.0, 2.0, 50.0];
    assert_eq!(left["weight_ratio"].as_f64(), Some(weights[heavy] / weights[light]));
    let labels = dataset.labels().class_indices();
    let margin = |own: usize, other: usize| {
        let of_class = (0..labels.len()).filter(|&sample| labels[sample] as usize == own);
        of_class.map(|sample| logits[(own, sample)] - logits[(other, sample)]).fold(f64::INFINITY, f64::min)
    };
    let margins = numbers(&left["margins"]);
    for (margin, expected) in margins.iter().zip([margin(heavy, light), margin(light, heavy)]) {
        assert!((margin - expected).abs() < 1e-12 * expected, "{left}");
    }
    // No other two classes are moved further.
    let shift = |own: usize, other: usize| {
        (weights[own] / weights[other]).ln() / (margin(own, other) + margin(other, own))
    };
    let largest =
        [(1, 0), (2, 0), (2, 1)].map(|(own, other)| shift(own, other)).into_iter().fold(0.0, f64::max);
    assert!((left["boundary_shift"].as_f64().expect("a number") - largest).abs() < 1e-12, "{left}");
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let apart = classes(&[60, 20], 6.0);
    let logits = solved(&apart, &LossSpec::Softmax, &ClassWeights::None, 1e-6);
    let separated = folder(&apart, &logits);
    let of = |folder: &Folder, options: &[&str]| {
        let record = folder.json(&[&["a.npz", "--l2", "1e-6"], options].concat());
        assert!(record["head"]["exact"].is_object(), "{}", record["head"]);
        record["head"].get("weight_effect_left").cloned()
    };
    assert_eq!(of(&separated, &[]), None, "no weights");
    assert_eq!(of(&separated, &["--loss", "focal", "--class-weights", "1,100"]), None, "another loss");
    assert!(of(&separated, &["--class-weights", "1,100"]).is_some_and(|left: Value| left.is_object()));
    let overlapping = classes(&[60, 20], 0.5);
    let logits = solved(&overlapping, &LossSpec::Softmax, &ClassWeights::None, 1e-6);
    assert_eq!(of(&folder(&overlapping, &logits), &["--class-weights", "1,100"]), None, "they overlap");
}
