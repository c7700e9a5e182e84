//! Whether mapped files are as they were. One that loses less than a page ends nobody by a signal: the end of it reads as zeros. One
//! that is overwritten in place changes the numbers under the search.

use super::cut_short;
use crate::data::DataError;
use std::fs::{File, Metadata};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

/// A file that is mapped, as it was found. It is held open, so that one of the same name that takes its place is another one.
#[derive(Debug)]
pub(super) struct Found {
    file: File,
    bytes: u64,
    /// When it was last written to, where the file system says it: in steps of some milliseconds, and perhaps not what is written through
    /// a map.
    modified: Option<SystemTime>,
    place: String,
}

/// Files that are mapped, and what is to be said of the first that had changed when it no longer was.
struct Known {
    mapped: Vec<Weak<Found>>,
    changed: Option<DataError>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { mapped: Vec::new(), changed: None });

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Found {
    /// Of a file that is going to be mapped; `None` where it cannot be kept open.
    pub(super) fn new(file: &File, place: &str) -> Option<Arc<Self>> {
        let file = file.try_clone().ok()?;
        let found = file.metadata().ok()?;
        let (bytes, modified) = (found.len(), found.modified().ok());
        let found = Arc::new(Self { file, bytes, modified, place: place.to_owned() });
        let mut known = known();
        known.mapped.retain(|other| other.strong_count() > 0);
        known.mapped.push(Arc::downgrade(&found));
        Some(found)
    }

    fn change(&self) -> Option<DataError> {
        let now = self.file.metadata().ok()?;
        self.difference(&now).map(|what| DataError::invalid(self.place.clone(), what))
    }

    fn difference(&self, now: &Metadata) -> Option<&'static str> {
        if now.len() < self.bytes {
            Some(cut_short())
        } else if now.modified().ok() != self.modified {
            Some(
                "was written to by another program while it was read; write a new file and rename it instead, and run this again",
            )
        } else {
            None
        }
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        if let Some(change) = self.change() {
            known().changed.get_or_insert(change);
        }
    }
}

/// Whether every file that was mapped is, or was to the end of its use, as it was at its beginning: as long, and not written to.
///
/// # Errors
/// Names the first that is not.
pub fn check_files_whole() -> Result<(), DataError> {
    // Outside of the lock: the last owner may be here.
    let mapped: Vec<Arc<Found>> = known().mapped.iter().filter_map(Weak::upgrade).collect();
    let now = mapped.iter().find_map(|found| found.change());
    drop(mapped);
    now.or_else(|| known().changed.clone()).map_or(Ok(()), Err)
}
