//! The directory of a run: the resolved analysis, finished records, and a journal that a broken-off run goes on from.

use super::error::AnalysisError;
use super::experiment::Experiment;
use super::file::Source;
use super::records::{Record, Results};
use super::specification::Analysis;
use super::{parquet_table, table};
use crate::files::write_whole;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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

/// A directory that a run fills.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    finished: HashMap<String, Record>,
    journal: Mutex<File>,
    /// What was found and could not be used.
    pub remarks: Vec<String>,
}

/// `records.json` as it is read and written.
#[derive(Serialize, Deserialize)]
struct RecordsFile {
    analysis: String,
    version: String,
    records: Vec<Record>,
}

impl Store {
    /// Makes or takes up a directory, writes the resolved analysis into it, and finds what is finished.
    ///
    /// Fails before any work when the directory cannot be written, or holds results of another analysis or version,
    /// unless they are to be overwritten.
    pub fn open(directory: &Path, experiment: &Experiment, overwrite: bool) -> Result<Self, AnalysisError> {
        let file = |name: &str| directory.join(name);
        std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
        if overwrite {
            for name in [RECORDS, TABLE, PARQUET, JOURNAL] {
                remove(&file(name))?;
            }
        } else {
            check_occupant(&file(ANALYSIS), &experiment.analysis)?;
        }
        let text = resolved(&experiment.analysis)?;
        write_whole(&file(ANALYSIS), text.as_bytes()).map_err(|error| unwritable(&file(ANALYSIS), &error))?;
        let mut remarks = Vec::new();
        let mut finished = HashMap::new();
        for record in
            earlier(&file(RECORDS), &mut remarks).into_iter().chain(broken_off(&file(JOURNAL), &mut remarks))
        {
            finished.insert(record.key.clone(), record);
        }
        let journal = OpenOptions::new().create(true).append(true).open(file(JOURNAL));
        let mut journal = journal.map_err(|error| unwritable(&file(JOURNAL), &error))?;
        // A line that was cut off must not swallow the next one.
        let torn =
            contents(&file(JOURNAL)).is_some_and(|bytes| bytes.last().is_some_and(|&last| last != b'\n'));
        if torn {
            journal.write_all(b"\n").map_err(|error| unwritable(&file(JOURNAL), &error))?;
        }
        Ok(Self { directory: directory.to_owned(), finished, journal: Mutex::new(journal), remarks })
    }

    /// The finished record of a key.
    #[must_use]
    pub fn finished(&self, key: &str) -> Option<&Record> {
        self.finished.get(key)
    }

    /// Keeps a record, whatever happens next.
    pub(super) fn keep(&self, record: &Record) -> Result<(), AnalysisError> {
        let path = self.directory.join(JOURNAL);
        let mut line = serde_json::to_vec(record).map_err(|error| unwritable(&path, &error))?;
        line.push(b'\n');
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.write_all(&line).map_err(|error| unwritable(&path, &error))
    }

    /// Writes the records of a finished run and their table; the journal has served.
    pub(super) fn finish(&self, results: &Results) -> Result<(), AnalysisError> {
        let file = |name: &str| self.directory.join(name);
        let write = |name: &str, bytes: &[u8]| {
            write_whole(&file(name), bytes).map_err(|error| unwritable(&file(name), &error))
        };
        write(
            RECORDS,
            records_text(results).map_err(|error| unwritable(&file(RECORDS), &error))?.as_bytes(),
        )?;
        write(TABLE, &table::csv(results).map_err(|error| unwritable(&file(TABLE), &error))?)?;
        remove(&file(JOURNAL))
    }
}

/// Writes the table of records as a Parquet file beside the others.
pub fn write_parquet(results: &Results, directory: &Path) -> Result<(), AnalysisError> {
    let path = directory.join(PARQUET);
    let bytes = parquet_table::parquet(results).map_err(|error| unwritable(&path, &error))?;
    write_whole(&path, &bytes).map_err(|error| unwritable(&path, &error))
}

impl Results {
    /// Reads the directory of a finished run.
    pub fn read(directory: &Path) -> Result<Self, AnalysisError> {
        let path = directory.join(ANALYSIS);
        if !path.is_file() {
            let problem =
                "holds no analysis.toml; name a directory that `equipoise run` has filled".to_owned();
            return Err(AnalysisError::Occupied { path: directory.to_owned(), problem });
        }
        let experiment = Source::read(&path)?.experiment(&[])?;
        let path = directory.join(RECORDS);
        let problem = |problem: String| AnalysisError::Occupied { path: path.clone(), problem };
        let text = std::fs::read(&path).map_err(|_| {
            problem(
                "is not there: the run is not finished; `equipoise run` on its analysis.toml goes on"
                    .to_owned(),
            )
        })?;
        let read: RecordsFile = serde_json::from_slice(&text)
            .map_err(|error| problem(format!("cannot be read ({error}); run the analysis anew")))?;
        let wanted = experiment.points.len() as u64
            * experiment.analysis.series.len() as u64
            * experiment.analysis.repetitions;
        if read.records.len() as u64 != wanted {
            let found = read.records.len();
            return Err(problem(format!(
                "holds {found} records, but analysis.toml speaks of {wanted}; run it anew"
            )));
        }
        let strange = |record: &Record| {
            let there = record.at.len() == experiment.axes.len()
                && experiment.axes.iter().zip(&record.at).all(|(axis, &place)| place < axis.labels.len());
            !there || record.series >= experiment.analysis.series.len() || record.classes == 0
        };
        if let Some(number) = read.records.iter().position(strange) {
            return Err(problem(format!(
                "record {number} is of no problem that analysis.toml speaks of; run it anew"
            )));
        }
        Ok(Self { experiment, records: read.records })
    }
}

/// The analysis as it stands beside its results: with the version, every default, and the data file by its full path.
fn resolved(analysis: &Analysis) -> Result<String, AnalysisError> {
    let mut analysis = analysis.clone();
    analysis.version = Some(env!("CARGO_PKG_VERSION").to_owned());
    if let Some(path) = analysis.data.file() {
        let full = path.canonicalize().map_err(|error| AnalysisError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        analysis.data.rename_file(|_| full.clone());
    }
    toml::to_string(&analysis).map_err(|error| AnalysisError::specification("analysis", error.to_string()))
}

/// Whether a directory holds results of something else.
fn check_occupant(path: &Path, analysis: &Analysis) -> Result<(), AnalysisError> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(());
    };
    let occupied = |problem: String| Err(AnalysisError::Occupied { path: path.to_owned(), problem });
    let table: toml::Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(_) => {
            return occupied("cannot be read; choose another --out, or --force to overwrite".to_owned());
        }
    };
    let said = |key: &str| table.get(key).and_then(toml::Value::as_str).unwrap_or("unknown").to_owned();
    let ours = env!("CARGO_PKG_VERSION");
    if said("name") != analysis.name {
        return occupied(format!(
            "holds results of the analysis {:?}, not {:?}; choose another --out, or --force to overwrite",
            said("name"),
            analysis.name
        ));
    }
    if said("version") != ours {
        return occupied(format!(
            "holds results of version {}, this is {ours}; choose another --out, or --force to overwrite",
            said("version")
        ));
    }
    Ok(())
}

/// What is in a regular file, if there is one.
fn contents(path: &Path) -> Option<Vec<u8>> {
    path.is_file().then(|| std::fs::read(path).ok()).flatten()
}

/// Records of an earlier run that finished.
fn earlier(path: &Path, remarks: &mut Vec<String>) -> Vec<Record> {
    let Some(bytes) = contents(path) else {
        return Vec::new();
    };
    match serde_json::from_slice::<RecordsFile>(&bytes) {
        Ok(read) => read.records,
        Err(error) => {
            remarks
                .push(format!("{}: cannot be read ({error}); its problems are solved anew", path.display()));
            Vec::new()
        }
    }
}

/// Records of a run that was broken off; the last line may have been cut short.
fn broken_off(path: &Path, remarks: &mut Vec<String>) -> Vec<Record> {
    let Some(bytes) = contents(path) else {
        return Vec::new();
    };
    let lines = bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .filter_map(|(number, line)| {
            let record = serde_json::from_slice(line);
            if record.is_err() {
                let place = format!("{}:{}", path.display(), number + 1);
                remarks.push(format!("{place}: a record was cut off; its problem is solved anew"));
            }
            record.ok()
        })
        .collect()
}

/// All records, one a line.
fn records_text(results: &Results) -> Result<String, serde_json::Error> {
    let head = RecordsFile {
        analysis: results.experiment.analysis.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        records: Vec::new(),
    };
    let head = serde_json::to_string(&head)?;
    let records: Vec<String> = results.records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let opened = head.strip_suffix("]}").unwrap_or(&head);
    Ok(format!("{opened}\n{}\n]}}\n", records.join(",\n")))
}

fn remove(path: &Path) -> Result<(), AnalysisError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

fn unwritable(path: &Path, error: &impl std::fmt::Display) -> AnalysisError {
    AnalysisError::Unwritable { path: path.to_owned(), reason: error.to_string() }
}
