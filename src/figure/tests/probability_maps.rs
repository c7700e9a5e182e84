use rand::RngExt;

use super::{assert_printable, assert_written, random, texts};
use crate::analysis::probability_maps::{ProbabilityMap, ProbabilityMapsRecord};
use crate::figure::probability_maps::draw;

/// Matrices whose diagonal falls from the first class to the last, faster for the first loss.
pub(super) fn record(classes: usize) -> ProbabilityMapsRecord {
    let mut random = random();
    let maps = [("LGL", 0.6), ("SML", 0.5), ("LGL-INR, β = 5", 0.25)].map(|(loss, fall)| {
        let row = |class: usize| {
            let own = 1.0 - 0.004 - fall * class as f64 / classes as f64;
            let pull: Vec<f64> = (0..classes).map(|_| random.random_range(0.0_f64..1.0).powi(4)).collect();
            let total: f64 = (0..classes).filter(|&k| k != class).map(|k| pull[k]).sum();
            (0..classes).map(|k| if k == class { own } else { (1.0 - own) * pull[k] / total }).collect()
        };
        ProbabilityMap { loss: loss.to_owned(), mean_probability: (0..classes).map(row).collect() }
    });
    ProbabilityMapsRecord { class_counts: (0..classes).map(|c| 1000 >> c).collect(), maps: maps.into() }
}

#[test]
fn maps_are_legible_from_two_to_ten_classes() {
    for classes in [2, 4, 10] {
        let record = record(classes);
        let mut figure = draw(&record).expect("a good record");
        assert_written(
            &figure,
            &["a", "c", "true class (samples)", "mean probability", "0 (1000)", "LGL-INR, β = 5"],
        );
        let shown = record.maps.iter().flat_map(|map| map.mean_probability.iter().flatten());
        let numbers = shown.filter(|value| **value >= 0.005).count();
        let around = 3 * (classes + 4) + classes + 5;
        assert_eq!(texts(&figure).len(), numbers + around);
        figure.file_stem = format!("{}-{classes}-classes", figure.file_stem);
        assert_printable(&figure);
    }
}

#[test]
fn the_caption_names_the_lowest_diagonal() {
    let caption = draw(&record(4)).expect("a good record").caption;
    assert!(caption.contains("on the same 1875 samples in 4 classes"), "{caption}");
    assert!(caption.contains("0.55 (class 3) for LGL; 0.62 (class 3) for SML"), "{caption}");
}

#[test]
fn same_record_same_bytes() {
    let record = record(5);
    assert_eq!(draw(&record).expect("a good record"), draw(&record).expect("a good record"));
}

#[test]
fn a_bad_record_is_refused() {
    let good = record(3);
    let no_maps = ProbabilityMapsRecord { maps: Vec::new(), ..good.clone() };
    assert!(draw(&no_maps).expect_err("nothing to draw").to_string().contains("no maps"));
    let mut ragged = good.clone();
    ragged.maps[1].mean_probability[2].pop();
    assert!(
        draw(&ragged).expect_err("not square").to_string().contains("map of SML: the matrix is not 3 x 3")
    );
    let mut many = good.clone();
    many.maps.extend(good.maps.clone());
    assert!(draw(&many).expect_err("too many").to_string().contains("6 maps do not fit"));
    let mut wild = good;
    wild.maps[0].mean_probability[0][0] = f64::INFINITY;
    assert!(draw(&wild).expect_err("not a probability").to_string().contains("inf is not between 0 and 1"));
}
