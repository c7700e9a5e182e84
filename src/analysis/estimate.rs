//! What a run will take, before it is begun.

use super::check::BYTES_OF_PROBLEM;
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
    /// Upper bound on the bytes of as many of the largest problems as are solved at once here, and of all records.
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
        memory: memory_at_once(experiment, rayon::current_num_threads())? + memory_of_records(experiment)?,
    })
}

/// Upper bound on the bytes that an experiment takes when so many problems, or trainings, are worked on at once: those of the
/// largest ones.
///
/// # Errors
/// As [`estimate`].
pub fn memory_at_once(experiment: &Experiment, at_once: usize) -> Result<u128, AnalysisError> {
    let mut costs = Costs::default();
    let mut sizes = Vec::new();
    for point in &experiment.points {
        for series in &point.series {
            sizes.push((costs.memory(point, series)?, point.repetitions));
        }
    }
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let (mut free, mut memory) = (at_once as u64, 0_u128);
    for (size, repetitions) in sizes {
        let taken = repetitions.min(free);
        memory = memory.saturating_add(size.saturating_mul(u128::from(taken)));
        free -= taken;
    }
    Ok(memory)
}

/// Upper bound on the bytes of all records of an experiment while they are read, joined and written.
///
/// # Errors
/// As [`estimate`].
pub fn memory_of_records(experiment: &Experiment) -> Result<u128, AnalysisError> {
    let mut costs = Costs::default();
    let mut memory = 0_u128;
    for point in &experiment.points {
        for series in &point.series {
            let record = BYTES_OF_PROBLEM + BYTES_OF_NUMBER * costs.numbers(point, series)?;
            memory = memory.saturating_add(record.saturating_mul(u128::from(point.repetitions)));
        }
    }
    Ok(memory)
}

/// Bytes of a number of a record: as text of some 20 digits, read and written, and as a number in two lists.
const BYTES_OF_NUMBER: u128 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Source;

    fn experiment(text: &str) -> Experiment {
        let source = Source { name: "mine".to_owned(), text: text.to_owned(), directory: ".".into() };
        source.experiment(&[]).expect("a sound analysis")
    }

    #[test]
    fn the_largest_problems_count_as_often_as_there_are_threads_and_repetitions() {
        let mine = experiment(
            r#"name = "mine"
               title = "t"
               repetitions = 2
               measure = ["accuracy"]
               series = [{ loss = "softmax" }]
               sweep = [{ name = "n", keys = ["data.gaussian.counts.0"], over = [100, 100000] }]
               data.gaussian = { means = { at = [[-1.0], [1.0]] }, counts = [30, 10] }"#,
        );
        let at_once = |threads| memory_at_once(&mine, threads).expect("foreseen");
        assert!(at_once(1) > 100_000 * 8);
        assert_eq!(at_once(2), 2 * at_once(1));
        // The third thread has one of the small problems.
        assert!(at_once(3) > at_once(2) && at_once(3) < 3 * at_once(1));
        assert_eq!(at_once(100), at_once(4));
        // Four records of one number each.
        assert_eq!(memory_of_records(&mine).expect("foreseen"), 4 * (BYTES_OF_PROBLEM + BYTES_OF_NUMBER));
    }

    #[test]
    fn trainings_are_foreseen_too() {
        let mine = experiment(
            r#"name = "mine"
               title = "t"
               measure = ["accuracy"]
               series = [{ loss = "softmax" }]
               data.digits = { classes = [3, 8], counts = [40, 20] }
               training = { test = 10, recipe = { batch = 60000 } }"#,
        );
        assert!(memory_at_once(&mine, 1).expect("foreseen") > 60_000 * 4 * 64 * 8);
    }
}
