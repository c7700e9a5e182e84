//! A file that one process writes, and nobody else while it does.

use super::target::{TargetError, check_sole, existing, guarded, is_at};
use super::temporary;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Result, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whoever looks whether a file is locked holds it for a moment.
const PATIENCE: [Duration; 3] =
    [Duration::from_millis(5), Duration::from_millis(10), Duration::from_millis(20)];

/// A file that is locked until this is dropped. Where the file system has no locks, nobody is kept out.
#[derive(Debug)]
pub struct LockedFile {
    path: PathBuf,
    file: File,
    /// Whether it was made by opening it.
    pub(crate) is_new: bool,
}

impl LockedFile {
    /// Opens or makes a file to add to; `None` if another process has it. A link is not followed.
    ///
    /// # Errors
    /// The file cannot be opened or made, or is a link.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let mut patience = PATIENCE.into_iter();
        loop {
            let is_new = existing(path)?.is_none();
            let file = guarded(OpenOptions::new().create(true).append(true)).open(path)?;
            check_sole(&file)?;
            let locked = file.try_lock();
            if matches!(locked, Err(TryLockError::WouldBlock)) {
                match patience.next() {
                    Some(pause) => std::thread::sleep(pause),
                    None => return Ok(None),
                }
            } else if is_at(&file, path) {
                // Otherwise the other process has finished and removed it since it was opened.
                return Ok(Some(Self { path: path.to_owned(), file, is_new }));
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds bytes at the end, in one piece.
    ///
    /// # Errors
    /// The file cannot be written, or is no longer at its path.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.check_place()?;
        self.file.write_all(bytes)
    }

    /// Replaces the whole contents, or nothing. The new file is locked before it is there.
    ///
    /// # Errors
    /// The new file cannot be written or renamed, or the old one is no longer at its path; what is there stays.
    pub fn replace(&mut self, bytes: &[u8]) -> Result<()> {
        self.check_place()?;
        // And once more after the bytes are on the disk, which takes the longest.
        self.file = temporary::replace_if(&self.path, bytes, || self.check_place())?;
        self.is_new = false;
        Ok(())
    }

    /// Forgets the contents.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn clear(&mut self) -> Result<()> {
        self.file.set_len(0)
    }

    /// Removes the file.
    ///
    /// # Errors
    /// The file cannot be removed, or is no longer at its path.
    pub fn remove(self) -> Result<()> {
        self.check_place()?;
        std::fs::remove_file(&self.path)
    }

    /// Whether it is still at its path.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        is_at(&self.file, &self.path)
    }

    /// An error if another program has moved or removed it: what is at the path now is somebody else's, and what is added to
    /// a file without a name is lost.
    fn check_place(&self) -> Result<()> {
        if self.is_in_place() { Ok(()) } else { Err(TargetError::Moved.into()) }
    }
}

/// Whether a process writes a file at present.
#[must_use]
pub fn is_being_written(path: &Path) -> bool {
    let regular = path.symlink_metadata().is_ok_and(|found| found.is_file());
    let open = || guarded(OpenOptions::new().read(true)).open(path);
    regular && open().is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> LockedFile {
        LockedFile::open(path).expect("opened").expect("free")
    }

    #[test]
    fn a_file_that_is_replaced_stays_locked() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kept");
        let mut locked = open(&path);
        assert!(locked.is_new && is_being_written(&path));
        for text in ["first", "second"] {
            locked.replace(text.as_bytes()).expect("written");
            locked.append(b", more").expect("written");
            assert!(is_being_written(&path) && LockedFile::open(&path).expect("tried").is_none());
            assert_eq!(std::fs::read_to_string(&path).expect("readable"), format!("{text}, more"));
        }
        drop(locked);
        let locked = open(&path);
        assert!(!locked.is_new);
        locked.remove().expect("removed");
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_moved_away_is_lost_and_what_comes_in_its_place_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kept");
        for comes in [None, Some("precious")] {
            let mut locked = open(&path);
            locked.append(b"first").expect("written");
            std::fs::remove_file(&path).expect("removed");
            if let Some(text) = comes {
                std::fs::write(&path, text).expect("written");
            }
            for written in [locked.append(b"second"), locked.replace(b"second")] {
                let error = written.expect_err("refused");
                assert!(
                    TargetError::is_in(&error) && error.to_string().contains("moved or removed"),
                    "{error}"
                );
            }
            assert!(!locked.is_in_place() && locked.remove().is_err());
            assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), comes);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_under_two_names_is_not_opened() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("victim"), "precious").expect("written");
        std::fs::hard_link(at("victim"), at("hard")).expect("linked");
        std::os::unix::fs::symlink(at("victim"), at("soft")).expect("linked");
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).expect("linked");
        std::os::unix::fs::symlink(at("soft"), at("soft-soft")).expect("linked");
        for name in ["hard", "soft", "dangling", "soft-soft"] {
            let error = LockedFile::open(&at(name)).expect_err("refused").to_string();
            assert!(error.contains("link"), "{name}: {error}");
        }
        assert!(!at("nowhere").exists());
        assert_eq!(std::fs::read_to_string(at("victim")).expect("there"), "precious");
    }
}
