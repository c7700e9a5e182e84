//! Features centred and scaled, with the intercept as one more row: the coordinates all solving happens in.

use crate::data::Dataset;
use crate::numeric::{CompensatedMatrix, SAMPLES_PER_CHUNK, Sum, update_sample_chunks};
use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::OnceLock;

/// Partial sums over samples that are held at once; fixed, so that bytes do not depend on threads.
const SPANS: usize = 32;

/// `(h - centre) / scale` above a row of ones, `D x N` with `D = d + 1`.
///
/// Centring costs nothing, since the intercept is free. Scales are powers of two, so that going back to the
/// user's units rounds nothing. They include the penalty, so that a feature of any unit (1e-12 or 1e12) has
/// curvature of order one.
#[derive(Debug)]
pub(crate) struct ScaledFeatures {
    rows: DMatrix<f64>,
    offset: Option<DMatrix<f64>>,
    centre: Vec<f64>,
    scale: Vec<f64>,
    /// Penalty per row of `rows` on the mean loss, `l2 / scale^2`; zero for the intercept.
    pub(crate) penalty: Vec<f64>,
    null_space: OnceLock<DMatrix<f64>>,
}

/// Samples whose median stands for all of them.
const MEDIAN_SAMPLES: usize = 4096;

/// Centre and spread of one feature; the spread of a constant feature is zero.
///
/// The centre is a median: about the mean, one value of 1e8 among values near 1 would round all the others.
fn centre_and_spread(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len();
    let mut some: Vec<f64> = values.clone().step_by(count.div_ceil(MEDIAN_SAMPLES).max(1)).collect();
    if some.is_empty() {
        return (0.0, 0.0);
    }
    let middle = some.len() / 2;
    let centre = *some.select_nth_unstable_by(middle, f64::total_cmp).1;
    let widest = values.clone().map(|value| (value - centre).abs()).fold(0.0, f64::max);
    if widest == 0.0 {
        return (centre, 0.0);
    }
    // Divided by the widest first: squares of 1e300 do not overflow.
    let squares = values.map(|value| ((value - centre) / widest).powi(2)).collect::<Sum>().value();
    (centre, widest * (squares / count as f64).sqrt())
}

/// The power of two nearest to a positive number.
fn power_of_two(value: f64) -> f64 {
    value.log2().round().exp2()
}

impl ScaledFeatures {
    pub(crate) fn new(dataset: &Dataset, l2: f64) -> Self {
        let features = dataset.features();
        let (dimension, samples) = features.shape();
        let mut rows = DMatrix::from_element(dimension + 1, samples, 1.0);
        let (mut centres, mut scales, mut penalty) = (Vec::new(), Vec::new(), Vec::new());
        for (feature, values) in features.row_iter().enumerate() {
            let (centre, spread) = centre_and_spread(values.iter().copied());
            let scale = if spread > 0.0 { power_of_two(spread.hypot(l2.sqrt())) } else { 1.0 };
            for (entry, value) in rows.row_mut(feature).iter_mut().zip(values.iter()) {
                *entry = if spread > 0.0 { (value - centre) / scale } else { 0.0 };
            }
            centres.push(centre);
            scales.push(scale);
            penalty.push(l2 / scale / scale);
        }
        penalty.push(0.0);
        let offset = dataset.fixed_logits().cloned();
        Self { rows, offset, centre: centres, scale: scales, penalty, null_space: OnceLock::new() }
    }

    /// `D = d + 1`.
    pub(crate) fn dimension(&self) -> usize {
        self.rows.nrows()
    }

    /// `N`.
    pub(crate) fn samples(&self) -> usize {
        self.rows.ncols()
    }

    /// One sample, intercept last.
    pub(crate) fn sample(&self, sample: usize) -> nalgebra::DVectorView<'_, f64> {
        self.rows.column(sample)
    }

    fn chunk(&self, range: &Range<usize>) -> MatRef<'_, f64> {
        let dimension = self.dimension();
        let slice = &self.rows.as_slice()[range.start * dimension..range.end * dimension];
        MatRef::from_column_major_slice(slice, dimension, range.len())
    }

    /// `theta X` (`A x N` for `theta` of shape `A x D`), without fixed logits.
    pub(crate) fn product(&self, theta: &DMatrix<f64>) -> DMatrix<f64> {
        let rows = theta.nrows();
        let left = MatRef::from_column_major_slice(theta.as_slice(), rows, self.dimension());
        let mut result = DMatrix::zeros(rows, self.samples());
        update_sample_chunks(&mut result, |range, part| {
            let out = MatMut::from_column_major_slice_mut(part, rows, range.len());
            matmul(out, Accum::Replace, left, self.chunk(&range), 1.0, Par::Seq);
        });
        result
    }

    /// Logits of some columns of the head: `theta X` plus the fixed logits of those columns.
    pub(crate) fn logits(&self, theta: &DMatrix<f64>, columns: &[usize]) -> DMatrix<f64> {
        let mut logits = self.product(theta);
        if let Some(offset) = &self.offset {
            for (row, &column) in columns.iter().enumerate() {
                let mut own = logits.row_mut(row);
                own += offset.row(column);
            }
        }
        logits
    }

    /// Runs `work` over the chunks of fixed spans of samples, each span with its own accumulator, in parallel.
    fn accumulate<T: Send>(
        &self,
        start: impl Fn() -> T + Sync,
        work: impl Fn(&mut T, Range<usize>) + Sync,
    ) -> Vec<T> {
        let chunks = self.samples().div_ceil(SAMPLES_PER_CHUNK);
        let per_span = chunks.div_ceil(SPANS).max(1);
        let spans = chunks.div_ceil(per_span);
        let run = |span: usize| {
            let mut accumulator = start();
            for chunk in span * per_span..((span + 1) * per_span).min(chunks) {
                let first = chunk * SAMPLES_PER_CHUNK;
                work(&mut accumulator, first..(first + SAMPLES_PER_CHUNK).min(self.samples()));
            }
            accumulator
        };
        if spans <= 1 { (0..spans).map(run).collect() } else { (0..spans).into_par_iter().map(run).collect() }
    }

    /// `R X^T` (`A x D`) for residuals `R` (`A x N`): from `d/dlogits` to `d/dtheta`.
    pub(crate) fn pull_back(&self, residuals: &DMatrix<f64>) -> DMatrix<f64> {
        let (rows, dimension) = (residuals.nrows(), self.dimension());
        let parts = self.accumulate(
            || CompensatedMatrix::zeros(rows, dimension),
            |sum, range| {
                let slice = &residuals.as_slice()[range.start * rows..range.end * rows];
                let left = MatRef::from_column_major_slice(slice, rows, range.len());
                let mut part = DMatrix::zeros(rows, dimension);
                let out = MatMut::from_column_major_slice_mut(part.as_mut_slice(), rows, dimension);
                matmul(out, Accum::Replace, left, self.chunk(&range).transpose(), 1.0, Par::Seq);
                sum.add(&part);
            },
        );
        let mut total = CompensatedMatrix::zeros(rows, dimension);
        parts.into_iter().for_each(|part| total.add(&part.value()));
        total.value()
    }

    /// `X diag(weights) X^T`, `D x D`.
    pub(crate) fn gram(&self, weights: &[f64]) -> DMatrix<f64> {
        let dimension = self.dimension();
        let parts = self.accumulate(
            || DMatrix::<f64>::zeros(dimension, dimension),
            |sum, range| {
                let first = range.start * dimension;
                let mut weighted = self.rows.as_slice()[first..range.end * dimension].to_vec();
                for (column, weight) in weighted.chunks_mut(dimension).zip(&weights[range.clone()]) {
                    column.iter_mut().for_each(|entry| *entry *= weight);
                }
                let left = MatRef::from_column_major_slice(&weighted, dimension, range.len());
                let out = MatMut::from_column_major_slice_mut(sum.as_mut_slice(), dimension, dimension);
                triangular::matmul(
                    out,
                    triangular::BlockStructure::TriangularLower,
                    Accum::Add,
                    left,
                    triangular::BlockStructure::Rectangular,
                    self.chunk(&range).transpose(),
                    triangular::BlockStructure::Rectangular,
                    1.0,
                    Par::Seq,
                );
            },
        );
        let mut total = DMatrix::zeros(dimension, dimension);
        parts.iter().for_each(|part| total += part);
        total.fill_upper_triangle_with_lower_triangle();
        total
    }

    /// `sum_{i in c} slope_i x_i` for each class `c`, `D x K`.
    pub(crate) fn class_sums(&self, slopes: &[f64], labels: &[u32], classes: usize) -> DMatrix<f64> {
        let parts = self.accumulate(
            || DMatrix::<f64>::zeros(self.dimension(), classes),
            |sums, range| {
                for sample in range {
                    sums.column_mut(labels[sample] as usize).axpy(
                        slopes[sample],
                        &self.rows.column(sample),
                        1.0,
                    );
                }
            },
        );
        parts.into_iter().fold(DMatrix::zeros(self.dimension(), classes), |total, part| total + part)
    }

    /// Orthonormal basis (`D x r`) of the directions in which no sample's logit moves: constant, duplicate and
    /// collinear features. Computed when first asked for, that is when a Hessian turns out singular.
    pub(crate) fn null_space(&self) -> &DMatrix<f64> {
        self.null_space.get_or_init(|| {
            let dimension = self.dimension();
            let eigen = SymmetricEigen::new(self.gram(&vec![1.0 / self.samples() as f64; self.samples()]));
            let largest = eigen.eigenvalues.amax();
            let rounding = 4.0 * dimension as f64 * f64::EPSILON * largest;
            let null: Vec<_> = (0..dimension)
                .filter(|&index| eigen.eigenvalues[index] <= rounding)
                .map(|index| eigen.eigenvectors.column(index).into_owned())
                .collect();
            if null.is_empty() { DMatrix::zeros(dimension, 0) } else { DMatrix::from_columns(&null) }
        })
    }

    /// Coefficients (`A x d`) and intercepts in the user's units.
    ///
    /// Where features are collinear, many heads have the same logits: the one of least norm is returned, the
    /// limit of a vanishing penalty.
    pub(crate) fn to_user(&self, theta: &DMatrix<f64>) -> (DMatrix<f64>, Vec<f64>) {
        let dimension = self.dimension() - 1;
        let mut coefficients = DMatrix::from_fn(theta.nrows(), dimension, |row, feature| {
            theta[(row, feature)] / self.scale[feature]
        });
        // Never asked for means that every Hessian was regular: nothing to remove.
        if let Some(null) = self.null_space.get().filter(|null| null.ncols() > 0) {
            let in_user_units = DMatrix::from_fn(dimension, null.ncols(), |row, column| {
                null[(row, column)] / self.scale[row]
            });
            let basis = in_user_units.qr().q();
            coefficients -= &coefficients * &basis * basis.transpose();
        }
        let intercepts = (0..theta.nrows())
            .map(|row| {
                let shift: Sum = (0..dimension).map(|j| coefficients[(row, j)] * self.centre[j]).collect();
                theta[(row, dimension)] - shift.value()
            })
            .collect();
        (coefficients, intercepts)
    }

    /// A gradient by `theta` (`A x D`) as the gradient by the user's coefficients and intercepts.
    pub(crate) fn gradient_to_user(&self, gradient: &DMatrix<f64>) -> DMatrix<f64> {
        let intercept = self.dimension() - 1;
        DMatrix::from_fn(gradient.nrows(), self.dimension(), |row, column| {
            if column == intercept {
                gradient[(row, intercept)]
            } else {
                gradient[(row, column)] * self.scale[column]
                    + gradient[(row, intercept)] * self.centre[column]
            }
        })
    }

    /// `penalty .* theta^2 / 2`, summed: the penalty of each row.
    pub(crate) fn penalty_of(&self, theta: &DVector<f64>) -> f64 {
        0.5 * self.penalty.iter().zip(theta.iter()).map(|(penalty, w)| penalty * w * w).sum::<f64>()
    }
}
