//! `completions`: what a shell needs to complete commands and options.

use super::Ending;
use super::output::print_bytes;
use anyhow::Result;
use clap_complete::{Shell, generate};

const EXAMPLES: &str = "Examples:
  equipoise completions bash > ~/.local/share/bash-completion/completions/equipoise
  equipoise completions zsh > ~/.zfunc/_equipoise       with ~/.zfunc in fpath
  equipoise completions fish > ~/.config/fish/completions/equipoise.fish

Open a new shell afterwards.";

/// For which shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments, mut command: clap::Command) -> Result<Ending> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    generate(arguments.shell, &mut command, name, &mut script);
    print_bytes(&script)?;
    Ok(Ending::Done)
}
