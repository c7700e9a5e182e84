//! Files written whole or not at all, and only where nothing of anybody else is lost: an interruption leaves the old file or the
//! new one, never half of either.

#[cfg(feature = "readers")]
pub(crate) mod checkpoint;
mod input;
#[doc(hidden)]
pub mod journal;
mod locked;
mod owned;
mod target;
mod temporary;

pub(crate) use input::open_stream;
pub use input::{check_readable_again, contents, open_input};

use sha2::{Digest, Sha256};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

pub use input::{read_input, read_text};
pub use locked::LockedFile;
pub use locked::is_being_written;
pub use owned::{
    OwnFile, OwnershipError, claim_directory, give_up_files, is_marked, mark_directory, write_marked,
};
pub use target::{TargetError, existing, is_same_file};
pub use temporary::check_replaceable;

/// The directory a file is written into; the current one if the path names none.
#[must_use]
pub fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file under a temporary name in the same directory, and renames it when its bytes are on the disk. A file that
/// is replaced hands on its owner, its permissions and its access list.
///
/// # Errors
/// The path leads to a link or to anything but a regular file that this process may write ([`TargetError`]), or the
/// system refuses. What was there before is left as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    temporary::replace(path, bytes).map(drop)
}

/// Makes a directory and those above it, if need be.
///
/// # Errors
/// There is something else of that name, or the system refuses.
pub fn make_directory(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::other("it already exists and is no directory; name another"),
        _ => error,
    })
}

/// Removes a file, if there is one.
///
/// # Errors
/// The system refuses.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The first 128 bits of a digest, in hexadecimal.
#[must_use]
pub fn short_digest(digest: Sha256) -> String {
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
        // The longest name there can be.
        write_whole(&directory.path().join("n".repeat(255)), b"x").expect("written");
        assert_eq!(std::fs::read_dir(directory.path()).expect("listable").count(), 2);
        assert!(write_whole(&directory.path().join("no/such.txt"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_of_its_own_is_refused_and_left_alone() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("victim"), "precious").expect("written");
        std::os::unix::fs::symlink("victim", at("link")).expect("linked");
        std::os::unix::fs::symlink("link", at("link-link")).expect("linked");
        std::os::unix::fs::symlink("nowhere", at("dangling")).expect("linked");
        std::fs::create_dir(at("made")).expect("made");
        let socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
        for (path, words) in [
            (at("link"), "is a link to victim; name the file itself"),
            (at("link-link"), "is a link to link"),
            (at("dangling"), "is a link to nowhere"),
            (at("made"), "is not a regular file"),
            (at("socket"), "is not a regular file"),
            ("/dev/null".into(), "is not a regular file"),
            ("/dev/full".into(), "is not a regular file"),
            (at("new/"), "is not a regular file"),
            (at("new/."), "is not a regular file"),
            (at(".."), "is not a regular file"),
            ("".into(), "is not a regular file"),
            (at(&"é".repeat(150)), "has a name of 300 bytes, which is too long"),
        ] {
            let error = write_whole(&path, b"x").expect_err("refused").to_string();
            assert!(error.contains(words), "{}: {error}", path.display());
        }
        drop(socket);
        assert_eq!(std::fs::read_to_string(at("victim")).expect("there"), "precious");
        assert_eq!(std::fs::read_dir(directory.path()).expect("listable").count(), 6);
        // A name that is no text is a name like any other.
        let strange = directory.path().join(std::ffi::OsStr::from_bytes(b"o\xff"));
        write_whole(&strange, b"x").expect("written");
        assert!(strange.is_file());
    }

    /// User 1 may read a file that its group may not: permissions 640 without the list would open it to the group.
    #[cfg(target_os = "linux")]
    #[test]
    fn an_access_list_stays_with_the_file() {
        use rustix::fs::{XattrFlags, lgetxattr, setxattr};
        const NAME: &str = "system.posix_acl_access";
        // Version 2; entries of a tag, permissions and an id: owner rw-, user 1 r--, group ---, mask r--, others ---.
        let none = u32::MAX;
        let entries = [(1_u16, 6_u16, none), (2, 4, 1), (4, 0, none), (16, 4, none), (32, 0, none)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            list.extend([&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat());
        }
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kept");
        std::fs::write(&path, "old").expect("written");
        if setxattr(path.as_path(), NAME, &list, XattrFlags::empty()).is_err() {
            // The file system has no access lists.
            return;
        }
        write_whole(&path, b"new").expect("written");
        let mut found = [0_u8; 100];
        assert_eq!(lgetxattr(path.as_path(), NAME, found.as_mut_slice()).expect("a list"), list.len());
        assert_eq!(found[..list.len()], list);
        // A list that the directory gives to new files is not one of the file that is replaced.
        std::fs::remove_file(&path).expect("removed");
        std::fs::write(&path, "old").expect("written");
        setxattr(directory.path(), "system.posix_acl_default", &list, XattrFlags::empty()).expect("set");
        write_whole(&path, b"new").expect("written");
        assert!(lgetxattr(path.as_path(), NAME, found.as_mut_slice()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay_and_another_name_of_the_old_file_keeps_its_contents() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let directory = tempfile::tempdir().expect("a directory");
        let [path, other] = ["kept", "other"].map(|name| directory.path().join(name));
        for mode in [0o600, 0o640, 0o664, 0o755] {
            std::fs::write(&path, "old").expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            write_whole(&path, b"new").expect("written");
            assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, mode);
        }
        std::fs::hard_link(&path, &other).expect("linked");
        assert!(is_same_file(&path, &other));
        write_whole(&path, b"newer").expect("written");
        assert_eq!(std::fs::read_to_string(&other).expect("there"), "new");
        // Root may give files away, and is the only one who may.
        let ours = path.metadata().expect("there").uid();
        if ours == 0 {
            std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).expect("given away");
            write_whole(&path, b"newest").expect("written");
            assert_eq!(path.metadata().expect("there").uid(), 65_534);
        }
    }
}
