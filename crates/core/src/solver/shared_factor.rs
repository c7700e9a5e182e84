//! A preconditioner for softmax heads of many classes: one factor for all of them.
//!
//! The block of class `k` in the Hessian is `c_k (S_k + m_k m_k^T) + penalty`, where `c_k`, `m_k` and `S_k` are the sum of the
//! curvatures `w_i p_i^k (1 - p_i^k)` and the mean and scatter of the samples under them. The scatters are alike: of normal
//! features, which a class weighs by the exponential of a linear function, they are the same. One, `S`, replaces all of
//! them, and its eigenvectors relative to the penalty diagonalise `c_k S + penalty` for every class at once: `d^2 + d K` numbers
//! in place of `K d^2`. The means need no term of their own, since the intercept takes them up.

use super::dense::{add_lower_of_outer, eigen, times, transposed_times};
use super::hessian::{Real, SingleBlock, SingleGram};
use super::problem::Intercept;
use super::softmax_newton::SoftmaxPass;
use super::softmax_system::{largest_weight, narrowed, probabilities_of};
use crate::loss::weigh;
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, fold_wide_spans, map_items, vectorised};
use nalgebra::DMatrix;

/// Eigenvalues below this share of the largest are rounding of sums in single precision.
const SMALLEST_SHARE: f64 = 1e-7;
/// Curvatures below this share of the largest class's are taken for it.
const SMALLEST_MASS: f64 = 1e-30;
/// Classes that are solved for at a time.
const CLASSES_AT_ONCE: usize = 64;

/// An approximate inverse of the block of every class.
#[derive(Debug)]
pub(super) struct SharedFactor {
    /// `d x d`: `U^T S U = diag(spread)`, `U^T penalty U = 1`; relative to the diagonal of `S` where there is no penalty.
    directions: DMatrix<f64>,
    spread: Vec<f64>,
    /// 1 with a penalty, 0 without.
    penalty: f64,
    /// `m_k`, `d x K`; zero without intercepts.
    means: DMatrix<f64>,
    /// `c_k`, never zero.
    mass: Vec<f64>,
    /// Curvature added to a class, on the diagonal of its intercept and in place of the penalty's.
    added: Vec<[f64; 2]>,
    intercept: Intercept,
}

impl SharedFactor {
    /// At `theta`, with `added[k]` on the diagonal of class `k`'s block beside the penalty; `probabilities` are those of the
    /// first blocks of samples.
    pub(super) fn new(
        sampled: SoftmaxPass,
        theta: &DMatrix<f64>,
        probabilities: &[Vec<f32>],
        added: &[f64],
    ) -> Self {
        let intercept = sampled.features.intercept();
        let moments = Moments::of(sampled, theta, probabilities);
        let width = theta.nrows() - 1;
        let most = moments.mass.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let mass: Vec<f64> = moments.mass.iter().map(|mass| mass.max(SMALLEST_MASS * most)).collect();
        let mut means = DMatrix::zeros(width, mass.len());
        if intercept == Intercept::Free {
            for (mut mean, (sum, mass)) in means.column_iter_mut().zip(moments.first.column_iter().zip(&mass))
            {
                mean.copy_from(&(sum.rows(0, width) / *mass));
            }
        }
        let mut scatter = moments.scatter_about(&means, &mass);
        let of_features = &sampled.features.penalty()[..width];
        let is_penalised = of_features.iter().all(|&penalty| penalty > 0.0);
        let typical = (scatter.trace() / width.max(1) as f64).max(f64::MIN_POSITIVE);
        let base: Vec<f64> = if is_penalised {
            of_features.to_vec()
        } else {
            (0..width).map(|j| scatter[(j, j)].max(SMALLEST_SHARE * typical)).collect()
        };
        let roots: Vec<f64> = base.iter().map(|base| base.sqrt()).collect();
        scatter.fill_upper_triangle_with_lower_triangle();
        let relative = DMatrix::from_fn(width, width, |i, j| scatter[(i, j)] / (roots[i] * roots[j]));
        let found = eigen(relative);
        let largest = found.eigenvalues.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let mut directions = found.eigenvectors;
        for (mut row, root) in directions.row_iter_mut().zip(&roots) {
            row /= *root;
        }
        let per_base = base.iter().map(|base| 1.0 / base).sum::<f64>() / width.max(1) as f64;
        Self {
            directions,
            spread: found.eigenvalues.iter().map(|value| value.max(SMALLEST_SHARE * largest)).collect(),
            penalty: f64::from(u8::from(is_penalised)),
            means,
            mass,
            added: added.iter().map(|&added| [added, added * per_base]).collect(),
            intercept,
        }
    }

    /// `M^-1 R` for residuals `R` (`D x K`).
    pub(super) fn apply(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        let (dimension, classes) = residual.shape();
        let firsts: Vec<usize> = (0..classes).step_by(CLASSES_AT_ONCE).collect();
        let solved = map_items(firsts, |first| {
            let columns = first..(first + CLASSES_AT_ONCE).min(classes);
            self.solve_some(&residual.as_slice()[columns.start * dimension..columns.end * dimension], first)
        });
        DMatrix::from_vec(dimension, classes, solved.concat())
    }

    /// The solution of some classes, the first of which is given.
    ///
    /// With the intercept eliminated, `(c S + penalty) v = r - r_0 m` and `v_0 = r_0 / c - m . v`.
    fn solve_some(&self, residual: &[f64], first: usize) -> Vec<f64> {
        let width = self.spread.len();
        let dimension = width + 1;
        let count = residual.len() / dimension;
        let mut right = Vec::with_capacity(count * width);
        for (own, mean) in
            residual.chunks_exact(dimension).zip(self.means.columns(first, count).column_iter())
        {
            right.extend(own.iter().zip(mean.iter()).map(|(entry, mean)| entry - own[width] * mean));
        }
        let mut turned = vec![0.0; right.len()];
        if width > 0 {
            transposed_times(self.directions.as_slice(), &right, width, &mut turned);
            for (class, own) in turned.chunks_exact_mut(width).enumerate() {
                let (mass, [_, added]) = (self.mass[first + class], self.added[first + class]);
                let floor = self.penalty + added;
                own.iter_mut().zip(&self.spread).for_each(|(entry, spread)| *entry /= mass * spread + floor);
            }
            times(self.directions.as_slice(), &turned, width, &mut right);
        }
        let mut solved = Vec::with_capacity(residual.len());
        for (class, own) in residual.chunks_exact(dimension).enumerate() {
            let features = &right[class * width..(class + 1) * width];
            let of_intercept = match self.intercept {
                Intercept::Free => {
                    let mean = self.means.column(first + class);
                    let along: f64 = mean.iter().zip(features).map(|(mean, entry)| mean * entry).sum();
                    own[width] / (self.mass[first + class] + self.added[first + class][0]) - along
                }
                Intercept::None => own[width] / Intercept::None.penalty(),
            };
            solved.extend_from_slice(features);
            solved.push(of_intercept);
        }
        solved
    }
}

/// Sums over samples, each counted by its curvatures `w p (1 - p)`.
struct Moments {
    /// Curvatures of each class.
    mass: Vec<f64>,
    /// The samples, `D x K`.
    first: DMatrix<f64>,
    /// Their squares, over all classes together (`D x D`, lower triangle).
    second: DMatrix<f64>,
}

impl Moments {
    fn zeros(dimension: usize, classes: usize) -> Self {
        Self {
            mass: vec![0.0; classes],
            first: DMatrix::zeros(dimension, classes),
            second: DMatrix::zeros(dimension, dimension),
        }
    }

    fn of(sampled: SoftmaxPass, theta: &DMatrix<f64>, probabilities: &[Vec<f32>]) -> Self {
        let SoftmaxPass { features, targets, loss } = sampled;
        let (dimension, classes) = theta.shape();
        let narrow: Vec<f32> = narrowed(theta.as_slice());
        let weights = loss.normalised_class_weights(targets);
        let largest = largest_weight(targets, &weights);
        let mut total = Self::zeros(dimension, classes);
        fold_wide_spans(
            features.samples(),
            dimension * (dimension + classes),
            || {
                let room = (SingleBlock::default(), SingleGram::default(), Vec::new());
                (Self::zeros(dimension, classes), room, vec![0.0; dimension * classes])
            },
            |(part, (single, products, curvatures), product), range| {
                single.load(features, range.clone());
                let computed;
                let kept = probabilities.get(range.start / SAMPLES_PER_CHUNK);
                let probabilities = if let Some(kept) = kept {
                    kept
                } else {
                    computed = probabilities_of(features, single.values(), &range, &narrow);
                    &computed
                };
                let labels = &targets.class_indices()[range.clone()];
                let mut weight: Vec<f64> =
                    labels.iter().map(|&label| weights[label as usize] / largest).collect();
                weigh(&mut weight, targets.sample_weights().map(|weights| &weights[range.clone()]));
                let relative: Vec<f32> = narrowed(&weight);
                let mut spread = vec![0.0; labels.len()];
                curvatures.resize(probabilities.len(), 0.0);
                let columns = probabilities.chunks_exact(labels.len());
                let columns = columns.zip(curvatures.chunks_exact_mut(labels.len()));
                for ((probabilities, into), mass) in columns.zip(&mut part.mass) {
                    let (weights, spread) = (&relative, &mut spread);
                    *mass += largest * vectorised(Curvatures { probabilities, weights, spread, into });
                }
                times(single.values(), curvatures, dimension, product);
                let sums = part.first.iter_mut().zip(&*product);
                sums.for_each(|(sum, &term)| *sum += largest * f64::from(term));
                spread.iter_mut().for_each(|spread| *spread *= largest);
                products.add(single, &spread, &mut part.second);
            },
            |(part, ..)| {
                total.mass.iter_mut().zip(part.mass).for_each(|(sum, part)| *sum += part);
                total.first += part.first;
                total.second += part.second;
            },
        );
        total
    }

    /// The mean scatter of the features about the classes' means, `d x d` (lower triangle).
    fn scatter_about(&self, means: &DMatrix<f64>, mass: &[f64]) -> DMatrix<f64> {
        let (width, classes) = means.shape();
        let mut scatter = self.second.view((0, 0), (width, width)).into_owned();
        let rooted = DMatrix::from_fn(width, classes, |j, class| means[(j, class)] * mass[class].sqrt());
        if width > 0 {
            add_lower_of_outer((-&rooted).as_slice(), rooted.as_slice(), width, scatter.as_mut_slice());
        }
        scatter / mass.iter().sum::<f64>()
    }
}

/// Writes `w p (1 - p)` for the probabilities `p` of a class, adds it to `spread`, and returns its sum.
struct Curvatures<'a> {
    probabilities: &'a [f32],
    weights: &'a [f32],
    spread: &'a mut [f64],
    into: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Curvatures<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let each = self.probabilities.iter().zip(self.weights).zip(self.spread).zip(&mut *self.into);
        for (((p, weight), spread), into) in each {
            *into = weight * p * (1.0 - p);
            *spread += into.widened();
        }
        let (lanes, rest) = self.into.as_chunks::<8>();
        let mut sums = [0.0; 8];
        for lane in lanes {
            sums.iter_mut().zip(lane).for_each(|(sum, &curvature)| *sum += f64::from(curvature));
        }
        sums.iter().sum::<f64>() + rest.iter().map(|&curvature| f64::from(curvature)).sum::<f64>()
    }
}
