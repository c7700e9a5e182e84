//! How samples are classified, as `solve` prints it.

use super::output::{Style, columns, numbers_right, short_name};
use equipoise::balance::Classification;
use equipoise::numeric::{Count, significant};
use equipoise::record::TestRecord;

/// Accuracy and balanced accuracy in a line.
pub(super) fn accuracies(found: &Classification) -> String {
    format!(
        "accuracy {}, balanced accuracy {}",
        significant(found.accuracy, 4),
        significant(found.balanced_accuracy, 4)
    )
}

/// The confusion matrix, with recall and precision of each class beside it.
pub(super) fn confusion(found: &Classification, classes: &[String], style: Style) -> String {
    let number = |value: f64| if value.is_nan() { "none".to_owned() } else { significant(value, 4) };
    let mut head = vec![String::new()];
    head.extend(classes.iter().map(|class| short_name(class)));
    head.extend(["recall", "precision"].map(|title| style.strong(title)));
    let mut rows = vec![head];
    for (class, name) in classes.iter().enumerate() {
        let mut row = vec![short_name(name)];
        row.extend(found.confusion[class].iter().map(|&weight| Count(weight).to_string()));
        row.extend([number(found.recall[class]), number(found.precision[class])]);
        rows.push(row);
    }
    columns(&rows, &numbers_right(classes.len() + 3))
}

/// Measures on samples that the head was not solved over.
pub(super) fn test_table(test: &TestRecord, classes: &[String], few: bool, style: Style) -> String {
    let corrected = test.prior_corrected.as_ref().map_or_else(String::new, |corrected| {
        format!(", prior-corrected {}", significant(corrected.log_loss, 4))
    });
    let samples = Count(test.class_counts.iter().map(|count| count.0).sum());
    let mut text = format!(
        "test on {} ({samples} samples): {}, log loss {}{corrected}\n",
        test.source,
        accuracies(&test.classification),
        significant(test.calibration.log_loss, 4)
    );
    if few {
        text += "confusion matrix of the test (row: true class, column: predicted)\n";
        text += &confusion(&test.classification, classes, style);
    }
    text
}
