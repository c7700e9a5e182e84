//! The dense Hessian of a small softmax head: with few unknowns, one factor costs less than the products of conjugate
//! gradients.

use super::column_pass::Precision;
use super::dense::solve_many;
use super::hessian::{Real, gram, regular_factor};
use super::pass::HeadColumns;
use super::softmax_newton::SoftmaxPass;
use super::softmax_system::block_probabilities;
use crate::loss::{of_classes, weigh};
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, fold_wide_spans, vectorised};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Heads with more unknowns than this begin with conjugate gradients, whose products grow with `K D` where the Hessian
/// grows with `(K D)^2`.
const FEW_UNKNOWNS: usize = 100;
/// Heads with more unknowns than this never use the dense Hessian.
const MAX_UNKNOWNS: usize = 1000;

/// Whether a Newton step of a `D x K` head costs less with the dense Hessian than with conjugate gradients that took so
/// many iterations for the step before.
pub(super) fn dense_pays(dimension: usize, classes: usize, iterations: usize) -> bool {
    let unknowns = dimension * (classes - 1);
    // The Hessian takes K (K - 1) / 2 products of D^2 a sample in double precision, an iteration 2 K of D in single.
    unknowns <= FEW_UNKNOWNS || (unknowns <= MAX_UNKNOWNS && iterations > unknowns / 4)
}

/// Whether a `D x K` head has a dense Hessian at all.
pub(super) fn dense_is_possible(dimension: usize, classes: usize) -> bool {
    dimension * (classes - 1) <= MAX_UNKNOWNS
}

/// A factor of the dense Hessian at some point.
pub(super) struct DenseHessian {
    factor: Cholesky<f64, Dyn>,
    /// The classes that move; one is fixed.
    moving: Vec<usize>,
}

impl DenseHessian {
    /// At `theta`, or `None` where the Hessian is singular to rounding.
    ///
    /// `probabilities` are those of the first blocks of samples; the others' are computed.
    pub(super) fn new<T: Real>(
        pass: &SoftmaxPass,
        theta: &DMatrix<f64>,
        probabilities: &[Vec<T>],
    ) -> Option<Self> {
        let classes = theta.ncols();
        let blocks = pair_blocks(pass, theta, probabilities);
        let still = best_connected(&blocks, classes);
        let moving: Vec<usize> = (0..classes).filter(|&class| class != still).collect();
        let factor = factor(pass, &blocks, classes, &moving)?;
        Some(Self { factor, moving })
    }

    /// Newton's step for a gradient (`D x K`).
    pub(super) fn step(&self, gradient: &DMatrix<f64>) -> DMatrix<f64> {
        let right = gradient.select_columns(&self.moving);
        let relative = self.factor.solve(&DVector::from_column_slice(right.as_slice()));
        self.head(relative.as_slice(), gradient.shape())
    }

    /// The step for each of many gradients.
    pub(super) fn steps(&self, gradients: &[DMatrix<f64>]) -> Vec<DMatrix<f64>> {
        let columns = gradients.iter().flat_map(|gradient| {
            self.moving.iter().flat_map(|&class| gradient.column(class).iter().copied().collect::<Vec<_>>())
        });
        let mut right = DMatrix::from_iterator(self.factor.l_dirty().nrows(), gradients.len(), columns);
        solve_many(&self.factor, &mut right);
        let solved = right.as_slice().chunks(right.nrows()).zip(gradients);
        solved.map(|(relative, gradient)| self.head(relative, gradient.shape())).collect()
    }

    /// The step of all classes from the solution for those that move, class after class.
    fn head(&self, relative: &[f64], (dimension, classes): (usize, usize)) -> DMatrix<f64> {
        let mut step = DMatrix::zeros(dimension, classes);
        for (moved, &class) in relative.chunks(dimension).zip(&self.moving) {
            step.set_column(class, &-DVector::from_column_slice(moved));
        }
        let mean = step.column_mean();
        step.column_iter_mut().for_each(|mut column| column -= &mean);
        step
    }
}

/// The class with the most curvature. It is fixed while the others move relative to it: held at a class that
/// hardly couples with the others, the Hessian would be near singular.
fn best_connected(pair_blocks: &[DMatrix<f64>], classes: usize) -> usize {
    let mut curvature = vec![0.0; classes];
    for ((k, l), block) in pairs(classes).zip(pair_blocks) {
        curvature[k] += block.trace();
        curvature[l] += block.trace();
    }
    (0..classes).max_by(|&k, &l| curvature[k].total_cmp(&curvature[l])).unwrap_or(0)
}

/// `sum_i w_i p_i^k p_i^l x_i x_i^T` for every pair of classes `k < l`.
///
/// Nothing else is needed: rows of the Hessian's classes sum to zero, so that its diagonal blocks are sums of these,
/// with no `1 - p` in which digits would be lost.
fn pair_blocks<T: Real>(
    pass: &SoftmaxPass,
    theta: &DMatrix<f64>,
    probabilities: &[Vec<T>],
) -> Vec<DMatrix<f64>> {
    let &SoftmaxPass { features, targets, loss } = pass;
    let (dimension, classes) = theta.shape();
    let columns: Vec<usize> = (0..classes).collect();
    let head = HeadColumns { theta, columns: &columns };
    let weights = loss.normalised_class_weights(targets);
    let zeros = || vec![DMatrix::zeros(dimension, dimension); pairs(classes).count()];
    let mut total = zeros();
    fold_wide_spans(
        features.samples(),
        dimension * dimension * total.len(),
        || (zeros(), (Vec::new(), Vec::new()), [0.0; SAMPLES_PER_CHUNK], [0.0; SAMPLES_PER_CHUNK]),
        |(sums, (scratch, weighted), sample_weights, curvature), range| {
            let computed;
            let probabilities = if let Some(kept) = probabilities.get(range.start / SAMPLES_PER_CHUNK) {
                kept
            } else {
                computed = block_probabilities::<T>(features, targets, range.clone(), head);
                &computed
            };
            let labels = &targets.class_indices()[range.clone()];
            let block = features.block(range.clone(), scratch);
            let of_class = |class: usize| &probabilities[class * labels.len()..(class + 1) * labels.len()];
            of_classes(&weights, labels, sample_weights);
            weigh(sample_weights, targets.sample_weights().map(|weights| &weights[range]));
            let (sample_weights, into) = (&sample_weights[..labels.len()], &mut curvature[..labels.len()]);
            for ((k, l), sum) in pairs(classes).zip(sums) {
                vectorised(PairCurvature { p: of_class(k), q: of_class(l), weights: sample_weights, into });
                gram(block, into, weighted, sum);
            }
        },
        |(part, ..)| total.iter_mut().zip(part).for_each(|(total, part)| *total += part),
    );
    total.iter_mut().for_each(DMatrix::fill_upper_triangle_with_lower_triangle);
    total
}

/// `w p q` for every sample.
struct PairCurvature<'a, T> {
    p: &'a [T],
    q: &'a [T],
    weights: &'a [f64],
    into: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Real> Kernel for PairCurvature<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let each = self.into.iter_mut().zip(self.p).zip(self.q).zip(self.weights);
        each.for_each(|(((into, &p), &q), weight)| *into = weight * p.widened() * q.widened());
    }
}

fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |k| (k + 1..classes).map(move |l| (k, l)))
}

/// Factor of the Hessian of the classes that move, penalty included.
///
/// On the gauge a class's own parameters are its moves relative to the fixed class, less the mean of all:
/// hence the penalty's `1 - 1/K` and `-1/K`.
fn factor(
    pass: &SoftmaxPass,
    pair_blocks: &[DMatrix<f64>],
    classes: usize,
    moving: &[usize],
) -> Option<Cholesky<f64, Dyn>> {
    let penalty = pass.features.penalty();
    let (dimension, fraction, free) = (penalty.len(), 1.0 / classes as f64, moving.len());
    let place: Vec<Option<usize>> =
        (0..classes).map(|class| moving.iter().position(|&moves| moves == class)).collect();
    let mut hessian = DMatrix::zeros(dimension * free, dimension * free);
    for ((k, l), block) in pairs(classes).zip(pair_blocks) {
        for (row, column, sign) in [(k, k, 1.0), (l, l, 1.0), (k, l, -1.0), (l, k, -1.0)] {
            if let (Some(row), Some(column)) = (place[row], place[column]) {
                for (own, terms) in block.as_slice().chunks_exact(dimension).enumerate() {
                    let start = (column * dimension + own) * dimension * free + row * dimension;
                    let entries = &mut hessian.as_mut_slice()[start..start + dimension];
                    entries.iter_mut().zip(terms).for_each(|(entry, term)| *entry += sign * term);
                }
            }
        }
    }
    for (row, column) in (0..free).flat_map(|row| (0..free).map(move |column| (row, column))) {
        let own = if row == column { 1.0 - fraction } else { -fraction };
        for (entry, penalty) in penalty.iter().enumerate() {
            hessian[(row * dimension + entry, column * dimension + entry)] += own * penalty;
        }
    }
    regular_factor(&hessian, Precision::Double)
}
