//! A file as bytes: mapped in place, or copied from a pipe into a temporary file and mapped.

use crate::data::DataError;
use crate::data::mapped::MappedFile;
use crate::files::{open_input, open_stream};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// Bytes of a file, and what to call it.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    bytes: Bytes,
    pub(crate) place: String,
}

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 16;

#[derive(Debug, Clone)]
enum Bytes {
    Mapped(Arc<MappedFile>),
    /// In memory, as an empty file is too, which cannot be mapped.
    Held(Arc<Vec<u8>>),
}

impl Opened {
    /// A file, or standard input where it is called `-`.
    pub(crate) fn at(path: &Path) -> Result<Self, DataError> {
        if path == Path::new("-") {
            return Self::copied(std::io::stdin().lock(), "standard input");
        }
        let place = path.display().to_string();
        let unreadable = |error: std::io::Error| DataError::unreadable(path, &error);
        if path.is_dir() {
            return Err(unreadable(std::io::Error::from(ErrorKind::IsADirectory)));
        }
        // A program that writes such a file wants to go back in it, as it cannot in a pipe: nobody would write to this one.
        let file =
            if is_of_arrays(path) { open_input(path) } else { open_stream(path) }.map_err(unreadable)?;
        let found = file.metadata().map_err(unreadable)?;
        // A named pipe, or a shell's <(...), is read like standard input.
        if found.is_file() { Self::mapped(&file, &place) } else { Self::copied(file, &place) }
    }

    pub(crate) fn held(bytes: Vec<u8>, place: &str) -> Self {
        Self { bytes: Bytes::Held(Arc::new(bytes)), place: place.to_owned() }
    }

    /// What `source` gives, in a file without a name that ends with this value.
    pub(crate) fn copied(source: impl Read, place: &str) -> Result<Self, DataError> {
        Self::at_most(source, u64::MAX, place).map(|(opened, _)| opened)
    }

    /// The first `most` bytes of `source`, and whether there were more.
    pub(crate) fn at_most(mut source: impl Read, most: u64, place: &str) -> Result<(Self, bool), DataError> {
        let unreadable = |error: std::io::Error| DataError::damaged(place, &error);
        let no_copy = |error: std::io::Error| {
            let directory = std::env::temp_dir();
            let reason = format!(
                "no copy of it can be kept in {}: {error}; set TMPDIR to a directory with room",
                directory.display()
            );
            DataError::Unreadable { path: place.to_owned(), reason }
        };
        let mut file = tempfile::tempfile().map_err(no_copy)?;
        let (mut piece, mut left) = (vec![0; PIECE], most);
        loop {
            let most = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let length = match source.read(&mut piece[..most]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.map_err(unreadable)?,
            };
            if length == 0 {
                break;
            }
            file.write_all(&piece[..length]).map_err(no_copy)?;
            left -= length as u64;
        }
        let more = source.read(&mut [0]).map_err(unreadable)? > 0;
        file.seek(SeekFrom::Start(0)).map_err(no_copy)?;
        Ok((Self::mapped(&file, place)?, more))
    }

    fn mapped(file: &File, place: &str) -> Result<Self, DataError> {
        let failed = |error: std::io::Error| DataError::damaged(place, &error);
        let length = file.metadata().map_err(failed)?.len();
        if length == 0 {
            return Ok(Self::held(Vec::new(), place));
        }
        let map = MappedFile::open(file, place)
            .map_err(|error| DataError::Unreadable { path: place.to_owned(), reason: error.to_string() })?;
        Ok(Self { bytes: Bytes::Mapped(Arc::new(map)), place: place.to_owned() })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map) => map,
            Bytes::Held(bytes) => bytes,
        }
    }
}

/// Whether a file is of arrays or columns by its ending.
fn is_of_arrays(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["npy", "npz", "safetensors", "parquet"].contains(&ending))
}
