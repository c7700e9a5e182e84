//! What losses over one softmax per sample have in common.

use crate::numeric::Sigmoid;
use nalgebra::DVectorView;

/// Room for the probabilities of a sample.
pub(super) fn room(classes: usize) -> Vec<Sigmoid> {
    vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes]
}

/// `p^k - 1[k = y]`, without cancellation.
pub(super) fn residual(sample: &[Sigmoid], k: usize, class: usize) -> f64 {
    if k == class { -sample[k].complement } else { sample[k].probability }
}

/// `p .* v - p (p . v)`, the derivative of the probabilities along `v`.
pub(super) fn spread<'a>(
    sample: &'a [Sigmoid],
    along: &'a DVectorView<f64>,
) -> impl Iterator<Item = f64> + 'a {
    let mean: f64 = sample.iter().zip(along.iter()).map(|(p, v)| p.probability * v).sum();
    sample.iter().zip(along.iter()).map(move |(p, v)| p.probability * (v - mean))
}
