//! A sweep over penalties: what each does on samples that are held out, and which is best.

use super::TestRecord;
use crate::solver::Outcome;
use serde::Serialize;

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
    /// Steps taken.
    pub iterations: u64,
    /// Largest entry of a column's gradient relative to its terms.
    pub relative_gradient: f64,
    /// Held-out accuracy; absent where no head was found.
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
        let (iterations, relative_gradient) = match outcome {
            Outcome::Stationary(point) => (point.certificate.iterations, point.certificate.relative_gradient),
            Outcome::Separable(_) => (0, f64::NAN),
            Outcome::NotConverged { iterations, relative_gradient, .. } => (*iterations, *relative_gradient),
        };
        Self {
            l2,
            iterations,
            relative_gradient,
            accuracy: test.map(|test| test.classification.accuracy),
            balanced_accuracy: test.map(|test| test.classification.balanced_accuracy),
            log_loss: test.map(|test| test.calibration.log_loss),
        }
    }
}

impl SweepRecord {
    /// Chooses among penalties in falling order; `None` where no head was found for any.
    #[must_use]
    pub fn choose(penalties: Vec<PenaltyRecord>, test: String, solved_over: SolvedOver) -> Option<Self> {
        let first_best = |badness: &dyn Fn(&PenaltyRecord) -> Option<f64>| {
            let judged = penalties.iter().filter_map(|penalty| Some((badness(penalty)?, penalty.l2)));
            // NaN and infinity are worse than any; the first of equals is the largest penalty.
            judged.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, l2)| l2)
        };
        let best = first_best(&|penalty| penalty.log_loss)?;
        let most_accurate = first_best(&|penalty| penalty.accuracy.map(|accuracy| -accuracy))?;
        Some(Self { best, most_accurate, test, solved_over, penalties })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_has_the_least_log_loss_and_the_larger_penalty_of_equals() {
        let of = |(l2, accuracy, log_loss): (f64, f64, f64)| PenaltyRecord {
            l2,
            iterations: 3,
            relative_gradient: 1e-16,
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
        assert!(choose(vec![none]).is_none());
    }
}
