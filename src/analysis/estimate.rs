//! What a run will take, before it is begun.

use super::cost::Costs;
use super::error::AnalysisError;
use super::experiment::Experiment;
use super::work_list::WorkList;

/// What a run will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Problems to solve, and trainings to try.
    pub problems: usize,
    /// Seconds of one processor for all of them.
    pub seconds: f64,
    /// Seconds of the longest one.
    pub longest: f64,
    /// Upper bound on the bytes of the largest problem; trainings are not predicted.
    pub memory: u128,
}

/// Predicts what a run will take, from what its file says; data files are looked at for their size.
///
/// # Errors
/// A data file cannot be read, or the data of a point cannot be drawn.
pub fn estimate(experiment: &Experiment) -> Result<Estimate, AnalysisError> {
    let work = WorkList::of(experiment)?;
    let mut costs = Costs::default();
    let distinct = work.of_part(None)?;
    let all = distinct.iter().copied().chain(&work.trials);
    let seconds = all.map(|unit| costs.seconds(unit)).collect::<Result<Vec<f64>, _>>()?;
    Ok(Estimate {
        problems: seconds.len(),
        seconds: seconds.iter().sum(),
        longest: seconds.iter().copied().fold(0.0, f64::max),
        memory: largest_problem(experiment)?,
    })
}

/// Upper bound on the bytes of the largest problem of an experiment; trainings are not predicted.
///
/// # Errors
/// As [`estimate`].
pub fn largest_problem(experiment: &Experiment) -> Result<u128, AnalysisError> {
    let mut costs = Costs::default();
    let problems =
        experiment.points.iter().flat_map(|point| point.series.iter().map(move |series| (point, series)));
    problems
        .map(|(point, series)| costs.memory(point, series))
        .try_fold(0, |most, memory| Ok(most.max(memory?)))
}
