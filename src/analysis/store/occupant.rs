//! What is in a directory before a run fills it, and whether the run may.

use super::{
    ANALYSIS, JOURNAL, PARQUET, RECORDS, SLURM_ARRAY, SLURM_JOBS, SLURM_MERGE, Store, TABLE, records_file,
    shard_journals, unwritable,
};
use crate::analysis::error::AnalysisError;
use crate::analysis::file::Experiment;
use crate::analysis::specification::Analysis;
use crate::analysis::unit::{Use, WorkList};
use crate::files::{
    OwnFile, OwnershipError, TargetError, claim_directory, give_up_files, is_same_file, read_text,
};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// What to do about results of something else.
const ADVICE: &str = "choose another `out`, or `force` to overwrite";
/// Kinds of files that figures and tables are written as.
const FIGURES: [&str; 6] = ["svg", "png", "pdf", "tex", "txt", "pgf"];
const TABLES: [&str; 2] = ["md", "csv"];

/// Makes the directory of a run, unless something there is not the run's to write.
pub(super) fn claim(directory: &Path, experiment: &Experiment, overwrite: bool) -> Result<(), AnalysisError> {
    let files = files(directory, &experiment.analysis);
    claim_directory(directory, &files, overwrite).map_err(occupied)?;
    spare_inputs(directory, &files, experiment)
}

/// Has the mark say that the files that are there may be overwritten.
pub(super) fn give_up(directory: &Path, experiment: &Experiment) -> Result<(), AnalysisError> {
    give_up_files(directory, &files(directory, &experiment.analysis)).map_err(occupied)
}

/// An error if somebody has put files of the results' names into a directory since the run began.
pub(super) fn check_results(directory: &Path) -> Result<(), AnalysisError> {
    if !directory.is_dir() {
        return Ok(());
    }
    let files = [OwnFile::known_by(RECORDS, records_file::is_ours), OwnFile::marked(TABLE)];
    claim_directory(directory, &files, false).map(drop).map_err(occupied)
}

/// What is said of a directory that is not to be filled.
pub(super) fn occupied(error: OwnershipError) -> AnalysisError {
    let (path, text) = (error.path().to_owned(), error.to_string());
    match error {
        OwnershipError::Unusable { reason, .. } if !TargetError::is_in(&reason) => unwritable(&path, &reason),
        _ => {
            let problem = text.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&text).to_owned();
            AnalysisError::Occupied { path, problem }
        }
    }
}

/// All files that a run of an analysis may write, whatever its options.
fn files(directory: &Path, analysis: &Analysis) -> Vec<OwnFile> {
    let stems = |ids: Vec<&String>, endings: &[&str]| {
        let all = ids.into_iter().flat_map(|id| endings.iter().map(move |ending| (id, ending)));
        all.map(|(id, ending)| format!("{}.{ending}", analysis.file_stem(id))).collect::<Vec<_>>()
    };
    let shards = shard_journals(directory);
    let shards = shards.iter().filter_map(|(path, _)| Some(path.file_name()?.to_str()?.to_owned()));
    let mut files: Vec<OwnFile> =
        [ANALYSIS, TABLE, PARQUET, SLURM_ARRAY, SLURM_MERGE].map(OwnFile::marked).into();
    files.push(OwnFile::known_by(RECORDS, records_file::is_ours));
    // What is in it is looked at before anything is submitted.
    files.push(OwnFile::known_by(SLURM_JOBS, |_| true));
    files.extend([JOURNAL.to_owned()].into_iter().chain(shards).map(OwnFile::journal));
    let pictures = stems(analysis.figure.iter().map(|figure| &figure.id).collect(), &FIGURES);
    let tables = stems(analysis.table.iter().map(|table| &table.id).collect(), &TABLES);
    files.extend(pictures.into_iter().chain(tables).map(OwnFile::marked));
    files
}

/// Whether files that are to be written into a directory are none of those that an experiment reads.
///
/// # Errors
/// Names the first that is.
pub fn spare_inputs(
    directory: &Path,
    files: &[OwnFile],
    experiment: &Experiment,
) -> Result<(), AnalysisError> {
    let mut inputs: Vec<PathBuf> = Vec::new();
    for analysis in [&experiment.analysis].into_iter().chain(&experiment.points) {
        inputs.extend(analysis.test_file().map(Path::to_owned));
        let new = analysis.data.file().filter(|&file| !inputs.iter().any(|input| input == file));
        let Some(file) = new else { continue };
        inputs.push(file.to_owned());
        // What cannot be found is named when it is read.
        inputs.extend(analysis.data.files().unwrap_or_default());
        inputs.extend(analysis.data.test_files().unwrap_or_default());
    }
    let clash = files
        .iter()
        .map(|file| directory.join(&file.name))
        .find(|path| inputs.iter().any(|input| is_same_file(path, input)));
    clash.map_or(Ok(()), |path| {
        let problem = "is a file that the analysis reads; choose another `out`".to_owned();
        Err(AnalysisError::Occupied { path, problem })
    })
}

/// An error if the analysis beside the results cannot be read, or is another one or of another version.
pub(super) fn check_analysis(path: &Path, analysis: &Analysis) -> Result<(), AnalysisError> {
    let Some(table) = read(path)? else { return Ok(()) };
    let occupied = |problem: String| {
        Err(AnalysisError::Occupied { path: path.to_owned(), problem: format!("{problem}; {ADVICE}") })
    };
    let said = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or("unknown").to_owned();
    let ours = env!("CARGO_PKG_VERSION");
    if let Some(key) = ["name", "version"].into_iter().find(|&key| !table.contains_key(key)) {
        return occupied(format!("is not as equipoise wrote it: there is no `{key}`"));
    }
    if said("name") != analysis.name {
        return occupied(format!(
            "holds results of the analysis {:?}, not {:?}",
            said("name"),
            analysis.name
        ));
    }
    if said("version") != ours {
        return occupied(format!("holds results of version {}, this is {ours}", said("version")));
    }
    Ok(())
}

/// The analysis that is there; an error if it is there and cannot be read.
fn read(path: &Path) -> Result<Option<Table>, AnalysisError> {
    let unreadable = |why: String| {
        let problem = format!("cannot be read ({why}); {ADVICE}");
        Err(AnalysisError::Occupied { path: path.to_owned(), problem })
    };
    match read_text(path) {
        Ok(text) => match toml::from_str(&text) {
            Ok(table) => Ok(Some(table)),
            Err(error) => unreadable(error.message().lines().collect::<Vec<_>>().join(" ")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => unreadable(error.to_string()),
    }
}

/// An error if there are records that a run would drop, because they are of other problems than the run's. Those of more
/// repetitions than it has stay in the journal, from which a run with as many takes them.
pub(super) fn keep_records(store: &Store, experiment: &Experiment, text: &str) -> Result<(), AnalysisError> {
    if store.finished.is_empty() {
        return Ok(());
    }
    let work = WorkList::of(experiment)?;
    let known = work.known();
    let dropped = store.records().filter(|record| known.use_of(record) == Use::Never).count();
    if dropped == 0 {
        return Ok(());
    }
    let earlier = read(&store.directory.join(ANALYSIS))?;
    let ours: Table = toml::from_str(text).unwrap_or_default();
    let solved = |mut analysis: Table| {
        // No record depends on these.
        for key in ["name", "title", "figure", "table"] {
            analysis.remove(key);
        }
        Value::Table(analysis)
    };
    let why = earlier
        .and_then(|earlier| difference("", &solved(earlier), &solved(ours)))
        .unwrap_or_else(|| "they are of other data, or of another build of equipoise".to_owned());
    let of = store.finished.len();
    let problem = format!("{dropped} of {of} finished records are none of this run's: {why}; {ADVICE}");
    Err(AnalysisError::Occupied { path: store.directory.clone(), problem })
}

/// The first key in which two analyses differ, with both values.
fn difference(key: &str, there: &Value, here: &Value) -> Option<String> {
    const LONGEST: usize = 40;
    let said = |value: Option<&Value>| match value.map(Value::to_string) {
        None => "not given".to_owned(),
        Some(text) if text.chars().count() > LONGEST => {
            format!("{}..", text.chars().take(LONGEST).collect::<String>())
        }
        Some(text) => text,
    };
    match (there, here) {
        (Value::Table(there), Value::Table(here)) => there.keys().chain(here.keys()).find_map(|name| {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            match (there.get(name), here.get(name)) {
                (Some(there), Some(here)) => difference(&key, there, here),
                (there, here) => Some(format!("{key} is {} there and {} here", said(there), said(here))),
            }
        }),
        // A list of numbers is said whole.
        (Value::Array(there), Value::Array(here))
            if there.len() == here.len() && there.iter().any(Value::is_table) =>
        {
            let mut pairs = (0..).zip(there.iter().zip(here));
            pairs.find_map(|(number, (there, here))| difference(&format!("{key}.{number}"), there, here))
        }
        _ if there == here => None,
        _ => Some(format!("{key} is {} there and {} here", said(Some(there)), said(Some(here)))),
    }
}
