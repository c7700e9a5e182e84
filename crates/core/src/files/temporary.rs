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
    let written = fill(&mut file, bytes, there.as_ref().map(|there| (path, there)));
    // Renamed while the lock is held: whoever looks for leftovers sees that it is none.
    let renamed = written.and_then(|()| check()).and_then(|()| std::fs::rename(&temporary, path));
    renamed.inspect_err(|_| drop(std::fs::remove_file(&temporary)))?;
    Ok(file)
}

/// The contents, on the disk before the name is.
fn fill(file: &mut File, bytes: &[u8], there: Option<(&Path, &Metadata)>) -> Result<()> {
    file.write_all(bytes)?;
    if let Some((path, there)) = there {
        take_over(file, path, there)?;
    }
    file.sync_all()
}

/// An error if a file could not be replaced: there is something else, or a new file could not have the same owner and access.
///
/// # Errors
/// As [`existing`], and [`TargetError::Owner`](super::TargetError) or [`TargetError::Access`](super::TargetError).
pub fn check_replaceable(path: &Path) -> Result<()> {
    let Some(there) = existing(path)? else { return Ok(()) };
    // A directory that nothing can be written into is another error, and whose it is does not matter then.
    tempfile::tempfile_in(directory_of(path)).map_or(Ok(()), |trial| take_over(&trial, path, &there))
}

/// Owner, access list and permissions of the file that is replaced.
#[cfg(unix)]
fn take_over(file: &File, path: &Path, there: &Metadata) -> Result<()> {
    use super::target::TargetError;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    const PERMISSIONS: u32 = 0o777;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        fchown(file, Some(there.uid()), Some(there.gid())).map_err(|_| TargetError::Owner)?;
    }
    // Of a file with a list, the permissions of the group are the most that the list allows: without it they would be the group's.
    access_list::take_over(file, path)?;
    file.set_permissions(std::fs::Permissions::from_mode(there.permissions().mode() & PERMISSIONS))
}

/// Permissions of the file that is replaced.
#[cfg(not(unix))]
fn take_over(file: &File, _: &Path, there: &Metadata) -> Result<()> {
    file.set_permissions(there.permissions())
}

/// POSIX access lists (`setfacl`), which Linux keeps as an extended attribute.
#[cfg(target_os = "linux")]
mod access_list {
    use super::super::TargetError;
    use rustix::fs::{XattrFlags, fremovexattr, fsetxattr, lgetxattr};
    use rustix::io::Errno;
    use std::fs::File;
    use std::io::Result;
    use std::path::Path;

    const NAME: &str = "system.posix_acl_access";
    /// The longest attribute that Linux takes.
    const LONGEST: usize = 1 << 16;

    /// Gives a file the list of another, or takes away the one that its directory has given it.
    pub(super) fn take_over(file: &File, from: &Path) -> Result<()> {
        let mut list = vec![0; LONGEST];
        let taken = match lgetxattr(from, NAME, list.as_mut_slice()) {
            Ok(length) => fsetxattr(file, NAME, &list[..length], XattrFlags::empty()),
            // There is none, or the file system has no lists.
            Err(Errno::NODATA | Errno::OPNOTSUPP) => match fremovexattr(file, NAME) {
                Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
                removed => removed,
            },
            Err(error) => Err(error),
        };
        taken.map_err(|_| TargetError::Access.into())
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod access_list {
    use std::fs::File;
    use std::io::Result;
    use std::path::Path;

    #[expect(clippy::unnecessary_wraps, reason = "other systems keep their lists elsewhere")]
    pub(super) fn take_over(_: &File, _: &Path) -> Result<()> {
        Ok(())
    }
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
