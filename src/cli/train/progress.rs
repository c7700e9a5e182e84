//! How far a training is, on a terminal.

use super::record::EpochRecord;
use crate::cli::sparkline::sparkline;
use equipoise::cnn::Training;
use equipoise::numeric::significant;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;

/// A bar on standard error for each epoch, and below it the curve of residuals so far; silent where that is no terminal, and
/// without colours everywhere.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of the epoch that a training is in, after others.
    pub(super) fn new(training: &Training, done: &[EpochRecord]) -> Self {
        let bar = ProgressBar::new(training.targets().samples() as u64);
        let (epoch, epochs) = (training.epoch() + 1, training.plan().recipe.epochs);
        let curve = done.last().map_or_else(String::new, |last| {
            format!("\nbalance residual {} {}", residual_curve(done), significant(last.balance_residual, 2))
        });
        let template = format!(
            "epoch {epoch} of {epochs} {{bar:24}} {{pos}}/{{len}} images, {{speed}} a second, {{eta}} left  {{msg}}{curve}"
        );
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let speed = |state: &ProgressState, text: &mut dyn Write| {
                let _ = write!(text, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("speed", speed));
        }
        // Epochs before an interruption do not count for the speed.
        bar.set_position(training.sums().images as u64);
        bar.reset_eta();
        Self(bar)
    }

    /// After a step.
    pub(super) fn update(&self, training: &Training) {
        let sums = training.sums();
        let images = sums.images as f64;
        self.0.set_position(sums.images as u64);
        self.0.set_message(format!(
            "loss {}, accuracy {}",
            significant(sums.loss / images, 3),
            significant(sums.hits as f64 / images, 3)
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The balance residual from epoch to epoch.
pub(super) fn residual_curve(epochs: &[EpochRecord]) -> String {
    let residuals: Vec<f64> = epochs.iter().map(|epoch| epoch.balance_residual).collect();
    sparkline(&residuals)
}
