//! How many samples of each class are told right.

use crate::loss::Targets;
use nalgebra::DMatrix;

/// Samples of each class whose own logit is the largest; of a single logit, on whose side it is.
#[must_use]
pub fn hits(logits: &DMatrix<f64>, targets: &Targets) -> Vec<usize> {
    let mut hits = vec![0; targets.classes()];
    for (column, &label) in logits.column_iter().zip(targets.of_sample()) {
        let predicted = if column.len() == 1 { usize::from(column[0] > 0.0) } else { column.imax() };
        if predicted == label as usize {
            hits[label as usize] += 1;
        }
    }
    hits
}
