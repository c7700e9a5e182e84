//! Where a user's samples come from: the options that `solve` and `weights` share.

use crate::data::{Dataset, read_csv, read_npy};
use anyhow::{Result, ensure};
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
    /// Feature columns of a CSV file, separated by commas [default: all but the label]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    features: Option<Vec<String>>,
}

impl DataArguments {
    /// Reads or maps the samples.
    pub(super) fn read(&self) -> Result<Dataset> {
        if !self.is_npy() {
            return Ok(read_csv(&self.file, &self.label, self.features.as_deref())?);
        }
        ensure!(
            self.features.is_none(),
            "--features: goes with a CSV file; columns of an NPY file have no names"
        );
        Ok(read_npy(&self.file, Path::new(&self.label))?)
    }

    /// Whether the file is one of features alone, and the label another file.
    pub(super) fn is_npy(&self) -> bool {
        self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
    }
}
