//! S1 to S3: what class weights still do on separable data, as the penalty vanishes.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, missed, shown};
use super::hard_margin::HardMargin;
use crate::balance::{MeanProbability, hits, relative_difference};
use crate::data::random::stream;
use crate::data::{Covariance, Dataset, GaussianMixture};
use crate::loss::{ClassWeights, Loss, LossSpec, Targets};
use crate::numeric::{largest, largest_magnitude};
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;
use rand::RngExt;

/// Penalties that stand for none and for an ordinary one.
const VANISHING: f64 = 1e-12;
const MIDDLE: f64 = 1e-2;
const ORDINARY: f64 = 1.0;
/// Weights of S2, and how far they move an outflow share at most where the penalty vanishes.
const WEIGHTS: [f64; 3] = [1.0, 10.0, 100.0];
const SAME_SHARES: f64 = 0.05;
/// Penalties over which S2 measures how far shares are from those of the hard-margin head's dual variables. That they get there is
/// slow, like `1 / log(1/l2)`, and is not judged.
const PENALTIES: [f64; 5] = [1.0, 1e-4, 1e-8, 1e-12, 1e-16];
/// Weight of the positives in S3, and the part of its logarithm that margins may be off by.
const RATIO: f64 = 100.0;
const SAME_SHIFT: f64 = 0.05;
/// Penalties at which S3 measures how far the boundary moves.
const SHIFTS: [f64; 6] = [ORDINARY, 1e-2, 1e-4, 1e-6, 1e-8, VANISHING];
/// Distance of class means from the origin, in standard deviations: far apart, and so near that held-out samples overlap.
const RADIUS: f64 = 6.0;
const NEAR: f64 = 2.5;
/// Angle of a head to the max-margin direction, in degrees, where the penalty vanishes; and the part of a weight's effect on
/// held-out recall that is left there.
const SAME_DIRECTION: f64 = 5.0;
const EFFECT_LEFT: f64 = 0.5;
/// Held-out samples of each class.
const HELD_OUT: usize = 4000;
/// Separable draws of each claim, and draws that are looked at for one.
const DRAWS: usize = 100;
const MAX_DRAWS: u64 = 50;
/// Sizes of two and three classes.
const PAIR: [usize; 2] = [60, 20];
const TRIPLE: [usize; 3] = [60, 40, 20];

pub(super) const CLAIMS: [ComparisonClaim; 2] = [
    ComparisonClaim {
        id: "S2",
        title: "separable data: outflows",
        statement: "Separable data, l2 → 0: the outflow shares of softmax tend to constants of the data, so that s_k/s_j → (m_j/m_k)(u*_k/u*_j) and a weight is as deterministic as for two classes.",
        cases: Cases::Draws(DRAWS),
        check: shares,
        summarise: |cases| {
            let at = |place: usize| cases.iter().filter_map(|case| case.get(place)).copied().reduce(f64::max);
            let largest = |place: usize| shown(at(place).unwrap_or(f64::NAN));
            let distances: Vec<String> = PENALTIES
                .iter()
                .enumerate()
                .map(|(at, l2)| format!("{} at {l2:e}", largest(2 + at)))
                .collect();
            vec![
                format!(
                    "weights {WEIGHTS:?} move a share by up to {} at l2 = {VANISHING:e}, by up to {} at {ORDINARY}",
                    largest(0),
                    largest(1)
                ),
                format!(
                    "a share is off that of the hard-margin head's dual variables by up to {}",
                    distances.join(", ")
                ),
            ]
        },
    },
    ComparisonClaim {
        id: "S3",
        title: "separable data: what a weight still moves",
        statement: "Separable data, l2 → 0: a weight ratio r moves the margins of the two classes apart by log r and no more, so the boundary moves by log r/(m₊ + m₋), which vanishes.",
        cases: Cases::Draws(DRAWS),
        check: margins,
        summarise: |cases| {
            let moved = SHIFTS.iter().enumerate().map(|(place, l2)| {
                format!(
                    "{} at {l2:e} (log r/(m₊ + m₋): {})",
                    mean(cases, 2 * place),
                    mean(cases, 2 * place + 1)
                )
            });
            let moved: Vec<String> = moved.collect();
            vec![format!(
                "weight ratio {RATIO}: means of how far the boundary moves, of half the gap: {}",
                moved.join(", ")
            )]
        },
    },
];

/// The mean over cases of the number at one place, in words.
fn mean(cases: &[Vec<f64>], place: usize) -> String {
    let numbers = || cases.iter().filter_map(|case| case.get(place));
    shown(numbers().sum::<f64>() / numbers().count().max(1) as f64)
}

pub(super) const DIRECTION: ComparisonClaim = ComparisonClaim {
    id: "S1",
    title: "separable data: direction",
    statement: "Separable data, l2 → 0: the head turns to the max-margin direction, with and without class weights, and what a weight does to the recall of held-out samples vanishes.",
    cases: Cases::Draws(DRAWS),
    check: direction,
    summarise: |cases| {
        vec![format!(
            "weight ratio {RATIO}: held-out recall of the positives rises by {} at l2 = {VANISHING:e}, by {} at {MIDDLE:e}; angle to \
             the max-margin direction {} and {} degrees (means)",
            mean(cases, 0),
            mean(cases, 1),
            mean(cases, 2),
            mean(cases, 3)
        )]
    },
};

/// Classes of which the means are evenly around the origin.
fn around(counts: &[usize], radius: f64) -> Result<GaussianMixture, SetupFailure> {
    let turn = 2.0 * std::f64::consts::PI / counts.len() as f64;
    let means = DMatrix::from_fn(2, counts.len(), |axis, class| {
        let angle = turn * class as f64;
        radius * if axis == 0 { angle.cos() } else { angle.sin() }
    });
    Ok(GaussianMixture::new(means, Covariance::Spherical(1.0), counts.to_vec())?)
}

/// The first separable draw of such classes: others have another limit.
fn separable(counts: &[usize], radius: f64, (seed, number): (u64, u64)) -> Result<Dataset, SetupFailure> {
    let seed = stream(seed, number).random::<u64>();
    let mixture = around(counts, radius)?;
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
    let dataset = separable(&TRIPLE, RADIUS, draws)?;
    let dual = HardMargin::of(&dataset)?.outflow;
    let limit: Vec<f64> = dual.iter().map(|outflow| outflow / dual.iter().sum::<f64>()).collect();
    let apart = |one: &[f64], other: &[f64]| largest_magnitude(one.iter().zip(other).map(|(a, b)| a - b));
    // How far weights move a share, and how far shares are from the limit, without weights and with them.
    let moved = |l2: f64| -> Result<(f64, f64), SetupFailure> {
        let of = |weights| solved(&dataset, &LossSpec::Softmax, &weights, l2);
        let ((_, plain), (_, weighted)) =
            (of(ClassWeights::None)?, of(ClassWeights::Explicit(WEIGHTS.to_vec()))?);
        Ok((apart(&plain, &weighted), apart(&plain, &limit).max(apart(&weighted, &limit))))
    };
    let found = PENALTIES.map(moved).into_iter().collect::<Result<Vec<_>, _>>()?;
    let (ordinary, vanishing) = (found[0].0, found[3].0);
    Ok(CaseReport {
        setup: format!("softmax, three separable classes of {TRIPLE:?} in the plane, l2 {PENALTIES:?}"),
        residual: Some(missed(&[(SAME_SHARES, vanishing)])),
        control: Some(missed(&[(SAME_SHARES, ordinary)])),
        observed: [vec![vanishing, ordinary], found.iter().map(|found| found.1).collect()].concat(),
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
    let dataset = separable(&PAIR, RADIUS, draws)?;
    // How far the margins of two support vectors move apart, both margins together, and how far the two outflows are from each other
    // (B1, B2).
    let moved = |l2: f64| -> Result<(f64, f64, f64), SetupFailure> {
        let of = |weights| solved(&dataset, &LossSpec::Logistic, &weights, l2);
        let (plain, even) = of(ClassWeights::None)?;
        let (weighted, uneven) = of(ClassWeights::Explicit(vec![1.0, RATIO]))?;
        let balance = largest([even, uneven].map(|shares| relative_difference(shares[0], shares[1])));
        let [negative, positive] = [0, 1].map(|class| support(&weighted, &dataset, class));
        let before = plain[(0, positive.0)] + plain[(0, negative.0)];
        Ok((positive.1 - negative.1 - before, positive.1 + negative.1, balance))
    };
    let found = SHIFTS.map(moved).into_iter().collect::<Result<Vec<_>, _>>()?;
    let (ordinary, vanishing) = (found[0], found[SHIFTS.len() - 1]);
    let off = |apart: f64| missed(&[(SAME_SHIFT, (apart / RATIO.ln() - 1.0).abs())]);
    Ok(CaseReport {
        setup: format!("binary logistic, separable classes of {PAIR:?} in the plane, l2 {VANISHING:e}"),
        residual: Some(off(vanishing.0).max(vanishing.2)),
        exact: vanishing.2,
        control: Some(off(ordinary.0)),
        observed: found
            .iter()
            .flat_map(|(apart, margins, _)| [apart / margins, RATIO.ln() / margins])
            .collect(),
        ..CaseReport::default()
    })
}

fn direction(draws: (u64, u64), _: usize) -> Result<CaseReport, SetupFailure> {
    let dataset = separable(&PAIR, NEAR, draws)?;
    let test = around(&[HELD_OUT; 2], NEAR)?.sample(draws.0, draws.1)?;
    let hard = HardMargin::of(&dataset)?.coefficients;
    let margin = (hard.row(1) - hard.row(0)).transpose();
    // The largest angle of the two heads to the max-margin direction, and the recall of the positives gained by a weight.
    let effect = |l2: f64| -> Result<(f64, f64), SetupFailure> {
        let of = |weights| -> Result<(f64, f64), SetupFailure> {
            let problem = Problem::new(&dataset, &LossSpec::Logistic, &weights, l2)?;
            let Outcome::Stationary(point) = solve(&problem) else {
                return Err(format!("no stationary point at l2 = {l2:e}").into());
            };
            let row = point.head.coefficients.row(0).transpose();
            let found = hits(
                &point.head.logits(&test.features()),
                &Targets::new(test.labels(), &ClassWeights::None)?,
            );
            Ok((row.angle(&margin).to_degrees(), found[1] / HELD_OUT as f64))
        };
        let (plain, weighted) = (of(ClassWeights::None)?, of(ClassWeights::Explicit(vec![1.0, RATIO]))?);
        Ok((plain.0.max(weighted.0), weighted.1 - plain.1))
    };
    let (vanishing, middle, ordinary) = (effect(VANISHING)?, effect(MIDDLE)?, effect(ORDINARY)?);
    let holds =
        |(angle, gained): (f64, f64)| missed(&[(SAME_DIRECTION, angle), (EFFECT_LEFT * middle.1, gained)]);
    Ok(CaseReport {
        setup: format!("binary logistic, separable classes of {PAIR:?} in the plane, l2 {VANISHING:e}"),
        residual: Some(holds(vanishing)),
        control: Some(holds(ordinary)),
        observed: vec![vanishing.1, middle.1, vanishing.0, middle.0],
        ..CaseReport::default()
    })
}
