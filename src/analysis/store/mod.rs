//! The directory of a run: the resolved analysis, finished records, and the journals that an interrupted run resumes from.
//!
//! A record is found by the key of its unit, a digest of everything its result depends on. Records and journals carry
//! checksums; whatever fails its checksum is named and recomputed. A run of the whole analysis has one journal, each
//! shard ([`Shard`]) its own, so that shards may share a directory. Locks keep two processes off the same work. Finished
//! records are dropped only on request, and so are files that no run has written.

mod occupant;
mod part;
mod records_file;
mod survey;

pub use occupant::spare_inputs;
pub use part::{Merge, Shard};
pub use survey::{ShardState, Survey, SurveyedFile, prune};

use super::error::AnalysisError;
use super::file::{Experiment, Source};
#[cfg(feature = "parquet")]
use super::parquet_table;
use super::records;
use super::records::{Record, Results};
use super::specification::Analysis;
use crate::files::journal::{self, Journal};
use crate::files::{contents, is_being_written, is_marked, mark_directory, write_marked};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The resolved analysis.
const ANALYSIS: &str = "analysis.toml";
/// All records of a finished run.
const RECORDS: &str = "records.json";
/// The same as a table.
const TABLE: &str = "records.csv";
/// The same as a Parquet file, on request.
const PARQUET: &str = "records.parquet";
/// Finished records of a run that goes on, one a line.
const JOURNAL: &str = "records.jsonl";
/// The script of the array of jobs on a Slurm cluster.
pub const SLURM_ARRAY: &str = "slurm-array.sh";
/// The script of the job that merges and draws.
pub const SLURM_MERGE: &str = "slurm-merge.sh";
/// Numbers of the jobs that were submitted.
pub const SLURM_JOBS: &str = "slurm-jobs.txt";
/// What the mark of a directory says.
const HOLDS: &str = "the run of an analysis";

/// A directory that a run fills.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    finished: HashMap<String, Record>,
    journal: Journal,
    /// Which part of the analysis is worked on; none for the whole.
    pub shard: Option<Shard>,
    /// What was found and could not be used.
    pub remarks: Vec<String>,
}

impl Store {
    /// Creates or reopens a directory, finds what is finished there, and writes the resolved analysis into it.
    ///
    /// # Errors
    /// The directory cannot be written, another process works in it, or it holds something else that is not to be
    /// overwritten: files that no run has written, results of another analysis or version, finished records of
    /// other problems. All of this is found before any work, and before anything is changed.
    pub fn open(
        directory: &Path,
        experiment: &Experiment,
        shard: Option<Shard>,
        overwrite: bool,
    ) -> Result<Self, AnalysisError> {
        let text = resolved(&experiment.analysis)?;
        if !overwrite && is_marked(directory) {
            occupant::check_analysis(&directory.join(ANALYSIS), &experiment.analysis)?;
        }
        occupant::claim(directory, experiment, overwrite)?;
        let journal = claim(directory, shard)?;
        let mut store = Self {
            directory: directory.to_owned(),
            finished: HashMap::new(),
            journal,
            shard,
            remarks: Vec::new(),
        };
        let checked = if overwrite {
            store.empty()
        } else {
            store.take_in(directory).and_then(|()| occupant::keep_records(&store, experiment, &text))
        };
        match checked.and_then(|()| store.begin(experiment, &text, overwrite)) {
            Ok(()) => Ok(store),
            Err(error) => {
                store.journal.remove_if_new();
                Err(error)
            }
        }
    }

    /// Forgets all results of earlier runs.
    fn empty(&self) -> Result<(), AnalysisError> {
        for name in [RECORDS, TABLE, PARQUET] {
            remove(&self.directory.join(name))?;
        }
        self.journal.clear().map_err(|error| unwritable(self.journal.path(), &error))?;
        let others = shard_journals(&self.directory).into_iter().map(|(path, _)| path);
        others.filter(|path| path != self.journal.path()).try_for_each(|path| remove(&path))
    }

    /// Marks the directory and writes the resolved analysis into it. Shards, merging and a run that goes on with this one
    /// overwrite what this one may.
    fn begin(&self, experiment: &Experiment, text: &str, overwrite: bool) -> Result<(), AnalysisError> {
        mark_directory(&self.directory, HOLDS).map_err(occupant::occupied)?;
        if overwrite {
            occupant::give_up(&self.directory, experiment)?;
        }
        let path = self.directory.join(ANALYSIS);
        if there(&path)?.is_some_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        write_marked(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error))
    }

    /// Finds what is finished in a directory, this one or one that was filled elsewhere.
    ///
    /// # Errors
    /// A file of records is there and cannot be read ([`AnalysisError::Unreadable`]).
    pub fn take_in(&mut self, directory: &Path) -> Result<(), AnalysisError> {
        let records = records_in(directory, &mut self.remarks)?;
        self.finished.extend(records.into_iter().map(|record| (record.key.clone(), record)));
        Ok(())
    }

    /// Finished records that are on the disk now, whatever has become of the directory.
    #[must_use]
    pub fn kept(&self) -> usize {
        let records = records_in(&self.directory, &mut Vec::new()).unwrap_or_default();
        records.into_iter().map(|record| record.key).collect::<HashSet<_>>().len()
    }

    /// The finished record of a key.
    #[must_use]
    pub fn finished(&self, key: &str) -> Option<&Record> {
        self.finished.get(key)
    }

    /// All that is finished.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.finished.values()
    }

    /// Keeps a record, whatever happens next.
    pub(super) fn keep(&self, record: &Record) -> Result<(), AnalysisError> {
        self.journal.keep(record).map_err(|error| unwritable(self.journal.path(), &error))
    }

    /// Writes the records of a finished run and their table, and removes the journals. Records of `further` repetitions than
    /// the run has stay in its journal.
    pub(super) fn finish(&self, results: &Results, further: &[&Record]) -> Result<(), AnalysisError> {
        occupant::check_results(&self.directory)?;
        let file = |name: &str| self.directory.join(name);
        if !further.is_empty() {
            // Whenever this process ends, each record is in a journal or in the finished results.
            self.put_into_journal(further.iter().copied().chain(&results.records))?;
        }
        let write = |name: &str, bytes: &[u8]| {
            write_marked(&file(name), bytes).map_err(|error| unwritable(&file(name), &error))
        };
        write(
            RECORDS,
            records_file::text(results).map_err(|error| unwritable(&file(RECORDS), &error))?.as_bytes(),
        )?;
        write(TABLE, &records::csv(results).map_err(|error| unwritable(&file(TABLE), &error))?)?;
        for (path, _) in shard_journals(&self.directory) {
            remove(&path)?;
        }
        if further.is_empty() {
            remove(&file(JOURNAL))
        } else {
            self.put_into_journal(further.iter().copied())
        }
    }

    /// Replaces what the journal holds.
    fn put_into_journal<'a>(&self, records: impl Iterator<Item = &'a Record>) -> Result<(), AnalysisError> {
        let lines = records.map(journal::line).collect::<Result<String, _>>();
        let written = lines.map_err(std::io::Error::from).and_then(|lines| self.journal.replace(&lines));
        written.map_err(|error| unwritable(self.journal.path(), &error))
    }
}

/// Takes the journal of a shard, or of the whole, for this process; an error if another process holds it.
fn claim(directory: &Path, shard: Option<Shard>) -> Result<Journal, AnalysisError> {
    let name = shard.map_or_else(|| JOURNAL.to_owned(), Shard::journal);
    let taken = |what: String| {
        let problem = format!("{what} is running here; wait until it ends, or choose another `out`");
        Err(AnalysisError::Occupied { path: directory.to_owned(), problem })
    };
    let Some(journal) = open_journal(&directory.join(name))? else {
        return taken(
            shard.map_or_else(|| "another run".to_owned(), |shard| format!("another run of shard {shard}")),
        );
    };
    // A run of the whole removes the journals of shards when it is finished, so neither may run at the same time.
    let other = if shard.is_some() {
        is_being_written(&directory.join(JOURNAL)).then(|| "a run of the whole".to_owned())
    } else {
        let mut shards = shard_journals(directory).into_iter();
        shards.find(|(path, _)| is_being_written(path)).map(|(_, shard)| format!("a run of shard {shard}"))
    };
    match other {
        None => Ok(journal),
        Some(what) => {
            journal.remove_if_new();
            taken(what)
        }
    }
}

fn open_journal(path: &Path) -> Result<Option<Journal>, AnalysisError> {
    Journal::open(path).map_err(|error| unwritable(path, &error))
}

/// The journals of shards in a directory, in order.
pub(super) fn shard_journals(directory: &Path) -> Vec<(PathBuf, Shard)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut journals: Vec<(PathBuf, Shard)> = entries
        .filter_map(|entry| Some((entry.path(), Shard::of_journal(entry.file_name().to_str()?)?)))
        .collect();
    journals.sort_by_key(|(_, shard)| (shard.of, shard.number));
    journals
}

/// Writes the table of records as a Parquet file beside the others.
///
/// # Errors
/// The file cannot be written ([`AnalysisError::Unwritable`]).
#[cfg(feature = "parquet")]
pub fn write_parquet(results: &Results, directory: &Path) -> Result<(), AnalysisError> {
    let path = directory.join(PARQUET);
    let bytes = parquet_table::parquet(results).map_err(|error| unwritable(&path, &error))?;
    write_marked(&path, &bytes).map_err(|error| unwritable(&path, &error))
}

impl Results {
    /// Reads the directory of a finished run.
    ///
    /// # Errors
    /// The directory holds no analysis, the run is not finished, or its records are not those of the analysis.
    pub fn read(directory: &Path) -> Result<Self, AnalysisError> {
        let experiment = experiment_of(directory)?;
        let path = directory.join(RECORDS);
        let problem = |problem: String| AnalysisError::Occupied { path: path.clone(), problem };
        let text = there(&path)?.ok_or_else(|| {
            problem(
                "is not there: the run is not finished; `equipoise run` on its analysis.toml resumes it"
                    .to_owned(),
            )
        })?;
        let records =
            records_file::read(&text).map_err(|why| problem(format!("{why}; run the analysis again")))?;
        let wanted = experiment.points.len() as u64
            * experiment.analysis.series.len() as u64
            * experiment.analysis.repetitions;
        if records.len() as u64 != wanted {
            let found = records.len();
            return Err(problem(format!(
                "holds {found} records, but analysis.toml speaks of {wanted}; run it anew"
            )));
        }
        let strange = |record: &Record| {
            let there = record.at.len() == experiment.axes.len()
                && experiment.axes.iter().zip(&record.at).all(|(axis, &place)| place < axis.labels.len());
            !there || record.series >= experiment.analysis.series.len() || record.classes == 0
        };
        if let Some(number) = records.iter().position(strange) {
            return Err(problem(format!(
                "record {number} is of no problem that analysis.toml speaks of; run it anew"
            )));
        }
        Ok(Self { experiment, records })
    }
}

/// The analysis whose results a directory holds.
fn experiment_of(directory: &Path) -> Result<Experiment, AnalysisError> {
    let path = directory.join(ANALYSIS);
    if !directory.exists() {
        let problem = "is not there; name a directory that `equipoise run` has filled".to_owned();
        return Err(AnalysisError::Occupied { path: directory.to_owned(), problem });
    }
    if !path.is_file() {
        let problem = "holds no analysis.toml; name a directory that `equipoise run` has filled".to_owned();
        return Err(AnalysisError::Occupied { path: directory.to_owned(), problem });
    }
    // Its points were checked before it was run.
    Source::read(&path)?.outline(&[])
}

/// The analysis as it is kept beside its results: with the version, every default, and the files that it reads by their full paths.
fn resolved(analysis: &Analysis) -> Result<String, AnalysisError> {
    let mut analysis = analysis.clone();
    analysis.version = Some(env!("CARGO_PKG_VERSION").to_owned());
    let files = [analysis.data.file(), analysis.test_file()];
    let full = |path: &Path| {
        path.canonicalize()
            .map_err(|error| AnalysisError::Unreadable { path: path.to_owned(), reason: error.to_string() })
    };
    let full: HashMap<PathBuf, PathBuf> = files
        .into_iter()
        .flatten()
        .map(|path| Ok((path.to_owned(), full(path)?)))
        .collect::<Result<_, AnalysisError>>()?;
    analysis.rename_files(|path| full.get(path).map_or_else(|| path.to_owned(), Clone::clone));
    toml::to_string(&analysis).map_err(|error| AnalysisError::specification("analysis", error.to_string()))
}

/// All records in a directory, finished runs first.
fn records_in(directory: &Path, remarks: &mut Vec<String>) -> Result<Vec<Record>, AnalysisError> {
    let mut records = earlier(&directory.join(RECORDS), remarks)?;
    let shards = shard_journals(directory).into_iter().map(|(path, _)| path);
    for journal in [directory.join(JOURNAL)].into_iter().chain(shards) {
        records.extend(read_journal(&journal, remarks)?);
    }
    Ok(records)
}

/// Records of an earlier run that finished.
fn earlier(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<Record>, AnalysisError> {
    let Some(bytes) = there(path)? else { return Ok(Vec::new()) };
    Ok(records_file::read(&bytes).unwrap_or_else(|why| {
        remarks.push(format!("{}: {why}; its problems are solved again", path.display()));
        Vec::new()
    }))
}

/// The bytes of a file, if there is one. One that cannot be read is no reason to solve its problems anew.
fn there(path: &Path) -> Result<Option<Vec<u8>>, AnalysisError> {
    contents(path).map_err(|error| unreadable(path, &error))
}

fn read_journal(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<Record>, AnalysisError> {
    journal::read(path, remarks).map_err(|error| unreadable(path, &error))
}

fn remove(path: &Path) -> Result<(), AnalysisError> {
    crate::files::remove(path).map_err(|error| unwritable(path, &error))
}

fn unreadable(path: &Path, error: &impl std::fmt::Display) -> AnalysisError {
    AnalysisError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}

fn unwritable(path: &Path, error: &impl std::fmt::Display) -> AnalysisError {
    AnalysisError::Unwritable { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Event, run};

    /// Everything that was solved is still in the journal, and the same run finishes once the file is gone.
    #[test]
    fn a_file_that_appears_during_a_run_is_left_alone() {
        let text = "name = \"own\"\ntitle = \"Own\"\nrepetitions = 2\nmeasure = [\"loss\"]\n\n[data.logits]\nclasses = 2\nscale = 1.0\n\
                    counts = [20, 10]\n\n[[series]]\nloss = \"logistic\"\n";
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("own.toml");
        std::fs::write(&file, text).expect("written");
        let experiment =
            Source::read(&file).and_then(|source| source.experiment(&[])).expect("a sound analysis");
        for name in [RECORDS, TABLE] {
            let place = tempfile::tempdir().expect("a directory");
            let file = place.path().join(name);
            let store = Store::open(place.path(), &experiment, None, false).expect("an empty directory");
            let intrude = |event: Event| {
                if matches!(event, Event::Known(_)) {
                    std::fs::write(&file, "mine").expect("written");
                }
            };
            let error = run(&experiment, &store, &intrude).expect_err("refused").to_string();
            assert!(error.contains("was not written by equipoise"), "{error}");
            assert_eq!(std::fs::read_to_string(&file).expect("there"), "mine");
            drop(store);
            std::fs::remove_file(&file).expect("removed");
            let store = Store::open(place.path(), &experiment, None, false).expect("ours");
            let (_, workload) = run(&experiment, &store, &|_| ()).expect("finished");
            assert_eq!(workload.found, 2, "nothing was lost");
        }
    }
}
