//! Whether a direction separates, decided without rounding on the user's own numbers.

use super::{Separation, SeparationKind, Sides};
use crate::data::Dataset;
use crate::loss::Targets;
use crate::numeric::{map_sample_chunks, sign_of_products};
use crate::solver::solution::Head;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Features of samples `range`, sample after sample, each followed by what the intercept is multiplied by.
pub(super) fn with_last(dataset: &Dataset, range: Range<usize>, last: f64) -> Vec<f64> {
    let dimension = dataset.dimension();
    let mut numbers = Vec::with_capacity(range.len() * (dimension + 1));
    let mut left = dimension;
    dataset.values(range).for_each(|value| {
        numbers.push(value);
        left -= 1;
        if left == 0 {
            numbers.push(last);
            left = dimension;
        }
    });
    numbers
}

/// The separation that a direction (in the user's units) proves; `None` where some margin is negative, or none positive.
pub(super) fn prove(
    dataset: &Dataset,
    targets: &Targets,
    sides: Sides,
    direction: Head,
) -> Option<Separation> {
    let finite = direction.coefficients.iter().chain(&direction.intercepts).all(|value| value.is_finite());
    if !finite || dataset.dimension() == 0 {
        return None;
    }
    let rows = DifferentRows::of(&direction, sides);
    let refuted = AtomicBool::new(false);
    let parts = map_sample_chunks(targets.samples(), |range| {
        if refuted.load(Relaxed) {
            return None;
        }
        let part = rows.count(dataset, targets, range);
        if part.is_none() {
            refuted.store(true, Relaxed);
        }
        part
    });
    let mut total = Counted::none(targets.classes());
    for part in parts {
        total.add(&part?);
    }
    let complete = total.on_border == 0;
    (total.separated > 0).then(|| Separation {
        kind: if complete { SeparationKind::Complete } else { SeparationKind::Quasi },
        sides,
        direction,
        samples: total.separated,
        size: total.size,
        classes: (0..total.of_class.len()).filter(|&class| total.of_class[class]).collect(),
        given_away: Vec::new(),
        by_class: Vec::new(),
    })
}

/// Samples by their margins.
struct Counted {
    /// With a positive margin.
    separated: usize,
    /// The sum of their weights.
    size: f64,
    /// With a margin of zero.
    on_border: usize,
    /// Whether a class has samples with a positive margin.
    of_class: Vec<bool>,
}

impl Counted {
    fn none(classes: usize) -> Self {
        Self { separated: 0, size: 0.0, on_border: 0, of_class: vec![false; classes] }
    }

    fn add(&mut self, other: &Self) {
        self.separated += other.separated;
        self.size += other.size;
        self.on_border += other.on_border;
        self.of_class.iter_mut().zip(&other.of_class).for_each(|(own, other)| *own |= other);
    }
}

/// Coefficients that are not zero, with the places of their features; the intercept is the last.
type Sparse = Vec<(usize, f64)>;

/// The different rows of a direction.
struct DifferentRows {
    sides: Sides,
    different: Vec<Sparse>,
    /// Which of these a class has.
    of_class: Vec<usize>,
    /// How many classes have it.
    sharing: Vec<usize>,
}

impl DifferentRows {
    fn of(direction: &Head, sides: Sides) -> Self {
        let mut rows = Self { sides, different: Vec::new(), of_class: Vec::new(), sharing: Vec::new() };
        let mut places = std::collections::HashMap::new();
        for (row, &intercept) in direction.coefficients.row_iter().zip(&direction.intercepts) {
            let entries = row.iter().copied().chain([intercept]).enumerate();
            let sparse: Sparse = entries.filter(|&(_, value)| value != 0.0).collect();
            let bits: Vec<(usize, u64)> =
                sparse.iter().map(|&(place, value)| (place, value.to_bits())).collect();
            let next = rows.different.len();
            let place = *places.entry(bits).or_insert(next);
            if place == next {
                rows.different.push(sparse);
                rows.sharing.push(0);
            }
            rows.sharing[place] += 1;
            rows.of_class.push(place);
        }
        rows
    }

    /// Counts some samples; `None` if one of them has a negative margin.
    fn count(&self, dataset: &Dataset, targets: &Targets, range: Range<usize>) -> Option<Counted> {
        let mut counted = Counted::none(targets.classes());
        let samples = with_last(dataset, range.clone(), 1.0);
        let places = range.map(|place| (place, targets.class_indices()[place] as usize));
        for (sample, (place, class)) in samples.chunks_exact(dataset.dimension() + 1).zip(places) {
            let (mut positive, mut zero) = (false, false);
            self.each_margin(sample, class, |sign| {
                positive |= sign == Ordering::Greater;
                zero |= sign == Ordering::Equal;
                sign != Ordering::Less
            })
            .then_some(())?;
            counted.separated += usize::from(positive);
            counted.size += if positive { targets.sample_weight(place) } else { 0.0 };
            counted.on_border += usize::from(zero);
            counted.of_class[class] |= positive;
        }
        Some(counted)
    }

    /// Calls `note` with the sign of each margin of a sample until it returns false.
    fn each_margin(&self, sample: &[f64], class: usize, mut note: impl FnMut(Ordering) -> bool) -> bool {
        match self.sides {
            Sides::OneAgainstRest(own) => {
                let sign = sign_of_products(terms(&self.different[0], sample));
                note(if own == class { sign } else { sign.reverse() })
            }
            Sides::AllPairs => {
                let own = self.of_class[class];
                // Another class with the same row is level with the sample's own.
                let level = self.sharing[own] > 1;
                let mut others = (0..self.different.len()).filter(|&row| row != own);
                (!level || note(Ordering::Equal))
                    && others.all(|row| {
                        let against = terms(&self.different[row], sample).map(|(a, b)| (-a, b));
                        note(sign_of_products(terms(&self.different[own], sample).chain(against)))
                    })
            }
        }
    }
}

/// The products that a row's score is the sum of.
fn terms<'a>(row: &'a Sparse, sample: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
    row.iter().map(|&(place, value)| (value, sample[place]))
}

/// A head as a direction; one row's intercept is put midway between the sides.
pub(super) fn centred(dataset: &Dataset, targets: &Targets, sides: Sides, mut head: Head) -> Head {
    let Sides::OneAgainstRest(class) = sides else { return head };
    let row: Vec<f64> = head.coefficients.row(0).iter().copied().chain([0.0]).collect();
    let parts = map_sample_chunks(targets.samples(), |range| {
        let (mut above, mut below) = (f64::INFINITY, f64::NEG_INFINITY);
        let samples = with_last(dataset, range.clone(), 1.0);
        for (sample, &own) in samples.chunks_exact(row.len()).zip(&targets.class_indices()[range]) {
            let score: f64 = sample.iter().zip(&row).map(|(value, weight)| value * weight).sum();
            if own as usize == class {
                above = above.min(score);
            } else {
                below = below.max(score);
            }
        }
        (above, below)
    });
    let above = parts.iter().map(|part| part.0).fold(f64::INFINITY, f64::min);
    let below = parts.iter().map(|part| part.1).fold(f64::NEG_INFINITY, f64::max);
    head.intercepts[0] = -f64::midpoint(above, below);
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use crate::loss::ClassWeights;
    use nalgebra::DMatrix;

    /// Two samples on the border, one of each class, and one of each beyond it.
    fn on_a_border() -> (Dataset, Targets) {
        let features = DMatrix::from_row_slice(2, 4, &[0.1, 0.1, 3.0, -2.0, 0.3, 0.3, 0.2, 0.4]);
        let labels = Labels::numbered(vec![0, 1, 1, 0], 2).expect("two classes");
        let targets = Targets::new(&labels, &ClassWeights::None).expect("no weights");
        (Dataset::unnamed(features, labels).expect("finite"), targets)
    }

    fn direction(coefficients: &[f64], intercept: f64) -> Head {
        Head { coefficients: DMatrix::from_row_slice(1, 2, coefficients), intercepts: vec![intercept] }
    }

    #[test]
    fn margins_are_counted_exactly() {
        let (dataset, targets) = on_a_border();
        let sides = Sides::OneAgainstRest(1);
        let found = prove(&dataset, &targets, sides, direction(&[1.0, 0.0], -0.1)).expect("a proof");
        assert_eq!((found.kind, found.samples), (SeparationKind::Quasi, 2));
        assert_eq!(found.classes, [0, 1]);
    }

    /// A direction off by one unit in the last place puts a border sample on the wrong side.
    #[test]
    fn a_direction_off_by_one_unit_in_the_last_place_is_refused() {
        let (dataset, targets) = on_a_border();
        let sides = Sides::OneAgainstRest(1);
        for intercept in [(-0.1_f64).next_up(), (-0.1_f64).next_down()] {
            assert_eq!(prove(&dataset, &targets, sides, direction(&[1.0, 0.0], intercept)), None);
        }
        for coefficient in [1.0_f64.next_up(), 1.0_f64.next_down()] {
            assert_eq!(prove(&dataset, &targets, sides, direction(&[coefficient, 0.0], -0.1)), None);
        }
        assert_eq!(prove(&dataset, &targets, sides, direction(&[1.0, 5e-324], -0.1)), None);
        assert_eq!(
            prove(&dataset, &targets, sides, direction(&[0.0, 0.0], 0.0)),
            None,
            "no margin is positive"
        );
        assert_eq!(prove(&dataset, &targets, sides, direction(&[f64::NAN, 0.0], 0.0)), None);
    }
}
