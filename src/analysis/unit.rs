//! Units of work: one problem each, with a key that names everything its result hangs on.

use super::descend::{End, descend};
use super::error::AnalysisError;
use super::experiment::Experiment;
use super::measure::Measure;
use super::observe::{is_trace, observe};
use super::records::{Ended, Record};
use super::specification::{Analysis, Design, Draw, Loss, Optimizer, WeightRule};
use crate::solver::{LossChoice, Problem};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// A problem to solve: a series at a sweep point, on one draw.
pub(super) struct Unit<'a> {
    pub(super) key: String,
    at: Vec<usize>,
    series: usize,
    repetition: u64,
    analysis: &'a Analysis,
}

/// Everything that the result of a unit hangs on.
#[derive(Serialize)]
struct Identity<'a> {
    version: &'a str,
    data: &'a Design,
    /// Digest of the data file, if there is one.
    contents: Option<&'a str>,
    loss: &'a Loss,
    optimizer: Optimizer,
    class_weights: &'a WeightRule,
    penalty: f64,
    seed: u64,
    repetition: u64,
    measure: &'a [Measure],
}

/// All units of an experiment, in the order of its records: points, series, repetitions.
pub(super) fn units(experiment: &Experiment) -> Result<Vec<Unit<'_>>, AnalysisError> {
    let mut contents: HashMap<Vec<PathBuf>, String> = HashMap::new();
    let mut units = Vec::new();
    for (point, analysis) in experiment.points.iter().enumerate() {
        let files =
            analysis.data.files().map_err(|error| AnalysisError::specification("data", error.to_string()))?;
        if !files.is_empty() && !contents.contains_key(&files) {
            contents.insert(files.clone(), digest_of_files(&files)?);
        }
        // What is in the file matters, not where it lies.
        let mut data = analysis.data.clone();
        data.rename_file(|_| PathBuf::new());
        for (number, series) in analysis.series.iter().enumerate() {
            for repetition in 0..analysis.repetitions {
                let identity = Identity {
                    version: env!("CARGO_PKG_VERSION"),
                    data: &data,
                    contents: contents.get(&files).map(String::as_str),
                    loss: &series.loss,
                    optimizer: series.optimizer,
                    class_weights: analysis.weights_of(series),
                    penalty: analysis.penalty,
                    seed: analysis.seed,
                    repetition,
                    measure: &analysis.measure,
                };
                let key = serde_json::to_vec(&identity).map(|bytes| digest(&bytes));
                let key = key.map_err(|error| AnalysisError::specification("analysis", error.to_string()))?;
                let at = experiment.places(point);
                units.push(Unit { key, at, series: number, repetition, analysis });
            }
        }
    }
    Ok(units)
}

/// Of one file its digest, of several that of theirs.
fn digest_of_files(files: &[PathBuf]) -> Result<String, AnalysisError> {
    let of_file = |path: &PathBuf| match std::fs::read(path) {
        Ok(bytes) => Ok(digest(&bytes)),
        Err(error) => Err(AnalysisError::Unreadable { path: path.clone(), reason: error.to_string() }),
    };
    let digests: Vec<String> = files.iter().map(of_file).collect::<Result<_, _>>()?;
    Ok(if let [one] = digests.as_slice() { one.clone() } else { digest(digests.concat().as_bytes()) })
}

/// The first 128 bits of the SHA-256 digest, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

impl Unit<'_> {
    /// Draws, solves and measures.
    pub(super) fn solve(&self, experiment: &Experiment) -> Result<Record, AnalysisError> {
        let problem = || experiment.problem_name(self.series, &self.at, self.repetition);
        let impossible = |why: String| AnalysisError::Impossible { problem: problem(), why };
        let (analysis, series) = (self.analysis, &self.analysis.series[self.series]);
        let draw = Draw { seed: analysis.seed, repetition: self.repetition };
        let dataset = analysis.data.sample(draw).map_err(|error| impossible(error.to_string()))?;
        let classes = dataset.labels().classes();
        let weights = analysis.weights_of(series).weights(classes, draw);
        let choice = LossChoice::of(&series.loss)
            .ok_or_else(|| impossible("no loss that is solved for".to_owned()))?;
        let problem = Problem::new(&dataset, &choice, &weights, analysis.penalty)
            .map_err(|error| impossible(error.to_string()))?;
        let traced = analysis.measure.iter().any(|&measure| is_trace(measure));
        let descended = descend(&problem, &dataset, series.optimizer, traced);
        let measured =
            observe(&analysis.measure, &problem, &dataset, &choice, &descended).map_err(impossible)?;
        let ended = match descended.end {
            End::Stationary(_) => Ended::Stationary,
            End::Stopped(_) => Ended::Stopped,
            End::Unsolved(why) => Ended::Unsolved(why),
        };
        Ok(self.record(ended, (classes, dataset.dimension()), measured))
    }

    /// The record of this unit with what another of the same key left.
    pub(super) fn record_from(&self, other: &Record) -> Record {
        self.record(other.ended.clone(), (other.classes, other.features), other.measured.clone())
    }

    fn record(
        &self,
        ended: Ended,
        (classes, features): (usize, usize),
        measured: BTreeMap<Measure, Vec<f64>>,
    ) -> Record {
        Record {
            key: self.key.clone(),
            at: self.at.clone(),
            series: self.series,
            repetition: self.repetition,
            ended,
            classes,
            features,
            measured,
        }
    }
}
