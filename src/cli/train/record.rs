//! What `train` prints: one record, read by the table and by JSON alike.

use super::polish::Polished;
use equipoise::audit::BatchLawName;
use equipoise::balance::{LedgerEntry, accuracy, hits, recalls};
use equipoise::cnn::{EpochSums, LastLayerEvaluation, NetworkError, Training, TrainingPlan};
use equipoise::data::ImageSample;
use equipoise::loss::{ClassWeights, Targets};
use equipoise::numeric::rows;
use serde::{Deserialize, Serialize};

/// The one JSON object of `train`.
#[derive(Debug, Serialize)]
pub(super) struct TrainRecord {
    pub(super) version: &'static str,
    /// Where the images are from.
    pub(super) data: String,
    pub(super) plan: TrainingPlan,
    pub(super) classes: Vec<String>,
    pub(super) class_counts: Vec<usize>,
    pub(super) class_weights: Vec<f64>,
    /// Which balance holds where the mean gradient over its batches vanishes.
    pub(super) batch_law: BatchLawName,
    pub(super) epochs: Vec<EpochRecord>,
    /// After the last of them, on the training images as a gradient sees them.
    #[serde(rename = "final")]
    pub(super) end: End,
    pub(super) test: TestRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) polished: Option<Polished>,
}

/// One epoch. What is measured after it is measured on all images learned from, as a gradient sees them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EpochRecord {
    pub(super) epoch: usize,
    /// Means over the steps of the epoch, while the network changed.
    pub(super) loss_over_steps: f64,
    pub(super) accuracy_over_steps: f64,
    /// After the epoch.
    pub(super) loss: f64,
    /// Of the last layer.
    pub(super) gradient_inf: f64,
    /// The largest over classes.
    pub(super) balance_residual: f64,
    /// `P[k][k]`.
    pub(super) own_probability: Vec<f64>,
    pub(super) test_accuracy: f64,
}

/// The last layer in the end.
#[derive(Debug, Serialize)]
pub(super) struct End {
    pub(super) loss: f64,
    pub(super) gradient_inf: f64,
    pub(super) balance_residual: f64,
    /// Row: true class; column: predicted class.
    pub(super) mean_probability: Vec<Vec<f64>>,
    pub(super) ledger: Vec<ClassBalance>,
}

/// The balance of one class, in units of weighted mass.
#[derive(Debug, Serialize)]
pub(super) struct ClassBalance {
    pub(super) class: String,
    #[serde(flatten)]
    pub(super) entry: LedgerEntry,
    /// `mu b_k`, where the bias decays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bias_penalty_gradient: Option<f64>,
}

/// Accuracy on the images kept apart.
#[derive(Debug, Serialize)]
pub(super) struct TestRecord {
    pub(super) class_counts: Vec<usize>,
    pub(super) accuracy: f64,
    /// The mean recall.
    pub(super) balanced_accuracy: f64,
    pub(super) recall: Vec<f64>,
}

/// Images kept apart, and their classes as they are counted.
pub(super) struct Test<'a> {
    sample: &'a ImageSample,
    targets: Targets,
}

impl<'a> Test<'a> {
    pub(super) fn new(sample: &'a ImageSample) -> Result<Self, NetworkError> {
        Ok(Self { sample, targets: Targets::new(sample.labels(), &ClassWeights::None)? })
    }

    pub(super) fn counts(&self) -> &[usize] {
        self.targets.counts()
    }

    fn hits(&self, training: &mut Training) -> Vec<f64> {
        hits(&training.logits_of(self.sample), &self.targets)
    }

    pub(super) fn record(&self, training: &mut Training) -> TestRecord {
        let hits = self.hits(training);
        let recall = recalls(&hits, &self.targets);
        TestRecord {
            class_counts: self.counts().to_vec(),
            accuracy: accuracy(&hits, &self.targets),
            balanced_accuracy: recall.iter().sum::<f64>() / recall.len() as f64,
            recall,
        }
    }
}

impl EpochRecord {
    /// Of the epoch that has just ended.
    ///
    /// Fails when the network no longer computes numbers, which its parameters alone need not show.
    pub(super) fn new(training: &mut Training, sums: EpochSums, test: &Test) -> Result<Self, NetworkError> {
        let evaluation = training.evaluate_last_layer();
        let epoch = training.epoch();
        if !(evaluation.loss.is_finite() && evaluation.gradient_inf.is_finite()) {
            let what = "the loss over all images";
            return Err(NetworkError::Diverged { epoch, step: training.steps_per_epoch(), what });
        }
        let images = sums.images as f64;
        let test_hits = test.hits(training);
        Ok(Self {
            epoch,
            loss_over_steps: sums.loss / images,
            accuracy_over_steps: sums.hits as f64 / images,
            loss: evaluation.loss,
            gradient_inf: evaluation.gradient_inf,
            balance_residual: evaluation.worst_residual(),
            own_probability: evaluation.means.matrix.diagonal().iter().copied().collect(),
            test_accuracy: accuracy(&test_hits, &test.targets),
        })
    }
}

impl End {
    pub(super) fn new(evaluation: &LastLayerEvaluation, classes: &[String], bias_decays: bool) -> Self {
        let bias_penalties =
            evaluation.bias_penalty_gradient.iter().map(|&bias_penalty| bias_decays.then_some(bias_penalty));
        let entries = evaluation.ledger.entries.iter().zip(bias_penalties).zip(classes);
        Self {
            loss: evaluation.loss,
            gradient_inf: evaluation.gradient_inf,
            balance_residual: evaluation.worst_residual(),
            mean_probability: rows(&evaluation.means.matrix),
            ledger: entries
                .map(|((&entry, bias_penalty_gradient), class)| ClassBalance {
                    class: class.clone(),
                    entry,
                    bias_penalty_gradient,
                })
                .collect(),
        }
    }
}
