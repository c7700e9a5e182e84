//! Calibration before and after the map back from class weights, as `solve` and `weights` print it.

use super::output::{Style, columns, numbers_right, short_name};
use equipoise::balance::Calibration;
use equipoise::numeric::significant;
use equipoise::record::{CalibrationRecord, Corrected, CorrectedScale};

/// The scores as a table, with a line for each class where `classes` are few enough; `rows` are given where they have
/// weights.
pub(super) fn table(
    found: &CalibrationRecord,
    rows: Option<usize>,
    classes: Option<&[String]>,
    style: Style,
) -> String {
    let columns_shown: Vec<&Calibration> = std::iter::once(&found.as_predicted)
        .chain(found.prior_corrected.as_ref().map(|c| &c.scores))
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
    if let Some(corrected) = &found.prior_corrected {
        text += &explained(corrected);
    }
    text
}

fn explained(corrected: &Corrected) -> String {
    let numbers: Vec<String> = corrected.subtract.iter().map(|&number| significant(number, 4)).collect();
    let numbers = numbers.join(", ");
    match corrected.from {
        CorrectedScale::Logits => format!("prior correction: subtract {numbers} from the logits\n"),
        CorrectedScale::LogProbabilities => {
            format!("prior correction: subtract {numbers} from log p and make the probabilities sum to one\n")
        }
    }
}
