//! Files looked at where they lie: mapped, so that they may be larger than memory.
//!
//! A file that another program cuts short while it is mapped ends the reader by a signal, wherever it happens to read. To copy
//! every file first would take its size in memory or on disk, so files are mapped all the same, and the program names the
//! file and ends with exit code 2 ([`name_files_cut_short`], and [`check_files_whole`] where less than a page is lost). One that is overwritten in place changes the numbers under the
//! search; write a new file and rename it.

mod length;
#[cfg(unix)]
mod watched;

pub use length::check_files_whole;

use length::Length;
use memmap2::Mmap;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::ops::Deref;
use std::sync::Arc;

/// The bytes of a file.
#[derive(Debug)]
pub(super) struct MappedFile {
    map: Mmap,
    _length: Option<Arc<Length>>,
    #[cfg(unix)]
    _watched: Option<watched::Watched>,
}

impl MappedFile {
    /// Maps a file, read only; `place` is what it is called if it is cut short.
    #[expect(unsafe_code, reason = "the one way to look at a file larger than memory without copying it")]
    pub(super) fn open(file: &File, place: &str) -> std::io::Result<Self> {
        // SAFETY: the map is read as bytes, for which any content is valid. A file that another program cuts short while it
        // is mapped ends this program by a signal; see above.
        let map = unsafe { Mmap::map(file) }.map_err(no_room)?;
        let length = Length::new(file, map.len(), place);
        #[cfg(unix)]
        return Ok(Self { _length: length, _watched: watched::Watched::new(&map, place), map });
        #[cfg(not(unix))]
        return Ok(Self { _length: length, map });
    }
}

/// What is said of a file that is shorter than it was.
fn cut_short() -> &'static str {
    "was cut short by another program while it was read; write a new file and rename it instead, and run this again"
}

/// A map takes addresses, not memory; these have a limit, too.
fn no_room(error: Error) -> Error {
    match error.kind() {
        ErrorKind::OutOfMemory => {
            Error::other("it is larger than the address space that is left (ulimit -v)")
        }
        _ => error,
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

/// Has the program end with a line that names the file when a mapped file is cut short. For programs; a library leaves signals
/// alone.
pub fn name_files_cut_short() {
    #[cfg(unix)]
    watched::answer();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_loses_a_byte_is_named_while_it_is_mapped_and_later() {
        let directory = tempfile::tempdir().expect("a directory");
        let mapped = |name: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, [1; 100]).expect("written");
            let file = File::options().read(true).write(true).open(path).expect("opened");
            (MappedFile::open(&file, name).expect("mapped"), file)
        };
        let ((sound, longer), (cut, shorter)) = (mapped("sound"), mapped("cut"));
        longer.set_len(101).expect("longer");
        let is_named =
            || check_files_whole().is_err_and(|error| error.to_string().starts_with("cut: was cut short"));
        assert!(!is_named());
        shorter.set_len(99).expect("shorter");
        assert!(is_named());
        drop((sound, cut));
        assert!(is_named());
    }
}
