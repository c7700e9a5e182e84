//! The margins of all samples as linear functions of a direction, and the direction whose least margin is largest (a linear
//! program).

use super::Sides;
use super::proof::with_last;
use crate::data::Dataset;
use crate::loss::Targets;
use crate::numeric::{Sum, fold_sample_spans, largest_magnitude, map_sample_chunks, two_product};
use crate::solver::linear_program::{Inequality, LinearProgram};
use crate::solver::pass::ScaledFeatures;
use crate::solver::solution::Head;
use nalgebra::{DMatrix, DVector};
use std::ops::Range;

/// The least margin (samples of unit norm, directions of about unit size) that the linear program distinguishes from zero.
const LP_ZERO: f64 = 1e-7;
/// Bound on the unknowns, far above their size in any useful direction.
const BOUND: f64 = 1e4;
/// Most rounds of adding violated constraints.
const MAX_ROUNDS: usize = 60;
/// Radius of each sharpening, as a fraction of the direction.
const RADII: [f64; 3] = [1e-5, 1e-9, 1e-12];

/// The margins of every sample, each divided by the sample's norm, in the coordinates of the solver: where columns are
/// nearly dependent, samples may be apart by what is left of a column beside the others, and raw columns would show nothing of it.
///
/// Unknowns are a direction's rows one after another, each `D` long with the intercept last; with a row per class
/// the first is fixed at zero, since only differences count.
#[derive(Debug)]
pub(super) struct Margins<'a> {
    dataset: &'a Dataset,
    features: &'a ScaledFeatures<'a>,
    targets: &'a Targets,
    sides: Sides,
    norms: Vec<f64>,
    /// Samples equal to an earlier one. Linear programs leave them out, so that a repeated row gives the direction of the row
    /// alone, as a sample weight does.
    repeated: &'a [bool],
}

/// A direction near separation.
#[derive(Debug, Clone)]
pub(super) struct Nearest {
    /// The direction in the coordinates of the solver.
    unknowns: Vec<f64>,
    /// The same in the user's units.
    pub(super) head: Head,
    /// The margins under it.
    pub(super) margins: Vec<f64>,
}

impl<'a> Margins<'a> {
    pub(super) fn new(
        dataset: &'a Dataset,
        features: &'a ScaledFeatures<'a>,
        targets: &'a Targets,
        sides: Sides,
        repeated: &'a [bool],
    ) -> Self {
        let mut margins = Self { dataset, features, targets, sides, norms: Vec::new(), repeated };
        // A sample of zeros has margins of zero, whatever it is divided by.
        let norm = |sample: &[f64]| {
            let norm = sample.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
            if norm == 0.0 { 1.0 } else { norm }
        };
        let norms = map_sample_chunks(targets.samples(), |range| {
            margins.block(range).chunks_exact(margins.dimension()).map(norm).collect::<Vec<f64>>()
        });
        margins.norms = norms.concat();
        margins
    }

    /// `D`, unknowns of a direction's row.
    fn dimension(&self) -> usize {
        self.features.dimension()
    }

    /// `d + 1`, numbers of a row in the user's units.
    fn user_dimension(&self) -> usize {
        self.dataset.dimension() + 1
    }

    /// Rows of a direction.
    pub(super) fn rows(&self) -> usize {
        match self.sides {
            Sides::OneAgainstRest(_) => 1,
            Sides::AllPairs => self.targets.classes(),
        }
    }

    /// Rows that are unknown, and margins of a sample.
    fn free_rows(&self) -> usize {
        (self.rows() - 1).max(1)
    }

    pub(super) fn unknowns(&self) -> usize {
        self.free_rows() * self.dimension()
    }

    /// Numbers of a margin's row in the user's units.
    pub(super) fn user_unknowns_count(&self) -> usize {
        self.free_rows() * self.user_dimension()
    }

    /// The margins of samples that count, one or `K - 1` of each.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> {
        let counts = |&index: &usize| self.targets.sample_weight(index / self.free_rows()) > 0.0;
        (0..self.targets.samples() * self.free_rows()).filter(counts)
    }

    /// The same without samples that repeat another.
    pub(super) fn counted_once(&self) -> impl Iterator<Item = usize> {
        self.counted().filter(|index| !self.repeated[index / self.free_rows()])
    }

    /// What a direction's intercept is multiplied by.
    fn of_intercept(&self) -> f64 {
        self.features.intercept().coordinate()
    }

    /// Samples `range` in the coordinates of the solver, each followed by the intercept's coordinate.
    fn block(&self, range: Range<usize>) -> Vec<f64> {
        let mut block = Vec::new();
        self.features.block_in(range, &mut block);
        block
    }

    /// A direction in the user's units, rounded so that margins change as little as doubles allow.
    fn head(&self, unknowns: &[f64]) -> Head {
        let fixed = self.rows() - self.free_rows();
        let mut theta = DMatrix::zeros(self.dimension(), self.rows());
        theta.columns_mut(fixed, self.free_rows()).copy_from_slice(unknowns);
        self.features.to_user(&theta)
    }

    /// A direction's unknowns in the user's units, and whether each is more than negligible: a coefficient, in units of its
    /// column's spread, beside the largest of the direction in the coordinates of the solver.
    pub(super) fn user_unknowns(&self, nearest: &Nearest) -> Vec<(f64, bool)> {
        /// A share of the largest unknown that counts for none.
        const NEGLIGIBLE: f64 = 1e-6;
        let slopes = nearest.unknowns.chunks_exact(self.dimension()).map(|row| &row[..row.len() - 1]);
        let largest = largest_magnitude(slopes.flatten().copied()).max(f64::MIN_POSITIVE);
        let head = &nearest.head;
        let mut unknowns = Vec::with_capacity(self.free_rows() * self.user_dimension());
        for row in self.rows() - self.free_rows()..self.rows() {
            for (&value, factor) in head.coefficients.row(row).iter().zip(self.features.scales()) {
                unknowns.push((value, (value / factor).abs() > NEGLIGIBLE * largest));
            }
            unknowns.push((head.intercepts[row], true));
        }
        unknowns
    }

    /// The direction with these unknowns, in the user's units.
    pub(super) fn head_of_user_unknowns(&self, unknowns: &[f64]) -> Head {
        let (dimension, rows) = (self.user_dimension(), self.rows());
        let fixed = rows - self.free_rows();
        let entry = |row: usize, place: usize| {
            if row < fixed { 0.0 } else { unknowns[(row - fixed) * dimension + place] }
        };
        Head {
            coefficients: DMatrix::from_fn(rows, dimension - 1, entry),
            intercepts: (0..rows).map(|row| entry(row, dimension - 1)).collect(),
        }
    }

    /// The rows of unknowns that a margin weighs a sample by, each with its sign.
    fn signed_rows(&self, index: usize) -> impl Iterator<Item = (usize, f64)> {
        let (sample, which) = (index / self.free_rows(), index % self.free_rows());
        let own = self.targets.class_indices()[sample] as usize;
        let rows = match self.sides {
            Sides::OneAgainstRest(class) => [Some((0, if own == class { 1.0 } else { -1.0 })), None],
            Sides::AllPairs => {
                let other = if which < own { which } else { which + 1 };
                let free = |class: usize, sign: f64| class.checked_sub(1).map(|row| (row, sign));
                [free(own, 1.0), free(other, -1.0)]
            }
        };
        rows.into_iter().flatten()
    }

    /// A margin over the unknowns in the user's units, not divided by the sample's norm.
    pub(super) fn user_row(&self, index: usize) -> Vec<f64> {
        let sample = index / self.free_rows();
        let numbers = with_last(self.dataset, sample..sample + 1, self.of_intercept());
        let mut row = vec![0.0; self.free_rows() * self.user_dimension()];
        for (place, sign) in self.signed_rows(index) {
            let entries = &mut row[place * numbers.len()..][..numbers.len()];
            entries.iter_mut().zip(&numbers).for_each(|(entry, number)| *entry = sign * number);
        }
        row
    }

    /// The same less the centre of each feature times the intercept's number.
    pub(super) fn centred_row(&self, index: usize) -> Vec<f64> {
        let mut row = self.user_row(index);
        for of_class in row.chunks_exact_mut(self.user_dimension()) {
            let (features, last) = of_class.split_at_mut(self.user_dimension() - 1);
            features
                .iter_mut()
                .zip(self.features.centre())
                .for_each(|(entry, centre)| *entry -= centre * last[0]);
        }
        row
    }

    fn margin_row(&self, index: usize, offset: f64) -> MarginRow {
        let sample = index / self.free_rows();
        let numbers = self.block(sample..sample + 1);
        let norm = self.norms[sample];
        let mut entries = Vec::with_capacity(2 * numbers.len());
        for (place, sign) in self.signed_rows(index) {
            let of_row = numbers.iter().enumerate();
            entries.extend(of_row.map(|(j, number)| (place * numbers.len() + j, sign * number / norm)));
        }
        MarginRow { entries, offset }
    }

    /// Mean of all margins, as a linear function of the unknowns.
    fn mean(&self) -> DVector<f64> {
        let dimension = self.dimension();
        let distinct = self.repeated.iter().filter(|&&repeated| !repeated).count();
        let per_row = 1.0 / (distinct * self.free_rows()) as f64;
        let mut total = DVector::zeros(self.unknowns());
        fold_sample_spans(
            self.targets.samples(),
            || DVector::zeros(self.unknowns()),
            |part, range| {
                let block = self.block(range.clone());
                let distinct =
                    range.zip(block.chunks_exact(dimension)).filter(|&(sample, _)| !self.repeated[sample]);
                for (sample, numbers) in distinct {
                    for which in 0..self.free_rows() {
                        for (place, sign) in self.signed_rows(sample * self.free_rows() + which) {
                            let entries = part.as_mut_slice()[place * dimension..].iter_mut();
                            let weight = per_row * sign / self.norms[sample];
                            entries.zip(numbers).for_each(|(entry, number)| *entry += weight * number);
                        }
                    }
                }
            },
            |part| total += part,
        );
        total
    }

    /// All margins under a direction in the coordinates of the solver, sample by sample.
    fn evaluate(&self, unknowns: &[f64]) -> Vec<f64> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        self.of_scores(
            self.dimension(),
            |range| self.block(range),
            |sample, row| dot(sample, &unknowns[row * self.dimension()..][..self.dimension()]),
        )
    }

    /// All margins under a direction in the user's units, each product with its rounding error.
    fn evaluate_head(&self, head: &Head) -> Vec<f64> {
        let fixed = self.rows() - self.free_rows();
        self.of_scores(
            self.user_dimension(),
            |range| with_last(self.dataset, range, self.of_intercept()),
            |sample, row| {
                let row = row + fixed;
                let mut sum = Sum::default();
                for (&number, &weight) in sample.iter().zip(head.coefficients.row(row).iter()) {
                    let (product, lost) = two_product(number, weight);
                    sum.add(product);
                    sum.add(lost);
                }
                sum.add(head.intercepts[row]);
                sum.value()
            },
        )
    }

    /// Margins from the scores of the free rows, which read so many numbers of each sample.
    fn of_scores(
        &self,
        width: usize,
        block: impl Fn(Range<usize>) -> Vec<f64> + Sync,
        score: impl Fn(&[f64], usize) -> f64 + Sync,
    ) -> Vec<f64> {
        let parts = map_sample_chunks(self.targets.samples(), |range| {
            let numbers = block(range.clone());
            let mut margins = Vec::with_capacity(range.len() * self.free_rows());
            for (sample, numbers) in range.zip(numbers.chunks_exact(width)) {
                let scores: Vec<f64> = (0..self.free_rows()).map(|row| score(numbers, row)).collect();
                for which in 0..self.free_rows() {
                    let rows = self.signed_rows(sample * self.free_rows() + which);
                    let margin: f64 = rows.map(|(row, sign)| sign * scores[row]).sum();
                    margins.push(margin / self.norms[sample]);
                }
            }
            margins
        });
        parts.concat()
    }

    /// For every margin whether linear programs leave it out.
    fn left_out(&self) -> Vec<bool> {
        self.repeated.iter().flat_map(|&repeated| std::iter::repeat_n(repeated, self.free_rows())).collect()
    }

    /// The direction of given mean margin whose least margin is largest, by constraint generation: solve over some
    /// margins, add those below what comes out, until there are none. `None` where classes clearly overlap.
    pub(super) fn nearest_to_separation(&self) -> Option<Nearest> {
        let mean = self.mean();
        let size = mean.norm();
        if size == 0.0 {
            return None;
        }
        let start = &mean / size;
        let mut at_hand = self.evaluate(start.as_slice());
        let mut included = self.left_out();
        let mut rows: Vec<MarginRow> = Vec::new();
        let mut threshold = f64::INFINITY;
        for _ in 0..MAX_ROUNDS {
            for index in lowest(&at_hand, threshold, &included, 2 * self.unknowns() + 64) {
                included[index] = true;
                rows.push(self.margin_row(index, 0.0));
            }
            let program = LeastMargin { rows: &rows, total: &mean, sum: size, bound: BOUND };
            let best = program.maximise()?;
            // More constraints only lower it.
            if best.least < -LP_ZERO {
                return None;
            }
            at_hand = self.evaluate(&best.unknowns);
            // A least margin of half the program's is positive, which suffices.
            threshold = if best.least > LP_ZERO { 0.5 * best.least } else { best.least - LP_ZERO };
            if lowest(&at_hand, threshold, &included, 1).is_empty() {
                let head = self.head(&best.unknowns);
                return Some(Nearest { unknowns: best.unknowns, head, margins: at_hand });
            }
        }
        None
    }

    /// Enlarges the least margin within an ever smaller distance of a direction, where the linear program sees differences that
    /// were below its tolerance before. `None` where classes turn out to overlap.
    pub(super) fn sharpened(&self, nearest: Nearest) -> Option<Nearest> {
        /// Fraction of the largest margin within which an overlap may be rounding.
        const ROUNDING: f64 = 1e-11;
        let mean = self.mean();
        let mut nearest = nearest;
        for radius in RADII {
            let exact = self.evaluate_head(&nearest.head);
            let least = exact.iter().copied().fold(f64::INFINITY, f64::min);
            // Rows have unit norm, two of them at most.
            let within = least + 4.0 * (self.unknowns() as f64).sqrt() * radius;
            let some = lowest(&exact, within, &self.left_out(), 20 * self.unknowns() + 2000);
            let rows: Vec<MarginRow> = some
                .into_iter()
                .map(|index| self.margin_row(index, (exact[index] - least) / radius))
                .collect();
            let program = LeastMargin { rows: &rows, total: &mean, sum: 0.0, bound: 1.0 };
            let Some(best) = program.maximise() else { break };
            let moved = nearest.unknowns.iter().zip(&best.unknowns);
            let unknowns: Vec<f64> = moved.map(|(entry, step)| entry + radius * step).collect();
            let head = self.head(&unknowns);
            let margins = self.evaluate_head(&head);
            let reached = margins.iter().copied().fold(f64::INFINITY, f64::min);
            if reached > least {
                nearest = Nearest { unknowns, head, margins };
            }
            if reached > 0.0 {
                break;
            }
        }
        let least = nearest.margins.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = nearest.margins.iter().copied().fold(0.0, f64::max);
        (least > -ROUNDING * largest).then_some(nearest)
    }
}

/// The lowest margins below a threshold that are not included yet.
fn lowest(margins: &[f64], threshold: f64, included: &[bool], most: usize) -> Vec<usize> {
    let mut below: Vec<usize> =
        (0..margins.len()).filter(|&index| !included[index] && margins[index] < threshold).collect();
    let order = |&a: &usize, &b: &usize| margins[a].total_cmp(&margins[b]).then(a.cmp(&b));
    if below.len() > most && most > 0 {
        below.select_nth_unstable_by(most - 1, order);
        below.truncate(most);
    }
    below.sort_by(order);
    below
}

/// One margin: `entries . v + offset`, the entries with the places of their unknowns.
#[derive(Debug, Clone)]
struct MarginRow {
    entries: Vec<(usize, f64)>,
    offset: f64,
}

/// The solution of a [`LeastMargin`].
#[derive(Debug)]
struct Optimum {
    unknowns: Vec<f64>,
    /// The least margin, negative where they cannot all be positive.
    least: f64,
}

/// Maximises the least margin over `v` with `total . v = sum` and `|v_j| <= bound`.
///
/// The equation fixes the size of `v`, so that the zero vector is no answer.
#[derive(Debug)]
struct LeastMargin<'a> {
    rows: &'a [MarginRow],
    total: &'a DVector<f64>,
    sum: f64,
    bound: f64,
}

impl LeastMargin<'_> {
    /// `None` where the equation cannot be met, or rounding errors hide the optimum.
    fn maximise(&self) -> Option<Optimum> {
        let unknowns = self.total.len();
        // One more unknown, the least margin `t`: -row . v + t <= offset.
        let margin = |row: &MarginRow| Inequality {
            entries: row
                .entries
                .iter()
                .map(|&(unknown, entry)| (unknown, -entry))
                .chain([(unknowns, 1.0)])
                .collect(),
            most: row.offset,
        };
        let bounds = (0..unknowns).flat_map(|unknown| {
            [1.0, -1.0].map(|sign| Inequality { entries: vec![(unknown, sign)], most: self.bound })
        });
        let mut cost = DVector::zeros(unknowns + 1);
        cost[unknowns] = -1.0;
        let total = self.total.push(0.0);
        let program = LinearProgram {
            cost,
            inequalities: self.rows.iter().map(margin).chain(bounds).collect(),
            equation: Some((total, self.sum)),
            tolerance: 1e-10,
        };
        let solution = program.minimise()?;
        let least = solution[unknowns];
        Some(Optimum { unknowns: solution.as_slice()[..unknowns].to_vec(), least })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two margins, `v_0` and `c - v_0`, whose least is largest halfway; `v_1` is tied to 1.
    #[test]
    fn the_least_margin_is_made_largest() {
        let row = |entries: &[(usize, f64)], offset| MarginRow { entries: entries.to_vec(), offset };
        let total = DVector::from_vec(vec![0.0, 2.0]);
        for (offset, least) in [(3.0, 1.5), (-1.0, -0.5)] {
            let rows = [row(&[(0, 1.0)], 0.0), row(&[(0, -1.0)], offset)];
            let program = LeastMargin { rows: &rows, total: &total, sum: 2.0, bound: 10.0 };
            let best = program.maximise().expect("an optimum");
            assert!((best.least - least).abs() < 1e-8, "{best:?}");
            assert!((best.unknowns[0] - least).abs() < 1e-7 && (best.unknowns[1] - 1.0).abs() < 1e-8);
        }
        let out_of_reach = LeastMargin { rows: &[], total: &total, sum: 100.0, bound: 10.0 };
        assert!(out_of_reach.maximise().is_none());
    }
}
