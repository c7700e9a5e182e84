//! How a stationary point moves with the class weights, by the implicit function theorem (docs/theory.md#w1).
//!
//! `H theta'_j = -d(grad L) / d log lambda_j`. As `L` is a mean, the right side is
//! `-(1/M) sum_{i in j} lambda_j grad l_i - (m_j / M) l2 W`: the gradient of class `j`, less its share of the gradient of all.

use super::column_pass::{ColumnPass, Precision};
use super::hessian::regular_factor;
use super::pass::ScaledFeatures;
use super::problem::Problem;
use super::recomputed::residual_of_response;
use super::search::LARGEST_AS_PRINTED;
use super::softmax_hessian::DenseHessian;
use super::softmax_newton::SoftmaxPass;
use super::softmax_system::{KeptFeatures, SoftmaxCurvature, clean_residual, kept_probabilities};
use super::solution::StationaryPoint;
use crate::loss::{BuiltLoss, ClassWeighting, LOSS_TABLE, Logistic, Loss, Softmax, Targets};
use crate::numeric::{Sum, accumulators_per_thread, fold_wide_spans, largest, threads};
use nalgebra::{DMatrix, DVector};
use thiserror::Error;

/// Unknowns of a softmax head whose Hessian is factored at most; its square in memory is 1.2 GB.
const MAX_UNKNOWNS: usize = 12_000;
/// Rounds of refinement at most; each takes five digits or more off the residual.
const MAX_ROUNDS: usize = 6;

/// Why there is no response to weights.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum NoResponse {
    /// The Hessian is singular to rounding.
    #[error("the Hessian is singular to rounding; a penalty, or a larger one, would help")]
    Singular,
    /// The Hessian is larger than is factored.
    #[error(
        "softmax with {unknowns} unknowns, of which the response to weights takes at most {MAX_UNKNOWNS}; leave out features"
    )]
    TooLarge {
        /// Coefficients and intercepts of all classes but one.
        unknowns: usize,
    },
    /// The response leaves the gradient a slope of its own.
    #[error(
        "the response to weights is known to a relative gradient of {residual:.1e} only, and {LARGEST_AS_PRINTED:.1e} is needed; a penalty, or a larger one, would help"
    )]
    Imprecise {
        /// What [`WeightResponse::with_residual`] measured; infinite where it could not.
        residual: f64,
    },
    /// The response of this loss is not computed.
    #[error("this loss has no response to weights yet; {} have", with_jacobian())]
    NotComputed,
}

/// The losses whose response is computed.
fn with_jacobian() -> String {
    let rows = LOSS_TABLE.into_iter().filter(|row| row.class_weights == ClassWeighting::WithJacobian);
    rows.map(|row| row.name).collect::<Vec<_>>().join(", ")
}

/// The change of a head per unit of each class's `log lambda`.
#[derive(Debug)]
pub struct WeightResponse<'d> {
    features: ScaledFeatures<'d>,
    /// `D x Q` in scaled coordinates, one per class.
    changes: Vec<DMatrix<f64>>,
}

impl<'d> WeightResponse<'d> {
    /// At a stationary point.
    ///
    /// LGL-INR and pair-weighted losses do not read class weights: nothing moves.
    ///
    /// # Errors
    /// The Hessian is singular to rounding ([`NoResponse::Singular`]) or larger than is factored, which is
    /// 12,000 unknowns of softmax ([`NoResponse::TooLarge`]), or the loss is one whose response is not computed
    /// ([`NoResponse::NotComputed`]).
    pub fn at(point: &StationaryPoint<'d>) -> Result<Self, NoResponse> {
        let problem = &point.problem;
        let features = ScaledFeatures::new(problem.dataset, problem.coordinates());
        let theta = &point.theta;
        let still = || vec![DMatrix::zeros(theta.nrows(), theta.ncols()); problem.targets.classes()];
        let forces = || forces(problem, &features, theta);
        let changes = match (&*problem.loss, problem.class_weighting()) {
            (_, ClassWeighting::No) => still(),
            (BuiltLoss::Softmax(loss), _) => {
                softmax_changes(&features, &problem.targets, *loss, theta, &forces())?
            }
            (BuiltLoss::Logistic(loss), ClassWeighting::WithJacobian) => {
                column_changes(&features, &problem.targets, loss, theta, &forces())?
            }
            _ => return Err(NoResponse::NotComputed),
        };
        Ok(Self { features, changes })
    }

    /// The same, and how far it leaves the head from stationary: the largest residual that gradients on both sides of the head
    /// find, at the doubles of head and change, on the user's data and in double-double arithmetic.
    ///
    /// # Errors
    /// Those of [`Self::at`], and a residual above 1.5e-8, or none that can be measured ([`NoResponse::Imprecise`]).
    pub fn with_residual(point: &StationaryPoint<'d>) -> Result<(Self, f64), NoResponse> {
        Self::with_residual_observed(point, &|| ())
    }

    /// The same; `observe` is called before each class, and may unwind.
    pub(crate) fn with_residual_observed(
        point: &StationaryPoint<'d>,
        observe: &dyn Fn(),
    ) -> Result<(Self, f64), NoResponse> {
        let response = Self::at(point)?;
        let residual = response.residual(point, observe).unwrap_or(f64::INFINITY);
        if residual <= LARGEST_AS_PRINTED {
            Ok((response, residual))
        } else {
            Err(NoResponse::Imprecise { residual })
        }
    }

    fn residual(&self, point: &StationaryPoint, observe: &dyn Fn()) -> Option<f64> {
        let problem = &point.problem;
        if problem.class_weighting() == ClassWeighting::No {
            return Some(0.0);
        }
        let logits = point.logits();
        let by_logits = gradient_by_logits(problem, &logits);
        let of_class = |(class, change): (usize, &DMatrix<f64>)| {
            observe();
            let logit_changes = self.logits(class);
            let magnitude = magnitude_of_terms(problem, (&logits, &by_logits), class, &logit_changes);
            let change = self.features.to_user(change);
            residual_of_response(problem, &point.head, &change, class, &magnitude, logit_changes.amax())
        };
        let residuals: Option<Vec<f64>> = self.changes.iter().enumerate().map(of_class).collect();
        residuals.map(largest)
    }

    /// Bytes that [`Self::at`] and the logits of all classes' changes take at most, beyond those of solving.
    #[must_use]
    pub fn memory(problem: &Problem) -> u128 {
        let wide = |size: usize| size as u128;
        let (dimension, columns) = (problem.dataset.dimension() + 1, problem.loss.logit_rows());
        let classes = problem.targets.classes();
        // A sum over samples, and those of its runs that exist at a time.
        let summed = |numbers: usize| {
            let runs = accumulators_per_thread(numbers) * threads();
            wide(numbers) * wide(1 + runs)
        };
        let hessian = match *problem.loss {
            BuiltLoss::Softmax(_) => {
                let unknowns = (dimension * (classes - 1)).min(MAX_UNKNOWNS);
                // The blocks of all pairs of classes, the Hessian that they make, and its factor.
                summed(unknowns * unknowns / 2 + unknowns * dimension) + 2 * wide(unknowns).pow(2)
            }
            BuiltLoss::Logistic(_) | BuiltLoss::Inr(_) => wide(columns) * wide(dimension).pow(2),
            BuiltLoss::PerSample(_) => 0,
        };
        // A head for each class: what its samples add, their change, and the residuals of both.
        let heads = classes.saturating_mul(dimension).saturating_mul(columns);
        let of_classes = summed(heads) + 4 * wide(heads);
        // Probabilities, logits and, on every thread, their changes.
        let matrices = wide(problem.targets.samples()) * wide(columns) * (3 + wide(threads()));
        wide(size_of::<f64>()) * (hessian + of_classes + matrices)
    }

    /// The change of all logits (`Q x N`) per unit of `log lambda_class`.
    ///
    /// # Panics
    /// There is no such class.
    #[must_use]
    pub fn logits(&self, class: usize) -> DMatrix<f64> {
        self.features.changes(&self.changes[class])
    }
}

/// The right sides, one per class (`D x Q`).
fn forces(problem: &Problem, features: &ScaledFeatures, theta: &DMatrix<f64>) -> Vec<DMatrix<f64>> {
    let targets = &problem.targets;
    let by_logits = gradient_by_logits(problem, &features.logits(theta));
    let mut forces = class_gradients(features, targets, &by_logits, theta.shape());
    for (force, mass) in forces.iter_mut().zip(targets.mass()) {
        let fraction = mass / targets.total_mass();
        for (entry, penalty) in features.penalty().iter().enumerate() {
            for column in 0..theta.ncols() {
                force[(entry, column)] += fraction * penalty * theta[(entry, column)];
            }
        }
        force.neg_mut();
    }
    forces
}

/// The gradient by logits (`Q x N`).
fn gradient_by_logits(problem: &Problem, logits: &DMatrix<f64>) -> DMatrix<f64> {
    let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
    problem.loss.value_and_gradient(logits, &problem.targets, &mut gradient);
    gradient
}

/// The sum of the magnitudes of the terms that cancel in the response of a logit column to the weight of a class, one per
/// column: `sum_(i in class) |r_i| + sum_i |(H dz)_i|`, with `H` the second derivatives by logits.
fn magnitude_of_terms(
    problem: &Problem,
    (logits, by_logits): (&DMatrix<f64>, &DMatrix<f64>),
    class: usize,
    logit_changes: &DMatrix<f64>,
) -> Vec<f64> {
    let targets = &problem.targets;
    let mut curved = DMatrix::zeros(logits.nrows(), logits.ncols());
    problem.loss.curvature_product(logits, targets, logit_changes, &mut curved);
    let mut sums = vec![Sum::default(); logits.nrows()];
    for (sample, &label) in targets.class_indices().iter().enumerate() {
        let own = if label as usize == class { 1.0 } else { 0.0 };
        for (column, sum) in sums.iter_mut().enumerate() {
            sum.add(own * by_logits[(column, sample)].abs() + curved[(column, sample)].abs());
        }
    }
    sums.into_iter().map(Sum::value).collect()
}

/// The part of the gradient that each class's samples make (`D x Q`).
fn class_gradients(
    features: &ScaledFeatures,
    targets: &Targets,
    by_logits: &DMatrix<f64>,
    (dimension, columns): (usize, usize),
) -> Vec<DMatrix<f64>> {
    let zeros = || vec![DMatrix::zeros(dimension, columns); targets.classes()];
    let mut total: Vec<DMatrix<f64>> = zeros();
    fold_wide_spans(
        features.samples(),
        targets.classes() * dimension * columns,
        || (zeros(), Vec::new()),
        |(class_gradients, scratch), range| {
            let block = features.block(range.clone(), scratch);
            for (sample, features) in range.zip(block.chunks_exact(dimension)) {
                let features = DVector::from_column_slice(features);
                let class_gradient = &mut class_gradients[targets.class_indices()[sample] as usize];
                class_gradient.ger(1.0, &features, &by_logits.column(sample), 1.0);
            }
        },
        |(part, _)| total.iter_mut().zip(part).for_each(|(total, part)| *total += part),
    );
    total
}

/// Columns of a logistic loss have Hessians of their own.
fn column_changes(
    features: &ScaledFeatures,
    targets: &Targets,
    loss: &Logistic,
    theta: &DMatrix<f64>,
    forces: &[DMatrix<f64>],
) -> Result<Vec<DMatrix<f64>>, NoResponse> {
    let columns: Vec<usize> = (0..theta.ncols()).collect();
    let pass = ColumnPass { features, targets, loss: loss.clone() };
    let mut changes: Vec<DMatrix<f64>> = forces.to_vec();
    for (column, hessian) in pass.hessians(&columns, theta, &[], Precision::Double).into_iter().enumerate() {
        let factor = regular_factor(&hessian, Precision::Double).ok_or(NoResponse::Singular)?;
        for change in &mut changes {
            let solved = factor.solve(&change.column(column));
            change.set_column(column, &solved);
        }
    }
    Ok(changes)
}

/// All classes of softmax move together: one factor of the whole Hessian, made in part of single-precision probabilities,
/// and refinement by exact products.
fn softmax_changes(
    features: &ScaledFeatures,
    targets: &Targets,
    loss: Softmax,
    theta: &DMatrix<f64>,
    forces: &[DMatrix<f64>],
) -> Result<Vec<DMatrix<f64>>, NoResponse> {
    let (dimension, classes) = theta.shape();
    let unknowns = dimension * (classes - 1);
    if unknowns > MAX_UNKNOWNS {
        return Err(NoResponse::TooLarge { unknowns });
    }
    let pass = SoftmaxPass { features, targets, loss };
    let (evaluated, probabilities) = pass.evaluate(theta);
    let dense = DenseHessian::new(&pass, theta, &probabilities).ok_or(NoResponse::Singular)?;
    let magnitude = DVector::from_vec(evaluated.magnitude);
    let kept = KeptFeatures::<f64>::new(features, classes);
    let exact = kept_probabilities(features, targets, theta);
    let curvature = SoftmaxCurvature::new(features, targets, loss, theta, &kept, &exact);
    let product = |change: &DMatrix<f64>| {
        let mut product = curvature.product(change);
        for (entry, penalty) in features.penalty().iter().enumerate() {
            product.row_mut(entry).zip_apply(&change.row(entry), |sum, moved| *sum += penalty * moved);
        }
        product
    };
    let size = |residual: &DMatrix<f64>| {
        let of_class = |class: usize| residual.column(class).amax() / magnitude[class].max(f64::MIN_POSITIVE);
        (0..classes).map(of_class).fold(0.0, f64::max)
    };
    let mut changes: Vec<DMatrix<f64>> = dense.steps(forces).into_iter().map(|step| -step).collect();
    let mut open: Vec<(usize, f64)> = (0..forces.len()).map(|class| (class, f64::INFINITY)).collect();
    for _ in 0..MAX_ROUNDS {
        let mut residuals = Vec::new();
        open = open
            .into_iter()
            .filter_map(|(class, before)| {
                let mut residual = &forces[class] - product(&changes[class]);
                clean_residual(&mut residual, &magnitude);
                let left = size(&residual);
                let helps = left > 0.0 && left <= 0.5 * before;
                helps.then(|| {
                    residuals.push(residual);
                    (class, left)
                })
            })
            .collect();
        if open.is_empty() {
            break;
        }
        for (&(class, _), step) in open.iter().zip(dense.steps(&residuals)) {
            changes[class] -= step;
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Labels};
    use crate::loss::{ClassWeights, LossSpec};
    use crate::solver::solve;

    /// Overlapping classes in two features, one of them far from zero.
    fn dataset() -> Dataset {
        let labels: Vec<u32> = (0..300_u32).map(|sample| sample * sample / 7 % 3).collect();
        let features = DMatrix::from_fn(2, labels.len(), |row, sample| {
            let noise = 2.0 * (sample as f64 * (1.3 + row as f64)).sin();
            f64::from(labels[sample]) + noise + 1000.0 * row as f64
        });
        Dataset::unnamed(features, Labels::numbered(labels, 3).expect("classes")).expect("finite")
    }

    #[test]
    fn a_response_is_held_against_gradients_on_both_sides() {
        let dataset = dataset();
        for (spec, l2) in [(LossSpec::Softmax, 0.0), (LossSpec::Softmax, 1e-2), (LossSpec::Logistic, 1e-3)] {
            let weights = ClassWeights::Explicit(vec![0.5, 1.0, 4.0]);
            let problem = Problem::new(&dataset, &spec, &weights, l2).expect("a problem");
            let point = solve(&problem).stationary().expect("stationary");
            let (mut response, residual) = WeightResponse::with_residual(&point).expect("regular");
            assert!(residual < 1e-10, "{spec:?}, l2 {l2}: {residual:e}");
            // Off by a millionth, it is not the response.
            response.changes[1] *= 1.0 + 1e-6;
            let off = response.residual(&point, &|| ()).expect("measured");
            assert!(off > 1.5e-8, "{spec:?}, l2 {l2}: {off:e}");
        }
    }
}
