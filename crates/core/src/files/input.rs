//! Files that are read: regular ones, no larger than memory.

use super::target::{TargetError, guarded};
use crate::memory::{make_room, readable};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Opens a regular file, or a pipe that a shell has made (`<(..)`). To open a named pipe that nobody writes to would wait for
/// ever.
///
/// # Errors
/// The file cannot be opened, or is something else; the error says what it is.
pub fn open_input(path: &Path) -> Result<File> {
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
/// As [`open_input`], or nobody writes to the pipe ([`PATIENCE`]).
pub(crate) fn open_stream(path: &Path) -> Result<File> {
    let found = std::fs::metadata(path)?;
    match Kind::of(&found) {
        Kind::Pipe if !is_of_a_shell(path) => open_pipe(path),
        Kind::Regular | Kind::Pipe => File::open(path),
        Kind::Device if path == Path::new("/dev/null") || is_of_a_shell(path) => File::open(path),
        other => Err(Error::other(format!("it is {}; name a file or a pipe", other.in_words()))),
    }
}

/// How long somebody may take to open a named pipe for writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a named pipe, which waits for whoever writes to it: in a thread of its own, since that may be nobody.
fn open_pipe(path: &Path) -> Result<File> {
    let (sender, receiver) = channel();
    let own = path.to_owned();
    std::thread::Builder::new().spawn(move || {
        // Nobody listens any more if that took too long.
        let _ = sender.send(File::open(own));
    })?;
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        // Opened for writing, the pipe lets the thread go.
        drop(guarded(OpenOptions::new().write(true)).open(path));
        let waited = PATIENCE.as_secs();
        Err(Error::other(format!(
            "it is a pipe that nobody has opened for writing in {waited} s; start its writer first"
        )))
    })
}

/// The bytes of such a file.
///
/// # Errors
/// It is no regular file and no pipe of a shell, cannot be read, or is larger than memory.
pub fn read_input(path: &Path) -> Result<Vec<u8>> {
    read_whole(open_input(path)?)
}

/// The bytes of a file that this program writes; `None` if there is none. A link is not followed, as it is not when the file
/// is written.
///
/// # Errors
/// There is something else, it cannot be read, or it is larger than memory. What cannot be read is not taken for absent: it
/// would be written anew.
pub fn contents(path: &Path) -> Result<Option<Vec<u8>>> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(found) if found.is_symlink() => return Err(TargetError::Link(std::fs::read_link(path)?).into()),
        Ok(found) if !found.is_file() => {
            return Err(Error::other(format!("it is {}, not a file", Kind::of(&found).in_words())));
        }
        Ok(_) => {}
    }
    match guarded(OpenOptions::new().read(true)).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => read_whole(opened?).map(Some),
    }
}

fn read_whole(mut file: impl Read) -> Result<Vec<u8>> {
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

/// The text of such a file, which somebody has written by hand.
///
/// # Errors
/// As [`read_input`], or the file is too large for that or not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let text = read_whole(open_input(path)?.take(LARGEST_TEXT + 1))?;
    if text.len() as u64 > LARGEST_TEXT {
        let most = readable(u128::from(LARGEST_TEXT));
        return Err(Error::other(format!("it has more than {most}; is it another file?")));
    }
    String::from_utf8(text).map_err(|_| Error::other("it is not UTF-8 text"))
}

/// An error about a pipe or device, which can be read only once.
///
/// # Errors
/// Says what the path leads to. A file that is not there is none.
pub fn check_readable_again(path: &Path) -> Result<()> {
    match std::fs::metadata(path).map(|found| Kind::of(&found)) {
        Ok(kind @ (Kind::Pipe | Kind::Socket | Kind::Device)) => Err(Error::other(format!(
            "it is {}, and an analysis reads its data several times; name a regular file",
            kind.in_words()
        ))),
        _ => Ok(()),
    }
}

/// Bytes of a text at most.
const LARGEST_TEXT: u64 = 64 << 20;

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
        assert_eq!(contents(&path).expect("read"), Some(read_input(&path).expect("read")));
        assert_eq!(contents(&directory.path().join("none")).expect("none"), None);
        assert_eq!(
            contents(directory.path()).expect_err("refused").to_string(),
            "it is a directory, not a file"
        );
        File::create(&path).expect("made").set_len(LARGEST_TEXT + 1).expect("long");
        assert!(read_text(&path).expect_err("too long").to_string().starts_with("it has more than 64.0 MiB"));
        std::fs::write(&path, [0xff]).expect("written");
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
            assert_eq!(contents(&pipe).expect_err("a pipe").to_string(), "it is a pipe, not a file");
        }
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).expect("linked");
        assert!(contents(&link).expect_err("a link").to_string().starts_with("is a link to nowhere"));
        assert_eq!(
            read_text(Path::new("/dev/null")).expect_err("a device").to_string(),
            "it is a device; name a regular file"
        );
    }
}
