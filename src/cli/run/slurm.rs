//! `run --slurm`: the shards of a run as an array of jobs, and a job after them that merges and draws.
//!
//! The numbers of both jobs are written down one by one, so that the same command never submits an array twice.

use super::UnsolvedOption;
use crate::cli::Ending;
use crate::cli::draw::DrawingOptions;
use crate::cli::output::{path_line, print};
use anyhow::{Context, Result, bail, ensure};
use equipoise::analysis::{
    Experiment, SLURM_ARRAY, SLURM_JOBS, SLURM_MERGE, Store, memory_at_once, memory_of_records,
    missing_shards,
};
use equipoise::files::{LockedFile, read_text, remove, write_marked};
use equipoise::text::is_unprintable;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Heading of these options.
const HEADING: &str = "On a cluster";
/// Options that these do not go with. Each names them itself: what requires an option that is ruled out counts as given.
const NOT_ON_A_CLUSTER: [&str; 3] = ["shard", "estimate", "parquet"];
/// Bytes that the program takes beside its problems.
const PROGRAM_MEMORY: u128 = 256 << 20;

/// How a run is handed to Slurm.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SlurmOptions {
    /// Submit the run to Slurm: an array of jobs, then one that merges and draws; finished work is not repeated
    #[arg(long, help_heading = HEADING, conflicts_with_all = NOT_ON_A_CLUSTER)]
    slurm: bool,
    /// Jobs in the array
    #[arg(long, help_heading = HEADING, value_name = "N", default_value_t = 8, requires = "slurm", conflicts_with_all = NOT_ON_A_CLUSTER)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    array: u16,
    /// Processors of each job
    #[arg(long, help_heading = HEADING, value_name = "N", default_value_t = 1, requires = "slurm", conflicts_with_all = NOT_ON_A_CLUSTER)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    cpus: u16,
    /// Partition of the cluster [default: the cluster's own]
    #[arg(long, help_heading = HEADING, value_name = "NAME", requires = "slurm", conflicts_with_all = NOT_ON_A_CLUSTER)]
    partition: Option<String>,
    /// Longest time of a job, as Slurm takes it, such as 2:00:00 [default: the partition's]
    #[arg(long, help_heading = HEADING, value_name = "TIME", requires = "slurm", conflicts_with_all = NOT_ON_A_CLUSTER)]
    time: Option<String>,
    /// Write the scripts and submit nothing
    #[arg(long, help_heading = HEADING, requires = "slurm", conflicts_with_all = NOT_ON_A_CLUSTER)]
    dry_run: bool,
}

impl SlurmOptions {
    pub(super) fn asked_for(&self) -> bool {
        self.slurm
    }

    /// Writes both scripts into the directory of the results, and submits them.
    pub(super) fn submit(
        &self,
        experiment: &Experiment,
        directory: &Path,
        overwrite: bool,
        merging: (&DrawingOptions, UnsolvedOption),
    ) -> Result<Ending> {
        for (flag, value) in [("--partition", &self.partition), ("--time", &self.time)] {
            if let Some(value) = value.as_ref().filter(|value| !plain(value)) {
                bail!("{flag} {value:?}: use letters, digits and - _ : . , alone");
            }
        }
        let program = std::env::current_exe().context("the program's own path is not known")?;
        quoted(&program)?;
        quoted(&std::path::absolute(directory).context("the path of --out is not known")?)?;
        // The jobs run the analysis kept beside the results; the shards are those that are not done.
        let store = Store::open(directory, experiment, None, overwrite)?;
        let open = missing_shards(experiment, &store, usize::from(self.array))?;
        drop(store);
        let open: Vec<String> = open.iter().map(|part| part.shard.number.to_string()).collect();
        let full =
            directory.canonicalize().with_context(|| format!("cannot read {}", directory.display()))?;
        let jobs = if self.dry_run { None } else { Some(Jobs::open(&full, &experiment.analysis.name)?) };
        let scripts = [
            (SLURM_ARRAY, self.array_script(experiment, &program, &full, &open)?),
            (SLURM_MERGE, self.merge_script(experiment, &program, &full, merging)?),
        ];
        for (name, text) in &scripts {
            let path = directory.join(name);
            write_marked(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mut output = scripts.map(|(name, _)| path_line(&directory.join(name)) + "\n").concat();
        match jobs {
            None => output += "nothing is submitted; without --dry-run both are, from that directory\n",
            Some(jobs) => {
                output += &jobs.submit(&open)?;
                output += &format!("equipoise status {} shows how far they are\n", path_line(directory));
            }
        }
        print(&output)?;
        Ok(Ending::Done)
    }

    fn array_script(
        &self,
        experiment: &Experiment,
        program: &Path,
        directory: &Path,
        open: &[String],
    ) -> Result<String> {
        let (name, array, cpus) = (&experiment.analysis.name, self.array, self.cpus);
        let head = self.head(&format!("{name}-shards"), "%A_%a");
        let memory = memory_line(experiment, usize::from(cpus), 0)?;
        let (program, directory) = (quoted(program)?, quoted(directory)?);
        Ok(format!(
            "{head}#SBATCH --array={}\n#SBATCH --cpus-per-task={cpus}\n{memory}\
             # A job that loses its node is restarted and resumes.\n#SBATCH --requeue\n\
             #SBATCH --open-mode=append\n\n\
             {program} --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" run {directory}/analysis.toml --out {directory} \\\n    \
             --shard \"${{SLURM_ARRAY_TASK_ID}}/{array}\"\n",
            open.join(",")
        ))
    }

    fn merge_script(
        &self,
        experiment: &Experiment,
        program: &Path,
        directory: &Path,
        (drawing, unsolved): (&DrawingOptions, UnsolvedOption),
    ) -> Result<String> {
        let head = self.head(&format!("{}-merge", experiment.analysis.name), "%j");
        let (program, directory) = (quoted(program)?, quoted(directory)?);
        let memory = memory_line(experiment, 1, drawing.memory(&experiment.analysis))?;
        let drawing = drawing.as_arguments().join(" ");
        let unsolved = unsolved.as_argument();
        Ok(format!(
            "{head}#SBATCH --cpus-per-task=1\n{memory}\
             # It comes after the shards, whatever became of them, and names what is missing.\n\n\
             {program} results merge {directory} {drawing}{unsolved}\n"
        ))
    }

    /// The logs' names are relative to the directory that the script is submitted from: no path is among Slurm's options,
    /// which have quotes and patterns of their own.
    fn head(&self, job: &str, number: &str) -> String {
        let mut head = format!("#!/bin/sh\n#SBATCH --job-name={job}\n#SBATCH --output=slurm-{number}.log\n");
        if let Some(partition) = &self.partition {
            head += &format!("#SBATCH --partition={partition}\n");
        }
        if let Some(time) = &self.time {
            head += &format!("#SBATCH --time={time}\n");
        }
        head
    }
}

/// What a job asks for: so many problems at once and all records, as `--estimate` foresees them, and what is `beside`. The
/// merging draws with the data of a problem.
fn memory_line(experiment: &Experiment, at_once: usize, beside: u128) -> Result<String> {
    let foreseen = memory_at_once(experiment, at_once)? + memory_of_records(experiment)?;
    let bytes = foreseen + beside + PROGRAM_MEMORY;
    Ok(format!("#SBATCH --mem={}M\n", bytes.div_ceil(1 << 20)))
}

fn plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_:.,".contains(c))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str().filter(|text| !text.contains(is_unprintable));
    let text = text.with_context(|| {
        format!(
            "{}: a script for Slurm holds no path with line breaks, characters that are no text or bytes that are not UTF-8; choose \
             another --out",
            path.display()
        )
    })?;
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

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
            format!("{}: another command submits this run; wait until it ends", path.display())
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
            let merge = job_number(&sbatch(&self.directory, SLURM_MERGE, &[]).said()?)?;
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
        let said = match sbatch(&self.directory, SLURM_ARRAY, &[]) {
            Answer::Submitted(said) => said,
            Answer::Refused(why) => {
                // An empty file says so too.
                let _ = self.file.clear();
                self.remove_if_empty();
                bail!(why)
            }
            Answer::Unclear(why) => bail!(
                "{why}; whether the array is submitted is not known: look for it with `squeue --name {}-shards`, cancel it, and \
                 remove {}",
                self.analysis,
                self.place()
            ),
        };
        let array = job_number(&said)?;
        let submitted = || format!("array job {array} is submitted; `scancel {array}` ends it");
        self.write(&array).with_context(submitted)?;
        Ok(array)
    }

    /// After the shards whatever became of them: it names what is missing, where a condition would wait for ever.
    fn submit_merge(mut self, array: &str, what: &str) -> Result<String> {
        let merge = sbatch(&self.directory, SLURM_MERGE, &[format!("--dependency=afterany:{array}")]);
        let merge = merge.said().and_then(|said| job_number(&said)).with_context(|| {
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

/// What came of asking Slurm to take a script.
enum Answer {
    /// It says this.
    Submitted(String),
    /// Nothing was submitted.
    Refused(String),
    /// It ended in an error after the script may have been taken.
    Unclear(String),
}

impl Answer {
    /// What Slurm says, or why it says nothing.
    fn said(self) -> Result<String> {
        match self {
            Self::Submitted(said) => Ok(said),
            Self::Refused(why) | Self::Unclear(why) => bail!(why),
        }
    }
}

/// Submits a script from its directory.
fn sbatch(directory: &Path, script: &str, more: &[String]) -> Answer {
    let script = directory.join(script);
    let output =
        Command::new("sbatch").current_dir(directory).arg("--parsable").args(more).arg(&script).output();
    let Output { status, stdout, stderr } = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Answer::Refused(
                "sbatch: not found; run this where Slurm is, or work on the shards without it: \
                 equipoise run .. --shard 1/N to N/N, then equipoise results merge"
                    .to_owned(),
            );
        }
        Err(error) => return Answer::Refused(format!("sbatch cannot be run: {error}")),
        Ok(output) => output,
    };
    let (stdout, stderr) = (said(&stdout), said(&stderr));
    if status.success() {
        return Answer::Submitted(stdout);
    }
    // A controller that answers too late may have taken the job, and so may an sbatch that was killed.
    let late = ["timed out", "timeout"].iter().any(|words| stderr.to_ascii_lowercase().contains(words));
    if late || status.code().is_none() || !stdout.is_empty() {
        let words =
            [stdout, stderr].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ");
        return Answer::Unclear(format!("sbatch {}: {status}: {words}", script.display()));
    }
    Answer::Refused(format!("sbatch refuses {}: {stderr}", script.display()))
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
