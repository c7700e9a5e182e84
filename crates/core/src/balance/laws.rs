//! The closed-form laws of docs/theory.md#balance to #repair, from probabilities alone. A `.._ledger` has both sides of a law, class
//! by class; a `.._balance` the worst relative residual over classes, which at a stationary point of its loss is rounding
//! error.

use super::ledger::{Ledger, LedgerEntry};
use super::mean_probability::{ClassMeans, MeanProbability};
use crate::loss::{InrVariant, Targets, in_negative_weights};
use crate::numeric::{Sigmoid, Sum, largest_magnitude};
use nalgebra::{DMatrix, DVector};

/// `|left - right| / max(|left|, |right|)`; zero when both are.
#[must_use]
pub fn relative_difference(left: f64, right: f64) -> f64 {
    // NaN on either side gives NaN.
    let size = left.abs().max(right.abs());
    if left == 0.0 && right == 0.0 { 0.0 } else { (left - right).abs() / size }
}

/// Both sides of a law, class by class.
fn ledger(classes: usize, sides: impl Fn(usize) -> (f64, f64)) -> Ledger {
    let entry = |(outflow, inflow)| LedgerEntry::new(outflow, inflow);
    Ledger { entries: (0..classes).map(sides).map(entry).collect() }
}

/// Sum over the classes other than `target`.
fn sum_over_others(classes: usize, target: usize, term: impl Fn(usize) -> f64) -> f64 {
    (0..classes).filter(|&class| class != target).map(term).collect::<Sum>().value()
}

/// B1: `lambda_1 N_1 (1 - P1) = lambda_0 N_0 P0`.
#[must_use]
pub fn binary_balance(means: &MeanProbability, targets: &Targets) -> f64 {
    let mass = targets.mass();
    relative_difference(mass[1] * means.shortfall[1], mass[0] * means.matrix[(0, 1)])
}

/// B2: `s_1 / P0 = lambda_0 N_0 / (lambda_1 N_1)`; returns the measured ratio and the one that B2 gives.
#[must_use]
pub fn binary_error_ratio(means: &MeanProbability, targets: &Targets) -> (f64, f64) {
    let mass = targets.mass();
    (means.shortfall[1] / means.matrix[(0, 1)], mass[0] / mass[1])
}

/// Residual-weighted centroids of negatives and positives (docs/theory.md#b4), and how far samples lie about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Centroids {
    /// `sum (residual) h / sum (residual)` over the negatives, then over the positives; one coordinate per feature.
    pub of_class: [DVector<f64>; 2],
    /// Residual-weighted mean deviation of each feature from its mean, over both.
    pub spread: DVector<f64>,
}

impl Centroids {
    /// At the `logits` (`1 x N`) of a binary logistic head over `features` (`d x N`).
    ///
    /// # Panics
    /// `features` or `logits` have not one column per sample, or there are more than two classes.
    #[must_use]
    pub fn at(features: &DMatrix<f64>, logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let dimension = features.nrows();
        // Moments about the mean: a feature far from zero would otherwise cancel to nothing.
        let centre = match targets.sample_weights() {
            None => features.column_mean(),
            Some(weights) => {
                features
                    * DVector::from_iterator(weights.len(), weights.iter().map(|w| w / targets.total_size()))
            }
        };
        let mut of_class = [DVector::zeros(dimension), DVector::zeros(dimension)];
        let mut spread = DVector::zeros(dimension);
        let mut masses = [0.0, 0.0];
        for (sample, &label) in targets.class_indices().iter().enumerate() {
            let class = label as usize;
            let sigmoid = Sigmoid::of(logits[(0, sample)]);
            let residual = targets.sample_weight(sample)
                * if class == 1 { sigmoid.complement } else { sigmoid.probability };
            let offset = features.column(sample) - &centre;
            of_class[class].axpy(residual, &offset, 1.0);
            spread.axpy(residual, &offset.abs(), 1.0);
            masses[class] += residual;
        }
        let [negative, positive] = &of_class;
        Self {
            of_class: [negative / masses[0] + &centre, positive / masses[1] + &centre],
            spread: spread / (masses[0] + masses[1]),
        }
    }
}

/// B4: the residual-weighted centroids of positives and negatives coincide, or differ by the `penalty_gap` of a penalty
/// (`l2 M w / (lambda_1 N_1 s_1)`, per feature). What is left of their distance, per feature, beside the
/// residual-weighted mean deviation of that feature; the worst feature.
#[must_use]
pub fn residual_centroids(
    features: &DMatrix<f64>,
    logits: &DMatrix<f64>,
    targets: &Targets,
    penalty_gap: &DVector<f64>,
) -> f64 {
    let Centroids { of_class: [negative, positive], spread } = Centroids::at(features, logits, targets);
    let gap = positive - negative - penalty_gap;
    let varies = |&feature: &usize| spread[feature] > 0.0 || spread[feature].is_nan();
    largest_magnitude((0..features.nrows()).filter(varies).map(|feature| gap[feature] / spread[feature]))
}

/// Both sides of B5 from probabilities alone, at any point: their difference is minus `M` times the gradient of the
/// intercept (N1).
#[must_use]
pub fn softmax_ledger(means: &MeanProbability, targets: &Targets) -> Ledger {
    let (classes, mass) = (targets.classes(), targets.mass());
    ledger(classes, |k| {
        (mass[k] * means.shortfall[k], sum_over_others(classes, k, |c| mass[c] * means.matrix[(c, k)]))
    })
}

/// B5: `lambda_k N_k (1 - P[k][k]) = sum_{c != k} lambda_c N_c P[c][k]`.
#[must_use]
pub fn softmax_balance(means: &MeanProbability, targets: &Targets) -> f64 {
    softmax_ledger(means, targets).worst_residual()
}

/// Both sides of B6 from probabilities alone, at any point, for pair weights `A` (`K x K`; row = true class, column =
/// logit column).
///
/// # Panics
/// `means` or `pair_weights` are of fewer classes than `targets`.
#[must_use]
pub fn one_vs_all_ledger(means: &MeanProbability, targets: &Targets, pair_weights: &DMatrix<f64>) -> Ledger {
    let classes = targets.classes();
    let weight = |c: usize, k: usize| pair_weights[(c, k)] * targets.sizes()[c];
    ledger(classes, |k| {
        let inflow = sum_over_others(classes, k, |c| weight(c, k) * means.matrix[(c, k)]);
        (weight(k, k) * means.shortfall[k], inflow)
    })
}

/// B6: `A[k][k] N_k s_k = sum_{c != k} A[c][k] N_c P[c][k]`, for any pair weights `A` (up to a common factor).
#[must_use]
pub fn one_vs_all_balance(means: &MeanProbability, targets: &Targets, pair_weights: &DMatrix<f64>) -> f64 {
    one_vs_all_ledger(means, targets, pair_weights).worst_residual()
}

/// A1, the plain loss: `N_k s_k = (N - N_k) Pbar_k`.
#[must_use]
pub fn pooled_balance(means: &MeanProbability, targets: &Targets) -> f64 {
    let total = targets.total_size();
    let columns = super::neglect(means, targets);
    let sides = |k: usize| {
        let size = targets.sizes()[k];
        (size * means.shortfall[k], (total - size) * columns[k].pooled)
    };
    ledger(targets.classes(), sides).worst_residual()
}

/// I2, inverse-frequency softmax: columns of `P` sum to one. The worst absolute deviation.
#[must_use]
pub fn doubly_stochastic(means: &MeanProbability) -> f64 {
    largest_magnitude(means.matrix.column_iter().map(|column| column.sum() - 1.0))
}

/// Both sides of R1 from probabilities alone, at any point.
#[must_use]
pub fn detached_ledger(means: &MeanProbability, targets: &Targets, beta: f64) -> Ledger {
    let classes = targets.classes();
    ledger(classes, |k| {
        let omega = column_weights(means, beta, k);
        (means.shortfall[k], sum_over_others(classes, k, |c| omega[c] * means.matrix[(c, k)]))
    })
}

/// R1, detached LGL-INR: `s_k = sum_{c != k} omega_c^k P[c][k]`.
#[must_use]
pub fn detached_balance(means: &MeanProbability, targets: &Targets, beta: f64) -> f64 {
    detached_ledger(means, targets, beta).worst_residual()
}

/// Both sides of R2 from probabilities alone, at any point.
#[must_use]
pub fn attached_ledger(
    means: &MeanProbability,
    class_means: &ClassMeans,
    targets: &Targets,
    beta: f64,
) -> Ledger {
    let classes = targets.classes();
    let entry = |k: usize| {
        let omega = column_weights(means, beta, k);
        let inflow = sum_over_others(classes, k, |c| omega[c] * means.matrix[(c, k)]);
        let terms = reweighting_terms(&omega, class_means, k);
        let negative = beta * terms.iter().map(|term| (-term).max(0.0)).sum::<f64>();
        let moved = beta * terms.into_iter().collect::<Sum>().value();
        LedgerEntry::of_signed(means.shortfall[k], inflow + moved, negative)
    };
    Ledger { entries: (0..classes).map(entry).collect() }
}

/// R2, attached LGL-INR: `s_k = sum_c omega_c^k (P[c][k] + beta (l_c - lbar) v_c)`.
#[must_use]
pub fn attached_balance(
    means: &MeanProbability,
    class_means: &ClassMeans,
    targets: &Targets,
    beta: f64,
) -> f64 {
    attached_ledger(means, class_means, targets, beta).worst_residual()
}

/// `omega_c^k` for column `k`.
fn column_weights(means: &MeanProbability, beta: f64, column: usize) -> Vec<f64> {
    let probability: Vec<f64> = means.matrix.column(column).iter().copied().collect();
    in_negative_weights(beta, &probability, column)
}

/// `omega_c (l_c - lbar) v_c` of every other class. The sign of their sum decides whether guarantee R3 carries over to the
/// attached loss.
fn reweighting_terms(omega: &[f64], class_means: &ClassMeans, column: usize) -> Vec<f64> {
    let classes = omega.len();
    let mean_loss = sum_over_others(classes, column, |c| omega[c] * class_means.loss[(c, column)]);
    let term =
        |c: usize| omega[c] * (class_means.loss[(c, column)] - mean_loss) * class_means.variance[(c, column)];
    (0..classes).filter(|&class| class != column).map(term).collect()
}

/// R3: how far `max_c P[c][k]` exceeds `s_k + log(K - 1) / beta`, column by column (negative where the guarantee
/// holds); for the attached variant only columns in which
/// `sum_c omega_c (l_c - lbar) v_c` is not negative, the others are `None`.
#[must_use]
pub fn guarantee_excess(
    means: &MeanProbability,
    class_means: &ClassMeans,
    targets: &Targets,
    beta: f64,
    variant: InrVariant,
) -> Vec<Option<f64>> {
    let slack = ((targets.classes() - 1) as f64).ln() / beta;
    super::neglect(means, targets)
        .iter()
        .enumerate()
        .map(|(k, column)| {
            let terms = reweighting_terms(&column_weights(means, beta, k), class_means, k);
            let gradient = terms.into_iter().collect::<Sum>().value();
            let covered = variant == InrVariant::Detached || gradient >= 0.0;
            covered.then(|| column.hardest - means.shortfall[k] - slack)
        })
        .collect()
}
