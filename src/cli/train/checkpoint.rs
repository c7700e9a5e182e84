//! Writes and reads the checkpoints of a training.

use super::record::{EpochRecord, Test};
use equipoise::cnn::{NetworkError, Training};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is saved beside the training: a resumed one prints what an uninterrupted one prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TrainingLog {
    /// Images of each class that accuracies were measured on.
    test_counts: Vec<usize>,
    pub(super) epochs: Vec<EpochRecord>,
}

/// Saves a training after every epoch, and at intervals within one.
pub(super) struct CheckpointWriter {
    file: Option<PathBuf>,
    every: Duration,
    written: Instant,
}

impl CheckpointWriter {
    /// Saves to a file, if one is given; within an epoch at most once in `every`.
    pub(super) fn new(file: Option<PathBuf>, every: Duration) -> Self {
        Self { file, every, written: Instant::now() }
    }

    /// Resumes from the file if it exists. Returns the log of the epochs done before.
    pub(super) fn resume(&self, training: &mut Training, test: &Test) -> Result<TrainingLog, NetworkError> {
        let nothing = TrainingLog { test_counts: test.counts().to_vec(), epochs: Vec::new() };
        let Some(file) = self.file.as_ref().filter(|file| file.exists()) else { return Ok(nothing) };
        let log: TrainingLog = training.resume(file)?;
        let refused =
            |problem: &str| Err(NetworkError::Checkpoint { path: file.clone(), problem: problem.to_owned() });
        if log.test_counts != nothing.test_counts {
            return refused(
                "was tested on other images; give the same --test, or start anew under another name",
            );
        }
        if log.epochs.len() != training.epoch() {
            return refused("does not hold every epoch that it counts; it is damaged");
        }
        Ok(log)
    }

    /// Writes the training down, if it is to be kept.
    pub(super) fn save(&mut self, training: &Training, log: &TrainingLog) -> Result<(), NetworkError> {
        if let Some(file) = &self.file {
            training.save(file, log)?;
            self.written = Instant::now();
        }
        Ok(())
    }

    /// Saves within an epoch if the last time is long enough ago; never a network whose parameters are not finite.
    pub(super) fn save_if_due(&mut self, training: &Training, log: &TrainingLog) -> Result<(), NetworkError> {
        let due = self.file.is_some() && self.written.elapsed() >= self.every;
        let ends = training.sums().images == training.targets().samples();
        let sound = || training.network().parameters().iter().all(|parameter| parameter.is_finite());
        if due && !ends && sound() { self.save(training, log) } else { Ok(()) }
    }
}
