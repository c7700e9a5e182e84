//! `run --slurm`: the shards of a run as an array of jobs, and a job after them that merges and draws.

use crate::cli::Ending;
use crate::cli::drawing::DrawingOptions;
use crate::cli::output::print;
use anyhow::{Context, Result, bail};
use equipoise::analysis::{Experiment, Store, missing_shards};
use equipoise::files::write_whole;
use std::path::Path;
use std::process::Command;

/// Heading of these options.
const HEADING: &str = "On a cluster";
/// The array's script, beside the results.
const ARRAY: &str = "slurm-array.sh";
/// The script that merges and draws.
const MERGE: &str = "slurm-merge.sh";
/// Numbers of the jobs that were submitted.
pub(in crate::cli) const JOBS: &str = "slurm-jobs.txt";

/// How a run is handed to Slurm.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SlurmOptions {
    /// Hand the run to Slurm: an array of jobs, then one that merges and draws; what is done already is not done again
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["shard", "estimate", "force", "parquet"])]
    slurm: bool,
    /// Jobs in the array
    #[arg(long, help_heading = HEADING, value_name = "N", default_value_t = 8, requires = "slurm")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    array: u16,
    /// Processors of each job
    #[arg(long, help_heading = HEADING, value_name = "N", default_value_t = 1, requires = "slurm")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    cpus: u16,
    /// Partition of the cluster [default: the cluster's own]
    #[arg(long, help_heading = HEADING, value_name = "NAME", requires = "slurm")]
    partition: Option<String>,
    /// Longest time of a job, as Slurm takes it, such as 2:00:00 [default: the partition's]
    #[arg(long, help_heading = HEADING, value_name = "TIME", requires = "slurm")]
    time: Option<String>,
    /// Write the scripts and submit nothing
    #[arg(long, help_heading = HEADING, requires = "slurm")]
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
        drawing: &DrawingOptions,
    ) -> Result<Ending> {
        for (flag, value) in [("--partition", &self.partition), ("--time", &self.time)] {
            if let Some(value) = value.as_ref().filter(|value| !plain(value)) {
                bail!("{flag} {value:?}: use letters, digits and - _ : . , alone");
            }
        }
        // The jobs run the analysis kept beside the results; the shards are those that are not done.
        let store = Store::open(directory, experiment, None, false)?;
        let open = missing_shards(experiment, &store, usize::from(self.array))?;
        drop(store);
        let open: Vec<String> = open.iter().map(|part| part.shard.number.to_string()).collect();
        let full =
            directory.canonicalize().with_context(|| format!("cannot read {}", directory.display()))?;
        let program = std::env::current_exe().context("the program's own path is not known")?;
        let scripts = [
            (ARRAY, self.array_script(experiment, &program, &full, &open)),
            (MERGE, self.merge_script(experiment, &program, &full, drawing)),
        ];
        for (name, text) in &scripts {
            let path = directory.join(name);
            write_whole(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mut output = scripts.map(|(name, _)| format!("{}\n", directory.join(name).display())).concat();
        if self.dry_run {
            output += "nothing is submitted; without --dry-run both are\n";
        } else {
            output += &submit(&full, &open)?;
            output += &format!("equipoise status {} shows how far they are\n", directory.display());
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
    ) -> String {
        let (name, array, cpus) = (&experiment.analysis.name, self.array, self.cpus);
        let head = self.head(&format!("{name}-shards"), directory, "%A_%a");
        let (program, directory) = (quoted(program), quoted(directory));
        format!(
            "{head}#SBATCH --array={}\n#SBATCH --cpus-per-task={cpus}\n\
             # A job that loses its node is restarted and resumes.\n#SBATCH --requeue\n\
             #SBATCH --open-mode=append\n\n\
             {program} --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" run {directory}/analysis.toml --out {directory} \\\n    \
             --shard \"${{SLURM_ARRAY_TASK_ID}}/{array}\"\n",
            open.join(",")
        )
    }

    fn merge_script(
        &self,
        experiment: &Experiment,
        program: &Path,
        directory: &Path,
        drawing: &DrawingOptions,
    ) -> String {
        let head = self.head(&format!("{}-merge", experiment.analysis.name), directory, "%j");
        let (program, directory) = (quoted(program), quoted(directory));
        let drawing = drawing.as_arguments().join(" ");
        format!(
            "{head}# It comes after the shards, whatever became of them, and names what is missing.\n\n\
             {program} results merge {directory} {drawing}\n"
        )
    }

    fn head(&self, job: &str, directory: &Path, number: &str) -> String {
        let mut head = format!(
            "#!/bin/sh\n#SBATCH --job-name={job}\n#SBATCH --output={}/slurm-{number}.log\n",
            directory.display()
        );
        if let Some(partition) = &self.partition {
            head += &format!("#SBATCH --partition={partition}\n");
        }
        if let Some(time) = &self.time {
            head += &format!("#SBATCH --time={time}\n");
        }
        head
    }
}

/// Submits the shards that are open and the merging after them; without open shards the merging alone.
fn submit(directory: &Path, open: &[String]) -> Result<String> {
    if open.is_empty() {
        let merge = sbatch(&directory.join(MERGE), &[])?;
        return Ok(format!("all shards are done; merging: job {merge}\n"));
    }
    let array = sbatch(&directory.join(ARRAY), &[])?;
    // After the shards whatever became of them: it names what is missing, where a condition would wait for ever.
    let merge = sbatch(&directory.join(MERGE), &[format!("--dependency=afterany:{array}")])?;
    let jobs = directory.join(JOBS);
    write_whole(&jobs, format!("{array}\n{merge}\n").as_bytes())
        .with_context(|| format!("cannot write {}", jobs.display()))?;
    Ok(format!("array: job {array}, shards {}; merging after it: job {merge}\n", open.join(",")))
}

/// Submits a script; the number of its job.
fn sbatch(script: &Path, more: &[String]) -> Result<String> {
    let output = Command::new("sbatch").arg("--parsable").args(more).arg(script).output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "sbatch: not found; run this where Slurm is, or work on the shards without it: \
             equipoise run .. --shard 1/N to N/N, then equipoise results merge"
        ),
        other => other.context("sbatch cannot be run")?,
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    if !output.status.success() {
        bail!("sbatch refuses {}: {}", script.display(), text(&output.stderr));
    }
    // With a federation of clusters the name of one follows.
    let number = text(&output.stdout).split(';').next().unwrap_or_default().to_owned();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("sbatch says {number:?}, which is no job number");
    }
    Ok(number)
}

fn plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_:.,".contains(c))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
