//! Named arrays as users save a model's output: NPZ and safetensors archives, NPY files, CSV and Parquet tables, from
//! files or from a pipe. Large arrays are mapped, not read.

mod array;
mod columns;
mod csv;
mod guard;
mod half;
mod npz;
mod opened;
#[cfg(feature = "parquet")]
mod parquet;
mod safetensors;

pub use array::Array;
pub use columns::{Columns, TableColumns};

use super::DataError;
use opened::Opened;
#[cfg(feature = "parquet")]
use parquet::read as read_parquet;
use std::path::Path;

/// Arrays of one file, in its order.
#[derive(Debug, Clone)]
pub struct Arrays {
    /// The file, for errors.
    pub place: String,
    /// Names and arrays.
    pub named: Vec<(String, Array)>,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub enum Contents {
    /// Arrays with names: NPZ, safetensors.
    Arrays(Arrays),
    /// One array without a name: NPY.
    Array(Array),
    /// Columns with headings: CSV, Parquet.
    Columns(Columns),
}

/// Names of columns that hold labels.
pub const LABEL_COLUMNS: [&str; 5] = ["label", "labels", "target", "class", "y"];

/// Reads what a file holds, recognised by its first bytes; `-` is standard input.
///
/// `table` says which columns of a table hold what; archives and single arrays ignore it.
///
/// # Errors
/// The file cannot be read, or is cut off, damaged, or packed to hold more than it says. The error names file
/// and place.
pub fn read_arrays(path: &Path, table: &TableColumns) -> Result<Contents, DataError> {
    let opened = if path == Path::new("-") { Opened::standard_input()? } else { Opened::file(path)? };
    read_opened(&opened, table)
}

/// The same of bytes that are in memory already; `place` is what errors call them.
///
/// # Errors
/// As [`read_arrays`].
pub fn read_bytes(bytes: Vec<u8>, place: &str, table: &TableColumns) -> Result<Contents, DataError> {
    read_opened(&Opened::held(bytes, place), table)
}

fn read_opened(opened: &Opened, table: &TableColumns) -> Result<Contents, DataError> {
    let bytes = opened.bytes();
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        npz::read(opened, table.sample_weights).map(Contents::Arrays)
    } else if bytes.starts_with(b"\x93NUMPY") {
        Array::of_npy(opened, 0..bytes.len(), &opened.place).map(Contents::Array)
    } else if bytes.starts_with(b"PAR1") {
        read_parquet(opened, table).map(Contents::Columns)
    } else if safetensors::looks_like(bytes) {
        safetensors::read(opened).map(Contents::Arrays)
    } else {
        csv::read(opened, table).map(Contents::Columns)
    }
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(opened: &Opened, _: &TableColumns) -> Result<Columns, DataError> {
    let problem =
        "is a Parquet table, which this build does not read; add the feature `parquet`, or save it as CSV";
    Err(DataError::invalid(&opened.place, problem))
}

impl Arrays {
    /// The array of one of these names, the first that is there.
    #[must_use]
    pub fn get(&self, names: &[&str]) -> Option<&Array> {
        names
            .iter()
            .find_map(|name| self.named.iter().find(|(found, _)| found == name))
            .map(|(_, array)| array)
    }

    /// All names, for errors.
    #[must_use]
    pub fn names(&self) -> String {
        self.named.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}
