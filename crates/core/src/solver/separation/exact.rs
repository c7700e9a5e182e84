//! Whether the margins of a small table separate, decided by a linear program over whole numbers of any length: floating point sees no
//! difference where rows are in other units, or a border is nearer than its tolerance.
//!
//! Either some weights, all positive, balance the margins, or there is a direction along which none is negative and some are positive
//! (Stiemke's lemma). The simplex method looks for the weights, and its multipliers are the direction where there are none. Pivots keep
//! all numbers whole, over one common denominator (Edmonds 1967).

use super::kernel::{in_doubles, whole, without_common_divisor};
use super::margins::Margins;
use num_bigint::BigInt;

/// Limits on a table: on its unknowns, and on steps times numbers times 64-bit words of the longest ones, of which a million take
/// some tenths of a second.
const MAX_UNKNOWNS: usize = 24;
const MAX_WORK: u64 = 1_000_000;
/// A margin is rounding where it is no more than this power of two beside the sum of the magnitudes of its terms.
const ROUNDING: u32 = 40;

/// A direction along which no margin is negative, and as many are positive as along any.
pub(super) struct WidestDirection {
    /// In the user's units, rounded to doubles, and whether each is other than zero.
    pub(super) unknowns: Vec<(f64, bool)>,
    /// The margins that are zero.
    pub(super) border: Vec<usize>,
    /// Whether the rounding of the table's numbers makes it: a total that its doubles miss by a unit in their last place.
    pub(super) is_rounding: bool,
}

/// `None` where no direction separates anything, or the table is too large.
pub(super) fn widest_direction(margins: &Margins) -> Option<WidestDirection> {
    let indices: Vec<usize> = margins.counted_once().collect();
    let width = margins.user_unknowns_count();
    if width > MAX_UNKNOWNS || work(indices.len(), width, 1) > MAX_WORK {
        return None;
    }
    let rows: Vec<Vec<BigInt>> = indices.iter().map(|&index| whole(&margins.user_row(index))).collect();
    let bits = rows.iter().flatten().map(BigInt::bits).max()?;
    if work(indices.len(), width, bits) > MAX_WORK {
        return None;
    }
    let mut direction = vec![BigInt::ZERO; width];
    let mut border: Vec<usize> = (0..rows.len()).collect();
    while let Some(mut further) = direction_off(&rows, &border) {
        without_common_divisor(&mut further);
        level(&rows, &mut direction, &mut further);
        let sum = direction.iter().zip(&further);
        direction = sum.map(|(entry, further)| entry + further).collect();
        border.retain(|&place| product(&rows[place], &direction) == BigInt::ZERO);
    }
    if border.len() == rows.len() {
        return None;
    }
    let is_rounding = |row: &Vec<BigInt>| {
        let terms: BigInt =
            row.iter().zip(&direction).map(|(a, b)| BigInt::from((a * b).into_parts().1)).sum();
        product(row, &direction) << ROUNDING <= terms
    };
    let is_rounding = rows.iter().all(is_rounding);
    let unknowns = in_doubles(&direction).into_iter().zip(&direction);
    Some(WidestDirection {
        unknowns: unknowns.map(|(rounded, exact)| (rounded, *exact != BigInt::ZERO)).collect(),
        border: border.into_iter().map(|place| indices[place]).collect(),
        is_rounding,
    })
}

/// Steps times numbers times the words of a number, which has as many bits as entries of all unknowns.
fn work(margins: usize, width: usize, bits: u64) -> u64 {
    let wide = |size: usize| size as u64;
    wide(width).pow(2) * wide(margins + width) * (1 + wide(width) * bits / 64)
}

/// Brings two directions to margins of about one size: beside the other, neither is lost to rounding.
fn level(rows: &[Vec<BigInt>], one: &mut [BigInt], other: &mut [BigInt]) {
    let size = |direction: &[BigInt]| rows.iter().map(|row| product(row, direction)).sum::<BigInt>().bits();
    let (of_one, of_other) = (size(one), size(other));
    let (shorter, by) = if of_one < of_other { (one, of_other - of_one) } else { (other, of_one - of_other) };
    shorter.iter_mut().for_each(|entry| *entry <<= by);
}

fn product(row: &[BigInt], direction: &[BigInt]) -> BigInt {
    row.iter().zip(direction).map(|(a, b)| a * b).sum()
}

/// A direction along which no row is negative and some of `border` are positive; `None` where there is none.
fn direction_off(rows: &[Vec<BigInt>], border: &[usize]) -> Option<Vec<BigInt>> {
    let mut tableau = Tableau::new(rows, border);
    while let Some((leaving, entering)) = tableau.exchange() {
        tableau.pivot(leaving, entering);
    }
    tableau.multipliers()
}

/// Steps by the steepest cost, after which the first column with a cost is taken, which cannot go in circles.
const STEEPEST: usize = 500;

/// The simplex method for weights that are not negative and with which the rows sum to minus the sum of those on the border, from a
/// basis of one artificial weight for each unknown; the sum of these is what is made small.
struct Tableau {
    /// One for each unknown: numbers of rows, of artificial weights, and the sum that is wanted; each over `common`.
    equations: Vec<Vec<BigInt>>,
    /// Reduced costs, and minus the sum of the artificial weights.
    costs: Vec<BigInt>,
    common: BigInt,
    basis: Vec<usize>,
    /// Unknowns whose equation was multiplied by minus one.
    turned: Vec<bool>,
    /// Unknowns that occur in a row.
    occurs: Vec<bool>,
    weights: usize,
    steps: usize,
}

impl Tableau {
    fn new(rows: &[Vec<BigInt>], border: &[usize]) -> Self {
        let (weights, width) = (rows.len(), rows.first().map_or(0, Vec::len));
        let mut costs = vec![BigInt::ZERO; weights + width + 1];
        let (mut equations, mut turned, mut occurs) = (Vec::new(), Vec::new(), Vec::new());
        for unknown in 0..width {
            let sum: BigInt = border.iter().map(|&place| -&rows[place][unknown]).sum();
            let is_turned = sum < BigInt::ZERO;
            let signed = |number: BigInt| if is_turned { -number } else { number };
            let mut equation: Vec<BigInt> = rows.iter().map(|row| signed(row[unknown].clone())).collect();
            occurs.push(equation.iter().any(|number| *number != BigInt::ZERO));
            equation.extend((0..width).map(|other| BigInt::from(u8::from(other == unknown))));
            equation.push(signed(sum));
            for (place, number) in equation.iter().enumerate() {
                if !(weights..weights + width).contains(&place) {
                    costs[place] -= number;
                }
            }
            equations.push(equation);
            turned.push(is_turned);
        }
        let basis = (weights..weights + width).collect();
        Self { equations, costs, common: BigInt::from(1), basis, turned, occurs, weights, steps: 0 }
    }

    /// The weight that is to become positive; `None` at the end.
    fn entering(&self) -> Option<usize> {
        let mut candidates = (0..self.weights).filter(|&place| self.costs[place] < BigInt::ZERO);
        if self.steps < STEEPEST {
            candidates.min_by(|&one, &other| self.costs[one].cmp(&self.costs[other]))
        } else {
            candidates.next()
        }
    }

    /// The weight that is to become positive, and the equation whose own leaves the basis for it, the first that would become negative.
    fn exchange(&self) -> Option<(usize, usize)> {
        let (entering, last) = (self.entering()?, self.costs.len() - 1);
        let mut leaving: Option<usize> = None;
        for place in (0..self.equations.len()).filter(|&place| self.equations[place][entering] > BigInt::ZERO)
        {
            let is_first = leaving.is_none_or(|best| {
                let own = &self.equations[place][last] * &self.equations[best][entering];
                let other = &self.equations[best][last] * &self.equations[place][entering];
                own < other || (own == other && self.basis[place] < self.basis[best])
            });
            if is_first {
                leaving = Some(place);
            }
        }
        // There is one: the sum of artificial weights, never negative, does not fall for ever.
        Some((leaving?, entering))
    }

    fn pivot(&mut self, leaving: usize, entering: usize) {
        let row = std::mem::take(&mut self.equations[leaving]);
        let pivot = row[entering].clone();
        for other in self.equations.iter_mut().chain([&mut self.costs]) {
            if other.is_empty() {
                continue;
            }
            let factor = other[entering].clone();
            for (entry, of_row) in other.iter_mut().zip(&row) {
                *entry = (&*entry * &pivot - &factor * of_row) / &self.common;
            }
        }
        self.equations[leaving] = row;
        self.basis[leaving] = entering;
        self.common = pivot;
        self.steps += 1;
    }

    /// The direction that proves that there are no such weights; `None` where there are.
    fn multipliers(&self) -> Option<Vec<BigInt>> {
        if self.costs.last().is_none_or(|sum| *sum == BigInt::ZERO) {
            return None;
        }
        let multiplier = |unknown: usize| {
            let own = &self.costs[self.weights + unknown] - &self.common;
            match (self.occurs[unknown], self.turned[unknown]) {
                (false, _) => BigInt::ZERO,
                (true, false) => own,
                (true, true) => -own,
            }
        };
        Some((0..self.turned.len()).map(multiplier).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    fn rows(table: &[&[f64]]) -> Vec<Vec<BigInt>> {
        table.iter().map(|row| whole(row)).collect()
    }

    fn of_all(rows: &[Vec<BigInt>]) -> Option<Vec<BigInt>> {
        direction_off(rows, &(0..rows.len()).collect::<Vec<_>>())
    }

    #[test]
    fn one_unit_in_the_last_place_is_told_from_a_border() {
        let next = 0.1_f64.next_up();
        let overlap = rows(&[&[0.1, 1.0], &[-0.1, -1.0]]);
        assert!(of_all(&overlap).is_none());
        let apart = rows(&[&[next, 1.0], &[-0.1, -1.0]]);
        let direction = of_all(&apart).expect("a direction");
        let margins = apart.iter().map(|row| product(row, &direction));
        assert!(margins.clone().all(|margin| margin >= BigInt::ZERO));
        assert!(margins.into_iter().any(|margin| margin > BigInt::ZERO));
    }

    /// Tables of few whole numbers, some with rows in other units: a direction where there is one, and where there is none, none of many
    /// drawn ones separates.
    #[test]
    fn a_direction_is_found_where_there_is_one() {
        let mut runner = TestRunner::deterministic();
        let entries = proptest::collection::vec(-2..3_i32, 3 * 7);
        let directions = proptest::collection::vec(-3..4_i32, 3);
        let mut found = [0; 2];
        for case in 0..300 {
            let drawn = entries.new_tree(&mut runner).expect("a table").current();
            let mut table: Vec<Vec<BigInt>> =
                drawn.chunks(3).map(|row| row.iter().map(|&entry| BigInt::from(entry)).collect()).collect();
            table[0].iter_mut().for_each(|entry| *entry <<= case % 3 * 40);
            let margins = |direction: &[BigInt]| -> Vec<BigInt> {
                table.iter().map(|row| product(row, direction)).collect()
            };
            let separates = |margins: &[BigInt]| {
                margins.iter().all(|margin| *margin >= BigInt::ZERO)
                    && margins.iter().any(|margin| *margin > BigInt::ZERO)
            };
            let direction = of_all(&table);
            found[usize::from(direction.is_none())] += 1;
            if let Some(direction) = direction {
                assert!(separates(&margins(&direction)), "{table:?}");
                continue;
            }
            for _ in 0..200 {
                let drawn = directions.new_tree(&mut runner).expect("a direction").current();
                let direction: Vec<BigInt> = drawn.into_iter().map(BigInt::from).collect();
                assert!(!separates(&margins(&direction)), "{table:?} {direction:?}");
            }
        }
        assert!(found.iter().all(|&count| count > 50), "{found:?}");
    }
}
