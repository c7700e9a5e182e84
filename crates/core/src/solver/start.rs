//! Initial guesses: the best intercepts alone, or the linear discriminant of the classes, from a small sample of large data.

use super::dense::cholesky;
use super::hessian::{SingleBlock, SingleGram};
use super::pass::ScaledFeatures;
use super::problem::Intercept;
use super::softmax_newton::SoftmaxPass;
use crate::loss::{Logistic, Loss, Softmax, Targets, of_classes, weigh};
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

/// A head (`D x Q`) of intercepts alone; zero where logits are given, and where there are none.
fn intercepts_only(
    features: &ScaledFeatures,
    columns: usize,
    intercept: impl Fn(usize) -> f64,
) -> DMatrix<f64> {
    let last = features.dimension() - 1;
    let free = !features.has_offset() && features.intercept() == Intercept::Free;
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
    if width == 0 || features.has_offset() || features.intercept() == Intercept::None {
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
            sample_weights.resize(labels.len(), 0.0);
            of_classes(&weights, labels, sample_weights);
            weigh(sample_weights, targets.sample_weights().map(|weights| &weights[range.clone()]));
            block.load(features, range);
            products.add(block, sample_weights, second);
            let first = first.as_mut_slice();
            for ((sample, &label), weight) in block.samples(dimension).zip(labels).zip(&*sample_weights) {
                let sums = &mut first[label as usize * dimension..][..dimension];
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

/// Smaller data is cheap as it is.
const LEAST_SAMPLES: usize = 4096;

/// How much of the data a subsample takes.
#[derive(Clone, Copy)]
pub(super) struct SubsampleSize {
    /// One sample of this many of every class ..
    one_of: usize,
    /// .. but at least this many, or all.
    least: usize,
}

impl SubsampleSize {
    /// For initial guesses of heads with so many rows. With fewer than two samples of a class per unknown, the
    /// subsample could be separable where the whole data are not.
    pub(super) fn to_begin_on(dimension: usize) -> Self {
        Self { one_of: 16, least: dimension.saturating_mul(2) }
    }

    /// For second derivatives of many classes far from the minimum: a quarter of the data, in which every feature of a class
    /// meets a few samples.
    pub(super) fn to_curve(dimension: usize, classes: usize) -> Self {
        Self { one_of: 4, least: dimension.saturating_mul(4).div_ceil(classes).max(4) }
    }

    /// Number of samples of each class to draw; `None` where a subsample would not help: few data, or a large part of
    /// them.
    fn wanted(self, counts: &[usize]) -> Option<Vec<usize>> {
        let of_class = |&count: &usize| count.div_ceil(self.one_of).max(self.least).min(count);
        let wanted: Vec<usize> = counts.iter().map(of_class).collect();
        let (samples, total): (usize, usize) = (counts.iter().sum(), wanted.iter().sum());
        (samples >= LEAST_SAMPLES && 3 * total <= samples).then_some(wanted)
    }

    /// The number of samples that are drawn.
    pub(super) fn samples(self, counts: &[usize]) -> usize {
        self.wanted(counts).map_or(0, |wanted| wanted.iter().sum())
    }
}

/// Some samples of every class, weighted so that every class keeps its mass.
pub(super) struct Subsample<'a> {
    pub(super) features: ScaledFeatures<'a>,
    pub(super) targets: Targets,
    /// `N_c` over the number drawn of the class: the factor on the weight of each drawn sample.
    pub(super) factors: Vec<f64>,
}

impl Subsample<'static> {
    /// Draws a subsample; `None` where it would not help.
    pub(super) fn draw(features: &ScaledFeatures, targets: &Targets, size: SubsampleSize) -> Option<Self> {
        Self::of(targets, size, |chosen| features.subset(chosen))
    }
}

impl<'a> Subsample<'a> {
    /// The same, of samples that are read where they are.
    pub(super) fn choose(
        features: &ScaledFeatures<'a>,
        targets: &Targets,
        size: SubsampleSize,
    ) -> Option<Self> {
        Self::of(targets, size, |chosen| features.chosen(chosen))
    }

    fn of(
        targets: &Targets,
        size: SubsampleSize,
        features_of: impl FnOnce(&[usize]) -> ScaledFeatures<'a>,
    ) -> Option<Self> {
        let counts = targets.counts();
        let wanted = size.wanted(counts)?;
        let chosen = stratified_sample(targets, &wanted);
        let labels = targets.labels().subset(&chosen).ok()?;
        let factors: Vec<f64> =
            targets.sizes().iter().zip(labels.sizes()).map(|(all, drawn)| all / drawn).collect();
        let targets = targets.resampled(&labels, &factors);
        Some(Self { features: features_of(&chosen), targets, factors })
    }

    /// Softmax over its samples.
    pub(super) fn pass(&self) -> SoftmaxPass<'_> {
        let Self { features, targets, .. } = self;
        SoftmaxPass { features, targets, loss: Softmax::new(targets) }
    }

    /// Gives the samples other class weights.
    pub(super) fn take_weights(&mut self, targets: &Targets) {
        self.targets = targets.resampled(self.targets.labels(), &self.factors);
    }
}

/// A stratified sample: `wanted` samples of each class, one from each of as many equal runs, at a pseudo-random place
/// in the run, so that periodic data do no harm. In sample order.
fn stratified_sample(targets: &Targets, wanted: &[usize]) -> Vec<usize> {
    let mut seen = vec![0_usize; wanted.len()];
    let mut next: Vec<usize> =
        (0..wanted.len()).map(|class| place(0, wanted[class], targets.counts()[class])).collect();
    let mut taken = vec![0_usize; wanted.len()];
    let mut chosen = Vec::with_capacity(wanted.iter().sum());
    for (sample, &label) in targets.class_indices().iter().enumerate() {
        let class = label as usize;
        if seen[class] == next[class] && taken[class] < wanted[class] {
            chosen.push(sample);
            taken[class] += 1;
            next[class] = place(taken[class], wanted[class], targets.counts()[class]);
        }
        seen[class] += 1;
    }
    chosen
}

/// The place, within a class of `count` samples, of the sample drawn from run `index` of `runs`.
fn place(index: usize, runs: usize, count: usize) -> usize {
    let start = index * count / runs;
    let end = ((index + 1) * count / runs).max(start + 1);
    start + scrambled(index as u64) % (end - start)
}

/// A number that looks random (the finaliser of `SplitMix64`).
#[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
pub(super) fn scrambled(index: u64) -> usize {
    let mut bits = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) as usize
}
