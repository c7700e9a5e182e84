//! Files that are read: regular ones, no larger than memory.

use crate::memory::make_room;
use std::fs::{File, Metadata};
use std::io::{Error, Read, Result};
use std::path::Path;

/// Opens a regular file, or a pipe that a shell has made (`<(..)`). To open a named pipe that nobody writes to would wait for
/// ever.
///
/// # Errors
/// The file cannot be opened, or is something else; the error says what it is.
pub(crate) fn open_input(path: &Path) -> Result<File> {
    let found = std::fs::metadata(path)?;
    match Kind::of(&found) {
        Kind::Regular => File::open(path),
        Kind::Pipe if is_of_a_shell(path) => File::open(path),
        other => Err(Error::other(format!("it is {}; name a regular file", other.in_words()))),
    }
}

/// Opens a regular file or any pipe, for what is read once from front to back. A device may never end.
///
/// # Errors
/// As [`open_input`].
pub(crate) fn open_stream(path: &Path) -> Result<File> {
    let found = std::fs::metadata(path)?;
    match Kind::of(&found) {
        Kind::Regular | Kind::Pipe => File::open(path),
        Kind::Device if path == Path::new("/dev/null") || is_of_a_shell(path) => File::open(path),
        other => Err(Error::other(format!("it is {}; name a file or a pipe", other.in_words()))),
    }
}

/// The bytes of such a file.
///
/// # Errors
/// As [`open_input`], or the file is larger than memory.
pub(crate) fn read_input(path: &Path) -> Result<Vec<u8>> {
    let mut file = open_input(path)?;
    let mut bytes = Vec::new();
    loop {
        let length = bytes.len();
        make_room(&mut bytes, PIECE, "reading it takes").map_err(|error| Error::other(error.to_string()))?;
        if (&mut file).take(PIECE as u64).read_to_end(&mut bytes)? == 0 {
            bytes.truncate(length);
            return Ok(bytes);
        }
    }
}

/// The text of such a file.
///
/// # Errors
/// As [`read_input`], or the file is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read_input(path)?).map_err(|_| Error::other("it is not UTF-8 text"))
}

/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Regular,
    Directory,
    Pipe,
    Socket,
    Device,
}

impl Kind {
    fn of(found: &Metadata) -> Self {
        match found {
            _ if found.is_file() => Self::Regular,
            _ if found.is_dir() => Self::Directory,
            _ => Self::of_special(found),
        }
    }

    #[cfg(unix)]
    fn of_special(found: &Metadata) -> Self {
        use std::os::unix::fs::FileTypeExt;
        match found.file_type() {
            kind if kind.is_fifo() => Self::Pipe,
            kind if kind.is_socket() => Self::Socket,
            _ => Self::Device,
        }
    }

    #[cfg(not(unix))]
    fn of_special(_: &Metadata) -> Self {
        Self::Device
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Regular => "a file",
            Self::Directory => "a directory",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
        }
    }
}

/// Whether a path names a pipe by an open file of this process, as shells do.
fn is_of_a_shell(path: &Path) -> bool {
    ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|place| path.starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_whole_and_other_things_are_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("long.txt");
        for length in [0, 1, PIECE, 3 * PIECE + 5] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            std::fs::write(&path, &bytes).expect("written");
            assert_eq!(read_input(&path).expect("read"), bytes);
        }
        let refused = |path: &Path| read_input(path).expect_err("refused").to_string();
        assert_eq!(refused(directory.path()), "it is a directory; name a regular file");
        assert!(read_input(&directory.path().join("none")).is_err());
        assert_eq!(read_text(&path).expect_err("no text").to_string(), "it is not UTF-8 text");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
        let directory = tempfile::tempdir().expect("a directory");
        let pipe = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            assert_eq!(
                read_text(&pipe).expect_err("a pipe").to_string(),
                "it is a pipe; name a regular file"
            );
        }
        assert_eq!(
            read_text(Path::new("/dev/null")).expect_err("a device").to_string(),
            "it is a device; name a regular file"
        );
    }
}
