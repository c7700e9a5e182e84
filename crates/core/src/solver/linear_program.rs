//! Linear programs of some thousand unknowns, by a primal-dual interior-point method with Mehrotra's predictor and
//! corrector. Its answers lie in the middle of the set of optima, not on a corner of it.
//!
//! Reference: S. Mehrotra, *On the implementation of a primal-dual interior point method*, SIAM J. Optim. 2 (1992); S. Wright,
//! *Primal-Dual Interior-Point Methods* (1997), chapter 10.

#![allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]

use super::dense::{add_lower_of_outer, cholesky};
use crate::numeric::{Kernel, vectorised};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Most steps; twenty to forty are usual.
const MAX_STEPS: usize = 150;
/// Steps without progress after which the search ends.
const MAX_STALLED: usize = 12;
/// Largest error of an answer that is given when no more progress is made.
const ACCEPTED: f64 = 1e-5;
/// Fraction of the way to the boundary that is gone.
const TO_BOUNDARY: f64 = 0.995;
/// Rows with at least one in so many entries nonzero are multiplied as dense ones.
const DENSE_FROM: usize = 4;
/// Dense rows that are multiplied together.
const ROWS_AT_ONCE: usize = 256;
/// Dense rows whose products with a vector are summed side by side: one sum alone waits for each of its additions.
const TOGETHER: usize = 8;

/// `entries . x <= most`, the entries with the places of their unknowns.
#[derive(Debug, Clone)]
pub(crate) struct Inequality {
    pub(crate) entries: Vec<(usize, f64)>,
    pub(crate) most: f64,
}

/// Minimises `cost . x` over all `x` with `G x <= h`, and with `a . x = b` where there is an equation.
#[derive(Debug)]
pub(crate) struct LinearProgram {
    pub(crate) cost: DVector<f64>,
    /// `G` and `h`. There must be as many independent ones as unknowns.
    pub(crate) inequalities: Vec<Inequality>,
    /// `a` and `b`.
    pub(crate) equation: Option<(DVector<f64>, f64)>,
    /// Error at which the search ends: of the inequalities, of the dual equation and of the gap, each relative to its size.
    pub(crate) tolerance: f64,
}

/// A point of the search.
#[derive(Debug, Clone)]
struct InteriorPoint {
    x: DVector<f64>,
    /// `h - G x`, positive.
    slack: DVector<f64>,
    /// Multipliers of the inequalities, positive.
    dual: DVector<f64>,
    /// The multiplier of the equation.
    equation: f64,
}

/// What is left of the conditions of optimality at a point.
struct Residuals {
    /// `c + G^T z + a y`.
    dual: DVector<f64>,
    /// `G x + s - h`.
    primal: DVector<f64>,
    /// `a . x - b`.
    equation: f64,
}

impl LinearProgram {
    /// The minimiser; `None` where there is none, or rounding errors hide it.
    pub(crate) fn minimise(self) -> Option<DVector<f64>> {
        let most = self.inequalities.iter().map(|row| row.most).collect();
        let rows = ConstraintRows::of(self.inequalities, self.cost.len());
        Program { cost: self.cost, rows, most, equation: self.equation, tolerance: self.tolerance }.minimise()
    }
}

/// A linear program with its rows as they are multiplied.
struct Program {
    cost: DVector<f64>,
    rows: ConstraintRows,
    most: Vec<f64>,
    equation: Option<(DVector<f64>, f64)>,
    tolerance: f64,
}

impl Program {
    fn minimise(&self) -> Option<DVector<f64>> {
        let mut at = self.start();
        let mut best: Option<(f64, DVector<f64>)> = None;
        let mut stalled = 0;
        for _ in 0..MAX_STEPS {
            let residuals = self.residuals(&at);
            let error = self.error(&at, &residuals);
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, at.x.clone()));
                stalled = 0;
            } else {
                stalled += 1;
            }
            if error <= self.tolerance || stalled > MAX_STALLED || !error.is_finite() {
                break;
            }
            let Some(step) = self.step(&at, &residuals) else { break };
            at = step;
        }
        best.filter(|(error, _)| *error <= ACCEPTED).map(|(_, x)| x)
    }

    /// Meets the equation, with products of slacks and multipliers that are all 1.
    fn start(&self) -> InteriorPoint {
        let x = match &self.equation {
            Some((row, value)) => row * (value / row.norm_squared()),
            None => DVector::zeros(self.cost.len()),
        };
        let slack = DVector::from_column_slice(&self.most) - self.rows.times(&x);
        let slack = slack.map(|slack| slack.max(1.0));
        InteriorPoint { x, dual: slack.map(f64::recip), slack, equation: 0.0 }
    }

    fn residuals(&self, at: &InteriorPoint) -> Residuals {
        let mut dual = &self.cost + self.rows.transposed_times(&at.dual);
        let mut primal = self.rows.times(&at.x) + &at.slack;
        primal.iter_mut().zip(&self.most).for_each(|(entry, most)| *entry -= most);
        let mut equation = 0.0;
        if let Some((row, value)) = &self.equation {
            dual.axpy(at.equation, row, 1.0);
            equation = row.dot(&at.x) - value;
        }
        Residuals { dual, primal, equation }
    }

    /// How far a point is from optimal.
    fn error(&self, at: &InteriorPoint, residuals: &Residuals) -> f64 {
        let of_rows = residuals.primal.iter().zip(&self.most);
        let primal = of_rows.map(|(left, most)| left.abs() / (1.0 + most.abs())).fold(0.0, f64::max);
        let value = self.equation.as_ref().map_or(0.0, |(_, value)| value.abs());
        let equation = residuals.equation.abs() / (1.0 + value);
        let dual = residuals.dual.amax() / self.cost.amax().max(f64::MIN_POSITIVE);
        let gap = at.slack.dot(&at.dual) / (1.0 + self.cost.dot(&at.x).abs());
        let sum = primal + equation + dual + gap;
        // A maximum would lose NaN.
        if sum.is_finite() { primal.max(equation).max(dual).max(gap) } else { f64::INFINITY }
    }

    /// One step: the predictor shows how far the products can fall, the corrector allows for their curvature.
    fn step(&self, at: &InteriorPoint, residuals: &Residuals) -> Option<InteriorPoint> {
        let system = System::new(self, at)?;
        let products = at.slack.component_mul(&at.dual);
        let count = products.len() as f64;
        let mean = products.sum() / count;
        let predictor = system.solve(at, residuals, &products)?;
        let [primal, dual] = predictor.lengths(at, 1.0);
        let reached =
            (&at.slack + &predictor.slack * primal).dot(&(&at.dual + &predictor.dual * dual)) / count;
        let centring = (reached / mean).powi(3);
        let corrected = products + predictor.slack.component_mul(&predictor.dual);
        let step = system.solve(at, residuals, &corrected.add_scalar(-centring * mean))?;
        let [primal, dual] = step.lengths(at, TO_BOUNDARY);
        Some(InteriorPoint {
            x: &at.x + step.x * primal,
            slack: &at.slack + step.slack * primal,
            dual: &at.dual + step.dual * dual,
            equation: at.equation + step.equation * dual,
        })
    }
}

impl InteriorPoint {
    /// As a step: the fraction of the way of slacks and of multipliers that leaves them positive, at most 1.
    fn lengths(&self, from: &Self, fraction: f64) -> [f64; 2] {
        [(&from.slack, &self.slack), (&from.dual, &self.dual)].map(|(values, changes)| {
            let limit = values.iter().zip(changes.iter()).filter(|&(_, &change)| change < 0.0);
            let limit = limit.map(|(value, change)| -value / change).fold(f64::INFINITY, f64::min);
            (fraction * limit).min(1.0)
        })
    }
}

/// Newton's equations at a point, reduced to those of `x`: `G^T W G` with `W = z / s`.
struct System<'a> {
    search: &'a Program,
    weights: DVector<f64>,
    factor: Cholesky<f64, Dyn>,
    /// `(G^T W G)^-1 a`.
    along: Option<DVector<f64>>,
}

impl<'a> System<'a> {
    fn new(search: &'a Program, at: &InteriorPoint) -> Option<Self> {
        let weights = at.dual.component_div(&at.slack);
        let factor = factor(&search.rows.moments(&weights))?;
        let mut system = Self { search, weights, factor, along: None };
        system.along = search.equation.as_ref().map(|(row, _)| system.apply_inverse(row));
        Some(system)
    }

    /// Refined on the matrix itself, since the factor may be that of one with a ridge.
    fn apply_inverse(&self, right: &DVector<f64>) -> DVector<f64> {
        let mut solved = self.factor.solve(right);
        let left_of = |solved: &DVector<f64>| {
            let across = self.search.rows.times(solved).component_mul(&self.weights);
            right - self.search.rows.transposed_times(&across)
        };
        let mut left = left_of(&solved);
        for _ in 0..3 {
            let refined = &solved + self.factor.solve(&left);
            let remaining = left_of(&refined);
            let helps = remaining.norm() < 0.5 * left.norm();
            if !helps {
                break;
            }
            (solved, left) = (refined, remaining);
        }
        solved
    }

    /// The step that removes the residuals and, to first order, the `products` of slacks and multipliers; `None` where
    /// rounding errors leave none.
    fn solve(
        &self,
        at: &InteriorPoint,
        residuals: &Residuals,
        products: &DVector<f64>,
    ) -> Option<InteriorPoint> {
        let fixed = (at.dual.component_mul(&residuals.primal) - products).component_div(&at.slack);
        let Program { rows, equation: tied, .. } = self.search;
        let mut x = self.apply_inverse(&-(&residuals.dual + rows.transposed_times(&fixed)));
        let mut equation = 0.0;
        if let (Some((row, _)), Some(along)) = (tied, &self.along) {
            equation = (row.dot(&x) + residuals.equation) / row.dot(along);
            x.axpy(-equation, along, 1.0);
        }
        let across = rows.times(&x);
        let slack = -(&residuals.primal + &across);
        let dual = across.component_mul(&self.weights) + fixed;
        let finite = x.iter().chain(slack.iter()).chain(dual.iter()).all(|entry| entry.is_finite());
        (finite && equation.is_finite()).then_some(InteriorPoint { x, slack, dual, equation })
    }
}

/// The rows of `G`: those with many entries side by side, as they are multiplied fastest.
struct ConstraintRows {
    count: usize,
    /// Unknowns.
    width: usize,
    /// Dense rows one after another, and their places.
    dense: Vec<f64>,
    dense_places: Vec<usize>,
    /// The same, an entry of so many rows at a time.
    side_by_side: Vec<[f64; TOGETHER]>,
    /// The others, each with its place.
    sparse: Vec<(usize, Vec<(usize, f64)>)>,
}

impl ConstraintRows {
    fn of(inequalities: Vec<Inequality>, width: usize) -> Self {
        let (mut dense, mut dense_places, mut sparse) = (Vec::new(), Vec::new(), Vec::new());
        let count = inequalities.len();
        for (place, row) in inequalities.into_iter().enumerate() {
            if row.entries.len() * DENSE_FROM < width {
                sparse.push((place, row.entries));
                continue;
            }
            let start = dense.len();
            dense.resize(start + width, 0.0);
            row.entries.iter().for_each(|&(unknown, entry)| dense[start + unknown] = entry);
            dense_places.push(place);
        }
        let entry = |row: usize, unknown: usize| dense.get(row * width + unknown).copied().unwrap_or(0.0);
        let groups = (0..dense_places.len()).step_by(TOGETHER);
        let side_by_side = groups
            .flat_map(|first| (0..width).map(move |unknown| (first, unknown)))
            .map(|(first, unknown)| std::array::from_fn(|row| entry(first + row, unknown)))
            .collect();
        Self { count, width, dense, dense_places, side_by_side, sparse }
    }

    /// Some numbers of the dense rows, in their order.
    fn of_dense(&self, numbers: &DVector<f64>) -> Vec<f64> {
        self.dense_places.iter().map(|&place| numbers[place]).collect()
    }

    /// `G x`.
    fn times(&self, x: &DVector<f64>) -> DVector<f64> {
        let mut of_dense = vec![0.0; self.dense_places.len()];
        vectorised(Times { rows: &self.side_by_side, x: x.as_slice(), into: &mut of_dense });
        let mut products = DVector::zeros(self.count);
        self.dense_places.iter().zip(of_dense).for_each(|(&place, product)| products[place] = product);
        for (place, entries) in &self.sparse {
            products[*place] = entries.iter().map(|&(unknown, entry)| entry * x[unknown]).sum();
        }
        products
    }

    /// `G^T z`.
    fn transposed_times(&self, dual: &DVector<f64>) -> DVector<f64> {
        let mut sum = DVector::zeros(self.width);
        let weights = self.of_dense(dual);
        vectorised(AddWeightedRows { rows: &self.dense, weights: &weights, sum: sum.as_mut_slice() });
        for (place, entries) in &self.sparse {
            entries.iter().for_each(|&(unknown, entry)| sum[unknown] += dual[*place] * entry);
        }
        sum
    }

    /// The lower triangle of `G^T W G`.
    fn moments(&self, weights: &DVector<f64>) -> DMatrix<f64> {
        let mut sum = DMatrix::zeros(self.width, self.width);
        for (place, entries) in &self.sparse {
            for (number, &(unknown, entry)) in entries.iter().enumerate() {
                for &(other, factor) in &entries[..=number] {
                    sum[(unknown.max(other), unknown.min(other))] += weights[*place] * entry * factor;
                }
            }
        }
        let blocks = self.dense.chunks(ROWS_AT_ONCE * self.width);
        for (block, weights) in blocks.zip(self.of_dense(weights).chunks(ROWS_AT_ONCE)) {
            let rows = block.chunks_exact(self.width).zip(weights);
            let weighted: Vec<f64> =
                rows.flat_map(|(row, weight)| row.iter().map(move |entry| weight * entry)).collect();
            add_lower_of_outer(&weighted, block, self.width, sum.as_mut_slice());
        }
        sum
    }
}

/// The product of every row with `x`, the terms of each in their order.
struct Times<'a> {
    rows: &'a [[f64; TOGETHER]],
    x: &'a [f64],
    into: &'a mut [f64],
}

impl Kernel for Times<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { rows, x, into } = self;
        for (rows, into) in rows.chunks_exact(x.len()).zip(into.chunks_mut(TOGETHER)) {
            let mut sums = [0.0; TOGETHER];
            for (entries, x) in rows.iter().zip(x) {
                sums.iter_mut().zip(entries).for_each(|(sum, entry)| *sum += entry * x);
            }
            into.copy_from_slice(&sums[..into.len()]);
        }
    }
}

/// Adds every row times its weight, row after row.
struct AddWeightedRows<'a> {
    rows: &'a [f64],
    weights: &'a [f64],
    sum: &'a mut [f64],
}

impl Kernel for AddWeightedRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { rows, weights, sum } = self;
        let width = sum.len();
        let (groups, rest) = weights.as_chunks::<TOGETHER>();
        let (of_groups, of_rest) = rows.split_at(groups.len() * TOGETHER * width);
        for (weights, rows) in groups.iter().zip(of_groups.chunks_exact(TOGETHER * width)) {
            let rows: [&[f64]; TOGETHER] = std::array::from_fn(|row| &rows[row * width..][..width]);
            for (place, sum) in sum.iter_mut().enumerate() {
                let add = |sum, (weight, row): (&f64, &&[f64])| sum + weight * row[place];
                *sum = weights.iter().zip(&rows).fold(*sum, add);
            }
        }
        for (row, weight) in of_rest.chunks_exact(width).zip(rest) {
            sum.iter_mut().zip(row).for_each(|(sum, entry)| *sum += weight * entry);
        }
    }
}

/// The factor of a matrix, or of one with a small ridge where rounding errors have made it indefinite.
fn factor(matrix: &DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    [0.0, 1e-15, 1e-13, 1e-11, 1e-9, 1e-7].into_iter().find_map(|ridge| {
        let mut ridged = matrix.clone();
        for place in 0..matrix.nrows() {
            ridged[(place, place)] *= 1.0 + ridge;
        }
        cholesky(ridged)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inequality(entries: &[f64], most: f64) -> Inequality {
        Inequality { entries: entries.iter().copied().enumerate().collect(), most }
    }

    fn program(
        cost: &[f64],
        inequalities: Vec<Inequality>,
        equation: Option<(Vec<f64>, f64)>,
    ) -> LinearProgram {
        let equation = equation.map(|(row, value)| (DVector::from_vec(row), value));
        LinearProgram { cost: DVector::from_row_slice(cost), inequalities, equation, tolerance: 1e-12 }
    }

    #[test]
    fn corners_are_found_and_the_middle_of_a_side() {
        let square = |size: f64| {
            [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]].map(|row| inequality(&row, size)).to_vec()
        };
        let corner = program(&[1.0, -2.0], square(3.0), None).minimise().expect("an optimum");
        assert!((corner - DVector::from_vec(vec![-3.0, 3.0])).amax() < 1e-10);
        let middle = program(&[1.0, 0.0], square(1.0), None).minimise().expect("an optimum");
        assert!((middle[0] + 1.0).abs() < 1e-10 && middle[1].abs() < 1e-3, "{middle}");
        let tied =
            program(&[1.0, 0.0], square(1.0), Some((vec![1.0, 1.0], 1.5))).minimise().expect("an optimum");
        assert!((tied - DVector::from_vec(vec![0.5, 1.0])).amax() < 1e-10);
        assert!(program(&[1.0, 0.0], square(1.0), Some((vec![1.0, 1.0], 2.5))).minimise().is_none());
    }

    /// Rows of all kinds, in any order, against the sums that define the products.
    #[test]
    fn dense_and_sparse_rows_multiply_alike() {
        let entry = |row: usize, place: usize| ((7 * row + place * place) as f64).sin();
        for (count, width) in [(1, 1), (23, 9), (600, 30)] {
            let inequalities = (0..count).map(|row| {
                let step = if row % 3 == 1 { 8 } else { 1 };
                let entries = (row % width..width).step_by(step).map(|place| (place, entry(row, place)));
                Inequality { entries: entries.collect(), most: 1.0 }
            });
            let program = LinearProgram {
                cost: DVector::zeros(width),
                inequalities: inequalities.collect(),
                equation: None,
                tolerance: 0.0,
            };
            let mut matrix = DMatrix::zeros(count, width);
            for (row, inequality) in program.inequalities.iter().enumerate() {
                inequality.entries.iter().for_each(|&(place, entry)| matrix[(row, place)] = entry);
            }
            let (x, z) = (DVector::from_fn(width, entry), DVector::from_fn(count, entry));
            let rows = ConstraintRows::of(program.inequalities, width);
            assert!((rows.times(&x) - &matrix * &x).amax() < 1e-13);
            assert!((rows.transposed_times(&z) - matrix.tr_mul(&z)).amax() < 1e-12);
            let moments = matrix.tr_mul(&(DMatrix::from_diagonal(&z) * &matrix));
            assert!((rows.moments(&z).lower_triangle() - moments.lower_triangle()).amax() < 1e-12);
        }
    }

    #[test]
    fn what_falls_without_end_has_no_minimiser() {
        let quadrant = vec![inequality(&[1.0, 0.0], 0.0), inequality(&[0.0, 1.0], 0.0)];
        assert!(program(&[1.0, 1.0], quadrant, None).minimise().is_none());
    }
}
