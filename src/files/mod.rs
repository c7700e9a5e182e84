//! Files written whole or not at all: an interruption leaves the old file or the new one, never half of either.

mod input;
pub(crate) mod journal;

pub(crate) use input::{open_input, open_stream, read_input, read_text};

use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Result, Write};
use std::path::Path;

/// The directory a file is written into; the current one if the path names none.
#[must_use]
pub fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes to a temporary name in the same directory and renames it into place.
///
/// The name follows from that of the file, so that a file left by a killed process is reused by the next one that
/// writes the same file; while another process writes it, the name is random.
///
/// # Errors
/// The file cannot be written. What was there before is left as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = directory_of(path).join(format!("{TEMPORARY}{name}"));
    let Claim::Ours(mut file) =
        claim(&temporary, OpenOptions::new().create(true).truncate(false).write(true))?
    else {
        return write_beside(path, bytes);
    };
    let written = file.set_len(0).and_then(|()| file.write_all(bytes)).and_then(|()| file.sync_all());
    // Renamed while the lock is held: whoever waits for it sees that the name is gone.
    let renamed = written.and_then(|()| std::fs::rename(&temporary, path));
    renamed.inspect_err(|_| drop(std::fs::remove_file(&temporary)))
}

/// What temporary names begin with.
const TEMPORARY: &str = ".equipoise-";

/// Whose a file is that was opened to be written.
enum Claim {
    /// This process's alone, until it is closed.
    Ours(File),
    /// Anybody's: the file system has no locks.
    Anybodys(File),
    /// Another process's.
    Anothers,
}

/// Opens a file for this process alone.
fn claim(path: &Path, how: &OpenOptions) -> Result<Claim> {
    loop {
        let file = how.open(path)?;
        let locked = file.try_lock();
        if matches!(locked, Err(TryLockError::WouldBlock)) {
            return Ok(Claim::Anothers);
        }
        // The other process may have finished and removed it since it was opened.
        if is_at(&file, path) {
            return Ok(if locked.is_ok() { Claim::Ours(file) } else { Claim::Anybodys(file) });
        }
    }
}

/// The same under a name that nobody else can have.
fn write_beside(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        // Opened like any file, since the builder's own files are readable by their owner alone.
        .make_in(directory_of(path), |name| File::create_new(name))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether a path still leads to an open file, which another process may have renamed or removed since.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}

/// Whether there is something at a path; which file it is, other systems do not say.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// The first 128 bits of a digest, in hexadecimal.
pub(crate) fn short_digest(digest: Sha256) -> String {
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kept.txt");
        for text in ["first", "second"] {
            write_whole(&path, text.as_bytes()).expect("written");
            assert_eq!(std::fs::read_to_string(&path).expect("readable"), text);
        }
        assert_eq!(std::fs::read_dir(directory.path()).expect("listable").count(), 1);
        assert!(write_whole(&directory.path().join("no/such.txt"), b"x").is_err());
    }

    #[test]
    fn what_a_killed_process_has_left_is_taken_up_and_what_a_rival_has_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kept.txt");
        let left = directory.path().join(".equipoise-kept.txt");
        std::fs::write(&left, "a beginning that is longer than the whole").expect("written");
        write_whole(&path, b"whole").expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "whole");
        assert!(!left.exists());
        let rival = OpenOptions::new().create(true).append(true).open(&left).expect("opened");
        rival.lock().expect("locked");
        write_whole(&path, b"beside").expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "beside");
        assert!(left.exists() && is_at(&rival, &left));
    }
}
