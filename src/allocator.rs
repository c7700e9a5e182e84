//! What happens when the system gives no more memory, though the budget was asked before: one line and exit code 2, where the
//! standard library would abort.

use equipoise::signals::end_with;
use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator.
pub(crate) struct OrOneLine;

#[expect(unsafe_code, reason = "allocators are unsafe; every call is handed on to the system's as it came")]
// SAFETY: every call goes to the system's allocator with the same arguments, and null is never returned.
unsafe impl GlobalAlloc for OrOneLine {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.realloc(place, layout, size) })
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

fn given(place: *mut u8) -> *mut u8 {
    if place.is_null() {
        used_up();
    }
    place
}

/// Says so without taking any memory, or any lock that a thread without memory could hold.
#[cold]
fn used_up() -> ! {
    const LINE: &[u8] = b"error: the memory that this process may take is used up; ask for less at once, for fewer --threads, or \
                          raise its limit (ulimit -v, or that of the job)\n";
    end_with(LINE)
}
