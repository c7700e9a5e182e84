//! `d/dlogits` of every loss again, in double-double arithmetic and from the equations alone, to check the gradient of
//! the search. A loss that is a sum over samples has its equation in its own file ([`SampleLoss::precise_gradient`]).
#![allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]

use super::{BuiltLoss, ColumnWeights, Inr, InrVariant, Loss, SampleLoss, Targets};
use crate::numeric::{DoubleDouble, Kernel, vectorised};
use nalgebra::DMatrix;

/// Logits or residuals of some samples: `Q` columns of `stride` numbers each, halves apart.
#[derive(Debug, Default)]
pub(crate) struct PreciseBlock {
    pub(crate) high: Vec<f64>,
    pub(crate) low: Vec<f64>,
    /// Samples and padding.
    pub(crate) stride: usize,
}

/// Sums over a class's samples in one logit column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct PreciseSums {
    /// `sum p`.
    probability: DoubleDouble,
    /// `sum -log(1 - p)`.
    loss: DoubleDouble,
}

/// A loss, ready for blocks of logits.
#[derive(Debug)]
pub(crate) enum PreciseLoss<'a> {
    /// One sigmoid per column.
    Columns {
        /// The class that each column is to accept.
        targets: Vec<usize>,
        /// Factor on the weight of a sample of class `c` in column `q`.
        weight: ColumnWeights<DoubleDouble>,
        /// Factor of `p (1 - p)`: what moving the class mean of `p` does to LGL-INR's weights.
        weight_gradient: Option<DMatrix<DoubleDouble>>,
    },
    /// Factor of each class on the weights of its samples.
    Softmax(Vec<DoubleDouble>),
    /// Any other sum over samples.
    PerSample(&'a dyn SampleLoss, &'a Targets),
}

impl<'a> PreciseLoss<'a> {
    /// `sums` gives [`PreciseSums`] (`K x Q`, class by column) at the logits; only LGL-INR calls it.
    pub(crate) fn new(
        loss: &'a BuiltLoss,
        targets: &'a Targets,
        sums: impl FnOnce() -> DMatrix<PreciseSums>,
    ) -> Self {
        match loss {
            BuiltLoss::Logistic(loss) => Self::Columns {
                targets: (0..loss.logit_rows()).map(|column| loss.target_of(column)).collect(),
                weight: loss.precise_weights(),
                weight_gradient: None,
            },
            BuiltLoss::Softmax(_) => {
                let total = DoubleDouble::from(targets.total_mass());
                Self::Softmax(
                    targets.class_weights().iter().map(|&w| DoubleDouble::from(w) / total).collect(),
                )
            }
            BuiltLoss::Inr(loss) => Self::inr(*loss, targets, &sums()),
            BuiltLoss::PerSample(loss) => Self::PerSample(&**loss, targets),
        }
    }

    /// Weights `omega_c / N_c`, and for R2 the weight gradient `beta omega_c (l_c - lbar) / N_c`.
    fn inr(loss: Inr, targets: &Targets, sums: &DMatrix<PreciseSums>) -> Self {
        let classes = loss.classes;
        let beta = DoubleDouble::from(loss.beta);
        let count = |class: usize| DoubleDouble::from(targets.sizes()[class]);
        let zero = DoubleDouble::default();
        let mut weight = DMatrix::from_element(classes, classes, zero);
        let mut weight_gradient = weight.clone();
        for column in 0..classes {
            let mean = |class: usize| sums[(class, column)].probability / count(class);
            // A class without samples has no mean and no weight.
            let others = || (0..classes).filter(|&class| class != column && targets.sizes()[class] > 0.0);
            let largest = others().map(mean).max_by(|a, b| a.value().total_cmp(&b.value())).unwrap_or(zero);
            let power = |class: usize| (beta * (mean(class) - largest)).exp_of_nonpositive();
            let total = others().map(power).fold(zero, |sum, term| sum + term);
            let omega = |class: usize| power(class) / total;
            let class_loss = |class: usize| sums[(class, column)].loss / count(class);
            let mean_loss = others().map(|c| omega(c) * class_loss(c)).fold(zero, |sum, term| sum + term);
            if targets.sizes()[column] > 0.0 {
                weight[(column, column)] = DoubleDouble::ONE / count(column);
            }
            for class in others() {
                weight[(class, column)] = omega(class) / count(class);
                weight_gradient[(class, column)] =
                    beta * weight[(class, column)] * (class_loss(class) - mean_loss);
            }
        }
        let attached = loss.variant == InrVariant::Attached;
        let weight = ColumnWeights::OfPair(weight);
        Self::Columns {
            targets: (0..classes).collect(),
            weight,
            weight_gradient: attached.then_some(weight_gradient),
        }
    }

    /// Turns the logits of a block into `dL/dlogits`, given classes and weights of its samples; padding becomes zero.
    pub(crate) fn residuals(&self, labels: &[u32], weights: Option<&[f64]>, block: &mut PreciseBlock) {
        match self {
            Self::Columns { targets, weight, weight_gradient } => {
                let weight_gradient = weight_gradient.as_ref();
                vectorised(ColumnResiduals { labels, targets, weight, weight_gradient, block });
            }
            Self::Softmax(weights) => vectorised(SoftmaxResiduals { labels, weights, block }),
            Self::PerSample(loss, targets) => {
                let columns = loss.logit_rows();
                let mut logits = vec![DoubleDouble::default(); columns];
                for (sample, &label) in labels.iter().enumerate() {
                    let at = |column: usize| column * block.stride + sample;
                    (0..columns).for_each(|column| logits[column] = block.get(at(column)));
                    loss.precise_gradient(label as usize, targets, &mut logits);
                    (0..columns).for_each(|column| block.set(column * block.stride + sample, logits[column]));
                }
            }
        }
        if let Some(weights) = weights {
            vectorised(WeighResiduals { weights, block });
        }
        for column in
            block.high.chunks_exact_mut(block.stride).chain(block.low.chunks_exact_mut(block.stride))
        {
            column[labels.len()..].fill(0.0);
        }
    }
}

/// Adds the samples of a block of logits to [`PreciseSums`] (`K x Q`).
pub(crate) fn add_sums(
    labels: &[u32],
    weights: Option<&[f64]>,
    block: &PreciseBlock,
    sums: &mut DMatrix<PreciseSums>,
) {
    vectorised(AddSums { labels, weights, block, sums });
}

impl PreciseSums {
    /// Both sums together.
    pub(crate) fn joined(self, other: Self) -> Self {
        Self { probability: self.probability + other.probability, loss: self.loss + other.loss }
    }
}

impl PreciseBlock {
    #[inline(always)]
    fn get(&self, index: usize) -> DoubleDouble {
        DoubleDouble { high: self.high[index], low: self.low[index] }
    }

    #[inline(always)]
    fn set(&mut self, index: usize, value: DoubleDouble) {
        (self.high[index], self.low[index]) = (value.high, value.low);
    }

    /// Both halves of a column, without padding.
    #[inline(always)]
    fn column(&self, column: usize, samples: usize) -> (&[f64], &[f64]) {
        let range = column * self.stride..column * self.stride + samples;
        (&self.high[range.clone()], &self.low[range])
    }

    /// The same to be written to.
    #[inline(always)]
    fn column_mut(&mut self, column: usize, samples: usize) -> (&mut [f64], &mut [f64]) {
        let range = column * self.stride..column * self.stride + samples;
        (&mut self.high[range.clone()], &mut self.low[range])
    }
}

/// `sigmoid(z)` and `sigmoid(-z)`, each to full relative precision.
#[inline(always)]
pub(super) fn sigmoid(z: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    let tail = (-z.abs()).exp_of_nonpositive();
    let larger = larger_sigmoid(tail);
    let smaller = tail * larger;
    if z.high >= 0.0 { (larger, smaller) } else { (smaller, larger) }
}

/// `sigmoid(|z|)` from `exp(-|z|)`.
#[inline(always)]
fn larger_sigmoid(tail: DoubleDouble) -> DoubleDouble {
    DoubleDouble::ONE / (DoubleDouble::ONE + tail)
}

/// `log(1 + exp(z))`.
#[inline(always)]
pub(super) fn softplus(z: DoubleDouble) -> DoubleDouble {
    softplus_by_tail(z, (-z.abs()).exp_of_nonpositive())
}

/// The same from `exp(-|z|)`.
#[inline(always)]
fn softplus_by_tail(z: DoubleDouble, tail: DoubleDouble) -> DoubleDouble {
    let near = tail.ln_1p_of_nonnegative();
    if z.high > 0.0 { z + near } else { near }
}

fn largest_of(logits: &[DoubleDouble]) -> DoubleDouble {
    let larger = |a: DoubleDouble, b: DoubleDouble| if (b - a).high > 0.0 { b } else { a };
    logits.iter().copied().reduce(larger).unwrap_or_default()
}

/// `log sum_k exp(z_k)`.
pub(super) fn log_total(logits: &[DoubleDouble]) -> DoubleDouble {
    let largest = largest_of(logits);
    let powers = logits.iter().map(|&z| (z - largest).exp_of_nonpositive());
    let total = powers.fold(DoubleDouble::default(), |sum, power| sum + power);
    largest + (total - DoubleDouble::ONE).ln_1p_of_nonnegative()
}

/// What softmax says of a sample's own class.
pub(super) struct OwnClass {
    /// `log p_y`.
    pub(super) log: DoubleDouble,
}

/// Turns the logits of a sample into `p_k - 1[k = own]`, the own entry as the sum of the others.
pub(super) fn softmax_of(logits: &mut [DoubleDouble], own: usize) -> OwnClass {
    let log = logits[own] - log_total(logits);
    let largest = largest_of(logits);
    logits.iter_mut().for_each(|z| *z = (*z - largest).exp_of_nonpositive());
    let sum =
        |powers: &[DoubleDouble]| powers.iter().fold(DoubleDouble::default(), |sum, &power| sum + power);
    let others = sum(&logits[..own]) + sum(&logits[own + 1..]);
    let total = others + logits[own];
    logits.iter_mut().for_each(|power| *power = *power / total);
    logits[own] = -(others / total);
    OwnClass { log }
}

struct ColumnResiduals<'a> {
    labels: &'a [u32],
    targets: &'a [usize],
    weight: &'a ColumnWeights<DoubleDouble>,
    weight_gradient: Option<&'a DMatrix<DoubleDouble>>,
    block: &'a mut PreciseBlock,
}

impl Kernel for ColumnResiduals<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { labels, targets, weight, weight_gradient, block } = self;
        for (column, &target) in targets.iter().enumerate() {
            let weight = weight.column(column);
            let sigmoids = Tails::of(block.column(column, labels.len())).sigmoids();
            for (sample, &label) in labels.iter().enumerate() {
                let (class, index) = (label as usize, column * block.stride + sample);
                let (probability, complement) = sigmoids.of(sample, block.high[index]);
                let error = if class == target { -complement } else { probability };
                let mut residual = weight[class] * error;
                if let Some(weight_gradient) = weight_gradient {
                    residual += weight_gradient[(class, column)] * (probability * complement);
                }
                block.set(index, residual);
            }
        }
    }
}

/// `exp(-|z|)` of the logits of a column. What follows from it is computed in loops of few arrays each, so that vector
/// instructions run over samples.
struct Tails(Halves);

/// `sigmoid(|z|)` and `sigmoid(-|z|)` of the logits of a column.
struct Sigmoids {
    larger: Halves,
    smaller: Halves,
}

impl Tails {
    #[inline(always)]
    fn of((high, low): (&[f64], &[f64])) -> Self {
        let mut tails = Halves::zeros(high.len());
        become_tail(&mut tails.high, &mut tails.low, high, low);
        Self(tails)
    }

    #[inline(always)]
    fn sigmoids(self) -> Sigmoids {
        let Self(mut smaller) = self;
        let mut larger = Halves::zeros(smaller.high.len());
        become_larger(&mut larger.high, &mut larger.low, &smaller.high, &smaller.low);
        multiply(&mut smaller.high, &mut smaller.low, &larger.high, &larger.low);
        Sigmoids { larger, smaller }
    }

    /// `log(1 + exp(z))` of the same logits.
    #[inline(always)]
    fn softplus(&self, logits: (&[f64], &[f64])) -> Halves {
        let mut losses = Halves::of(logits);
        become_softplus(&mut losses.high, &mut losses.low, &self.0.high, &self.0.low);
        losses
    }
}

impl Sigmoids {
    /// `sigmoid(z)` and `sigmoid(-z)` of a sample, of whose logit only the sign matters.
    #[inline(always)]
    fn of(&self, sample: usize, logit: f64) -> (DoubleDouble, DoubleDouble) {
        let (larger, smaller) = (self.larger.get(sample), self.smaller.get(sample));
        if logit >= 0.0 { (larger, smaller) } else { (smaller, larger) }
    }
}

struct SoftmaxResiduals<'a> {
    labels: &'a [u32],
    weights: &'a [DoubleDouble],
    block: &'a mut PreciseBlock,
}

impl Kernel for SoftmaxResiduals<'_> {
    type Output = ();

    // Class after class over all samples, in loops of few arrays each, so that vector instructions run over samples.
    #[inline(always)]
    fn call(self) {
        let Self { labels, weights, block } = self;
        let samples = labels.len();
        let mut largest = Halves::of(block.column(0, samples));
        for class in 1..weights.len() {
            let (high, low) = block.column(class, samples);
            raise(&mut largest.high, &mut largest.low, high, low);
        }
        let (mut total, mut others) = (Halves::zeros(samples), Halves::zeros(samples));
        for (class, own) in (0..weights.len()).zip(0_u32..) {
            let (high, low) = block.column_mut(class, samples);
            exponentiate(high, low, &largest.high, &largest.low);
            add_up(&mut total.high, &mut total.low, high, low);
            add_up_others(&mut others.high, &mut others.low, high, low, labels, own);
        }
        let mut factor = Halves::zeros(samples);
        for (sample, &label) in labels.iter().enumerate() {
            factor.set(sample, weights[label as usize] / total.get(sample));
        }
        for (sample, &label) in labels.iter().enumerate() {
            block.set(label as usize * block.stride + sample, -others.get(sample));
        }
        for class in 0..weights.len() {
            let (high, low) = block.column_mut(class, samples);
            multiply(high, low, &factor.high, &factor.low);
        }
    }
}

/// One double-double for each sample, halves apart.
struct Halves {
    high: Vec<f64>,
    low: Vec<f64>,
}

impl Halves {
    fn of((high, low): (&[f64], &[f64])) -> Self {
        Self { high: high.to_vec(), low: low.to_vec() }
    }

    fn zeros(samples: usize) -> Self {
        Self { high: vec![0.0; samples], low: vec![0.0; samples] }
    }

    #[inline(always)]
    fn get(&self, sample: usize) -> DoubleDouble {
        DoubleDouble { high: self.high[sample], low: self.low[sample] }
    }

    #[inline(always)]
    fn set(&mut self, sample: usize, value: DoubleDouble) {
        (self.high[sample], self.low[sample]) = (value.high, value.low);
    }
}

/// A function by which each of the numbers `high + low` becomes what `$work` makes of it and of another by its side. A macro,
/// since a closure would not be compiled for the instructions of its caller.
macro_rules! for_each_number {
    ($(#[$about:meta])* $name:ident, |$own:ident, $other:ident| $work:expr) => {
        $(#[$about])*
        #[inline(always)]
        fn $name(high: &mut [f64], low: &mut [f64], other_high: &[f64], other_low: &[f64]) {
            for (((high, low), &other_high), &other_low) in
                high.iter_mut().zip(low).zip(other_high).zip(other_low)
            {
                let $own = DoubleDouble { high: *high, low: *low };
                let $other = DoubleDouble { high: other_high, low: other_low };
                let changed: DoubleDouble = $work;
                (*high, *low) = (changed.high, changed.low);
            }
        }
    };
}

for_each_number!(
    /// The larger of each largest logit so far and a logit of the same sample.
    raise,
    |largest, logit| if (logit - largest).high > 0.0 { logit } else { largest }
);
for_each_number!(
    /// `exp(z - largest)` over `z`.
    exponentiate,
    |z, largest| (z - largest).exp_of_nonpositive()
);
for_each_number!(
    /// `exp(-|z|)` over whatever there was.
    become_tail,
    |_own, z| (-z.abs()).exp_of_nonpositive()
);
for_each_number!(
    /// The larger of `sigmoid(z)` and `sigmoid(-z)` over whatever there was, from `exp(-|z|)`.
    become_larger,
    |_own, tail| larger_sigmoid(tail)
);
for_each_number!(
    /// `log(1 + exp(z))` over `z`, from `exp(-|z|)`.
    become_softplus,
    |z, tail| softplus_by_tail(z, tail)
);
for_each_number!(add_up, |sum, term| sum + term);
for_each_number!(multiply, |value, factor| value * factor);

/// Adds the terms of the samples that are not of class `own`.
#[inline(always)]
fn add_up_others(
    high: &mut [f64],
    low: &mut [f64],
    term_high: &[f64],
    term_low: &[f64],
    labels: &[u32],
    own: u32,
) {
    let terms = term_high.iter().zip(term_low).zip(labels);
    for ((high, low), ((&term_high, &term_low), &label)) in high.iter_mut().zip(low).zip(terms) {
        let sum = DoubleDouble { high: *high, low: *low };
        let with_term = sum + DoubleDouble { high: term_high, low: term_low };
        let is_own = label == own;
        *high = if is_own { sum.high } else { with_term.high };
        *low = if is_own { sum.low } else { with_term.low };
    }
}

/// Residuals times the weights of their samples.
struct WeighResiduals<'a> {
    weights: &'a [f64],
    block: &'a mut PreciseBlock,
}

impl Kernel for WeighResiduals<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { weights, block } = self;
        for first in (0..block.high.len()).step_by(block.stride.max(1)) {
            for (sample, &weight) in weights.iter().enumerate() {
                block.set(first + sample, block.get(first + sample) * DoubleDouble::from(weight));
            }
        }
    }
}

struct AddSums<'a> {
    labels: &'a [u32],
    weights: Option<&'a [f64]>,
    block: &'a PreciseBlock,
    sums: &'a mut DMatrix<PreciseSums>,
}

impl Kernel for AddSums<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { labels, weights, block, sums } = self;
        for column in 0..sums.ncols() {
            let logits = block.column(column, labels.len());
            let tails = Tails::of(logits);
            let losses = tails.softplus(logits);
            let sigmoids = tails.sigmoids();
            for (sample, &label) in labels.iter().enumerate() {
                let (probability, _) = sigmoids.of(sample, logits.0[sample]);
                let loss = losses.get(sample);
                let mut sample_sums = PreciseSums { probability, loss };
                if let Some(weights) = weights {
                    let weight = DoubleDouble::from(weights[sample]);
                    sample_sums = PreciseSums { probability: probability * weight, loss: loss * weight };
                }
                let sum = &mut sums[(label as usize, column)];
                *sum = sum.joined(sample_sums);
            }
        }
    }
}
