//! Data that a linear head tells apart entirely, in part, or all but: the answer and its proof, checked by
//! multiplication.

use equipoise::data::{Dataset, Labels};
use equipoise::loss::ClassWeights;
use equipoise::solver::{LossChoice, Outcome, Problem, Separable, SeparationKind, solve};
use nalgebra::{DMatrix, DVector};

const SAMPLES: usize = 4000;
const FEATURES: usize = 12;
const GAP: f64 = 0.05;

/// A number in `-1..1` that looks random.
fn noise(index: usize) -> f64 {
    let wave = (12.9898 * index as f64 + 78.233).sin() * 43_758.545;
    2.0 * (wave - wave.floor()) - 1.0
}

/// Directions of the classes that labels are made with, `K x d`.
fn directions(classes: usize) -> DMatrix<f64> {
    DMatrix::from_fn(classes, FEATURES, |class, feature| noise(1_000_003 + 31 * class + feature))
}

/// Classes in order of their score, best first.
fn ranking(directions: &DMatrix<f64>, sample: &DVector<f64>) -> Vec<usize> {
    let scores = directions * sample;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

fn dataset(samples: &[DVector<f64>], labels: Vec<usize>, classes: usize) -> Dataset {
    let labels = labels.into_iter().map(|label| u32::try_from(label).expect("few")).collect();
    let labels = Labels::numbered(labels, classes).expect("every class occurs");
    Dataset::unnamed(DMatrix::from_columns(samples), labels).expect("finite")
}

fn scattered() -> Vec<DVector<f64>> {
    (0..SAMPLES).map(|sample| DVector::from_fn(FEATURES, |j, _| noise(sample * FEATURES + j))).collect()
}

/// Every sample on the side of its class, those near a border moved away from it.
fn apart(classes: usize) -> (Vec<DVector<f64>>, Vec<usize>) {
    let directions = directions(classes);
    let mut samples = scattered();
    let labels = samples.iter_mut().map(|sample| {
        let order = ranking(&directions, sample);
        let across = (directions.row(order[0]) - directions.row(order[1])).transpose().normalize();
        if across.dot(sample) < GAP {
            *sample += &across * GAP;
        }
        ranking(&directions, sample)[0]
    });
    let labels = labels.collect();
    (samples, labels)
}

/// As [`apart`], but for pairs of samples at the border, each `overlap / 2` on the other's side.
fn nearly_apart(classes: usize, overlap: f64) -> Dataset {
    let directions = directions(classes);
    let (mut samples, mut labels) = apart(classes);
    for sample in (0..SAMPLES).step_by(SAMPLES / 4) {
        let order = ranking(&directions, &samples[sample]);
        let across = (directions.row(order[0]) - directions.row(order[1])).transpose().normalize();
        let at_border = &samples[sample] - &across * across.dot(&samples[sample]);
        for (side, class) in [(-0.5, order[0]), (0.5, order[1])] {
            samples.push(&at_border + &across * (side * overlap));
            labels.push(class);
        }
    }
    dataset(&samples, labels, classes)
}

/// Overlapping classes but for the samples that the first feature marks: they all belong to the last one.
fn marked(classes: usize) -> Dataset {
    let mut samples = scattered();
    let labels = samples.iter_mut().enumerate().map(|(index, sample)| {
        let is_marked = index % 50 == 7;
        sample[0] = f64::from(is_marked);
        let guess = (3.0 + 3.0 * noise(5_000_011 + index) + sample[1]).rem_euclid(classes as f64);
        if is_marked { classes - 1 } else { (0..classes).rfind(|&class| class as f64 <= guess).unwrap_or(0) }
    });
    let labels = labels.collect();
    dataset(&samples, labels, classes)
}

fn outcome<'a>(dataset: &'a Dataset, choice: &LossChoice) -> Outcome<'a> {
    solve(&Problem::new(dataset, choice, &ClassWeights::None, 0.0).expect("a problem"))
}

fn separable(dataset: &Dataset, choice: &LossChoice) -> Separable {
    match outcome(dataset, choice) {
        Outcome::Separable(proof) => *proof,
        other => panic!("{choice:?} should be separable: {other:?}"),
    }
}

/// The least margin under a proof's direction and the number of samples with a positive one.
fn margins(dataset: &Dataset, proof: &Separable) -> (f64, usize) {
    let scores = &proof.direction.coefficients * &*dataset.features();
    let (mut least, mut positive) = (f64::INFINITY, 0);
    for (sample, &label) in dataset.labels().of_sample().iter().enumerate() {
        let score = |row: usize| scores[(row, sample)] + proof.direction.intercepts[row];
        let own = label as usize;
        let of_sample: Vec<f64> = match proof.column_class {
            Some(class) => vec![if own == class { score(0) } else { -score(0) }],
            None => {
                (0..scores.nrows()).filter(|&row| row != own).map(|row| score(own) - score(row)).collect()
            }
        };
        least = of_sample.iter().copied().fold(least, f64::min);
        positive += usize::from(of_sample.iter().any(|&margin| margin > 1e-7));
    }
    (least, positive)
}

#[test]
fn data_apart_are_so_completely() {
    for classes in [2, 3, 6] {
        let (samples, labels) = apart(classes);
        let dataset = dataset(&samples, labels, classes);
        let proof = separable(&dataset, &LossChoice::Softmax);
        let (least, positive) = margins(&dataset, &proof);
        assert_eq!((proof.kind, proof.separated_samples), (SeparationKind::Complete, SAMPLES));
        assert!(least > 0.0 && positive == SAMPLES, "{classes} classes: least margin {least:e}");
        assert_eq!(proof.classes, (0..classes).collect::<Vec<_>>());
    }
}

#[test]
fn a_mark_that_gives_a_class_away_separates_those_samples_only() {
    for classes in [2, 3, 6] {
        let dataset = marked(classes);
        for choice in [LossChoice::Logistic, LossChoice::Softmax] {
            let proof = separable(&dataset, &choice);
            let (least, positive) = margins(&dataset, &proof);
            assert_eq!(proof.kind, SeparationKind::Quasi, "{choice:?}, {classes} classes");
            assert_eq!((proof.separated_samples, positive), (SAMPLES / 50, SAMPLES / 50));
            assert!(least > -1e-8, "{choice:?}, {classes} classes: least margin {least:e}");
            assert_eq!(proof.classes, [classes - 1]);
        }
    }
}

#[test]
fn a_small_overlap_of_few_samples_is_solved() {
    for classes in [2, 3, 6] {
        for overlap in [1e-2, 1e-3, 1e-4] {
            let dataset = nearly_apart(classes, overlap);
            let Outcome::Stationary(point) = outcome(&dataset, &LossChoice::Softmax) else {
                panic!("{classes} classes that overlap by {overlap} have a solution");
            };
            assert!(
                point.certificate.recomputed.relative_gradient <= 1e-11,
                "{classes}: {:?}",
                point.certificate
            );
            assert!(
                point.head.coefficients.amax() > 10.0,
                "{classes}: nearly apart, hence large coefficients"
            );
        }
    }
}
