//! Which samples are told right, and how clearly.

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

/// The share of all samples that are [`hits`].
#[must_use]
pub fn accuracy(hits: &[usize], targets: &Targets) -> f64 {
    hits.iter().sum::<usize>() as f64 / targets.samples() as f64
}

/// The share of each class's samples that are [`hits`].
#[must_use]
pub fn recalls(hits: &[usize], targets: &Targets) -> Vec<f64> {
    hits.iter().zip(targets.counts()).map(|(&hits, &count)| hits as f64 / count as f64).collect()
}

/// How far the own logit of a sample is above the largest other, and which that is; a single logit is its own rival.
pub(super) fn margin(logits: &[f64], class: usize) -> (f64, usize) {
    if let &[single] = logits {
        return (if class == 1 { single } else { -single }, 0);
    }
    let higher = |best: (f64, usize), (k, &z): (usize, &f64)| if z > best.0 { (z, k) } else { best };
    let others = logits.iter().enumerate().filter(|&(k, _)| k != class);
    let (highest, rival) = others.fold((f64::NEG_INFINITY, class), higher);
    (logits[class] - highest, rival)
}
