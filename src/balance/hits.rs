//! Which samples are correctly classified, and by which margin.

use crate::loss::Targets;
use crate::numeric::argmax;
use nalgebra::DMatrix;

/// The predicted class of a sample: that of its largest logit; of a single logit, that of its sign.
pub(crate) fn predicted_class(logits: &[f64]) -> usize {
    match logits {
        &[single] => usize::from(single > 0.0),
        logits => argmax(logits),
    }
}

/// The weight of the correctly classified samples of each class: their number, where each sample counts once.
#[must_use]
pub fn hits(logits: &DMatrix<f64>, targets: &Targets) -> Vec<f64> {
    let mut hits = vec![0.0; targets.classes()];
    for (number, (column, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        if predicted_class(column.as_slice()) == label as usize {
            hits[label as usize] += targets.sample_weight(number);
        }
    }
    hits
}

/// The accuracy: the fraction of all samples that are [`hits`].
#[must_use]
pub fn accuracy(hits: &[f64], targets: &Targets) -> f64 {
    hits.iter().sum::<f64>() / targets.total_size()
}

/// The recall of each class: the fraction of its samples that are [`hits`].
#[must_use]
pub fn recalls(hits: &[f64], targets: &Targets) -> Vec<f64> {
    hits.iter().zip(targets.sizes()).map(|(hits, size)| hits / size).collect()
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
