use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{assert_nothing_runs_through_text, assert_printable, assert_written, random, texts};
use crate::analysis::binary_weights::{BinaryWeightsRecord, WeightCurve, WeightPoint};
use crate::figure::binary_weights::draw;

/// Errors on the trade-off `s₁^a + P₀^a = 1` at the place where `s₁ / P₀ = ratio`.
fn errors(ratio: f64, a: f64) -> (f64, f64) {
    let negative = (1.0 + ratio.powf(a)).powf(-1.0 / a);
    (ratio * negative, negative)
}

fn point(random: &mut ChaCha8Rng, weight_ratio: f64, law: f64) -> WeightPoint {
    let mut point = WeightPoint {
        weight_ratio,
        positive_error: Vec::new(),
        negative_error: Vec::new(),
        error_ratio: Vec::new(),
    };
    for repetition in 0..30 {
        let (positive, negative) = errors(law, 0.5 + 0.008 * f64::from(repetition));
        point.positive_error.push(positive);
        point.negative_error.push(negative);
        point.error_ratio.push(law * (1.0 + random.random_range(-1e-12..1e-12)));
    }
    point
}

fn record(sizes: &[(usize, usize)]) -> BinaryWeightsRecord {
    let mut random = random();
    let curve = |&(positives, negatives): &(usize, usize)| {
        let points = (0..=20)
            .map(|step| {
                let weight_ratio = 10_f64.powf(-2.0 + f64::from(step) / 4.0);
                let law = negatives as f64 / positives as f64 / weight_ratio;
                point(&mut random, weight_ratio, law)
            })
            .collect();
        WeightCurve { positives, negatives, points }
    };
    BinaryWeightsRecord { curves: sizes.iter().map(curve).collect() }
}

#[test]
fn curves_and_dots_are_drawn_and_named() {
    let record = record(&[(200, 400), (60, 600), (20, 1000)]);
    let figure = draw(&record).expect("a good record");
    assert_printable(&figure);
    assert_nothing_runs_through_text(&figure);
    assert_written(
        &figure,
        &[
            "a",
            "b",
            "weight ratio\u{2002}λ₁ / λ₀",
            "mean error of a class",
            "10⁻²",
            "1 : 2",
            "1 : 10",
            "1 : 50",
            "balanced",
        ],
    );
    // 21 dots per curve in panel b, and a white disc and a ring where the two errors meet in panel a.
    assert_eq!(figure.svg.matches("<circle").count(), 3 * (21 + 2));
    assert!(figure.caption.contains("over 1890 solved problems"), "{}", figure.caption);
    assert!(figure.caption.contains("× 10⁻¹³") || figure.caption.contains("10⁻¹²"), "{}", figure.caption);
    assert_eq!(figure, draw(&record).expect("a good record"), "same record, same bytes");
}

#[test]
fn close_curves_keep_their_labels_apart() {
    let mut figure =
        draw(&record(&[(100, 200), (100, 210), (100, 220), (1000, 1), (3, 5)])).expect("a good record");
    figure.file_stem += "-close";
    assert_printable(&figure);
    assert!(texts(&figure).iter().any(|(text, _)| text.trim() == "1 : 2.1"));
}

#[test]
fn points_may_come_in_any_order() {
    let sorted = record(&[(20, 100)]);
    let mut reversed = sorted.clone();
    reversed.curves[0].points.reverse();
    assert_eq!(draw(&sorted).expect("a good record"), draw(&reversed).expect("a good record"));
}

#[test]
fn a_bad_record_is_refused() {
    let empty = BinaryWeightsRecord { curves: Vec::new() };
    assert!(draw(&empty).expect_err("nothing to draw").to_string().contains("no curves"));
    let spoilt = |spoil: fn(&mut WeightCurve)| {
        let mut record = record(&[(20, 100)]);
        spoil(&mut record.curves[0]);
        draw(&record).expect_err("a bad curve").to_string()
    };
    assert!(spoilt(|curve| curve.positives = 0).contains("0 positives"));
    assert!(spoilt(|curve| curve.points.truncate(1)).contains("at least two"));
    assert!(spoilt(|curve| curve.points[3].weight_ratio = f64::NAN).contains("is not positive"));
    assert!(spoilt(|curve| curve.points.push(curve.points[0].clone())).contains("stands twice"));
    assert!(spoilt(|curve| curve.points[3].positive_error.clear()).contains("missing"));
    assert!(spoilt(|curve| curve.points[3].negative_error[0] = 1.5).contains("between 0 and 1"));
    assert!(spoilt(|curve| curve.points[3].error_ratio[2] = 0.0).contains("not positive"));
}
