//! F3: the mean-probability matrix of each loss on one imbalanced problem, the ten digits with a long tail.

use super::error::{AnalysisError, stationary};
use crate::balance::MeanProbability;
use crate::data::{ImbalanceProfile, digits_subset};
use crate::loss::{ClassWeights, InrVariant};
use crate::solver::{LossChoice, Problem, solve};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The mean-probability matrices of several losses on the same data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityMapsRecord {
    /// Samples of each of the `K` classes.
    pub class_counts: Vec<usize>,
    /// One map for each loss.
    pub maps: Vec<ProbabilityMap>,
}

/// The mean-probability matrix of one loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityMap {
    /// The paper's name of the loss, such as `LGL-INR, β = 5`.
    pub loss: String,
    /// `K` rows (true class) of `K` columns (predicted class).
    pub mean_probability: Vec<Vec<f64>>,
}

/// Images of the largest class and how many times fewer the smallest has.
const LONG_TAIL: ImbalanceProfile = ImbalanceProfile::Exponential { largest: 170, ratio: 50.0 };
/// A penalty strong enough that training probabilities stay away from 0 and 1.
const PENALTY: f64 = 1e-2;
const BETA: f64 = 5.0;

/// Solves LGL, SML and LGL-INR on the same long-tailed digits.
pub fn run(seed: u64) -> Result<ProbabilityMapsRecord, AnalysisError> {
    let class_counts = LONG_TAIL.counts(10)?;
    let classes: Vec<u8> = (0..10).collect();
    let dataset = digits_subset(&classes, &class_counts, seed)?;
    let losses = [
        LossChoice::Logistic,
        LossChoice::Softmax,
        LossChoice::Inr { beta: BETA, variant: InrVariant::Attached },
    ];
    let map = |choice: &LossChoice| {
        let problem = Problem::new(&dataset, choice, &ClassWeights::None, PENALTY)?;
        let point = stationary(solve(&problem), || format!("{} on long-tailed digits", choice.paper_name()))?;
        let means = MeanProbability::of(problem.loss().link(), &point.logits(&dataset), problem.targets());
        let mean_probability = means.matrix.row_iter().map(|row| row.iter().copied().collect()).collect();
        Ok(ProbabilityMap { loss: choice.paper_name(), mean_probability })
    };
    let maps = losses.par_iter().map(map).collect::<Result<_, AnalysisError>>()?;
    Ok(ProbabilityMapsRecord { class_counts, maps })
}
