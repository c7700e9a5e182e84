//! Image sets that stay in memory.

use super::{Images, Part};
use crate::data::DataError;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Train and test part of two sets.
const MAX_SETS: usize = 4;

/// What a set is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) files: Vec<PathBuf>,
    /// Files may hold both parts.
    pub(super) part: Part,
    /// When each file was written: one that has changed is read again.
    pub(super) written: Vec<SystemTime>,
}

/// The sets used last, the latest at the end.
///
/// An analysis draws from the same sets repeatedly, from several threads. Each set has its own lock, held while it is
/// read: other threads that need the set wait for it, and threads that need other sets do not. Reading must not hand
/// work to other threads, since one of them might wait for that lock.
pub(super) struct ImageCache(Mutex<Vec<Arc<CachedSet>>>);

/// A set in memory, once it is read.
struct CachedSet {
    source: Source,
    images: Mutex<Option<Arc<Images>>>,
}

impl ImageCache {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The set of `source`, from the cache or by `read`. A set that cannot be read is tried again by the next caller.
    pub(super) fn get(
        &self,
        source: Source,
        read: impl FnOnce() -> Result<Images, DataError>,
    ) -> Result<Arc<Images>, DataError> {
        let cached = self.place_of(source);
        // A thread that panicked while it read leaves nothing half-read behind.
        let mut images = cached.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(images) = &*images {
            return Ok(Arc::clone(images));
        }
        match read() {
            Ok(read) => Ok(Arc::clone(images.insert(Arc::new(read)))),
            Err(error) => {
                self.with_list(|list| list.retain(|other| !Arc::ptr_eq(other, &cached)));
                Err(error)
            }
        }
    }

    /// The entry of a set, read or not, moved to the end of the list.
    fn place_of(&self, source: Source) -> Arc<CachedSet> {
        self.with_list(|list| {
            let known =
                list.iter().position(|cached| cached.source == source).map(|place| list.remove(place));
            let cached = known.unwrap_or_else(|| {
                // Frees memory before the set is read: outdated versions of the set go first.
                let outdated = |cached: &CachedSet| {
                    cached.source.files == source.files && cached.source.part == source.part
                };
                list.retain(|cached| !outdated(cached));
                list.drain(..list.len().saturating_sub(MAX_SETS - 1));
                Arc::new(CachedSet { source, images: Mutex::default() })
            });
            list.push(Arc::clone(&cached));
            cached
        })
    }

    fn with_list<T>(&self, action: impl FnOnce(&mut Vec<Arc<CachedSet>>) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
