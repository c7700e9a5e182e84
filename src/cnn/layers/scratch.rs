//! Scratch memory of a layer for one image.

use std::cell::RefCell;

thread_local! {
    /// One for each thread, so that it stays in that core's cache from image to image.
    static ROOM: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends `length` numbers of whatever value. Not to be nested.
pub(super) fn with_scratch<T>(length: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    ROOM.with_borrow_mut(|room| {
        if room.len() < length {
            room.resize(length, 0.0);
        }
        work(&mut room[..length])
    })
}
