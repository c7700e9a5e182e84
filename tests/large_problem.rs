//! Data large enough that searches begin on a subsample and run on several threads: the answer must not show it.

use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, InrVariant, LossSpec};
use equipoise::solver::{Outcome, Problem, StationaryPoint, solve};
use nalgebra::DMatrix;

const SAMPLES: usize = 12_000;
const FEATURES: usize = 6;

/// Overlapping classes, the last of them rare, in an order that is sorted by class or not.
fn dataset(classes: usize, sorted: bool) -> Dataset {
    let rare = 30;
    let class_of = |place: usize| if place < rare { classes - 1 } else { place % (classes - 1) };
    let mut places: Vec<usize> = (0..SAMPLES).collect();
    if sorted {
        places.sort_by_key(|&place| class_of(place));
    }
    let wave =
        |place: usize, feature: usize| (12.9898 * place as f64 + 78.233 * feature as f64).sin() * 43_758.545;
    let value = |place: usize, feature: usize| {
        let noise = 6.0 * (wave(place, feature) - wave(place, feature).floor() - 0.5);
        let shift = if feature == class_of(place) { 1.0 } else { 0.0 };
        1e3 * feature as f64 + (noise + shift) * 10.0_f64.powi(2 - i32::try_from(feature).expect("few"))
    };
    let features = DMatrix::from_fn(FEATURES, SAMPLES, |feature, sample| value(places[sample], feature));
    let labels = places.iter().map(|&place| u32::try_from(class_of(place)).expect("few")).collect();
    Dataset::unnamed(features, Labels::numbered(labels, classes).expect("every class occurs"))
        .expect("finite")
}

fn problem<'d>(dataset: &'d Dataset, choice: &LossSpec) -> Problem<'d> {
    Problem::new(dataset, choice, &ClassWeights::Balanced, 1e-6).expect("a problem")
}

fn stationary<'a>(dataset: &'a Dataset, choice: &LossSpec) -> StationaryPoint<'a> {
    match solve(&problem(dataset, choice)) {
        Outcome::Stationary(point) => *point,
        other => panic!("{choice:?}: {other:?}"),
    }
}

fn choices() -> [LossSpec; 4] {
    [
        LossSpec::Logistic,
        LossSpec::Softmax,
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached },
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Detached },
    ]
}

#[test]
fn the_order_of_samples_does_not_matter() {
    let (shuffled, sorted) = (dataset(4, false), dataset(4, true));
    for choice in choices() {
        let (one, other) = (stationary(&shuffled, &choice), stationary(&sorted, &choice));
        let scale = one.head.coefficients.amax();
        let apart = (&one.head.coefficients - &other.head.coefficients).amax();
        assert!(apart <= 1e-9 * scale, "{choice:?}: {apart:e} of {scale:e}");
        assert!(one.recomputed().relative_gradient <= 1e-12, "{choice:?}: {:?}", one.certificate);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    fn on<'a>(threads: usize, dataset: &'a Dataset, choice: &LossSpec) -> StationaryPoint<'a> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| stationary(dataset, choice))
    }
    for classes in [2, 4] {
        let dataset = dataset(classes, false);
        for choice in choices() {
            let (one, three) = (on(1, &dataset, &choice), on(3, &dataset, &choice));
            assert_eq!(one.head, three.head, "{choice:?}, {classes} classes");
            assert_eq!(one.loss.to_bits(), three.loss.to_bits());
            assert_eq!(one.recomputed(), three.recomputed());
        }
    }
}
