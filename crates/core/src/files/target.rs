//! Whether a file may be written or replaced, found out before it is touched.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use thiserror::Error as ThisError;

/// Why a path is none that a file may be written to.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum TargetError {
    /// What is written through a link changes a file elsewhere; what replaces it takes the link away.
    #[error("is a link to {}; name the file itself", .0.display())]
    Link(PathBuf),
    /// A directory, FIFO, device or socket, or no name of a file at all.
    #[error("is not a regular file; name a file to write")]
    NotRegular,
    /// A file that has another name too is changed under both.
    #[error("has another name (a hard link); name a file of its own")]
    HardLink,
    /// The file system takes no such name.
    #[error("has a name of {0} bytes, which is too long; name it shorter")]
    LongName(usize),
    /// A file that this process may not write.
    #[error("may not be written ({0}); name another file")]
    Forbidden(ErrorKind),
    /// A file that this process had opened and locked.
    #[error("was moved or removed by another program while it was in use; nothing more is written there")]
    Moved,
    /// A replacement would belong to someone else.
    #[error("belongs to another user or group, which a new file would not; name another file")]
    Owner,
    /// A replacement would be open to others.
    #[error("has an access list (ACL) that a new file cannot have; name another file")]
    Access,
}

impl TargetError {
    /// Whether an error of the system is one of these.
    #[must_use]
    pub fn is_in(error: &Error) -> bool {
        matches!(error.get_ref(), Some(inner) if inner.is::<Self>())
    }
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        Self::new(ErrorKind::InvalidInput, error)
    }
}

/// What is at a path that is to be written: a regular file that this process may write, or nothing.
///
/// # Errors
/// There is something else ([`TargetError`]), or the system cannot say.
pub fn existing(path: &Path) -> Result<Option<Metadata>> {
    let name = path.file_name().ok_or(TargetError::NotRegular)?;
    // With a slash or dot after it, a path names a directory.
    if !path.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes()) {
        return Err(TargetError::NotRegular.into());
    }
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidFilename => {
            return Err(TargetError::LongName(name.len()).into());
        }
        Err(error) => return Err(error),
    };
    if found.is_symlink() {
        return Err(TargetError::Link(std::fs::read_link(path)?).into());
    }
    if !found.is_file() {
        return Err(TargetError::NotRegular.into());
    }
    // A file that may not be written may not be replaced either, though its directory would allow that.
    match guarded(OpenOptions::new().write(true)).open(path) {
        Ok(_) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TargetError::Forbidden(error.kind()).into()),
    }
}

/// Options with which a link is not followed and a FIFO not waited for, should one have come in between.
#[cfg(unix)]
pub(super) fn guarded(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// The same where the system has no such options.
#[cfg(not(unix))]
pub(super) fn guarded(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Whether two paths lead to one file, under whatever names.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let same_path = match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    same_path || matches!((identity_of(one), identity_of(other)), (Some(a), Some(b)) if a == b)
}

fn identity_of(path: &Path) -> Option<(u64, u64)> {
    identity(&path.metadata().ok()?)
}

/// Device and number of a file; not known everywhere.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "not known everywhere")]
pub(super) fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Which file it is, other systems do not say.
#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Whether a path still leads to an open file, which another process may have renamed or removed since.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(there)) => identity(&open) == identity(&there),
        _ => false,
    }
}

/// An error if an open file is not regular or has another name.
#[cfg(unix)]
pub(super) fn check_sole(file: &File) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let found = file.metadata()?;
    match (found.is_file(), found.nlink()) {
        (false, _) => Err(TargetError::NotRegular.into()),
        (true, 2..) => Err(TargetError::HardLink.into()),
        (true, _) => Ok(()),
    }
}

/// The same where names are not counted.
#[cfg(not(unix))]
pub(super) fn check_sole(file: &File) -> Result<()> {
    if file.metadata()?.is_file() { Ok(()) } else { Err(TargetError::NotRegular.into()) }
}
