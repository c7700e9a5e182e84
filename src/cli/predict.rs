//! `predict`: what a saved head says of new samples.

use super::Ending;
use super::data_arguments::say_taken;
use super::files::{Target, check_targets};
use super::output::{note, print};
use super::predictions::{PredictionFormat, save_predictions};
use super::saved_head::SavedHead;
use super::table_arguments::TableArguments;
use anyhow::Result;
use equipoise::balance::Predictions;
use equipoise::data::NewSamplesRequest;
use equipoise::numeric::counted;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  equipoise solve data.csv --label species --save head.json
  equipoise predict head.json new.csv --out predictions.csv
  equipoise predict head.json new.parquet --out predictions.npz

The file of new samples needs the columns that the head was solved over, by their names and in any order. The predictions are a
line per row: its number from 0, the class of the largest logit, the probability of every class, and, where the head was solved
with class weights, the same corrected for them.";

/// A head, new samples, and where predictions go.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PredictArguments {
    /// A head that `solve --save FILE.json` wrote
    head: PathBuf,
    /// Table, archive or NPY file of samples, or - for standard input
    file: PathBuf,
    /// Where predictions go, .csv or .npz
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    table: TableArguments,
}

pub(super) fn run(arguments: &PredictArguments) -> Result<Ending> {
    PredictionFormat::of(&arguments.out)?;
    let inputs = [arguments.head.as_path(), arguments.file.as_path()];
    check_targets(Target::of("--out", Some(&arguments.out)).as_slice(), &inputs)?;
    let saved = SavedHead::read(&arguments.head)?;
    let request = NewSamplesRequest {
        design: &saved.design,
        classes: &saved.classes,
        label: None,
        ignore: &[],
        format: &arguments.table.format(),
    };
    let new = request.read(&arguments.file)?;
    say_taken(&new.taken);
    let link = saved.loss_plan.row().link;
    let predictions = Predictions::of(link, &saved.head().logits(&new.features), &saved.class_weights);
    save_predictions(&arguments.out, &predictions, &saved.classes)?;
    let rows = counted(predictions.classes.len() as u64, "row");
    note(&format!("predictions for {rows} are in {}", arguments.out.display()));
    print("")?;
    Ok(Ending::Done)
}
