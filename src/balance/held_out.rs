//! The balance on samples that the loss has not seen: its spread and its bias (docs/theory.md#t1, #t2).

use super::mean_probability::{MeanProbability, sample_probabilities};
use crate::data::Dataset;
use crate::loss::{Link, Targets};
use crate::numeric::{Sigmoid, Sum};
use nalgebra::{Cholesky, DMatrix, DVector};

/// How far predictions on held-out samples are from the balance of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOutBalance {
    /// `D_k = sum_c m_c P_test[c][k] - m_k`, with the masses of the training samples.
    pub difference: f64,
    /// `sqrt(sum_c m_c^2 Var_c(p^k) (1/N_c + 1/n_c))`: what chance makes of it (T1).
    pub standard_deviation: f64,
}

/// T1, class by class: `logits` (`Q x n`) and `test` are those of held-out samples, `training` are the targets that the
/// head was fitted to.
///
/// # Panics
/// The targets are of different classes, or a class has no held-out sample.
#[must_use]
pub fn held_out_balance(
    link: Link,
    training: &Targets,
    logits: &DMatrix<f64>,
    test: &Targets,
) -> Vec<HeldOutBalance> {
    let means = MeanProbability::of(link, logits, test);
    let variance = class_variances(link, logits, test, &means);
    let (mass, classes) = (training.mass(), training.classes());
    let of_class = |k: usize| {
        let others = (0..classes).filter(|&c| c != k).map(|c| mass[c] * means.matrix[(c, k)]);
        let inflow: Sum = others.collect();
        let spread = |c: usize| {
            let draws = 1.0 / training.sizes()[c] + 1.0 / test.sizes()[c];
            mass[c].powi(2) * variance[(c, k)] * draws
        };
        HeldOutBalance {
            difference: inflow.value() - mass[k] * means.shortfall[k],
            standard_deviation: (0..classes).map(spread).sum::<f64>().sqrt(),
        }
    };
    (0..classes).map(of_class).collect()
}

/// `Var_c(p^k)`: how much the probability of class `k` (column) varies over the samples of class `c` (row).
fn class_variances(
    link: Link,
    logits: &DMatrix<f64>,
    targets: &Targets,
    means: &MeanProbability,
) -> DMatrix<f64> {
    let classes = targets.classes();
    let mut sums = DMatrix::<f64>::zeros(classes, classes);
    let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
    for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        let class = label as usize;
        sample_probabilities(link, z.as_slice(), class, &mut sample);
        for (k, pair) in sample.iter().enumerate() {
            let off = pair.probability - means.matrix[(class, k)];
            sums[(class, k)] += targets.sample_weight(number) * off * off;
        }
    }
    DMatrix::from_fn(classes, classes, |c, k| sums[(c, k)] / targets.sizes()[c])
}

/// T2, binary logistic loss: the mean of `D_1` that fitting each sample by itself brings about, from leave-one-out logits
/// `z_i + x_i' H^-1 x_i lambda_i r_i / (1 - h_i)`; `None` where the Hessian is singular. Class 0 has its negative.
///
/// `logits` (`1 x N`) are those of the training samples at the stationary head, `l2` the penalty of the mean loss.
///
/// # Panics
/// `logits` or `targets` are not those of the data set, or of more than two classes.
#[must_use]
pub fn held_out_bias(dataset: &Dataset, targets: &Targets, logits: &DMatrix<f64>, l2: f64) -> Option<f64> {
    let features = dataset.features();
    // About the mean: features far from zero would square the condition of the Hessian.
    let centre = features.column_mean();
    let row = |sample: usize| {
        let offset = features.column(sample) - &centre;
        DVector::from_iterator(features.nrows() + 1, offset.iter().copied().chain([1.0]))
    };
    let weight = |sample: usize| {
        targets.class_weights()[targets.class_indices()[sample] as usize] * targets.sample_weight(sample)
    };
    let dimension = features.nrows();
    let mut hessian = DMatrix::zeros(dimension + 1, dimension + 1);
    for sample in 0..targets.samples() {
        let x = row(sample);
        hessian.ger(weight(sample) * Sigmoid::of(logits[(0, sample)]).slope(), &x, &x, 1.0);
    }
    (0..dimension).for_each(|feature| hessian[(feature, feature)] += l2 * targets.total_mass());
    let factor = Cholesky::new(hessian)?;
    let mut changes = [Sum::default(), Sum::default()];
    for (sample, &label) in targets.class_indices().iter().enumerate() {
        let (x, fitted) = (row(sample), Sigmoid::of(logits[(0, sample)]));
        let residual = if label == 1 { -fitted.complement } else { fitted.probability };
        let reach = x.dot(&factor.solve(&x));
        let leverage = weight(sample) * fitted.slope() * reach;
        let left_out = logits[(0, sample)] + reach * weight(sample) * residual / (1.0 - leverage);
        let change = Sigmoid::of(left_out).probability - fitted.probability;
        changes[label as usize].add(targets.sample_weight(sample) * change);
    }
    let mean = |class: usize| changes[class].value() / targets.sizes()[class];
    Some((0..2).map(|class| targets.mass()[class] * mean(class)).sum())
}
