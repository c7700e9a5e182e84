//! Runs an experiment: all units in parallel, each record saved as soon as it is done.

use super::error::AnalysisError;
use super::file::{Experiment, Override, Source};
use super::networks::TrainedNetworks;
use super::records::{Record, Results};
use super::store::{Shard, Store};
use super::unit::{Trials, Unit, Use, WorkList, origins, units};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

/// What a run has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Problems to solve in all.
    pub total: usize,
    /// Those among them that an earlier run has solved.
    pub found: usize,
    /// Records that were found and belong to no problem of the analysis.
    pub foreign: usize,
}

/// What happens in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The work is known; once, at the start.
    Known(Workload),
    /// A problem is solved.
    Solved,
}

/// Solves what the store does not hold yet and saves all records in it. `watch` is called with every event. Records are
/// the same bytes on any number of threads.
///
/// # Errors
/// A data file cannot be read, a problem cannot be stated or measured ([`AnalysisError::Impossible`]), or a
/// record cannot be written ([`AnalysisError::Unwritable`]).
///
/// # Panics
/// The store is opened for a shard that does not exist: its number is 0 or above the number of shards.
pub fn run(
    experiment: &Experiment,
    store: &Store,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<(Results, Workload), AnalysisError> {
    let work = WorkList::of(experiment)?;
    let (solved, workload) = solve_open(experiment, &work, store, watch)?;
    let results = gather(experiment, &work, store, &solved);
    let known = work.known();
    let further: Vec<&Record> = store.records().filter(|record| known.use_of(record) == Use::Later).collect();
    store.finish(&results, &further)?;
    Ok((results, workload))
}

/// The same for the shard that the store is opened for, whose records stay in its journal until all shards are
/// merged.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub fn run_shard(
    experiment: &Experiment,
    store: &Store,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<Workload, AnalysisError> {
    Ok(solve_open(experiment, &WorkList::of(experiment)?, store, watch)?.1)
}

/// The experiment of a file for one shard. Points that belong to other shards only are not checked.
///
/// # Errors
/// As [`Source::experiment`]; or a data file cannot be read.
///
/// # Panics
/// There is no such shard: its number is 0 or above the number of shards.
pub fn experiment_of_shard(
    source: &Source,
    overrides: &[Override],
    shard: Shard,
) -> Result<Experiment, AnalysisError> {
    let experiment = source.outline(overrides)?;
    let mut points: Vec<usize> =
        WorkList::of(&experiment)?.of_part(Some(shard))?.iter().map(|unit| unit.point).collect();
    points.dedup();
    source.check_points(&experiment, points)?;
    Ok(experiment)
}

/// A part of which problems are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingShard {
    /// The part.
    pub shard: Shard,
    /// Problems that are not solved.
    pub open: usize,
    /// Problems in all.
    pub total: usize,
}

/// The shards, of so many, whose problems a store does not hold.
///
/// # Errors
/// A data file cannot be read, or the data of a point cannot be drawn.
///
/// # Panics
/// `of` is 0.
pub fn missing_shards(
    experiment: &Experiment,
    store: &Store,
    of: usize,
) -> Result<Vec<MissingShard>, AnalysisError> {
    shards_with_open(experiment, of, &|key| store.finished(key).is_some())
}

/// The shards, of so many, with problems of which `is_finished` does not know the key.
pub(super) fn shards_with_open(
    experiment: &Experiment,
    of: usize,
    is_finished: &dyn Fn(&str) -> bool,
) -> Result<Vec<MissingShard>, AnalysisError> {
    let work = WorkList::of(experiment)?;
    let part = |(number, units): (usize, Vec<&Unit>)| {
        let open = units.iter().filter(|unit| !is_finished(&unit.key)).count();
        MissingShard { shard: Shard { number, of }, open, total: units.len() }
    };
    Ok((1..).zip(work.in_parts(of)?).map(part).filter(|part| part.open > 0).collect())
}

/// Solves the part of the work that the store is opened for.
fn solve_open(
    experiment: &Experiment,
    work: &WorkList,
    store: &Store,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<(HashMap<String, Record>, Workload), AnalysisError> {
    let ours = work.of_part(store.shard)?;
    let is_open = |unit: &&Unit| store.finished(&unit.key).is_none();
    let open: Vec<&Unit> = ours.iter().copied().filter(is_open).collect();
    let wanted = work.awaited(&open);
    let untried: Vec<&Unit> = wanted.iter().copied().filter(is_open).collect();
    let total = ours.len() + wanted.len();
    let found = total - open.len() - untried.len();
    let known = work.known();
    let foreign = store.records().filter(|record| known.use_of(record) == Use::Never).count();
    let workload = Workload { total, found, foreign };
    watch(Event::Known(workload));
    let networks = TrainedNetworks::default();
    let carry_out = |unit: &Unit, trials: &Trials| {
        let record = unit.carry_out(experiment, trials, &networks)?;
        store.keep(&record)?;
        watch(Event::Solved);
        Ok(record)
    };
    let tried = map_units(&untried, &|trial| carry_out(trial, &Trials::new()))?;
    let tried: HashMap<&str, &Record> = tried.iter().map(|record| (record.key.as_str(), record)).collect();
    let recall = |trial: &Unit| {
        let record = tried.get(trial.key.as_str()).copied().or_else(|| store.finished(&trial.key))?;
        trial.tried(record)
    };
    let solved = map_units(&open, &|unit| {
        let of_unit = wanted.iter().filter(|trial| unit.waits_for(trial));
        carry_out(unit, &of_unit.filter_map(|trial| recall(trial)).collect())
    })?;
    Ok((solved.into_iter().map(|record| (record.key.clone(), record)).collect(), workload))
}

/// The records of all units, in order.
fn gather(
    experiment: &Experiment,
    work: &WorkList,
    store: &Store,
    solved: &HashMap<String, Record>,
) -> Results {
    let record = |unit: &Unit| {
        let found = solved.get(&unit.key).or_else(|| store.finished(&unit.key));
        found.map(|record| unit.record_from(record))
    };
    Results { experiment: experiment.clone(), records: work.units.iter().filter_map(record).collect() }
}

/// Solves all problems and saves nothing, for designs that train no network; in parallel where the platform has
/// threads.
///
/// # Errors
/// A data file cannot be read, or a problem cannot be stated or measured ([`AnalysisError::Impossible`]).
pub fn solve_all(experiment: &Experiment) -> Result<Vec<Record>, AnalysisError> {
    let origins = origins(experiment)?;
    let networks = TrainedNetworks::default();
    let units = units(experiment, &origins)?;
    units.par_iter().map(|unit| unit.carry_out(experiment, &Trials::new(), &networks)).collect()
}

/// Carries out units in parallel; their records in order.
fn map_units(
    units: &[&Unit],
    carry_out: &(dyn Fn(&Unit) -> Result<Record, AnalysisError> + Sync),
) -> Result<Vec<Record>, AnalysisError> {
    if units.iter().any(|unit| unit.trains()) {
        return map_trainings(units, carry_out);
    }
    units.par_iter().with_max_len(1).panic_fuse().map(|unit| carry_out(unit)).collect()
}

/// Runs trainings, each on a thread with its own helpers throughout: a thread that waits for its helpers must not start
/// another training.
fn map_trainings(
    units: &[&Unit],
    carry_out: &(dyn Fn(&Unit) -> Result<Record, AnalysisError> + Sync),
) -> Result<Vec<Record>, AnalysisError> {
    let threads = rayon::current_num_threads();
    let at_once = threads.min(units.len()).max(1);
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Record)>, AnalysisError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads / at_once).build();
        let pool = pool.map_err(|error| AnalysisError::specification("threads", error.to_string()))?;
        let mut records = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(unit) = units.get(number) else { return Ok(records) };
            // After an error nothing new is begun.
            let record = pool
                .install(|| carry_out(unit))
                .inspect_err(|_| next.store(units.len(), Ordering::Relaxed))?;
            records.push((number, record));
        }
    };
    let ended: Vec<Result<Vec<(usize, Record)>, AnalysisError>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..at_once).map(|_| std::thread::Builder::new().spawn_scoped(scope, work)).collect();
        let ended = |thread: std::io::Result<ScopedJoinHandle<_>>| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(error) => Err(AnalysisError::specification("threads", error.to_string())),
        };
        threads.into_iter().map(ended).collect()
    });
    let mut records = ended.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    records.sort_by_key(|(number, _)| *number);
    Ok(records.into_iter().map(|(_, record)| record).collect())
}
