//! The contents of a directory of results, checked file by file.

use super::{
    JOURNAL, RECORDS, Shard, claim, experiment_of, occupant, open_journal, read_journal, records_file,
    remove, shard_journals, there, unwritable,
};
use crate::analysis::error::AnalysisError;
use crate::analysis::file::Experiment;
use crate::analysis::records::Record;
use crate::analysis::unit::Unit;
use crate::analysis::unit::{Known, Use, WorkList};
use crate::files::journal::{self, Journal};
use crate::files::{is_being_written, is_marked};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What is in a directory of results.
#[derive(Debug)]
pub struct Survey {
    /// The analysis it belongs to.
    pub experiment: Experiment,
    /// The files that hold records.
    pub files: Vec<SurveyedFile>,
    /// Problems of the analysis.
    pub problems: usize,
    /// Those among them that are solved.
    pub solved: usize,
    /// The shards of the run; empty for a run of the whole.
    pub parts: Vec<ShardState>,
}

/// A file that holds records.
#[derive(Debug)]
pub struct SurveyedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Sealed records of the analysis, or of further repetitions than it has now.
    pub records: usize,
    /// Sealed records of no problem of the analysis.
    pub foreign: usize,
    /// What is damaged, and where.
    pub remarks: Vec<String>,
    /// Whether a process is at work on it.
    pub being_written: bool,
}

impl Survey {
    /// Looks at everything in a directory that `equipoise run` has filled or is filling.
    ///
    /// # Errors
    /// The directory holds no analysis, or a data file or a file of records cannot be read.
    pub fn of(directory: &Path) -> Result<Self, AnalysisError> {
        let experiment = experiment_of(directory)?;
        let work = WorkList::of(&experiment)?;
        let known = work.known();
        let mut solved: HashSet<String> = HashSet::new();
        let look = |path: PathBuf| {
            let mut remarks = Vec::new();
            let records = read(&path, &mut remarks)?;
            let (own, foreign) = of_analysis(records, &known);
            solved.extend(own.iter().map(|record| record.key.clone()));
            let being_written = is_journal(&path) && is_being_written(&path);
            Ok(SurveyedFile { path, records: own.len(), foreign: foreign.len(), remarks, being_written })
        };
        let files = files(directory).into_iter().map(look).collect::<Result<_, AnalysisError>>()?;
        let whole = work.of_part(None)?;
        let done = whole.iter().filter(|unit| solved.contains(&unit.key)).count();
        let problems = whole.len();
        let parts = shard_states(directory, &work, &solved)?;
        Ok(Self { files, problems, solved: done, parts, experiment })
    }
}

/// How far a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardState {
    /// The part.
    pub shard: Shard,
    /// Problems that are solved, by whichever part.
    pub solved: usize,
    /// Problems in all.
    pub total: usize,
    /// Whether a process on this machine is at work on it.
    pub being_written: bool,
}

fn shard_states(
    directory: &Path,
    work: &WorkList,
    solved: &HashSet<String>,
) -> Result<Vec<ShardState>, AnalysisError> {
    let journals = shard_journals(directory);
    let Some(of) = journals.iter().map(|(_, shard)| shard.of).max() else { return Ok(Vec::new()) };
    let state = |(number, units): (usize, Vec<&Unit>)| {
        let shard = Shard { number, of };
        ShardState {
            shard,
            solved: units.iter().filter(|unit| solved.contains(&unit.key)).count(),
            total: units.len(),
            being_written: is_being_written(&directory.join(shard.journal())),
        }
    };
    Ok((1..).zip(work.in_parts(of)?).map(state).collect())
}

/// Removes what no run of the analysis can use: damaged lines, records of other problems. Returns the number of lines
/// and records removed.
///
/// # Errors
/// The directory holds no analysis or, without `overwrite`, was not filled by this program, a run is at work in it, a
/// file cannot be read, or one cannot be written.
pub fn prune(directory: &Path, overwrite: bool) -> Result<usize, AnalysisError> {
    let experiment = experiment_of(directory)?;
    if !overwrite && !is_marked(directory) {
        let problem = "was not filled by equipoise run; `force` to change its files".to_owned();
        return Err(AnalysisError::Occupied { path: directory.to_owned(), problem });
    }
    occupant::claim(directory, &experiment, overwrite)?;
    let work = WorkList::of(&experiment)?;
    // Held until all is done: no run begins in the meantime.
    let whole = claim(directory, None)?;
    let pruned = prune_held(directory, &whole, &work.known());
    whole.remove_if_new();
    pruned
}

/// The same in a directory whose journal is held.
fn prune_held(directory: &Path, whole: &Journal, known: &Known) -> Result<usize, AnalysisError> {
    let mut gone = 0;
    for (path, _) in shard_journals(directory) {
        let Some(shard) = open_journal(&path)? else {
            let problem = "a run is writing it; wait until it ends".to_owned();
            return Err(AnalysisError::Occupied { path, problem });
        };
        gone += prune_journal(&shard, Vec::new(), known)?;
    }
    // Finished records are complete or absent: with some removed, the next run writes the file again from the rest.
    let path = directory.join(RECORDS);
    let mut remarks = Vec::new();
    let records = read(&path, &mut remarks)?;
    let useless = records.iter().filter(|record| known.use_of(record) == Use::Never).count() + remarks.len();
    if useless == 0 {
        return Ok(gone + prune_journal(whole, Vec::new(), known)?);
    }
    gone += prune_journal(whole, records, known)?;
    remove(&path)?;
    Ok(gone + remarks.len())
}

/// Leaves the records of these problems in a journal, with `more` of them; says how many lines and records are gone.
fn prune_journal(journal: &Journal, more: Vec<Record>, known: &Known) -> Result<usize, AnalysisError> {
    let mut remarks = Vec::new();
    let changed = !more.is_empty();
    let mut records = read_journal(journal.path(), &mut remarks)?;
    records.extend(more);
    let (kept, foreign) = of_analysis(records, known);
    let gone = foreign.len() + remarks.len();
    if changed || gone > 0 {
        let lines = kept.iter().map(journal::line).collect::<Result<String, _>>();
        let written = lines.map_err(std::io::Error::from).and_then(|lines| journal.replace(&lines));
        written.map_err(|error| unwritable(journal.path(), &error))?;
    }
    Ok(gone)
}

/// Records that a run of the analysis can use, and those that none can.
fn of_analysis(records: Vec<Record>, known: &Known) -> (Vec<Record>, Vec<Record>) {
    records.into_iter().partition(|record| known.use_of(record) != Use::Never)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let shards = shard_journals(directory).into_iter().map(|(path, _)| path);
    let all = [directory.join(RECORDS), directory.join(JOURNAL)].into_iter().chain(shards);
    // Whatever else is there is named when it is read.
    all.filter(|path| path.symlink_metadata().is_ok()).collect()
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

fn read(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<Record>, AnalysisError> {
    if is_journal(path) {
        return read_journal(path, remarks);
    }
    let Some(bytes) = there(path)? else { return Ok(Vec::new()) };
    Ok(records_file::read(&bytes).unwrap_or_else(|why| {
        remarks.push(format!("{}: {why}", path.display()));
        Vec::new()
    }))
}
