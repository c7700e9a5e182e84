//! Targets of results, known to be writable before any work starts.

use super::output::one_line;
use anyhow::{Context, Result, bail, ensure};
use equipoise::files::{directory_of, write_whole};
use std::path::Path;

/// A directory for results, created if necessary and checked to be writable.
pub(super) fn prepare_directory(directory: &Path) -> Result<()> {
    let name = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {name}"))?;
    check_directory(directory)
}

/// Whether a file of results can be written without touching anything that is there, such as the `input`.
pub(super) fn check_target(file: &Path, input: &Path) -> Result<()> {
    let regular = std::fs::metadata(file).map_or(true, |found| found.is_file());
    ensure!(regular && file.file_name().is_some(), "is not a regular file; name a file to write");
    if let (Ok(target), Ok(input)) = (file.canonicalize(), input.canonicalize()) {
        ensure!(target != input, "is the file that is read; name another one");
    }
    check_directory(directory_of(file))
}

/// Writes a text file whole or not at all.
pub(super) fn save(file: &Path, text: &str) -> Result<()> {
    write_whole(file, text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}

/// Tries with an unnamed file where the system allows it, so that nothing is left behind.
fn check_directory(directory: &Path) -> Result<()> {
    match tempfile::tempfile_in(directory) {
        Ok(_) => Ok(()),
        Err(_) if std::env::current_dir().is_err() && directory.is_relative() => {
            bail!("the working directory is gone; change to one that exists")
        }
        // The kind alone: the full text would speak of a temporary file's name.
        Err(error) => bail!("cannot write into {}: {}", one_line(&directory.to_string_lossy()), error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_targets_are_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data.csv");
        std::fs::write(&data, "y").expect("written");
        let complaint = |file: &Path| check_target(file, &data).expect_err("unusable").to_string();
        assert!(complaint(directory.path()).starts_with("is not a regular file"));
        assert!(complaint(&data).starts_with("is the file that is read"));
        assert!(complaint(&directory.path().join("missing/head.json")).starts_with("cannot write into"));
    }
}
