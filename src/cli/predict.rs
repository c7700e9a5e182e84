//! `predict`: what a saved head says of new samples.

use super::Ending;
use super::data_arguments::{TableArguments, say_taken};
use super::files::{Target, check_targets, save_bytes};
use super::new_data::{PredictionFormat, check_predictions, finite_logits, save_predictions};
use super::offset;
use super::output::{note, print};
use super::progress::Busy;
use anyhow::{Context, Result, anyhow, bail, ensure};
use equipoise::balance::Predictions;
use equipoise::data::{
    DataError, DesignColumn, NewSamplesRequest, check_files_whole, npy_doubles, npy_texts, npz,
};
use equipoise::files::read_input;
use equipoise::loss::LossSpec;
use equipoise::numeric::counted;
use equipoise::record::SolveRecord;
use equipoise::solver::Head;
use equipoise::text::cleaned;
use nalgebra::DMatrix;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "Examples:
  equipoise solve data.csv --label species --save head.json
  equipoise predict head.json new.csv --out predictions.csv
  equipoise predict head.json new.parquet --out predictions.npz

The file of new samples needs the columns that the head was solved over, by their names and in any order. The predictions are a \
line per row: its number from 0, the class of the largest logit, the probability of every class, and, where class weights moved \
these, the same corrected for them.";

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
        offset: &saved.offset,
        classes: &saved.classes,
        label: None,
        sample_weights: None,
        ignore_index: &[],
        format: &arguments.table.format(),
    };
    let busy = Busy::new("reading");
    let new = request.read(&arguments.file)?;
    drop(busy);
    say_taken(&new.taken);
    check_predictions(new.features.ncols(), saved.classes.len())?;
    let busy = Busy::new("predicting");
    let loss = saved.loss_plan.row();
    let logits = finite_logits(&saved.head(), &new.features, &|sample| new.places.of(sample))?;
    let logits = offset::added(logits, &new.offset);
    let predictions = Predictions::of(loss.link, &logits, &saved.class_weights, loss.class_weights);
    check_files_whole()?;
    drop(busy);
    let busy = Busy::new("writing");
    save_predictions(&arguments.out, &predictions, &saved.classes)?;
    drop(busy);
    let rows = counted(predictions.classes.len() as u64, "row");
    note(&format!("predictions for {rows} are in {}", arguments.out.display()));
    print("")?;
    Ok(Ending::Done)
}

/// The kinds of files that a head is saved in, by the ending of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadFormat {
    /// All that `solve` prints; `predict` reads it.
    Json,
    /// A line per feature, a column per column of logits.
    Csv,
    /// Arrays `weight` (`K x d`), `bias` (`K`), `class_names` and `feature_names`.
    Npz,
    /// Tensors `weight` and `bias`, as `torch.nn.Linear` has them.
    Safetensors,
}

impl HeadFormat {
    pub(super) fn of(file: &Path) -> Result<Self> {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("npz") => Ok(Self::Npz),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => bail!("--save: {}: name it .json, .csv, .npz or .safetensors", file.display()),
        }
    }
}

/// Writes the head of a record, whose JSON is `json`.
pub(super) fn save_head(file: &Path, record: &SolveRecord, head: &Head, json: &str) -> Result<()> {
    let bytes = match HeadFormat::of(file)? {
        HeadFormat::Json => json.as_bytes().to_vec(),
        HeadFormat::Csv => csv(record, head)?,
        HeadFormat::Npz => arrays(record, head)?,
        HeadFormat::Safetensors => tensors(record, head)?,
    };
    save_bytes(file, &bytes)
}

/// What a column of logits is of; a single one is that of the second class.
fn columns(record: &SolveRecord, head: &Head) -> Vec<String> {
    if head.intercepts.len() == 1 { record.classes[1..].to_vec() } else { record.classes.clone() }
}

fn csv(record: &SolveRecord, head: &Head) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([vec!["feature".to_owned()], columns(record, head)].concat())?;
    for (feature, name) in record.features.iter().enumerate() {
        let of_feature = head.coefficients.column(feature);
        writer.write_record(std::iter::once(name.clone()).chain(of_feature.iter().map(f64::to_string)))?;
    }
    let intercepts = head.intercepts.iter().map(f64::to_string);
    writer.write_record(std::iter::once("intercept".to_owned()).chain(intercepts))?;
    Ok(writer.into_inner()?)
}

fn row_by_row(matrix: &DMatrix<f64>) -> impl Iterator<Item = f64> {
    matrix.transpose().as_slice().to_vec().into_iter()
}

fn arrays(record: &SolveRecord, head: &Head) -> Result<Vec<u8>> {
    let (rows, features) = head.coefficients.shape();
    Ok(npz(&[
        ("weight", npy_doubles(&[rows, features], row_by_row(&head.coefficients))),
        ("bias", npy_doubles(&[rows], head.intercepts.iter().copied())),
        ("class_names", npy_texts(&record.classes)),
        ("feature_names", npy_texts(&record.features)),
    ])?)
}

fn tensors(record: &SolveRecord, head: &Head) -> Result<Vec<u8>> {
    let (rows, features) = head.coefficients.shape();
    let weight: Vec<u8> = row_by_row(&head.coefficients).flat_map(f64::to_le_bytes).collect();
    let bias: Vec<u8> = head.intercepts.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensors = [
        ("bias", TensorView::new(Dtype::F64, vec![rows], &bias)?),
        ("weight", TensorView::new(Dtype::F64, vec![rows, features], &weight)?),
    ];
    // One entry: the order of several would differ from run to run.
    let names = serde_json::json!({ "classes": record.classes, "features": record.features }).to_string();
    Ok(safetensors::serialize(tensors, Some(HashMap::from([("names".to_owned(), names)])))?)
}

/// What predictions need of the JSON of `solve`.
#[derive(Debug, Deserialize)]
pub(super) struct SavedHead {
    pub(super) loss_plan: LossSpec,
    pub(super) classes: Vec<String>,
    pub(super) class_weights: Vec<f64>,
    pub(super) design: Vec<DesignColumn>,
    /// Columns that are added to the logits.
    #[serde(default)]
    pub(super) offset: Vec<String>,
    coefficients: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
}

impl SavedHead {
    /// Reads a head that `solve --save head.json` wrote.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let place = || file.display().to_string();
        let bytes = read_input(file).map_err(|error| DataError::unreadable(file, &error))?;
        let no_head = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            format!(
                "{}: is no head that solve --save FILE.json wrote (line {line}, column {column})",
                place()
            )
        };
        let mut head: Self = serde_json::from_slice(&bytes).map_err(|error| anyhow!(no_head(error)))?;
        head.check().with_context(place)?;
        head.classes = cleaned(head.classes);
        Ok(head)
    }

    fn check(&self) -> Result<()> {
        let features: usize = self.design.iter().map(|column| column.names().len()).sum();
        let columns = self.intercepts.len();
        let classes = self.classes.len();
        ensure!(
            classes >= 2 && self.class_weights.len() == classes,
            "has not one weight for each class; solve again"
        );
        ensure!(
            columns == classes || (columns == 1 && classes == 2),
            "has {columns} intercepts for {classes} classes; solve again"
        );
        ensure!(
            self.coefficients.len() == columns && self.coefficients.iter().all(|row| row.len() == features),
            "has not {columns} x {features} coefficients; solve again"
        );
        let numbers = self.coefficients.iter().flatten().chain(&self.intercepts);
        ensure!(
            numbers.chain(&self.class_weights).all(|number| number.is_finite()),
            "holds numbers that are not finite; solve again"
        );
        let offsets = self.offset.len();
        ensure!(
            offsets == 0 || offsets == classes || (offsets == 1 && classes == 2),
            "has {offsets} offsets for {classes} classes; solve again"
        );
        ensure!(
            self.class_weights.iter().all(|&weight| weight > 0.0),
            "has class weights that are not positive; solve again"
        );
        Ok(())
    }

    fn head(&self) -> Head {
        let columns = self.coefficients.first().map_or(0, Vec::len);
        let entries = self.coefficients.iter().flatten().copied();
        Head {
            coefficients: DMatrix::from_row_iterator(self.intercepts.len(), columns, entries),
            intercepts: self.intercepts.clone(),
        }
    }
}
