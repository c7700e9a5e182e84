//! Files looked at where they lie: mapped, so that they may be larger than memory.
//!
//! A file that another program cuts short while it is mapped ends the reader by a signal, wherever it happens to read. To copy
//! every file first would take its size in memory or on disk, so files are mapped all the same, and the program names the
//! file and ends with exit code 2 ([`name_files_cut_short`]). One that is overwritten in place changes the numbers under the
//! search; write a new file and rename it.

#[cfg(unix)]
mod watched;

use memmap2::Mmap;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::ops::Deref;

/// The bytes of a file.
#[derive(Debug)]
pub(super) struct MappedFile {
    map: Mmap,
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
        #[cfg(unix)]
        return Ok(Self { _watched: watched::Watched::new(&map, place), map });
        #[cfg(not(unix))]
        return Ok(Self { map });
    }
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
