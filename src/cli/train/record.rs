//! What `train` prints: one record, as JSON and as text for people.

use super::polish::Polished;
use super::residual_curve;
use crate::cli::output::{MAX_CLASSES_SHOWN, Style, columns, counted, numbers_right, one_line, short_name};
use equipoise::audit::BatchLawName;
use equipoise::balance::{LedgerEntry, accuracy, hits, recalls};
use equipoise::cnn::{EpochSums, LastLayerEvaluation, NetworkError, Training, TrainingPlan};
use equipoise::data::ImageSample;
use equipoise::loss::{ClassWeights, Targets};
use equipoise::numeric::{rows, significant};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

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
    pub(super) test: TestImagesRecord,
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
pub(super) struct TestImagesRecord {
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

    pub(super) fn record(&self, training: &mut Training) -> TestImagesRecord {
        let hits = self.hits(training);
        let recall = recalls(&hits, &self.targets);
        TestImagesRecord {
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

/// Epochs of a longer training are left out in the middle.
const MAX_EPOCHS_SHOWN: usize = 24;
/// Digits of every number.
const DIGITS: usize = 4;

/// The epochs, the balance in the end, the accuracy on the images kept apart, and the polished layer.
pub(super) fn table(record: &TrainRecord, network: &str, style: Style) -> String {
    let counted_images = |counts: &[usize]| counted(counts.iter().sum::<usize>() as u64, "image");
    let mut text = format!(
        "{}: {} network, {}; {} of {}, tested on {}\n\n{}",
        one_line(&record.data),
        one_line(network),
        record.plan.loss.paper_name(),
        counted_images(&record.class_counts),
        counted(record.classes.len() as u64, "class"),
        counted_images(&record.test.class_counts),
        epochs(&record.epochs, style)
    );
    let _ = writeln!(text, "\n{}", curve(record));
    if record.classes.len() <= MAX_CLASSES_SHOWN {
        let _ = write!(text, "\n{}", classes(record, style));
    } else {
        let _ = writeln!(text, "\nthe balance of {} classes is in --format json", record.classes.len());
    }
    if record.plan.recipe.decay_head_bias {
        let _ = writeln!(
            text,
            "\nThe bias decays, so that the gradient vanishes where outflow - inflow = mu b_k, not where they are equal."
        );
    }
    if let Some(law) = batches(record) {
        let _ = writeln!(text, "\n{law}");
    }
    let _ = writeln!(
        text,
        "\ntest accuracy {}, mean recall {}",
        significant(record.test.accuracy, DIGITS),
        significant(record.test.balanced_accuracy, DIGITS)
    );
    if let Some(polished) = &record.polished {
        let _ = write!(text, "\n{}", polish(polished, style));
    }
    text
}

/// Where training in batches comes to rest, if not where the loss over all images does.
fn batches(record: &TrainRecord) -> Option<String> {
    let batch = record.plan.recipe.batch;
    let law = match record.batch_law {
        BatchLawName::Own | BatchLawName::WholeSample => return None,
        BatchLawName::Plain => "is plain logistic loss (M2)",
        BatchLawName::Expected => "has the balance M1, by how often classes are in a batch",
        BatchLawName::Simulated => "has a balance of its own, of which no closed form is known",
    };
    Some(format!(
        "In batches of {batch} LGL-INR {law}; training converges there and not where the balance above vanishes, which is \
         over all images."
    ))
}

fn epochs(epochs: &[EpochRecord], style: Style) -> String {
    let heads = ["epoch", "loss over steps", "accuracy", "loss after", "gradient", "balance residual"];
    let heads = heads.into_iter().chain(["least P[k][k]", "test accuracy"]);
    let mut rows = vec![heads.map(|head| style.strong(head)).collect::<Vec<_>>()];
    let half = MAX_EPOCHS_SHOWN / 2;
    let hidden = if epochs.len() > MAX_EPOCHS_SHOWN { half..epochs.len() - half } else { 0..0 };
    for (number, epoch) in epochs.iter().enumerate() {
        if number == hidden.start && !hidden.is_empty() {
            rows.push(vec!["…".to_owned()]);
        }
        if !hidden.contains(&number) {
            rows.push(row(epoch));
        }
    }
    columns(&rows, &numbers_right(rows[0].len()))
}

fn row(epoch: &EpochRecord) -> Vec<String> {
    let least = epoch.own_probability.iter().copied().fold(f64::INFINITY, f64::min);
    let numbers = [
        (epoch.loss_over_steps, DIGITS),
        (epoch.accuracy_over_steps, DIGITS),
        (epoch.loss, DIGITS),
        (epoch.gradient_inf, 2),
        (epoch.balance_residual, 2),
        (least, DIGITS),
        (epoch.test_accuracy, DIGITS),
    ];
    let written = numbers.map(|(number, digits)| significant(number, digits));
    [epoch.epoch.to_string()].into_iter().chain(written).collect()
}

/// The residual from epoch to epoch, and where polishing takes it.
fn curve(record: &TrainRecord) -> String {
    let of = |epoch: Option<&EpochRecord>| {
        epoch.map_or_else(String::new, |epoch| significant(epoch.balance_residual, 2))
    };
    let (first, last) = (of(record.epochs.first()), of(record.epochs.last()));
    let mut text =
        format!("balance residual, log scale  {}  {first} to {last}", residual_curve(&record.epochs));
    if let Some(after) = record.polished.as_ref().and_then(|polished| polished.after.as_ref()) {
        let _ = write!(text, ", polished {}", significant(after.balance_residual, 2));
    }
    text
}

/// The ledger on the images learned from, and the recall on those kept apart.
fn classes(record: &TrainRecord, style: Style) -> String {
    let penalised = record.plan.recipe.decay_head_bias;
    let polished = record.polished.as_ref().and_then(|polished| polished.after.as_ref());
    let mut heads = vec!["class", "N_k", "weight", "outflow", "inflow"];
    heads.extend(penalised.then_some(["difference", "mu b_k"]).into_iter().flatten());
    heads.push("residual");
    heads.extend(polished.map(|_| "polished"));
    heads.extend(["P[k][k]", "test recall"]);
    let mut rows = vec![heads.iter().map(|head| style.strong(head)).collect::<Vec<_>>()];
    for (class, balance) in record.end.ledger.iter().enumerate() {
        let written = |number: f64| significant(number, DIGITS);
        let mut row = vec![short_name(&balance.class), record.class_counts[class].to_string()];
        row.push(written(record.class_weights[class]));
        row.extend([balance.entry.outflow, balance.entry.inflow].map(written));
        row.extend(
            balance
                .bias_penalty_gradient
                .iter()
                .flat_map(|&bias_penalty| [balance.entry.difference, bias_penalty])
                .map(written),
        );
        row.push(significant(balance.entry.residual, 2));
        row.extend(polished.map(|polished| significant(polished.ledger.entries[class].residual, 2)));
        row.extend([record.end.mean_probability[class][class], record.test.recall[class]].map(written));
        rows.push(row);
    }
    columns(&rows, &numbers_right(heads.len()))
}

fn polish(polished: &Polished, style: Style) -> String {
    let penalty = format!("last layer, l2 {:?}", polished.l2);
    let Some(after) = &polished.after else {
        return format!("{penalty}: {}\n", style.bad("no stationary point"));
    };
    let mut rows =
        vec![[penalty.as_str(), "loss", "gradient", "balance residual"].map(str::to_owned).to_vec()];
    for (name, measures) in [("as trained", &polished.before), ("polished", after)] {
        let mut row = vec![name.to_owned(), significant(measures.loss, DIGITS)];
        row.extend([measures.gradient_inf, measures.balance_residual].map(|number| significant(number, 2)));
        rows.push(row);
    }
    columns(&rows, &numbers_right(4))
}
