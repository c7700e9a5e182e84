//! Means over the samples of each class: the mean-probability matrix `P` (row = true class, column = predicted class), and
//! how far the hardest non-target class hides behind the average of one-vs-all logistic loss.

use crate::loss::{Link, Targets};
use crate::numeric::{Sigmoid, Sum, softmax_with_complements, softplus, two_sum};
use nalgebra::DMatrix;
use serde::Serialize;

/// Class means, by sample weights, of predicted probabilities, of their complements, and of what the LGL-INR law needs besides.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanProbability {
    /// `P[c][k]`, `K x K`.
    pub matrix: DMatrix<f64>,
    /// `s_k = 1 - P[k][k]`, averaged from complements so that a tiny shortfall keeps its digits.
    pub shortfall: Vec<f64>,
}

/// Class means of one-vs-all columns beyond the probability itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMeans {
    /// `l_c^k`: mean of `-log(1 - p^k)` over class `c`.
    pub loss: DMatrix<f64>,
    /// `v_c^k`: mean of `p^k (1 - p^k)` over class `c`.
    pub variance: DMatrix<f64>,
}

/// Probabilities and complements of one sample, for all `K` classes. Returns the logarithm of that of its own class.
pub fn sample_probabilities(link: Link, logits: &[f64], class: usize, out: &mut [Sigmoid]) -> f64 {
    match (link, logits) {
        // The binary logistic loss has one column, that of class 1.
        (Link::Sigmoid, &[z]) => {
            out[0] = Sigmoid::of(-z);
            out[1] = Sigmoid::of(z);
            -softplus(if class == 1 { -z } else { z })
        }
        (Link::Sigmoid, logits) => {
            for (entry, &z) in out.iter_mut().zip(logits) {
                *entry = Sigmoid::of(z);
            }
            -softplus(-logits[class])
        }
        (Link::Softmax, logits) => softmax_with_complements(logits, out).log_probability(logits[class]),
    }
}

impl MeanProbability {
    /// Class means over the samples of `logits` (one sample per column; one row for the binary logistic loss).
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::balance::MeanProbability;
    /// use equipoise::data::Labels;
    /// use equipoise::loss::{ClassWeights, Link, Targets};
    /// use nalgebra::DMatrix;
    ///
    /// let targets = Targets::new(&Labels::numbered(vec![0, 1, 1], 2)?, &ClassWeights::None)?;
    /// let logits = DMatrix::from_column_slice(2, 3, &[3_f64.ln(), 0.0, 0.0, 0.0, 0.0, 3_f64.ln()]);
    /// let means = MeanProbability::of(Link::Softmax, &logits, &targets);
    /// assert!((means.matrix[(0, 0)] - 0.75).abs() < 1e-15);
    /// assert!((means.shortfall[1] - 0.375).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let mut tally = MeanTally::new(targets.classes());
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; targets.classes()];
        for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let (class, weight) = (label as usize, targets.sample_weight(number));
            sample_probabilities(link, z.as_slice(), class, &mut sample);
            tally.add_sample(&sample, (class, weight));
        }
        tally.means(targets.sizes())
    }

    /// `F[c][k] = m_c P[c][k]`.
    #[must_use]
    pub fn flow(&self, targets: &Targets) -> DMatrix<f64> {
        DMatrix::from_fn(self.matrix.nrows(), self.matrix.ncols(), |class, predicted| {
            targets.mass()[class] * self.matrix[(class, predicted)]
        })
    }
}

/// Sums over samples, from which [`MeanProbability`] is made.
pub struct MeanTally {
    sums: ClassRows,
    short: Vec<Sum>,
}

impl MeanTally {
    /// Sums over no sample yet.
    #[must_use]
    pub(super) fn new(classes: usize) -> Self {
        Self { sums: ClassRows::new(classes), short: vec![Sum::default(); classes] }
    }

    /// Adds a sample of a class, with its weight, by its probabilities.
    pub(super) fn add_sample(&mut self, sample: &[Sigmoid], (class, weight): (usize, f64)) {
        self.sums.add(class, weight, sample.iter().map(|pair| pair.probability));
        self.short[class].add(weight * sample[class].complement);
    }

    /// The means, from the size of each class.
    #[must_use]
    pub fn means(self, sizes: &[f64]) -> MeanProbability {
        let matrix = self.sums.means(sizes);
        let shortfall = self.short.iter().zip(sizes).map(|(sum, size)| sum.value() / size).collect();
        MeanProbability { matrix, shortfall }
    }
}

impl ClassMeans {
    /// Class means over the samples of one-vs-all `logits` (`K x N`).
    #[must_use]
    pub fn of(logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let classes = targets.classes();
        let (mut loss, mut variance) = (ClassRows::new(classes), ClassRows::new(classes));
        for (number, (column, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let (class, weight) = (label as usize, targets.sample_weight(number));
            loss.add(class, weight, column.iter().map(|&z| softplus(z)));
            variance.add(class, weight, column.iter().map(|&z| Sigmoid::of(z).slope()));
        }
        Self { loss: loss.means(targets.sizes()), variance: variance.means(targets.sizes()) }
    }
}

/// Compensated sums of rows of numbers.
pub struct Row {
    rounded: Vec<f64>,
    error: Vec<f64>,
}

impl Row {
    /// Zeros.
    #[must_use]
    pub fn new(length: usize) -> Self {
        // Zeros that are written: pages that are read first, as sums are, would be mapped twice.
        let zeros = || {
            let mut zeros = Vec::with_capacity(length);
            zeros.resize(length, 0.0);
            zeros
        };
        Self { rounded: zeros(), error: zeros() }
    }

    /// Adds one number to each sum.
    pub fn add(&mut self, terms: impl Iterator<Item = f64>) {
        add(&mut self.rounded, &mut self.error, terms);
    }

    /// Adds the sums of other samples.
    pub fn merge(&mut self, other: &Self) {
        self.add(other.rounded.iter().copied());
        self.add(other.error.iter().copied());
    }

    /// What each sum is in two parts.
    pub fn parts(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.rounded.iter().zip(&self.error).map(|(&rounded, &error)| [rounded, error])
    }
}

/// The same of numbers of the samples of each class, one per class: `K x K`, a row for each true class.
pub struct ClassRows {
    classes: usize,
    sums: Row,
}

impl ClassRows {
    /// Zeros.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, sums: Row::new(classes * classes) }
    }

    /// Adds the numbers of a sample of a class, times the sample's weight.
    pub fn add(&mut self, class: usize, weight: f64, terms: impl Iterator<Item = f64>) {
        let row = class * self.classes..(class + 1) * self.classes;
        let (rounded, error) = (&mut self.sums.rounded[row.clone()], &mut self.sums.error[row]);
        add(rounded, error, terms.map(|term| weight * term));
    }

    /// Adds the sums of other samples.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Each row divided by the size of its class.
    #[must_use]
    pub fn means(&self, sizes: &[f64]) -> DMatrix<f64> {
        let totals = self
            .sums
            .parts()
            .enumerate()
            .map(|(place, [rounded, error])| (rounded + error) / sizes[place / self.classes]);
        DMatrix::from_row_iterator(self.classes, self.classes, totals)
    }
}

fn add(rounded: &mut [f64], error: &mut [f64], terms: impl Iterator<Item = f64>) {
    for ((rounded, error), term) in rounded.iter_mut().zip(error).zip(terms) {
        let (sum, lost) = two_sum(*rounded, term);
        *rounded = sum;
        *error += lost;
    }
}

/// Non-target means of one column (docs/theory.md#a1, #a2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Neglect {
    /// `Pbar_k`, the mean probability over all non-target samples; NaN where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub pooled: f64,
    /// `c*`, the non-target class with the largest `P[c][k]`.
    pub hardest_class: usize,
    /// `P[c*][k]`.
    pub hardest: f64,
    /// `nu_k = P[c*][k] / Pbar_k`; NaN where both are zero.
    #[serde(skip_serializing_if = "is_none")]
    pub ratio: f64,
    /// The bound from the law of the plain loss: `min(1, N_k s_k / N_{c*})`.
    pub bound: f64,
}

/// Whether there is no such number, which JSON then leaves out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_none(number: &f64) -> bool {
    number.is_nan()
}

/// [`Neglect`] of every class's column.
#[must_use]
pub fn neglect(means: &MeanProbability, targets: &Targets) -> Vec<Neglect> {
    let sizes = targets.sizes();
    let total: f64 = sizes.iter().sum();
    let of_column = |target: usize| {
        let others = || (0..targets.classes()).filter(|&class| class != target && sizes[class] > 0.0);
        let probability = |class: usize| means.matrix[(class, target)];
        let pooled =
            others().map(|class| sizes[class] * probability(class)).sum::<f64>() / (total - sizes[target]);
        let harder = |best: Option<usize>, class: usize| match best {
            Some(best) if probability(best) >= probability(class) => Some(best),
            _ => Some(class),
        };
        let hardest_class = others().fold(None, harder).unwrap_or(target);
        let hardest = probability(hardest_class);
        let bound = (sizes[target] * means.shortfall[target] / sizes[hardest_class]).min(1.0);
        Neglect { pooled, hardest_class, hardest, ratio: hardest / pooled, bound }
    };
    (0..targets.classes()).map(of_column).collect()
}
