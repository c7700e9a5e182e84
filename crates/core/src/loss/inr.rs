//! LGL-INR: logistic loss with in-negative-class reweighting (docs/theory.md#repair).

use super::columns::{ColumnMeans, PairWeights};
use super::{ColumnLoss, ColumnWeights, Link, Loss, Targets, columns};
use nalgebra::{DMatrix, DVector, DVectorView};
use serde::{Deserialize, Serialize};

/// Whether the gradient flows through the in-negative-class weights `omega`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InrVariant {
    /// `omega` is a function of the logits (R2); the usual default.
    #[default]
    Attached,
    /// `omega` is a constant in the gradient (R1); a stationary point is a fixed point.
    Detached,
}

/// The sum over classes `k` of `mean_{i in k} -log p_i^k + sum_{c != k} omega_c^k mean_{i in c} -log(1 - p_i^k)`
/// with `omega_c^k = exp(beta P[c][k]) / sum_{j != k} exp(beta P[j][k])`.
///
/// Means are over each class's own samples, by their weights, so a class weight, which counts every sample of a class
/// `lambda_c` times, leaves this loss as it is. Attached and `beta > 0`: smooth, not convex.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inr {
    /// `K`, classes and logit columns.
    pub classes: usize,
    /// Sharpness `beta >= 0` of the reweighting.
    pub beta: f64,
    /// Attached or detached `omega`.
    pub variant: InrVariant,
}

/// `softmax(beta * probability)` over all classes but `target`. A class without samples has no mean (NaN) and no weight.
pub fn in_negative_weights(beta: f64, probability: &[f64], target: usize) -> Vec<f64> {
    let others = || probability.iter().enumerate().filter(|(class, p)| *class != target && !p.is_nan());
    let largest = others().map(|(_, &p)| p).fold(f64::NEG_INFINITY, f64::max);
    let mut omega = vec![0.0; probability.len()];
    for (class, &p) in others() {
        omega[class] = (beta * (p - largest)).exp();
    }
    // Nothing but the target: there is nothing to weigh.
    let total = omega.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    omega.iter_mut().for_each(|weight| *weight /= total);
    omega
}

/// In-negative-class weights of one column and the mean loss under them.
struct Reweighting<'a> {
    /// `l_c`.
    loss: &'a [f64],
    /// `omega_c`, zero for the target class.
    omega: Vec<f64>,
    /// `lbar = sum_c omega_c l_c`.
    mean_loss: f64,
}

impl Inr {
    /// `omega` of one column, given its class means; zero for the target class.
    pub(crate) fn omega(&self, column: usize, means: &ColumnMeans) -> Vec<f64> {
        in_negative_weights(self.beta, &means.probability, column)
    }

    fn reweighting<'a>(&self, column: usize, means: &'a ColumnMeans) -> Reweighting<'a> {
        let omega = self.omega(column, means);
        let seen = omega.iter().zip(&means.loss).filter(|(_, loss)| !loss.is_nan());
        let mean_loss = seen.map(|(weight, loss)| weight * loss).sum();
        Reweighting { loss: &means.loss, omega, mean_loss }
    }

    /// [`ColumnLoss::pair_weights`] for `beta = 0`: the other classes that have samples share the weight of the target class.
    fn equal_weights(&self, columns: &[usize], targets: &Targets) -> PairWeights {
        let sizes = targets.sizes();
        let seen = |class: usize| sizes[class] > 0.0;
        let all = (0..sizes.len()).filter(|&class| seen(class)).count();
        let weight = DMatrix::from_fn(self.classes, columns.len(), |class, index| {
            let column = columns[index];
            let others = all - usize::from(seen(column));
            match class {
                _ if !seen(class) => 0.0,
                _ if class == column => 1.0 / sizes[class],
                _ => 1.0 / others as f64 / sizes[class],
            }
        });
        PairWeights {
            targets: columns.to_vec(),
            weight: ColumnWeights::OfPair(weight),
            weight_gradient: None,
        }
    }
}

/// How the gradient with respect to the class means of one column changes with them: the second derivative of `lbar`, as a product in
/// `O(K)`.
///
/// `d2/da_c dl_e = beta omega_c (delta_ce - omega_e)` and
/// `d2/da_c da_e = beta^2 omega_c (delta_ce x_c - omega_e x_c - omega_e x_e)` with the excess `x_c = l_c - lbar`.
/// Detached, `lbar` has a gradient through the losses alone: only `d omega_e / da_c` is left, and the matrix is not
/// symmetric.
pub(crate) struct Coupling {
    beta: f64,
    variant: InrVariant,
    omega: DVector<f64>,
    excess: DVector<f64>,
}

impl Coupling {
    /// The change of the gradients by losses and probabilities with a change of both (`2K`, losses first).
    pub(crate) fn product(&self, change: &DVectorView<f64>) -> DVector<f64> {
        let (omega, beta, classes) = (&self.omega, self.beta, self.omega.len());
        let (losses, probabilities) = (change.rows(0, classes), change.rows(classes, classes));
        let (mean_loss, mean_probability) = (omega.dot(&losses), omega.dot(&probabilities));
        let weighted_excess = omega.component_mul(&self.excess).dot(&probabilities);
        let mut product = DVector::zeros(2 * classes);
        for class in 0..classes {
            let factor = beta * omega[class];
            product[class] = factor * (probabilities[class] - mean_probability);
            if self.variant == InrVariant::Attached {
                let by_probability =
                    self.excess[class] * (probabilities[class] - mean_probability) - weighted_excess;
                product[classes + class] = factor * (losses[class] - mean_loss + beta * by_probability);
            }
        }
        product
    }

    /// `S C S^T` with the slopes `S` (`D x 2K`) of the means by a column's parameters.
    pub(crate) fn between(&self, slopes: &DMatrix<f64>) -> DMatrix<f64> {
        let across = slopes.transpose();
        let products: Vec<_> = across.column_iter().map(|row| self.product(&row)).collect();
        slopes * DMatrix::from_columns(&products)
    }
}

impl Loss for Inr {
    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn logit_rows(&self) -> usize {
        self.classes
    }

    fn denominator(&self) -> f64 {
        1.0
    }

    fn has_objective(&self) -> bool {
        self.variant == InrVariant::Attached || self.beta == 0.0
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        columns::value_and_gradient(self, logits, targets, gradient)
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        columns::curvature_product(self, logits, targets, direction, product);
    }
}

impl ColumnLoss for Inr {
    /// Without sharpness every class counts alike, whatever its mean.
    fn reads_class_means(&self) -> bool {
        self.beta > 0.0
    }

    /// Weights `omega_c / N_c` (`1 / N_k` for targets); attached, each class's samples also have the weight gradient
    /// `beta omega_c (l_c - lbar) / N_c`, the derivative of `lbar` with respect to the mean probability of class `c`.
    fn pair_weights(&self, columns: &[usize], means: &[ColumnMeans], targets: &Targets) -> PairWeights {
        if !self.reads_class_means() {
            return self.equal_weights(columns, targets);
        }
        let mut weight = DMatrix::zeros(self.classes, columns.len());
        let mut weight_gradient = DMatrix::zeros(self.classes, columns.len());
        for (index, (&column, means)) in columns.iter().zip(means).enumerate() {
            let at = self.reweighting(column, means);
            // A batch may lack a class, which then has no means.
            let seen = targets.sizes().iter().enumerate().filter(|&(_, &size)| size > 0.0);
            for (class, &size) in seen {
                let omega = if class == column { 1.0 } else { at.omega[class] };
                weight[(class, index)] = omega / size;
                weight_gradient[(class, index)] =
                    self.beta * at.omega[class] * (at.loss[class] - at.mean_loss) / size;
            }
        }
        let weight_gradient = (self.variant == InrVariant::Attached).then_some(weight_gradient);
        PairWeights { targets: columns.to_vec(), weight: ColumnWeights::OfPair(weight), weight_gradient }
    }

    fn coupling(&self, column: usize, means: &ColumnMeans) -> Option<Coupling> {
        if self.beta == 0.0 {
            return None;
        }
        let at = self.reweighting(column, means);
        Some(Coupling {
            beta: self.beta,
            variant: self.variant,
            excess: DVector::from_iterator(self.classes, at.loss.iter().map(|loss| loss - at.mean_loss)),
            omega: DVector::from_vec(at.omega),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use crate::loss::ClassWeights;

    #[test]
    fn without_sharpness_weights_are_those_of_any_class_means() {
        let labels = Labels::numbered(vec![0, 1, 1, 2, 2, 2, 3], 4).expect("every class occurs");
        let whole = Targets::new(&labels, &ClassWeights::None).expect("no weights");
        // A batch without samples of class 2.
        for targets in [whole.clone(), whole.of_batch(vec![0, 1, 3, 3])] {
            let inr = Inr { classes: 4, beta: 0.0, variant: InrVariant::Attached };
            let found = inr.pair_weights(&[2, 0, 3], &[], &targets);
            assert!(found.weight_gradient.is_none() && !inr.reads_class_means());
            for (index, &column) in found.targets.iter().enumerate() {
                let mean =
                    |class: usize| if targets.sizes()[class] > 0.0 { 0.1 * class as f64 } else { f64::NAN };
                let omega = in_negative_weights(0.0, &(0..4).map(mean).collect::<Vec<_>>(), column);
                for (class, &share) in omega.iter().enumerate() {
                    let size = targets.sizes()[class];
                    let weight = if class == column { 1.0 } else { share };
                    let expected = if size > 0.0 { weight / size } else { 0.0 };
                    assert_eq!(found.weight.column(index)[class], expected, "class {class}, column {column}");
                }
            }
        }
    }
}
