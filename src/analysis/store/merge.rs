//! Shards that were worked on apart become one.

use super::{Store, experiment_of, resolved, shard_journals};
use crate::analysis::error::AnalysisError;
use crate::analysis::experiment::Experiment;
use crate::analysis::run::{MissingShard, missing_shards};
use crate::files::is_same_file;
use std::path::{Path, PathBuf};

/// A store into which all shards are read, and what is missing in them.
pub struct Merge {
    /// The analysis of all of them.
    pub experiment: Experiment,
    /// Where the whole goes.
    pub store: Store,
    /// Shards of which problems are missing.
    pub missing: Vec<MissingShard>,
}

impl Merge {
    /// Reads the results in `directories`, which are of one analysis and version, into `out`, whose own results are kept
    /// unless they are to be overwritten.
    ///
    /// # Errors
    /// No directory is named, one of them holds no analysis or another one than the first does, a data file
    /// cannot be read, or `out` cannot be opened.
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
        let is_out = |directory: &&PathBuf| is_same_file(directory, out);
        let overwrite = overwrite && !directories.iter().any(|directory| is_out(&directory));
        let mut store = Store::open(out, &experiment, None, overwrite)?;
        directories.iter().filter(|directory| !is_out(directory)).try_for_each(|each| store.take_in(each))?;
        let missing = missing_shards(&experiment, &store, of)?;
        Ok(Self { experiment, store, missing })
    }
}

/// What an analysis says, wherever its files lie on this machine.
fn comparable(experiment: &Experiment) -> Result<String, AnalysisError> {
    let mut analysis = experiment.analysis.clone();
    analysis.data.rename_file(|_| PathBuf::from("."));
    resolved(&analysis)
}
