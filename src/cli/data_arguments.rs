//! Where a user's samples come from: the options that `solve` and `weights` share.

use anyhow::{Result, ensure};
use equipoise::data::{CsvColumns, Dataset, read_npy, read_weighted_npy};
use std::path::{Path, PathBuf};

/// A file of samples and which of its columns is the class.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DataArguments {
    /// CSV file with a header row, or NPY file of features
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Name of the column with the class of each row; for an NPY file of features, the NPY file of labels
    #[arg(long, value_name = "NAME")]
    pub(super) label: String,
    /// Weight of each row (frequency, survey or importance weight; 0 leaves it out): a column of a CSV file, or the NPY file of
    /// them for an NPY file of features
    #[arg(long, value_name = "NAME")]
    pub(super) sample_weights: Option<String>,
    /// Feature columns of a CSV file, separated by commas [default: all but the label and the weights]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    features: Option<Vec<String>>,
}

impl DataArguments {
    /// Reads or maps the samples.
    pub(super) fn read(&self) -> Result<Dataset> {
        if !self.is_npy() {
            let columns = CsvColumns {
                label: &self.label,
                features: self.features.as_deref(),
                sample_weights: self.sample_weights.as_deref(),
            };
            return Ok(columns.read(&self.file)?);
        }
        ensure!(
            self.features.is_none(),
            "--features: goes with a CSV file; columns of an NPY file have no names"
        );
        let labels = Path::new(&self.label);
        Ok(match &self.sample_weights {
            None => read_npy(&self.file, labels)?,
            Some(weights) => read_weighted_npy(&self.file, labels, Path::new(weights))?,
        })
    }

    /// All files that are read.
    pub(super) fn files(&self) -> Vec<&Path> {
        let names =
            if self.is_npy() { vec![Some(&self.label), self.sample_weights.as_ref()] } else { Vec::new() };
        [self.file.as_path()].into_iter().chain(names.into_iter().flatten().map(Path::new)).collect()
    }

    /// Whether the file is one of features alone, and the label another file.
    pub(super) fn is_npy(&self) -> bool {
        self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
    }
}
