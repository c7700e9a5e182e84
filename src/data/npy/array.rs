//! One array of numbers in an NPY file, mapped into memory: pages are read on access, and the system may drop them
//! again.

use super::header::Header;
use crate::data::mapped::MappedFile;
use crate::data::{DataError, values::Values};
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A mapped array whose first axis counts samples.
#[derive(Debug, Clone)]
pub(crate) struct NpyArray {
    map: Arc<MappedFile>,
    pub(in crate::data) header: Header,
    /// The file, to name in errors.
    pub(in crate::data) file: String,
}

impl NpyArray {
    /// Maps a file and checks that all its numbers are there.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let file = path.display().to_string();
        let unreadable = |error: std::io::Error| DataError::Unreadable {
            path: file.clone(),
            reason: match error.kind() {
                std::io::ErrorKind::NotFound => "no such file".to_owned(),
                std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
                _ => error.to_string(),
            },
        };
        // Looked at first: to open a pipe that nobody writes to would wait for ever.
        let found = std::fs::metadata(path).map_err(unreadable)?;
        if !found.is_file() {
            let reason = if found.is_dir() { "it is a directory" } else { "it is not a regular file" };
            return Err(DataError::Unreadable { path: file, reason: reason.to_owned() });
        }
        let opened = File::open(path).map_err(unreadable)?;
        let map = MappedFile::open(&opened, &file).map_err(unreadable)?;
        let header = Header::read(&mut &map[..], &file)?;
        let array = Self { map: Arc::new(map), header, file };
        array.check_length()?;
        Ok(array)
    }

    fn check_length(&self) -> Result<(), DataError> {
        let Header { descr, shape, .. } = &self.header;
        let size = self.size_of_number()?;
        let needed = shape.iter().try_fold(size, |product, &axis| product.checked_mul(axis));
        let found = self.map.len() - self.header.length;
        if needed == Some(found) {
            return Ok(());
        }
        let needed =
            needed.map_or_else(|| "more than can be addressed".to_owned(), |needed| needed.to_string());
        let shape = self.header.shape_text();
        Err(self.invalid(format!(
            "holds {found} bytes of numbers, but shape {shape} of {descr} takes {needed}; save it again"
        )))
    }

    /// An error about this file.
    pub(super) fn invalid(&self, problem: impl Into<String>) -> DataError {
        DataError::invalid(&self.file, problem)
    }

    fn size_of_number(&self) -> Result<usize, DataError> {
        let digits = self.header.descr.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        digits.parse().map_err(|_| self.invalid(format!("holds {}, which are no numbers", self.header.descr)))
    }

    /// All bytes of the numbers.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.map[self.header.length..]
    }

    /// Numbers `range` of an array of `f4` or `f8`.
    pub(crate) fn values(&self, range: Range<usize>) -> Values<'_> {
        if self.header.native_kind() == Some("f4") {
            Values::Single(&self.bytes().as_chunks::<4>().0[range])
        } else {
            Values::Double(&self.bytes().as_chunks::<8>().0[range])
        }
    }
}

impl PartialEq for NpyArray {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.bytes() == other.bytes()
    }
}
