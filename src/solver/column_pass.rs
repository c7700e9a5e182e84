//! One pass over the samples for a loss over logit columns: values and gradients, or Hessians, of some columns.
//!
//! Logits exist for one block of samples at a time, so memory does not grow with the number of samples.

use super::gram::{SingleBlock, SingleGram, gram};
use super::lone_column::LoneColumn;
use super::pass::{Evaluated, HeadColumns, Totals, fold_logit_blocks};
use super::scaled_features::{ScaledFeatures, accumulate_gradient};
use crate::loss::{ClassSums, ColumnLoss, ColumnMeans, Coupling, LogitBlock, PairWeights, Targets};
use crate::numeric::fold_sample_spans;
use nalgebra::DMatrix;
use std::ops::Range;

/// Columns whose Hessians are accumulated in one pass, each on every thread.
pub(super) const HESSIANS_AT_ONCE: usize = 8;

/// Columns whose class means are summed in one pass: a sum for each class and column on every thread.
pub(super) const MEANS_AT_ONCE: usize = 64;

/// How precisely a Hessian is accumulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// Products in `f32`: enough to steer by, at twice the speed.
    Single,
    /// Products in `f64`.
    Double,
}

/// Data, labels and loss of a search over columns.
pub(super) struct ColumnPass<'a, L> {
    pub(super) features: &'a ScaledFeatures<'a>,
    pub(super) targets: &'a Targets,
    pub(super) loss: L,
}

impl<L: ColumnLoss> ColumnPass<'_, L> {
    /// Values and gradients of `columns` at `theta` (`D x Q`).
    pub(super) fn evaluate(&self, columns: &[usize], theta: &DMatrix<f64>) -> Evaluated {
        let weights = self.loss.pair_weights(columns, &self.class_means(columns, theta), self.targets);
        if columns.len() == 1
            && let Some(lone) = LoneColumn::new(self.features, theta.as_slice())
        {
            return self.evaluate_lone(&lone, &weights, theta, || (), |(), _, _| {}, |()| {});
        }
        let dimension = self.features.dimension();
        let zeros = || Totals::new(dimension, columns.len());
        let mut totals = zeros();
        self.fold_blocks(
            columns,
            theta,
            zeros,
            |part, features, logits| {
                let parts = weights.evaluate(logits);
                part.add(&parts, |out| accumulate_gradient(features, dimension, logits.values, out));
            },
            |part| totals.merge(part),
        );
        totals.with_penalty(self.features, theta)
    }

    /// Value and gradient of a lone column, in a pass that folds `also(accumulator, samples, logits)` as well.
    fn evaluate_lone<A: Send>(
        &self,
        lone: &LoneColumn,
        weights: &PairWeights,
        theta: &DMatrix<f64>,
        start: impl Fn() -> A + Sync,
        also: impl Fn(&mut A, Range<usize>, &mut LogitBlock) + Sync,
        mut merge: impl FnMut(A),
    ) -> Evaluated {
        let zeros = || Totals::new(self.features.dimension(), 1);
        let mut totals = zeros();
        fold_sample_spans(
            self.features.samples(),
            || (zeros(), start(), Vec::new(), Vec::new()),
            |(part, accumulator, logits, copied), range| {
                lone.logits(range.clone(), logits);
                copied.clone_from(logits);
                let mut block = LogitBlock::of(self.targets, range.clone(), logits);
                let parts = weights.evaluate(&mut block);
                part.add(&parts, |out| lone.accumulate_gradient(range.clone(), block.values, out));
                also(accumulator, range, &mut LogitBlock { values: copied, ..block });
            },
            |(part, accumulator, ..)| {
                totals.merge(part);
                merge(accumulator);
            },
        );
        totals.with_penalty(self.features, theta)
    }

    /// Value, gradient and Hessian (in single precision, penalty included) of a lone column that reads no class means,
    /// in one pass; `None` where samples are too narrow for that to help.
    pub(super) fn evaluate_with_hessian(&self, theta: &DMatrix<f64>) -> Option<(Evaluated, DMatrix<f64>)> {
        let dimension = self.features.dimension();
        let lone = LoneColumn::new(self.features, theta.as_slice())?;
        let weights = self.loss.pair_weights(&[0], &[], self.targets);
        let zeros = || DMatrix::zeros(dimension, dimension);
        let mut hessian = zeros();
        let evaluated = self.evaluate_lone(
            &lone,
            &weights,
            theta,
            || (zeros(), SingleBlock::default(), SingleGram::default()),
            |(hessian, single, products), range, logits| {
                weights.curvature(logits);
                single.load(self.features, range);
                products.add(single, logits.values, hessian);
            },
            |(of_part, ..)| hessian += of_part,
        );
        self.complete(&mut hessian);
        Some((evaluated, hessian))
    }

    /// Fills the upper triangle and adds the penalty.
    fn complete(&self, hessian: &mut DMatrix<f64>) {
        hessian.fill_upper_triangle_with_lower_triangle();
        for (entry, penalty) in self.features.penalty().iter().enumerate() {
            hessian[(entry, entry)] += penalty;
        }
    }

    /// Hessians of `columns` at `theta` (`D x Q`), penalty included.
    pub(super) fn hessians(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        precision: Precision,
    ) -> Vec<DMatrix<f64>> {
        let mut hessians = Vec::with_capacity(columns.len());
        for (group, columns) in columns.chunks(HESSIANS_AT_ONCE).enumerate() {
            let theta = theta.columns(group * HESSIANS_AT_ONCE, columns.len()).into_owned();
            hessians.extend(self.group_of_hessians(columns, &theta, precision));
        }
        hessians
    }

    fn group_of_hessians(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        precision: Precision,
    ) -> Vec<DMatrix<f64>> {
        let dimension = self.features.dimension();
        let means = self.class_means(columns, theta);
        let weights = self.loss.pair_weights(columns, &means, self.targets);
        let zeros = || vec![DMatrix::zeros(dimension, dimension); columns.len()];
        let mut hessians: Vec<DMatrix<f64>> = zeros();
        self.fold_blocks(
            columns,
            theta,
            || (zeros(), SingleBlock::default(), SingleGram::default()),
            |(sums, single, products), features, logits| {
                weights.curvature(logits);
                match precision {
                    Precision::Single => {
                        single.load(self.features, logits.samples());
                        logits
                            .columns()
                            .zip(sums)
                            .for_each(|(weights, sum)| products.add(single, weights, sum));
                    }
                    Precision::Double => {
                        logits.columns().zip(sums).for_each(|(weights, sum)| gram(features, weights, sum));
                    }
                }
            },
            |(part, _, _)| hessians.iter_mut().zip(part).for_each(|(total, part)| *total += part),
        );
        hessians.iter_mut().for_each(|hessian| self.complete(hessian));
        self.add_couplings(&mut hessians, columns, theta, &means);
        hessians
    }

    /// Adds the coupling of samples through their class means, `S C S^T` with the slopes `S` of the means.
    fn add_couplings(
        &self,
        hessians: &mut [DMatrix<f64>],
        columns: &[usize],
        theta: &DMatrix<f64>,
        means: &[ColumnMeans],
    ) {
        let of_column = |(&column, means): (&usize, &ColumnMeans)| self.loss.coupling(column, means);
        let couplings: Vec<Coupling> = columns.iter().zip(means).filter_map(of_column).collect();
        if couplings.is_empty() {
            return;
        }
        let slopes = self.class_slopes(columns, theta);
        for ((hessian, coupling), slopes) in hessians.iter_mut().zip(couplings).zip(slopes) {
            *hessian += coupling.between(&slopes);
        }
    }

    /// Class means of `columns` at `theta`; none for a loss that does not read them.
    pub(super) fn class_means(&self, columns: &[usize], theta: &DMatrix<f64>) -> Vec<ColumnMeans> {
        if !self.loss.reads_class_means() {
            return Vec::new();
        }
        self.column_means(columns, theta)
    }

    /// Class means of `columns` at `theta`.
    pub(super) fn column_means(&self, columns: &[usize], theta: &DMatrix<f64>) -> Vec<ColumnMeans> {
        let mut means = Vec::with_capacity(columns.len());
        for (group, columns) in columns.chunks(MEANS_AT_ONCE).enumerate() {
            let theta = theta.columns(group * MEANS_AT_ONCE, columns.len()).into_owned();
            means.extend(self.group_of_means(columns, &theta));
        }
        means
    }

    fn group_of_means(&self, columns: &[usize], theta: &DMatrix<f64>) -> Vec<ColumnMeans> {
        let accepted: Vec<usize> = columns.iter().map(|&column| self.loss.target_of(column)).collect();
        let zeros = || ClassSums::new(columns.len(), self.targets.classes());
        let mut sums = zeros();
        self.fold_blocks(
            columns,
            theta,
            zeros,
            |part, _, logits| part.add(logits, &accepted),
            |part| sums.merge(&part),
        );
        sums.means(self.targets.sizes())
    }

    /// Folds `work(accumulator, features of a block, its logits)` over all blocks.
    pub(super) fn fold_blocks<A: Send>(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        start: impl Fn() -> A + Sync,
        work: impl Fn(&mut A, &[f64], &mut LogitBlock) + Sync,
        merge: impl FnMut(A),
    ) {
        let head = HeadColumns { theta, columns };
        fold_logit_blocks(self.features, self.targets, head, start, work, merge);
    }
}
