//! Losses that are sums over logit columns, on the whole logit matrix.

use super::ColumnLoss;
use super::block::{update_in_blocks, weigh};
use super::pair_weights::{ClassSums, ColumnMeans};
use super::{PairWeights, Targets};
use crate::numeric::{Kernel, Sigmoid, Sum, vectorised};
use nalgebra::{DMatrix, DVector};

/// Weights of every column at `logits` (`Q x N`), and the class means they come from.
fn weights_at(
    loss: &impl ColumnLoss,
    logits: &DMatrix<f64>,
    targets: &Targets,
) -> (PairWeights, Vec<ColumnMeans>) {
    let columns: Vec<usize> = (0..loss.logit_rows()).collect();
    let accepted: Vec<usize> = columns.iter().map(|&column| loss.target_of(column)).collect();
    let mut sums = ClassSums::new(columns.len(), targets.classes());
    if loss.reads_class_means() {
        let parts = update_in_blocks(&mut logits.clone(), targets, |block| {
            let mut part = ClassSums::new(accepted.len(), targets.classes());
            part.add(block, &accepted);
            part
        });
        parts.iter().for_each(|part| sums.merge(part));
    }
    let means = sums.means(targets.sizes());
    (loss.pair_weights(&columns, &means, targets), means)
}

/// [`super::Loss::value_and_gradient`] of a loss over columns.
pub(super) fn value_and_gradient(
    loss: &impl ColumnLoss,
    logits: &DMatrix<f64>,
    targets: &Targets,
    gradient: &mut DMatrix<f64>,
) -> f64 {
    let (weights, _) = weights_at(loss, logits, targets);
    gradient.copy_from(logits);
    let parts = update_in_blocks(gradient, targets, |block| weights.evaluate(block));
    parts.into_iter().flatten().map(|part| part.value).collect::<Sum>().value()
}

/// [`super::Loss::curvature_product`] of a loss over columns.
pub(super) fn curvature_product(
    loss: &impl ColumnLoss,
    logits: &DMatrix<f64>,
    targets: &Targets,
    direction: &DMatrix<f64>,
    product: &mut DMatrix<f64>,
) {
    let (weights, means) = weights_at(loss, logits, targets);
    product.copy_from(logits);
    update_in_blocks(product, targets, |block| weights.curvature(block));
    product.component_mul_assign(direction);
    for (column, means) in means.iter().enumerate() {
        let Some(coupling) = loss.coupling(column, means) else { continue };
        let (classes, labels) = (targets.classes(), targets.class_indices());
        let mut by_loss: Vec<f64> = logits.row(column).iter().copied().collect();
        let mut by_probability = vec![0.0; by_loss.len()];
        let of_samples = (labels, targets.sample_weights());
        mean_slopes(&mut by_loss, &mut by_probability, of_samples, loss.target_of(column), targets);
        let slopes = || by_loss.iter().zip(&by_probability).zip(labels);
        let mut moved = DVector::zeros(2 * classes);
        for (((by_loss, by_probability), &label), along) in slopes().zip(direction.row(column).iter()) {
            moved[label as usize] += by_loss * along;
            moved[classes + label as usize] += by_probability * along;
        }
        let forces = coupling.product(&moved.column(0));
        for (((by_loss, by_probability), &label), entry) in slopes().zip(product.row_mut(column).iter_mut()) {
            *entry += by_loss * forces[label as usize] + by_probability * forces[classes + label as usize];
        }
    }
}

/// Derivatives of the class means of loss (`w p / N_c`, written over the logits) and of probability (`w p (1 - p) /
/// N_c`) with respect to each sample's logit in one column; zero in the column's target class.
pub(crate) fn mean_slopes(
    logits: &mut [f64],
    probability: &mut [f64],
    (labels, weights): (&[u32], Option<&[f64]>),
    target: usize,
    targets: &Targets,
) {
    let weight = |class: usize| if class == target { 0.0 } else { 1.0 / targets.sizes()[class] };
    let of_class: Vec<f64> = (0..targets.classes()).map(weight).collect();
    for (entry, &label) in probability.iter_mut().zip(labels) {
        *entry = of_class[label as usize];
    }
    weigh(probability, weights);
    vectorised(MeanSlopes { logits, probability });
}

/// Turns logits, and the weights of samples in their classes' means, into the slopes of those means.
struct MeanSlopes<'a> {
    logits: &'a mut [f64],
    probability: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for MeanSlopes<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (z, weight) in self.logits.iter_mut().zip(self.probability.iter_mut()) {
            let sigmoid = Sigmoid::of(*z);
            *z = *weight * sigmoid.probability;
            *weight *= sigmoid.slope();
        }
    }
}
