//! Whether mapped files are as long as they were. One that loses less than a page ends nobody by a signal: the end of it reads as
//! zeros.

use super::cut_short;
use crate::data::DataError;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The length of a file that is mapped.
#[derive(Debug)]
pub(super) struct Length {
    file: File,
    bytes: u64,
    place: String,
}

/// Files that are mapped, and the first that was found shorter when it no longer was.
struct Known {
    mapped: Vec<Weak<Length>>,
    shorter: Option<String>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { mapped: Vec::new(), shorter: None });

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Length {
    /// Of a file that is being mapped; `None` where it cannot be kept open.
    pub(super) fn new(file: &File, bytes: usize, place: &str) -> Option<Arc<Self>> {
        let length = Self { file: file.try_clone().ok()?, bytes: bytes as u64, place: place.to_owned() };
        let length = Arc::new(length);
        let mut known = known();
        known.mapped.retain(|other| other.strong_count() > 0);
        known.mapped.push(Arc::downgrade(&length));
        Some(length)
    }

    fn is_shorter(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.len() < self.bytes)
    }
}

impl Drop for Length {
    fn drop(&mut self) {
        if self.is_shorter() {
            known().shorter.get_or_insert_with(|| self.place.clone());
        }
    }
}

/// Whether every file that was mapped is, or was to the end of its use, as long as at its beginning.
///
/// # Errors
/// Names the first that is not.
pub fn check_files_whole() -> Result<(), DataError> {
    // Outside of the lock: the last owner of a length may be here.
    let mapped: Vec<Arc<Length>> = known().mapped.iter().filter_map(Weak::upgrade).collect();
    let now = mapped.iter().find(|length| length.is_shorter()).map(|length| length.place.clone());
    drop(mapped);
    match now.or_else(|| known().shorter.clone()) {
        Some(place) => Err(DataError::invalid(place, cut_short())),
        None => Ok(()),
    }
}
