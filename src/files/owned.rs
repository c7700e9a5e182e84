//! Directories that this program fills are marked, so that files of the same names in others are left alone.

use super::journal::{self, contents, line};
use super::target::existing;
use super::write_whole;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The file that marks a directory.
const MARK: &str = ".equipoise";
/// What to do about files of somebody else.
const ADVICE: &str = "choose another --out, or --force to overwrite";

/// What the mark says.
#[derive(Serialize, Deserialize)]
struct Mark {
    /// What the directory is filled with.
    holds: String,
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
    #[error("{}: is there already, and not written by equipoise; {ADVICE}", path.display())]
    Foreign {
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
    /// An error of the system about a path.
    pub(crate) fn unusable(path: &Path, reason: std::io::Error) -> Self {
        Self::Unusable { path: path.to_owned(), reason }
    }
}

/// Makes a directory if need be, and finds out whether files of these names may be written there. Returns what its mark
/// says it holds; `None` if it has no mark.
///
/// # Errors
/// One of the names is taken by what is no regular file, or, without `overwrite`, by a file that this program did not
/// write. All of this is found before anything is written.
pub fn claim_directory(
    directory: &Path,
    names: &[String],
    overwrite: bool,
) -> Result<Option<String>, OwnershipError> {
    std::fs::create_dir_all(directory).map_err(|error| OwnershipError::unusable(directory, error))?;
    let mark = match read_mark(directory) {
        Err(OwnershipError::Damaged { .. }) if overwrite => None,
        mark => mark?,
    };
    for name in names {
        let path = directory.join(name);
        let found = existing(&path).map_err(|reason| OwnershipError::unusable(&path, reason))?;
        // An empty file has nothing to lose.
        let there = found.is_some_and(|found| found.len() > 0);
        // Another process may have marked the directory since, and then written the file.
        let is_marked = || mark.is_some() || is_marked(directory);
        let ours = if is_journal(&path) { journal::is_ours(&path) } else { !there || is_marked() };
        if there && !ours && !overwrite {
            return Err(OwnershipError::Foreign { path });
        }
    }
    Ok(mark)
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
    if matches!(read_mark(directory), Ok(Some(earlier)) if earlier == holds) {
        return Ok(());
    }
    let path = directory.join(MARK);
    let text = line(&Mark { holds: holds.to_owned() }).map_err(std::io::Error::from);
    let written = text.and_then(|text| write_whole(&path, text.as_bytes()));
    written.map_err(|reason| OwnershipError::unusable(&path, reason))
}

fn read_mark(directory: &Path) -> Result<Option<String>, OwnershipError> {
    let path = directory.join(MARK);
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OwnershipError::unusable(&path, error)),
        Ok(_) => {}
    }
    let bytes = contents(&path).unwrap_or_default();
    let mark: Option<Mark> = journal::read_line(bytes.strip_suffix(b"\n").unwrap_or(&bytes)).ok();
    mark.map(|mark| Some(mark.holds)).ok_or(OwnershipError::Damaged { path })
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_ours_by_its_seal() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let names = ["table.csv", "records.jsonl"].map(str::to_owned);
        let claim = |overwrite| claim_directory(directory.path(), &names, overwrite);
        assert_eq!(claim(false).expect("empty"), None);
        for name in &names {
            std::fs::write(at(name), "mine").expect("written");
            assert!(matches!(claim(false), Err(OwnershipError::Foreign { path }) if path == at(name)));
            assert_eq!(claim(true).expect("forced"), None);
            std::fs::remove_file(at(name)).expect("removed");
        }
        // An empty file has nothing to lose.
        std::fs::write(at("table.csv"), "").expect("written");
        assert_eq!(claim(false).expect("nothing lost"), None);
        mark_directory(directory.path(), "a test").expect("marked");
        std::fs::write(at("table.csv"), "ours").expect("written");
        assert_eq!(claim(false).expect("ours"), Some("a test".to_owned()));
        // A journal is known by its own seals, in whatever directory.
        std::fs::write(at("records.jsonl"), "mine").expect("written");
        assert!(claim(false).is_err());
        std::fs::write(at("records.jsonl"), line(&"a record").expect("text")).expect("written");
        assert!(claim(false).is_ok());
        std::fs::write(at(MARK), "{\"seal\":\"0\",\"record\":{\"holds\":\"a test\"}}\n").expect("written");
        assert!(matches!(claim(false), Err(OwnershipError::Damaged { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_found_before_the_work() {
        let directory = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink("/nowhere", directory.path().join("table.csv")).expect("linked");
        std::fs::create_dir(directory.path().join("a")).expect("made");
        for (name, words) in
            [("table.csv", "is a link to /nowhere"), ("a", "is not a regular file"), ("é", "")]
        {
            let name = if words.is_empty() { name.repeat(150) } else { name.to_owned() };
            let words = if words.is_empty() { "a name of 300 bytes" } else { words };
            let error = claim_directory(directory.path(), &[name], true).expect_err("refused").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
