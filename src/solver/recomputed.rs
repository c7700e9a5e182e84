//! A certificate that does not trust the search: gradient and balance at a stationary point once more, from the user's
//! own numbers in double-double arithmetic, by code that shares nothing with the passes that found it.
#![allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]

use super::problem::Problem;
use super::solution::StationaryPoint;
use crate::loss::{PreciseBlock, PreciseLoss, PreciseSums, add_sums};
use crate::numeric::{DoubleDouble, Kernel, over_sample_spans, two_product, two_sum, vectorised};
use nalgebra::DMatrix;
use serde::Serialize;
use std::ops::Range;

/// Lanes that samples are summed in; columns of a block are padded to a multiple.
const LANES: usize = 8;

/// What double-double arithmetic (31 digits) finds at a stationary point.
///
/// The head is the one that was solved for, whose coefficients are doubles in the user's units and whose intercepts
/// are not rounded to double.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recomputed {
    /// As [`super::Certificate::gradient_inf`].
    pub gradient_inf: f64,
    /// Largest gradient entry (features centred) beside the sum of the magnitudes of the terms that cancel in it.
    pub relative_gradient: f64,
    /// The balance of every logit column.
    pub flows: Vec<Flow>,
}

/// The balance of one logit column, in units of weighted mass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Flow {
    /// What the samples of the column's class withhold.
    pub outflow: f64,
    /// What the others give.
    pub inflow: f64,
    /// `|outflow - inflow| / max(outflow, inflow)`, subtracted before rounding.
    pub residual: f64,
}

impl StationaryPoint {
    /// Recomputes gradient and balance at this point of `problem`, which must be the one it was found for.
    ///
    /// `None` where products of the user's numbers leave the range of a double (features beyond `1e290`, say).
    #[must_use]
    pub fn recomputed(&self, problem: &Problem) -> Option<Recomputed> {
        let pass = Pass::new(self, problem);
        let loss = PreciseLoss::new(&problem.loss, &problem.targets, || pass.class_sums());
        let mut totals = pass.totals(&loss);
        totals.add_penalty(&pass.coefficients, problem.l2);
        let scaling = &self.scaled.scaling;
        let found = Recomputed {
            gradient_inf: totals.largest(),
            relative_gradient: totals.relative(&scaling.centre),
            flows: totals.flows(problem.loss.divisor()),
        };
        let finite = totals.gradient.iter().all(|entry| entry.value().is_finite());
        finite.then_some(found)
    }
}

/// A head and the samples it is applied to, in the user's units.
struct Pass<'a> {
    problem: &'a Problem<'a>,
    /// `d x Q`; exact, since features are scaled by powers of two.
    coefficients: DMatrix<f64>,
    intercepts: Vec<DoubleDouble>,
    centre: &'a [f64],
}

impl<'a> Pass<'a> {
    fn new(point: &'a StationaryPoint, problem: &'a Problem<'a>) -> Self {
        let (theta, scaling) = (&point.scaled.theta, &point.scaled.scaling);
        let dimension = theta.nrows() - 1;
        let coefficients =
            DMatrix::from_fn(dimension, theta.ncols(), |j, column| theta[(j, column)] * scaling.factor[j]);
        let intercepts = (0..theta.ncols()).map(|column| {
            let shifts = (0..dimension)
                .map(|j| DoubleDouble::product_of(coefficients[(j, column)], scaling.centre[j]));
            shifts.fold(theta[(dimension, column)].into(), |sum, shift| sum - shift)
        });
        let intercepts = intercepts.collect();
        Self { problem, coefficients, intercepts, centre: &scaling.centre }
    }

    fn labels(&self, range: &Range<usize>) -> &[u32] {
        &self.problem.targets.of_sample()[range.clone()]
    }

    fn weights(&self, range: &Range<usize>) -> Option<&[f64]> {
        self.problem.targets.sample_weights().map(|weights| &weights[range.clone()])
    }

    /// Features of some samples, `stride x d`, zero beyond them.
    fn features(&self, range: &Range<usize>) -> Vec<f64> {
        let (dimension, stride) = (self.coefficients.nrows(), range.len().next_multiple_of(LANES));
        let mut block = vec![0.0; stride * dimension];
        let (mut feature, mut index) = (0, 0);
        self.problem.dataset.values(range.clone()).for_each(|value| {
            block[feature * stride + index] = value;
            feature += 1;
            if feature == dimension {
                (feature, index) = (0, index + 1);
            }
        });
        block
    }

    fn logits(&self, range: &Range<usize>, features: &[f64]) -> PreciseBlock {
        let stride = range.len().next_multiple_of(LANES);
        let columns = self.intercepts.len();
        let mut block =
            PreciseBlock { high: vec![0.0; stride * columns], low: vec![0.0; stride * columns], stride };
        vectorised(Logits { pass: self, features, block: &mut block });
        if let Some(given) = self.problem.dataset.fixed_logits() {
            for (column, high) in block.high.chunks_exact_mut(stride).enumerate() {
                let low = &mut block.low[column * stride..];
                for (index, sample) in range.clone().enumerate() {
                    (high[index], low[index]) = two_sum(high[index] + low[index], given[(column, sample)]);
                }
            }
        }
        block
    }

    fn class_sums(&self) -> DMatrix<PreciseSums> {
        let (classes, columns) = (self.problem.targets.classes(), self.intercepts.len());
        let none = || DMatrix::from_element(classes, columns, PreciseSums::default());
        let mut sums = none();
        over_sample_spans(
            self.problem.targets.samples(),
            none,
            |part, range| {
                let logits = self.logits(&range, &self.features(&range));
                add_sums(self.labels(&range), self.weights(&range), &logits, part);
            },
            |part| sums.zip_apply(&part, |sum, part| *sum = sum.joined(part)),
        );
        sums
    }

    fn totals(&self, loss: &PreciseLoss) -> Totals {
        let none = || Totals::zeros(self.coefficients.nrows() + 1, self.intercepts.len());
        let mut totals = none();
        over_sample_spans(
            self.problem.targets.samples(),
            none,
            |part, range| {
                let features = self.features(&range);
                let mut block = self.logits(&range, &features);
                loss.residuals(self.labels(&range), self.weights(&range), &mut block);
                part.add_flows(self.problem, self.labels(&range), &block);
                vectorised(PullBack { features: &features, residuals: &block, centre: self.centre, part });
            },
            |part| totals.merge(&part),
        );
        totals
    }
}

/// Sums over samples.
struct Totals {
    /// `D x Q`, by the user's coefficients and, last, intercepts.
    gradient: DMatrix<DoubleDouble>,
    /// `sum_i |r_i| |h_i - centre|`, `D x Q`.
    magnitude: DMatrix<f64>,
    outflow: Vec<DoubleDouble>,
    inflow: Vec<DoubleDouble>,
}

impl Totals {
    fn zeros(dimension: usize, columns: usize) -> Self {
        let zero = DoubleDouble::default();
        Self {
            gradient: DMatrix::from_element(dimension, columns, zero),
            magnitude: DMatrix::zeros(dimension, columns),
            outflow: vec![zero; columns],
            inflow: vec![zero; columns],
        }
    }

    fn merge(&mut self, part: &Self) {
        self.gradient.zip_apply(&part.gradient, |sum, part| *sum += part);
        self.magnitude += &part.magnitude;
        self.outflow.iter_mut().zip(&part.outflow).for_each(|(sum, &part)| *sum += part);
        self.inflow.iter_mut().zip(&part.inflow).for_each(|(sum, &part)| *sum += part);
    }

    fn add_flows(&mut self, problem: &Problem, labels: &[u32], residuals: &PreciseBlock) {
        for column in 0..self.outflow.len() {
            let target = problem.loss.target_of(column);
            for (sample, &label) in labels.iter().enumerate() {
                let index = column * residuals.stride + sample;
                let residual = DoubleDouble { high: residuals.high[index], low: residuals.low[index] };
                if label as usize == target {
                    self.outflow[column] += -residual;
                } else {
                    self.inflow[column] += residual;
                }
            }
        }
    }

    fn add_penalty(&mut self, coefficients: &DMatrix<f64>, l2: f64) {
        for column in 0..coefficients.ncols() {
            for row in 0..coefficients.nrows() {
                let pull = DoubleDouble::product_of(l2, coefficients[(row, column)]);
                self.gradient[(row, column)] += pull;
                self.magnitude[(row, column)] += pull.value().abs();
            }
        }
    }

    fn largest(&self) -> f64 {
        self.gradient.iter().map(|entry| entry.value().abs()).fold(0.0, f64::max)
    }

    fn relative(&self, centre: &[f64]) -> f64 {
        let last = centre.len();
        let mut largest: f64 = 0.0;
        for column in 0..self.gradient.ncols() {
            let by_intercept = self.gradient[(last, column)];
            for row in 0..=last {
                let entry = match centre.get(row) {
                    Some(&centre) => self.gradient[(row, column)] - by_intercept * centre.into(),
                    None => by_intercept,
                };
                let magnitude = self.magnitude[(row, column)];
                // A constant feature has no deviations.
                if magnitude > 0.0 {
                    largest = largest.max(entry.value().abs() / magnitude);
                }
            }
        }
        largest
    }

    fn flows(&self, divisor: f64) -> Vec<Flow> {
        let flow = |(&outflow, &inflow): (&DoubleDouble, &DoubleDouble)| {
            let (given, taken) = (outflow.value().abs(), inflow.value().abs());
            let larger = given.max(taken);
            let difference = (outflow - inflow).value().abs();
            let residual = if larger > 0.0 { difference / larger } else { 0.0 };
            Flow { outflow: outflow.value() * divisor, inflow: inflow.value() * divisor, residual }
        };
        self.outflow.iter().zip(&self.inflow).map(flow).collect()
    }
}

/// Logits of a block: every product exact, sums with their errors.
struct Logits<'a> {
    pass: &'a Pass<'a>,
    /// `stride x d`.
    features: &'a [f64],
    block: &'a mut PreciseBlock,
}

impl Kernel for Logits<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { pass, features, block } = self;
        let columns = block.high.chunks_exact_mut(block.stride).zip(block.low.chunks_exact_mut(block.stride));
        for (column, (high, low)) in columns.enumerate() {
            high.fill(pass.intercepts[column].high);
            low.fill(pass.intercepts[column].low);
            let coefficients = pass.coefficients.column(column);
            for (values, &coefficient) in features.chunks_exact(high.len()).zip(coefficients.iter()) {
                for ((high, low), &value) in high.iter_mut().zip(low.iter_mut()).zip(values) {
                    let (product, lost) = two_product(value, coefficient);
                    let (sum, lost_in_sum) = two_sum(*high, product);
                    *high = sum;
                    *low += lost + lost_in_sum;
                }
            }
            for (high, low) in high.iter_mut().zip(low) {
                (*high, *low) = two_sum(*high, *low);
            }
        }
    }
}

/// Adds `X R` of a block to the gradient, and what cancels in it to the magnitude.
struct PullBack<'a> {
    /// `stride x d`.
    features: &'a [f64],
    residuals: &'a PreciseBlock,
    centre: &'a [f64],
    part: &'a mut Totals,
}

impl Kernel for PullBack<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { features, residuals, centre, part } = self;
        let stride = residuals.stride;
        let halves = residuals.high.chunks_exact(stride).zip(residuals.low.chunks_exact(stride));
        for (column, (high, low)) in halves.enumerate() {
            for (row, values) in features.chunks_exact(stride).enumerate() {
                let (sum, magnitude) = weighted(values, centre[row], high, low);
                part.gradient[(row, column)] += sum;
                part.magnitude[(row, column)] += magnitude;
            }
            let last = centre.len();
            for (&high, &low) in high.iter().zip(low) {
                part.gradient[(last, column)] += DoubleDouble { high, low };
                part.magnitude[(last, column)] += high.abs();
            }
        }
    }
}

/// `sum_i r_i h_i` and `sum_i |r_i| |h_i - centre|`.
#[inline(always)]
fn weighted(values: &[f64], centre: f64, high: &[f64], low: &[f64]) -> (DoubleDouble, f64) {
    let (mut sums, mut errors, mut magnitudes) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let (values, high, low) =
        (values.as_chunks::<LANES>().0, high.as_chunks::<LANES>().0, low.as_chunks::<LANES>().0);
    for ((values, high), low) in values.iter().zip(high).zip(low) {
        for lane in 0..LANES {
            let (product, lost) = two_product(values[lane], high[lane]);
            let (sum, lost_in_sum) = two_sum(sums[lane], product);
            sums[lane] = sum;
            errors[lane] += (lost + lost_in_sum) + values[lane] * low[lane];
            magnitudes[lane] += ((values[lane] - centre) * high[lane]).abs();
        }
    }
    let lanes = sums.iter().zip(errors).map(|(&sum, error)| DoubleDouble::sum_of(sum, error));
    (lanes.fold(DoubleDouble::default(), |total, lane| total + lane), magnitudes.iter().sum())
}

#[cfg(test)]
mod tests;
