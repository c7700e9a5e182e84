//! One pass over the samples for a loss over logit columns: values and gradients, Hessians, or derivatives of class means
//! (which couple the samples of LGL-INR) of some columns.
//!
//! Logits exist for one block of samples at a time, so memory does not grow with the number of samples. A lone column takes
//! two operations per number read, too few to pay for a scaled copy of every block: centring happens in registers, and the
//! factors, powers of two, move into the parameters and out of the gradient without rounding.

use super::hessian::{SingleBlock, SingleGram, gram};
use super::pass::{
    Evaluated, HeadColumns, LARGEST_HELD, ScaledFeatures, Totals, accumulate_gradient, fold_logit_blocks,
};
use crate::data::{Number, Values};
use crate::loss::{
    ClassSums, ColumnLoss, ColumnMeans, Coupling, LogitBlock, PairWeights, SeenBlock, Targets, mean_slopes,
};
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, fold_sample_spans, fold_wide_spans, vectorised};
use nalgebra::DMatrix;
use std::ops::Range;

/// Columns whose Hessians are accumulated in one pass, each on every thread.
pub(super) const HESSIANS_AT_ONCE: usize = 8;

/// Columns whose class means are summed in one pass: a sum for each class and column on every thread.
pub(super) const MEANS_AT_ONCE: usize = 64;

/// Numbers of samples that are kept from one pass to the next at most (4 MiB, about what stays in a core's caches).
const MAX_KEPT: usize = LARGEST_HELD / size_of::<f64>();

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
        let numbers = SeenBlock::NUMBERS * self.features.samples() * columns.len();
        let is_lone = columns.len() == 1 && LoneColumn::new(self.features, theta.as_slice()).is_some();
        if self.loss.reads_class_means() && numbers <= MAX_KEPT && !is_lone {
            return self.evaluate_in_one_look(columns, theta);
        }
        let means = self.class_means(columns, theta);
        let weights = self.loss.pair_weights(columns, &means, self.targets);
        Evaluated { means, ..self.evaluate_under(&weights, columns, theta) }
    }

    /// The same for a loss that reads class means, with what they are sums of kept for the gradients: exponentials and logarithms
    /// are taken once. The same bits.
    fn evaluate_in_one_look(&self, columns: &[usize], theta: &DMatrix<f64>) -> Evaluated {
        let mut kept = Vec::new();
        let means = self.fold_seen(columns, theta, Vec::new, Vec::push, |part| kept.extend(part));
        let weights = self.loss.pair_weights(columns, &means, self.targets);
        let dimension = self.features.dimension();
        let zeros = || Totals::new(dimension, columns.len());
        let mut totals = zeros();
        fold_wide_spans(
            self.features.samples(),
            2 * theta.len(),
            || (zeros(), Vec::new(), Vec::new()),
            |(part, scratch, residuals), range| {
                let features = self.features.block(range.clone(), scratch);
                residuals.resize(range.len() * columns.len(), 0.0);
                let seen = &kept[range.start / SAMPLES_PER_CHUNK];
                let mut residuals = LogitBlock::of(self.targets, range, residuals);
                let parts = weights.evaluate_seen(seen, &mut residuals);
                part.add(&parts, |out| accumulate_gradient(features, dimension, residuals.values, out));
            },
            |(part, ..)| totals.merge(part),
        );
        Evaluated { means, ..totals.with_penalty(self.features, theta) }
    }

    /// The same under weights that are known.
    fn evaluate_under(&self, weights: &PairWeights, columns: &[usize], theta: &DMatrix<f64>) -> Evaluated {
        if columns.len() == 1
            && let Some(lone) = LoneColumn::new(self.features, theta.as_slice())
        {
            return self.evaluate_lone(&lone, weights, theta, || (), |(), _, _| {}, |()| {});
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

    /// Hessians of `columns` at `theta` (`D x Q`), penalty included; `means` are the class means there, of a loss that reads them.
    pub(super) fn hessians(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        means: &[ColumnMeans],
        precision: Precision,
    ) -> Vec<DMatrix<f64>> {
        let mut hessians = Vec::with_capacity(columns.len());
        let mut means = means.chunks(HESSIANS_AT_ONCE);
        for (group, columns) in columns.chunks(HESSIANS_AT_ONCE).enumerate() {
            let theta = theta.columns(group * HESSIANS_AT_ONCE, columns.len()).into_owned();
            let means = means.next().unwrap_or_default();
            hessians.extend(self.group_of_hessians(columns, &theta, means, precision));
        }
        hessians
    }

    fn group_of_hessians(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        means: &[ColumnMeans],
        precision: Precision,
    ) -> Vec<DMatrix<f64>> {
        let dimension = self.features.dimension();
        let weights = self.loss.pair_weights(columns, means, self.targets);
        let zeros = || vec![DMatrix::zeros(dimension, dimension); columns.len()];
        let mut hessians: Vec<DMatrix<f64>> = zeros();
        self.fold_blocks(
            columns,
            theta,
            || (zeros(), SingleBlock::default(), SingleGram::default(), Vec::new()),
            |(sums, single, products, weighted), features, logits| {
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
                        let each = logits.columns().zip(sums);
                        each.for_each(|(weights, sum)| gram(features, weights, weighted, sum));
                    }
                }
            },
            |(part, ..)| hessians.iter_mut().zip(part).for_each(|(total, part)| *total += part),
        );
        hessians.iter_mut().for_each(|hessian| self.complete(hessian));
        self.add_couplings(&mut hessians, columns, theta, means);
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
    fn class_means(&self, columns: &[usize], theta: &DMatrix<f64>) -> Vec<ColumnMeans> {
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
        self.fold_seen(columns, theta, || (), |(), _| {}, |()| {})
    }

    /// Class means of `columns` at `theta`, in a pass that hands what is seen of each block to `also`.
    fn fold_seen<A: Send>(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        start: impl Fn() -> A + Sync,
        also: impl Fn(&mut A, SeenBlock) + Sync,
        mut merge: impl FnMut(A),
    ) -> Vec<ColumnMeans> {
        let accepted: Vec<usize> = columns.iter().map(|&column| self.loss.target_of(column)).collect();
        let zeros = || ClassSums::new(columns.len(), self.targets.classes());
        let mut sums = zeros();
        self.fold_blocks(
            columns,
            theta,
            || (zeros(), start()),
            |(part, accumulator), _, logits| {
                let seen = SeenBlock::of(logits, &accepted);
                part.add(&seen, (logits.labels, logits.weights));
                also(accumulator, seen);
            },
            |(part, accumulator)| {
                sums.merge(&part);
                merge(accumulator);
            },
        );
        sums.means(self.targets.sizes())
    }

    /// Folds `work(accumulator, features of a block, its logits)` over all blocks.
    fn fold_blocks<A: Send>(
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

impl<L: ColumnLoss> ColumnPass<'_, L> {
    /// Derivatives of the class means of `columns` by their parameters at `theta` (`D x Q`): for each column `D x 2K`,
    /// losses first, probabilities second, in one pass over the samples.
    pub(super) fn class_slopes(&self, columns: &[usize], theta: &DMatrix<f64>) -> Vec<DMatrix<f64>> {
        let (dimension, classes) = (self.features.dimension(), self.targets.classes());
        let zeros = || vec![DMatrix::zeros(dimension, 2 * classes); columns.len()];
        let accepted: Vec<usize> = columns.iter().map(|&column| self.loss.target_of(column)).collect();
        let mut totals = zeros();
        self.fold_blocks(
            columns,
            theta,
            || (zeros(), vec![0.0; SAMPLES_PER_CHUNK]),
            |(sums, by_probability), features, logits| {
                let (labels, weights) = (logits.labels, logits.weights);
                let by_probability = &mut by_probability[..labels.len()];
                let by_class = in_order_of_class(labels);
                for ((by_loss, &target), sums) in logits.columns().zip(&accepted).zip(sums) {
                    mean_slopes(by_loss, by_probability, (labels, weights), target, self.targets);
                    let (losses, probabilities) = sums.as_mut_slice().split_at_mut(dimension * classes);
                    vectorised(AddByClass {
                        features,
                        dimension,
                        labels,
                        by_class: &by_class,
                        slopes: [by_loss, by_probability],
                        sums: [losses, probabilities],
                    });
                }
            },
            |(part, _)| totals.iter_mut().zip(part).for_each(|(total, part)| *total += part),
        );
        totals
    }
}

/// Indices of a block's samples, class by class, so that the sums of one class stay in the cache.
fn in_order_of_class(labels: &[u32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..labels.len()).collect();
    places.sort_by_key(|&place| labels[place]);
    places
}

/// Adds every sample times its two slopes to the two sums of its class (`D x K` each).
struct AddByClass<'a> {
    features: &'a [f64],
    dimension: usize,
    labels: &'a [u32],
    by_class: &'a [usize],
    slopes: [&'a [f64]; 2],
    sums: [&'a mut [f64]; 2],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for AddByClass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { features, dimension, labels, by_class, slopes, sums: [losses, probabilities] } = self;
        for &place in by_class {
            let sample = &features[place * dimension..][..dimension];
            let of_class = labels[place] as usize * dimension..(labels[place] as usize + 1) * dimension;
            let (losses8, last_losses) = losses[of_class.clone()].as_chunks_mut::<8>();
            let (probabilities8, last_probabilities) = probabilities[of_class].as_chunks_mut::<8>();
            let (sample8, last_sample) = sample.as_chunks::<8>();
            let slopes = [slopes[0][place], slopes[1][place]];
            let add = |loss: &mut f64, probability: &mut f64, entry: f64| {
                *loss += slopes[0] * entry;
                *probability += slopes[1] * entry;
            };
            for ((losses, probabilities), entries) in losses8.iter_mut().zip(probabilities8).zip(sample8) {
                for lane in 0..8 {
                    add(&mut losses[lane], &mut probabilities[lane], entries[lane]);
                }
            }
            for ((loss, probability), &entry) in
                last_losses.iter_mut().zip(last_probabilities).zip(last_sample)
            {
                add(loss, probability, entry);
            }
        }
    }
}

/// Numbers that one vector instruction works on.
const LANES: usize = 8;
type Lanes = [f64; LANES];

/// One column of a head over features in their own units.
///
/// The numbers of a sample are taken eight at a time; the last eight overlap those before them, which they see with a
/// slope of zero.
struct LoneColumn<'a> {
    features: &'a ScaledFeatures<'a>,
    /// Numbers that a sample is made of where they lie.
    width: usize,
    centre: Vec<Lanes>,
    slope: Vec<Lanes>,
    intercept: f64,
    /// Factor on the gradient with respect to each number.
    factor: Vec<f64>,
}

impl<'a> LoneColumn<'a> {
    /// Takes a column's parameters (`D`); `None` where samples are too narrow, or logits are given.
    pub(super) fn new(features: &'a ScaledFeatures<'a>, theta: &[f64]) -> Option<Self> {
        let (centre, factor) = features.given_coordinates()?;
        let width = centre.len();
        if width < LANES || features.has_offset() {
            return None;
        }
        let slopes: Vec<f64> = theta.iter().zip(&factor).map(|(entry, factor)| entry * factor).collect();
        let coordinate = features.intercept().coordinate();
        let intercept = if width < theta.len() { coordinate * theta[width] } else { 0.0 };
        let mut slope = in_lanes(&slopes);
        let overlap = LANES * slope.len() - width;
        slope.last_mut()?[..overlap].fill(0.0);
        Some(Self { features, width, centre: in_lanes(&centre), slope, intercept, factor })
    }

    /// Logits of samples `range`.
    pub(super) fn logits(&self, range: Range<usize>, into: &mut Vec<f64>) {
        into.resize(range.len(), self.intercept);
        match self.features.given(range) {
            Values::Half(values) => vectorised(Dot { column: self, values, into }),
            Values::Single(values) => vectorised(Dot { column: self, values, into }),
            Values::Double(values) => vectorised(Dot { column: self, values, into }),
        }
    }

    /// The gradient with respect to the column's parameters (`D`), from the residuals of samples `range`.
    pub(super) fn accumulate_gradient(&self, range: Range<usize>, residuals: &[f64], out: &mut [f64]) {
        let mut sums = vec![[0.0; LANES]; self.centre.len()];
        match self.features.given(range) {
            Values::Half(values) => {
                vectorised(AddWeighted { column: self, values, residuals, sums: &mut sums });
            }
            Values::Single(values) => {
                vectorised(AddWeighted { column: self, values, residuals, sums: &mut sums });
            }
            Values::Double(values) => {
                vectorised(AddWeighted { column: self, values, residuals, sums: &mut sums });
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            out[place(index, self.width)..][..LANES].copy_from_slice(sums);
        }
        out.iter_mut().zip(&self.factor).for_each(|(entry, factor)| *entry *= factor);
        if let Some(intercept) = out.get_mut(self.width) {
            *intercept = self.features.intercept().coordinate() * residuals.iter().sum::<f64>();
        }
    }
}

/// Where the lanes with this index begin.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
fn place(index: usize, width: usize) -> usize {
    (LANES * index).min(width - LANES)
}

fn in_lanes(numbers: &[f64]) -> Vec<Lanes> {
    let lanes = |index: usize| std::array::from_fn(|lane| numbers[place(index, numbers.len()) + lane]);
    (0..numbers.len().div_ceil(LANES)).map(lanes).collect()
}

struct Dot<'a, T> {
    column: &'a LoneColumn<'a>,
    values: &'a [T],
    into: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number> Kernel for Dot<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let LoneColumn { width, centre, slope, intercept, .. } = self.column;
        let width = *width;
        for (sample, logit) in self.values.chunks_exact(width).zip(self.into) {
            let mut sum = [0.0; LANES];
            for (index, (centre, slope)) in centre.iter().zip(slope).enumerate() {
                let numbers = &sample[place(index, width)..][..LANES];
                for lane in 0..LANES {
                    sum[lane] += (numbers[lane].value() - centre[lane]) * slope[lane];
                }
            }
            let halves = [sum[0] + sum[4], sum[1] + sum[5], sum[2] + sum[6], sum[3] + sum[7]];
            *logit = intercept + ((halves[0] + halves[2]) + (halves[1] + halves[3]));
        }
    }
}

/// Adds every sample, centred, times its residual, eight numbers of all samples at a time.
struct AddWeighted<'a, T> {
    column: &'a LoneColumn<'a>,
    values: &'a [T],
    residuals: &'a [f64],
    sums: &'a mut [Lanes],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number> Kernel for AddWeighted<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let LoneColumn { width, centre, .. } = self.column;
        let width = *width;
        let (fours, rest) = self.residuals.as_chunks::<4>();
        let (of_fours, of_rest) = self.values.split_at(4 * fours.len() * width);
        for (index, (centre, sum)) in centre.iter().zip(self.sums).enumerate() {
            let place = place(index, width);
            let mut sums = [[0.0; LANES]; 4];
            let mut add = |sum: usize, numbers: &[T], residual: f64| {
                for lane in 0..LANES {
                    sums[sum][lane] += (numbers[lane].value() - centre[lane]) * residual;
                }
            };
            for (samples, residuals) in of_fours.chunks_exact(4 * width).zip(fours) {
                for sample in 0..4 {
                    add(sample, &samples[sample * width + place..][..LANES], residuals[sample]);
                }
            }
            for (sample, &residual) in of_rest.chunks_exact(width).zip(rest) {
                add(0, &sample[place..][..LANES], residual);
            }
            for lane in 0..LANES {
                sum[lane] = (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Labels};
    use crate::loss::{ClassWeights, Inr, InrVariant};
    use crate::solver::Intercept;
    use crate::solver::coordinates::{Coordinates, SpreadOf};
    use crate::solver::pass::accumulate_gradient;
    use nalgebra::DMatrix;

    /// Columns are problems of their own, and an evaluation hands on the class means that Hessians there are made of.
    #[test]
    fn class_means_and_hessians_of_a_column_do_not_depend_on_the_columns_beside_it() {
        let labels = Labels::numbered((0..1300).map(|sample| (sample + sample / 7) % 7).collect(), 7);
        let labels = labels.expect("every class occurs");
        let value = |row: usize, sample: usize| {
            (1.3 * sample as f64 + 2.0 * row as f64).sin() + (sample % 7) as f64 / 5.0
        };
        let dataset = Dataset::unnamed(DMatrix::from_fn(2, 1300, value), labels).expect("finite");
        let dataset = dataset.with_sample_weights(&[1.0, 2.5].repeat(650)).expect("positive");
        let coordinates =
            std::sync::Arc::new(Coordinates::of(&dataset, 1e-3, Intercept::Free, SpreadOf::AllRows));
        let features = ScaledFeatures::new(&dataset, &coordinates);
        let targets = Targets::new(dataset.labels(), &ClassWeights::None).expect("no weights");
        let loss = Inr { classes: 7, beta: 3.0, variant: InrVariant::Attached };
        let pass = ColumnPass { features: &features, targets: &targets, loss };
        let columns: Vec<usize> = (0..7).collect();
        let theta = DMatrix::from_fn(3, 7, |row, column| (row as f64 - column as f64).cos());
        let together = pass.evaluate(&columns, &theta);
        // Without what is kept between two passes.
        let weights = loss.pair_weights(&columns, &together.means, &targets);
        let apart = pass.evaluate_under(&weights, &columns, &theta);
        assert_eq!((&together.gradient, &together.value), (&apart.gradient, &apart.value));
        assert_eq!((&together.magnitude, &together.largest_logit), (&apart.magnitude, &apart.largest_logit));
        let hessians = pass.hessians(&columns, &theta, &together.means, Precision::Double);
        for column in columns {
            let own = theta.columns(column, 1).into_owned();
            let alone = pass.evaluate(&[column], &own);
            let (found, expected) = (&together.means[column], &alone.means[0]);
            let close = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-14;
            assert!(found.loss.iter().zip(&expected.loss).all(close), "column {column}");
            assert!(found.probability.iter().zip(&expected.probability).all(close), "column {column}");
            assert!((together.gradient.column(column) - alone.gradient.column(0)).amax() < 1e-15);
            let expected = &pass.hessians(&[column], &own, &alone.means, Precision::Double)[0];
            assert!((&hessians[column] - expected).amax() <= 1e-13 * expected.amax(), "column {column}");
            // The means of another column make another Hessian.
            let other = &together.means[(column + 1) % 7..][..1];
            let wrong = &pass.hessians(&[column], &own, other, Precision::Double)[0];
            assert!((wrong - expected).amax() > 1e-6 * expected.amax(), "column {column}");
        }
    }

    /// The same numbers by way of scaled blocks.
    #[test]
    fn it_agrees_with_scaled_blocks_whatever_the_width() {
        for width in [7, 8, 9, 15, 16, 20, 51] {
            let samples = 515;
            let value = |feature: usize, sample: usize| {
                1e3 * feature as f64
                    + (0.37 * (sample * (feature + 3)) as f64 + 1e-3 * (sample * sample) as f64).sin()
                        * 4.0_f64.powf(feature as f64 / 9.0)
            };
            let features = DMatrix::from_fn(width, samples, value);
            let labels =
                Labels::numbered((0..515).map(|sample| sample % 2).collect(), 2).expect("two classes");
            let dataset = Dataset::unnamed(features, labels).expect("finite");
            let intercept = if width % 2 == 0 { Intercept::Free } else { Intercept::None };
            let coordinates =
                std::sync::Arc::new(Coordinates::of(&dataset, 1e-3, intercept, SpreadOf::AllRows));
            let scaled = ScaledFeatures::new(&dataset, &coordinates);
            let theta: Vec<f64> = (0..=width).map(|entry| (entry as f64).cos()).collect();
            let Some(lone) = LoneColumn::new(&scaled, &theta) else {
                assert!(width < LANES);
                continue;
            };
            let (mut logits, mut scratch) = (Vec::new(), Vec::new());
            lone.logits(0..samples, &mut logits);
            let expected = scaled.logits(&DMatrix::from_column_slice(width + 1, 1, &theta));
            let close = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-12 * (1.0 + other.abs());
            assert!(logits.iter().zip(expected.iter()).all(close), "logits at width {width}");
            let residuals: Vec<f64> = logits.iter().map(|logit| logit.sin()).collect();
            let (mut gradient, mut by_blocks) = (vec![0.0; width + 1], vec![0.0; width + 1]);
            lone.accumulate_gradient(0..samples, &residuals, &mut gradient);
            accumulate_gradient(
                scaled.block(0..samples, &mut scratch),
                width + 1,
                &residuals,
                &mut by_blocks,
            );
            assert!(gradient.iter().zip(&by_blocks).all(close), "gradient at width {width}");
        }
    }
}
