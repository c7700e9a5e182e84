//! One pass over the samples for a loss over logit columns: values and gradients, or Hessians, of some columns.
//!
//! Logits live for a block of samples only; memory does not grow with their number.

use super::gram::{SingleBlock, SingleGram, gram};
use super::pass::{Evaluated, HeadColumns, Totals, over_logit_blocks};
use super::scaled_features::ScaledFeatures;
use crate::loss::{ClassSums, ColumnLoss, ColumnMeans, LogitBlock, Targets, mean_slopes};
use nalgebra::DMatrix;

/// Columns whose Hessians are accumulated in one pass, each on every thread.
const HESSIANS_AT_ONCE: usize = 8;

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
        let zeros = || Totals::new(self.features.dimension(), columns.len());
        let mut totals = zeros();
        self.over_blocks(
            columns,
            theta,
            zeros,
            |part, features, logits| {
                let parts = weights.evaluate(logits);
                part.add(&parts, features, logits.values);
            },
            |part| totals.merge(part),
        );
        totals.with_penalty(self.features, theta)
    }

    /// Value, gradient and Hessian (in single precision, penalty included) of a lone column that reads no class means,
    /// in one pass.
    pub(super) fn evaluate_with_hessian(&self, theta: &DMatrix<f64>) -> (Evaluated, DMatrix<f64>) {
        let dimension = self.features.dimension();
        let weights = self.loss.pair_weights(&[0], &[], self.targets);
        let zeros = || {
            let hessian = DMatrix::zeros(dimension, dimension);
            (Totals::new(dimension, 1), hessian, SingleBlock::default(), SingleGram::default(), Vec::new())
        };
        let (mut totals, mut hessian, ..) = zeros();
        self.over_blocks(
            &[0],
            theta,
            zeros,
            |(totals, hessian, single, products, curvature), features, logits| {
                curvature.clear();
                curvature.extend_from_slice(logits.values);
                let parts = weights.evaluate(logits);
                totals.add(&parts, features, logits.values);
                weights.curvature(&mut LogitBlock { values: curvature, ..*logits });
                single.load(features);
                products.add(single, curvature, hessian);
            },
            |(part, of_part, ..)| {
                totals.merge(part);
                hessian += of_part;
            },
        );
        self.complete(&mut hessian);
        (totals.with_penalty(self.features, theta), hessian)
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
        self.over_blocks(
            columns,
            theta,
            || (zeros(), SingleBlock::default(), SingleGram::default()),
            |(sums, single, products), features, logits| {
                weights.curvature(logits);
                match precision {
                    Precision::Single => {
                        single.load(features);
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
        for (index, hessian) in hessians.iter_mut().enumerate() {
            self.complete(hessian);
            if let Some(coupling) =
                means.get(index).and_then(|means| self.loss.coupling(columns[index], means))
            {
                let slopes = self.class_slopes(columns[index], &theta.columns(index, 1).into_owned());
                *hessian += &slopes * coupling * slopes.transpose();
            }
        }
        hessians
    }

    /// How the class means of a column move with its parameters: `D x 2K`, losses first, probabilities second.
    pub(super) fn class_slopes(&self, column: usize, theta: &DMatrix<f64>) -> DMatrix<f64> {
        let classes = self.targets.classes();
        let zeros = || DMatrix::zeros(self.features.dimension(), 2 * classes);
        let (target, mut total) = (self.loss.target_of(column), zeros());
        self.over_blocks(
            &[column],
            theta,
            zeros,
            |sums, features, logits| {
                let samples = features.chunks_exact(sums.nrows()).zip(logits.labels).zip(&*logits.values);
                for ((sample, &label), &z) in samples {
                    let class = label as usize;
                    let slopes = mean_slopes(z, class, target, self.targets);
                    for (at, slope) in [(class, slopes[0]), (classes + class, slopes[1])] {
                        let mut sum = sums.column_mut(at);
                        sum.iter_mut().zip(sample).for_each(|(sum, entry)| *sum += slope * entry);
                    }
                }
            },
            |part| total += part,
        );
        total
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
        let accepted: Vec<usize> = columns.iter().map(|&column| self.loss.target_of(column)).collect();
        let zeros = || ClassSums::new(columns.len(), self.targets.classes());
        let mut sums = zeros();
        self.over_blocks(
            columns,
            theta,
            zeros,
            |part, _, logits| part.add(logits, &accepted),
            |part| sums.merge(&part),
        );
        sums.means(self.targets.counts())
    }

    /// Folds `work(accumulator, features of a block, its logits)` over all blocks.
    fn over_blocks<A: Send>(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        start: impl Fn() -> A + Sync,
        work: impl Fn(&mut A, &[f64], &mut LogitBlock) + Sync,
        merge: impl FnMut(A),
    ) {
        let head = HeadColumns { theta, columns };
        over_logit_blocks(self.features, self.targets.of_sample(), head, start, work, merge);
    }
}
