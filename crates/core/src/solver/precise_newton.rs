//! Newton's method in double-double arithmetic, for small problems whose second derivatives doubles cannot hold: under a penalty
//! features whose sizes lie far apart, or more of them than samples, can have curvatures that differ by 1e25, and without one a row in
//! other units can.
//!
//! Unknowns are coefficients of the scaled features themselves, so that no basis of combinations loses digits.

use super::problem::Problem;
use super::recomputed::Recomputed;
use super::solution::Head;
use crate::loss::{BuiltLoss, Loss};
use crate::numeric::{DoubleDouble, largest};
use nalgebra::{DMatrix, DVector};

/// Unknowns beyond which a step takes too long, and products of samples and pairs of unknowns.
const MAX_UNKNOWNS: usize = 128;
const MAX_PRODUCTS: usize = 20_000_000;
const MAX_STEPS: usize = 500;
const MAX_HALVINGS: i32 = 40;
/// The derivative along a step at its end, as a share of that at its beginning, with which the loss may have risen again.
const MAX_RISE: f64 = 0.5;
/// A relative gradient below which steps that do not lessen it are counted, and their number that ends the search.
const NEAR: f64 = 1e-6;
const PATIENCE: usize = 8;
/// Steps that move no logit by more than this, beside its own size or one, leave the rounding of the head.
const MOVES_LITTLE: f64 = 1e-2;
/// A pivot below this share of its diagonal entry is rounding: second derivatives are singular.
const SMALLEST_PIVOT: f64 = 1e-30;

/// Whether steps take little time and exist: of losses that are sums over samples, with second derivatives.
pub(super) fn is_possible(problem: &Problem) -> bool {
    let unknowns = (problem.dataset.dimension() + 1) * problem.loss.logit_rows();
    unknowns <= MAX_UNKNOWNS
        && problem.targets.samples() * unknowns.pow(2) <= MAX_PRODUCTS
        && !matches!(*problem.loss, BuiltLoss::Inr(_))
        && problem.loss.has_objective()
}

/// A point of the descent.
struct At {
    head: Head,
    recomputed: Recomputed,
    /// By parameters of the scaled features, `(d + 1) x Q`.
    gradient: DMatrix<f64>,
}

impl At {
    /// `None` where numbers leave the range of a double.
    fn new(problem: &Problem, head: Head) -> Option<Self> {
        let (recomputed, gradient) = Recomputed::with_gradient(problem, &head)?;
        Some(Self { head, recomputed, gradient })
    }
}

/// Where a descent ends: at the point of its smallest gradient.
pub(super) struct Descended {
    pub(super) head: Head,
    pub(super) recomputed: Recomputed,
    /// Whether it is the minimum, but for the rounding of the head.
    pub(super) is_minimum: bool,
}

/// Newton's method from a head until `is_done` or no step helps. Each step is halved until the loss no longer rises much along it,
/// which its derivative says to more digits than its value. `None` where numbers leave the range of a double at once.
pub(super) fn descend(
    problem: &Problem,
    head: &Head,
    is_done: impl Fn(&Recomputed) -> bool,
) -> Option<Descended> {
    let free_shift = problem.loss.free_shift().map(|shift| DVector::from_vec(shift).normalize());
    let mut at = At::new(problem, without_shift(head.clone(), free_shift.as_ref()))?;
    let (mut best, mut idle) = ((at.head.clone(), at.recomputed.clone()), 0);
    let mut moves_little = false;
    for _ in 0..MAX_STEPS {
        if is_done(&best.1) || idle > PATIENCE {
            break;
        }
        let Some((step, middle)) = step(problem, &at, free_shift.as_ref()) else { break };
        let slope = step.dot(&at.gradient);
        let next = (0..MAX_HALVINGS).find_map(|halvings| {
            let part = &step * 0.5_f64.powi(halvings);
            let next = At::new(problem, problem.coordinates().moved(&at.head, &part, &middle))?;
            (step.dot(&next.gradient) <= MAX_RISE * slope.abs()).then_some(next)
        });
        let Some(next) = next else { break };
        moves_little = largest_move(problem, &at.head, &next.head) <= MOVES_LITTLE;
        at = next;
        let is_better = at.recomputed.relative_gradient < best.1.relative_gradient;
        if is_better {
            best = (at.head.clone(), at.recomputed.clone());
        }
        let is_near = best.1.relative_gradient <= NEAR;
        idle = if is_better || !is_near { 0 } else { idle + 1 };
    }
    let is_minimum = moves_little || is_done(&best.1);
    Some(Descended { head: best.0, recomputed: best.1, is_minimum })
}

/// The largest change of a logit from one head to another, beside its own size or one.
pub(super) fn largest_move(problem: &Problem, from: &Head, to: &Head) -> f64 {
    let logits = |head: &Head| Recomputed::logits(problem.dataset, problem.coordinates().scaling(), head);
    let (from, to) = (logits(from), logits(to));
    largest(from.iter().zip(&to).map(|(from, to)| (to - from).abs() / from.abs().max(1.0)))
}

/// A head without the shift of all logits that changes no loss, which a penalty leaves none of.
fn without_shift(mut head: Head, free_shift: Option<&DVector<f64>>) -> Head {
    let Some(shift) = free_shift else { return head };
    let along = head.coefficients.tr_mul(shift);
    head.coefficients -= shift * along.transpose();
    let along: f64 = head.intercepts.iter().zip(shift).map(|(intercept, part)| intercept * part).sum();
    head.intercepts.iter_mut().zip(shift).for_each(|(intercept, part)| *intercept -= along * part);
    head
}

/// The step from a head, by parameters of the scaled features (`(d + 1) x Q`), as its gradient is; and the mean of those features
/// over samples that count by the curvature of each column (`d x Q`). `None` where second derivatives are not positive.
fn step(
    problem: &Problem,
    at: &At,
    free_shift: Option<&DVector<f64>>,
) -> Option<(DMatrix<f64>, DMatrix<f64>)> {
    let At { head, gradient, .. } = at;
    let hessian = hessian(problem, &curvatures(problem, head, free_shift), free_shift);
    let kept = kept(&hessian, gradient.nrows(), free_shift.is_some());
    let right = kept.iter().map(|&unknown| (-gradient[unknown]).into()).collect();
    let solution = solve(hessian.select_rows(&kept).select_columns(&kept), right)?;
    let mut step = DMatrix::zeros(gradient.nrows(), gradient.ncols());
    kept.iter().zip(solution).for_each(|(&unknown, entry)| step[unknown] = entry.value());
    if let Some(shift) = free_shift {
        let along = &step * shift;
        step -= along * shift.transpose();
    }
    let of_intercept = |column: usize| (column + 1) * gradient.nrows() - 1;
    let middle = DMatrix::from_fn(gradient.nrows() - 1, gradient.ncols(), |j, column| {
        let (last, own) = (of_intercept(column), column * gradient.nrows() + j);
        hessian[(last, own)].high / hessian[(last, last)].high
    });
    step.iter().chain(&middle).all(|entry| entry.is_finite()).then_some((step, middle))
}

/// Unknowns that determine all others: where a shift of all logits changes nothing, all but the one of each coordinate that curves
/// most. A class that all but vanishes then has entries of its own size.
fn kept(hessian: &DMatrix<DoubleDouble>, width: usize, is_free_to_shift: bool) -> Vec<usize> {
    let unknowns = hessian.ncols();
    let curvature = |&unknown: &usize| hessian[(unknown, unknown)].high;
    let steepest = |coordinate: usize| {
        let of_columns = (coordinate..unknowns).step_by(width);
        of_columns.max_by(|a, b| curvature(a).total_cmp(&curvature(b)))
    };
    let is_left_out = |unknown: usize| is_free_to_shift && steepest(unknown % width) == Some(unknown);
    (0..unknowns).filter(|&unknown| !is_left_out(unknown)).collect()
}

/// Second derivatives of the loss by the logits of each sample, one matrix (`Q x N`) for each logit column. Of losses that a shift
/// of logits leaves unchanged the diagonal is what the others leave of zero: beside probabilities near one its own digits cancel.
fn curvatures(problem: &Problem, head: &Head, free_shift: Option<&DVector<f64>>) -> Vec<DMatrix<f64>> {
    let logits = Recomputed::logits(problem.dataset, problem.coordinates().scaling(), head);
    let (columns, samples) = logits.shape();
    let along = |column: usize| {
        let unit = DMatrix::from_fn(columns, samples, |row, _| f64::from(u8::from(row == column)));
        let mut product = DMatrix::zeros(columns, samples);
        problem.loss.curvature_product(&logits, &problem.targets, &unit, &mut product);
        if let Some(shift) = free_shift {
            let others = |own: &DVector<f64>| own.dot(shift) - own[column] * shift[column];
            for mut own in product.column_iter_mut() {
                own[column] = 0.0;
                own[column] = -others(&own.clone_owned()) / shift[column];
            }
        }
        product
    };
    (0..columns).map(along).collect()
}

/// The lower triangle of all second derivatives, penalty included: of a shift that changes nothing heads have none, so that the
/// penalty has none to press.
fn hessian(
    problem: &Problem,
    curvatures: &[DMatrix<f64>],
    free_shift: Option<&DVector<f64>>,
) -> DMatrix<DoubleDouble> {
    let (columns, scaling) = (curvatures.len(), problem.coordinates().scaling());
    let width = scaling.penalty.len();
    let mut hessian = DMatrix::from_element(width * columns, width * columns, DoubleDouble::default());
    let mut sample = Vec::with_capacity(width);
    let mut place = 0;
    problem.dataset.values(0..problem.targets.samples()).for_each(|value| {
        let (centre, factor) = (scaling.centre[sample.len()], scaling.factor[sample.len()]);
        let difference = DoubleDouble::sum_of(value, -centre);
        sample.push(DoubleDouble { high: difference.high * factor, low: difference.low * factor });
        if sample.len() + 1 == width {
            sample.push(scaling.intercept.coordinate().into());
            add_sample(&mut hessian, &sample, |row, column| curvatures[column][(row, place)]);
            sample.clear();
            place += 1;
        }
    });
    for (unknown, &penalty) in scaling.penalty.iter().enumerate() {
        for (column, row) in pairs(columns) {
            let own = f64::from(u8::from(row == column));
            let shifted = free_shift.map_or(0.0, |shift| shift[row] * shift[column]);
            hessian[(row * width + unknown, column * width + unknown)] +=
                DoubleDouble::product_of(penalty, own - shifted);
        }
    }
    hessian
}

fn add_sample(
    hessian: &mut DMatrix<DoubleDouble>,
    sample: &[DoubleDouble],
    curvature: impl Fn(usize, usize) -> f64,
) {
    let width = sample.len();
    for (column, row) in pairs(hessian.ncols() / width) {
        let curvature = curvature(row, column);
        if curvature == 0.0 {
            continue;
        }
        for (j, &value) in sample.iter().enumerate() {
            let weighted = value * curvature.into();
            for (i, &other) in sample.iter().enumerate().skip(if row == column { j } else { 0 }) {
                hessian[(row * width + i, column * width + j)] += weighted * other;
            }
        }
    }
}

/// Pairs of a logit column with itself and those after it.
fn pairs(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns).flat_map(move |column| (column..columns).map(move |row| (column, row)))
}

/// Solves with a symmetric positive matrix, given by its lower triangle, by elimination.
fn solve(mut matrix: DMatrix<DoubleDouble>, mut right: Vec<DoubleDouble>) -> Option<Vec<DoubleDouble>> {
    let size = right.len();
    let diagonal: Vec<f64> = matrix.diagonal().iter().map(|entry| entry.high).collect();
    for pivot in 0..size {
        let of_pivot = matrix[(pivot, pivot)];
        let is_positive = of_pivot.high > SMALLEST_PIVOT * diagonal[pivot];
        if !is_positive {
            return None;
        }
        for row in pivot + 1..size {
            let share = matrix[(row, pivot)] / of_pivot;
            for column in pivot + 1..=row {
                let taken = share * matrix[(column, pivot)];
                matrix[(row, column)] += -taken;
            }
            let taken = share * right[pivot];
            right[row] += -taken;
        }
    }
    for pivot in (0..size).rev() {
        let below = (pivot + 1..size).map(|row| matrix[(row, pivot)] * right[row]);
        let rest = below.fold(right[pivot], |rest, term| rest - term);
        right[pivot] = rest / matrix[(pivot, pivot)];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix of `1 / (i + j + 1)` loses all digits of doubles at twelve unknowns.
    #[test]
    fn elimination_has_twice_the_digits_of_doubles() {
        let size = 12;
        let entry =
            |row: usize, column: usize| DoubleDouble::ONE / DoubleDouble::from((row + column + 1) as f64);
        let hilbert = DMatrix::from_fn(size, size, entry);
        let right: Vec<DoubleDouble> = (0..size)
            .map(|row| (0..size).map(|column| entry(row, column)).fold(0.0.into(), |a, b| a + b))
            .collect();
        for one in solve(hilbert.clone(), right.clone()).expect("positive") {
            assert!((one.value() - 1.0).abs() < 1e-13, "{one:?}");
        }
        let singular = DMatrix::from_element(size, size, DoubleDouble::ONE);
        assert_eq!(solve(singular, right), None);
        assert_eq!(solve(-hilbert, vec![DoubleDouble::ONE; size]), None);
    }
}
