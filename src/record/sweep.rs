//! A sweep over penalties: what each does on samples that are held out, and which is best.

use super::{Status, TestRecord};
use crate::solver::{
    Head, Iteration, Outcome, PenaltyPath, Problem, ProblemError, SettingsError, SolverSettings,
};
use serde::Serialize;
use std::ops::ControlFlow;

/// What a sweep tries, and what heads are tested on.
#[derive(Debug, Clone)]
pub struct SweepPlan<'a> {
    /// Positive penalties in falling order.
    pub falling: &'a [f64],
    /// Limits of each search.
    pub settings: &'a SolverSettings,
    /// What the samples are called that heads are tested on.
    pub test: String,
    /// What the head of the best penalty will be solved over.
    pub solved_over: SolvedOver,
}

/// How a sweep ended.
#[derive(Debug)]
pub enum SweepEnd {
    /// With a best penalty.
    Best(PenaltySweep),
    /// No penalty has an answer.
    Unanswered(UnansweredSweep),
    /// Its caller broke off.
    BrokenOff,
}

/// A finished sweep, and where to begin the search for the head of its best penalty.
#[derive(Debug)]
pub struct PenaltySweep {
    /// What was found.
    pub record: SweepRecord,
    /// Goes on from the head of the best penalty.
    pub path: PenaltyPath,
}

/// The relative gradient at which the searches of a sweep end: further steps change nothing that held-out samples can tell.
const ENOUGH: f64 = 1e-8;

impl PenaltySweep {
    /// Penalties of a sweep at most: more would differ by less than a held-out sample can tell.
    pub const MAX_PENALTIES: usize = 1000;

    /// `count` penalties (at least 2), evenly spaced on a logarithmic scale, from `to` down to `from`, both as they are given.
    #[must_use]
    pub fn penalties(from: f64, to: f64, count: usize) -> Vec<f64> {
        let (low, high) = (from.log10(), to.log10());
        let at = |place: usize| match place {
            0 => to,
            _ if place == count - 1 => from,
            _ => 10.0_f64.powf(high + (low - high) * place as f64 / (count - 1) as f64),
        };
        (0..count).map(at).collect()
    }

    /// Solves a problem for the penalties and tests every head by `measure`; `step` is called after every step of a search with the place
    /// of its penalty.
    ///
    /// # Errors
    /// A penalty or a setting that cannot be used, or what `measure` says.
    pub fn run<E: From<ProblemError> + From<SettingsError>>(
        problem: &Problem,
        plan: SweepPlan,
        measure: &dyn Fn(&Head) -> Result<Option<TestRecord>, E>,
        step: &mut dyn FnMut(usize, &Iteration) -> ControlFlow<()>,
    ) -> Result<SweepEnd, E> {
        let (mut path, mut penalties) = (PenaltyPath::ending_at(ENOUGH), Vec::new());
        let mut best: Option<(f64, f64, Head)> = None;
        for (place, &l2) in plan.falling.iter().enumerate() {
            let mut flow = ControlFlow::Continue(());
            let outcome = path.solve(&problem.with_penalty(l2)?, plan.settings, &mut |at| {
                flow = step(place, at);
                flow
            })?;
            if flow.is_break() {
                return Ok(SweepEnd::BrokenOff);
            }
            let test = match &outcome {
                Outcome::Stationary(point) => measure(&point.head)?,
                Outcome::Separable(_) | Outcome::NotConverged { .. } => None,
            };
            let found = PenaltyRecord::of(l2, &outcome, test.as_ref());
            if let (Outcome::Stationary(point), Some(loss)) = (outcome, found.log_loss)
                && best.as_ref().is_none_or(|(least, ..)| loss.total_cmp(least).is_lt())
            {
                best = Some((loss, l2, point.head));
            }
            penalties.push(found);
        }
        let record = match SweepRecord::choose(penalties, plan.test, plan.solved_over) {
            Ok(record) => record,
            Err(unanswered) => return Ok(SweepEnd::Unanswered(unanswered)),
        };
        // A best penalty has a head.
        let path =
            best.map_or_else(PenaltyPath::default, |(_, l2, head)| PenaltyPath::beginning_at(l2, head));
        Ok(SweepEnd::Best(Self { record, path }))
    }
}

/// A sweep, from the largest penalty to the smallest.
#[derive(Debug, Serialize)]
pub struct SweepRecord {
    /// The penalty with the least held-out log loss.
    pub best: f64,
    /// That with the highest held-out accuracy, the larger of equals.
    pub most_accurate: f64,
    /// The samples that were held out.
    pub test: String,
    /// What the head of the best penalty was solved over in the end.
    pub solved_over: SolvedOver,
    /// One for each penalty.
    pub penalties: Vec<PenaltyRecord>,
}

/// A sweep in which no penalty has an answer: what `solve` prints as JSON in place of a [`super::SolveRecord`].
#[derive(Debug, PartialEq, Serialize)]
pub struct UnansweredSweep {
    /// How the search ended at the largest penalty.
    pub status: Status,
    /// Version of this crate.
    pub version: &'static str,
    /// The samples that were held out.
    pub test: String,
    /// One for each penalty, from the largest to the smallest.
    pub penalties: Vec<PenaltyRecord>,
}

/// What the best head is solved over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SolvedOver {
    /// All samples, the held-out ones included.
    AllSamples,
    /// The samples that every head of the sweep was solved over.
    TrainingSamples,
}

/// One penalty of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PenaltyRecord {
    /// The penalty.
    pub l2: f64,
    /// How the search ended.
    pub status: Status,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Steps taken.
    pub iterations: u64,
    /// Largest entry of a column's gradient relative to its terms; null where no search was begun.
    pub relative_gradient: Option<f64>,
    /// Held-out accuracy; null where no head was found, as the two below.
    pub accuracy: Option<f64>,
    /// The same, each class counted alike.
    pub balanced_accuracy: Option<f64>,
    /// Held-out mean of `-log p_y`.
    pub log_loss: Option<f64>,
}

impl PenaltyRecord {
    /// Of an outcome, and what held-out samples say of its head, if there is one.
    #[must_use]
    pub fn of(l2: f64, outcome: &Outcome, test: Option<&TestRecord>) -> Self {
        let (status, iterations, relative_gradient) = match outcome {
            Outcome::Stationary(point) => {
                let certificate = &point.certificate;
                (Status::Stationary, certificate.iterations, Some(certificate.relative_gradient))
            }
            Outcome::Separable(_) => (Status::Separable, 0, None),
            Outcome::NotConverged { iterations, relative_gradient, .. } => {
                (Status::NotConverged, *iterations, Some(*relative_gradient))
            }
        };
        let why = match outcome {
            Outcome::NotConverged { why, .. } => Some(why.clone()),
            Outcome::Stationary(_) | Outcome::Separable(_) => None,
        };
        Self {
            l2,
            status,
            why,
            iterations,
            relative_gradient: relative_gradient.filter(|gradient| gradient.is_finite()),
            accuracy: test.map(|test| test.classification.accuracy),
            balanced_accuracy: test.map(|test| test.classification.balanced_accuracy),
            log_loss: test.map(|test| test.calibration.log_loss),
        }
    }
}

impl SweepRecord {
    /// Chooses among penalties in falling order.
    ///
    /// # Errors
    /// No head was found for any.
    pub fn choose(
        penalties: Vec<PenaltyRecord>,
        test: String,
        solved_over: SolvedOver,
    ) -> Result<Self, UnansweredSweep> {
        let first_best = |badness: &dyn Fn(&PenaltyRecord) -> Option<f64>| {
            let judged = penalties.iter().filter_map(|penalty| Some((badness(penalty)?, penalty.l2)));
            // NaN and infinity are worse than any; the first of equals is the largest penalty.
            judged.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, l2)| l2)
        };
        let best = first_best(&|penalty| penalty.log_loss);
        let most_accurate = first_best(&|penalty| penalty.accuracy.map(|accuracy| -accuracy));
        let Some((best, most_accurate)) = best.zip(most_accurate) else {
            let status = penalties.first().map_or(Status::NotConverged, |largest| largest.status);
            return Err(UnansweredSweep { status, version: env!("CARGO_PKG_VERSION"), test, penalties });
        };
        Ok(Self { best, most_accurate, test, solved_over, penalties })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn penalties_fall_from_one_end_to_the_other() {
        let found = PenaltySweep::penalties(1e-4, 1.0, 5);
        assert_eq!((found.len(), found[0], found[4]), (5, 1.0, 1e-4));
        assert!((found[2] / 1e-2 - 1.0).abs() < 1e-12 && found.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn the_best_has_the_least_log_loss_and_the_larger_penalty_of_equals() {
        let of = |(l2, accuracy, log_loss): (f64, f64, f64)| PenaltyRecord {
            l2,
            status: Status::Stationary,
            why: None,
            iterations: 3,
            relative_gradient: Some(1e-16),
            accuracy: Some(accuracy),
            balanced_accuracy: Some(accuracy),
            log_loss: Some(log_loss),
        };
        let choose = |penalties: Vec<PenaltyRecord>| {
            SweepRecord::choose(penalties, "0.1".to_owned(), SolvedOver::AllSamples)
        };
        let found = [(1.0, 0.5, 0.9), (0.1, 0.8, 0.4), (0.01, 0.9, 0.4), (0.001, 0.9, f64::INFINITY)].map(of);
        let sweep = choose(found.to_vec()).expect("heads");
        assert_eq!((sweep.best, sweep.most_accurate), (0.1, 0.01));
        let none = PenaltyRecord { log_loss: None, accuracy: None, ..of((1.0, 0.0, 0.0)) };
        assert!(choose(vec![none]).is_err_and(|unanswered| unanswered.penalties.len() == 1));
    }
}
