//! The threads of this process after a fork, as `multiprocessing` makes them: a child has none of its parent's, and work that is
//! handed to those would never end.

use std::cell::Cell;
use std::sync::OnceLock;

/// The process that imported the package, whose threads are those of the library.
static IMPORTED_BY: OnceLock<u32> = OnceLock::new();

thread_local! {
    /// The process for which this thread has been given threads of its own.
    static JOINED_IN: Cell<Option<u32>> = const { Cell::new(None) };
}

/// To be called at import.
pub(crate) fn note_process() {
    IMPORTED_BY.get_or_init(std::process::id);
}

/// Gives this thread threads to share its work with, if it is in a child of the process that imported the package. They
/// last as long as what is returned.
pub(crate) fn for_a_child() -> Option<rayon::ThreadPool> {
    let here = std::process::id();
    if *IMPORTED_BY.get_or_init(|| here) == here || JOINED_IN.get() == Some(here) {
        return None;
    }
    // The current thread is one of them: it goes on to hear of Ctrl-C.
    let threads = rayon::ThreadPoolBuilder::new().use_current_thread().build().ok()?;
    JOINED_IN.set(Some(here));
    Some(threads)
}

/// The same for a thread of Python, as long as that lives: before the first work over samples.
pub(crate) fn for_a_lasting_child() {
    std::mem::forget(for_a_child());
}
