//! QR factorisations of tables with many rows, block by block, which do not square the condition number.

use super::coordinates::Scaling;
use super::dense::{pivoted_qr, qr, triangle_of_rows};
use super::hessian::gram;
use super::problem::Intercept;
use crate::data::Dataset;
use crate::numeric::{fold_sample_spans, sample_chunks};
use nalgebra::{DMatrix, DVector, DVectorView};
use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::Range;

/// Rows that are factored together with the triangle of those before them.
const ROWS_AT_ONCE: usize = 4096;
/// Norms of columns further apart than this take a method that keeps the digits of each.
const FAR_APART: f64 = 1e4;
/// Multiplications of one sweep of that method beyond which it takes too long.
const MAX_PRODUCTS: usize = 20_000_000;
/// The same of more features than samples, where the other method leaves what refinement mends.
const MAX_WIDE_PRODUCTS: usize = 1_000_000;
const MAX_SWEEPS: usize = 30;
/// Columns with a cosine below this are orthogonal.
const ORTHOGONAL: f64 = 1e-15;
/// A direction along which samples differ by less than this share of what is summed is rounding.
const NO_DIFFERENCE: f64 = 1e-14;

/// The triangle of a table with a column of ones before its `width` columns, `min(N, width + 1) x (width + 1)`.
///
/// Without an intercept columns are not to be centred: every row counts by half, and its negative by the other half, so that
/// means are zero and inner products are those of the table. `load` writes the rows of some samples, which count by `weights`. Column norms are kept to a few roundings each,
/// whatever the condition.
pub(super) fn triangle(
    samples: usize,
    weights: Option<&[f64]>,
    (width, intercept): (usize, Intercept),
    load: impl Fn(Range<usize>, &mut Vec<f64>) + Sync,
) -> DMatrix<f64> {
    let signs: &[f64] = match intercept {
        Intercept::Free => &[1.0],
        Intercept::None => &[FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    };
    let mut total = Triangle::new(width + 1);
    fold_sample_spans(
        samples,
        || (Triangle::new(width + 1), Vec::new()),
        |(triangle, rows), range| {
            load(range.clone(), rows);
            for (row, sample) in rows.chunks_exact(width.max(1)).zip(range) {
                let root = weights.map_or(1.0, |weights| weights[sample].sqrt());
                for sign in signs {
                    triangle.pending.push(root * sign.abs());
                    triangle.pending.extend(row.iter().map(|entry| root * sign * entry));
                }
            }
            triangle.factor_if_full();
        },
        |(part, _)| {
            total.pending.extend(part.pending);
            total.factor_if_full();
        },
    );
    total.factor();
    let rows = total.pending.len() / (width + 1);
    DMatrix::from_row_slice(rows, width + 1, &total.pending)
}

/// Rows to factorise, some of them a triangle already.
struct Triangle {
    width: usize,
    /// Row by row.
    pending: Vec<f64>,
}

impl Triangle {
    fn new(width: usize) -> Self {
        Self { width, pending: Vec::new() }
    }

    fn factor_if_full(&mut self) {
        if self.pending.len() >= (ROWS_AT_ONCE + 2 * self.width) * self.width {
            self.factor();
        }
    }

    fn factor(&mut self) {
        self.pending = triangle_of_rows(&self.pending, self.width);
    }
}

/// A QR factorisation with column pivoting: the triangle and the columns in the order of its own.
pub(super) fn pivoted(matrix: &DMatrix<f64>) -> (DMatrix<f64>, Vec<usize>) {
    let (rows, columns) = matrix.shape();
    if rows == 0 || columns == 0 {
        return (DMatrix::zeros(0, columns), (0..columns).collect());
    }
    pivoted_qr(matrix)
}

/// An orthonormal basis of the differences between samples, in the user's units.
pub(super) struct SampleSpan {
    /// `d x r`, one direction a column.
    pub(super) directions: DMatrix<f64>,
    /// Euclidean norm of all samples' coordinates along each direction.
    pub(super) sizes: Vec<f64>,
    /// Mean of the scaled features.
    pub(super) mean: DVector<f64>,
}

impl SampleSpan {
    /// Of centred samples, a column for each feature: their right singular vectors along which samples differ.
    fn of(centred: DMatrix<f64>, mean: DVector<f64>) -> Self {
        let norms: Vec<f64> = centred.column_iter().map(|column| column.norm()).collect();
        let (sizes, directions) = principal_directions(centred, &norms);
        let differ: Vec<usize> = (0..sizes.len())
            .filter(|&place| sizes[place] > rounding_along(directions.column(place), &norms))
            .collect();
        Self {
            directions: directions.select_columns(&differ),
            sizes: differ.into_iter().map(|place| sizes[place]).collect(),
            mean,
        }
    }
}

/// A size along a direction that is rounding, of columns of such norms.
fn rounding_along(direction: DVectorView<f64>, norms: &[f64]) -> f64 {
    NO_DIFFERENCE * direction.iter().zip(norms).map(|(entry, norm)| (entry * norm).abs()).sum::<f64>()
}

/// Singular values and right singular vectors of some columns of such norms.
fn principal_directions(columns: DMatrix<f64>, norms: &[f64]) -> (Vec<f64>, DMatrix<f64>) {
    let (rows, dimension) = columns.shape();
    if need_rotations(norms, rows, MAX_PRODUCTS) {
        return by_rotations(columns, norms);
    }
    let decomposed = columns.svd(false, true);
    let directions =
        decomposed.v_t.map_or_else(|| DMatrix::identity(dimension, dimension), |v| v.transpose());
    (decomposed.singular_values.iter().copied().collect(), directions)
}

/// Whether columns of so many rows lie far apart in size, and a sweep of rotations takes no more than so many products.
fn need_rotations(norms: &[f64], rows: usize, most: usize) -> bool {
    let widest = norms.iter().copied().fold(0.0, f64::max);
    let narrowest = norms.iter().copied().filter(|norm| *norm > 0.0).fold(widest, f64::min);
    let dimension = norms.len();
    widest > FAR_APART * narrowest && dimension.pow(2) * (rows + dimension) <= most
}

/// The same by rotations of pairs of columns until all are orthogonal, but those of which only rounding is left. Entries of the vectors
/// then have digits of their own, however far apart the units of the columns are: in others' units an error beside an entry of one is
/// larger than the column.
///
/// Source: J. Demmel, K. Veselic, *Jacobi's Method is More Accurate than QR*, SIAM Journal on Matrix Analysis 13, 1992.
fn by_rotations(mut columns: DMatrix<f64>, norms: &[f64]) -> (Vec<f64>, DMatrix<f64>) {
    let dimension = columns.ncols();
    let mut directions = DMatrix::identity(dimension, dimension);
    for _ in 0..MAX_SWEEPS {
        let mut is_done = true;
        let left: Vec<usize> = (0..dimension)
            .filter(|&j| columns.column(j).norm() > rounding_along(directions.column(j), norms))
            .collect();
        let pairs = left
            .iter()
            .enumerate()
            .flat_map(|(place, one)| left[place + 1..].iter().map(move |other| (*one, *other)));
        for (one, other) in pairs {
            let (first, second) = (columns.column(one), columns.column(other));
            let (size, other_size) = (first.norm(), second.norm());
            // Columns divided by their norms, so that no product leaves the range of doubles.
            let cosine = if size > 0.0 && other_size > 0.0 {
                first.iter().zip(second.iter()).map(|(a, b)| (a / size) * (b / other_size)).sum::<f64>()
            } else {
                0.0
            };
            if cosine.abs() <= ORTHOGONAL {
                continue;
            }
            is_done = false;
            let ratio = other_size / size;
            let cotangent = (ratio - ratio.recip()) / (2.0 * cosine);
            let tangent = cotangent.signum() / (cotangent.abs() + cotangent.hypot(1.0));
            let cosine = tangent.hypot(1.0).recip();
            for matrix in [&mut columns, &mut directions] {
                rotate(matrix, (one, other), (cosine, cosine * tangent));
            }
        }
        if is_done {
            break;
        }
    }
    (columns.column_iter().map(|column| column.norm()).collect(), directions)
}

fn rotate(matrix: &mut DMatrix<f64>, (one, other): (usize, usize), (cosine, sine): (f64, f64)) {
    for mut row in matrix.row_iter_mut() {
        let (a, b) = (row[one], row[other]);
        row[one] = cosine * a - sine * b;
        row[other] = sine * a + cosine * b;
    }
}

/// The span of the samples of a data set: by a QR factorisation of the samples where they are fewer than features and these are
/// alike in size, else by the singular vectors of the table or its triangle.
pub(super) fn span_of_samples(dataset: &Dataset, scaling: &Scaling) -> SampleSpan {
    let (dimension, samples) = (dataset.dimension(), dataset.labels().samples());
    let user = |j: usize, scaled: f64| scaled / scaling.factor[j];
    if dimension < samples {
        let triangle = of_scaled(dataset, scaling);
        let mean = mean_of(&triangle, scaling.intercept);
        let centred =
            DMatrix::from_fn(triangle.nrows() - 1, dimension, |row, j| user(j, triangle[(row + 1, j + 1)]));
        return SampleSpan::of(centred, mean);
    }
    let mut table = scaled_table(dataset, scaling);
    let mean = match scaling.intercept {
        Intercept::Free => table.column_mean(),
        Intercept::None => DVector::zeros(dimension),
    };
    table.column_iter_mut().for_each(|mut sample| sample -= &mean);
    for (j, mut row) in table.row_iter_mut().enumerate() {
        row.iter_mut().for_each(|entry| *entry = user(j, *entry));
    }
    let norms: Vec<f64> = table.row_iter().map(|row| row.norm()).collect();
    if need_rotations(&norms, samples, MAX_WIDE_PRODUCTS) {
        return SampleSpan::of(table.transpose(), mean);
    }
    let (basis, triangle) = qr(&table);
    let size = |row: usize| (row..samples).map(|column| triangle[(row, column)].powi(2)).sum::<f64>().sqrt();
    let sizes: Vec<f64> = (0..basis.ncols()).map(size).collect();
    let least = NO_DIFFERENCE * sizes.iter().copied().fold(0.0, f64::max);
    let differ: Vec<usize> = (0..sizes.len()).filter(|&place| sizes[place] > least).collect();
    SampleSpan {
        directions: basis.select_columns(&differ),
        sizes: differ.into_iter().map(|place| sizes[place]).collect(),
        mean,
    }
}

/// The triangle of the scaled features.
pub(super) fn of_scaled(dataset: &Dataset, scaling: &Scaling) -> DMatrix<f64> {
    let dimension = dataset.dimension();
    let shape = (dimension, scaling.intercept);
    triangle(dataset.labels().samples(), dataset.labels().weights(), shape, |range, rows| {
        let mut scaled = Vec::new();
        super::pass::scaled(dataset, scaling, range, &mut scaled);
        rows.clear();
        scaled.chunks_exact(dimension + 1).for_each(|sample| rows.extend_from_slice(&sample[..dimension]));
    })
}

/// Column means by a triangle with ones before its columns; zero without an intercept.
pub(super) fn mean_of(triangle: &DMatrix<f64>, intercept: Intercept) -> DVector<f64> {
    let width = triangle.ncols() - 1;
    match intercept {
        Intercept::Free => DVector::from_fn(width, |j, _| triangle[(0, j + 1)] / triangle[(0, 0)]),
        Intercept::None => DVector::zeros(width),
    }
}

fn scaled_table(dataset: &Dataset, scaling: &Scaling) -> DMatrix<f64> {
    let (dimension, samples) = (dataset.dimension(), dataset.labels().samples());
    let (mut table, mut scaled) = (Vec::with_capacity(dimension * samples), Vec::new());
    for range in sample_chunks(samples) {
        super::pass::scaled(dataset, scaling, range, &mut scaled);
        scaled.chunks_exact(dimension + 1).for_each(|sample| table.extend_from_slice(&sample[..dimension]));
    }
    DMatrix::from_vec(dimension, samples, table)
}

/// Correlations of the columns, about zero without an intercept, samples counted by their weights; `None` without columns, or where one is constant.
pub(super) fn correlation(dataset: &Dataset, scaling: &Scaling) -> Option<DMatrix<f64>> {
    let (dimension, labels) = (dataset.dimension(), dataset.labels());
    let zeros = || DMatrix::zeros(dimension + 1, dimension + 1);
    let mut moments = zeros();
    fold_sample_spans(
        labels.samples(),
        || (zeros(), Vec::new(), Vec::new()),
        |(part, block, weighted), range| {
            super::pass::scaled(dataset, scaling, range.clone(), block);
            let weights: Vec<f64> = range.map(|sample| labels.weight(sample)).collect();
            gram(block, &weights, weighted, part);
        },
        |(part, ..)| moments += part,
    );
    let total = labels.total_size();
    let sum = |j: usize| moments[(dimension, j)];
    standardised(&DMatrix::from_fn(dimension, dimension, |i, j| {
        moments[(i.max(j), i.min(j))] / total - sum(i) / total * (sum(j) / total)
    }))
}

/// Correlations from covariances; `None` without columns, or where one does not vary.
pub(super) fn standardised(covariance: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let sizes: Vec<f64> = covariance.diagonal().iter().map(|square| square.sqrt()).collect();
    let all_vary = !sizes.is_empty() && sizes.iter().all(|size| size.is_finite() && *size > 0.0);
    all_vary
        .then(|| DMatrix::from_fn(sizes.len(), sizes.len(), |i, j| covariance[(i, j)] / sizes[i] / sizes[j]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns in units that lie far apart, two of them the same: every direction to digits of its own columns.
    #[test]
    fn directions_are_right_in_any_units() {
        let noise = |row: usize, column: usize| ((7 * row + 3 * column * row * row) as f64 * 0.37).sin();
        let units = [1e15, 1.0, 1.0, 1e-9];
        let columns = DMatrix::from_fn(40, 4, |row, column| units[column] * noise(row, [0, 1, 1, 3][column]));
        let span = SampleSpan::of(columns.clone(), DVector::zeros(4));
        assert_eq!(span.sizes.len(), 3);
        for (one, size) in span.sizes.iter().enumerate() {
            let along = &columns * span.directions.column(one);
            assert!((along.norm() / size - 1.0).abs() < 1e-13);
            for other in 0..one {
                let cosine =
                    along.dot(&(&columns * span.directions.column(other))) / size / span.sizes[other];
                assert!(cosine.abs() < 1e-13, "{one} {other}: {cosine:e}");
                assert!(span.directions.column(one).dot(&span.directions.column(other)).abs() < 1e-13);
            }
        }
    }

    fn table(rows: usize, width: usize) -> Vec<f64> {
        (0..rows * width).map(|place| ((place * place % 10_007) as f64 * 0.37).sin() + 0.2).collect()
    }

    /// `R^T R` is the Gram matrix of the table with its ones, however many blocks it was made of.
    #[test]
    fn the_triangle_has_the_inner_products_of_the_table() {
        for (rows, width) in [(3, 5), (40, 3), (9000, 4), (20_000, 7)] {
            let values = table(rows, width);
            let found = triangle(rows, None, (width, Intercept::Free), |range, into| {
                into.clear();
                into.extend_from_slice(&values[range.start * width..range.end * width]);
            });
            let with_ones = DMatrix::from_fn(rows, width + 1, |row, column| {
                if column == 0 { 1.0 } else { values[row * width + column - 1] }
            });
            let expected = with_ones.tr_mul(&with_ones);
            assert!((found.tr_mul(&found) - &expected).amax() <= 1e-12 * expected.amax(), "{rows} x {width}");
            assert_eq!(found.nrows(), rows.min(width + 1));
        }
    }

    #[test]
    fn pivots_come_with_the_largest_columns_first() {
        let matrix = DMatrix::from_row_slice(3, 3, &[1.0, 0.0, 1.0, 0.0, 5.0, 5.0, 0.0, 0.0, 0.0]);
        let (triangle, order) = pivoted(&matrix);
        let permuted = DMatrix::from_fn(3, 3, |row, column| matrix[(row, order[column])]);
        assert!((triangle.tr_mul(&triangle) - permuted.tr_mul(&permuted)).amax() < 1e-13);
        assert!(triangle[(2, 2)].abs() < 1e-15 && triangle[(1, 1)].abs() > 0.5);
    }
}
