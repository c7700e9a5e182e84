//! Separability: when no finite minimiser exists, a direction that proves it (Albert and Anderson 1984).
//!
//! Along a direction in which no margin falls and some grow, the loss falls without end. Candidates are computed in
//! floating point: single features against a threshold, the present head of the search, a linear program, and heads of
//! few bits near its solution. None of them is trusted: a separation is reported only if every margin, computed exactly
//! on the user's numbers, has the right sign. Where the linear program sees no difference from an overlap, one over whole numbers
//! finds what separates a small table, and positive weights that balance the margins may prove that there is an overlap.

mod exact;
mod kernel;
mod margins;
mod overlap;
mod proof;
mod repeated;
mod thresholds;

use super::pass::ScaledFeatures;
use super::problem::Intercept;
use super::solution::Head;
use crate::data::Dataset;
use crate::loss::Targets;
use margins::{Margins, Nearest};
use proof::prove;
use repeated::{coordinates_of_distinct, repeated};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
pub use thresholds::{FeatureValues, GivenAway};
use thresholds::{Thresholds, Wanted};

/// Linear programs with more unknowns are not attempted.
const MAX_UNKNOWNS: usize = 4000;
/// A linear program whose unknowns and samples multiply to at most this takes milliseconds.
const QUICKLY_PROGRAMMED: usize = 1 << 16;
/// Limit on the numbers read by the linear programs of all classes; beyond it, only single features are checked.
const MAX_NUMBERS: u128 = 1 << 31;

/// Upper bound on the numbers in a linear program of so many unknowns.
pub(super) fn largest_program(unknowns: usize) -> u128 {
    let unknowns = unknowns.min(MAX_UNKNOWNS) as u128;
    16 * unknowns * unknowns
}

/// How far a direction sets the classes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeparationKind {
    /// Every sample lies strictly on its own side.
    Complete,
    /// No sample lies on the wrong side, some lie on the border.
    Quasi,
}

/// Who is to lie on which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sides {
    /// Samples of one class above zero, all others below.
    OneAgainstRest(usize),
    /// Each sample's own logit above each other: `K - 1` margins a sample.
    AllPairs,
}

/// A direction with exactly computed margins: none is negative, some are positive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Separation {
    pub(super) kind: SeparationKind,
    pub(super) sides: Sides,
    /// In the user's units: one row (its class above, the rest below), or one row per class.
    pub(super) direction: Head,
    /// Samples with a positive margin.
    pub(super) samples: usize,
    /// The sum of their weights.
    pub(super) size: f64,
    /// Classes those samples belong to.
    pub(super) classes: Vec<usize>,
    /// Single features, or differences of two, that separate by themselves.
    pub(super) given_away: Vec<GivenAway>,
    /// The classes that a row of their own sets apart from all others, where the direction is made of such rows.
    pub(super) by_class: Vec<Separation>,
}

/// What a search for a separating direction came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SeparationOutcome {
    /// There is one.
    Proved(Box<Separation>),
    /// Classes overlap or are apart by less than floating point can resolve.
    Undecided,
    /// There is one in whole numbers, and none was found in doubles.
    Unprintable,
    /// None was found, or there is none.
    None,
}

/// How hard to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thoroughness {
    /// Only checks that cost a pass over the data, for complete separation.
    Glance,
    /// Also by linear programs, and for separation of some samples.
    Thorough,
}

/// Searches for separating directions on one data set; measurements that several searches need are taken once.
#[derive(Debug)]
pub(super) struct SeparationSearch<'a> {
    dataset: &'a Dataset,
    /// The samples in the coordinates of the search for a minimiser.
    features: &'a ScaledFeatures<'a>,
    /// Without intercepts no threshold is free but zero: only heads are looked at.
    intercept: Intercept,
    measured: Box<KnownFeatures<'a>>,
}

/// What is known of the features so far.
#[derive(Debug, Default)]
struct KnownFeatures<'a> {
    thresholds: OnceLock<Thresholds>,
    nearly_equal: OnceLock<Thresholds>,
    repeated: OnceLock<Vec<bool>>,
    /// Features in the coordinates of the samples that repeat no other, where these are coordinates of their own.
    distinct: OnceLock<Option<ScaledFeatures<'a>>>,
    /// What thorough looks have come to that proved no separation.
    looked: Mutex<Vec<(Sides, Verdict)>>,
}

/// What a thorough look comes to that proves no separation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Classes overlap, as far as was found out.
    Overlap,
    /// A linear program found a border that could not be proved.
    Undecided,
    /// Whole numbers separate classes, and no doubles were found that do.
    Unprintable,
}

impl<'a> SeparationSearch<'a> {
    /// `features` are those of `dataset` without a penalty.
    pub(super) fn new(dataset: &'a Dataset, features: &'a ScaledFeatures<'a>) -> Self {
        Self { dataset, features, intercept: features.intercept(), measured: Box::default() }
    }

    /// Separation by a single feature against a threshold.
    fn by_feature(&self, targets: &Targets, sides: Sides, wanted: Wanted) -> Option<Separation> {
        if self.intercept == Intercept::None {
            return None;
        }
        let measured = &self.measured.thresholds;
        let thresholds = measured.get_or_init(|| Thresholds::of_features(self.dataset, targets));
        thresholds.separation(self.dataset, targets, sides, wanted)
    }

    /// Searches for a direction that separates classes; `head` is the present head of the search for a minimiser.
    pub(super) fn find(
        &self,
        targets: &Targets,
        sides: Sides,
        head: Head,
        effort: Thoroughness,
    ) -> SeparationOutcome {
        let found = self.at_a_glance(targets, sides, head);
        if let Some(found) = found {
            return SeparationOutcome::Proved(Box::new(found));
        }
        match (effort, sides) {
            (Thoroughness::Glance, _) => SeparationOutcome::None,
            (Thoroughness::Thorough, Sides::OneAgainstRest(_)) => self.thoroughly(targets, sides),
            (Thoroughness::Thorough, Sides::AllPairs) => {
                let alone = self.classes_alone(targets);
                match self.joined(targets, alone) {
                    Some(found) => SeparationOutcome::Proved(Box::new(found)),
                    None => self.thoroughly(targets, sides),
                }
            }
        }
    }

    /// Of a search that converged: differences of nearly equal features; undecided where an earlier look was, since the
    /// gradient of separable data vanishes to rounding too, far out.
    pub(super) fn find_where_converged(&self, targets: &Targets, sides: Sides) -> SeparationOutcome {
        match self.find_in_differences(targets, sides) {
            SeparationOutcome::None if self.has_come_to(sides, Verdict::Unprintable) => {
                SeparationOutcome::Unprintable
            }
            SeparationOutcome::None if self.has_come_to(sides, Verdict::Undecided) => {
                SeparationOutcome::Undecided
            }
            verdict => verdict,
        }
    }

    /// Differences of nearly equal features, which floating point treats as zero.
    fn find_in_differences(&self, targets: &Targets, sides: Sides) -> SeparationOutcome {
        if self.intercept == Intercept::None {
            return SeparationOutcome::None;
        }
        let differences =
            self.measured.nearly_equal.get_or_init(|| Thresholds::of_differences(self.dataset, targets));
        let found = differences.separation(self.dataset, targets, sides, Wanted::Any);
        found.map_or(SeparationOutcome::None, |found| SeparationOutcome::Proved(Box::new(found)))
    }

    /// Complete separation by a single feature or by the head at hand.
    fn at_a_glance(&self, targets: &Targets, sides: Sides, head: Head) -> Option<Separation> {
        let complete = |found: &Separation| found.kind == SeparationKind::Complete;
        self.by_feature(targets, sides, Wanted::Complete).or_else(|| {
            let head = match self.intercept {
                Intercept::Free => proof::centred(self.dataset, targets, sides, head),
                Intercept::None => head,
            };
            let found = prove(self.dataset, targets, sides, head).filter(complete)?;
            Some(self.of_widest_margin(targets, sides).filter(complete).unwrap_or(found))
        })
    }

    /// Whether a linear program for so many rows of a direction takes milliseconds.
    pub(super) fn is_quick(&self, targets: &Targets, rows: usize) -> bool {
        rows * self.features.dimension() * targets.samples() <= QUICKLY_PROGRAMMED
    }

    /// The direction whose least margin is largest, where the linear program is small. The head at hand shows how a search went;
    /// this one depends on the samples alone.
    fn of_widest_margin(&self, targets: &Targets, sides: Sides) -> Option<Separation> {
        let rows = match sides {
            Sides::OneAgainstRest(_) => 1,
            Sides::AllPairs => (targets.classes() - 1).max(1),
        };
        // Before the margins are laid out, which takes passes over the data.
        if !self.is_quick(targets, rows) {
            return None;
        }
        let nearest = self.margins(targets, sides).nearest_to_separation()?;
        prove(self.dataset, targets, sides, nearest.head)
    }

    fn margins<'b>(&'b self, targets: &'b Targets, sides: Sides) -> Margins<'b> {
        let repeated = self.measured.repeated.get_or_init(|| repeated(self.dataset));
        let distinct = self.measured.distinct.get_or_init(|| {
            let coordinates = coordinates_of_distinct(self.dataset, repeated, self.intercept)?;
            Some(ScaledFeatures::new(self.dataset, &Arc::new(coordinates)))
        });
        Margins::new(self.dataset, distinct.as_ref().unwrap_or(self.features), targets, sides, repeated)
    }

    fn thoroughly(&self, targets: &Targets, sides: Sides) -> SeparationOutcome {
        if let Some(found) = self.by_feature(targets, sides, Wanted::Any) {
            return SeparationOutcome::Proved(Box::new(found));
        }
        if let found @ SeparationOutcome::Proved(_) = self.find_in_differences(targets, sides) {
            return found;
        }
        // One feature separates by a threshold or not at all, and thresholds are compared exactly.
        let two_sides = targets.classes() == 2 || matches!(sides, Sides::OneAgainstRest(_));
        if self.dataset.dimension() <= 1 && two_sides && self.intercept == Intercept::Free {
            return SeparationOutcome::None;
        }
        if self.has_come_to(sides, Verdict::Overlap) {
            return SeparationOutcome::None;
        }
        let margins = self.margins(targets, sides);
        if margins.unknowns() > MAX_UNKNOWNS {
            return SeparationOutcome::Undecided;
        }
        let programmed = self.programmed(&margins, targets, sides);
        if let SeparationOutcome::Proved(_) = programmed {
            return programmed;
        }
        let outcome = match self.exactly(&margins, targets, sides) {
            SeparationOutcome::None
                if programmed == SeparationOutcome::Undecided && !overlap::is_proved(&margins) =>
            {
                SeparationOutcome::Undecided
            }
            found => found,
        };
        match outcome {
            SeparationOutcome::None => self.note(sides, Verdict::Overlap),
            SeparationOutcome::Undecided => self.note(sides, Verdict::Undecided),
            SeparationOutcome::Unprintable => self.note(sides, Verdict::Unprintable),
            SeparationOutcome::Proved(_) => {}
        }
        outcome
    }

    fn has_come_to(&self, sides: Sides, verdict: Verdict) -> bool {
        self.measured.looked.lock().unwrap_or_else(PoisonError::into_inner).contains(&(sides, verdict))
    }

    fn note(&self, sides: Sides, verdict: Verdict) {
        self.measured.looked.lock().unwrap_or_else(PoisonError::into_inner).push((sides, verdict));
    }

    /// What a linear program in floating point shows; undecided where it sees a border that could not be proved.
    fn programmed(&self, margins: &Margins, targets: &Targets, sides: Sides) -> SeparationOutcome {
        let Some(nearest) = margins.nearest_to_separation() else { return SeparationOutcome::None };
        if let Some(found) = self.proved_near(margins, &nearest, targets, sides) {
            return SeparationOutcome::Proved(Box::new(found));
        }
        let Some(nearest) = margins.sharpened(nearest) else { return SeparationOutcome::None };
        let found = self.proved_near(margins, &nearest, targets, sides);
        found.map_or(SeparationOutcome::Undecided, |found| SeparationOutcome::Proved(Box::new(found)))
    }

    /// What a linear program over whole numbers shows of a small table: where classes are separate, by more than the rounding of the
    /// table's numbers, no direction in doubles may prove it, as where samples of both classes share points of decimals.
    fn exactly(&self, margins: &Margins, targets: &Targets, sides: Sides) -> SeparationOutcome {
        let Some(widest) = exact::widest_direction(margins) else { return SeparationOutcome::None };
        let unknowns: Vec<f64> = widest.unknowns.iter().map(|&(rounded, _)| rounded).collect();
        let itself = std::iter::once_with(|| margins.head_of_user_unknowns(&unknowns));
        let near = kernel::directions(margins, &widest.unknowns, &widest.border);
        let mut heads = itself.chain(near.into_iter().flatten());
        match heads.find_map(|head| prove(self.dataset, targets, sides, head)) {
            Some(found) => SeparationOutcome::Proved(Box::new(found)),
            None if widest.is_rounding => SeparationOutcome::None,
            None => SeparationOutcome::Unprintable,
        }
    }

    /// A proof by the direction itself, or by one near it that leaves samples on the border exactly there.
    fn proved_near(
        &self,
        margins: &Margins,
        nearest: &Nearest,
        targets: &Targets,
        sides: Sides,
    ) -> Option<Separation> {
        let itself = std::iter::once_with(|| nearest.head.clone());
        let mut heads = itself.chain(kernel::directions_near(margins, nearest));
        heads.find_map(|head| prove(self.dataset, targets, sides, head))
    }

    /// The classes that a row of their own sets apart from all others; with two classes, that is the whole question.
    fn classes_alone(&self, targets: &Targets) -> Vec<Separation> {
        if targets.classes() < 3 {
            return Vec::new();
        }
        let wide = |size: usize| size as u128;
        let numbers = wide(targets.classes()) * wide(targets.samples()) * wide(self.dataset.dimension() + 1);
        let of_class = |class| {
            let sides = Sides::OneAgainstRest(class);
            if numbers > MAX_NUMBERS {
                return self.by_feature(targets, sides, Wanted::Any);
            }
            match self.thoroughly(targets, sides) {
                SeparationOutcome::Proved(found) => Some(*found),
                SeparationOutcome::Undecided | SeparationOutcome::Unprintable | SeparationOutcome::None => {
                    None
                }
            }
        };
        let occurring = (0..targets.classes()).filter(|&class| targets.counts()[class] > 0);
        without_the_others_sides(occurring.filter_map(of_class).collect())
    }

    /// Rows that each set one class apart, together a head that sets all of these apart.
    fn joined(&self, targets: &Targets, by_class: Vec<Separation>) -> Option<Separation> {
        let first = by_class.first()?;
        let mut direction = Head {
            coefficients: nalgebra::DMatrix::zeros(targets.classes(), self.dataset.dimension()),
            intercepts: vec![0.0; targets.classes()],
        };
        for own in &by_class {
            let Sides::OneAgainstRest(class) = own.sides else { continue };
            direction.coefficients.row_mut(class).copy_from(&own.direction.coefficients.row(0));
            direction.intercepts[class] = own.direction.intercepts[0];
        }
        let given_away = if by_class.len() == 1 { first.given_away.clone() } else { Vec::new() };
        let found = prove(self.dataset, targets, Sides::AllPairs, direction)?;
        Some(Separation { given_away, by_class, ..found })
    }
}

/// Leaves out classes that only seem separated because another class is: where all samples with s = 1 belong to class
/// c, no other class has such samples, but without c nothing is separated.
fn without_the_others_sides(by_class: Vec<Separation>) -> Vec<Separation> {
    let stands_out = |found: &&Separation| match found.sides {
        Sides::OneAgainstRest(class) => found.classes.contains(&class),
        Sides::AllPairs => false,
    };
    let outstanding: Vec<Sides> = by_class.iter().filter(stands_out).map(|found| found.sides).collect();
    let is_outstanding = |class: usize| outstanding.contains(&Sides::OneAgainstRest(class));
    let stays = |found: &Separation| {
        outstanding.contains(&found.sides) || found.classes.iter().any(|&class| !is_outstanding(class))
    };
    by_class.into_iter().filter(stays).collect()
}
