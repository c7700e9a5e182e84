//! Predictions as a file: probabilities and class of every row.

use super::files::save_bytes;
use anyhow::{Result, bail};
use equipoise::balance::Predictions;
use equipoise::data::{npy_doubles, npy_texts, npy_whole, npz};
use nalgebra::DMatrix;
use std::path::Path;

/// The kinds of files that predictions are written in, by the ending of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PredictionFormat {
    Csv,
    Npz,
}

impl PredictionFormat {
    pub(super) fn of(file: &Path) -> Result<Self> {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npz") => Ok(Self::Npz),
            _ => bail!("--out: {}: name it .csv or .npz", file.display()),
        }
    }
}

/// Writes what a head predicts: the class, its probabilities, and those that are corrected for class weights.
pub(super) fn save_predictions(file: &Path, predictions: &Predictions, classes: &[String]) -> Result<()> {
    let bytes = match PredictionFormat::of(file)? {
        PredictionFormat::Csv => csv(predictions, classes)?,
        PredictionFormat::Npz => arrays(predictions, classes)?,
    };
    save_bytes(file, &bytes)
}

fn csv(predictions: &Predictions, classes: &[String]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let corrected = predictions.prior_corrected.as_ref();
    let mut headings = vec!["row".to_owned(), "predicted".to_owned()];
    headings.extend(classes.iter().map(|class| format!("p_{class}")));
    if corrected.is_some() {
        headings.extend(classes.iter().map(|class| format!("corrected_{class}")));
    }
    writer.write_record(&headings)?;
    for (row, &class) in predictions.classes.iter().enumerate() {
        let mut line = vec![row.to_string(), classes[class].clone()];
        line.extend(predictions.probabilities.column(row).iter().map(f64::to_string));
        line.extend(
            corrected
                .iter()
                .flat_map(|corrected| corrected.column(row).iter().map(f64::to_string).collect::<Vec<_>>()),
        );
        writer.write_record(&line)?;
    }
    Ok(writer.into_inner()?)
}

fn arrays(predictions: &Predictions, classes: &[String]) -> Result<Vec<u8>> {
    // A sample per column lies in memory as NumPy's rows of samples do.
    let rows = |matrix: &DMatrix<f64>| npy_doubles(&[matrix.ncols(), matrix.nrows()], matrix.iter().copied());
    let numbers = predictions.classes.iter().map(|&class| i64::try_from(class).unwrap_or(i64::MAX));
    let mut files = vec![
        ("probabilities", rows(&predictions.probabilities)),
        ("predicted", npy_whole(numbers)),
        ("class_names", npy_texts(classes)),
    ];
    files.extend(predictions.prior_corrected.as_ref().map(|corrected| ("prior_corrected", rows(corrected))));
    Ok(npz(&files)?)
}
