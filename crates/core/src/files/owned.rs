//! Directories that this program fills are marked, so that files of the same names in others are left alone.
//!
//! The mark lists every file that was written there, with its digest. A file that somebody else has put there, or has changed
//! since, is recognised by that.

use super::input::contents;
use super::journal::{self, line};
use super::target::{check_sole, existing, guarded};
use super::{check_replaceable, directory_of, make_directory, short_digest, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{Result as Done, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The file that marks a directory: sealed lines, to which others are added.
const MARK: &str = ".equipoise";
/// What to do about files of somebody else.
const ADVICE: &str = "choose another directory, or `force` to overwrite";

/// A line of the mark.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// What the directory is filled with; the last such line counts.
    Holds(String),
    /// A file that is written next, or may be overwritten as it is. It is there once the write has ended, and before that what
    /// was there.
    Wrote { file: String, digest: String },
}

/// All that a mark says.
#[derive(Debug, Default)]
struct Mark {
    holds: String,
    wrote: HashSet<Entry>,
}

impl Mark {
    fn has(&self, file: &str, bytes: &[u8]) -> bool {
        self.wrote.contains(&wrote(file, bytes))
    }
}

/// A file that is written into a directory, and how one of ours is known.
#[derive(Debug, Clone)]
pub struct OwnFile {
    /// Its name.
    pub name: String,
    known: KnownBy,
}

#[derive(Debug, Clone, Copy)]
enum KnownBy {
    /// The mark of the directory.
    Mark,
    /// Seals of its own, in a directory that is marked.
    Contents(fn(&[u8]) -> bool),
    /// Seals of its own, wherever it is.
    Journal,
}

impl OwnFile {
    /// One that is written by [`write_marked`].
    #[must_use]
    pub fn marked(name: impl Into<String>) -> Self {
        Self { name: name.into(), known: KnownBy::Mark }
    }

    /// A journal.
    #[must_use]
    pub fn journal(name: impl Into<String>) -> Self {
        Self { name: name.into(), known: KnownBy::Journal }
    }

    /// One that is known by what is in it.
    #[must_use]
    pub fn known_by(name: impl Into<String>, is_ours: fn(&[u8]) -> bool) -> Self {
        Self { name: name.into(), known: KnownBy::Contents(is_ours) }
    }

    fn is_ours(&self, bytes: &[u8], mark: Option<&Mark>) -> bool {
        match (self.known, mark) {
            // An empty file has nothing to lose.
            _ if bytes.is_empty() => true,
            (KnownBy::Journal, _) => journal::is_ours(bytes),
            (KnownBy::Contents(is_ours), Some(_)) => is_ours(bytes),
            (KnownBy::Mark, Some(mark)) => mark.has(&self.name, bytes),
            (_, None) => false,
        }
    }
}

/// Why a directory is not to be filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OwnershipError {
    /// A path that nothing can be written to.
    #[error("{}: {reason}", path.display())]
    Unusable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: std::io::Error,
    },
    /// A file of a name that is to be written, which this program did not write.
    #[error("{}: already exists and was not written by equipoise; {ADVICE}", path.display())]
    Foreign {
        /// Where it is.
        path: PathBuf,
    },
    /// A file that this program has written and somebody has changed.
    #[error("{}: was changed since equipoise wrote it; move it away, {ADVICE}", path.display())]
    Changed {
        /// Where it is.
        path: PathBuf,
    },
    /// A mark that is damaged.
    #[error("{}: is damaged; {ADVICE}", path.display())]
    Damaged {
        /// Where it is.
        path: PathBuf,
    },
}

impl OwnershipError {
    /// What is not to be written.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Unusable { path, .. }
            | Self::Foreign { path }
            | Self::Changed { path }
            | Self::Damaged { path } => path,
        }
    }

    /// An error of the system about a path.
    pub(crate) fn unusable(path: &Path, reason: std::io::Error) -> Self {
        Self::Unusable { path: path.to_owned(), reason }
    }
}

/// Makes a directory if need be, and finds out whether these files may be written there. Returns what its mark says it
/// holds; `None` if it has no mark.
///
/// # Errors
/// One of the names is taken by what is no regular file or cannot be read, or, without `overwrite`, by a file that this
/// program did not write or somebody has changed. All of this is found before anything is written.
pub fn claim_directory(
    directory: &Path,
    files: &[OwnFile],
    overwrite: bool,
) -> Result<Option<String>, OwnershipError> {
    make_directory(directory).map_err(|error| OwnershipError::unusable(directory, error))?;
    let mark = match read_mark(directory) {
        Err(OwnershipError::Damaged { .. }) if overwrite => None,
        mark => mark?,
    };
    check_mark(&directory.join(MARK))?;
    for file in files {
        let path = directory.join(&file.name);
        // Journals are added to, by whoever may.
        let usable = match file.known {
            KnownBy::Journal => existing(&path).map(drop),
            KnownBy::Mark | KnownBy::Contents(_) => check_replaceable(&path),
        };
        usable.map_err(|reason| OwnershipError::unusable(&path, reason))?;
        if !overwrite {
            check_owned(&path, file, mark.as_ref())?;
        }
    }
    Ok(mark.map(|mark| mark.holds))
}

/// An error if nothing can be added to the mark that is there.
fn check_mark(path: &Path) -> Result<(), OwnershipError> {
    let opened = existing(path).and_then(|found| match found {
        None => Ok(()),
        Some(_) => check_sole(&guarded(OpenOptions::new().append(true)).open(path)?),
    });
    opened.map_err(|reason| OwnershipError::unusable(path, reason))
}

/// An error if there is such a file and it is not ours.
fn check_owned(path: &Path, file: &OwnFile, mark: Option<&Mark>) -> Result<(), OwnershipError> {
    let read = || contents(path).map_err(|reason| OwnershipError::unusable(path, reason));
    let Some(bytes) = read()? else { return Ok(()) };
    if file.is_ours(&bytes, mark) {
        return Ok(());
    }
    // Another process may have marked the directory since, and then written the file.
    let mark = read_mark(directory_of(path))?;
    let bytes = read()?.unwrap_or_default();
    let was_ours = |entry: &Entry| matches!(entry, Entry::Wrote { file: name, .. } if *name == file.name);
    match mark {
        mark if file.is_ours(&bytes, mark.as_ref()) => Ok(()),
        Some(mark) if mark.wrote.iter().any(was_ours) => {
            Err(OwnershipError::Changed { path: path.to_owned() })
        }
        _ => Err(OwnershipError::Foreign { path: path.to_owned() }),
    }
}

/// Whether this program has filled a directory.
#[must_use]
pub fn is_marked(directory: &Path) -> bool {
    matches!(read_mark(directory), Ok(Some(_)))
}

/// Marks a directory as filled with something.
///
/// # Errors
/// The mark cannot be written.
pub fn mark_directory(directory: &Path, holds: &str) -> Result<(), OwnershipError> {
    let path = directory.join(MARK);
    let entry = Entry::Holds(holds.to_owned());
    let written = match read_mark(directory) {
        Ok(Some(mark)) if mark.holds == holds => return Ok(()),
        Err(OwnershipError::Damaged { .. }) => {
            line(&entry).map_err(std::io::Error::from).and_then(|line| write_whole(&path, line.as_bytes()))
        }
        Err(error) => return Err(error),
        Ok(_) => add(directory, &entry),
    };
    written.map_err(|reason| OwnershipError::unusable(&path, reason))
}

/// Says in the mark of a directory that files of these names may be overwritten as they are, whoever wrote them. Whoever asks
/// for that once need not do so again for a process that goes on with the work.
///
/// # Errors
/// A file cannot be read, or the mark cannot be written.
pub fn give_up_files(directory: &Path, files: &[OwnFile]) -> Result<(), OwnershipError> {
    let mark = read_mark(directory)?;
    for OwnFile { name, .. } in files.iter().filter(|file| matches!(file.known, KnownBy::Mark)) {
        let path = directory.join(name);
        let unusable = |reason| OwnershipError::unusable(&path, reason);
        let Some(bytes) = contents(&path).map_err(unusable)? else { continue };
        if mark.as_ref().is_none_or(|mark| !mark.has(name, &bytes)) {
            add(directory, &wrote(name, &bytes)).map_err(unusable)?;
        }
    }
    Ok(())
}

/// Writes a file whole ([`write_whole`]). If its directory is marked, the mark says so before the file is there: whatever
/// happens in between, the file is known to be ours.
///
/// # Errors
/// As [`write_whole`], or the mark cannot be written.
pub fn write_marked(path: &Path, bytes: &[u8]) -> Done<()> {
    existing(path)?;
    let name = path.file_name().and_then(|name| name.to_str());
    if let (Some(name), Ok(Some(mark))) = (name, read_mark(directory_of(path)))
        && !mark.has(name, bytes)
    {
        add(directory_of(path), &wrote(name, bytes))?;
    }
    write_whole(path, bytes)
}

fn wrote(file: &str, bytes: &[u8]) -> Entry {
    Entry::Wrote { file: file.to_owned(), digest: short_digest(Sha256::new_with_prefix(bytes)) }
}

/// Adds a line to a mark, in one piece: several processes may do so at the same time.
fn add(directory: &Path, entry: &Entry) -> Done<()> {
    let path = directory.join(MARK);
    existing(&path)?;
    let mut file = guarded(OpenOptions::new().create(true).append(true)).open(&path)?;
    check_sole(&file)?;
    // A line that was cut off must not swallow the next one.
    let cut = contents(&path)?.is_some_and(|bytes| bytes.last().is_some_and(|&last| last != b'\n'));
    file.write_all([if cut { "\n" } else { "" }, &line(entry)?].concat().as_bytes())?;
    file.sync_all()
}

/// What the mark of a directory says; `None` if it has none, or a process ended before it had made it.
fn read_mark(directory: &Path) -> Result<Option<Mark>, OwnershipError> {
    let path = directory.join(MARK);
    let bytes = contents(&path).map_err(|error| OwnershipError::unusable(&path, error))?;
    let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
    let (mut mark, mut holds) = (Mark::default(), None);
    for line in bytes.split(|&byte| byte == b'\n') {
        match journal::read_line(line) {
            Ok(Entry::Holds(what)) => holds = Some(what),
            Ok(entry) => drop(mark.wrote.insert(entry)),
            // A file whose line is damaged is not known.
            Err(_) => {}
        }
    }
    match holds {
        Some(holds) => Ok(Some(Mark { holds, ..mark })),
        None if !bytes.contains(&b'\n') && journal::is_ours(&bytes) => Ok(None),
        None => Err(OwnershipError::Damaged { path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_ours_by_its_seal() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let files = [OwnFile::marked("table.csv"), OwnFile::journal("records.jsonl")];
        let claim = |overwrite| claim_directory(directory.path(), &files, overwrite);
        assert_eq!(claim(false).expect("empty"), None);
        for OwnFile { name, .. } in &files {
            std::fs::write(at(name), "mine").expect("written");
            assert!(matches!(claim(false), Err(OwnershipError::Foreign { path }) if path == at(name)));
            assert_eq!(claim(true).expect("forced"), None);
            std::fs::remove_file(at(name)).expect("removed");
        }
        // An empty file has nothing to lose.
        std::fs::write(at("table.csv"), "").expect("written");
        assert_eq!(claim(false).expect("nothing lost"), None);
        mark_directory(directory.path(), "a test").expect("marked");
        assert_eq!(claim(false).expect("ours"), Some("a test".to_owned()));
        // A journal is known by its own seals, in whatever directory.
        std::fs::write(at("records.jsonl"), "mine").expect("written");
        assert!(claim(false).is_err());
        std::fs::write(at("records.jsonl"), line(&"a record").expect("text")).expect("written");
        assert!(claim(false).is_ok());
        std::fs::write(at(MARK), "{\"seal\":\"0\",\"record\":{\"holds\":\"a test\"}}\n").expect("written");
        assert!(matches!(claim(false), Err(OwnershipError::Damaged { .. })));
        assert_eq!(claim(true).expect("forced"), None);
        mark_directory(directory.path(), "another test").expect("marked");
        assert_eq!(claim(false).expect("ours"), Some("another test".to_owned()));
    }

    #[test]
    fn a_file_of_ours_is_told_from_others_in_a_marked_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("table.csv");
        let claim = || claim_directory(directory.path(), &[OwnFile::marked("table.csv")], false);
        mark_directory(directory.path(), "a test").expect("marked");
        std::fs::write(&path, "mine").expect("written");
        assert!(matches!(claim(), Err(OwnershipError::Foreign { .. })));
        for text in ["first", "second", "second", "first"] {
            write_marked(&path, text.as_bytes()).expect("written");
            assert_eq!(claim().expect("ours"), Some("a test".to_owned()));
        }
        let mark = directory.path().join(MARK);
        let lines = || std::fs::read_to_string(&mark).expect("a mark").lines().count();
        assert_eq!(lines(), 3, "nothing is said twice");
        std::fs::write(&path, "changed").expect("written");
        assert!(matches!(claim(), Err(OwnershipError::Changed { .. })));
        // What the directory holds may change, and a line may be cut off; the files stay ours.
        write_marked(&path, b"third").expect("written");
        mark_directory(directory.path(), "another test").expect("marked");
        let whole = std::fs::read(&mark).expect("a mark");
        std::fs::write(&mark, [&whole[..], b"{\"seal\":\"12"].concat()).expect("written");
        assert_eq!(claim().expect("ours"), Some("another test".to_owned()));
        write_marked(&path, b"fourth").expect("written");
        assert_eq!(claim().expect("ours"), Some("another test".to_owned()));
    }

    #[test]
    fn a_mark_that_a_killed_process_began_is_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let mark = directory.path().join(MARK);
        let claim = || claim_directory(directory.path(), &[], false);
        for beginning in ["", "{\"se", "{\"seal\":\"0123"] {
            std::fs::write(&mark, beginning).expect("written");
            assert_eq!(claim().expect("not marked"), None);
            mark_directory(directory.path(), "a test").expect("marked");
            assert_eq!(claim().expect("ours"), Some("a test".to_owned()));
        }
        for foreign in ["my own", "{}", "\n", "{\"seal\":\"0123\n"] {
            std::fs::write(&mark, foreign).expect("written");
            assert!(matches!(claim(), Err(OwnershipError::Damaged { .. })), "{foreign:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_found_before_the_work() {
        let directory = tempfile::tempdir().expect("a directory");
        mark_directory(directory.path(), "a test").expect("marked");
        let [mark, other] = [MARK, "other name"].map(|name| directory.path().join(name));
        std::fs::hard_link(&mark, &other).expect("linked");
        let error = claim_directory(directory.path(), &[], true).expect_err("refused").to_string();
        assert!(error.contains(MARK) && error.contains("a hard link"), "{error}");
        std::fs::remove_file(&other).expect("removed");
        std::os::unix::fs::symlink("/nowhere", directory.path().join("table.csv")).expect("linked");
        std::fs::create_dir(directory.path().join("a")).expect("made");
        for (name, words) in
            [("table.csv", "is a link to /nowhere"), ("a", "is not a regular file"), ("é", "")]
        {
            let name = if words.is_empty() { name.repeat(150) } else { name.to_owned() };
            let words = if words.is_empty() { "a name of 300 bytes" } else { words };
            let error = claim_directory(directory.path(), &[OwnFile::marked(name)], true)
                .expect_err("refused")
                .to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
