//! `losses`: what losses there are, with equation, law and source.

use super::Ending;
use super::output::{Style, print};
use crate::loss::{CATALOGUE, LossEntry, loss_named};
use anyhow::{Context, Result};

const EXAMPLES: &str = "Examples:
  equipoise losses                 all of them
  equipoise losses focal seesaw    two of them";

/// Which losses.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Their names [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// What holds for all of them.
const REDUCTION: &str = "A sample counts as much as its class weighs; the sum is divided by the sum of weights unless \
`audit --reduction` says otherwise. class-balanced losses are --class-weights effective:B with any of these.";

pub(super) fn run(arguments: &Arguments, style: Style) -> Result<Ending> {
    let known = || CATALOGUE.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let named =
        |name: &String| loss_named(name).with_context(|| format!("{name}: no loss; there are {}", known()));
    let entries: Vec<&LossEntry> = if arguments.names.is_empty() {
        CATALOGUE.iter().collect()
    } else {
        arguments.names.iter().map(named).collect::<Result<_>>()?
    };
    let text: Vec<String> = entries.into_iter().map(|entry| described(entry, style)).collect();
    print(&format!("{}\n{REDUCTION}\n", text.join("\n")))?;
    Ok(Ending::Done)
}

fn described(entry: &LossEntry, style: Style) -> String {
    let mut text =
        format!("{}  {}\n  {}\n  {}\n", style.strong(entry.name), entry.title, entry.equation, entry.law);
    let settings: Vec<String> =
        entry.settings.iter().map(|setting| format!("--{} {}", setting.name, setting.default)).collect();
    for (heading, line) in [
        ("settings", settings.join(" ")),
        ("source", entry.source.to_owned()),
        ("practice", entry.practice.to_owned()),
    ] {
        if !line.is_empty() {
            text += &format!("  {heading}: {line}\n");
        }
    }
    text
}
