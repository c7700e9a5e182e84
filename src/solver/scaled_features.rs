//! Features centred and scaled, with the intercept as one more row: the coordinates all solving happens in.
//!
//! Heads are `D x Q`, one column per logit column, `D = d + 1` with the intercept last. Blocks of samples are scaled
//! when they are asked for; only small data is held scaled.

use super::real::Real;
use super::scaling::Scaling;
use crate::data::{Dataset, Number, Values};
use crate::numeric::{Kernel, Sum, over_sample_spans, update_sample_chunks, vectorised};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::DMatrix;
use std::ops::Range;
use std::sync::OnceLock;

use super::factor::eigen;
use super::gram::gram;

/// Data up to this size (4 MiB, about what stays in a core's caches) is scaled once and held.
pub(super) const LARGEST_HELD: usize = 4 << 20;

/// Samples in scaled coordinates.
#[derive(Debug)]
pub(crate) struct ScaledFeatures<'a> {
    samples: usize,
    source: Source<'a>,
    offset: Option<&'a DMatrix<f64>>,
    scaling: Scaling,
    null_space: OnceLock<DMatrix<f64>>,
}

/// Where blocks come from.
#[derive(Debug)]
enum Source<'a> {
    /// The user's features, scaled block by block.
    User(&'a Dataset),
    /// Scaled features, `D x N`.
    Held(Vec<f64>),
}

impl<'a> ScaledFeatures<'a> {
    pub(crate) fn new(dataset: &'a Dataset, l2: f64) -> Self {
        Self::with_scaling(dataset, Scaling::new(dataset, l2))
    }

    /// The samples in coordinates that are given.
    pub(crate) fn with_scaling(dataset: &'a Dataset, scaling: Scaling) -> Self {
        let samples = dataset.labels().samples();
        let mut source = Source::User(dataset);
        if scaling.widest.len() * samples * size_of::<f64>() <= LARGEST_HELD {
            let mut held = Vec::new();
            scaled(dataset, &scaling, 0..samples, &mut held);
            source = Source::Held(held);
        }
        Self { samples, source, offset: dataset.fixed_logits(), scaling, null_space: OnceLock::new() }
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
            source: Source::Held(held),
            offset: None,
            scaling: self.scaling.clone(),
            null_space: OnceLock::new(),
        }
    }

    /// `D = d + 1`.
    pub(crate) fn dimension(&self) -> usize {
        self.scaling.widest.len()
    }

    /// `N`.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// The coordinates.
    pub(crate) fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// Penalty of each row of a head on the mean loss; zero for the intercept.
    pub(crate) fn penalty(&self) -> &[f64] {
        &self.scaling.penalty
    }

    /// Samples `range`, `D x n`, one sample per column; `scratch` is room to scale them in.
    pub(crate) fn block<'b>(&'b self, range: Range<usize>, scratch: &'b mut Vec<f64>) -> &'b [f64] {
        match &self.source {
            Source::Held(held) => &held[range.start * self.dimension()..range.end * self.dimension()],
            Source::User(dataset) => {
                scaled(dataset, &self.scaling, range, scratch);
                scratch
            }
        }
    }

    /// Whether logits are given that are added to a head's.
    pub(super) fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// Samples `range` as they lie in memory or in the user's file.
    pub(super) fn given(&self, range: Range<usize>) -> Values<'_> {
        match &self.source {
            Source::Held(held) => {
                Values::of(&held[range.start * self.dimension()..range.end * self.dimension()])
            }
            Source::User(dataset) => dataset.values(range),
        }
    }

    /// Centre and factor of every number of [`Self::given`]; there may be one for the intercept.
    pub(super) fn given_coordinates(&self) -> (Vec<f64>, Vec<f64>) {
        match &self.source {
            Source::Held(_) => (vec![0.0; self.dimension()], vec![1.0; self.dimension()]),
            Source::User(_) => (self.scaling.centre.clone(), self.scaling.factor.clone()),
        }
    }

    /// Samples `range` in single precision, `D x n`.
    pub(super) fn single_block(&self, range: Range<usize>, into: &mut Vec<f32>) {
        match &self.source {
            Source::Held(_) => {
                into.clear();
                into.extend(self.block(range, &mut Vec::new()).iter().map(|&value| f32::narrowed(value)));
            }
            Source::User(dataset) => scaled(dataset, &self.scaling, range, into),
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
        if let Some(offset) = self.offset {
            for (own, &column) in logits.chunks_exact_mut(range.len()).zip(columns) {
                let given = offset.row(column);
                own.iter_mut().zip(range.clone()).for_each(|(logit, sample)| *logit += given[sample]);
            }
        }
    }

    /// All logits of a head (`D x Q`), as a `Q x N` matrix.
    pub(crate) fn logits(&self, theta: &DMatrix<f64>) -> DMatrix<f64> {
        let columns: Vec<usize> = (0..theta.ncols()).collect();
        self.of_all_samples(theta.ncols(), |block, range, logits| {
            self.block_logits(block, range, theta, &columns, logits);
        })
    }

    /// The change of all logits (`Q x N`) when a head changes by `theta` (`D x Q`): logits that are given stay.
    pub(crate) fn changes(&self, theta: &DMatrix<f64>) -> DMatrix<f64> {
        self.of_all_samples(theta.ncols(), |block, range, changes| {
            changes.resize(range.len() * theta.ncols(), 0.0);
            across(block, self.dimension(), theta.as_slice(), changes);
        })
    }

    /// A `rows x N` matrix from a function that writes `n x rows` (sample index fastest) for each block.
    fn of_all_samples(
        &self,
        rows: usize,
        write: impl Fn(&[f64], &Range<usize>, &mut Vec<f64>) + Sync,
    ) -> DMatrix<f64> {
        let mut result = DMatrix::zeros(rows, self.samples);
        update_sample_chunks(&mut result, |range, part| {
            let (mut scratch, mut logits) = (Vec::new(), Vec::new());
            let block = self.block(range.clone(), &mut scratch);
            write(block, &range, &mut logits);
            for (sample, column) in part.chunks_exact_mut(rows).enumerate() {
                column.iter_mut().enumerate().for_each(|(q, z)| *z = logits[q * range.len() + sample]);
            }
        });
        result
    }

    /// How far a step of one column's parameters can move a logit.
    pub(crate) fn reach(&self, step: impl Iterator<Item = f64>) -> f64 {
        step.zip(&self.scaling.widest).map(|(entry, widest)| entry.abs() * widest).sum()
    }

    /// Orthonormal basis (`D x r`) of the directions in which no sample's logit moves: constant, duplicate and
    /// collinear features. Computed when first asked for, that is when a Hessian turns out singular.
    pub(crate) fn null_space(&self) -> &DMatrix<f64> {
        self.null_space.get_or_init(|| {
            let dimension = self.dimension();
            let share = 1.0 / self.samples as f64;
            let mut second_moments = DMatrix::zeros(dimension, dimension);
            over_sample_spans(
                self.samples,
                || DMatrix::zeros(dimension, dimension),
                |part, range| {
                    let mut scratch = Vec::new();
                    let block = self.block(range.clone(), &mut scratch);
                    gram(block, &vec![share; range.len()], part);
                },
                |part| second_moments += part,
            );
            second_moments.fill_upper_triangle_with_lower_triangle();
            let eigen = eigen(second_moments);
            let largest = eigen.eigenvalues.amax();
            let rounding = 4.0 * dimension as f64 * f64::EPSILON * largest;
            let null: Vec<_> = (0..dimension)
                .filter(|&index| eigen.eigenvalues[index] <= rounding)
                .map(|index| eigen.eigenvectors.column(index).into_owned())
                .collect();
            if null.is_empty() { DMatrix::zeros(dimension, 0) } else { DMatrix::from_columns(&null) }
        })
    }

    /// Coefficients (`Q x d`) and intercepts in the user's units.
    ///
    /// Where features are collinear, many heads have the same logits: the one of least norm is returned, the
    /// limit of a vanishing penalty.
    pub(crate) fn to_user(&self, theta: &DMatrix<f64>) -> (DMatrix<f64>, Vec<f64>) {
        let (dimension, factor) = (self.dimension() - 1, &self.scaling.factor);
        let mut coefficients = DMatrix::from_fn(theta.ncols(), dimension, |row, feature| {
            theta[(feature, row)] * factor[feature]
        });
        // Never asked for means that every Hessian was regular: nothing to remove.
        if let Some(null) = self.null_space.get().filter(|null| null.ncols() > 0) {
            let in_user_units =
                DMatrix::from_fn(dimension, null.ncols(), |row, column| null[(row, column)] * factor[row]);
            let basis = in_user_units.qr().q();
            coefficients -= &coefficients * &basis * basis.transpose();
        }
        let intercepts = (0..theta.ncols())
            .map(|row| {
                let centre = &self.scaling.centre;
                let shift: Sum = (0..dimension).map(|j| coefficients[(row, j)] * centre[j]).collect();
                theta[(dimension, row)] - shift.value()
            })
            .collect();
        (coefficients, intercepts)
    }

    /// The largest entry of a gradient by `theta` (`D x Q`), taken by the user's coefficients and intercepts.
    pub(crate) fn largest_in_user_units(&self, gradient: &DMatrix<f64>) -> f64 {
        let intercept = self.dimension() - 1;
        let largest_of = |column: nalgebra::DVectorView<f64>| {
            let by_intercept = column[intercept];
            let by_coefficient =
                |j: usize| column[j] / self.scaling.factor[j] + by_intercept * self.scaling.centre[j];
            (0..intercept).map(|j| by_coefficient(j).abs()).fold(by_intercept.abs(), f64::max)
        };
        gradient.column_iter().map(largest_of).fold(0.0, f64::max)
    }

    /// `penalty . theta^2 / 2`.
    pub(crate) fn penalty_of(&self, theta: impl Iterator<Item = f64>) -> f64 {
        0.5 * self.penalty().iter().zip(theta).map(|(penalty, w)| penalty * w * w).sum::<f64>()
    }
}

/// `X^T Theta`: from a block (`D x n`) and `D x Q` parameters to `n x Q`, whatever `out` has room for.
pub(super) fn across<T: Real>(block: &[T], dimension: usize, theta: &[T], out: &mut [T]) {
    let (samples, columns) = (block.len() / dimension, theta.len() / dimension);
    let block = MatRef::from_column_major_slice(block, dimension, samples);
    let theta = MatRef::from_column_major_slice(theta, dimension, columns);
    let out = MatMut::from_column_major_slice_mut(out, samples, columns);
    matmul(out, Accum::Replace, block.transpose(), theta, T::ONE, Par::Seq);
}

/// `X R`: from a block (`D x n`) and `n x Q` residuals to `D x Q`.
pub(super) fn pull_back<T: Real>(block: &[T], dimension: usize, residuals: &[T], out: &mut [T]) {
    let samples = block.len() / dimension;
    let columns = out.len() / dimension;
    let block = MatRef::from_column_major_slice(block, dimension, samples);
    let residuals = MatRef::from_column_major_slice(residuals, samples, columns);
    let out = MatMut::from_column_major_slice_mut(out, dimension, columns);
    matmul(out, Accum::Replace, block, residuals, T::ONE, Par::Seq);
}

fn scaled<R: Real>(dataset: &Dataset, scaling: &Scaling, range: Range<usize>, into: &mut Vec<R>) {
    let dimension = dataset.dimension();
    into.resize((dimension + 1) * range.len(), R::ONE);
    if dimension > 0 {
        match dataset.values(range) {
            Values::Single(values) => vectorised(Scale { values, scaling, into }),
            Values::Double(values) => vectorised(Scale { values, scaling, into }),
        }
    }
}

/// `(h - centre) * factor` of every sample, and 1 below it.
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
        let (centre, last_centre) = scaling.centre.as_chunks::<8>();
        let (factor, last_factor) = scaling.factor.as_chunks::<8>();
        for (values, scaled) in values.chunks_exact(dimension).zip(into.chunks_exact_mut(dimension + 1)) {
            scaled[dimension] = R::ONE;
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
