//! A solved set-up, at which laws are evaluated: at the stationary point and, as a control, away from it.

use super::claim::{Balance, shown};
use super::setup::{Setup, Stated};
use crate::balance::{ClassMeans, Ledger, LedgerEntry, MeanProbability, relative_difference};
use crate::data::Dataset;
use crate::loss::{BuiltLoss, Link, Loss, LossSpec, Targets};
use crate::numeric::{largest, largest_magnitude};
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

    /// How far the certificate that `solve` prints is from this gradient and this ledger, at a head that is not stationary, where
    /// neither vanishes: two computations that share no code.
    pub(super) fn certificate_error(&self) -> f64 {
        let Ok(problem) = self.setup.problem() else { return f64::NAN };
        let mut head = self.head.clone();
        head.intercepts
            .iter_mut()
            .zip([1.0, -1.0].into_iter().cycle())
            .for_each(|(entry, shift)| *entry += shift);
        let certified = problem.evaluate(&head);
        let mut gradient = DMatrix::zeros(certified.logits.nrows(), certified.logits.ncols());
        self.loss.value_and_gradient(&certified.logits, &self.targets, &mut gradient);
        let features = self.setup.dataset.features();
        let by_coefficients = &gradient * features.transpose() + &head.coefficients * self.setup.l2;
        let by_intercepts = gradient.column_sum();
        let largest_entry = largest_magnitude(by_coefficients.iter().chain(by_intercepts.iter()).copied());
        let ledger = Ledger::at(&self.loss, &certified.logits, &self.targets);
        let flows = &certified.recomputed.flows;
        // Of binary logistic loss the certificate has the column of class 1 alone.
        let entries = &ledger.entries[ledger.entries.len() - flows.len()..];
        let off = flows.iter().zip(entries).flat_map(|(flow, entry)| {
            [relative_difference(flow.outflow, entry.outflow), relative_difference(flow.inflow, entry.inflow)]
        });
        largest(off.chain([relative_difference(certified.recomputed.gradient_inf, largest_entry)]))
    }

    /// What rounding alone may make of a law's relative residual (docs/theory.md#numerics): each term of a side is off by as many
    /// roundings as its logit has terms, each of the size of the largest. For LGL-INR `beta` and mean losses enlarge them.
    pub(super) fn rounding(&self) -> f64 {
        let features = self.setup.dataset.features();
        let sizes = self.head.coefficients.abs() * features.abs();
        let offset = self.setup.dataset.fixed_logits().map_or(0.0, DMatrix::amax);
        let intercept = largest_magnitude(self.head.intercepts.iter().copied());
        let largest_logit = largest(sizes.iter().copied()) + intercept + offset;
        let sharpness = match self.setup.stated {
            Stated::Loss(LossSpec::Inr { beta, .. }) => 1.0 + beta * (1.0 + self.class_means.loss.amax()),
            _ => 1.0,
        };
        2.0 * f64::EPSILON * (features.nrows() + 2) as f64 * largest_logit * sharpness
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
