//! `losses`: what losses there are, with equation, law and source.

use super::Ending;
use super::draw::DrawingOptions;
use super::files::Destination;
use super::output::{Style, print};
use anyhow::{Context, Result};
use equipoise::figure::draw_loss_gradients;
use equipoise::loss::{LOSS_TABLE, LossRow, loss_named, no_such_loss};
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  equipoise losses                 all of them
  equipoise losses focal seesaw    two of them
  equipoise losses --draw figures  the gradient of each by a logit, as figures";

/// Which losses.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListLossesArguments {
    /// Their names [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Draw the gradients of the losses by a logit, into this directory
    #[arg(long, value_name = "DIR", conflicts_with = "names")]
    draw: Option<PathBuf>,
    /// Overwrite files there that equipoise did not write
    #[arg(long, requires = "draw", conflicts_with = "names")]
    force: bool,
    #[command(flatten)]
    drawing: DrawingOptions,
}

/// What holds for all of them.
const REDUCTION: &str = "A sample counts as much as its class weighs; the sum is divided by the sum of weights unless \
`audit --reduction` says otherwise. class-balanced losses are --class-weights effective:B with any of these.";

pub(super) fn run(arguments: &ListLossesArguments, style: Style) -> Result<Ending> {
    if let Some(directory) = &arguments.draw {
        let figures = draw_loss_gradients(arguments.drawing.theme())?;
        let files = arguments.drawing.files(figures.iter().map(|figure| figure.file_stem.clone()));
        Destination { directory, files: &files, overwrite: arguments.force }.prepare_for_figures()?;
        for figure in figures {
            arguments.drawing.write(&figure, directory)?;
            print(&format!("{}: {}\n", style.strong(&figure.id), figure.caption))?;
        }
        return Ok(Ending::Done);
    }
    let named = |name: &String| loss_named(name).with_context(|| no_such_loss(name));
    let rows: Vec<&LossRow> = if arguments.names.is_empty() {
        LOSS_TABLE.to_vec()
    } else {
        arguments.names.iter().map(named).collect::<Result<_>>()?
    };
    let text: Vec<String> = rows.into_iter().map(|row| described(row, style)).collect();
    print(&format!("{}\n{REDUCTION}\n", text.join("\n")))?;
    Ok(Ending::Done)
}

fn described(row: &LossRow, style: Style) -> String {
    let mut text = format!("{}  {}\n  {}\n  {}\n", style.strong(row.name), row.title, row.equation, row.law);
    let settings: Vec<String> = row
        .default
        .numbers()
        .iter()
        .map(|(parameter, value)| format!("--{} {value}", parameter.name))
        .collect();
    for (heading, line) in [
        ("settings", settings.join(" ")),
        ("source", row.source.to_owned()),
        ("practice", row.practice.to_owned()),
    ] {
        if !line.is_empty() {
            text += &format!("  {heading}: {line}\n");
        }
    }
    text
}
