//! Which part of an analysis a process works on, and how shards that were worked on apart become one.

use super::{Store, experiment_of, records_in, resolved, shard_journals};
use crate::analysis::error::AnalysisError;
use crate::analysis::file::Experiment;
use crate::analysis::records::Record;
use crate::analysis::run::{MissingShard, shards_with_open};
use crate::files::is_same_file;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One of several disjoint shards that together are the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// From 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// Shards an analysis may be cut into.
const MAX_SHARDS: usize = 10_000;

impl Shard {
    /// Reads `I/N`.
    ///
    /// # Errors
    /// The text is not `I/N`, `I` is not from 1 to `N`, or `N` is too large.
    pub fn parse(text: &str) -> Result<Self, AnalysisError> {
        let wrong = |why: String| AnalysisError::specification(format!("`shard` {text}"), why);
        let numbers =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            None => Err(wrong("is not I/N; write 1/4 for the first of four shards".to_owned())),
            Some((_, of)) if of == 0 || of > MAX_SHARDS => {
                Err(wrong(format!("{of} shards; give 1 to {MAX_SHARDS}")))
            }
            Some((number, of)) if number == 0 || number > of => {
                Err(wrong(format!("there is no shard {number} of {of}; shards are numbered from 1 to {of}")))
            }
            Some((number, of)) => Ok(Self { number, of }),
        }
    }

    /// The name of the file that it keeps its records in.
    pub(super) fn journal(self) -> String {
        format!("records.{}-of-{}.jsonl", self.number, self.of)
    }

    /// The shard whose journal has this name.
    pub(super) fn of_journal(name: &str) -> Option<Self> {
        let (number, of) = name.strip_prefix("records.")?.strip_suffix(".jsonl")?.split_once("-of-")?;
        Self::parse(&format!("{number}/{of}")).ok()
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.number, self.of)
    }
}

/// What all shards hold together, and what is missing in them.
pub struct Merge {
    /// The analysis of all of them.
    pub experiment: Experiment,
    /// Shards of which problems are missing.
    pub missing: Vec<MissingShard>,
    /// What was found and could not be used.
    pub remarks: Vec<String>,
    finished: HashMap<String, Record>,
    out: PathBuf,
    overwrite: bool,
}

impl Merge {
    /// Reads the results in `directories`, which are of one analysis and version, and those in `out`, unless these are to be
    /// overwritten. Nothing is changed.
    ///
    /// # Errors
    /// No directory is named, one of them holds no analysis or another one than the first does, or a file cannot be read.
    pub fn of(directories: &[PathBuf], out: &Path, overwrite: bool) -> Result<Self, AnalysisError> {
        let [first, others @ ..] = directories else {
            return Err(AnalysisError::specification("results merge", "no directories; name at least one"));
        };
        let experiment = experiment_of(first)?;
        let text = comparable(&experiment)?;
        for other in others {
            if comparable(&experiment_of(other)?)? != text {
                let problem = format!(
                    "holds results of another analysis than {}; merge shards of the same file, seed and version",
                    first.display()
                );
                return Err(AnalysisError::Occupied { path: other.clone(), problem });
            }
        }
        let parts = directories.iter().flat_map(|directory| shard_journals(directory));
        let of = parts.map(|(_, shard)| shard.of).max().unwrap_or(1);
        // What is merged is not overwritten, under whatever name.
        let is_out = |directory: &PathBuf| is_same_file(directory, out);
        let overwrite = overwrite && !directories.iter().any(is_out);
        let (mut finished, mut remarks) = (HashMap::new(), Vec::new());
        let kept = [out.to_owned()].into_iter().filter(|out| !overwrite && out.is_dir());
        for directory in kept.chain(directories.iter().filter(|each| !is_out(each)).cloned()) {
            let records = records_in(&directory, &mut remarks)?;
            finished.extend(records.into_iter().map(|record| (record.key.clone(), record)));
        }
        let missing = shards_with_open(&experiment, of, &|key| finished.contains_key(key))?;
        Ok(Self { experiment, missing, remarks, finished, out: out.to_owned(), overwrite })
    }

    /// The analysis, and where the whole goes: a store that holds all this.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(self) -> Result<(Experiment, Store), AnalysisError> {
        let mut store = Store::open(&self.out, &self.experiment, None, self.overwrite)?;
        store.finished.extend(self.finished);
        store.remarks = self.remarks;
        Ok((self.experiment, store))
    }
}

/// What an analysis says, wherever its files lie on this machine.
fn comparable(experiment: &Experiment) -> Result<String, AnalysisError> {
    let mut analysis = experiment.analysis.clone();
    analysis.rename_files(|_| PathBuf::from("."));
    resolved(&analysis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_read_as_they_are_written() {
        for text in ["1/1", "2/7", "10000/10000"] {
            let shard = Shard::parse(text).expect("a shard");
            assert_eq!(shard.to_string(), text);
            assert_eq!(Shard::of_journal(&shard.journal()), Some(shard));
        }
        assert_eq!(Shard::of_journal("records.jsonl"), None);
        for (text, expected) in [
            ("0/4", "no shard 0 of 4"),
            ("5/4", "no shard 5 of 4"),
            ("x/y", "is not I/N"),
            ("3", "is not I/N"),
            ("-1/4", "is not I/N"),
            ("1/0", "0 shards; give 1 to 10000"),
        ] {
            let error = Shard::parse(text).expect_err("no shard").to_string();
            assert!(error.contains(expected) && error.contains(text), "{error}");
        }
    }
}
