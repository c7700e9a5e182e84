//! A journal of finished records: one record a line, each with its checksum, so that damaged lines are recognised. A
//! journal is locked by the process that writes it.

use super::{LockedFile, contents, is_being_written, short_digest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What comes before and between seal and record.
const HEAD: &str = "{\"seal\":\"";
const MIDDLE: &str = "\",\"record\":";

/// A journal that this process writes, and nobody else.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<LockedFile>,
}

/// The seal of a text.
#[must_use]
pub fn seal(text: &str) -> String {
    short_digest(Sha256::new_with_prefix(text))
}

/// A record as a line.
///
/// # Errors
/// It cannot be written as JSON.
pub fn line(record: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(record)?;
    Ok(format!("{HEAD}{}{MIDDLE}{text}}}\n", seal(&text)))
}

/// The record of a line, or what is wrong with it.
pub(super) fn read_line<T: DeserializeOwned>(line: &[u8]) -> std::result::Result<T, &'static str> {
    let cut = "was cut off";
    let text = std::str::from_utf8(line).map_err(|_| "is damaged")?;
    let sealed = text.strip_prefix(HEAD).and_then(|rest| rest.split_once(MIDDLE));
    let (found, record) = sealed.ok_or(cut)?;
    let record = record.strip_suffix('}').ok_or(cut)?;
    match serde_json::from_str(record) {
        Err(_) => Err(cut),
        Ok(_) if seal(record) != found => Err("is damaged"),
        Ok(record) => Ok(record),
    }
}

impl Journal {
    /// Opens a journal for this process alone; `None` if another process has it.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let Some(mut file) = LockedFile::open(path)? else { return Ok(None) };
        // A line that was cut off must not swallow the next one.
        if contents(path)?.is_some_and(|bytes| bytes.last().is_some_and(|&last| last != b'\n')) {
            file.append(b"\n")?;
        }
        Ok(Some(Self { path: path.to_owned(), file: Mutex::new(file) }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Forgets all records.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn clear(&self) -> Result<()> {
        self.file().clear()
    }

    /// Adds a record, in one piece.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, record: &impl Serialize) -> Result<()> {
        let line = line(record)?;
        self.file().append(line.as_bytes())
    }

    /// Replaces all lines; the journal stays this process's throughout.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn replace(&self, lines: &str) -> Result<()> {
        self.file().replace(lines.as_bytes())
    }

    /// Removes the file if opening it has made it and nothing was added since.
    pub fn remove_if_new(self) {
        let empty = matches!(contents(&self.path), Ok(Some(bytes)) if bytes.is_empty());
        if self.file().is_new && empty {
            // An empty journal that stays is no harm.
            let _ = self.remove();
        }
    }

    /// Removes the file.
    pub(crate) fn remove(self) -> Result<()> {
        self.file.into_inner().unwrap_or_else(PoisonError::into_inner).remove()
    }

    fn file(&self) -> MutexGuard<'_, LockedFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a file begins some line as journals do. Lines that are damaged or cut off are ours too.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    HEAD.as_bytes().starts_with(bytes)
        || bytes.split(|&byte| byte == b'\n').any(|line| line.starts_with(HEAD.as_bytes()))
}

/// The records of a journal, and the errors of its damaged lines. The last line of a journal that is being written may
/// be incomplete; that is not an error.
///
/// # Errors
/// The file cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<T>> {
    let being_written = is_being_written(path);
    let Some(bytes) = contents(path)? else { return Ok(Vec::new()) };
    let ends = bytes.last().is_none_or(|&last| last == b'\n');
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    if being_written && !ends {
        lines.pop();
    }
    let mut records = Vec::new();
    for (number, line) in lines.into_iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        match read_line(line) {
            Ok(record) => records.push(record),
            Err(why) => {
                let place = format!("{}:{}", path.display(), number + 1);
                remarks.push(format!("{place}: a record {why}; its problem is solved again"));
            }
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        key: String,
        classes: usize,
    }

    fn record(key: &str) -> Record {
        Record { key: key.to_owned(), classes: 2 }
    }

    fn read_records(path: &Path, remarks: &mut Vec<String>) -> Vec<Record> {
        read(path, remarks).expect("readable")
    }

    #[test]
    fn one_process_writes_a_journal_and_reads_back_what_it_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("records.jsonl");
        let journal = Journal::open(&path).expect("opened").expect("free");
        journal.keep(&record("a")).expect("kept");
        assert!(is_being_written(&path) && Journal::open(&path).expect("tried").is_none());
        drop(journal);
        assert!(!is_being_written(&path));
        let mut remarks = Vec::new();
        assert_eq!(read_records(&path, &mut remarks), [record("a")]);
        assert_eq!(remarks, [] as [String; 0]);
    }

    #[test]
    fn lines_that_are_not_as_written_are_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("records.jsonl");
        let good = line(&record("a")).expect("text");
        let changed = good.replace("\"classes\":2", "\"classes\":3");
        std::fs::write(&path, format!("{good}{changed}{}", &good[..50])).expect("written");
        let mut remarks = Vec::new();
        assert_eq!(read_records(&path, &mut remarks), [record("a")]);
        assert!(remarks[0].contains(":2: a record is damaged"), "{remarks:?}");
        assert!(remarks[1].contains(":3: a record was cut off"), "{remarks:?}");
        // What comes after a line that was cut off is on a line of its own.
        Journal::open(&path).expect("opened").expect("free").keep(&record("b")).expect("kept");
        remarks.clear();
        assert_eq!(read_records(&path, &mut remarks), [record("a"), record("b")]);
    }
}
