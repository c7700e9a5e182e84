//! I1: how many directions the flow matrix may move in when sizes and weights are fixed.

use super::claim::{CaseReport, SetupFailure, shown};
use super::measurement::{Measurement, Solved, measure};
use super::setup::{Setup, Stated};
use crate::data::random::{log_uniform, normal_matrix, stream};
use crate::data::{Covariance, DataError, GaussianMixture};
use crate::loss::{ClassWeights, LossSpec};
use nalgebra::DMatrix;
use rand::RngExt;

pub(super) const ID: &str = "I1";
pub(super) const TITLE: &str = "degrees of freedom";
pub(super) const STATEMENT: &str = "Softmax flows have (K − 1)² degrees of freedom: sizes and weights fix no ratio once K ≥ 3, and exactly one for K = 2.";
/// A singular value above this share of the largest is a direction that was moved in.
const MOVED: f64 = 1e-6;
/// Problems beyond the number of directions, so that a further direction would show.
const SPARE_PROBLEMS: usize = 4;

/// Solves many problems with the same sizes and weights and counts the directions their flow matrices span.
pub(super) fn check(seed: u64, family: u64, classes: usize) -> Result<CaseReport, SetupFailure> {
    let freedom = (classes - 1) * (classes - 1);
    let mut generator = stream(seed, (family << 32) | classes as u64);
    let counts: Vec<usize> = (0..classes).map(|_| generator.random_range(40..200)).collect();
    let weights: Vec<f64> = (0..classes).map(|_| log_uniform(&mut generator, 0.3, 3.0)).collect();
    let problems = freedom + SPARE_PROBLEMS;
    let setup = format!("softmax, K = {classes}, {problems} Gaussian problems of equal sizes and weights");
    let (mut flows, mut controls, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for problem in 0..problems {
        let number = (family << 32) | ((classes as u64) << 16) | problem as u64;
        match measure(draw(seed, number, &counts, &weights)?)? {
            Solved::Point { at, control, .. } => {
                ratios.push(
                    at.means.shortfall[1] * at.targets.mass()[1]
                        / (at.means.shortfall[0] * at.targets.mass()[0]),
                );
                flows.push(flow(&at));
                controls.push(flow(&control));
            }
            Solved::Unsolved { why, .. } => {
                return Ok(CaseReport {
                    setup,
                    residual: None,
                    unsolved: Some(why),
                    ..CaseReport::default()
                });
            }
        }
    }
    let (last, beyond) = spanned(&flows, freedom);
    let too_few = last < MOVED;
    let range = |pick: fn(f64, f64) -> f64| ratios.iter().copied().reduce(pick).unwrap_or(f64::NAN);
    Ok(CaseReport {
        setup,
        residual: Some(if too_few { 1.0 } else { beyond }),
        control: Some(spanned(&controls, freedom).1),
        observed: vec![classes as f64, last, range(f64::min), range(f64::max)],
        ..CaseReport::default()
    })
}

fn draw(seed: u64, number: u64, counts: &[usize], weights: &[f64]) -> Result<Setup, DataError> {
    let mut generator = stream(seed, number);
    let means = normal_matrix(&mut generator, 3, counts.len());
    let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts.to_vec())?;
    Ok(Setup {
        dataset: mixture.sample(seed, number)?,
        stated: Stated::Loss(LossSpec::Softmax),
        weights: ClassWeights::Explicit(weights.to_vec()),
        l2: 1e-6,
        description: String::new(),
    })
}

/// The flow matrix as a share of the total mass, entries in a column.
fn flow(at: &Measurement) -> Vec<f64> {
    (at.means.flow(&at.targets) / at.targets.total_mass()).iter().copied().collect()
}

/// The singular values number `freedom` and `freedom + 1` of the flows' differences, relative to the largest.
fn spanned(flows: &[Vec<f64>], freedom: usize) -> (f64, f64) {
    let differences = DMatrix::from_fn(flows[0].len(), flows.len() - 1, |entry, problem| {
        flows[problem + 1][entry] - flows[0][entry]
    });
    let mut values: Vec<f64> = differences.svd(false, false).singular_values.iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    let fraction = |index: usize| values.get(index).map_or(0.0, |value| value / values[0]);
    (fraction(freedom - 1), fraction(freedom))
}

/// The sentences that the case reports make.
pub(super) fn summarise(observed: &[Vec<f64>]) -> Vec<String> {
    let sentence = |case: &Vec<f64>| match case.as_slice() {
        &[classes, last, low, high] => Some(format!(
            "K = {classes}: {} directions spanned (the weakest at {} of the strongest); outflow ratio u₁/u₀ from {} to {}",
            (classes - 1.0).powi(2),
            shown(last),
            shown(low),
            shown(high)
        )),
        _ => None,
    };
    observed.iter().filter_map(sentence).collect()
}
