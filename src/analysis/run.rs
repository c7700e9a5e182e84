//! Carrying out an experiment: all units in parallel, each kept as soon as it is done.

use super::error::AnalysisError;
use super::experiment::Experiment;
use super::records::{Record, Results};
use super::store::Store;
use super::unit::{Unit, units};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// What a run has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Problems to solve in all.
    pub total: usize,
    /// Those among them that an earlier run has solved.
    pub found: usize,
}

/// What happens in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The work is known; once, at the start.
    Known(Workload),
    /// A problem is solved.
    Solved,
}

/// Solves what the store does not hold yet and leaves all records in it. `watch` is told of every event. Records are
/// the same bytes on any number of threads.
pub fn run(
    experiment: &Experiment,
    store: &Store,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<(Results, Workload), AnalysisError> {
    let units = units(experiment)?;
    // Units that differ in nothing their result hangs on are solved once.
    let mut distinct: HashSet<&str> = HashSet::new();
    let mut open = Vec::new();
    for unit in &units {
        if distinct.insert(&unit.key) && store.finished(&unit.key).is_none() {
            open.push(unit);
        }
    }
    let workload = Workload { total: distinct.len(), found: distinct.len() - open.len() };
    watch(Event::Known(workload));
    let solved: Vec<Record> = open
        .par_iter()
        .with_max_len(1)
        .map(|unit| {
            let record = unit.solve(experiment)?;
            store.keep(&record)?;
            watch(Event::Solved);
            Ok(record)
        })
        .collect::<Result<_, AnalysisError>>()?;
    let solved: HashMap<&str, &Record> = solved.iter().map(|record| (record.key.as_str(), record)).collect();
    let record = |unit: &Unit| {
        let found = solved.get(unit.key.as_str()).copied().or_else(|| store.finished(&unit.key));
        found.map(|record| unit.record_from(record))
    };
    let results =
        Results { experiment: experiment.clone(), records: units.iter().filter_map(record).collect() };
    store.finish(&results)?;
    Ok((results, workload))
}
