//! Finds the independent columns of a table, and the others as combinations of them, in words too.
//!
//! Columns are taken in the order of a QR factorisation with column pivoting. The remainder of a column after the ones
//! before it is judged on the data, in double-double arithmetic. A column is dependent if its remainder is within the
//! rounding of the numbers in the table, and independent otherwise, however small the remainder. That remainder, scaled
//! up, is a column of the next round.

use super::coordinates::Scaling;
use super::least_norm::LeastNorm;
use super::problem::Intercept;
use super::tall_qr::{mean_of, of_scaled, pivoted, triangle};
use crate::data::Dataset;
use crate::numeric::{DoubleDouble, fold_sample_spans, median, significant, sort_largest_first};
use nalgebra::{DMatrix, DVector};
use serde::Serialize;

/// A remainder above this fraction of the column is not rounding of the factorisation.
const SURELY_OWN: f64 = 1e-10;
/// Rounding of a combination, in units in the last place of its numbers.
const ROUNDINGS: f64 = 8.0;
/// Rounds of taking what is left of columns for columns.
const MAX_ROUNDS: usize = 4;
/// Times that combinations are corrected by what is left of the columns: each leaves as many digits as the pivots' condition.
const REFINEMENTS: usize = 2;
/// A column whose remainder is below this fraction of its spread is named.
const NEARLY: f64 = 1e-3;
/// Rows that such a relation is held against, so that a few far outliers do not make one.
const ROWS_LOOKED_AT: usize = 2048;
/// Terms below this fraction of a column's spread are left out of its relation.
const NEGLIGIBLE: f64 = 1e-6;
/// By how much a near relation of few columns may leave more than one of many: one digit.
const FEWER_DIGITS: f64 = 10.0;
/// The spread of a column, in usual deviations, but for one with rows in other units.
const USUAL_SPREAD: f64 = 2.0;

/// A column that others determine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependence {
    /// The column.
    pub column: String,
    /// The relation in words, such as `female + male = 1`.
    pub relation: String,
    /// The columns it is made of, each with its coefficient.
    pub terms: Vec<(String, f64)>,
    /// What is added to them.
    pub constant: f64,
    /// Digits to which the relation holds, relative to the spread of the column; absent where it holds to rounding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<f64>,
}

/// Independent columns, and the others as combinations of them; all columns scaled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pivots {
    columns: Vec<usize>,
    /// `r x r`, upper triangular: `x_p = sum_k triangle[(k, p)] q_k + mean[p]` with `q` of unit variance.
    triangle: DMatrix<f64>,
    mean: Vec<f64>,
    /// Spread of every column, scaled, and what its values are like in size: what rounding is measured by.
    spreads: Vec<f64>,
    sizes: Vec<f64>,
    /// The combination that a pivot nearly equals, if it is nearly dependent on those before it.
    nearly: Vec<Option<Combination>>,
    dependent: Vec<Combination>,
}

/// A pivot takes the rounding error of a dependent column if that changes it by no more than this fraction: columns in other units
/// would lose their digits to an error that no logit shows.
const HARDLY: f64 = 1e-12;

/// `x_column = sum_p coefficients[p] x_p + constant`, over the first pivots.
#[derive(Debug, Clone, PartialEq)]
struct Combination {
    column: usize,
    coefficients: Vec<f64>,
    constant: f64,
    /// Root mean square of the remainder relative to that of the column about its mean; zero to rounding.
    left: f64,
}

/// A column in some round: what is left of it, scaled up.
#[derive(Debug, Clone)]
struct Open {
    of: Combination,
    factor: f64,
}

impl Pivots {
    /// Finds them.
    pub(super) fn of(dataset: &Dataset, scaling: &Scaling) -> Self {
        let dimension = scaling.factor.len();
        let mut pivots = Self {
            columns: Vec::new(),
            triangle: DMatrix::zeros(0, 0),
            mean: Vec::new(),
            spreads: Vec::new(),
            sizes: Vec::new(),
            nearly: Vec::new(),
            dependent: Vec::new(),
        };
        let whole = |column| Open {
            of: Combination { column, coefficients: Vec::new(), constant: 0.0, left: 1.0 },
            factor: 1.0,
        };
        let mut open: Vec<Open> = (0..dimension).map(whole).collect();
        for round in 0..MAX_ROUNDS {
            let table = if round == 0 {
                of_scaled(dataset, scaling)
            } else {
                pivots.of_what_is_left(dataset, scaling, &open)
            };
            if round == 0 {
                pivots.measure(&table, scaling);
            }
            let mut rest = pivots.take(&table, scaling.intercept, &open);
            for _ in 0..REFINEMENTS {
                pivots.refine(dataset, scaling, &mut rest);
            }
            open = pivots.judge(dataset, scaling, rest);
            if open.is_empty() {
                break;
            }
        }
        pivots.dependent.extend(open.into_iter().map(|open| open.of));
        pivots.take_out_dust(dataset, scaling);
        pivots
    }

    /// Takes out of every exact combination terms that are rounding. What is nearly zero may be added to a combination some times over without being seen: terms that cancel, but
    /// would draw columns into relations, and into a choice of least norm, that have nothing to do with them.
    fn take_out_dust(&mut self, dataset: &Dataset, scaling: &Scaling) {
        if self.dependent.is_empty() {
            return;
        }
        let exactly = |of| Open { of: self.without_rounding(self.without_dust(of)), factor: 1.0 };
        let cleaned: Vec<Open> = self.dependent.iter().map(exactly).collect();
        let exact = self.judged(dataset, scaling, &cleaned);
        for ((of, cleaned), (own, ..)) in self.dependent.iter_mut().zip(cleaned).zip(exact) {
            if !own {
                *of = cleaned.of;
            }
        }
    }

    /// What rounding hides of a combination, in scaled units.
    fn rounding(&self, of: &Combination) -> f64 {
        ROUNDINGS * f64::EPSILON * self.typical_size(of)
    }

    /// A combination without the terms that rounding hides.
    fn without_rounding(&self, mut of: Combination) -> Combination {
        let hidden = self.rounding(&of);
        for (coefficient, &column) in of.coefficients.iter_mut().zip(&self.columns) {
            if coefficient.abs() * self.spreads[column] <= hidden {
                *coefficient = 0.0;
            }
        }
        of
    }

    /// A combination plus that multiple of each thing that is nearly zero which leaves the fewest terms, if rounding hides it.
    fn without_dust(&self, of: &Combination) -> Combination {
        let hidden = self.rounding(of);
        let mut cleaned = of.clone();
        for pivot in (0..cleaned.coefficients.len()).rev() {
            let Some(near) = &self.nearly[pivot] else { continue };
            let most = hidden / (near.left * self.spreads[near.column]);
            let multiple = |k: usize| match near.coefficients.get(k) {
                Some(&coefficient) if coefficient != 0.0 => -cleaned.coefficients[k] / coefficient,
                Some(_) => f64::INFINITY,
                None => cleaned.coefficients[k],
            };
            let visible = |k: &usize| self.is_visible(*k, cleaned.coefficients[*k], hidden);
            let multiples =
                (0..=pivot).filter(visible).map(multiple).filter(|multiple| multiple.abs() <= most);
            let tried = multiples.take(MAX_TERMS).map(|multiple| plus(&cleaned, near, pivot, multiple));
            let terms = |of: &Combination| {
                let terms = of.coefficients.iter().enumerate();
                terms.filter(|(k, coefficient)| self.is_visible(*k, **coefficient, hidden)).count()
            };
            if let Some(fewest) = tried.min_by_key(terms).filter(|fewest| terms(fewest) < terms(&cleaned)) {
                cleaned = fewest;
            }
        }
        cleaned
    }

    /// Whether a term of a pivot is more than what is hidden.
    fn is_visible(&self, pivot: usize, coefficient: f64, hidden: f64) -> bool {
        coefficient.abs() * self.spreads[self.columns[pivot]] > hidden
    }

    /// What a nearly dependent pivot is of a few others, of the fewest with which it holds nearly as well: fitted to what the others
    /// leave, many columns take part that have nothing to do with it.
    fn of_few(&self, pivot: usize) -> Option<Combination> {
        let own = self.nearly[pivot].as_ref()?;
        let part = |k: usize| (own.coefficients[k] * self.triangle.column(k).norm()).abs();
        let mut order: Vec<usize> = (0..pivot).filter(|&k| own.coefficients[k] != 0.0).collect();
        sort_largest_first(&mut order, part);
        let spread = self.spreads[own.column];
        let mut fit = Fit::to(self.triangle.view((0, pivot), (pivot, 1)).column(0).into_owned());
        for (count, &k) in order.iter().take(MAX_TERMS).enumerate() {
            fit.add(&self.triangle.view((0, k), (pivot, 1)).column(0).into_owned());
            let left = fit.left.norm().hypot(self.triangle[(pivot, pivot)]) / spread;
            if left < NEARLY.min(FEWER_DIGITS * own.left) {
                let mut of = Combination {
                    column: own.column,
                    coefficients: vec![0.0; pivot],
                    constant: self.mean[pivot],
                    left,
                };
                for (&k, coefficient) in order[..=count].iter().zip(fit.coefficients()) {
                    of.coefficients[k] = coefficient;
                    of.constant -= coefficient * self.mean[k];
                }
                return Some(of);
            }
        }
        None
    }

    /// Spreads and sizes of the columns, from the triangle of the scaled table.
    fn measure(&mut self, table: &DMatrix<f64>, scaling: &Scaling) {
        let mean = mean_of(table, scaling.intercept);
        let root_samples = table[(0, 0)].abs();
        for (j, (&centre, &factor)) in scaling.centre.iter().zip(&scaling.factor).enumerate() {
            let spread = table.column(j + 1).rows(1, table.nrows() - 1).norm() / root_samples;
            self.spreads.push(spread);
            self.sizes.push((centre * factor + mean[j]).abs() + spread);
        }
    }

    /// Independent columns.
    pub(super) fn rank(&self) -> usize {
        self.columns.len()
    }

    /// The triangle of what is left of some columns.
    fn of_what_is_left(&self, dataset: &Dataset, scaling: &Scaling, open: &[Open]) -> DMatrix<f64> {
        let shape = (open.len(), scaling.intercept);
        triangle(dataset.labels().samples(), dataset.labels().weights(), shape, |range, rows| {
            rows.clear();
            self.for_each_left(dataset, scaling, range, open, |open, left, _, _| {
                rows.push(left.value() * open.factor);
            });
        })
    }

    /// Remainders of some columns in some samples, in scaled units, and their rounding.
    fn for_each_left<'o>(
        &self,
        dataset: &Dataset,
        scaling: &Scaling,
        range: std::ops::Range<usize>,
        open: &'o [Open],
        mut note: impl FnMut(&'o Open, DoubleDouble, f64, f64),
    ) {
        let dimension = scaling.factor.len();
        let typical: Vec<f64> = open.iter().map(|open| self.typical_size(&open.of)).collect();
        let (mut sample, mut place) = (Vec::with_capacity(dimension), range.start);
        let mut with = |sample: &[f64], weight: f64| {
            // Differences from the centre are exact as pairs of doubles; factors are powers of two.
            let exact = |j: usize| {
                let difference = DoubleDouble::sum_of(sample[j], -scaling.centre[j]);
                DoubleDouble {
                    high: difference.high * scaling.factor[j],
                    low: difference.low * scaling.factor[j],
                }
            };
            let size = |j: usize| (sample[j] * scaling.factor[j]).abs();
            for (open, typical) in open.iter().zip(&typical) {
                let own = open.of.column;
                let (mut left, mut explained) = (exact(own) - open.of.constant.into(), size(own) + typical);
                for (&coefficient, &column) in open.of.coefficients.iter().zip(&self.columns) {
                    if coefficient != 0.0 {
                        left += -(exact(column) * coefficient.into());
                        explained += coefficient.abs() * size(column);
                    }
                }
                note(open, left, ROUNDINGS * 0.5 * f64::EPSILON * explained, weight);
            }
        };
        dataset.values(range).for_each(|value| {
            sample.push(value);
            if sample.len() == dimension {
                with(&sample, dataset.labels().weight(place));
                sample.clear();
                place += 1;
            }
        });
    }

    /// Size of the terms of a combination in a typical sample, to which the rounding of its coefficients is relative.
    fn typical_size(&self, combination: &Combination) -> f64 {
        let terms = combination.coefficients.iter().zip(&self.columns);
        self.sizes[combination.column] + terms.map(|(c, &column)| c.abs() * self.sizes[column]).sum::<f64>()
    }

    /// Takes for pivots the columns whose own part is well above rounding; returns the others as combinations.
    fn take(&mut self, table: &DMatrix<f64>, intercept: Intercept, open: &[Open]) -> Vec<Open> {
        let mean = mean_of(table, intercept);
        let (samples, known) = (table[(0, 0)].powi(2), self.columns.len());
        let centred = table.view((1, 1), (table.nrows() - 1, open.len())).into_owned();
        let sizes: Vec<f64> = (0..open.len()).map(|j| table.column(j + 1).norm()).collect();
        let (factored, order) = pivoted(&centred);
        let own = |k: usize| factored[(k, k)].abs() > SURELY_OWN * sizes[order[k]] && sizes[order[k]] > 0.0;
        let taken = (0..factored.nrows().min(open.len())).take_while(|&k| own(k)).count();
        let corner = factored.view((0, 0), (taken, taken)).into_owned();
        let of_taken = |k: usize, rows: usize| {
            let right = factored.view((0, k), (rows, 1)).into_owned();
            corner
                .view((0, 0), (rows, rows))
                .solve_upper_triangular(&right)
                .unwrap_or_else(|| DMatrix::zeros(rows, 1))
        };
        for (k, &place) in order.iter().enumerate().take(taken) {
            let combined = combine(open, &order, place, of_taken(k, k).as_slice(), &mean);
            let left = factored[(k, k)].abs()
                / samples.sqrt()
                / open[place].factor
                / self.spreads[open[place].of.column];
            self.nearly.push((left < NEARLY).then_some(Combination { left, ..combined }));
            self.add(
                &open[place],
                factored.view((0, k), (k + 1, 1)).clone_owned().as_slice(),
                samples.sqrt(),
                mean[place],
                known,
            );
        }
        let rest = (taken..order.len()).map(|k| {
            let of = combine(open, &order, order[k], of_taken(k, taken).as_slice(), &mean);
            Open { of, factor: 1.0 }
        });
        rest.collect()
    }

    /// Adds a pivot: its column of the triangle has the parts from earlier rounds and, below, from this one.
    fn add(&mut self, open: &Open, entries: &[f64], root_samples: f64, mean: f64, known: usize) {
        let rank = self.columns.len();
        let mut column = DVector::zeros(rank + 1);
        let mut of_mean = mean / open.factor + open.of.constant;
        for (pivot, coefficient) in open.of.coefficients.iter().enumerate() {
            let of_pivot = self.triangle.column(pivot);
            of_pivot.iter().zip(column.iter_mut()).for_each(|(entry, sum)| *sum += coefficient * entry);
            of_mean += coefficient * self.mean[pivot];
        }
        for (entry, sum) in entries.iter().zip(column.iter_mut().skip(known)) {
            *sum += entry / root_samples / open.factor;
        }
        let mut triangle =
            std::mem::replace(&mut self.triangle, DMatrix::zeros(0, 0)).resize(rank + 1, rank + 1, 0.0);
        triangle.set_column(rank, &column);
        self.triangle = triangle;
        self.columns.push(open.of.column);
        self.mean.push(of_mean);
    }

    /// Removes from the remainders of some columns what the pivots explain.
    fn refine(&self, dataset: &Dataset, scaling: &Scaling, rest: &mut [Open]) {
        let rank = self.rank();
        if rest.is_empty() {
            return;
        }
        let (transform, shift) = self.transform(scaling.factor.len());
        let none = || DMatrix::zeros(rank + 1, rest.len());
        let mut explained: DMatrix<f64> = none();
        fold_sample_spans(
            dataset.labels().samples(),
            none,
            |part, range| {
                let mut scaled = Vec::new();
                super::pass::scaled(dataset, scaling, range.clone(), &mut scaled);
                let samples = scaled.chunks_exact(scaling.factor.len() + 1);
                let over = |sample: &[f64]| {
                    let sample = DVector::from_column_slice(&sample[..scaling.factor.len()]);
                    transform.tr_mul(&sample) + DVector::from_column_slice(&shift)
                };
                let mut coordinates: Vec<DVector<f64>> = samples.map(over).collect();
                coordinates.reverse();
                let (mut place, mut now) = (0, coordinates.pop());
                self.for_each_left(dataset, scaling, range, rest, |_, left, _, weight| {
                    if let Some(now) = &now {
                        let mut sums = part.column_mut(place);
                        sums.rows_mut(0, rank).axpy(weight * left.value(), now, 1.0);
                        sums[rank] += weight * left.value();
                    }
                    place += 1;
                    if place == rest.len() {
                        (place, now) = (0, coordinates.pop());
                    }
                });
            },
            |part| explained += part,
        );
        explained /= dataset.labels().total_size();
        for (open, explained) in rest.iter_mut().zip(explained.column_iter()) {
            let by_coordinate = explained.rows(0, rank).into_owned();
            let by_column = &transform * &by_coordinate;
            open.of.coefficients.resize(rank, 0.0);
            for (coefficient, &column) in open.of.coefficients.iter_mut().zip(&self.columns) {
                *coefficient += by_column[column];
            }
            if scaling.intercept == Intercept::Free {
                open.of.constant += explained[rank] + by_coordinate.dot(&DVector::from_column_slice(&shift));
            }
        }
    }

    /// Removes the columns whose remainder is rounding; returns the others, their remainders scaled up.
    fn judge(&mut self, dataset: &Dataset, scaling: &Scaling, rest: Vec<Open>) -> Vec<Open> {
        if rest.is_empty() {
            return rest;
        }
        let found = self.judged(dataset, scaling, &rest);
        let samples = dataset.labels().total_size();
        let mut open = Vec::new();
        for (rest, (own, widest, squares)) in rest.into_iter().zip(found) {
            let spread = self.spreads[rest.of.column];
            if own {
                let left = (squares / samples).sqrt() / spread.max(f64::MIN_POSITIVE);
                let of = Combination { left, ..rest.of };
                open.push(Open { of, factor: super::coordinates::inverse_power_of_two(widest) });
            } else {
                self.dependent.push(Combination { left: 0.0, ..rest.of });
            }
        }
        open
    }

    /// Of some columns: whether a remainder is more than rounding, the widest one, and the sum of their squares.
    fn judged(&self, dataset: &Dataset, scaling: &Scaling, rest: &[Open]) -> Vec<(bool, f64, f64)> {
        let none = || vec![(false, 0.0_f64, 0.0_f64); rest.len()];
        let mut found = none();
        fold_sample_spans(
            dataset.labels().samples(),
            || (none(), 0),
            |(part, next), range| {
                self.for_each_left(dataset, scaling, range, rest, |_, left, explained, weight| {
                    let (own, widest, squares) = &mut part[*next];
                    let size = left.value().abs();
                    *own |= size > explained;
                    *widest = widest.max(size);
                    *squares += weight * size * size;
                    *next = (*next + 1) % rest.len();
                });
            },
            |(part, _)| {
                for (all, part) in found.iter_mut().zip(part) {
                    *all = (all.0 | part.0, all.1.max(part.1), all.2 + part.2);
                }
            },
        );
        found
    }

    /// `q = transform^T x + shift`, `d x r` over all columns.
    pub(super) fn transform(&self, dimension: usize) -> (DMatrix<f64>, Vec<f64>) {
        let rank = self.rank();
        let identity = DMatrix::identity(rank, rank);
        let inverse = self.triangle.solve_upper_triangular(&identity).unwrap_or(identity);
        let mut transform = DMatrix::zeros(dimension, rank);
        for (pivot, &column) in self.columns.iter().enumerate() {
            transform.set_row(column, &inverse.row(pivot));
        }
        let shift = inverse.tr_mul(&DVector::from_column_slice(&self.mean));
        (transform, shift.iter().map(|shift| -shift).collect())
    }

    /// Condition number of all standardised columns: the largest over the smallest singular value that is not zero, the same
    /// whichever columns are the pivots.
    pub(super) fn condition(&self) -> f64 {
        let rank = self.rank();
        if rank == 0 {
            return 1.0;
        }
        let in_pivots = |combination: &Combination| {
            let coefficients =
                DVector::from_fn(rank, |p, _| combination.coefficients.get(p).copied().unwrap_or(0.0));
            &self.triangle * coefficients
        };
        let dependent = self.dependent.iter().map(in_pivots);
        let columns = self.triangle.column_iter().map(nalgebra::Matrix::into_owned).chain(dependent);
        let varying = columns.filter(|column| column.norm() > 0.0).map(|column| column.normalize());
        let values = DMatrix::from_columns(&varying.collect::<Vec<_>>()).singular_values();
        values.max() / values.min().max(f64::MIN_POSITIVE)
    }

    /// Coefficients rounded to doubles one after the other, so that each compensates the effect of earlier roundings on
    /// the logits; and the intercept at the centre that goes with them.
    ///
    /// `exact` are coefficients of all columns; `moved` the same with the same logits but for the constants of dependent
    /// columns, which the intercept takes. A penalty's gradient goes with the coefficient: where it is `penalised`, none loses digits of
    /// its own for the logits'.
    pub(super) fn rounded(
        &self,
        exact: &[DoubleDouble],
        intercept: DoubleDouble,
        moved: &[DoubleDouble],
        penalised: bool,
    ) -> (Vec<f64>, DoubleDouble) {
        let mut rounded = vec![0.0; exact.len()];
        let mut of_pivots: Vec<DoubleDouble> = self.columns.iter().map(|&column| moved[column]).collect();
        let mut intercept = intercept;
        for combination in &self.dependent {
            let value = moved[combination.column].value();
            rounded[combination.column] = value;
            intercept += (exact[combination.column] - value.into()) * combination.constant.into();
            let error = moved[combination.column] - value.into();
            let terms = || of_pivots.iter().zip(&combination.coefficients);
            let hardly_moves = |(pivot, &coefficient): (&DoubleDouble, &f64)| {
                (error.value() * coefficient).abs() <= HARDLY * pivot.value().abs()
            };
            if terms().all(hardly_moves) {
                for (pivot, &coefficient) in of_pivots.iter_mut().zip(&combination.coefficients) {
                    *pivot += error * coefficient.into();
                }
            }
        }
        for pivot in (0..of_pivots.len()).rev() {
            let value = of_pivots[pivot].value();
            rounded[self.columns[pivot]] = value;
            let error = (of_pivots[pivot] - value.into()).value();
            // The error along earlier pivots and along the constant is compensated.
            let (parts, of_constant) = self.combination_of(pivot, error);
            let hardly_moves =
                |(earlier, part): (&DoubleDouble, &f64)| part.abs() <= HARDLY * earlier.value().abs();
            if penalised && !of_pivots.iter().zip(&parts).all(hardly_moves) {
                intercept += DoubleDouble::product_of(error, self.mean[pivot]);
                continue;
            }
            for (earlier, part) in of_pivots.iter_mut().zip(&parts) {
                *earlier += (*part).into();
            }
            intercept += of_constant.into();
        }
        (rounded, intercept)
    }

    /// How earlier pivots and the constant compensate an error in a pivot's coefficient.
    fn combination_of(&self, pivot: usize, error: f64) -> (Vec<f64>, f64) {
        if error == 0.0 {
            return (Vec::new(), 0.0);
        }
        let right = self.triangle.view((0, pivot), (pivot, 1)) * error;
        let corner = self.triangle.view((0, 0), (pivot, pivot));
        let parts = corner.solve_upper_triangular(&right).unwrap_or_else(|| DMatrix::zeros(pivot, 1));
        let of_constant = error * self.mean[pivot]
            - parts.iter().zip(&self.mean).map(|(part, mean)| part * mean).sum::<f64>();
        (parts.as_slice().to_vec(), of_constant)
    }

    /// The choice among heads with the same logits, if dependent columns leave one.
    pub(super) fn least_norm(&self, scaling: &Scaling) -> Option<LeastNorm> {
        let dependent: Vec<(usize, &[f64])> =
            self.dependent.iter().map(|of| (of.column, of.coefficients.as_slice())).collect();
        LeastNorm::new(&self.columns, &dependent, &scaling.factor)
    }

    /// The dependent and the nearly dependent columns, in the order of the table.
    pub(super) fn dependences(&self, dataset: &Dataset, scaling: &Scaling) -> Vec<Dependence> {
        let nearly =
            (0..self.rank()).filter_map(|pivot| self.of_few(pivot).or_else(|| self.nearly[pivot].clone()));
        let nearly: Vec<Combination> =
            nearly.filter(|of| self.holds_in_typical_rows(of, dataset, scaling)).collect();
        let mut all: Vec<&Combination> = self.dependent.iter().chain(&nearly).collect();
        all.sort_by_key(|combination| combination.column);
        let (mut named, usual) = (Vec::new(), scaling.usual_deviations(dataset));
        all.into_iter()
            .map(|combination| self.in_words(combination, &mut named, (dataset, scaling, &usual)))
            .collect()
    }

    /// Whether a relation is near in the middle one of the rows in which the column is not at its median, as it is by root mean
    /// squares: what is left of the column beside its distance from there.
    fn holds_in_typical_rows(&self, combination: &Combination, dataset: &Dataset, scaling: &Scaling) -> bool {
        let samples = dataset.labels().samples();
        let looked_at = ROWS_LOOKED_AT.min(samples);
        let open = [Open { of: combination.clone(), factor: 1.0 }];
        let (mut lefts, mut values) = (Vec::new(), Vec::new());
        for index in 0..looked_at {
            let sample = index * samples / looked_at;
            self.for_each_left(dataset, scaling, sample..sample + 1, &open, |_, left, _, _| {
                lefts.push(left.value().abs());
            });
            let mut column = 0;
            dataset.values(sample..sample + 1).for_each(|value| {
                if column == combination.column {
                    values.push(value);
                }
                column += 1;
            });
        }
        let factor = scaling.factor[combination.column];
        let middle = median(&mut values.clone());
        let distances = values.iter().map(|value| ((value - middle) * factor).abs());
        let (mut distances, mut lefts): (Vec<f64>, Vec<f64>) =
            distances.zip(lefts).filter(|&(distance, _)| distance > 0.0).unzip();
        distances.is_empty() || median(&mut lefts) < NEARLY * median(&mut distances)
    }

    /// A relation says what its last column is, unless an earlier one of the `named` did: then what the dependent column is. It is written
    /// as shortly as it holds.
    fn in_words(
        &self,
        combination: &Combination,
        named: &mut Vec<usize>,
        (dataset, scaling, usual): (&Dataset, &Scaling, &[f64]),
    ) -> Dependence {
        let names = dataset.feature_names();
        let written = |exactness| self.relation(combination, exactness, named, (scaling, usual));
        let relations =
            [Exactness::Short, Exactness::MoreDigits, Exactness::AllTerms, Exactness::Full].map(written);
        let found = relations.iter().find(|relation| relation.holds(dataset, scaling.intercept));
        let relation = found.unwrap_or(&relations[3]);
        let digits = relation.digits;
        named.push(relation.own);
        Dependence {
            column: names[relation.own].clone(),
            relation: match found {
                Some(relation) => sentence(relation.own, &relation.terms, relation.constant, digits, names),
                None => combination_of_many(relation.own, relation.terms.len(), digits, names),
            },
            terms: relation
                .terms
                .iter()
                .map(|&(column, coefficient)| (names[column].clone(), coefficient))
                .collect(),
            constant: relation.constant,
            digits,
        }
    }

    fn relation(
        &self,
        combination: &Combination,
        exactness: Exactness,
        named: &[usize],
        (scaling, usual): (&Scaling, &[f64]),
    ) -> Relation {
        let (own, own_factor) = (combination.column, scaling.factor[combination.column]);
        let digits = (combination.left > 0.0).then(|| -combination.left.log10());
        let short = |value: f64| exactness.rounded(value, digits);
        // Beside a few rows in other units, which spread a column far, no term of the others is negligible.
        let spread =
            |pivot: usize| self.triangle.column(pivot).norm().min(USUAL_SPREAD * usual[self.columns[pivot]]);
        let own_spread: f64 = {
            let of_terms = combination.coefficients.iter().enumerate().map(|(p, c)| (c * spread(p)).abs());
            of_terms.fold(0.0, f64::max)
        };
        let counts = |pivot: usize, coefficient: f64| {
            if exactness.has_all_terms() {
                coefficient.abs() * self.sizes[self.columns[pivot]] > ROUNDED_AWAY * self.sizes[own]
            } else {
                (coefficient * spread(pivot)).abs() > own_spread * NEGLIGIBLE.max(combination.left)
            }
        };
        let mut constant = scaling.centre[own] + combination.constant / own_factor;
        let mut terms: Vec<(usize, f64)> = Vec::new();
        // The last column that the relation may be solved for, and how much of the relation it is.
        let mut last = (own, self.spreads[own]);
        let least = own_spread * if digits.is_some() { SUBSTANTIAL } else { VISIBLE };
        for (pivot, &coefficient) in combination.coefficients.iter().enumerate() {
            let column = self.columns[pivot];
            if counts(pivot, coefficient) {
                let part = (coefficient * spread(pivot)).abs();
                if part >= least && column > last.0 && !named.contains(&column) {
                    last = (column, part);
                }
                let coefficient = short(coefficient * scaling.factor[column] / own_factor);
                constant -= coefficient * scaling.centre[column];
                terms.push((column, coefficient));
            }
        }
        sort_by_column(&mut terms);
        // What is left of one column is another share of another one.
        let digits = digits.map(|digits| rounded_to_tenths(digits + (last.1 / self.spreads[own]).log10()));
        let (own, constant) = solved_for(last.0, own, &mut terms, constant, &short);
        let own_factor = scaling.factor[own];
        let typical = terms
            .iter()
            .map(|(j, c)| (c * scaling.centre[*j]).abs())
            .fold(scaling.centre[own].abs(), f64::max);
        let floor = 1e-9 * typical + NEGLIGIBLE.max(10.0 * combination.left) * own_spread / own_factor;
        let is_nothing = exactness != Exactness::Full && constant.abs() <= floor;
        Relation { own, terms, constant: if is_nothing { 0.0 } else { short(constant) }, digits }
    }
}

/// How much of a relation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exactness {
    /// Numbers to as many digits as the relation holds to, without negligible terms.
    Short,
    /// The same with some digits more, where terms cancel.
    MoreDigits,
    /// All terms, numbers made short.
    AllTerms,
    /// All terms, numbers as they are.
    Full,
}

impl Exactness {
    fn has_all_terms(self) -> bool {
        matches!(self, Self::AllTerms | Self::Full)
    }

    fn rounded(self, value: f64, digits: Option<f64>) -> f64 {
        /// Digits beyond those of the relation.
        const MORE: f64 = 4.0;
        match self {
            Self::Short => tidy(value, digits),
            Self::MoreDigits => tidy(value, digits.map(|digits| digits + MORE)),
            Self::AllTerms => tidy(value, None),
            Self::Full => value,
        }
    }
}

/// `x_own = sum of coefficients times columns + constant`, in the user's units.
#[derive(Debug)]
struct Relation {
    own: usize,
    terms: Vec<(usize, f64)>,
    constant: f64,
    /// Digits of the column's spread to which it holds; none where it is exact.
    digits: Option<f64>,
}

impl Relation {
    /// Whether it holds as it is written: to rounding in every row that is looked at, or to so many digits of the column's spread there.
    fn holds(&self, dataset: &Dataset, intercept: Intercept) -> bool {
        let samples = dataset.labels().samples();
        let looked_at = ROWS_LOOKED_AT.min(samples);
        let mut coefficients = vec![0.0; dataset.dimension()];
        self.terms.iter().for_each(|&(column, coefficient)| coefficients[column] = -coefficient);
        coefficients[self.own] = 1.0;
        let (mut lefts, mut values) = (Vec::with_capacity(looked_at), Vec::with_capacity(looked_at));
        for index in 0..looked_at {
            let sample = index * samples / looked_at;
            let (mut left, mut size) = (DoubleDouble::from(-self.constant), self.constant.abs());
            let mut column = 0;
            dataset.values(sample..sample + 1).for_each(|value| {
                if coefficients[column] != 0.0 {
                    let term = DoubleDouble::product_of(coefficients[column], value);
                    left += term;
                    size += term.value().abs();
                }
                if column == self.own {
                    values.push(value);
                }
                column += 1;
            });
            lefts.push((left.value().abs(), size));
        }
        let Some(digits) = self.digits else {
            return lefts.iter().all(|&(left, size)| left <= WRITTEN_EXACTLY * size);
        };
        let count = looked_at as f64;
        let mean = match intercept {
            Intercept::Free => values.iter().sum::<f64>() / count,
            Intercept::None => 0.0,
        };
        let root_mean = |squares: f64| (squares / count).sqrt();
        let spread = root_mean(values.iter().map(|value| (value - mean).powi(2)).sum());
        root_mean(lefts.iter().map(|(left, _)| left * left).sum())
            <= 2.0 * 10.0_f64.powf(-digits.floor()) * spread
    }
}

/// The least share of a relation in a column that it is solved for: of one that holds to some digits, of one that is exact.
const SUBSTANTIAL: f64 = 0.1;
const VISIBLE: f64 = 1e-9;
/// Terms below this fraction of a column's size are rounding of the combination.
const ROUNDED_AWAY: f64 = 1e-15;
/// What a relation may leave of its terms where it is said to be exact.
const WRITTEN_EXACTLY: f64 = 1e-13;

fn rounded_to_tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn sort_by_column(terms: &mut [(usize, f64)]) {
    terms.sort_by_key(|term| term.0);
}

/// The same relation solved for another of its columns; returns that column and the constant.
fn solved_for(
    wanted: usize,
    own: usize,
    terms: &mut Vec<(usize, f64)>,
    constant: f64,
    short: &dyn Fn(f64) -> f64,
) -> (usize, f64) {
    let Some(place) = terms.iter().position(|term| term.0 == wanted) else { return (own, constant) };
    let (last, coefficient) = terms.remove(place);
    terms.iter_mut().for_each(|term| term.1 = short(-term.1 / coefficient));
    terms.push((own, short(1.0 / coefficient)));
    sort_by_column(terms);
    (last, -constant / coefficient)
}

/// Least squares over columns that are added one by one.
struct Fit {
    /// Orthonormal columns, the parts of the added ones along them, and those of what is fitted.
    basis: Vec<DVector<f64>>,
    parts: Vec<Vec<f64>>,
    fitted: Vec<f64>,
    left: DVector<f64>,
}

impl Fit {
    fn to(wanted: DVector<f64>) -> Self {
        Self { basis: Vec::new(), parts: Vec::new(), fitted: Vec::new(), left: wanted }
    }

    fn add(&mut self, column: &DVector<f64>) {
        let (mut own, mut parts) = (column.clone(), vec![0.0; self.basis.len()]);
        // Once more, for what rounding leaves.
        for _ in 0..2 {
            for (part, direction) in parts.iter_mut().zip(&self.basis) {
                let along = direction.dot(&own);
                own.axpy(-along, direction, 1.0);
                *part += along;
            }
        }
        let norm = own.norm().max(f64::MIN_POSITIVE);
        own /= norm;
        parts.push(norm);
        let along = own.dot(&self.left);
        self.left.axpy(-along, &own, 1.0);
        self.fitted.push(along);
        self.basis.push(own);
        self.parts.push(parts);
    }

    /// One for each column, by substitution from the last.
    fn coefficients(&self) -> Vec<f64> {
        let mut found = self.fitted.clone();
        for k in (0..found.len()).rev() {
            found[k] /= self.parts[k][k];
            for earlier in 0..k {
                found[earlier] -= found[k] * self.parts[k][earlier];
            }
        }
        found
    }
}

/// A combination plus a multiple of a pivot less what that nearly is.
fn plus(of: &Combination, near: &Combination, pivot: usize, multiple: f64) -> Combination {
    let mut sum = of.clone();
    for (entry, coefficient) in sum.coefficients.iter_mut().zip(&near.coefficients) {
        *entry += multiple * coefficient;
    }
    sum.coefficients[pivot] -= multiple;
    sum.constant += multiple * near.constant;
    sum
}

/// A combination of the columns taken in this round as one of all pivots.
fn combine(
    open: &[Open],
    order: &[usize],
    place: usize,
    of_taken: &[f64],
    mean: &DVector<f64>,
) -> Combination {
    let own = &open[place];
    let known = own.of.coefficients.len();
    let mut coefficients = own.of.coefficients.clone();
    coefficients.resize(known + of_taken.len(), 0.0);
    let mut constant = own.of.constant + mean[place] / own.factor;
    for (k, &part) in of_taken.iter().enumerate() {
        let taken = &open[order[k]];
        // What is left of the pivot, scaled up, is its column less what it is a combination of.
        let part = part * taken.factor / own.factor;
        coefficients[known + k] = part;
        for (sum, coefficient) in coefficients.iter_mut().zip(&taken.of.coefficients) {
            *sum -= part * coefficient;
        }
        constant -= part * (taken.of.constant + mean[order[k]] / taken.factor);
    }
    Combination { column: own.of.column, coefficients, constant, left: own.of.left }
}

/// A number without insignificant digits: those beyond the accuracy of a relation, and rounding where that makes the
/// number short.
pub(super) fn tidy(value: f64, digits: Option<f64>) -> f64 {
    let magnitude = value.abs().log10().floor();
    let to = |places: f64| {
        let scale = 10.0_f64.powf(places);
        (value * scale).round() / scale
    };
    if let Some(digits) = digits {
        return to(digits.floor().clamp(1.0, 15.0) - 1.0 - magnitude);
    }
    (0..=6)
        .map(|places| to(f64::from(places)))
        .find(|short| *short != 0.0 && (short - value).abs() <= 1e-9 * value.abs())
        .unwrap_or(value)
}

/// Numbers that take more characters are rounded to six digits, or to as many as their relation holds to.
const LONGEST_NUMBER: usize = 8;
const FEWEST_DIGITS: usize = 6;
/// More terms than this are counted rather than written out.
const MAX_TERMS: usize = 8;
/// A relation with a smaller coefficient is written in units of it.
const SMALL: f64 = 1e-3;
/// Whole numbers up to this are written as such.
const LARGEST_WHOLE: f64 = 1e15;

/// `own = sum of terms + constant` with every sign made a plus: `female + male = 1`, `total = a + b`, `inch = 0.3937 cm to 4 digits`,
/// `100 year + month = date`.
pub(super) fn sentence(
    own: usize,
    terms: &[(usize, f64)],
    constant: f64,
    digits: Option<f64>,
    names: &[String],
) -> String {
    if terms.is_empty() {
        return format!("{} is constant, {}", names[own], number(constant, digits));
    }
    if terms.len() > MAX_TERMS && terms.iter().any(|term| term.1 != -1.0) {
        return combination_of_many(own, terms.len(), digits, names);
    }
    let least = terms.iter().map(|term| term.1.abs()).fold(1.0, f64::min);
    let unit = match digits {
        None => whole_unit(terms, constant, 1.0 / least),
        Some(_) if least < SMALL => 1.0 / least,
        Some(_) => 1.0,
    };
    let written = |(column, coefficient): &(usize, f64)| {
        let size = coefficient.abs();
        if size == 1.0 {
            names[*column].clone()
        } else {
            format!("{} {}", number(size, digits), names[*column])
        }
    };
    let in_units = terms.iter().map(|&(column, coefficient)| (column, whole_if_near(coefficient * unit)));
    let (mut left, right): (Vec<_>, Vec<_>) = in_units.partition(|term| term.1 < 0.0);
    left.push((own, unit));
    sort_by_column(&mut left);
    let mut right: Vec<String> = right.iter().map(written).collect();
    let mut left: Vec<String> = left.iter().map(written).collect();
    let constant = whole_if_near(constant * unit);
    if constant > 0.0 {
        right.push(number(constant, digits));
    } else if constant < 0.0 {
        left.push(number(-constant, digits));
    }
    if right.is_empty() {
        right.push("0".to_owned());
    }
    let to = to_digits(digits);
    if left.len() > MAX_TERMS {
        let (first, last) = (&left[0], &left[left.len() - 1]);
        return format!("{first} + .. + {last} = {} ({} columns){to}", right.join(" + "), left.len());
    }
    format!("{} = {}{to}", left.join(" + "), right.join(" + "))
}

/// A relation that would be too long, or whose numbers no short text holds.
fn combination_of_many(own: usize, terms: usize, digits: Option<f64>, names: &[String]) -> String {
    let others = if terms == 1 { "one other column".to_owned() } else { format!("{terms} other columns") };
    format!("{} is a combination of {others}{}", names[own], to_digits(digits))
}

fn to_digits(digits: Option<f64>) -> String {
    digits.map_or_else(String::new, |digits| format!(" to {:.0} digits", digits.floor()))
}

fn number(value: f64, digits: Option<f64>) -> String {
    let short = value.to_string();
    let is_whole = value.fract() == 0.0 && value.abs() < LARGEST_WHOLE;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of digits")]
    let figures = digits.map_or(FEWEST_DIGITS, |digits| FEWEST_DIGITS.max(digits as usize + 1));
    if short.len() <= LONGEST_NUMBER || is_whole { short } else { significant(value, figures) }
}

/// The unit, one over the smallest coefficient, if it makes all numbers of a relation whole; 1 otherwise.
fn whole_unit(terms: &[(usize, f64)], constant: f64, unit: f64) -> f64 {
    let is_whole = |value: f64| {
        let whole = whole_if_near(value * unit);
        whole.fract() == 0.0 && whole.abs() < LARGEST_WHOLE
    };
    let all = terms.iter().map(|term| term.1).chain([constant, 1.0]).all(is_whole);
    if all { whole_if_near(unit) } else { 1.0 }
}

/// The nearest whole number, where the difference is rounding.
fn whole_if_near(value: f64) -> f64 {
    if (value - value.round()).abs() <= 1e-9 * value.abs().min(1.0) { value.round() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_finds_its_coefficients() {
        let column = |step: f64| DVector::from_fn(6, |row, _| (row as f64 * step).sin());
        let (one, two) = (column(0.7), column(0.71));
        let mut fit = Fit::to(3.0 * &one - 2.0 * &two);
        fit.add(&one);
        assert!(fit.left.norm() > 1e-3);
        fit.add(&two);
        let found = fit.coefficients();
        assert!(fit.left.norm() < 1e-14 && (found[0] - 3.0).abs() < 1e-11 && (found[1] + 2.0).abs() < 1e-11);
    }

    #[test]
    fn signs_are_sorted_to_the_sides_where_they_are_plus() {
        let names: Vec<String> = ["a", "b", "total", "male"].iter().map(ToString::to_string).collect();
        let say =
            |own, terms: &[(usize, f64)], constant, digits| sentence(own, terms, constant, digits, &names);
        assert_eq!(say(2, &[(0, 1.0), (1, 1.0)], 0.0, None), "total = a + b");
        assert_eq!(say(3, &[(0, -1.0)], 1.0, None), "a + male = 1");
        assert_eq!(say(1, &[(0, 0.3937)], 0.0, Some(4.0)), "b = 0.3937 a to 4 digits");
        assert_eq!(say(1, &[(0, -2.0)], -3.0, None), "2 a + b + 3 = 0");
        assert_eq!(say(1, &[], 7.0, None), "b is constant, 7");
        assert_eq!(
            say(0, &[(1, 1e-8), (2, -1e-8)], 0.0, None),
            "100000000 a + total = b",
            "in whole numbers"
        );
        assert_eq!(say(0, &[(1, 1.0 / 3.0)], 0.0, None), "3 a = b");
        assert_eq!(say(0, &[(1, 0.123_456_789)], 0.0, Some(8.3)), "a = 0.123456789 b to 8 digits");
    }
}
