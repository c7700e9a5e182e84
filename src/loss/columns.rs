//! Losses that are sums over logit columns, on the whole logit matrix.

use super::ColumnLoss;
use super::block::update_in_blocks;
use super::pair_weights::{ClassSums, ColumnMeans};
use super::{PairWeights, Targets};
use crate::numeric::{Sigmoid, Sum};
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
        let parts = update_in_blocks(&mut logits.clone(), targets.of_sample(), |_, block| {
            let mut part = ClassSums::new(accepted.len(), targets.classes());
            part.add(block, &accepted);
            part
        });
        parts.iter().for_each(|part| sums.merge(part));
    }
    let means = sums.means(targets.counts());
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
    let parts = update_in_blocks(gradient, targets.of_sample(), |_, block| weights.evaluate(block));
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
    update_in_blocks(product, targets.of_sample(), |_, block| weights.curvature(block));
    product.component_mul_assign(direction);
    for (column, means) in means.iter().enumerate() {
        let Some(coupling) = loss.coupling(column, means) else { continue };
        let slopes: Vec<[f64; 2]> = logits
            .row(column)
            .iter()
            .zip(targets.of_sample())
            .map(|(&z, &label)| mean_slopes(z, label as usize, column, targets))
            .collect();
        let classes = targets.classes();
        let mut moved = DVector::zeros(2 * classes);
        for ((slopes, &label), along) in
            slopes.iter().zip(targets.of_sample()).zip(direction.row(column).iter())
        {
            moved[label as usize] += slopes[0] * along;
            moved[classes + label as usize] += slopes[1] * along;
        }
        let forces = coupling * moved;
        for ((slopes, &label), entry) in
            slopes.iter().zip(targets.of_sample()).zip(product.row_mut(column).iter_mut())
        {
            *entry += slopes[0] * forces[label as usize] + slopes[1] * forces[classes + label as usize];
        }
    }
}

/// How a sample's class means of loss (`p / N_c`) and probability (`p (1 - p) / N_c`) move with its logit `z`; not at
/// all in the column's target class.
pub(crate) fn mean_slopes(z: f64, class: usize, target: usize, targets: &Targets) -> [f64; 2] {
    if class == target {
        return [0.0; 2];
    }
    let (sigmoid, count) = (Sigmoid::of(z), targets.counts()[class] as f64);
    [sigmoid.probability / count, sigmoid.slope() / count]
}
