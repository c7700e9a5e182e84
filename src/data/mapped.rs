//! Files looked at where they lie.

use memmap2::Mmap;
use std::fs::File;

/// Maps a file, read only.
#[expect(unsafe_code, reason = "the one way to look at a file larger than memory without copying it")]
pub(super) fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is read as bytes, for which any content is valid. A file that another program cuts short while it
    // is mapped ends this program by a signal, which no reader of mapped files can prevent.
    unsafe { Mmap::map(file) }
}
