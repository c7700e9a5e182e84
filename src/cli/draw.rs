//! `draw`: the figures of a finished run, without solving anything.

use super::Ending;
use super::drawing::DrawingOptions;
use super::files::Destination;
use super::output::{Style, print};
use super::run::{captions, report_unsolved};
use anyhow::Result;
use equipoise::analysis::Results;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  equipoise draw averaging --format pdf
  equipoise draw averaging --theme slides --out slides";

/// Which figures to draw and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DrawArguments {
    /// A directory that `equipoise run` has filled
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Directory for the figures [default: DIR]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite files that equipoise did not write
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    drawing: DrawingOptions,
}

pub(super) fn run(arguments: &DrawArguments, style: Style) -> Result<Ending> {
    let results = Results::read(&arguments.directory)?;
    let directory = arguments.out.as_ref().unwrap_or(&arguments.directory);
    let analysis = &results.experiment.analysis;
    let stems = analysis.figure.iter().map(|figure| analysis.file_stem(&figure.id));
    let files = arguments.drawing.files(stems);
    Destination { directory, files: &files, overwrite: arguments.force }.prepare_for_figures()?;
    print(&captions(&arguments.drawing.draw(&results, directory)?, style))?;
    report_unsolved(&results);
    Ok(Ending::Done)
}
