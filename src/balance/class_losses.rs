//! The mean log loss of each class.

use crate::loss::{Link, Targets};
use crate::numeric::{Sum, softplus};
use nalgebra::DMatrix;

/// Mean loss over each class's samples, unweighted: `-log p_y` for softmax and binary logits, summed over columns for
/// one-vs-all.
#[must_use]
pub fn class_log_losses(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Vec<f64> {
    let mut sums = vec![Sum::default(); targets.classes()];
    for (z, &label) in logits.column_iter().zip(targets.of_sample()) {
        let class = label as usize;
        let loss = match (link, z.len()) {
            (Link::Sigmoid, 1) => softplus(if class == 1 { -z[0] } else { z[0] }),
            (Link::Sigmoid, _) => {
                let column = |(k, &z): (usize, &f64)| softplus(if k == class { -z } else { z });
                z.iter().enumerate().map(column).sum()
            }
            (Link::Softmax, _) => {
                let largest = z.max();
                // The target's own term is one of the sum: its logarithm keeps a tiny loss.
                let others: f64 =
                    z.iter().enumerate().filter(|&(k, _)| k != class).map(|(_, z)| (z - largest).exp()).sum();
                let own = (z[class] - largest).exp();
                if own > others { (others / own).ln_1p() } else { largest - z[class] + (own + others).ln() }
            }
        };
        sums[class].add(loss);
    }
    sums.iter().zip(targets.counts()).map(|(sum, &count)| sum.value() / count as f64).collect()
}
