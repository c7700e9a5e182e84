//! Files written whole or not at all: an interruption leaves the old file or the new one, never half of either.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Result, Write};
use std::path::Path;

/// The directory a file is written into; the current one if the path names none.
#[must_use]
pub fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes to a temporary name in the same directory and renames it into place.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".equipoise-")
        // Opened like any file, since the builder's own files are readable by their owner alone.
        .make_in(directory_of(path), |name| File::create_new(name))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The first 128 bits of a digest, in hexadecimal.
pub(crate) fn short_digest(digest: Sha256) -> String {
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kept.txt");
        for text in ["first", "second"] {
            write_whole(&path, text.as_bytes()).expect("written");
            assert_eq!(std::fs::read_to_string(&path).expect("readable"), text);
        }
        assert_eq!(std::fs::read_dir(directory.path()).expect("listable").count(), 1);
        assert!(write_whole(&directory.path().join("no/such.txt"), b"x").is_err());
    }
}
