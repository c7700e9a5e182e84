//! An independent certificate: recomputes gradient and balance at the doubles of the result, from the user's own
//! numbers in double-double arithmetic, by code that shares nothing with the search. The response of a head to class weights
//! is compared with gradients on both sides of the head.
#![allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]

use super::coordinates::{Scaling, to_unit_width};
use super::problem::{Intercept, Problem};
use super::solution::Head;
use crate::data::Dataset;
use crate::loss::{ClassWeights, Loss, PreciseBlock, PreciseLoss, PreciseSums, add_sums};
use crate::numeric::{
    DoubleDouble, Kernel, fold_wide_spans, fuses, largest, largest_magnitude, two_product_by, two_sum,
    update_sample_chunks, vectorised,
};
use nalgebra::DMatrix;
use serde::Serialize;
use std::ops::Range;

/// Lanes that samples are summed in; columns of a block are padded to a multiple.
const LANES: usize = 8;
/// Columns whose logits are computed at a time, so that every number read is used so many times.
const COLUMNS: usize = 4;
/// Features whose products with all columns are summed at a time: those of a block stay in a core's cache.
const FEATURES: usize = 64;

/// Gradient and balance in double-double arithmetic (31 digits) at the doubles of a head in the user's units.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, LossSpec};
/// use equipoise::solver::{Problem, solve};
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;
/// let point = solve(&problem).stationary().ok_or("no stationary point")?;
/// let recomputed = point.recomputed();
/// assert!(recomputed.gradient_inf < 1e-12);
/// // What the samples of class 1 withhold from its logit, the others give to it.
/// assert!(recomputed.flows[0].residual < 1e-11);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recomputed {
    /// Infinity norm of the gradient of the mean loss, penalty included, by coefficients and, where there are any, intercepts.
    pub gradient_inf: f64,
    /// Largest entry of a logit column's gradient, features centred and scaled to unit spread, relative to the sum of the
    /// magnitudes of its samples' residuals: what is left of terms that cancel. Of smoothed labels the terms are those that a
    /// residual is the difference of, since all of them can vanish.
    pub relative_gradient: f64,
    /// The balance of every logit column.
    pub flows: Vec<Flow>,
}

/// What a problem says of any head, from the user's own numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadEvaluation {
    /// `Q x N`, each exact to one rounding.
    pub logits: DMatrix<f64>,
    /// The loss, penalty included.
    pub objective: f64,
    /// Gradient and balance.
    pub recomputed: Recomputed,
}

impl Problem<'_> {
    /// Logits, loss, gradient and balance of a head, which need not be stationary.
    ///
    /// # Panics
    /// The head is of another number of features or logit columns.
    #[must_use]
    pub fn evaluate(&self, head: &Head) -> HeadEvaluation {
        let logits = Recomputed::logits(self.dataset, self.coordinates().scaling(), head);
        let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
        let loss = self.loss.value_and_gradient(&logits, &self.targets, &mut gradient);
        // Without a penalty a norm beyond the range of doubles is nobody's concern.
        let penalty = if self.l2 > 0.0 { 0.5 * self.l2 * head.coefficients.norm_squared() } else { 0.0 };
        HeadEvaluation { objective: loss + penalty, recomputed: Recomputed::at(self, head), logits }
    }
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

impl Recomputed {
    /// Gradient and balance of a problem at a head, and the gradient by parameters of the centred and scaled features, `(d + 1) x Q`.
    ///
    /// `None` where numbers leave the range of a double.
    pub(super) fn with_gradient(problem: &Problem, head: &Head) -> Option<(Self, DMatrix<f64>)> {
        let pass = Pass::new(problem, head);
        let totals = pass.whole_totals();
        let found = Self::of(&totals, &pass)?;
        Some((found, totals.about_centre(&pass.head.scaled_centre())))
    }

    /// The same without the gradient's entries; infinite where numbers leave the range of a double.
    pub(super) fn at(problem: &Problem, head: &Head) -> Self {
        let out_of_range =
            || Self { gradient_inf: f64::INFINITY, relative_gradient: f64::INFINITY, flows: Vec::new() };
        Self::with_gradient(problem, head).map_or_else(out_of_range, |(found, _)| found)
    }

    /// Gradient and balance of some independent logit columns, at a head of all columns.
    pub(super) fn of_columns(problem: &Problem, head: &Head, columns: &[usize]) -> Option<Self> {
        let pass = Pass::new(problem, head);
        Self::of(&pass.whole_totals().of_columns(columns), &pass)
    }

    fn of(totals: &PreciseTotals, pass: &Pass) -> Option<Self> {
        let found = Self {
            gradient_inf: totals.largest(pass.head.factor),
            relative_gradient: totals
                .relative(&pass.head.scaled_centre(), pass.problem.coordinates().scaling()),
            flows: totals.flows(pass.problem.loss.denominator()),
        };
        let finite = totals.gradient.iter().all(|entry| entry.value().is_finite());
        (finite && found.gradient_inf.is_finite() && found.relative_gradient.is_finite()).then_some(found)
    }
}

impl Recomputed {
    /// Logits of all samples at a head, `Q x N`, each exact to one rounding.
    pub(super) fn logits(dataset: &Dataset, scaling: &Scaling, head: &Head) -> DMatrix<f64> {
        Self::logits_of(0..dataset.labels().samples(), dataset, scaling, head)
    }

    /// The same of some samples.
    pub(super) fn logits_of(
        of: Range<usize>,
        dataset: &Dataset,
        scaling: &Scaling,
        head: &Head,
    ) -> DMatrix<f64> {
        let pass = PreciseHead::new(dataset, scaling, head);
        let mut logits = DMatrix::zeros(head.intercepts.len(), of.len());
        update_sample_chunks(&mut logits, |range, part| {
            let range = of.start + range.start..of.start + range.end;
            let block = pass.logits(&range, &pass.features(&range));
            for (sample, own) in part.chunks_exact_mut(head.intercepts.len()).enumerate() {
                for (row, logit) in own.iter_mut().enumerate() {
                    let place = row * block.stride + sample;
                    *logit = block.high[place] + block.low[place];
                }
            }
        });
        logits
    }
}

/// A head and the samples it is applied to. Features are multiplied by powers of two and coefficients divided by them,
/// which rounds nothing and keeps products of any units within range.
struct PreciseHead<'a> {
    dataset: &'a Dataset,
    /// `d x Q`.
    coefficients: DMatrix<f64>,
    intercepts: Vec<f64>,
    /// What a head that has been moved holds beyond its doubles.
    beyond: Option<Beyond>,
    centre: &'a [f64],
    factor: &'a [f64],
}

/// The second halves of a head's double-doubles.
struct Beyond {
    coefficients: DMatrix<f64>,
    intercepts: Vec<f64>,
}

impl<'a> PreciseHead<'a> {
    fn new(dataset: &'a Dataset, scaling: &'a Scaling, head: &Head) -> Self {
        Self {
            dataset,
            coefficients: scaled(head, scaling),
            intercepts: head.intercepts.clone(),
            beyond: None,
            centre: &scaling.centre,
            factor: &scaling.factor,
        }
    }

    /// The head moved by `step * change`, to the precision of double-doubles.
    fn moved(dataset: &'a Dataset, scaling: &'a Scaling, head: &Head, change: &Head, step: f64) -> Self {
        let mut moved = Self::new(dataset, scaling, head);
        let mut beyond =
            Beyond { coefficients: scaled(change, scaling), intercepts: change.intercepts.clone() };
        let entries = moved.coefficients.iter_mut().chain(&mut moved.intercepts);
        for (entry, beyond) in entries.zip(beyond.coefficients.iter_mut().chain(&mut beyond.intercepts)) {
            let sum = DoubleDouble::from(*entry) + DoubleDouble::product_of(step, *beyond);
            (*entry, *beyond) = (sum.high, sum.low);
        }
        moved.beyond = Some(beyond);
        moved
    }

    /// Features of some samples times their factors, `stride x d`, zero beyond them.
    fn features(&self, range: &Range<usize>) -> Vec<f64> {
        let (dimension, stride) = (self.coefficients.nrows(), range.len().next_multiple_of(LANES));
        let mut block = vec![0.0; stride * dimension];
        let (mut feature, mut index) = (0, 0);
        self.dataset.values(range.clone()).for_each(|value| {
            block[feature * stride + index] = value * self.factor[feature];
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
        if fuses() {
            vectorised(Logits::<true> { head: self, features, block: &mut block });
        } else {
            vectorised(Logits::<false> { head: self, features, block: &mut block });
        }
        if let Some(given) = self.dataset.fixed_logits() {
            for (column, high) in block.high.chunks_exact_mut(stride).enumerate() {
                let low = &mut block.low[column * stride..];
                for (index, sample) in range.clone().enumerate() {
                    (high[index], low[index]) = two_sum(high[index] + low[index], given[(column, sample)]);
                }
            }
        }
        block
    }

    fn scaled_centre(&self) -> Vec<f64> {
        self.centre.iter().zip(self.factor).map(|(centre, factor)| centre * factor).collect()
    }
}

/// Coefficients by features times their factors, `d x Q`.
fn scaled(head: &Head, scaling: &Scaling) -> DMatrix<f64> {
    DMatrix::from_fn(head.coefficients.ncols(), head.intercepts.len(), |j, row| {
        head.coefficients[(row, j)] / scaling.factor[j]
    })
}

/// A head and the problem it is held against.
struct Pass<'a> {
    problem: &'a Problem<'a>,
    head: PreciseHead<'a>,
}

impl<'a> Pass<'a> {
    fn new(problem: &'a Problem<'a>, head: &Head) -> Self {
        Self { problem, head: PreciseHead::new(problem.dataset, problem.coordinates().scaling(), head) }
    }

    fn labels(&self, range: &Range<usize>) -> &[u32] {
        &self.problem.targets.class_indices()[range.clone()]
    }

    fn weights(&self, range: &Range<usize>) -> Option<&[f64]> {
        self.problem.targets.sample_weights().map(|weights| &weights[range.clone()])
    }

    /// Sums over all samples, penalty included.
    fn whole_totals(&self) -> PreciseTotals {
        let Problem { loss, targets, l2, .. } = self.problem;
        let mut totals = self.totals(&PreciseLoss::new(loss, targets, || self.class_sums()));
        let scaling = self.problem.coordinates().scaling();
        totals.set_constants(&self.head.scaled_centre(), &scaling.widest);
        totals.add_penalty(&self.head, *l2);
        if self.problem.intercept == Intercept::None {
            let last = totals.gradient.nrows() - 1;
            totals.gradient.row_mut(last).fill(DoubleDouble::default());
        }
        totals
    }

    fn class_sums(&self) -> DMatrix<PreciseSums> {
        let (classes, columns) = (self.problem.targets.classes(), self.head.intercepts.len());
        let none = || DMatrix::from_element(classes, columns, PreciseSums::default());
        let mut sums = none();
        fold_wide_spans(
            self.problem.targets.samples(),
            classes * columns,
            none,
            |part, range| {
                let logits = self.head.logits(&range, &self.head.features(&range));
                add_sums(self.labels(&range), self.weights(&range), &logits, part);
            },
            |part| sums.zip_apply(&part, |sum, part| *sum = sum.joined(part)),
        );
        sums
    }

    fn totals(&self, loss: &PreciseLoss) -> PreciseTotals {
        let none = || PreciseTotals::zeros(self.head.coefficients.nrows() + 1, self.head.intercepts.len());
        let mut totals = none();
        fold_wide_spans(
            self.problem.targets.samples(),
            2 * totals.gradient.len(),
            none,
            |part, range| {
                let features = self.head.features(&range);
                let mut block = self.head.logits(&range, &features);
                loss.residuals(self.labels(&range), self.weights(&range), &mut block);
                part.add_flows(self.problem, self.labels(&range), &block);
                part.add_magnitudes(self.problem, range, &block);
                let (features, residuals) = (&features, &block);
                if fuses() {
                    vectorised(AccumulateGradient::<true> { features, residuals, part });
                } else {
                    vectorised(AccumulateGradient::<false> { features, residuals, part });
                }
            },
            |part| totals.merge(&part),
        );
        totals
    }
}

/// Sums over samples.
struct PreciseTotals {
    /// `D x Q`, by coefficients (divided by the factors) and, last, intercepts.
    gradient: DMatrix<DoubleDouble>,
    /// `sum_i |r_i|` of every column, or more where residuals are differences ([`crate::loss::SampleLoss::magnitude_of_terms`]).
    magnitude: Vec<f64>,
    outflow: Vec<DoubleDouble>,
    inflow: Vec<DoubleDouble>,
}

impl PreciseTotals {
    fn zeros(dimension: usize, columns: usize) -> Self {
        let zero = DoubleDouble::default();
        Self {
            gradient: DMatrix::from_element(dimension, columns, zero),
            magnitude: vec![0.0; columns],
            outflow: vec![zero; columns],
            inflow: vec![zero; columns],
        }
    }

    fn merge(&mut self, part: &Self) {
        self.gradient.zip_apply(&part.gradient, |sum, part| *sum += part);
        self.magnitude.iter_mut().zip(&part.magnitude).for_each(|(sum, part)| *sum += part);
        self.outflow.iter_mut().zip(&part.outflow).for_each(|(sum, &part)| *sum += part);
        self.inflow.iter_mut().zip(&part.inflow).for_each(|(sum, &part)| *sum += part);
    }

    fn of_columns(&self, columns: &[usize]) -> Self {
        let pick = |flows: &[DoubleDouble]| columns.iter().map(|&column| flows[column]).collect();
        Self {
            gradient: self.gradient.select_columns(columns),
            magnitude: columns.iter().map(|&column| self.magnitude[column]).collect(),
            outflow: pick(&self.outflow),
            inflow: pick(&self.inflow),
        }
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

    fn add_magnitudes(&mut self, problem: &Problem, range: Range<usize>, residuals: &PreciseBlock) {
        for (column, high) in residuals.high.chunks_exact(residuals.stride).enumerate() {
            for (sample, &residual) in range.clone().zip(high) {
                let class = problem.targets.class_indices()[sample] as usize;
                let weight = problem.targets.sample_weight(sample);
                self.magnitude[column] += problem.loss.magnitude_of_terms(class, column, weight, residual);
            }
        }
    }

    /// By the coefficient of a constant, exactly so many times the derivative by the intercept: rounding of 1e300 times residuals
    /// that cancel would remain about the centre. `widest` is how far each feature goes from there.
    fn set_constants(&mut self, centre: &[f64], widest: &[f64]) {
        for (row, &centre) in centre.iter().enumerate().filter(|(row, _)| widest[*row] == 0.0) {
            for column in 0..self.gradient.ncols() {
                self.gradient[(row, column)] = self.gradient[(widest.len() - 1, column)] * centre.into();
            }
        }
    }

    fn add_penalty(&mut self, head: &PreciseHead, l2: f64) {
        for column in 0..head.coefficients.ncols() {
            for (row, factor) in head.factor.iter().enumerate() {
                // A power of two each: the product with the user's coefficient is exact.
                let beyond = head.beyond.as_ref().map_or(0.0, |beyond| beyond.coefficients[(row, column)]);
                let scaled = DoubleDouble::product_of(l2, head.coefficients[(row, column)])
                    + DoubleDouble::product_of(l2, beyond);
                let penalty =
                    DoubleDouble { high: scaled.high * factor * factor, low: scaled.low * factor * factor };
                self.gradient[(row, column)] += penalty;
            }
        }
    }

    /// The gradient with respect to coefficients of centred features.
    fn about_centre(&self, centre: &[f64]) -> DMatrix<f64> {
        DMatrix::from_fn(self.gradient.nrows(), self.gradient.ncols(), |row, column| {
            let by_intercept = self.gradient[(centre.len(), column)];
            match centre.get(row) {
                Some(&centre) => (self.gradient[(row, column)] - by_intercept * centre.into()).value(),
                None => by_intercept.value(),
            }
        })
    }

    /// The largest entry in the user's units; NaN if one is.
    fn largest(&self, factor: &[f64]) -> f64 {
        let of_row = |row: usize| factor.get(row).copied().unwrap_or(1.0);
        let entries = (0..self.gradient.ncols()).flat_map(|column| {
            (0..self.gradient.nrows()).map(move |row| self.gradient[(row, column)].value() / of_row(row))
        });
        largest_magnitude(entries)
    }

    /// The largest entry of a column's gradient, features centred and scaled, relative to the sum of the magnitudes of its
    /// samples' residuals.
    fn relative(&self, centre: &[f64], scaling: &Scaling) -> f64 {
        let gradient = self.about_centre(centre);
        let of_column = |column: usize| {
            let residuals = self.magnitude[column];
            let own = gradient.column(column);
            let entries = own.iter().zip(&scaling.widest);
            let largest = largest_magnitude(entries.map(|(entry, &widest)| entry * to_unit_width(widest)));
            if residuals == 0.0 { largest } else { largest / residuals }
        };
        largest((0..gradient.ncols()).map(of_column))
    }

    fn flows(&self, denominator: f64) -> Vec<Flow> {
        let flow = |(&outflow, &inflow): (&DoubleDouble, &DoubleDouble)| {
            let (given, taken) = (outflow.value().abs(), inflow.value().abs());
            let larger = given.max(taken);
            let difference = (outflow - inflow).value().abs();
            let residual = if larger > 0.0 { difference / larger } else { 0.0 };
            Flow { outflow: outflow.value() * denominator, inflow: inflow.value() * denominator, residual }
        };
        self.outflow.iter().zip(&self.inflow).map(flow).collect()
    }
}

/// Logits of a block: every product exact, sums with their errors.
struct Logits<'a, const FUSED: bool> {
    head: &'a PreciseHead<'a>,
    /// `stride x d`.
    features: &'a [f64],
    block: &'a mut PreciseBlock,
}

impl<const FUSED: bool> Kernel for Logits<'_, FUSED> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { head, features, block } = self;
        let (stride, columns) = (block.stride, head.intercepts.len());
        let mut lanes = vec![[0.0; LANES]; head.coefficients.nrows()];
        for first in (0..stride).step_by(LANES) {
            for (lane, values) in lanes.iter_mut().zip(features.chunks_exact(stride)) {
                lane.copy_from_slice(&values[first..first + LANES]);
            }
            let whole = columns - columns % COLUMNS;
            for column in (0..whole).step_by(COLUMNS) {
                head.logits_of::<COLUMNS, FUSED>(&lanes, column, first, block);
            }
            for column in whole..columns {
                head.logits_of::<1, FUSED>(&lanes, column, first, block);
            }
        }
        let halves = block.high.chunks_exact_mut(stride).zip(block.low.chunks_exact_mut(stride));
        for (column, (high, low)) in halves.enumerate() {
            if let Some(beyond) = &head.beyond {
                let coefficients = beyond.coefficients.column(column);
                low.iter_mut().for_each(|low| *low += beyond.intercepts[column]);
                for (values, &coefficient) in features.chunks_exact(low.len()).zip(coefficients.iter()) {
                    low.iter_mut().zip(values).for_each(|(low, value)| *low += value * coefficient);
                }
            }
            for (high, low) in high.iter_mut().zip(low) {
                (*high, *low) = two_sum(*high, *low);
            }
        }
    }
}

impl PreciseHead<'_> {
    /// Logits of `C` columns for the samples of all lanes, the sums and their errors apart.
    #[inline(always)]
    fn logits_of<const C: usize, const FUSED: bool>(
        &self,
        lanes: &[[f64; LANES]],
        column: usize,
        first: usize,
        block: &mut PreciseBlock,
    ) {
        let dimension = lanes.len();
        let mut coefficients: [&[f64]; C] = [&[]; C];
        let of_columns = self.coefficients.as_slice()[column * dimension..].chunks(dimension.max(1));
        coefficients.iter_mut().zip(of_columns).for_each(|(own, of_column)| *own = of_column);
        let (mut high, mut low) = ([[0.0; LANES]; C], [[0.0; LANES]; C]);
        for (high, &intercept) in high.iter_mut().zip(&self.intercepts[column..]) {
            *high = [intercept; LANES];
        }
        for (j, &values) in lanes.iter().enumerate() {
            for own in 0..C {
                let (product, lost) = lane_products::<FUSED>(values, [coefficients[own][j]; LANES]);
                let (sum, lost_in_sum) = lane_sums(high[own], product);
                high[own] = sum;
                low[own] = lane_add(low[own], lane_add(lost, lost_in_sum));
            }
        }
        for own in 0..C {
            let place = (column + own) * block.stride + first;
            block.high[place..place + LANES].copy_from_slice(&high[own]);
            block.low[place..place + LANES].copy_from_slice(&low[own]);
        }
    }
}

/// One number of each lane. Every operation is a loop of its own, which becomes one vector instruction.
type Lane = [f64; LANES];

#[inline(always)]
fn lane_add(mut a: Lane, b: Lane) -> Lane {
    for lane in 0..LANES {
        a[lane] += b[lane];
    }
    a
}

#[inline(always)]
fn lane_subtract(mut a: Lane, b: Lane) -> Lane {
    for lane in 0..LANES {
        a[lane] -= b[lane];
    }
    a
}

/// [`two_sum`] of every lane.
#[inline(always)]
fn lane_sums(a: Lane, b: Lane) -> (Lane, Lane) {
    let sum = lane_add(a, b);
    let b_as_added = lane_subtract(sum, a);
    let a_as_added = lane_subtract(sum, b_as_added);
    (sum, lane_add(lane_subtract(a, a_as_added), lane_subtract(b, b_as_added)))
}

/// [`two_product_by`] of every lane.
#[inline(always)]
fn lane_products<const FUSED: bool>(a: Lane, b: Lane) -> (Lane, Lane) {
    let (mut product, mut lost) = ([0.0; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        product[lane] = a[lane] * b[lane];
    }
    for lane in 0..LANES {
        lost[lane] = two_product_by::<FUSED>(a[lane], b[lane]).1;
    }
    (product, lost)
}

/// Adds `X R` of a block to the gradient.
struct AccumulateGradient<'a, const FUSED: bool> {
    /// `stride x d`.
    features: &'a [f64],
    residuals: &'a PreciseBlock,
    part: &'a mut PreciseTotals,
}

impl<const FUSED: bool> Kernel for AccumulateGradient<'_, FUSED> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { features, residuals, part } = self;
        let stride = residuals.stride;
        let halves = || residuals.high.chunks_exact(stride).zip(residuals.low.chunks_exact(stride));
        for (run, some) in features.chunks(FEATURES * stride).enumerate() {
            for (column, (high, low)) in halves().enumerate() {
                for (row, values) in some.chunks_exact(stride).enumerate() {
                    let sum = weighted::<FUSED>(values, high, low);
                    part.gradient[(run * FEATURES + row, column)] += sum;
                }
            }
        }
        let last = part.gradient.nrows() - 1;
        for (column, (high, low)) in halves().enumerate() {
            for (&high, &low) in high.iter().zip(low) {
                part.gradient[(last, column)] += DoubleDouble { high, low };
            }
        }
    }
}

/// `sum_i r_i h_i`.
#[inline(always)]
fn weighted<const FUSED: bool>(values: &[f64], high: &[f64], low: &[f64]) -> DoubleDouble {
    let (mut sums, mut errors) = ([0.0; LANES], [0.0; LANES]);
    let (values, high, low) =
        (values.as_chunks::<LANES>().0, high.as_chunks::<LANES>().0, low.as_chunks::<LANES>().0);
    let chunks = values.len().min(high.len()).min(low.len());
    for chunk in 0..chunks {
        let (product, lost) = lane_products::<FUSED>(values[chunk], high[chunk]);
        let (sum, lost_in_sum) = lane_sums(sums, product);
        sums = sum;
        let (small, _) = lane_products::<FUSED>(values[chunk], low[chunk]);
        errors = lane_add(errors, lane_add(lane_add(lost, lost_in_sum), small));
    }
    let lanes = sums.iter().zip(errors).map(|(&sum, error)| DoubleDouble::sum_of(sum, error));
    lanes.fold(DoubleDouble::default(), |total, lane| total + lane)
}

#[cfg(test)]
mod tests;

/// How far a step of central differences moves `log lambda`, and how far a logit at most; what it leaves after
/// extrapolation is of its fourth power.
const STEP: f64 = 1e-3;
/// The smallest step: the weight itself is rounded beside it.
const MIN_STEP: f64 = 1e-6;

/// How far from stationary a head is left by a change that is meant to follow `log lambda` of one class.
///
/// The slope of the gradient along weight and head together, by central differences in double-double arithmetic at the
/// doubles of head and change: its largest entry in a logit column, features centred and scaled, relative to the sum of the
/// magnitudes of the terms that cancel in it (`magnitude`, one per column). Zero for the true response; `None` where the weight
/// cannot change. `logit_change` is the largest change of a logit.
pub(in crate::solver) fn residual_of_response(
    problem: &Problem,
    head: &Head,
    change: &Head,
    class: usize,
    magnitude: &[f64],
    logit_change: f64,
) -> Option<f64> {
    let step = (STEP / logit_change.max(1.0)).max(MIN_STEP);
    let gradient = |step: f64| gradient_at(problem, head, change, class, step);
    let slope = |step: f64| Some((gradient(step)? - gradient(-step)?) / (2.0 * step));
    let slope = (slope(step / 2.0)? * 4.0 - slope(step)?) / 3.0;
    let of_column = |(column, &magnitude): (usize, &f64)| {
        let largest = largest_magnitude(slope.column(column).iter().copied());
        if magnitude == 0.0 { largest } else { largest / magnitude }
    };
    Some(largest_magnitude(magnitude.iter().enumerate().map(of_column)))
}

/// The gradient (`D x Q`, centred and scaled) with `log lambda_class` and the head moved by a step.
fn gradient_at(
    problem: &Problem,
    head: &Head,
    change: &Head,
    class: usize,
    step: f64,
) -> Option<DMatrix<f64>> {
    let moved = with_weight(problem, class, step.exp())?;
    let head = PreciseHead::moved(problem.dataset, problem.coordinates().scaling(), head, change, step);
    let centre = head.scaled_centre();
    Some(Pass { problem: &moved, head }.whole_totals().about_centre(&centre))
}

/// The same problem with the weight of one class multiplied; `None` beyond the weights that a problem takes.
fn with_weight<'a>(problem: &Problem<'a>, class: usize, factor: f64) -> Option<Problem<'a>> {
    let mut weights = problem.targets.class_weights().to_vec();
    weights[class] *= factor;
    let weights = ClassWeights::Explicit(weights);
    let moved = Problem::new(problem.dataset, problem.spec.as_ref()?, &weights, problem.l2);
    let moved = moved.and_then(|moved| moved.with_intercept(problem.intercept)).ok()?;
    moved.share_coordinates(problem);
    Some(moved)
}
