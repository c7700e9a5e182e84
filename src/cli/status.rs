//! `status`: how far a run is that goes on elsewhere.

use super::Ending;
use super::output::{Align, Style, columns, note, print};
use super::run::array_of;
use anyhow::Result;
use equipoise::analysis::Survey;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const EXAMPLES: &str = "Examples:
  equipoise status digits-table     shards, solved problems, and where Slurm has them

`equipoise run DIR/analysis.toml --out DIR --slurm` again submits what is not done.";

/// Which run.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StatusArguments {
    /// A directory that `equipoise run` is filling
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Width of a bar in characters.
const BAR: usize = 24;

pub(super) fn run(arguments: &StatusArguments, style: Style) -> Result<Ending> {
    let directory = &arguments.directory;
    let survey = Survey::of(directory)?;
    let slurm = slurm_states(directory);
    let mut text = format!(
        "{} {} {} of {} problems solved\n",
        style.strong(&survey.experiment.analysis.name),
        bar(survey.solved, survey.problems),
        survey.solved,
        survey.problems
    );
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
    text += &columns(&rows, &[Align::Left, Align::Left, Align::Right, Align::Left]);
    print(&text)?;
    survey.files.iter().flat_map(|file| &file.remarks).for_each(|remark| note(remark));
    Ok(if survey.solved == survey.problems { Ending::Done } else { Ending::Failed })
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
