//! Named arrays as users save a model's output: NPZ and safetensors archives and NPY files, from files or from a pipe. Large
//! arrays are mapped, not read. Tables (CSV, Parquet) are opened here too, and read by `table`.

mod array;
mod guard;
mod half;
mod npz;
mod opened;
mod safetensors;

pub use array::Array;
#[cfg(feature = "parquet")]
pub(crate) use guard::guarded;
#[cfg(feature = "parquet")]
pub(crate) use half::from_half;
pub(crate) use opened::Opened;

use super::table::{self, Pick, Table, TableFormat, unpacked};
use super::taken::list;
use super::{DataError, quoted};
use crate::nearest::nearest;
use std::path::Path;

/// Arrays of one file, in its order.
#[derive(Debug, Clone)]
pub struct Arrays {
    /// The file, for errors.
    pub place: String,
    /// Names and arrays that were asked for.
    pub named: Vec<(String, Array)>,
    /// All names in the file.
    pub names: Vec<String>,
    /// Arrays that cannot be read, an error of whoever asks for them.
    pub(crate) broken: Vec<(String, DataError)>,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub enum Contents {
    /// Arrays with names: NPZ, safetensors.
    Arrays(Arrays),
    /// One array without a name: NPY.
    Array(Array),
    /// Columns with headings: CSV, Parquet.
    Table(Table),
}

/// What is wanted of a file.
pub struct Wanted<'a> {
    /// The arrays of an archive that are read, by their names.
    pub arrays: &'a dyn Fn(&str) -> bool,
    /// The columns of a table that are read, and for what.
    pub columns: Pick<'a>,
    /// What is known of the format of a table.
    pub format: &'a TableFormat,
}

/// Reads what a file holds, recognised by its first bytes; `-` is standard input.
///
/// # Errors
/// The file cannot be read, or is cut off, damaged, or packed to hold more than it says. The error names file
/// and place.
pub fn read_arrays(path: &Path, mut wanted: Wanted) -> Result<Contents, DataError> {
    read_opened(Opened::at(path)?, &mut wanted)
}

/// The same of bytes that are in memory already; `place` is what errors call them.
///
/// # Errors
/// As [`read_arrays`].
pub fn read_bytes(bytes: Vec<u8>, place: &str, mut wanted: Wanted) -> Result<Contents, DataError> {
    read_opened(Opened::held(bytes, place), &mut wanted)
}

/// Reads one array from an NPY file; nothing where the file is another kind.
///
/// # Errors
/// As [`read_arrays`].
pub fn read_array(path: &Path) -> Result<Array, DataError> {
    let opened = unpacked(Opened::at(path)?)?;
    let place = opened.place.clone();
    Array::of_npy(&opened, 0..opened.bytes().len(), &place)
}

fn read_opened(opened: Opened, wanted: &mut Wanted) -> Result<Contents, DataError> {
    let opened = unpacked(opened)?;
    if !is_zip(&opened) {
        return read_unpacked(opened, wanted);
    }
    match npz::lone_file(&opened)? {
        Some(inside) if !is_zip(&inside) => read_unpacked(inside, wanted),
        _ => npz::read(&opened, wanted.arrays).map(Contents::Arrays),
    }
}

fn is_zip(opened: &Opened) -> bool {
    opened.bytes().starts_with(b"PK\x03\x04") || opened.bytes().starts_with(b"PK\x05\x06")
}

fn read_unpacked(opened: Opened, wanted: &mut Wanted) -> Result<Contents, DataError> {
    let bytes = opened.bytes();
    if bytes.starts_with(b"\x93NUMPY") {
        Array::of_npy(&opened, 0..bytes.len(), &opened.place).map(Contents::Array)
    } else if safetensors::looks_like(bytes) {
        safetensors::read(&opened, wanted.arrays).map(Contents::Arrays)
    } else {
        table::read(opened, wanted.format, wanted.columns).map(Contents::Table)
    }
}

impl Arrays {
    /// Arrays in memory by their names; `place` is what errors call them.
    #[must_use]
    pub fn in_memory(place: &str, named: Vec<(String, Array)>) -> Self {
        let names = named.iter().map(|(name, _)| name.clone()).collect();
        Self { place: place.to_owned(), named, names, broken: Vec::new() }
    }

    fn empty(opened: &Opened) -> Self {
        Self { place: opened.place.clone(), named: Vec::new(), names: Vec::new(), broken: Vec::new() }
    }

    fn add(&mut self, name: &str, array: Result<Array, DataError>) {
        match array {
            Ok(array) => self.named.push((name.to_owned(), array)),
            Err(error) => self.broken.push((name.to_owned(), error)),
        }
    }

    /// The array of one of these names, the first that is there.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn find(&self, names: &[&str]) -> Result<Option<&Array>, DataError> {
        for name in names {
            if let Some((_, error)) = self.broken.iter().find(|(broken, _)| broken == name) {
                return Err(error.clone());
            }
            if let Some((_, array)) = self.named.iter().find(|(found, _)| found == name) {
                return Ok(Some(array));
            }
        }
        Ok(None)
    }

    /// The array of a name that the user gave.
    ///
    /// # Errors
    /// It is not there, or cannot be read; the error says what is there.
    pub fn named(&self, name: &str) -> Result<&Array, DataError> {
        let name = name.trim();
        self.find(&[name])?.ok_or_else(|| {
            let near = nearest(name, &self.names);
            let near = near.map_or_else(String::new, |near| format!("; did you mean {}?", quoted(near)));
            self.missing(&format!("array {}{near}", quoted(name)))
        })
    }

    /// An error that says what is there, with shapes, or why it cannot be read.
    pub(crate) fn none_fits(&self, what: &str) -> DataError {
        let of = |name: &String| {
            if let Some((_, array)) = self.named.iter().find(|(own, _)| own == name) {
                return format!("{name} {}", array.shape_text());
            }
            match self.broken.iter().find(|(own, _)| own == name) {
                Some((_, DataError::Invalid { problem, .. })) => format!("{name} ({problem})"),
                _ => name.clone(),
            }
        };
        let arrays = self.names.iter().map(of).collect::<Vec<_>>().join(", ");
        DataError::invalid(&self.place, format!("holds no {what}; its arrays are: {arrays}"))
    }

    /// An error that says what is there.
    pub(crate) fn missing(&self, what: &str) -> DataError {
        let names = if self.names.is_empty() { "none".to_owned() } else { list(&self.names) };
        DataError::invalid(&self.place, format!("holds no {what}; its arrays are: {names}"))
    }
}
