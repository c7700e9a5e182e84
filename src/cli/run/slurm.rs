//! `run --slurm`: the shards of a run as an array of jobs, and a job after them that merges and draws.

use super::slurm_jobs::Jobs;
use crate::cli::Ending;
use crate::cli::drawing::DrawingOptions;
use crate::cli::output::print;
use anyhow::{Context, Result, bail};
use equipoise::analysis::{
    Experiment, SLURM_ARRAY, SLURM_MERGE, Store, memory_at_once, memory_of_records, missing_shards,
};
use equipoise::files::write_marked;
use equipoise::text::is_unprintable;
use std::path::Path;

/// Heading of these options.
const HEADING: &str = "On a cluster";
/// Bytes that the program takes beside its problems.
const PROGRAM_MEMORY: u128 = 256 << 20;

/// How a run is handed to Slurm.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SlurmOptions {
    /// Hand the run to Slurm: an array of jobs, then one that merges and draws; what is done already is not done again
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["shard", "estimate", "parquet"])]
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
        overwrite: bool,
        drawing: &DrawingOptions,
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
            (SLURM_MERGE, self.merge_script(experiment, &program, &full, drawing)?),
        ];
        for (name, text) in &scripts {
            let path = directory.join(name);
            write_marked(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mut output = scripts.map(|(name, _)| format!("{}\n", directory.join(name).display())).concat();
        match jobs {
            None => output += "nothing is submitted; without --dry-run both are, from that directory\n",
            Some(jobs) => {
                output += &jobs.submit(&open)?;
                output += &format!("equipoise status {} shows how far they are\n", directory.display());
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
        drawing: &DrawingOptions,
    ) -> Result<String> {
        let head = self.head(&format!("{}-merge", experiment.analysis.name), "%j");
        let (program, directory) = (quoted(program)?, quoted(directory)?);
        let memory = memory_line(experiment, 1, drawing.memory(&experiment.analysis))?;
        let drawing = drawing.as_arguments().join(" ");
        Ok(format!(
            "{head}#SBATCH --cpus-per-task=1\n{memory}\
             # It comes after the shards, whatever became of them, and names what is missing.\n\n\
             {program} results merge {directory} {drawing}\n"
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
