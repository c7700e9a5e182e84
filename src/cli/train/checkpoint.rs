//! Writes and reads the checkpoints of a training.

use super::record::{EpochRecord, Test};
use equipoise::cnn::{Checkpoint, NetworkError, Training};
use serde::{Deserialize, Serialize};
use std::path::Path;
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
    checkpoint: Option<Checkpoint>,
    every: Duration,
    written: Instant,
}

impl CheckpointWriter {
    /// Saves to a file, if one is given; within an epoch at most once in `every`.
    ///
    /// # Errors
    /// Another process saves its training there.
    pub(super) fn new(file: Option<&Path>, every: Duration) -> Result<Self, NetworkError> {
        let checkpoint = file.map(Checkpoint::open).transpose()?;
        Ok(Self { checkpoint, every, written: Instant::now() })
    }

    /// Resumes from the file if a training was saved there. Returns the log of the epochs done before.
    pub(super) fn resume(
        &mut self,
        training: &mut Training,
        test: &Test,
    ) -> Result<TrainingLog, NetworkError> {
        let nothing = TrainingLog { test_counts: test.counts().to_vec(), epochs: Vec::new() };
        let saved = self.checkpoint.as_ref().filter(|checkpoint| !checkpoint.is_empty());
        let Some(file) = saved.map(Checkpoint::path) else {
            // From now on the file is a training's, at whatever moment this ends.
            self.save(training, &nothing)?;
            return Ok(nothing);
        };
        let log: TrainingLog = training.resume(file)?;
        let refused = |problem: &str| {
            Err(NetworkError::Checkpoint { path: file.to_owned(), problem: problem.to_owned() })
        };
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
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.save(training, log)?;
            self.written = Instant::now();
        }
        Ok(())
    }

    /// Saves within an epoch if the last time is long enough ago; never a network whose parameters are not finite.
    pub(super) fn save_if_due(&mut self, training: &Training, log: &TrainingLog) -> Result<(), NetworkError> {
        let due = self.checkpoint.is_some() && self.written.elapsed() >= self.every;
        let ends = training.sums().images == training.targets().samples();
        let sound = || training.network().parameters().iter().all(|parameter| parameter.is_finite());
        if due && !ends && sound() { self.save(training, log) } else { Ok(()) }
    }
}
