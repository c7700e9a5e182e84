//! Files looked at where they lie: mapped, so that they may be larger than memory.
//!
//! A file that another program cuts short while it is mapped ends the reader by a signal, wherever it happens to read. To copy
//! every file first would take its size in memory or on disk, so files are mapped all the same, and the program names the
//! file and ends with exit code 2 ([`name_files_cut_short`], and [`check_files_whole`] where less than a page is lost). One that is
//! overwritten in place changes the numbers under the search, and is named when the search is done ([`check_files_whole`]).

mod length;
#[cfg(unix)]
mod watched;

pub use length::check_files_whole;

use length::Found;
use memmap2::Mmap;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::ops::Deref;
use std::sync::Arc;

/// The bytes of a file.
#[derive(Debug)]
pub(super) struct MappedFile {
    map: Mmap,
    _found: Option<Arc<Found>>,
    #[cfg(unix)]
    _watched: Option<watched::Watched>,
}

impl MappedFile {
    /// Maps a file, read only; `place` is what it is called if it is cut short.
    #[expect(unsafe_code, reason = "the one way to look at a file larger than memory without copying it")]
    pub(super) fn open(file: &File, place: &str) -> std::io::Result<Self> {
        // Before the map is, so that no change is missed.
        let found = Found::new(file, place);
        // SAFETY: the map is read as bytes, for which any content is valid. A file that another program cuts short while it
        // is mapped ends this program by a signal; see above.
        let map = unsafe { Mmap::map(file) }.map_err(no_room)?;
        #[cfg(unix)]
        return Ok(Self { _found: found, _watched: watched::Watched::new(&map, place), map });
        #[cfg(not(unix))]
        return Ok(Self { _found: found, map });
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
    use std::io::Write;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    /// What is said of a file after it was changed, while it is mapped and later.
    fn said_after(name: &str, change: impl FnOnce(&File, &Path)) -> [Option<String>; 3] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(name);
        std::fs::write(&path, [1; 100]).expect("written");
        let file = File::options().read(true).write(true).open(&path).expect("opened");
        let mapped = MappedFile::open(&file, name).expect("mapped");
        let said =
            || check_files_whole().err().map(|error| error.to_string()).filter(|said| said.starts_with(name));
        let before = said();
        change(&file, &path);
        let now = said();
        drop(mapped);
        [before, now, said()]
    }

    /// One after the other: the first file that was changed is named to the end.
    #[test]
    fn a_file_that_is_changed_is_named_while_it_is_mapped_and_later() {
        let later = SystemTime::now() + Duration::from_secs(60);
        let replaced = |_: &File, path: &Path| {
            let new = path.with_extension("new");
            std::fs::write(&new, [2; 100]).and_then(|()| std::fs::rename(&new, path)).expect("replaced");
        };
        assert_eq!(said_after("sound", replaced), [None, None, None]);
        let [before, now, after] = said_after("overwritten", |mut file, _| {
            file.write_all(&[2; 100]).expect("written");
            file.set_modified(later).expect("a time");
        });
        assert!(before.is_none() && now == after, "{before:?} {now:?} {after:?}");
        assert!(now.is_some_and(|said| said.starts_with("overwritten: was written to by another program")));
        let cut = said_after("cut", |file, _| file.set_len(99).expect("shorter"));
        assert!(cut[1].as_ref().is_some_and(|said| said.starts_with("cut: was cut short")), "{cut:?}");
    }
}
