use super::{assert_printable, assert_written};
use crate::analysis::scaling::{ScalingAxis, ScalingPoint, ScalingRecord, ScalingSeries};
use crate::figure::scaling::draw;

/// Lines that rise as the mathematics says, from half a millisecond on.
fn record() -> ScalingRecord {
    let series = ScalingAxis::ALL.into_iter().zip([1.0, 2.0, 1.0]).flat_map(|(axis, power)| {
        ["LGL", "SML", "LGL-INR"].into_iter().zip([1.0, 1.3, 6.0]).map(move |(loss, factor)| {
            let point = |step: i32| {
                let growth = 10.0_f64.powf(f64::from(step) / 2.0);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small sizes")]
                let size = (2.0 * growth).round() as usize;
                let seconds = 5e-4 * factor * growth.powf(power);
                ScalingPoint { size, seconds, memory: 1e6, foreseen: 4e6 }
            };
            ScalingSeries { loss: loss.to_owned(), axis, points: (0..=6).map(point).collect() }
        })
    });
    ScalingRecord { machine: "a machine".to_owned(), threads: 2, series: series.collect() }
}

#[test]
fn exponents_are_at_the_ends_of_the_lines() {
    let figure = draw(&record()).expect("a good record");
    assert_written(&figure, &["a", "b", "c", "exponent of N", "exponent of d", "seconds"]);
    assert_written(&figure, &["LGL 1.00", "SML 2.00", "LGL-INR 2.00", "dotted: ∝ d²"]);
    assert_printable(&figure);
}

#[test]
fn the_caption_has_exponents_and_memory() {
    let caption = draw(&record()).expect("a good record").caption;
    assert!(caption.contains("from 1.00 to 1.00 in N"), "{caption}");
    assert!(caption.contains("within 25 % of what was foreseen"), "{caption}");
}

#[test]
fn a_bad_record_is_refused() {
    let mut lacking = record();
    lacking.series.retain(|series| series.axis != ScalingAxis::Classes);
    assert!(draw(&lacking).expect_err("an axis is missing").to_string().contains("has no series"));
    let mut timeless = record();
    timeless.series[0].points[0].seconds = 0.0;
    assert!(draw(&timeless).expect_err("no time").to_string().contains("must be positive"));
}
