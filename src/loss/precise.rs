//! `d/dlogits` of every loss again, in double-double arithmetic and from the equations alone, to check the gradient of
//! the search.
#![allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]

use super::{ColumnWeights, Inr, InrVariant, Loss, LossKind, Targets};
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
pub(crate) enum PreciseLoss {
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
}

impl PreciseLoss {
    /// `sums` gives [`PreciseSums`] (`K x Q`, class by column) at the logits; only LGL-INR calls it.
    pub(crate) fn new(
        loss: &LossKind,
        targets: &Targets,
        sums: impl FnOnce() -> DMatrix<PreciseSums>,
    ) -> Self {
        match loss {
            LossKind::Logistic(loss) => Self::Columns {
                targets: (0..loss.logit_rows()).map(|column| loss.target_of(column)).collect(),
                weight: loss.column_weights().map(|_, &weight| DoubleDouble::from(weight)),
                weight_gradient: None,
            },
            LossKind::Softmax(_) => {
                let total = DoubleDouble::from(targets.total_mass());
                Self::Softmax(
                    targets.class_weights().iter().map(|&w| DoubleDouble::from(w) / total).collect(),
                )
            }
            LossKind::Inr(loss) => Self::inr(*loss, targets, &sums()),
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
            let others = || (0..classes).filter(|&class| class != column);
            let largest = others().map(mean).max_by(|a, b| a.value().total_cmp(&b.value())).unwrap_or(zero);
            let power = |class: usize| (beta * (mean(class) - largest)).exp_of_nonpositive();
            let total = others().map(power).fold(zero, |sum, term| sum + term);
            let omega = |class: usize| power(class) / total;
            let class_loss = |class: usize| sums[(class, column)].loss / count(class);
            let mean_loss = others().map(|c| omega(c) * class_loss(c)).fold(zero, |sum, term| sum + term);
            weight[(column, column)] = DoubleDouble::ONE / count(column);
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
}

/// `sigmoid(z)` and `sigmoid(-z)`, each to full relative precision.
#[inline(always)]
fn sigmoid(z: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    let tail = (-z.abs()).exp_of_nonpositive();
    let larger = DoubleDouble::ONE / (DoubleDouble::ONE + tail);
    let smaller = tail * larger;
    if z.high >= 0.0 { (larger, smaller) } else { (smaller, larger) }
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
            for (sample, &label) in labels.iter().enumerate() {
                let (class, index) = (label as usize, column * block.stride + sample);
                let (probability, complement) = sigmoid(block.get(index));
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

struct SoftmaxResiduals<'a> {
    labels: &'a [u32],
    weights: &'a [DoubleDouble],
    block: &'a mut PreciseBlock,
}

impl Kernel for SoftmaxResiduals<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { labels, weights, block } = self;
        for (sample, &label) in labels.iter().enumerate() {
            let stride = block.stride;
            let at = |class: usize| class * stride + sample;
            let mut largest = block.get(at(0));
            for class in 1..weights.len() {
                let logit = block.get(at(class));
                if (logit - largest).high > 0.0 {
                    largest = logit;
                }
            }
            let (own, mut others) = (label as usize, DoubleDouble::default());
            let mut total = others;
            for class in 0..weights.len() {
                let power = (block.get(at(class)) - largest).exp_of_nonpositive();
                block.set(at(class), power);
                total += power;
                if class != own {
                    others += power;
                }
            }
            let factor = weights[own] / total;
            for class in 0..weights.len() {
                let index = at(class);
                let residual = if class == own { -others } else { block.get(index) };
                block.set(index, residual * factor);
            }
        }
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
            for (sample, &label) in labels.iter().enumerate() {
                let logit = block.get(column * block.stride + sample);
                let (probability, _) = sigmoid(logit);
                let tail = (-logit.abs()).exp_of_nonpositive().ln_1p_of_nonnegative();
                let loss = if logit.high > 0.0 { logit + tail } else { tail };
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
