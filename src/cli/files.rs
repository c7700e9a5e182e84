//! Checked before any work starts: that the targets of results are writable, and that the problem fits into memory.

use super::output::{one_line, with_options};
use anyhow::{Context, Result, bail, ensure};
use equipoise::data::Dataset;
use equipoise::files::{
    OwnFile, OwnershipError, check_replaceable, claim_directory, directory_of, is_same_file, mark_directory,
    write_marked, write_whole,
};
use equipoise::loss::LossSpec;
use equipoise::memory::{MemoryError, check_memory};
use std::io::ErrorKind;
use std::path::Path;

/// A file that an option names to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) option: &'static str,
    pub(super) file: &'a Path,
}

impl<'a> Target<'a> {
    /// Of an option that may not be given.
    pub(super) fn of(option: &'static str, file: Option<&'a Path>) -> Option<Self> {
        file.map(|file| Self { option, file })
    }
}

/// Whether the files of a command can be written without touching anything that is there, such as its `inputs`, each other, or
/// the file that it prints to.
pub(super) fn check_targets(targets: &[Target], inputs: &[&Path]) -> Result<()> {
    for (number, target) in targets.iter().enumerate() {
        let place = || format!("{} {}", target.option, target.file.display());
        check_target(target.file, inputs).with_context(place)?;
        let twin = targets[..number].iter().find(|other| is_same_target(other.file, target.file));
        if let Some(other) = twin {
            bail!("{}: is the file of {} too; name another one", place(), other.option);
        }
    }
    Ok(())
}

fn check_target(file: &Path, inputs: &[&Path]) -> Result<()> {
    check_replaceable(file)?;
    let is_read = |input: &&Path| {
        is_same_file(input, file)
            || (**input == *Path::new(STDIN) && is_same_file(Path::new("/dev/stdin"), file))
    };
    ensure!(!inputs.iter().any(is_read), "is the file that is read; name another one");
    ensure!(
        !is_same_file(Path::new("/dev/stdout"), file),
        "is the file that standard output goes to; name another one"
    );
    check_directory(directory_of(file))
}

/// The input that is called so is standard input, and may be a file that has a name.
pub(super) const STDIN: &str = "-";

/// Whether two paths are one file, which need not be there yet.
fn is_same_target(one: &Path, other: &Path) -> bool {
    let same_name = one.file_name() == other.file_name();
    is_same_file(one, other) || (same_name && is_same_file(directory_of(one), directory_of(other)))
}

/// A directory that is filled with these files; made if need be, and checked to be writable and not somebody else's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination<'a> {
    pub(super) directory: &'a Path,
    pub(super) files: &'a [OwnFile],
    /// Whether files are overwritten that this program did not write.
    pub(super) overwrite: bool,
}

impl Destination<'_> {
    /// Makes and checks it; says what it was filled with before, if it was.
    pub(super) fn claim(&self) -> Result<Option<String>> {
        let claimed = claim_directory(self.directory, self.files, self.overwrite);
        let earlier = claimed.map_err(|error| match error {
            OwnershipError::Unusable { path, reason } if path == self.directory => anyhow::Error::new(reason)
                .context(format!("cannot make the directory {}", self.directory.display())),
            other => other.into(),
        })?;
        check_directory(self.directory)?;
        Ok(earlier)
    }

    /// The same for pictures, which may go into a directory of whatever kind.
    pub(super) fn prepare_for_figures(&self) -> Result<()> {
        if self.claim()?.is_none() {
            mark_directory(self.directory, "figures")?;
        }
        Ok(())
    }
}

/// Writes a text file whole or not at all.
pub(super) fn save(file: &Path, text: &str) -> Result<()> {
    save_bytes(file, with_options(text).as_bytes())
}

/// The same of any bytes.
pub(super) fn save_bytes(file: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// The same of a file in a directory that the command fills.
pub(super) fn save_into(directory: &Path, name: &str, text: &str) -> Result<()> {
    let file = directory.join(name);
    write_marked(&file, text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}

/// Tries with an unnamed file where the system allows it, so that nothing is left behind.
fn check_directory(directory: &Path) -> Result<()> {
    match tempfile::tempfile_in(directory) {
        Ok(_) => Ok(()),
        // What the system says then is not the cause.
        Err(_) if std::env::current_dir().is_err() && directory.is_relative() => {
            bail!("cannot write into {}", one_line(&directory.to_string_lossy()))
        }
        // The kind alone: the full text would speak of a temporary file's name.
        Err(error) => {
            let directory = one_line(&directory.to_string_lossy());
            let missing = error.kind() == ErrorKind::NotFound;
            let why = if missing {
                "there is no such directory; make it first".to_owned()
            } else {
                error.kind().to_string()
            };
            bail!("cannot write into {directory}: {why}")
        }
    }
}

/// What to do about a problem that is too large.
pub(super) const SMALLER: &str = "leave out features or samples";

/// Fails with both numbers when solving and measuring exceed the memory.
pub(super) fn check_problem(dataset: &Dataset, choice: &LossSpec, l2: f64) -> Result<(), MemoryError> {
    check_memory(memory_of(dataset, choice, l2), "solving takes", SMALLER)
}

/// Bytes of solving a problem and of measuring its solution.
pub(super) fn memory_of(dataset: &Dataset, choice: &LossSpec, l2: f64) -> u128 {
    let labels = dataset.labels();
    let (samples, classes) = (labels.samples() as u128, labels.classes() as u128);
    let columns = choice.columns(labels.classes()) as u128;
    let double = size_of::<f64>() as u128;
    // Logits and two matrices like them, to measure probabilities and balance; and mean probabilities with their sums, the
    // record of them and its text.
    let at_once = choice.samples_measured_at_once().map_or(samples, |at_once| samples.min(at_once as u128));
    let measured = 3 * double * at_once * columns + 10 * double * classes * classes;
    choice.memory(dataset.dimension(), labels.counts(), l2).saturating_add(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_targets_are_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let data = at("data.csv");
        std::fs::write(&data, "y").expect("written");
        let inputs = [Path::new("nowhere"), &data];
        let complaint = |files: &[&Path]| {
            let targets: Vec<Target> = files.iter().map(|file| Target { option: "--save", file }).collect();
            format!("{:#}", check_targets(&targets, &inputs).expect_err("unusable"))
        };
        assert!(complaint(&[directory.path()]).contains("is not a regular file"));
        assert!(complaint(&[&data]).contains("is the file that is read"));
        assert!(complaint(&[&at("missing/head.json")]).contains("cannot write into"));
        assert!(complaint(&[&at("new"), &at("./new")]).contains("is the file of --save too"));
        assert!(complaint(&[&at(&"n".repeat(256))]).contains("a name of 256 bytes"));
        #[cfg(unix)]
        {
            std::fs::hard_link(&data, at("other-name")).expect("linked");
            std::os::unix::fs::symlink(directory.path(), at("link")).expect("linked");
            assert!(complaint(&[&at("other-name")]).contains("is the file that is read"));
            assert!(complaint(&[&at("link/data.csv")]).contains("is the file that is read"));
            assert!(complaint(&[&at("new"), &at("link/new")]).contains("is the file of --save too"));
        }
    }
}
