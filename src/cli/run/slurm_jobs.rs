//! What was handed to Slurm: the numbers of the array and of the job that merges, written down one by one, so that the same
//! command never submits an array twice.

use anyhow::{Context, Result, bail, ensure};
use equipoise::analysis::{SLURM_ARRAY, SLURM_JOBS, SLURM_MERGE};
use equipoise::files::{LockedFile, read_text, remove};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is written while the array is being submitted, and its number is not known.
const SUBMITTING: &str = "submitting";

/// The file of numbers, this process's alone.
pub(super) struct Jobs {
    directory: PathBuf,
    /// Name of the analysis, by which Slurm knows the jobs.
    analysis: String,
    file: LockedFile,
}

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
enum Submitted {
    Nothing,
    /// A process ended in between.
    Unknown,
    Array(String),
    Both {
        array: String,
        merge: String,
    },
}

/// What Slurm says about jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    /// They wait or run.
    AtWork,
    Ended,
    /// It says nothing.
    Unknown,
}

/// The number of the last array that was submitted.
pub(in crate::cli) fn array_of(directory: &Path) -> Option<String> {
    let text = read_text(&directory.join(SLURM_JOBS)).ok()?;
    match Submitted::read(&text)? {
        Submitted::Array(array) | Submitted::Both { array, .. } => Some(array),
        Submitted::Nothing | Submitted::Unknown => None,
    }
}

impl Submitted {
    /// `None` if it is nothing that this program writes.
    fn read(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        match lines[..] {
            [] => Some(Self::Nothing),
            [SUBMITTING] => Some(Self::Unknown),
            [array] if is_number(array) => Some(Self::Array(array.to_owned())),
            [array, merge] if is_number(array) && is_number(merge) => {
                Some(Self::Both { array: array.to_owned(), merge: merge.to_owned() })
            }
            _ => None,
        }
    }
}

impl Jobs {
    pub(super) fn open(directory: &Path, analysis: &str) -> Result<Self> {
        let path = directory.join(SLURM_JOBS);
        let file = LockedFile::open(&path).with_context(|| path.display().to_string())?;
        let file = file.with_context(|| {
            format!("{}: another command submits this run; wait until it has ended", path.display())
        })?;
        Ok(Self { directory: directory.to_owned(), analysis: analysis.to_owned(), file })
    }

    /// Submits the shards that are open and the merging after them, unless they are at work; without open shards the merging
    /// alone.
    pub(super) fn submit(mut self, open: &[String]) -> Result<String> {
        match self.submitted()? {
            Submitted::Nothing => {}
            Submitted::Unknown => bail!(
                "{}: an earlier command ended while it submitted the array; look for it with `squeue --name {}-shards`, cancel \
                 it, and remove the file",
                self.place(),
                self.analysis
            ),
            Submitted::Array(array) => {
                // Slurm itself refuses to wait for a job that it does not know.
                if activity(&array) != Activity::Ended {
                    return self.submit_merge(&array, "submitted earlier");
                }
            }
            Submitted::Both { array, merge } => match activity(&format!("{array},{merge}")) {
                Activity::Ended => {}
                Activity::AtWork => bail!(
                    "{}: array job {array} and merging job {merge} are not done; `scancel {array} {merge}` ends them",
                    self.directory.display()
                ),
                Activity::Unknown => bail!(
                    "{}: squeue does not say whether array job {array} and merging job {merge} are done; remove the file \
                     once they are",
                    self.place()
                ),
            },
        }
        if open.is_empty() {
            let merge = job_number(&sbatch(&self.directory, SLURM_MERGE, &[])?)?;
            self.remove_if_empty();
            return Ok(format!("all shards are done; merging: job {merge}\n"));
        }
        let array = self.submit_array()?;
        self.submit_merge(&array, &format!("shards {}", open.join(",")))
    }

    fn submitted(&self) -> Result<Submitted> {
        let text = read_text(self.file.path()).with_context(|| self.place())?;
        Submitted::read(&text)
            .with_context(|| format!("{}: is not as equipoise wrote it; remove it", self.place()))
    }

    /// The number is written down before anything else is done.
    fn submit_array(&mut self) -> Result<String> {
        self.write(SUBMITTING)?;
        let said = sbatch(&self.directory, SLURM_ARRAY, &[]).inspect_err(|_| {
            // Nothing was submitted, and an empty file says so too.
            let _ = self.file.clear();
            self.remove_if_empty();
        })?;
        let array = job_number(&said)?;
        let submitted = || format!("array job {array} is submitted; `scancel {array}` ends it");
        self.write(&array).with_context(submitted)?;
        Ok(array)
    }

    /// After the shards whatever became of them: it names what is missing, where a condition would wait for ever.
    fn submit_merge(mut self, array: &str, what: &str) -> Result<String> {
        let merge = sbatch(&self.directory, SLURM_MERGE, &[format!("--dependency=afterany:{array}")]);
        let merge = merge.and_then(|said| job_number(&said)).with_context(|| {
            format!("array job {array} is submitted, the merging after it is not (the same command submits that alone)")
        })?;
        self.write(&format!("{array}\n{merge}"))?;
        Ok(format!("array: job {array}, {what}; merging after it: job {merge}\n"))
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.file
            .replace(format!("{text}\n").as_bytes())
            .with_context(|| format!("cannot write {}", self.place()))
    }

    fn remove_if_empty(&self) {
        if self.file.path().metadata().is_ok_and(|found| found.len() == 0) {
            let _ = remove(self.file.path());
        }
    }

    fn place(&self) -> String {
        self.file.path().display().to_string()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether jobs wait or run.
fn activity(jobs: &str) -> Activity {
    let Ok(output) = Command::new("squeue").args(["-h", "-j", jobs, "-o", "%T"]).output() else {
        return Activity::Unknown;
    };
    match (output.status.success(), said(&output.stdout).is_empty()) {
        (true, true) => Activity::Ended,
        (true, false) => Activity::AtWork,
        // Slurm forgets jobs some time after their end.
        (false, _) if said(&output.stderr).contains("Invalid job id") => Activity::Ended,
        (false, _) => Activity::Unknown,
    }
}

/// Submits a script from its directory; what `sbatch` says then. After an error nothing was submitted.
fn sbatch(directory: &Path, script: &str, more: &[String]) -> Result<String> {
    let script = directory.join(script);
    let output =
        Command::new("sbatch").current_dir(directory).arg("--parsable").args(more).arg(&script).output();
    let Output { status, stdout, stderr } = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "sbatch: not found; run this where Slurm is, or work on the shards without it: \
             equipoise run .. --shard 1/N to N/N, then equipoise results merge"
        ),
        other => other.context("sbatch cannot be run")?,
    };
    if !status.success() {
        bail!("sbatch refuses {}: {}", script.display(), said(&stderr));
    }
    Ok(said(&stdout))
}

/// The number of a job in what `sbatch` says; with a federation of clusters the name of one follows.
fn job_number(said: &str) -> Result<String> {
    let number = said.split(';').next().unwrap_or_default();
    ensure!(is_number(number), "sbatch says {said:?}, which is no job number");
    Ok(number.to_owned())
}

/// Output on one line.
fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        for (text, expected) in [
            ("", Some(Submitted::Nothing)),
            ("submitting\n", Some(Submitted::Unknown)),
            ("17\n", Some(Submitted::Array("17".to_owned()))),
            ("17\n18\n", Some(Submitted::Both { array: "17".to_owned(), merge: "18".to_owned() })),
            ("\n", None),
            ("17;rm\n", None),
            ("17\n18\n19\n", None),
            ("my own", None),
        ] {
            assert_eq!(Submitted::read(text), expected, "{text:?}");
        }
    }
}
