//! Directions of few bits that leave border samples exactly on the border.
//!
//! A linear program is accurate to ten digits; a border sample needs a margin of exactly zero. The samples near the
//! border are equations with the user's own numbers as coefficients. Their solutions are found by elimination over
//! whole numbers of any length, and the free unknowns are rounded near the program's solution.

use super::margins::{Margins, Nearest};
use crate::numeric::Binary;
use crate::solver::solution::Head;
use num_bigint::BigInt;
use std::collections::HashSet;

/// Fractions of the largest margin below which a sample counts as on the border.
const ON_BORDER: [f64; 2] = [1e-6, 1e-9];
/// Equations with more unknowns are not eliminated.
const MAX_UNKNOWNS: usize = 120;
/// Most different equations that are looked at.
const MAX_EQUATIONS: usize = 3000;
/// Free unknowns are tried one by one up to this many.
const MAX_SINGLE: usize = 24;
/// Bits that free unknowns are rounded to.
const BITS: [u32; 5] = [1, 4, 10, 20, 40];
/// Bits of free unknowns whose neighbours are tried too.
const BITS_OF_NEIGHBOURS: std::ops::RangeInclusive<u32> = 1..=14;
/// Free unknowns that are moved, and by how many units in their last bit.
const MOVED: usize = 3;
const MOVES: [f64; 5] = [0.0, 1.0, -1.0, 2.0, -2.0];
/// Neighbours handed out for each choice of free unknowns and length at most.
const MAX_NEIGHBOURS: usize = 64;

/// Candidates near a direction, the simplest first.
pub(super) fn directions_near(margins: &Margins, nearest: &Nearest) -> impl Iterator<Item = Head> {
    let of_fraction = |fraction| {
        let largest = nearest.margins.iter().copied().fold(0.0, f64::max);
        let is_near = |&index: &usize| nearest.margins[index] <= fraction * largest;
        let border: Vec<usize> = (0..nearest.margins.len()).filter(is_near).collect();
        directions(margins, &margins.user_unknowns(nearest), &border)
    };
    ON_BORDER.into_iter().filter_map(of_fraction).flatten()
}

/// Directions that leave some margins at exactly zero, near one whose unknowns are given, with a mark where one is to be other than
/// zero; the simplest first.
pub(super) fn directions<'m, 'd>(
    margins: &'m Margins<'d>,
    unknowns: &[(f64, bool)],
    border: &[usize],
) -> Option<impl Iterator<Item = Head> + use<'m, 'd>> {
    let kept: Vec<usize> = (0..unknowns.len()).filter(|&unknown| unknowns[unknown].1).collect();
    if kept.len() > MAX_UNKNOWNS {
        return None;
    }
    let mut seen = HashSet::new();
    let equations = border.iter().filter_map(|&index| {
        let row = margins.user_row(index);
        let row: Vec<f64> = kept.iter().map(|&unknown| row[unknown]).collect();
        seen.insert(row.iter().map(|entry| entry.to_bits()).collect::<Vec<_>>()).then_some(row)
    });
    let elimination = Elimination::of(kept.len(), equations.take(MAX_EQUATIONS))?;
    let near: Vec<f64> = kept.iter().map(|&unknown| unknowns[unknown].0).collect();
    let free = elimination.free();
    let single: Vec<Vec<f64>> = free
        .iter()
        .take(MAX_SINGLE)
        .filter(|&&place| near[place] != 0.0)
        .map(|&place| {
            let mut one = vec![0.0; near.len()];
            one[place] = near[place].signum();
            one
        })
        .collect();
    let to_bits = |bits: u32| near.iter().map(|&value| rounded(value, bits)).collect();
    let few: Vec<Vec<f64>> = single.into_iter().chain(BITS.map(to_bits)).collect();
    // Only the direction counts: where an unknown is a power of two, its product with a decimal has no bits of its own.
    let lengths = free.iter().take(MOVED).map(|&place| near[place].abs().recip());
    let lengths: Vec<f64> = [1.0].into_iter().chain(lengths.filter(|length| length.is_finite())).collect();
    let of_length = move |length: f64| {
        let near: Vec<f64> = near.iter().map(|value| value * length).collect();
        neighbours(&near, &free)
    };
    let elimination = std::rc::Rc::new(elimination);
    let solved = std::rc::Rc::clone(&elimination);
    let few = few.into_iter().map(move |values| in_doubles(&solved.solution(&values)));
    // These are many; a proof reads all samples, so only those that doubles hold exactly are worth one.
    let exact = move |length| {
        let elimination = std::rc::Rc::clone(&elimination);
        let solutions = of_length(length).map(move |values| elimination.solution(&values));
        let exact = solutions.filter(|solution| solution.iter().all(is_double));
        exact.take(MAX_NEIGHBOURS).map(|solution| in_doubles(&solution))
    };
    let count = unknowns.len();
    let heads = few.chain(lengths.into_iter().flat_map(exact)).map(move |solution| {
        let mut all = vec![0.0; count];
        kept.iter().zip(solution).for_each(|(&unknown, value)| all[unknown] = value);
        margins.head_of_user_unknowns(&all)
    });
    Some(heads)
}

/// The numbers to few bits, some of the free ones moved by a unit or two in their last bit: an intercept through a border sample
/// of decimals is a double for a few of these only.
fn neighbours(near: &[f64], free: &[usize]) -> impl Iterator<Item = Vec<f64>> + use<> {
    let moved: Vec<usize> = free.iter().copied().filter(|&place| near[place] != 0.0).take(MOVED).collect();
    let near = near.to_vec();
    let ways = MOVES.len().pow(u32::try_from(moved.len()).unwrap_or(0));
    BITS_OF_NEIGHBOURS.flat_map(move |bits| {
        let (moved, near) = (moved.clone(), near.clone());
        (0..ways).map(move |way| {
            let mut values: Vec<f64> = near.iter().map(|&value| rounded(value, bits)).collect();
            let mut digits = way;
            for &place in &moved {
                values[place] += MOVES[digits % MOVES.len()] * unit(near[place], bits);
                digits /= MOVES.len();
            }
            values
        })
    })
}

/// A number to so many bits.
fn rounded(value: f64, bits: u32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let unit = unit(value, bits);
    let rounded = (value / unit).round() * unit;
    if rounded.is_finite() { rounded } else { value }
}

/// The last of so many bits of a number.
fn unit(value: f64, bits: u32) -> f64 {
    (value.abs().log2().floor() - f64::from(bits - 1)).exp2()
}

/// Equations in reduced form: each pivot unknown by the free ones.
struct Elimination {
    unknowns: usize,
    /// The place of the pivot, which no other equation holds, and the coefficients; the pivot's is positive.
    rows: Vec<(usize, Vec<BigInt>)>,
}

impl Elimination {
    /// `None` where only zero solves the equations.
    fn of(unknowns: usize, equations: impl Iterator<Item = Vec<f64>>) -> Option<Self> {
        let mut elimination = Self { unknowns, rows: Vec::new() };
        for equation in equations {
            elimination.include(whole(&equation));
            if elimination.rows.len() == unknowns {
                return None;
            }
        }
        Some(elimination)
    }

    fn include(&mut self, mut equation: Vec<BigInt>) {
        for (place, row) in &self.rows {
            eliminate(&mut equation, row, *place);
        }
        // The pivot of fewest bits, the last of these (often the intercept): solutions are multiples of it.
        let entries = equation.iter().enumerate().rev().filter(|(_, entry)| **entry != BigInt::ZERO);
        let Some((place, _)) = entries.min_by_key(|(_, entry)| significant_bits(entry)) else { return };
        if equation[place] < BigInt::ZERO {
            equation.iter_mut().for_each(|entry| *entry = -&*entry);
        }
        for (_, row) in &mut self.rows {
            eliminate(row, &equation, place);
        }
        self.rows.push((place, equation));
    }

    fn free(&self) -> Vec<usize> {
        (0..self.unknowns).filter(|unknown| self.rows.iter().all(|(place, _)| place != unknown)).collect()
    }

    /// The solution whose free unknowns are in the proportions given.
    fn solution(&self, values: &[f64]) -> Vec<BigInt> {
        let free = self.free();
        let given: Vec<f64> = free.iter().map(|&place| values[place]).collect();
        let given = whole(&given);
        let pivot = |(place, row): &(usize, Vec<BigInt>)| row[*place].clone();
        let common = self.rows.iter().map(pivot).fold(BigInt::from(1), |common, pivot| {
            let shared = greatest_common_divisor(common.clone(), pivot.clone());
            common / shared * pivot
        });
        let mut solution = vec![BigInt::ZERO; self.unknowns];
        free.iter().zip(&given).for_each(|(&place, value)| solution[place] = value * &common);
        for (place, row) in &self.rows {
            let sum: BigInt = free.iter().zip(&given).map(|(&free, value)| &row[free] * value).sum();
            solution[*place] = -(sum * (&common / &row[*place]));
        }
        without_common_divisor(&mut solution);
        solution
    }
}

/// Bits from the first to the last that is set.
fn significant_bits(number: &BigInt) -> u64 {
    number.bits() - number.trailing_zeros().unwrap_or(0)
}

/// Whether a double holds the number, its exponent aside.
fn is_double(number: &BigInt) -> bool {
    significant_bits(number) <= u64::from(f64::MANTISSA_DIGITS)
}

/// Takes the unknown at `place` out of an equation by a row whose entry there is positive.
fn eliminate(equation: &mut [BigInt], row: &[BigInt], place: usize) {
    if equation[place] == BigInt::ZERO {
        return;
    }
    let (own, pivot) = (equation[place].clone(), &row[place]);
    equation.iter_mut().zip(row).for_each(|(entry, other)| *entry = &*entry * pivot - &own * other);
    without_common_divisor(equation);
}

fn greatest_common_divisor(mut a: BigInt, mut b: BigInt) -> BigInt {
    while b != BigInt::ZERO {
        (a, b) = (b.clone(), a % b);
    }
    if a < BigInt::ZERO { -a } else { a }
}

pub(super) fn without_common_divisor(numbers: &mut [BigInt]) {
    let one = BigInt::from(1);
    let mut common = BigInt::ZERO;
    for number in numbers.iter().filter(|number| **number != BigInt::ZERO) {
        common = greatest_common_divisor(number.clone(), common);
        if common == one {
            return;
        }
    }
    if common > one {
        numbers.iter_mut().for_each(|number| *number = &*number / &common);
    }
}

/// Doubles in the same proportions as whole numbers.
pub(super) fn whole(values: &[f64]) -> Vec<BigInt> {
    let parts: Vec<Binary> = values.iter().map(|&value| Binary::of(value)).collect();
    let used = parts.iter().filter(|part| part.whole != 0);
    let least = used.map(|part| part.exponent).min().unwrap_or(0);
    let mut numbers: Vec<BigInt> = parts
        .iter()
        .map(|part| {
            if part.whole == 0 {
                BigInt::ZERO
            } else {
                BigInt::from(part.whole) << part.exponent.abs_diff(least)
            }
        })
        .collect();
    without_common_divisor(&mut numbers);
    numbers
}

/// Whole numbers in the same proportions as doubles, the largest at most `2^62`; what does not fit is rounded.
pub(super) fn in_doubles(numbers: &[BigInt]) -> Vec<f64> {
    let bits = numbers.iter().map(BigInt::bits).max().unwrap_or(0);
    let excess = i32::try_from(bits.saturating_sub(62)).unwrap_or(i32::MAX);
    let double = |number: &BigInt| {
        // 62 leading bits, rounded to 53, then put back into proportion.
        let own = number.bits().saturating_sub(62);
        let leading = i64::try_from(number >> own).unwrap_or(0) as f64;
        leading * f64::from(i32::try_from(own).unwrap_or(i32::MAX).saturating_sub(excess)).exp2()
    };
    numbers.iter().map(double).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_solve_the_equations_exactly() {
        let equations =
            [vec![1.0, 0.0, 0.0, 1.0, 3.0], vec![0.0, 1.0, 0.5, 1.0, 1.0], vec![1.0, 1.0, 0.5, 2.0, 4.0]];
        let elimination = Elimination::of(5, equations.clone().into_iter()).expect("solutions");
        let free = elimination.free();
        assert_eq!((elimination.rows.len(), free.len()), (2, 3));
        let mut values = [0.0; 5];
        free.iter().zip([0.25, -1.0, 0.75]).for_each(|(&place, value)| values[place] = value);
        let solution = in_doubles(&elimination.solution(&values));
        for equation in &equations {
            let left: f64 = equation.iter().zip(&solution).map(|(a, b)| a * b).sum();
            assert_eq!(left, 0.0, "{solution:?}");
        }
        let [a, b, c] = [0, 1, 2].map(|which| solution[free[which]]);
        assert_eq!((a / c, b / c), (0.25 / 0.75, -1.0 / 0.75));
    }

    #[test]
    fn as_many_equations_as_unknowns_leave_nothing() {
        let equations = vec![vec![0.1, 0.2], vec![0.3, 0.1]];
        assert!(Elimination::of(2, equations.into_iter()).is_none());
        assert!(Elimination::of(2, vec![vec![0.1, 0.2], vec![0.2, 0.4]].into_iter()).is_some());
    }

    #[test]
    fn doubles_become_whole_numbers_in_proportion() {
        assert_eq!(whole(&[0.75, -1.5, 0.0]), [1, -2, 0].map(BigInt::from));
        let long = BigInt::from(3) << 200_u32;
        let [a, b] = in_doubles(&[long.clone(), long >> 1_u32])[..] else { panic!("two") };
        assert_eq!((a / b, a > 0.0), (2.0, true));
        assert_eq!(rounded(0.3, 1), 0.25);
        assert_eq!(rounded(-5.3, 3), -5.0);
    }
}
