//! S2 and S3: what class weights still do on separable data, as the penalty vanishes.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Comparison, missed};
use super::sentence::shown;
use crate::balance::MeanProbability;
use crate::data::random::stream;
use crate::data::{Covariance, Dataset, GaussianMixture};
use crate::loss::{ClassWeights, Loss, LossSpec};
use crate::numeric::largest_magnitude;
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;
use rand::RngExt;

/// Penalties that stand for none and for an ordinary one.
const VANISHING: f64 = 1e-12;
const ORDINARY: f64 = 1.0;
/// Weights of S2, and how far they move an outflow share at most where the penalty vanishes.
const WEIGHTS: [f64; 3] = [1.0, 10.0, 100.0];
const SAME_SHARES: f64 = 0.05;
/// Weight of the positives in S3, and the part of its logarithm that margins may be off by.
const RATIO: f64 = 100.0;
const SAME_SHIFT: f64 = 0.05;
/// Distance of class means from the origin, in standard deviations.
const RADIUS: f64 = 6.0;
/// Draws that are looked at for a separable one.
const MAX_DRAWS: u64 = 50;
/// Sizes of two and three classes.
const PAIR: [usize; 2] = [60, 20];
const TRIPLE: [usize; 3] = [60, 40, 20];

pub(super) const CLAIMS: [Comparison; 2] = [
    Comparison {
        id: "S2",
        statement: "Separable data, l2 → 0: the outflow shares of softmax tend to constants of the data, so that s_k/s_j → (m_j/m_k)(u*_k/u*_j) and a weight is as deterministic as for two classes.",
        cases: 12,
        check: shares,
        summarise: |cases| {
            let at = |place: usize| cases.iter().filter_map(|case| case.get(place)).copied().reduce(f64::max);
            vec![format!(
                "weights {WEIGHTS:?} move a share by up to {} at l2 = {VANISHING:e}, by up to {} at {ORDINARY}",
                shown(at(0).unwrap_or(f64::NAN)),
                shown(at(1).unwrap_or(f64::NAN))
            )]
        },
    },
    Comparison {
        id: "S3",
        statement: "Separable data, l2 → 0: a weight ratio r moves the margins of the two classes apart by log r and no more, so the boundary moves by log r/(m₊ + m₋), which vanishes.",
        cases: 12,
        check: margins,
        summarise: |cases| {
            let mean = |place: usize| {
                let numbers = || cases.iter().filter_map(|case| case.get(place));
                shown(numbers().sum::<f64>() / numbers().count().max(1) as f64)
            };
            vec![format!(
                "weight ratio {RATIO}: the boundary moves by {} of half the gap at l2 = {VANISHING:e}, by {} at {ORDINARY} (means)",
                mean(0),
                mean(1)
            )]
        },
    },
];

/// The first separable draw of classes around the origin: others have another limit.
fn separable(counts: &[usize], (seed, number): (u64, u64)) -> Result<Dataset, SetupFailure> {
    let seed = stream(seed, number).random::<u64>();
    let turn = 2.0 * std::f64::consts::PI / counts.len() as f64;
    let means = DMatrix::from_fn(2, counts.len(), |axis, class| {
        let angle = turn * class as f64;
        RADIUS * if axis == 0 { angle.cos() } else { angle.sin() }
    });
    let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts.to_vec())?;
    for draw in 0..MAX_DRAWS {
        let dataset = mixture.sample(seed, draw)?;
        let problem = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::None, 0.0)?;
        if matches!(solve(&problem), Outcome::Separable(_)) {
            return Ok(dataset);
        }
    }
    Err(format!("no separable draw among {MAX_DRAWS}").into())
}

/// Logits (`Q x N`) and outflow shares.
fn solved(
    dataset: &Dataset,
    choice: &LossSpec,
    weights: &ClassWeights,
    l2: f64,
) -> Result<(DMatrix<f64>, Vec<f64>), SetupFailure> {
    let problem = Problem::new(dataset, choice, weights, l2)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err(format!("no stationary point at l2 = {l2:e}").into());
    };
    let (logits, targets) = (point.logits(), problem.targets());
    let means = MeanProbability::of(problem.loss().link(), &logits, targets);
    let outflows: Vec<f64> = targets.mass().iter().zip(&means.shortfall).map(|(m, s)| m * s).collect();
    let total: f64 = outflows.iter().sum();
    Ok((logits, outflows.into_iter().map(|outflow| outflow / total).collect()))
}

fn shares(draws: (u64, u64), _: usize) -> Result<CaseReport, SetupFailure> {
    let dataset = separable(&TRIPLE, draws)?;
    let moved = |l2: f64| -> Result<f64, SetupFailure> {
        let of = |weights| solved(&dataset, &LossSpec::Softmax, &weights, l2);
        let ((_, plain), (_, weighted)) =
            (of(ClassWeights::None)?, of(ClassWeights::Explicit(WEIGHTS.to_vec()))?);
        Ok(largest_magnitude(plain.iter().zip(&weighted).map(|(one, other)| one - other)))
    };
    let (vanishing, ordinary) = (moved(VANISHING)?, moved(ORDINARY)?);
    Ok(CaseReport {
        setup: format!("softmax, three separable classes of {TRIPLE:?} in the plane, l2 {VANISHING:e}"),
        residual: Some(missed(&[(SAME_SHARES, vanishing)])),
        control: Some(missed(&[(SAME_SHARES, ordinary)])),
        observed: vec![vanishing, ordinary],
        ..CaseReport::default()
    })
}

/// The number of the sample of a class with the smallest margin, and the margin.
fn support(logits: &DMatrix<f64>, dataset: &Dataset, class: u32) -> (usize, f64) {
    let sign = if class == 1 { 1.0 } else { -1.0 };
    let of_class = dataset.labels().class_indices().iter().enumerate().filter(|(_, label)| **label == class);
    let margins = of_class.map(|(sample, _)| (sample, sign * logits[(0, sample)]));
    margins.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::NAN))
}

fn margins(draws: (u64, u64), _: usize) -> Result<CaseReport, SetupFailure> {
    let dataset = separable(&PAIR, draws)?;
    // How far the margins of two support vectors move apart, and the boundary in units of half the gap.
    let moved = |l2: f64| -> Result<(f64, f64), SetupFailure> {
        let of = |weights| solved(&dataset, &LossSpec::Logistic, &weights, l2).map(|(logits, _)| logits);
        let plain = of(ClassWeights::None)?;
        let weighted = of(ClassWeights::Explicit(vec![1.0, RATIO]))?;
        let [negative, positive] = [0, 1].map(|class| support(&weighted, &dataset, class));
        let before = plain[(0, positive.0)] + plain[(0, negative.0)];
        let apart = positive.1 - negative.1 - before;
        Ok((apart, apart / (positive.1 + negative.1)))
    };
    let (vanishing, ordinary) = (moved(VANISHING)?, moved(ORDINARY)?);
    let off = |(apart, _): (f64, f64)| missed(&[(SAME_SHIFT, (apart / RATIO.ln() - 1.0).abs())]);
    Ok(CaseReport {
        setup: format!("binary logistic, separable classes of {PAIR:?} in the plane, l2 {VANISHING:e}"),
        residual: Some(off(vanishing)),
        control: Some(off(ordinary)),
        observed: vec![vanishing.1, ordinary.1],
        ..CaseReport::default()
    })
}
