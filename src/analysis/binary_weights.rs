//! F2: the two mean errors of a binary logistic head along the weight ratio, for several imbalances (B2, B3).

use super::error::{AnalysisError, stationary};
use crate::balance::{MeanProbability, binary_error_ratio};
use crate::data::{Covariance, GaussianMixture, class_means};
use crate::loss::{ClassWeights, Link};
use crate::solver::{LossChoice, Problem, solve};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Mean errors along the weight ratio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BinaryWeightsRecord {
    /// One curve for each pair of class sizes.
    pub curves: Vec<WeightCurve>,
}

/// The mean errors of one pair of class sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightCurve {
    /// Samples of the positive class, `N₁`.
    pub positives: usize,
    /// Samples of the negative class, `N₀`.
    pub negatives: usize,
    /// The solved problems at each weight ratio.
    pub points: Vec<WeightPoint>,
}

/// The solved problems at one weight ratio; each vector holds one value per repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightPoint {
    /// Weight of a positive sample over that of a negative one, `λ₁ / λ₀`.
    pub weight_ratio: f64,
    /// Mean error of the positives, `1 - P₁`.
    pub positive_error: Vec<f64>,
    /// Mean error of the negatives, `P₀`.
    pub negative_error: Vec<f64>,
    /// `(1 - P₁) / P₀`.
    pub error_ratio: Vec<f64>,
}

/// Class sizes (positives, negatives) of the three curves.
const SIZES: [(usize, usize); 3] = [(200, 400), (60, 600), (20, 1000)];
/// Exponents of ten between which the weight ratio runs.
const EXPONENTS: (f64, f64) = (-2.0, 3.0);
/// Standard deviations between the two class means.
const DISTANCE: f64 = 1.2;

/// Solves `repetitions` draws of each imbalance at `ratios` weight ratios.
pub fn run(seed: u64, repetitions: usize, ratios: usize) -> Result<BinaryWeightsRecord, AnalysisError> {
    let curve = |(index, &(positives, negatives)): (usize, &(usize, usize))| {
        let repeated: Vec<Vec<Errors>> = (0..repetitions)
            .into_par_iter()
            .map(|repetition| {
                let stream = (index * repetitions + repetition) as u64;
                one_draw(seed, stream, positives, negatives, ratios)
            })
            .collect::<Result<_, _>>()?;
        let point = |step: usize| {
            let of = |pick: fn(&Errors) -> f64| repeated.iter().map(|errors| pick(&errors[step])).collect();
            WeightPoint {
                weight_ratio: weight_ratio(step, ratios),
                positive_error: of(|errors| errors.positive),
                negative_error: of(|errors| errors.negative),
                error_ratio: of(|errors| errors.ratio),
            }
        };
        Ok(WeightCurve { positives, negatives, points: (0..ratios).map(point).collect() })
    };
    let curves = SIZES.iter().enumerate().map(curve).collect::<Result<_, AnalysisError>>()?;
    Ok(BinaryWeightsRecord { curves })
}

/// The two mean errors of one solved problem.
struct Errors {
    positive: f64,
    negative: f64,
    ratio: f64,
}

fn weight_ratio(step: usize, ratios: usize) -> f64 {
    let (low, high) = EXPONENTS;
    let share = step as f64 / (ratios - 1).max(1) as f64;
    10.0_f64.powf(low + (high - low) * share)
}

fn one_draw(
    seed: u64,
    stream: u64,
    positives: usize,
    negatives: usize,
    ratios: usize,
) -> Result<Vec<Errors>, AnalysisError> {
    let mixture = GaussianMixture::new(
        class_means::line(2, DISTANCE)?,
        Covariance::Spherical(1.0),
        vec![negatives, positives],
    )?;
    let dataset = mixture.sample(seed, stream)?;
    let at_ratio = |step: usize| {
        let weights = ClassWeights::Explicit(vec![1.0, weight_ratio(step, ratios)]);
        let problem = Problem::new(&dataset, &LossChoice::Logistic, &weights, 0.0)?;
        let name = || format!("{positives} positives, {negatives} negatives, draw {stream}");
        let point = stationary(solve(&problem), name)?;
        let means = MeanProbability::of(Link::Sigmoid, &point.logits(&dataset), problem.targets());
        let (ratio, _) = binary_error_ratio(&means, problem.targets());
        Ok(Errors { positive: means.shortfall[1], negative: means.matrix[(0, 1)], ratio })
    };
    (0..ratios).map(at_ratio).collect()
}
