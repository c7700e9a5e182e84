//! A solved set-up, at which laws are evaluated: at the stationary point and, as a control, away from it.

use super::case::Balance;
use super::sentence::shown;
use super::setup::{Setup, Stated};
use crate::balance::{ClassMeans, Ledger, LedgerEntry, MeanProbability};
use crate::data::Dataset;
use crate::loss::{BuiltLoss, Link, Loss, Targets};
use crate::solver::{Head, Outcome, ProblemError, solve};
use nalgebra::DMatrix;

/// Penalty that a separable set-up is solved with instead.
const SEPARABLE_PENALTY: f64 = 1e-4;
/// How far a control point's intercepts are off.
const CONTROL_SHIFT: f64 = 8.0;
/// How far a control point's coefficients of the first feature are off.
const CONTROL_TILT: f64 = 0.5;
/// What is left of the logits at a control point.
const CONTROL_SHRINK: f64 = 0.5;

/// Everything a law may read at one point.
#[derive(Debug)]
pub(super) struct Measurement {
    pub(super) setup: Setup,
    pub(super) loss: BuiltLoss,
    pub(super) targets: Targets,
    pub(super) head: Head,
    pub(super) logits: DMatrix<f64>,
    pub(super) means: MeanProbability,
    pub(super) class_means: ClassMeans,
    pub(super) ledger: Ledger,
}

/// How solving a set-up ended.
#[derive(Debug)]
pub(super) enum Solved {
    Point { at: Box<Measurement>, control: Box<Measurement>, penalised: bool },
    Unsolved { setup: Box<Setup>, why: String },
}

/// Solves a set-up; a separable one again with a small penalty.
pub(super) fn measure(mut setup: Setup) -> Result<Solved, ProblemError> {
    let mut penalised = false;
    let mut outcome = solve(&setup.problem()?);
    if let Outcome::Separable(_) = outcome {
        penalised = true;
        setup.l2 = SEPARABLE_PENALTY;
        setup.description =
            format!("{} -> {} (separable without)", setup.description, shown(SEPARABLE_PENALTY));
        outcome = solve(&setup.problem()?);
    }
    match outcome {
        Outcome::Stationary(point) => {
            let (logits, head) = (point.logits(), point.head);
            let at = Measurement::new(setup.clone(), head.clone(), logits)?;
            let off_balance = off_balance(&at.logits, &at.setup.dataset, at.loss.link());
            let control = Measurement::new(setup, head, off_balance)?;
            Ok(Solved::Point { at: Box::new(at), control: Box::new(control), penalised })
        }
        Outcome::NotConverged { why, .. } => Ok(Solved::Unsolved { setup: Box::new(setup), why }),
        Outcome::Separable(_) => Ok(Solved::Unsolved {
            setup: Box::new(setup),
            why: "called separable although penalised".to_owned(),
        }),
    }
}

/// Logits that are certainly not stationary: halved, and with intercepts far off (all up for sigmoids; up and down in
/// turn for softmax, which ignores a common shift). The coefficient of the first feature is off, too: where no feature says
/// anything, an intercept alone leaves the centroids of B4 where they are.
fn off_balance(logits: &DMatrix<f64>, dataset: &Dataset, link: Link) -> DMatrix<f64> {
    let features = dataset.features();
    let tilt = |sample: usize| if features.nrows() > 0 { CONTROL_TILT * features[(0, sample)] } else { 0.0 };
    DMatrix::from_fn(logits.nrows(), logits.ncols(), |row, sample| {
        let sign = if link == Link::Softmax && row % 2 == 1 { -1.0 } else { 1.0 };
        CONTROL_SHRINK * logits[(row, sample)] + sign * (CONTROL_SHIFT + tilt(sample))
    })
}

impl Measurement {
    fn new(setup: Setup, head: Head, logits: DMatrix<f64>) -> Result<Self, ProblemError> {
        let stated = setup.problem()?;
        let (loss, targets) = (stated.loss().clone(), stated.targets().clone());
        let means = MeanProbability::of(loss.link(), &logits, &targets);
        let class_means = ClassMeans::of(&logits, &targets);
        let ledger = Ledger::at(&loss, &logits, &targets);
        Ok(Self { setup, loss, targets, head, logits, means, class_means, ledger })
    }

    /// Both sides of each class's balance.
    pub(super) fn balances(&self, stationary: bool) -> Vec<Balance> {
        let fraction = |(class, entry): (usize, &LedgerEntry)| {
            let mass = self.participating_mass(class);
            let entry = LedgerEntry {
                outflow: entry.outflow / mass,
                inflow: entry.inflow / mass,
                difference: entry.difference / mass,
                residual: entry.residual,
            };
            Balance { entry, stationary }
        };
        self.ledger.entries.iter().enumerate().map(fraction).collect()
    }

    /// Weighted mass of all samples in one class's column.
    fn participating_mass(&self, class: usize) -> f64 {
        match &self.setup.stated {
            Stated::PairWeighted(pair) => {
                let counts = self.targets.counts().iter().map(|&count| count as f64);
                pair.column(class).iter().zip(counts).map(|(weight, count)| weight * count).sum()
            }
            Stated::Loss(_) => self.loss.denominator(),
        }
    }
}
