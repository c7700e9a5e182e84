//! Single features, and differences of nearly equal ones, that separate classes by themselves: on one side of a
//! threshold are samples of some classes only.

use super::proof::{prove, with_last};
use super::{Separation, Sides};
use crate::data::Dataset;
use crate::loss::Targets;
use crate::numeric::{sort_largest_first, two_sum};
use crate::solver::solution::Head;
use nalgebra::DMatrix;
use serde::Serialize;

/// Limit on the features for which a proof is tried.
const MAX_PROOFS: usize = 16;
/// Features whose difference is below this fraction of their size are nearly equal.
const NEARLY_EQUAL: f64 = 1e-6;
/// Samples that must agree before two features are compared on all samples.
const FIRST_SAMPLES: usize = 64;

/// Values of a feature on one side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureValues {
    /// One value only, such as the 1 of an indicator.
    EqualTo(f64),
    /// All values above this one.
    Above(f64),
    /// All values below this one.
    Below(f64),
}

/// Separation by a single feature: all samples with such values belong to these classes.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenAway {
    /// The feature.
    pub feature: usize,
    /// The feature that is subtracted, for a difference of two.
    pub minus: Option<usize>,
    /// The values.
    pub values: FeatureValues,
    /// Classes of the samples that have them.
    pub classes: Vec<usize>,
    /// How many these are.
    pub samples: f64,
}

impl GivenAway {
    /// In words: "every sample with s = 1 belongs to class b". Where many classes have such values but the one that the
    /// direction is `about` has none: "no sample with s = 1 belongs to class b".
    #[must_use]
    pub fn sentence(&self, feature_names: &[String], class_names: &[String], about: Option<usize>) -> String {
        /// Where there are more classes, those that are not among them are named, or they are only counted.
        const MAX_NAMED: usize = 3;
        let name =
            |names: &[String], place: usize| names.get(place).cloned().unwrap_or_else(|| place.to_string());
        let mut feature = name(feature_names, self.feature);
        if let Some(minus) = self.minus {
            feature += &format!(" - {}", name(feature_names, minus));
        }
        let values = match self.values {
            FeatureValues::EqualTo(value) => format!("= {value}"),
            FeatureValues::Above(threshold) => format!("> {threshold}"),
            FeatureValues::Below(threshold) => format!("< {threshold}"),
        };
        let named = |classes: &[usize]| {
            let names: Vec<String> = classes.iter().map(|&class| name(class_names, class)).collect();
            match names.as_slice() {
                [first @ .., last] if !first.is_empty() => format!("class {} or {last}", first.join(", ")),
                all => format!("class {}", all.join("")),
            }
        };
        if self.classes.len() <= MAX_NAMED {
            return format!("every sample with {feature} {values} belongs to {}", named(&self.classes));
        }
        let others: Vec<usize> =
            (0..class_names.len()).filter(|class| !self.classes.contains(class)).collect();
        if others.len() <= MAX_NAMED {
            return format!("no sample with {feature} {values} belongs to {}", named(&others));
        }
        if let Some(class) = about.filter(|class| others.contains(class)) {
            return format!("no sample with {feature} {values} belongs to {}", named(&[class]));
        }
        let count = self.classes.len();
        format!("every sample with {feature} {values} belongs to one of {count} classes")
    }
}

/// A feature, or the difference of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FeatureOrDifference {
    feature: usize,
    minus: Option<usize>,
}

impl FeatureOrDifference {
    /// The value of a sample; `None` where the difference is no double.
    fn value(self, sample: &[f64]) -> Option<f64> {
        let Some(minus) = self.minus else { return Some(sample[self.feature]) };
        let (difference, lost) = two_sum(sample[self.feature], -sample[minus]);
        (lost == 0.0).then_some(difference)
    }
}

/// The range of one class's values.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ValueRange {
    low: f64,
    high: f64,
}

impl ValueRange {
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    fn include(&mut self, value: f64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Complete,
    Any,
}

/// A threshold and the classes above it; all samples of the others are below, and some of either may lie upon it.
#[derive(Debug, Clone, PartialEq)]
struct Split {
    column: FeatureOrDifference,
    threshold: f64,
    above: Vec<bool>,
    /// No sample lies upon it.
    is_strict: bool,
}

/// Ranges of some columns, class by class.
#[derive(Debug)]
pub(super) struct Thresholds {
    columns: Vec<FeatureOrDifference>,
    classes: usize,
    /// Column by column.
    ranges: Vec<ValueRange>,
}

impl Thresholds {
    pub(super) fn of_features(dataset: &Dataset, targets: &Targets) -> Self {
        let columns = (0..dataset.dimension()).map(|feature| FeatureOrDifference { feature, minus: None });
        Self::of(dataset, targets, columns.collect())
    }

    /// Of the differences of features that nearly agree in every sample, but not in all exactly.
    pub(super) fn of_differences(dataset: &Dataset, targets: &Targets) -> Self {
        Self::of(dataset, targets, nearly_equal(dataset))
    }

    fn of(dataset: &Dataset, targets: &Targets, columns: Vec<FeatureOrDifference>) -> Self {
        let classes = targets.classes();
        let mut ranges = vec![ValueRange::EMPTY; columns.len() * classes];
        let mut exact = vec![true; columns.len()];
        if columns.is_empty() {
            return Self { columns, classes, ranges };
        }
        each_sample(dataset, |index, sample| {
            let class = targets.class_indices()[index] as usize;
            for (place, column) in columns.iter().enumerate() {
                match column.value(sample) {
                    Some(value) => ranges[place * classes + class].include(value),
                    None => exact[place] = false,
                }
            }
        });
        let ranges = ranges.into_iter().enumerate().filter(|(index, _)| exact[index / classes]);
        let ranges = ranges.map(|(_, range)| range).collect();
        let columns = columns.into_iter().zip(&exact).filter(|(_, exact)| **exact).map(|(column, _)| column);
        Self { columns: columns.collect(), classes, ranges }
    }

    /// The separation by a single column that sets most samples apart, by their weights.
    pub(super) fn separation(
        &self,
        dataset: &Dataset,
        targets: &Targets,
        sides: Sides,
        wanted: Wanted,
    ) -> Option<Separation> {
        // Two groups of three classes leave two of them level.
        if wanted == Wanted::Complete && sides == Sides::AllPairs && self.classes > 2 {
            return None;
        }
        let splits = (0..self.columns.len()).filter_map(|place| match sides {
            Sides::OneAgainstRest(class) => self.split_off(place, class),
            Sides::AllPairs => self.split_anywhere(place),
        });
        let splits = splits.filter(|split| wanted == Wanted::Any || split.is_strict);
        let proofs = splits.take(MAX_PROOFS).filter_map(|split| {
            let found = prove(dataset, targets, sides, split.direction(dataset, sides))?;
            Some((split, found))
        });
        // The first of the largest.
        let (split, found) =
            proofs.reduce(|best, other| if other.1.size > best.1.size { other } else { best })?;
        Some(Separation { given_away: split.given_away(dataset, targets), ..found })
    }

    fn of_column(&self, place: usize) -> &[ValueRange] {
        &self.ranges[place * self.classes..(place + 1) * self.classes]
    }

    /// One class on one side, all others on the other.
    fn split_off(&self, place: usize, class: usize) -> Option<Split> {
        let ranges = self.of_column(place);
        let own = ranges[class];
        let others = ranges.iter().enumerate().filter(|&(other, _)| other != class);
        let rest = others.map(|(_, range)| *range).fold(ValueRange::EMPTY, ValueRange::with);
        let only = |is: bool| (0..self.classes).map(|other| (other == class) == is).collect();
        let (low, high, above) =
            if rest.high <= own.low { (rest, own, only(true)) } else { (own, rest, only(false)) };
        self.split(place, low, high, above)
    }

    /// Some classes on one side, the others on the other.
    fn split_anywhere(&self, place: usize) -> Option<Split> {
        let ranges = self.of_column(place);
        let mut order: Vec<usize> =
            (0..self.classes).filter(|&class| ranges[class].low <= ranges[class].high).collect();
        // From the lowest range on; of those that begin alike, the shorter one first.
        sort_largest_first(&mut order, |class| -ranges[class].high);
        sort_largest_first(&mut order, |class| -ranges[class].low);
        let mut above_from = vec![ValueRange::EMPTY; order.len()];
        let mut above = ValueRange::EMPTY;
        for (from, &class) in above_from.iter_mut().zip(&order).rev() {
            above = above.with(ranges[class]);
            *from = above;
        }
        let mut best: Option<Split> = None;
        let mut below = ValueRange::EMPTY;
        for (place_in_order, &class) in order.iter().enumerate() {
            let above = above_from[place_in_order];
            if below.high <= above.low && below.low <= below.high {
                let mut is_above = vec![false; self.classes];
                order[place_in_order..].iter().for_each(|&class| is_above[class] = true);
                let split = self.split(place, below, above, is_above);
                if split.as_ref().is_some_and(|split| split.is_strict) {
                    return split;
                }
                best = best.or(split);
            }
            below = below.with(ranges[class]);
        }
        best
    }

    /// A threshold between two ranges, unless they overlap or all values are the same.
    fn split(&self, place: usize, low: ValueRange, high: ValueRange, above: Vec<bool>) -> Option<Split> {
        let apart = low.high <= high.low && low.low < high.high;
        let middle = f64::midpoint(low.high, high.low);
        let strictly_between = low.high < middle && middle < high.low;
        let threshold = if strictly_between { middle } else { high.low };
        // With no number between two neighbours, the border goes through one of them.
        apart.then(|| Split { column: self.columns[place], threshold, above, is_strict: strictly_between })
    }
}

impl Split {
    /// The direction in the user's units: coefficients of 1 and the threshold, which no rounding touches.
    fn direction(&self, dataset: &Dataset, sides: Sides) -> Head {
        let dimension = dataset.dimension();
        let fill = |rows: usize, sign: &dyn Fn(usize) -> f64| {
            let mut coefficients = DMatrix::zeros(rows, dimension);
            for row in 0..rows {
                coefficients[(row, self.column.feature)] = sign(row);
                if let Some(minus) = self.column.minus {
                    coefficients[(row, minus)] = -sign(row);
                }
            }
            let intercepts = (0..rows).map(|row| 0.0 - sign(row) * self.threshold).collect();
            Head { coefficients, intercepts }
        };
        match sides {
            Sides::OneAgainstRest(class) => fill(1, &|_| if self.above[class] { 1.0 } else { -1.0 }),
            Sides::AllPairs => {
                // The fewer classes move.
                let above = self.above.iter().filter(|&&is| is).count();
                let up = 2 * above <= self.above.len();
                let moves = |row: usize| match (self.above[row], up) {
                    (true, true) => 1.0,
                    (false, false) => -1.0,
                    _ => 0.0,
                };
                fill(self.above.len(), &moves)
            }
        }
    }

    /// What the column says on either side of the threshold.
    fn given_away(&self, dataset: &Dataset, targets: &Targets) -> Vec<GivenAway> {
        let none = || (ValueRange::EMPTY, 0.0, vec![false; targets.classes()]);
        let (mut above, mut below) = (none(), none());
        each_sample(dataset, |index, sample| {
            let Some(value) = self.column.value(sample) else { return };
            let side = match value.total_cmp(&self.threshold) {
                _ if value == self.threshold => return,
                std::cmp::Ordering::Greater => &mut above,
                _ => &mut below,
            };
            side.0.include(value);
            side.1 += targets.sample_weight(index);
            side.2[targets.class_indices()[index] as usize] = true;
        });
        let proof = |(range, samples, of_class): (ValueRange, f64, Vec<bool>), values: FeatureValues| {
            let values = if range.low == range.high { FeatureValues::EqualTo(range.low) } else { values };
            let classes = (0..of_class.len()).filter(|&class| of_class[class]).collect();
            let FeatureOrDifference { feature, minus } = self.column;
            (samples > 0.0).then_some(GivenAway { feature, minus, values, classes, samples })
        };
        let above = proof(above, FeatureValues::Above(self.threshold));
        let below = proof(below, FeatureValues::Below(self.threshold));
        above.into_iter().chain(below).collect()
    }
}

/// Hands every sample, with a 1 behind it, to `note`.
fn each_sample(dataset: &Dataset, mut note: impl FnMut(usize, &[f64])) {
    let samples = dataset.labels().samples();
    for range in crate::numeric::sample_chunks(samples) {
        let first = range.start;
        let numbers = with_last(dataset, range, 1.0);
        for (index, sample) in numbers.chunks_exact(dataset.dimension() + 1).enumerate() {
            note(first + index, sample);
        }
    }
}

/// Pairs of features that nearly agree in every sample, but differ in some.
fn nearly_equal(dataset: &Dataset) -> Vec<FeatureOrDifference> {
    let agree = |a: f64, b: f64| (a - b).abs() <= NEARLY_EQUAL * a.abs().max(b.abs());
    let first = with_last(dataset, 0..dataset.labels().samples().min(FIRST_SAMPLES), 1.0);
    let dimension = dataset.dimension();
    let mut pairs: Vec<(FeatureOrDifference, bool)> = Vec::new();
    for feature in 0..dimension {
        for minus in 0..feature {
            let mut samples = first.chunks_exact(dimension + 1);
            if samples.all(|sample| agree(sample[feature], sample[minus])) {
                pairs.push((FeatureOrDifference { feature, minus: Some(minus) }, false));
            }
        }
    }
    if !pairs.is_empty() {
        each_sample(dataset, |_, sample| {
            pairs.retain_mut(|(column, differ)| {
                let (a, b) = (sample[column.feature], sample[column.minus.unwrap_or(column.feature)]);
                *differ |= a != b;
                agree(a, b)
            });
        });
    }
    pairs.into_iter().filter(|(_, differ)| *differ).map(|(column, _)| column).collect()
}
