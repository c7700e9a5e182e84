//! A file is written under a temporary name in its own directory and renamed into place.
//!
//! The name is random, and its second half is the seal of the first. So what a killed process has left is known, and
//! removed by the next one that writes into the directory; what anybody else has put there is left alone.

use super::target::{existing, guarded, is_at};
use super::{directory_of, short_digest};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// What temporary names begin with.
const PREFIX: &str = ".equipoise-";
/// Names that are tried; each is free, unless somebody guesses random numbers.
const ATTEMPTS: usize = 100;

/// Writes a file whole or not at all; the file that is now at the path, locked where there are locks.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<File> {
    replace_if(path, bytes, || Ok(()))
}

/// The same, unless `check` finds something against it: it is called last, when the new file only has to be renamed.
pub(super) fn replace_if(path: &Path, bytes: &[u8], check: impl FnOnce() -> Result<()>) -> Result<File> {
    let there = existing(path)?;
    let directory = directory_of(path);
    remove_leftovers(directory);
    let (temporary, mut file) = create(directory, there.is_some())?;
    let written = fill(&mut file, bytes, there.as_ref());
    // Renamed while the lock is held: whoever looks for leftovers sees that it is none.
    let renamed = written.and_then(|()| check()).and_then(|()| std::fs::rename(&temporary, path));
    renamed.inspect_err(|_| drop(std::fs::remove_file(&temporary)))?;
    Ok(file)
}

/// The contents, on the disk before the name is.
fn fill(file: &mut File, bytes: &[u8], there: Option<&Metadata>) -> Result<()> {
    file.write_all(bytes)?;
    if let Some(there) = there {
        take_over(file, there)?;
    }
    file.sync_all()
}

/// An error if a file could not be replaced: there is something else, or a new file could not have the same owner.
///
/// # Errors
/// As [`existing`], and [`TargetError::Owner`](super::TargetError).
pub fn check_replaceable(path: &Path) -> Result<()> {
    let Some(there) = existing(path)? else { return Ok(()) };
    // A directory that nothing can be written into is another error, and whose it is does not matter then.
    tempfile::tempfile_in(directory_of(path)).map_or(Ok(()), |trial| take_over(&trial, &there))
}

/// Owner and permissions of the file that is replaced.
#[cfg(unix)]
fn take_over(file: &File, there: &Metadata) -> Result<()> {
    use super::target::TargetError;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    const PERMISSIONS: u32 = 0o777;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        fchown(file, Some(there.uid()), Some(there.gid())).map_err(|_| TargetError::Owner)?;
    }
    file.set_permissions(std::fs::Permissions::from_mode(there.permissions().mode() & PERMISSIONS))
}

/// Permissions of the file that is replaced.
#[cfg(not(unix))]
fn take_over(file: &File, there: &Metadata) -> Result<()> {
    file.set_permissions(there.permissions())
}

/// A new file under a name of ours, locked where there are locks.
fn create(directory: &Path, private: bool) -> Result<(PathBuf, File)> {
    for _ in 0..ATTEMPTS {
        let path = directory.join(name(RandomState::new().hash_one(std::process::id())));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if private {
            only_ours(&mut options);
        }
        let file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        // Between the two steps another process may have taken it for a leftover.
        if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) && is_at(&file, &path) {
            return Ok((path, file));
        }
    }
    Err(Error::other("no temporary name is free in its directory"))
}

/// Nobody else reads it before it has the permissions of the file that it replaces.
#[cfg(unix)]
fn only_ours(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn only_ours(_: &mut OpenOptions) {}

fn name(random: u64) -> String {
    format!("{PREFIX}{random:016x}-{}", seal(&format!("{random:016x}")))
}

fn seal(random: &str) -> String {
    let mut seal = short_digest(Sha256::new_with_prefix(format!("temporary file of equipoise {random}")));
    seal.truncate(16);
    seal
}

/// Whether a name is one of ours.
fn is_ours(name: &OsStr) -> bool {
    let parts = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
    parts.is_some_and(|(random, sealed)| seal(random) == sealed)
}

/// Removes temporary files that no process writes. What cannot be removed is left.
fn remove_leftovers(directory: &Path) {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    for path in entries.filter(|entry| is_ours(&entry.file_name())).map(|entry| entry.path()) {
        let regular = path.symlink_metadata().is_ok_and(|found| found.is_file());
        let Ok(file) = guarded(OpenOptions::new().write(true)).open(&path) else { continue };
        // Without a lock it may be another process's.
        if regular && file.try_lock().is_ok() && is_at(&file, &path) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("listable");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_process_has_left_is_removed_and_what_others_have_put_there_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let (left, written, forged) = (name(1), name(2), name(3).replace('3', "4"));
        for name in [&left, &written, &forged, ".equipoise-kept.txt"] {
            std::fs::write(at(name), "a beginning").expect("written");
        }
        let rival = OpenOptions::new().write(true).open(at(&written)).expect("opened");
        rival.lock().expect("locked");
        drop(replace(&at("kept.txt"), b"whole").expect("written"));
        let mut expected = vec![written, forged, ".equipoise-kept.txt".to_owned(), "kept.txt".to_owned()];
        expected.sort();
        assert_eq!(names(directory.path()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_temporary_name_that_is_a_link_or_a_directory_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("victim"), "precious").expect("written");
        std::os::unix::fs::symlink(at("victim"), at(&name(1))).expect("linked");
        std::os::unix::fs::symlink(at("nowhere"), at(&name(2))).expect("linked");
        std::fs::create_dir(at(&name(3))).expect("made");
        drop(replace(&at("kept.txt"), b"whole").expect("written"));
        assert_eq!(std::fs::read_to_string(at("victim")).expect("there"), "precious");
        assert_eq!(names(directory.path()).len(), 5);
        assert!(!at("nowhere").exists());
    }
}
