//! `man`: a manual page for the program and for each of its commands.

use super::Ending;
use super::files::{Target, check_targets, save_bytes};
use super::output::{counted, path_line, print};
use anyhow::{Context, Result, bail};
use clap::Command;
use equipoise::files::{make_directory, read_text};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "Examples:
  equipoise man ~/.local/share/man/man1      then: man equipoise, man equipoise-solve";

/// Where to.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ManArguments {
    /// Directory for the pages; made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Overwrite files that equipoise did not write
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &ManArguments, command: Command) -> Result<Ending> {
    let directory = &arguments.directory;
    let mut pages = Vec::new();
    render(command, &mut pages)?;
    make_directory(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    let files: Vec<PathBuf> = pages.iter().map(|(name, _)| directory.join(format!("{name}.1"))).collect();
    let targets: Vec<Target> = files.iter().map(|file| Target { option: "man", file }).collect();
    check_targets(&targets, &[])?;
    if !arguments.force {
        let foreign = files.iter().zip(&pages).find(|(file, (name, _))| !is_free(file, name));
        if let Some((file, _)) = foreign {
            bail!(
                "{}: already exists and was not written by equipoise; choose another directory, or --force to overwrite",
                file.display()
            );
        }
    }
    for (file, (_, page)) in files.iter().zip(&pages) {
        save_bytes(file, page)?;
    }
    print(&format!("{}: {} written\n", path_line(directory), counted(pages.len() as u64, "page")))?;
    Ok(Ending::Done)
}

/// Whether there is no such file, or a page of that name, perhaps of another version. No mark is left among the pages of other
/// programs.
fn is_free(file: &Path, name: &str) -> bool {
    let heading = format!(".TH {name} 1 ");
    match file.symlink_metadata() {
        Ok(_) => read_text(file).is_ok_and(|text| text.lines().any(|line| line.starts_with(&heading))),
        Err(_) => true,
    }
}

/// Name and text of the page of a command and of those below it.
fn render(mut command: Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    // Full names and the options of every command come down to those below.
    command.build();
    let mut left = vec![command];
    while let Some(command) = left.pop() {
        let below =
            command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
        left.extend(below.cloned());
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).context("a manual page cannot be written")?;
        pages.push((name, page));
    }
    Ok(())
}
