//! Gaussian classes around a target, solved for several losses over the same draw: what A3, A4 and R4 compare.

use super::case::SetupFailure;
use crate::balance::{Ledger, MeanProbability, accuracy, hits, neglect};
use crate::data::{Covariance, Dataset, GaussianMixture};
use crate::loss::{ClassWeights, Link, LossSpec};
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;

/// Penalty of every problem: far-off classes are separable without.
const PENALTY: f64 = 1e-4;
/// The class whose column is looked at, at the origin.
const TARGET: usize = 0;
/// The class that is hard to separate from it, where there is one.
const HARD: usize = 1;

/// One design: class means (`d x K`, unit variance) and sizes.
pub(super) struct Mixture {
    pub(super) means: DMatrix<f64>,
    pub(super) counts: Vec<usize>,
}

/// What was measured on one draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// `P[c*][target]`, the hardest non-target mean.
    pub(super) hardest: f64,
    /// The pooled non-target mean of the target's column.
    pub(super) pooled: f64,
    /// Shortfall of the target.
    pub(super) shortfall: f64,
    /// Share of the hard class's samples whose own logit is the largest.
    pub(super) recall: f64,
    /// That share over all samples.
    pub(super) accuracy: f64,
    /// How far the loss's own balance is missed.
    pub(super) law: f64,
}

impl Seen {
    /// The neglect ratio.
    pub(super) fn neglect(self) -> f64 {
        self.hardest / self.pooled
    }
}

impl Mixture {
    /// Solves a draw for one loss; the draw is the same for every loss and weighting.
    pub(super) fn solve(
        &self,
        (seed, number): (u64, u64),
        spec: &LossSpec,
        weights: &ClassWeights,
    ) -> Result<Seen, SetupFailure> {
        let mixture =
            GaussianMixture::new(self.means.clone(), Covariance::Spherical(1.0), self.counts.clone())?;
        look(&mixture.sample(seed, number)?, spec, weights)
    }
}

fn look(dataset: &Dataset, spec: &LossSpec, weights: &ClassWeights) -> Result<Seen, SetupFailure> {
    let problem = Problem::new(dataset, spec, weights, PENALTY)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err(format!("{spec:?}: no stationary point").into());
    };
    let link = if *spec == LossSpec::Softmax { Link::Softmax } else { Link::Sigmoid };
    let (logits, targets) = (point.logits(), problem.targets());
    let means = MeanProbability::of(link, &logits, targets);
    let column = neglect(&means, targets)[TARGET];
    let hits = hits(&logits, targets);
    Ok(Seen {
        hardest: column.hardest,
        pooled: column.pooled,
        shortfall: means.shortfall[TARGET],
        recall: hits[HARD] / targets.sizes()[HARD],
        accuracy: accuracy(&hits, targets),
        law: Ledger::at(problem.loss(), &logits, targets).worst_residual(),
    })
}
