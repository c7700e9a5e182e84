//! Separability: when no finite minimiser exists, a direction that proves it (Albert and Anderson 1984).
//!
//! A head direction with every margin `>= 0` and some `> 0` lets the loss fall for ever. Complete separation is
//! read off the current logits; quasi-complete separation needs a linear program, `max sum of margins` subject to
//! `margins >= 0` in a box (Konis 2007), solved over the few constraints that matter. Whatever is returned has been
//! checked by multiplication.

use super::linear_program::maximise;
use super::scaled_features::ScaledFeatures;
use super::span::Span;
use crate::loss::Targets;
use crate::numeric::{map_sample_chunks, over_sample_spans};
use nalgebra::{DMatrix, DVector};

/// Margins below this (features of unit spread, directions of unit size) are zero to the linear program.
const LP_ZERO: f64 = 1e-6;
/// What rounding may leave of a margin that is exactly zero.
const ROUNDED_ZERO: f64 = 1e-10;
/// A margin that counts as positive in a certificate.
const POSITIVE: f64 = 1e-7;
/// Linear programs with more unknowns are not attempted.
const MOST_UNKNOWNS: usize = 4000;

/// Numbers that the linear program of so many unknowns is made of at most, and the span that sharpens its answer.
pub(super) fn largest_program(unknowns: usize) -> u128 {
    let unknowns = unknowns.min(MOST_UNKNOWNS) as u128;
    16 * unknowns * unknowns
}

/// How far the classes can be told apart by a linear head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeparationKind {
    /// Every sample lies strictly on its own side.
    Complete,
    /// No sample lies on the wrong side, some lie on the border.
    Quasi,
}

/// A proof that no finite minimiser exists, in scaled coordinates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Separation {
    pub(super) kind: SeparationKind,
    /// The logit column that separates (one-vs-all losses), or `None` when the direction spans all columns.
    pub(super) column: Option<usize>,
    /// Columns as in the head, or the one column, `D x Q`.
    pub(super) direction: DMatrix<f64>,
    /// Samples with a strictly positive margin.
    pub(super) samples: usize,
    /// The sum of their weights.
    pub(super) size: f64,
    /// Classes those samples belong to.
    pub(super) classes: Vec<usize>,
}

/// Who is to lie on which side.
#[derive(Debug, Clone, Copy)]
enum Sides {
    /// Samples of one class above zero, all others below.
    OneAgainstRest(usize),
    /// Each sample's own logit above each other: `K - 1` margins a sample.
    AllPairs,
}

/// The margins of every sample as linear functions of a head direction, each divided by the sample's norm.
pub(super) struct Margins<'a> {
    features: &'a ScaledFeatures<'a>,
    targets: &'a Targets,
    sides: Sides,
    norms: Vec<f64>,
}

impl<'a> Margins<'a> {
    pub(super) fn one_against_rest(
        features: &'a ScaledFeatures<'a>,
        targets: &'a Targets,
        class: usize,
    ) -> Self {
        Self::new(features, targets, Sides::OneAgainstRest(class))
    }

    pub(super) fn all_pairs(features: &'a ScaledFeatures<'a>, targets: &'a Targets) -> Self {
        Self::new(features, targets, Sides::AllPairs)
    }

    fn new(features: &'a ScaledFeatures<'a>, targets: &'a Targets, sides: Sides) -> Self {
        let norms = features.norms();
        Self { features, targets, sides, norms }
    }

    /// Rows of a direction.
    fn rows(&self) -> usize {
        match self.sides {
            Sides::OneAgainstRest(_) => 1,
            Sides::AllPairs => self.targets.classes(),
        }
    }

    /// Unknowns of the linear program; in the all-pairs case row 0 is fixed at zero, since only differences count.
    fn unknowns(&self) -> usize {
        let free_rows = if self.rows() == 1 { 1 } else { self.rows() - 1 };
        free_rows * self.features.dimension()
    }

    fn direction(&self, unknowns: &[f64]) -> DMatrix<f64> {
        let dimension = self.features.dimension();
        let fixed = self.rows() - unknowns.len() / dimension;
        DMatrix::from_fn(dimension, self.rows(), |entry, row| {
            if row < fixed { 0.0 } else { unknowns[(row - fixed) * dimension + entry] }
        })
    }

    fn per_sample(&self) -> usize {
        if self.rows() == 1 { 1 } else { self.rows() - 1 }
    }

    fn class_of(&self, sample: usize) -> usize {
        self.targets.of_sample()[sample] as usize
    }

    /// All margins under a direction, sample by sample.
    fn evaluate(&self, direction: &DMatrix<f64>) -> Vec<f64> {
        let columns: Vec<usize> = (0..self.rows()).collect();
        let parts = map_sample_chunks(self.features.samples(), |range| {
            let (mut scratch, mut scores) = (Vec::new(), Vec::new());
            let block = self.features.block(range.clone(), &mut scratch);
            self.features.block_logits(block, &range, direction, &columns, &mut scores);
            let mut margins = Vec::with_capacity(range.len() * self.per_sample());
            for (index, sample) in range.clone().enumerate() {
                self.push_margins(sample, |row| scores[row * range.len() + index], &mut margins);
            }
            margins
        });
        parts.concat()
    }

    fn push_margins(&self, sample: usize, score: impl Fn(usize) -> f64, margins: &mut Vec<f64>) {
        let (own, norm) = (self.class_of(sample), self.norms[sample]);
        match self.sides {
            Sides::OneAgainstRest(class) => {
                margins.push(if own == class { score(0) } else { -score(0) } / norm);
            }
            Sides::AllPairs => {
                let others = (0..self.rows()).filter(|&class| class != own);
                margins.extend(others.map(|class| (score(own) - score(class)) / norm));
            }
        }
    }

    /// Coefficients of one margin over the unknowns.
    fn constraint(&self, index: usize) -> DVector<f64> {
        let mut row = DVector::zeros(self.unknowns());
        let sample = index / self.per_sample();
        self.add_constraint(index, &self.features.sample(sample), &mut row);
        row
    }

    /// Adds the coefficients of one margin, of a sample with the given features, to a row over the unknowns.
    fn add_constraint(&self, index: usize, features: &[f64], row: &mut DVector<f64>) {
        let (sample, which) = (index / self.per_sample(), index % self.per_sample());
        let own = self.class_of(sample);
        let mut add = |place: usize, sign: f64| {
            let share = sign / self.norms[sample];
            let entries = row.as_mut_slice()[place * features.len()..].iter_mut();
            entries.zip(features).for_each(|(entry, feature)| *entry += share * feature);
        };
        match self.sides {
            Sides::OneAgainstRest(class) => add(0, if own == class { 1.0 } else { -1.0 }),
            Sides::AllPairs => {
                let other = if which < own { which } else { which + 1 };
                for (class, sign) in [(own, 1.0), (other, -1.0)] {
                    if class > 0 {
                        add(class - 1, sign);
                    }
                }
            }
        }
    }

    /// Sum of all constraints: the linear program's objective.
    fn objective(&self) -> DVector<f64> {
        let mut total = DVector::zeros(self.unknowns());
        over_sample_spans(
            self.features.samples(),
            || DVector::zeros(self.unknowns()),
            |part, range| {
                let mut scratch = Vec::new();
                let block = self.features.block(range.clone(), &mut scratch);
                for (sample, features) in range.zip(block.chunks_exact(self.features.dimension())) {
                    for which in 0..self.per_sample() {
                        self.add_constraint(sample * self.per_sample() + which, features, part);
                    }
                }
            },
            |part| total += part,
        );
        total
    }

    /// The current head as a direction; in the one-against-rest case its intercept is put midway between the sides.
    fn centred(&self, head: &DMatrix<f64>) -> DMatrix<f64> {
        let mut direction = head.clone();
        if let Sides::OneAgainstRest(class) = self.sides {
            let scores = self.features.logits(head);
            let (mut above, mut below) = (f64::INFINITY, f64::NEG_INFINITY);
            for (sample, &score) in scores.iter().enumerate() {
                if self.class_of(sample) == class {
                    above = above.min(score);
                } else {
                    below = below.max(score);
                }
            }
            let intercept = self.features.dimension() - 1;
            direction[(intercept, 0)] -= f64::midpoint(above, below);
        }
        let size = direction.amax();
        if size > 0.0 { direction / size } else { direction }
    }

    /// The certificate for a direction, if multiplication confirms it.
    fn certify(&self, direction: DMatrix<f64>) -> Option<Separation> {
        let margins = self.evaluate(&direction);
        if margins.iter().any(|&margin| margin < -ROUNDED_ZERO) {
            return None;
        }
        let mut separated = vec![false; self.features.samples()];
        for (index, &margin) in margins.iter().enumerate() {
            separated[index / self.per_sample()] |= margin > POSITIVE;
        }
        let samples = separated.iter().filter(|&&is| is).count();
        if samples == 0 {
            return None;
        }
        let mut of_class = vec![false; self.targets.classes()];
        (0..separated.len())
            .filter(|&sample| separated[sample])
            .for_each(|i| of_class[self.class_of(i)] = true);
        let complete = margins.iter().all(|&margin| margin > POSITIVE);
        Some(Separation {
            kind: if complete { SeparationKind::Complete } else { SeparationKind::Quasi },
            column: None,
            direction,
            samples,
            size: (0..separated.len()).filter(|&i| separated[i]).map(|i| self.targets.sample_weight(i)).sum(),
            classes: (0..of_class.len()).filter(|&class| of_class[class]).collect(),
        })
    }

    /// The direction with the rounding of a linear program removed: margins that are zero to it become exactly so.
    ///
    /// A few of those span them all, as a rule; where they do not, the ones that come out negative are taken in.
    fn sharpen(&self, unknowns: &[f64], margins: &[f64]) -> Option<DMatrix<f64>> {
        let zero: Vec<usize> = (0..margins.len()).filter(|&index| margins[index] <= LP_ZERO).collect();
        let mut span = Span::new(self.unknowns());
        let enough = self.unknowns() + 64;
        let mut taken: Vec<usize> =
            zero.iter().copied().step_by(zero.len().div_ceil(enough).max(1)).collect();
        loop {
            let before = span.size();
            taken.iter().for_each(|&index| span.include(self.constraint(index)));
            if !taken.is_empty() && span.size() == before || span.size() == self.unknowns() {
                return None;
            }
            let direction = self.direction(span.off(DVector::from_column_slice(unknowns)).as_slice());
            let sharpened = self.evaluate(&direction);
            taken = zero.iter().copied().filter(|&index| sharpened[index] < -ROUNDED_ZERO).collect();
            if taken.is_empty() {
                return Some(direction);
            }
            taken.sort_by(|&a, &b| sharpened[a].total_cmp(&sharpened[b]).then(a.cmp(&b)));
            taken.truncate(enough);
        }
    }
}

/// Looks for a separating direction: first at the current head, then, if `thorough`, by linear programming.
pub(super) fn find_separation(margins: &Margins, head: &DMatrix<f64>, thorough: bool) -> Option<Separation> {
    let start = margins.centred(head);
    if let Some(found) = margins.certify(start.clone())
        && found.kind == SeparationKind::Complete
    {
        return Some(found);
    }
    if thorough && margins.unknowns() <= MOST_UNKNOWNS { by_linear_program(margins, &start) } else { None }
}

/// What a linear program maximises over directions in a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// The least margin: positive exactly when separation is complete.
    Least,
    /// The sum of margins that are all non-negative: positive exactly when there is any separation.
    Sum,
}

impl Aim {
    fn objective(self, margins: &Margins) -> DVector<f64> {
        match self {
            Self::Sum => margins.objective(),
            // One more unknown, the least margin itself.
            Self::Least => {
                DVector::from_fn(margins.unknowns() + 1, |entry, _| f64::from(entry == margins.unknowns()))
            }
        }
    }

    fn constraint(self, margins: &Margins, index: usize) -> DVector<f64> {
        let row = margins.constraint(index);
        match self {
            Self::Sum => row,
            Self::Least => row.push(-1.0),
        }
    }
}

/// First for complete, then for quasi-complete separation.
fn by_linear_program(margins: &Margins, start: &DMatrix<f64>) -> Option<Separation> {
    let complete = generate_constraints(margins, start, Aim::Least)
        .and_then(|(unknowns, _)| margins.certify(margins.direction(&unknowns)));
    complete.or_else(|| {
        let (unknowns, at_hand) = generate_constraints(margins, start, Aim::Sum)?;
        margins.certify(margins.sharpen(&unknowns, &at_hand)?)
    })
}

/// Constraint generation: solve over a working set, add what is violated, until nothing is or no gain is left.
/// Returns the direction's unknowns and the margins under it.
fn generate_constraints(margins: &Margins, start: &DMatrix<f64>, aim: Aim) -> Option<(Vec<f64>, Vec<f64>)> {
    let objective = aim.objective(margins);
    let batch = 2 * margins.unknowns() + 64;
    let violated = -ROUNDED_ZERO.sqrt();
    let mut rows: Vec<DVector<f64>> = Vec::new();
    let mut at_hand = margins.evaluate(start);
    let mut included = vec![false; at_hand.len()];
    let mut threshold = f64::INFINITY;
    loop {
        let mut candidates: Vec<usize> =
            (0..at_hand.len()).filter(|&index| !included[index] && at_hand[index] < threshold).collect();
        if candidates.is_empty() {
            return None;
        }
        candidates.sort_by(|&a, &b| at_hand[a].total_cmp(&at_hand[b]).then(a.cmp(&b)));
        candidates.truncate(batch);
        for index in candidates {
            included[index] = true;
            rows.push(aim.constraint(margins, index));
        }
        let mut best = maximise(&objective, &rows)?;
        let gain = objective.dot(&DVector::from_column_slice(&best));
        if gain <= LP_ZERO {
            return None;
        }
        let least = if aim == Aim::Least { best.pop().unwrap_or(0.0) } else { 0.0 };
        at_hand = margins.evaluate(&margins.direction(&best));
        // A least margin only a little short of the program's is positive all the same.
        threshold = if aim == Aim::Least { 0.5 * least } else { violated };
        if at_hand.iter().all(|&margin| margin >= threshold) {
            return Some((best, at_hand));
        }
    }
}
