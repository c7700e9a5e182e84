//! Initial guesses: the best intercepts alone, or the linear discriminant of the classes.

use super::dense::cholesky;
use super::gram::{SingleBlock, SingleGram};
use super::scaled_features::ScaledFeatures;
use crate::loss::{Logistic, Loss, Targets, weigh};
use crate::numeric::fold_sample_spans;
use nalgebra::DMatrix;

/// Share of the mean variance added to every variance, so that collinear features do no harm.
const RIDGE: f64 = 1e-6;

/// Below this relative gradient an initial guess is good: a subsample would not improve on it, and probabilities, with them
/// preconditioners, change little from there on.
pub(super) const GOOD_INITIAL_GUESS: f64 = 0.05;

/// An initial guess with larger logits than this is saturated: classes without variance have an unbounded discriminant,
/// which says nothing about separability.
pub(super) const LARGEST_LOGIT: f64 = 30.0;

/// A head (`D x Q`) of intercepts alone; zero where logits are given.
fn intercepts_only(
    features: &ScaledFeatures,
    columns: usize,
    intercept: impl Fn(usize) -> f64,
) -> DMatrix<f64> {
    let last = features.dimension() - 1;
    let free = !features.has_offset();
    DMatrix::from_fn(features.dimension(), columns, |entry, column| {
        if entry == last && free { intercept(column) } else { 0.0 }
    })
}

/// The intercept-only solution: `b = log(A_t N_t / sum_{c != t} A_c N_c)`.
pub(super) fn logistic(features: &ScaledFeatures, targets: &Targets, loss: &Logistic) -> DMatrix<f64> {
    let log_odds = |column: usize| {
        let (target, weights) = (loss.target_of(column), loss.column_weights().column(column));
        let mass = |class: usize| weights[class] * targets.sizes()[class];
        let others: f64 = (0..weights.len()).filter(|&class| class != target).map(mass).sum();
        (mass(target) / others).ln()
    };
    intercepts_only(features, loss.logit_rows(), log_odds)
}

/// The intercept-only solution of softmax: the logarithms of the class masses, centred.
pub(super) fn softmax(features: &ScaledFeatures, targets: &Targets) -> DMatrix<f64> {
    let logarithms: Vec<f64> = targets.mass().iter().map(|mass| mass.ln()).collect();
    let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    intercepts_only(features, logarithms.len(), |class| logarithms[class] - mean)
}

/// The mean loss of the intercept-only solution of softmax: the entropy of the class masses.
pub(super) fn softmax_value(targets: &Targets) -> f64 {
    targets
        .mass()
        .iter()
        .map(|mass| mass / targets.total_mass())
        .map(|fraction| -fraction * fraction.ln())
        .sum()
}

/// Fisher's linear discriminant as a softmax head, `D x K`, centred: `w_k = S^-1 mu_k`,
/// `b_k = log m_k - mu_k . w_k / 2` with the classes' means `mu_k` and their common covariance `S`.
///
/// It is the solution where classes are normal with one covariance and many samples, and a good initial guess elsewhere.
/// `None` without features, or where the covariance cannot be inverted.
pub(super) fn discriminant(features: &ScaledFeatures, targets: &Targets) -> Option<DMatrix<f64>> {
    let (width, classes) = (features.dimension() - 1, targets.classes());
    if width == 0 || features.has_offset() {
        return None;
    }
    let (mut covariance, sums) = moments(features, targets);
    let means = DMatrix::from_fn(width, classes, |entry, class| sums[(entry, class)] / sums[(width, class)]);
    for class in 0..classes {
        covariance.syger(-sums[(width, class)], &means.column(class), &means.column(class), 1.0);
    }
    let ridge = RIDGE * covariance.trace() / width as f64;
    for entry in 0..width {
        // The penalty is added to a curvature p (1 - p) S, about S / K: added to S itself it counts K times.
        covariance[(entry, entry)] += ridge + features.penalty()[entry] * classes as f64;
    }
    let weights = cholesky(covariance)?.solve(&means);
    let mut theta = DMatrix::from_fn(width + 1, classes, |entry, class| {
        if entry < width {
            weights[(entry, class)]
        } else {
            sums[(width, class)].ln() - 0.5 * means.column(class).dot(&weights.column(class))
        }
    });
    let mean = theta.column_mean();
    theta.column_iter_mut().for_each(|mut column| column -= &mean);
    theta.iter().all(|entry| entry.is_finite()).then_some(theta)
}

/// Second moments of the features about zero (lower triangle, intercept left out) and their sums by class (`D x K`, the
/// last row holds the masses), over the total mass; in single precision, enough for an initial guess.
fn moments(features: &ScaledFeatures, targets: &Targets) -> (DMatrix<f64>, DMatrix<f64>) {
    let (dimension, classes) = (features.dimension(), targets.classes());
    let weights: Vec<f64> =
        targets.class_weights().iter().map(|weight| weight / targets.total_mass()).collect();
    let zeros = || (DMatrix::zeros(dimension, dimension), DMatrix::zeros(dimension, classes));
    let (mut second, mut first) = zeros();
    fold_sample_spans(
        features.samples(),
        || (zeros(), (SingleBlock::default(), SingleGram::default()), Vec::new()),
        |((second, first), (block, products), sample_weights), range| {
            let labels = &targets.class_indices()[range.clone()];
            sample_weights.clear();
            sample_weights.extend(labels.iter().map(|&label| weights[label as usize]));
            weigh(sample_weights, targets.sample_weights().map(|weights| &weights[range.clone()]));
            block.load(features, range);
            products.add(block, sample_weights, second);
            for ((sample, &label), weight) in block.samples(dimension).zip(labels).zip(&*sample_weights) {
                let mut sums = first.column_mut(label as usize);
                sums.iter_mut().zip(sample).for_each(|(sum, &entry)| *sum += weight * f64::from(entry));
            }
        },
        |((of_second, of_first), ..)| {
            second += of_second;
            first += of_first;
        },
    );
    (second.resize(dimension - 1, dimension - 1, 0.0), first)
}
