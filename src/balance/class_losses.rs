//! Logarithms of probabilities, and the mean log loss of each class.

use crate::loss::{Link, Targets};
use crate::numeric::{Sum, log_softmax, softplus};
use nalgebra::DMatrix;

/// Mean loss over each class's samples, by their own weights but not that of the class: `-log p_y` for softmax and binary logits, summed over columns for
/// one-vs-all.
#[must_use]
pub fn class_log_losses(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Vec<f64> {
    let mut sums = vec![Sum::default(); targets.classes()];
    let mut logarithms = vec![0.0; targets.classes()];
    for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        let class = label as usize;
        let loss = if link == Link::Sigmoid && z.len() > 1 {
            let column = |(k, &z): (usize, &f64)| softplus(if k == class { -z } else { z });
            z.iter().enumerate().map(column).sum::<f64>()
        } else {
            log_probabilities(link, z.as_slice(), &mut logarithms);
            -logarithms[class]
        };
        sums[class].add(targets.sample_weight(number) * loss);
    }
    sums.iter().zip(targets.sizes()).map(|(sum, size)| sum.value() / size).collect()
}

/// `log p_k` of every class, to full precision near zero.
pub(super) fn log_probabilities(link: Link, z: &[f64], logarithms: &mut [f64]) {
    match (link, z) {
        (Link::Sigmoid, &[z]) => {
            logarithms[0] = -softplus(z);
            logarithms[1] = -softplus(-z);
        }
        (Link::Sigmoid, _) => logarithms.iter_mut().zip(z).for_each(|(log, z)| *log = -softplus(-z)),
        (Link::Softmax, _) => {
            logarithms.copy_from_slice(z);
            log_softmax(logarithms);
        }
    }
}
