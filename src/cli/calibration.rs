//! Calibration before and after the map back from class weights, as `solve` and `weights` print it.

use super::output::{Style, columns, numbers_right, short_name};
use equipoise::balance::Calibration;
use equipoise::loss::{BuiltLoss, Link, Loss};
use equipoise::numeric::significant;
use equipoise::solver::Problem;
use nalgebra::DMatrix;
use serde::Serialize;

/// Calibration of a head on the samples it was solved over.
#[derive(Debug, Serialize)]
pub(super) struct CalibrationRecord {
    pub(super) as_predicted: Calibration,
    /// Absent where all classes have the same weight or the loss ignores class weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prior_corrected: Option<Corrected>,
}

/// Scores of the probabilities mapped back, and the map.
#[derive(Debug, Serialize)]
pub(super) struct Corrected {
    /// `log lambda_k`, one per class; of a single logit their difference.
    subtract: Vec<f64>,
    from: From,
    #[serde(flatten)]
    scores: Calibration,
}

/// What the logarithms of weights are subtracted from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum From {
    Logits,
    /// One-vs-all: from `log p_k`, which are then made to sum to one.
    LogProbabilities,
}

impl CalibrationRecord {
    pub(super) fn of(problem: &Problem, logits: &DMatrix<f64>) -> Self {
        let (link, targets) = (problem.loss().link(), problem.targets());
        let weights = targets.class_weights();
        let read = !matches!(problem.loss(), BuiltLoss::Inr(_))
            && weights.iter().any(|weight| *weight != weights[0]);
        let corrected = || {
            let logarithms: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
            let (subtract, from) = match (link, logarithms.as_slice()) {
                (Link::Sigmoid, &[negatives, positives]) => (vec![positives - negatives], From::Logits),
                (Link::Sigmoid, _) => (logarithms, From::LogProbabilities),
                (Link::Softmax, _) => (logarithms, From::Logits),
            };
            let scores = Calibration::prior_corrected(link, logits, targets);
            Corrected { subtract, from, scores }
        };
        Self { as_predicted: Calibration::of(link, logits, targets), prior_corrected: read.then(corrected) }
    }

    /// The scores as a table, with a line for each class where `classes` are few enough; `rows` are given where they have
    /// weights.
    pub(super) fn table(&self, rows: Option<usize>, classes: Option<&[String]>, style: Style) -> String {
        let columns_shown: Vec<&Calibration> = std::iter::once(&self.as_predicted)
            .chain(self.prior_corrected.as_ref().map(|c| &c.scores))
            .collect();
        let counting = if rows.is_some() { "each row by its weight" } else { "each sample counted once" };
        let mut rows =
            vec![vec![counting.to_owned(), style.strong("as predicted"), style.strong("prior-corrected")]];
        rows[0].truncate(1 + columns_shown.len());
        let mut row = |name: String, pick: &dyn Fn(&Calibration) -> f64| {
            let numbers = columns_shown.iter().map(|scores| significant(pick(scores), 4));
            rows.push(std::iter::once(name).chain(numbers).collect());
        };
        row("expected calibration error".to_owned(), &|scores| scores.calibration_error.l1);
        row("  root mean square".to_owned(), &|scores| scores.calibration_error.l2);
        row("  largest of a bin".to_owned(), &|scores| scores.calibration_error.max);
        row("Brier score".to_owned(), &|scores| scores.brier);
        row("log loss".to_owned(), &|scores| scores.log_loss);
        for (class, name) in classes.unwrap_or_default().iter().enumerate() {
            row(format!("  of class {}", short_name(name)), &|scores| scores.class_log_loss[class]);
        }
        let mut text = columns(&rows, &numbers_right(rows[0].len()));
        if let Some(corrected) = &self.prior_corrected {
            text += &corrected.explained();
        }
        text
    }
}

impl Corrected {
    fn explained(&self) -> String {
        let numbers: Vec<String> = self.subtract.iter().map(|&number| significant(number, 4)).collect();
        let numbers = numbers.join(", ");
        match self.from {
            From::Logits => format!("prior correction: subtract {numbers} from the logits\n"),
            From::LogProbabilities => format!(
                "prior correction: subtract {numbers} from log p and make the probabilities sum to one\n"
            ),
        }
    }
}
