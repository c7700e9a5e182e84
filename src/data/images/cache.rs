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

/// The sets that were asked for last, the latest at the end.
///
/// An analysis draws from the same sets again and again, from several threads. Each set has a lock of its own, held while
/// it is read: whoever asks for that set meanwhile waits and finds it read, and other sets can be had. Reading must not
/// hand work to other threads, of which one might wait for that lock.
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

    /// The set that `read` reads from `source`, unless it is at hand. What cannot be read is tried again by the next.
    pub(super) fn get(
        &self,
        source: Source,
        read: impl FnOnce() -> Result<Images, DataError>,
    ) -> Result<Arc<Images>, DataError> {
        let cached = self.place_of(source);
        // A thread that broke off while it read leaves nothing half-read behind.
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

    /// The place of a set, whether it is read or not, which is now the latest asked for.
    fn place_of(&self, source: Source) -> Arc<CachedSet> {
        self.with_list(|list| {
            let known =
                list.iter().position(|cached| cached.source == source).map(|place| list.remove(place));
            let cached = known.unwrap_or_else(|| {
                // Memory is free before the set is read; what its files held before they changed is of no use.
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
