//! What all passes over the samples share: scaled features, logits for a block of samples at a time, and compensated sums.
//!
//! Features are in the coordinates of the solver ([`Coordinates`]), with the intercept as one more row. Heads are `D x Q`,
//! one column per logit column, `D = d + 1` with the intercept last. Blocks of samples are scaled on access; only small data
//! is held scaled. Logits never exist for all samples at once, so memory does not grow with the number of samples.

use super::coordinates::{Coordinates, Scaling};
use super::dense::{times, transposed_times};
use super::hessian::Real;
use super::problem::Intercept;
use super::solution::Head;
use crate::data::{Dataset, Number, Values};
use crate::loss::{ColumnMeans, ColumnPart, LogitBlock, Targets};
use crate::numeric::{
    CompensatedMatrix, Kernel, Sum, fold_wide_spans, largest, largest_magnitude, update_sample_chunks,
    vectorised,
};
use nalgebra::DMatrix;
use std::ops::Range;
use std::sync::Arc;

/// Parameters (`D x Q`) of some columns of a head.
#[derive(Clone, Copy)]
pub(super) struct HeadColumns<'h> {
    pub(super) theta: &'h DMatrix<f64>,
    /// Which columns of the head they are.
    pub(super) columns: &'h [usize],
}

/// Folds `work(accumulator, features of a block, its logits)` over all blocks. Accumulators are heads, or a few of them.
pub(super) fn fold_logit_blocks<A: Send>(
    features: &ScaledFeatures,
    targets: &Targets,
    head: HeadColumns,
    start: impl Fn() -> A + Sync,
    work: impl Fn(&mut A, &[f64], &mut LogitBlock) + Sync,
    mut merge: impl FnMut(A),
) {
    fold_wide_spans(
        features.samples(),
        2 * head.theta.len(),
        || (start(), Vec::new(), Vec::new()),
        |(accumulator, scratch, logits), range| {
            let block = features.block(range.clone(), scratch);
            features.block_logits(block, &range, head.theta, head.columns, logits);
            work(accumulator, block, &mut LogitBlock::of(targets, range, logits));
        },
        |(accumulator, _, _)| merge(accumulator),
    );
}

/// What is known of some columns at some parameters.
pub(super) struct Evaluated {
    /// Gradients, `D x Q`, penalty included.
    pub(super) gradient: DMatrix<f64>,
    /// Values, penalty included.
    pub(super) value: Vec<f64>,
    /// `sum_i |dL/dz_i|`: the magnitude of the terms of each gradient.
    pub(super) magnitude: Vec<f64>,
    /// Largest `|z_i|`.
    pub(super) largest_logit: Vec<f64>,
    /// Class means, of a loss that reads them.
    pub(super) means: Vec<ColumnMeans>,
}

/// Running sums of an evaluation.
pub(super) struct Totals {
    gradient: CompensatedMatrix,
    value: Vec<Sum>,
    magnitude: Vec<f64>,
    largest_logit: Vec<f64>,
}

impl Totals {
    pub(super) fn new(dimension: usize, columns: usize) -> Self {
        Self {
            gradient: CompensatedMatrix::zeros(dimension, columns),
            value: vec![Sum::default(); columns],
            magnitude: vec![0.0; columns],
            largest_logit: vec![0.0; columns],
        }
    }

    /// Adds the contribution of a block of samples; `accumulate_gradient` writes its gradient (`D x Q`).
    pub(super) fn add(&mut self, parts: &[ColumnPart], accumulate_gradient: impl FnOnce(&mut [f64])) {
        let (dimension, columns) = self.gradient.shape();
        let mut gradient = DMatrix::zeros(dimension, columns);
        accumulate_gradient(gradient.as_mut_slice());
        self.gradient.add(&gradient);
        self.add_parts(parts, 1.0);
    }

    /// The same of a gradient in single precision; it and the parts count `factor` times.
    pub(super) fn add_single(&mut self, parts: &[ColumnPart], gradient: &[f32], factor: f64) {
        self.gradient.add_terms(gradient.iter().map(|&term| factor * f64::from(term)));
        self.add_parts(parts, factor);
    }

    fn add_parts(&mut self, parts: &[ColumnPart], factor: f64) {
        for (column, part) in parts.iter().enumerate() {
            self.value[column].add(factor * part.value);
            self.magnitude[column] += factor * part.magnitude;
            self.largest_logit[column] = self.largest_logit[column].max(part.largest_logit);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.gradient.add(&other.gradient.value());
        for (column, value) in other.value.into_iter().enumerate() {
            self.value[column].merge(value);
            self.magnitude[column] += other.magnitude[column];
            self.largest_logit[column] = self.largest_logit[column].max(other.largest_logit[column]);
        }
    }

    pub(super) fn with_penalty(self, features: &ScaledFeatures, theta: &DMatrix<f64>) -> Evaluated {
        let Self { gradient, value, magnitude, largest_logit } = self;
        let mut gradient = gradient.value();
        let mut value: Vec<f64> = value.into_iter().map(Sum::value).collect();
        for (column, theta) in theta.column_iter().enumerate() {
            value[column] += features.penalty_of(theta.iter().copied());
            for (entry, penalty) in features.penalty().iter().enumerate() {
                gradient[(entry, column)] += penalty * theta[entry];
            }
        }
        Evaluated { gradient, value, magnitude, largest_logit, means: Vec::new() }
    }
}

impl Evaluated {
    /// The largest entry of each column's gradient relative to the magnitude of its terms.
    pub(super) fn relative_gradient(&self) -> f64 {
        let of_column = |(column, magnitude): (usize, &f64)| {
            largest_magnitude(self.gradient.column(column).iter().copied()) / magnitude.max(f64::MIN_POSITIVE)
        };
        largest(self.magnitude.iter().enumerate().map(of_column))
    }
}

/// Data up to this size (4 MiB, about what stays in a core's caches) is scaled once and held.
pub(super) const LARGEST_HELD: usize = 4 << 20;

/// Samples in scaled coordinates.
#[derive(Debug)]
pub(crate) struct ScaledFeatures<'a> {
    samples: usize,
    source: Source<'a>,
    offset: Option<&'a DMatrix<f64>>,
    coordinates: Arc<Coordinates>,
    /// Largest magnitude of each coordinate, the intercept's included.
    widest: Vec<f64>,
    /// Penalty of each row of a head on the mean loss; zero for the intercept.
    penalty: Vec<f64>,
}

/// Where blocks come from.
#[derive(Debug, Clone)]
enum Source<'a> {
    /// The user's features, scaled block by block.
    User(&'a Dataset),
    /// Some of the user's samples, scaled block by block.
    Chosen(&'a Dataset, Arc<[usize]>),
    /// Scaled features, `D x N`.
    Held(Arc<Vec<f64>>),
}

impl<'a> ScaledFeatures<'a> {
    /// The samples of a data set in coordinates of its own.
    pub(crate) fn new(dataset: &'a Dataset, coordinates: &Arc<Coordinates>) -> Self {
        let coordinates = Arc::clone(coordinates);
        let samples = dataset.labels().samples();
        let (mut source, mut widest) = (Source::User(dataset), coordinates.scaling().widest.clone());
        if let Some(held) = coordinates.in_basis(dataset) {
            widest = widest_of(&held, coordinates.dimension());
            source = Source::Held(Arc::new(held));
        } else if coordinates.dimension() * samples * size_of::<f64>() <= LARGEST_HELD {
            let mut held = Vec::new();
            scaled(dataset, coordinates.scaling(), 0..samples, &mut held);
            source = Source::Held(Arc::new(held));
        }
        let penalty = coordinates.penalty().to_vec();
        Self { samples, source, offset: dataset.fixed_logits(), coordinates, widest, penalty }
    }

    /// The same samples under a further penalty, in the solver's coordinates.
    pub(super) fn penalised(&self, further: f64) -> Self {
        let mut penalty = self.penalty.clone();
        let coefficients = self.dimension() - 1;
        penalty[..coefficients].iter_mut().for_each(|own| *own += further);
        Self {
            samples: self.samples,
            source: self.source.clone(),
            offset: self.offset,
            coordinates: Arc::clone(&self.coordinates),
            widest: self.widest.clone(),
            penalty,
        }
    }

    /// Some of the samples, in the same coordinates. Not for data whose logits are given.
    pub(crate) fn subset(&self, samples: &[usize]) -> ScaledFeatures<'static> {
        let mut held = Vec::with_capacity(samples.len() * self.dimension());
        let mut scratch = Vec::new();
        for &sample in samples {
            held.extend_from_slice(self.block(sample..sample + 1, &mut scratch));
        }
        ScaledFeatures {
            samples: samples.len(),
            source: Source::Held(Arc::new(held)),
            offset: None,
            coordinates: Arc::clone(&self.coordinates),
            widest: self.widest.clone(),
            penalty: self.penalty.clone(),
        }
    }

    /// The same, read where they are unless all are held.
    pub(super) fn chosen(&self, samples: &[usize]) -> Self {
        let Source::User(dataset) = self.source else { return self.subset(samples) };
        Self {
            samples: samples.len(),
            source: Source::Chosen(dataset, samples.into()),
            offset: None,
            coordinates: Arc::clone(&self.coordinates),
            widest: self.widest.clone(),
            penalty: self.penalty.clone(),
        }
    }

    /// `D = d + 1`.
    pub(crate) fn dimension(&self) -> usize {
        self.coordinates.dimension()
    }

    /// What each feature is multiplied by.
    pub(super) fn scales(&self) -> &[f64] {
        &self.coordinates.scaling().factor
    }

    /// What each of the user's features is centred by.
    pub(super) fn centre(&self) -> &[f64] {
        &self.coordinates.scaling().centre
    }

    /// Whether coordinates are combinations of several features.
    pub(super) fn combines_features(&self) -> bool {
        self.coordinates.combines_features()
    }

    /// `N`.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Penalty of each row of a head on the mean loss; zero for the intercept.
    pub(crate) fn penalty(&self) -> &[f64] {
        &self.penalty
    }

    /// Samples `range`, `D x n`, one sample per column; `scratch` is room to scale them in.
    pub(crate) fn block<'b>(&'b self, range: Range<usize>, scratch: &'b mut Vec<f64>) -> &'b [f64] {
        match &self.source {
            Source::Held(held) => &held[range.start * self.dimension()..range.end * self.dimension()],
            Source::User(_) | Source::Chosen(..) => {
                self.block_in(range, scratch);
                scratch
            }
        }
    }

    /// Whether heads have intercepts.
    pub(super) fn intercept(&self) -> Intercept {
        self.coordinates.scaling().intercept
    }

    /// Whether logits are given that are added to a head's.
    pub(super) fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// Samples `range` as they lie in memory or in the user's file, one after the other; nothing where they do not lie so and
    /// [`Self::given_coordinates`] are none.
    pub(super) fn given(&self, range: Range<usize>) -> Values<'_> {
        match &self.source {
            Source::Held(held) => {
                Values::of(&held[range.start * self.dimension()..range.end * self.dimension()])
            }
            Source::User(dataset) => dataset.values(range),
            Source::Chosen(..) => Values::of(&[]),
        }
    }

    /// Centre and factor of every number of [`Self::given`]; there may be one for the intercept.
    pub(super) fn given_coordinates(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        match &self.source {
            Source::Held(_) => Some((vec![0.0; self.dimension()], vec![1.0; self.dimension()])),
            Source::User(_) => {
                let scaling = self.coordinates.scaling();
                Some((scaling.centre.clone(), scaling.factor.clone()))
            }
            Source::Chosen(..) => None,
        }
    }

    /// Samples `range` in the precision of `into`, `D x n`.
    pub(super) fn block_in<T: Real>(&self, range: Range<usize>, into: &mut Vec<T>) {
        match &self.source {
            Source::Held(_) => {
                into.clear();
                into.extend(self.block(range, &mut Vec::new()).iter().map(|&value| T::narrowed(value)));
            }
            Source::User(dataset) => scaled(dataset, self.coordinates.scaling(), range, into),
            Source::Chosen(dataset, samples) => {
                let (mut one, dimension) = (Vec::new(), self.dimension());
                into.resize(dimension * range.len(), T::ZERO);
                for (&sample, into) in samples[range].iter().zip(into.chunks_exact_mut(dimension)) {
                    scaled(dataset, self.coordinates.scaling(), sample..sample + 1, &mut one);
                    into.copy_from_slice(&one);
                }
            }
        }
    }

    /// Logits of samples `range` in some columns (`theta` is `D x Q`), fixed logits included, written to `logits`
    /// (`n x Q`, sample index fastest).
    pub(crate) fn block_logits(
        &self,
        block: &[f64],
        range: &Range<usize>,
        theta: &DMatrix<f64>,
        columns: &[usize],
        logits: &mut Vec<f64>,
    ) {
        logits.resize(range.len() * columns.len(), 0.0);
        across(block, self.dimension(), theta.as_slice(), logits);
        self.add_offset_of(columns.iter().copied(), range, logits);
    }

    /// Adds the logits that are given, if there are any, to those of samples `range` in all columns (`n x Q`).
    pub(super) fn add_offset<T: Real>(&self, range: &Range<usize>, logits: &mut [T]) {
        self.add_offset_of(0.., range, logits);
    }

    fn add_offset_of<T: Real>(
        &self,
        columns: impl Iterator<Item = usize>,
        range: &Range<usize>,
        logits: &mut [T],
    ) {
        if let Some(offset) = self.offset {
            for (own, column) in logits.chunks_exact_mut(range.len()).zip(columns) {
                let given = offset.row(column);
                let each = own.iter_mut().zip(range.clone());
                each.for_each(|(logit, sample)| *logit += T::narrowed(given[sample]));
            }
        }
    }

    /// All logits of a head (`D x Q`), as a `Q x N` matrix.
    pub(crate) fn logits(&self, theta: &DMatrix<f64>) -> DMatrix<f64> {
        self.logits_of(0..self.samples, theta)
    }

    /// The same of samples `range`, which begin with a chunk.
    pub(crate) fn logits_of(&self, range: Range<usize>, theta: &DMatrix<f64>) -> DMatrix<f64> {
        let columns: Vec<usize> = (0..theta.ncols()).collect();
        self.of_samples(range, theta.ncols(), |block, range, logits| {
            self.block_logits(block, range, theta, &columns, logits);
        })
    }

    /// The change of all logits (`Q x N`) when a head changes by `theta` (`D x Q`): logits that are given stay.
    pub(crate) fn changes(&self, theta: &DMatrix<f64>) -> DMatrix<f64> {
        self.of_samples(0..self.samples, theta.ncols(), |block, range, changes| {
            changes.resize(range.len() * theta.ncols(), 0.0);
            across(block, self.dimension(), theta.as_slice(), changes);
        })
    }

    /// A `rows x n` matrix from a function that writes `n x rows` (sample index fastest) for each block of samples `of`.
    fn of_samples(
        &self,
        of: Range<usize>,
        rows: usize,
        write: impl Fn(&[f64], &Range<usize>, &mut Vec<f64>) + Sync,
    ) -> DMatrix<f64> {
        let mut result = DMatrix::zeros(rows, of.len());
        update_sample_chunks(&mut result, |range, part| {
            let range = of.start + range.start..of.start + range.end;
            let (mut scratch, mut logits) = (Vec::new(), Vec::new());
            let block = self.block(range.clone(), &mut scratch);
            write(block, &range, &mut logits);
            for (sample, column) in part.chunks_exact_mut(rows).enumerate() {
                column.iter_mut().enumerate().for_each(|(q, z)| *z = logits[q * range.len() + sample]);
            }
        });
        result
    }

    /// Upper bound on the change of a logit by a step of one column's parameters.
    pub(crate) fn max_logit_change(&self, step: impl Iterator<Item = f64>) -> f64 {
        step.zip(&self.widest).map(|(entry, widest)| entry.abs() * widest).sum()
    }

    /// The head that `theta` (`D x Q`) is, rounded to doubles in the user's units.
    pub(crate) fn to_user(&self, theta: &DMatrix<f64>) -> Head {
        self.coordinates.to_user(theta)
    }

    /// `penalty . theta^2 / 2`.
    pub(crate) fn penalty_of(&self, theta: impl Iterator<Item = f64>) -> f64 {
        0.5 * self.penalty().iter().zip(theta).map(|(penalty, w)| penalty * w * w).sum::<f64>()
    }
}

/// Largest magnitude of each of `dimension` numbers over all samples.
fn widest_of(samples: &[f64], dimension: usize) -> Vec<f64> {
    let mut widest = vec![0.0_f64; dimension];
    for sample in samples.chunks_exact(dimension) {
        widest.iter_mut().zip(sample).for_each(|(widest, value)| *widest = widest.max(value.abs()));
    }
    widest
}

/// `X^T Theta`: from a block (`D x n`) and `D x Q` parameters to `n x Q`, whatever `out` has room for.
pub(super) fn across<T: Real>(block: &[T], dimension: usize, theta: &[T], out: &mut [T]) {
    transposed_times(block, theta, dimension, out);
}

/// `X R`: from a block (`D x n`) and `n x Q` residuals to `D x Q`.
pub(super) fn accumulate_gradient<T: Real>(block: &[T], dimension: usize, residuals: &[T], out: &mut [T]) {
    times(block, residuals, dimension, out);
}

/// Samples `range` of a data set centred and scaled, the intercept's coordinate below each, `(d + 1) x n`.
pub(super) fn scaled<R: Real>(dataset: &Dataset, scaling: &Scaling, range: Range<usize>, into: &mut Vec<R>) {
    let dimension = dataset.dimension();
    into.resize((dimension + 1) * range.len(), R::narrowed(scaling.intercept.coordinate()));
    if dimension > 0 {
        match dataset.values(range) {
            Values::Half(values) => vectorised(Scale { values, scaling, into }),
            Values::Single(values) => vectorised(Scale { values, scaling, into }),
            Values::Double(values) => vectorised(Scale { values, scaling, into }),
        }
    }
}

/// `(h - centre) * factor` of every sample, and the intercept's coordinate below it.
struct Scale<'a, T, R> {
    values: &'a [T],
    scaling: &'a Scaling,
    into: &'a mut [R],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number, R: Real> Kernel for Scale<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, into, scaling } = self;
        let dimension = scaling.centre.len();
        let of_intercept = R::narrowed(scaling.intercept.coordinate());
        let (centre, last_centre) = scaling.centre.as_chunks::<8>();
        let (factor, last_factor) = scaling.factor.as_chunks::<8>();
        for (values, scaled) in values.chunks_exact(dimension).zip(into.chunks_exact_mut(dimension + 1)) {
            scaled[dimension] = of_intercept;
            let (values, last_values) = values.as_chunks::<8>();
            let (scaled, last_scaled) = scaled[..dimension].as_chunks_mut::<8>();
            for (((scaled, value), centre), factor) in scaled.iter_mut().zip(values).zip(centre).zip(factor) {
                for lane in 0..8 {
                    scaled[lane] = R::narrowed((value[lane].value() - centre[lane]) * factor[lane]);
                }
            }
            let last = last_scaled.iter_mut().zip(last_values).zip(last_centre).zip(last_factor);
            last.for_each(|(((scaled, value), centre), factor)| {
                *scaled = R::narrowed((value.value() - centre) * factor);
            });
        }
    }
}
