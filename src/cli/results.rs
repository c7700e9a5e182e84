//! `results` looks after directories of results; `status` shows how far a run is.

use super::Ending;
use super::draw::DrawingOptions;
use super::output::{Align, Style, columns, counted, note, path_line, print};
use super::progress::{Busy, progress_bar};
use super::run::{UnsolvedOption, array_of, finish, summary};
use anyhow::{Result, bail};
use equipoise::analysis::{Merge, MissingShard, Results, Survey, SurveyedFile, prune};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

const EXAMPLES: &str = "Examples:
  equipoise results list averaging                  what is there, file by file
  equipoise results verify averaging                checks that everything is intact and complete
  equipoise results prune averaging                 removes what no run can use
  equipoise results merge averaging                 shards in one directory become one
  equipoise results merge here there --out whole    shards from several machines";

const MERGE_EXAMPLES: &str = "Examples:
  equipoise run averaging --shard 1/2               on one machine, into averaging
  equipoise run averaging --shard 2/2 --out there   on another
  equipoise results merge averaging there           into averaging
  equipoise results merge averaging there --out whole --theme slides";

/// What to do with which directory.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ResultsArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show what a directory holds, file by file
    #[command(after_help = "Example:\n  equipoise results list averaging")]
    List {
        /// A directory that `equipoise run` has filled or is filling
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Join shards into the whole: records and figures as if one machine had run it
    #[command(after_help = MERGE_EXAMPLES)]
    Merge {
        /// Directories that hold shards of one analysis
        #[arg(value_name = "DIR", required = true)]
        directories: Vec<PathBuf>,
        /// Directory for the whole [default: the first DIR]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Overwrite what is in a directory for the whole that is none of the DIRs
        #[arg(long, requires = "out")]
        force: bool,
        #[command(flatten)]
        unsolved: UnsolvedOption,
        #[command(flatten)]
        drawing: DrawingOptions,
    },
    /// Check that every record is intact and that none is missing
    #[command(
        after_help = "Example:\n  equipoise results verify averaging\n\nExit codes: 0 intact and complete; 1 not; 2 bad input."
    )]
    Verify {
        /// A directory that `equipoise run` has filled
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Take out damaged lines and records of other problems
    #[command(
        after_help = "Example:\n  equipoise results prune averaging     then `equipoise run` solves what is missing"
    )]
    Prune {
        /// A directory that `equipoise run` has filled
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Change files of a directory that equipoise run has not filled
        #[arg(long)]
        force: bool,
    },
}

pub(super) fn run(arguments: &ResultsArguments, style: Style) -> Result<Ending> {
    match &arguments.action {
        Action::List { directory } => list(directory, style),
        Action::Merge { directories, out, force, unsolved, drawing } => {
            let out = out.as_ref().or(directories.first()).map_or(Path::new("."), PathBuf::as_path);
            let results = merge(directories, (out, *force), drawing, style)?;
            Ok(unsolved.ending(&results))
        }
        Action::Verify { directory } => verify(directory, style),
        Action::Prune { directory, force } => {
            let busy = Busy::new("reading the records");
            let gone = prune(directory, *force)?;
            drop(busy);
            print(&format!("{} taken out\n", counted(gone as u64, "record")))?;
            Ok(Ending::Done)
        }
    }
}

/// What is in a directory.
fn surveyed(directory: &Path) -> Result<Survey> {
    let _busy = Busy::new("reading the records");
    Ok(Survey::of(directory)?)
}

fn list(directory: &Path, style: Style) -> Result<Ending> {
    let survey = surveyed(directory)?;
    print(&listed(&survey, style))?;
    survey.files.iter().flat_map(|file| &file.remarks).for_each(|remark| note(remark));
    Ok(Ending::Done)
}

fn listed(survey: &Survey, style: Style) -> String {
    let mut rows = vec![["file", "records", "foreign", "damaged", ""].map(str::to_owned).to_vec()];
    rows.extend(survey.files.iter().map(row));
    let alignment = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    format!(
        "{}: {} of {} solved\n{}",
        style.strong(&survey.experiment.analysis.name),
        survey.solved,
        counted(survey.problems as u64, "problem"),
        columns(&rows, &alignment)
    )
}

fn row(file: &SurveyedFile) -> Vec<String> {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let numbers = [file.records, file.foreign, file.remarks.len()].map(|number| number.to_string());
    let state = if file.being_written { "being written" } else { "" };
    [vec![name], numbers.to_vec(), vec![state.to_owned()]].concat()
}

fn verify(directory: &Path, style: Style) -> Result<Ending> {
    let survey = surveyed(directory)?;
    let faults: Vec<&String> = survey.files.iter().flat_map(|file| &file.remarks).collect();
    let foreign: usize = survey.files.iter().map(|file| file.foreign).sum();
    let open = survey.problems - survey.solved;
    faults.iter().for_each(|fault| note(fault));
    if foreign > 0 {
        note(&format!("{}: {} of other problems", directory.display(), counted(foreign as u64, "record")));
    }
    if open > 0 {
        note(&format!(
            "{}: {} not solved; equipoise run {} resumes",
            directory.display(),
            counted(open as u64, "problem"),
            directory.join("analysis.toml").display()
        ));
    }
    if faults.is_empty() && foreign == 0 && open == 0 {
        print(&format!(
            "{}: {}, all intact\n",
            style.good("sound"),
            counted(survey.problems as u64, "record")
        ))?;
        return Ok(Ending::Done);
    }
    Ok(Ending::Failed)
}

fn merge(
    directories: &[PathBuf],
    (out, overwrite): (&Path, bool),
    drawing: &DrawingOptions,
    style: Style,
) -> Result<Results> {
    let started = Instant::now();
    let busy = Busy::new("reading the shards");
    let merge = Merge::of(directories, out, overwrite)?;
    drop(busy);
    if !merge.missing.is_empty() {
        merge.remarks.iter().for_each(|remark| note(remark));
        bail!(
            "{}",
            merge
                .missing
                .iter()
                .map(|part| missing_message(part, &directories[0]))
                .collect::<Vec<_>>()
                .join("; ")
        );
    }
    let (experiment, store) = merge.open()?;
    let done = finish(&experiment, &store, out, drawing, style)?;
    print(&summary(&done, out, started, style))?;
    Ok(done.results)
}

/// What is missing and how to have it.
fn missing_message(MissingShard { shard, open, total }: &MissingShard, directory: &Path) -> String {
    let file = directory.join("analysis.toml");
    let shard = if shard.of == 1 { String::new() } else { format!(" --shard {shard}") };
    let part = if shard.is_empty() { "the analysis" } else { "a part" };
    format!("{part} lacks {open} of {total} problems: equipoise run {}{shard}", file.display())
}

const STATUS_EXAMPLES: &str = "Examples:
  equipoise status digits-table              shards, solved problems, and where Slurm has them
  equipoise status digits-table --follow     a bar with the time left, until all is done

Exit codes: 0 all problems are solved; 1 not yet; 2 bad input.
To submit unfinished shards again, repeat `equipoise run DIR/analysis.toml --out DIR --slurm`.";

/// Which run.
#[derive(Debug, clap::Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub(super) struct StatusArguments {
    /// A directory that `equipoise run` is filling
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Keep showing it until all problems are solved, or nothing works on them any more
    #[arg(long)]
    follow: bool,
}

/// Width of a bar in characters.
const BAR: usize = 24;

pub(super) fn run_status(arguments: &StatusArguments, style: Style) -> Result<Ending> {
    let directory = &arguments.directory;
    let survey = if arguments.follow { follow(directory)? } else { surveyed(directory)? };
    print(&status(&survey, &slurm_states(directory), style))?;
    survey.files.iter().flat_map(|file| &file.remarks).for_each(|remark| note(remark));
    if !arguments.follow && survey.solved < survey.problems && is_at_work(&survey, directory) {
        note(&format!(
            "still at work; `equipoise status {} --follow` keeps this moving, with the time left",
            path_line(directory)
        ));
    }
    Ok(if survey.solved == survey.problems { Ending::Done } else { Ending::Failed })
}

/// Between two looks, at least.
const PAUSE: Duration = Duration::from_secs(1);
/// A look takes at most this part of the time, so that it does not slow down what it looks at.
const SHARE: u32 = 10;
/// Looks without anybody at work after which nobody is expected any more: one shard may end before the next begins.
const IDLE_LOOKS: usize = 5;

/// Looks again and again, behind a bar, and returns what is there in the end.
fn follow(directory: &Path) -> Result<Survey> {
    let bar = progress_bar("problems");
    let mut idle = 0;
    let mut known = None;
    loop {
        let started = Instant::now();
        let survey = Survey::of(directory)?;
        bar.set_message(survey.experiment.analysis.name.clone());
        bar.set_length(survey.problems as u64);
        bar.set_position(survey.solved as u64);
        // What was solved before the first look does not count for the speed.
        if known.replace(survey.solved).is_none() {
            bar.reset_eta();
        }
        idle = if is_at_work(&survey, directory) { 0 } else { idle + 1 };
        if survey.solved == survey.problems || idle == IDLE_LOOKS {
            bar.finish_and_clear();
            return Ok(survey);
        }
        sleep(PAUSE.max(started.elapsed() * SHARE));
    }
}

/// Whether a process of this machine, or a job that Slurm has not ended, works on a run.
fn is_at_work(survey: &Survey, directory: &Path) -> bool {
    let goes_on =
        |state: &String| ["PENDING", "CONFIGURING", "RUNNING", "REQUEUED"].contains(&state.as_str());
    survey.files.iter().any(|file| file.being_written) || slurm_states(directory).values().any(goes_on)
}

/// How far a run is, and each of its shards.
fn status(survey: &Survey, slurm: &BTreeMap<usize, String>, style: Style) -> String {
    let mut rows = Vec::new();
    for part in &survey.parts {
        let state = match slurm.get(&part.shard.number) {
            _ if part.solved == part.total => "done".to_owned(),
            Some(state) => state.to_lowercase(),
            None if part.being_written => "running".to_owned(),
            None => "not running".to_owned(),
        };
        let solved = format!("{} of {}", part.solved, part.total);
        rows.push(vec![format!("shard {}", part.shard), bar(part.solved, part.total), solved, state]);
    }
    format!(
        "{} {} {} of {} problems solved\n{}",
        style.strong(&survey.experiment.analysis.name),
        bar(survey.solved, survey.problems),
        survey.solved,
        survey.problems,
        columns(&rows, &[Align::Left, Align::Left, Align::Right, Align::Left])
    )
}

fn bar(solved: usize, total: usize) -> String {
    let filled = (BAR * solved).checked_div(total).unwrap_or(BAR);
    format!("[{}{}]", "#".repeat(filled), "-".repeat(BAR - filled))
}

/// Slurm's state of each shard of the last array submitted; nothing where there is none, or where Slurm no longer lists
/// it. Records, not Slurm, decide whether a shard is done.
fn slurm_states(directory: &Path) -> BTreeMap<usize, String> {
    let Some(array) = array_of(directory) else { return BTreeMap::new() };
    let output = Command::new("squeue").args(["-h", "-r", "-t", "all", "-j", &array, "-o", "%K|%T"]).output();
    let text =
        output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    let state = |line: &str| {
        let (number, state) = line.trim().split_once('|')?;
        Some((number.parse().ok()?, state.to_owned()))
    };
    text.lines().filter_map(state).collect()
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bars_fill_as_problems_are_solved() {
        assert_eq!(bar(0, 7), format!("[{}]", "-".repeat(24)));
        assert_eq!(bar(1, 2), format!("[{}{}]", "#".repeat(12), "-".repeat(12)));
        assert_eq!(bar(0, 0), format!("[{}]", "#".repeat(24)));
    }
}
