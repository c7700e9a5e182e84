//! A proof that classes overlap: positive weights with which the margins of some samples, whose rows span all directions, sum to zero.
//! Along a direction without a negative margin all of these are zero then, and so is the direction: a minimum exists (Stiemke's
//! lemma; Albert and Anderson 1984).
//!
//! A logistic regression over the margins, rows and unknowns brought to one size, has such weights at its minimum, but for rounding.
//! What they leave is a combination of as many rows as there are unknowns, found by a linear system whose solution has a bound on its
//! error. Where each row takes less of it than its own weight, positive weights are left.

use super::margins::Margins;
use crate::numeric::{DoubleDouble, Sigmoid, largest, median, softplus};
use crate::solver::dense::cholesky;
use nalgebra::{DMatrix, DVector};

/// Limits on a proof, which takes `U^2 M` multiplications for `M` margins over `U` unknowns.
const MAX_UNKNOWNS: usize = 200;
const MAX_NUMBERS: usize = 1 << 21;
/// Rounds that bring rows and unknowns to one size.
const ROUNDS: usize = 3;
/// Steps of the regression, and halvings of one.
const MAX_STEPS: usize = 50;
const MAX_HALVINGS: i32 = 30;
/// A margin beyond which weights are too small for a proof.
const LARGEST_MARGIN: f64 = 30.0;
/// A gradient of the regression that is rounding, as a share of the sum of all weights.
const ROUNDING: f64 = 1e-15;
/// Added to second derivatives, as a share of their mean: keeps unknowns that no margin depends on where they are.
const RIDGE: f64 = 1e-14;
/// What a sum in double-double arithmetic loses of the magnitude of a term at most, and of one that leaves a double's range.
const LOST: f64 = 1e-30;
const LOST_BELOW_RANGE: f64 = 1e-300;
/// Covers the rounding of the bounds themselves.
const OUTWARDS: f64 = 1.01;

/// Whether an overlap is proved.
pub(super) fn is_proved(margins: &Margins) -> bool {
    let indices: Vec<usize> = margins.counted().collect();
    let width = margins.user_unknowns_count();
    if width > MAX_UNKNOWNS || width * indices.len() > MAX_NUMBERS {
        return false;
    }
    let mut table = DMatrix::zeros(indices.len(), width);
    for (mut row, &index) in table.row_iter_mut().zip(&indices) {
        row.iter_mut().zip(margins.centred_row(index)).for_each(|(into, entry)| *into = entry);
    }
    let sizes = equalised(&mut table);
    let Some(weights) = balancing_weights(&table) else { return false };
    let row = |(place, &index): (usize, &usize)| Row {
        entries: margins.user_row(index),
        weight: weights[place] * sizes[place],
    };
    let rows: Vec<Row> = indices.iter().enumerate().map(row).collect();
    Balance::of(&rows).is_some_and(|balance| balance.is_positive_after_mending())
}

/// Brings the largest entry of each row to one and the middle one of each column's that are not zero, which one row of an extreme
/// size does not move; what each row was multiplied by.
fn equalised(table: &mut DMatrix<f64>) -> Vec<f64> {
    let mut sizes = vec![1.0; table.nrows()];
    for _ in 0..ROUNDS {
        for mut column in table.column_iter_mut() {
            let mut occurring: Vec<f64> =
                column.iter().map(|entry| entry.abs()).filter(|&size| size > 0.0).collect();
            column *= inverse(median(&mut occurring));
        }
        for (mut row, size) in table.row_iter_mut().zip(&mut sizes) {
            let factor = inverse(row.amax());
            row *= factor;
            *size *= factor;
        }
    }
    sizes
}

/// One where there is nothing to bring to size.
fn inverse(value: f64) -> f64 {
    if value > 0.0 { value.recip() } else { 1.0 }
}

/// Weights between zero and one with which the rows sum to zero, but for rounding: `1 - p` at the minimum of a logistic regression
/// that wants every margin positive, by Newton's method. `None` where that is far out or there is none.
fn balancing_weights(table: &DMatrix<f64>) -> Option<DVector<f64>> {
    let mut margins = DVector::zeros(table.nrows());
    for _ in 0..MAX_STEPS {
        let weights = margins.map(|margin| Sigmoid::of(margin).complement);
        let gradient = -table.tr_mul(&weights);
        if gradient.amax() <= ROUNDING * weights.sum() {
            return Some(weights);
        }
        let mut scaled = table.clone();
        for (mut row, &margin) in scaled.row_iter_mut().zip(&margins) {
            row *= Sigmoid::of(margin).slope();
        }
        let mut hessian = table.tr_mul(&scaled);
        let ridge = RIDGE * hessian.trace() / hessian.ncols() as f64;
        (0..hessian.ncols()).for_each(|unknown| hessian[(unknown, unknown)] += ridge);
        let step = -cholesky(hessian)?.solve(&gradient);
        let along = table * &step;
        let loss = |margins: &DVector<f64>| margins.iter().map(|&margin| softplus(-margin)).sum::<f64>();
        let before = loss(&margins);
        let moved = (0..MAX_HALVINGS).map(|halvings| 0.5_f64.powi(halvings)).find_map(|share| {
            let moved = &margins + share * &along;
            (loss(&moved) < before).then_some(moved)
        });
        // Without a step that lessens the loss, what is left is rounding.
        let Some(moved) = moved else { return Some(weights) };
        margins = moved;
        if margins.amax() > LARGEST_MARGIN {
            return None;
        }
    }
    None
}

/// A margin as a linear function of a direction in the user's units, and its weight.
struct Row {
    entries: Vec<f64>,
    weight: f64,
}

/// Rows times powers of two near their weights, and what the weighted rows sum to, by unknowns times powers of two.
struct Balance {
    /// `U x M`.
    rows: DMatrix<f64>,
    sum: DVector<f64>,
    /// How far the sum can be off.
    error: DVector<f64>,
}

impl Balance {
    /// `None` where a weight is not positive, or a number leaves the range of a double.
    fn of(rows: &[Row]) -> Option<Self> {
        let width = rows.first()?.entries.len();
        if !rows.iter().all(|row| row.weight > 0.0) {
            return None;
        }
        let largest_of =
            |unknown: usize| largest(rows.iter().map(|row| (row.weight * row.entries[unknown]).abs()));
        // An unknown that no margin depends on is the intercept where there is none.
        let occurs = |&unknown: &usize| rows.iter().any(|row| row.entries[unknown] != 0.0);
        let factor = |unknown: usize| {
            let size = largest_of(unknown);
            (size > 0.0).then(|| (unknown, power_below(size).recip()))
        };
        let used: Vec<(usize, f64)> = (0..width).filter(occurs).map(factor).collect::<Option<_>>()?;
        let mut near = DMatrix::zeros(used.len(), rows.len());
        let mut sum = vec![DoubleDouble::default(); used.len()];
        let mut magnitude = vec![0.0; used.len()];
        for (mut near, row) in near.column_iter_mut().zip(rows) {
            let power = power_below(row.weight);
            for (place, &(unknown, factor)) in used.iter().enumerate() {
                let entry = exact_product(row.entries[unknown], factor)?;
                near[place] = exact_product(entry, power)?;
                sum[place] += DoubleDouble::product_of(entry, row.weight);
                magnitude[place] += (entry * row.weight).abs();
            }
        }
        let terms = rows.len() as f64;
        let error = sum.iter().zip(&magnitude).map(|(sum, magnitude)| {
            terms * (LOST * magnitude + LOST_BELOW_RANGE) + f64::EPSILON * sum.high.abs()
        });
        let error = DVector::from_iterator(used.len(), error);
        let sum = DVector::from_iterator(used.len(), sum.iter().map(|sum| sum.value()));
        Some(Self { rows: near, sum, error })
    }

    /// Whether the sum is a combination of as many rows as there are unknowns, each with a share below one: it can be taken out of
    /// weights of at least one, and what is left of them is positive.
    fn is_positive_after_mending(&self) -> bool {
        let width = self.sum.len();
        if self.rows.ncols() < width {
            return false;
        }
        let basis = self.basis();
        let Some(inverse) = basis.clone().full_piv_lu().try_inverse() else { return false };
        let rounding = (width + 2) as f64 * f64::EPSILON;
        let product = &inverse * &basis;
        let terms = inverse.abs() * basis.abs();
        let off = |row: usize| -> f64 {
            let entries = (0..width).map(|column| {
                let one = f64::from(u8::from(row == column));
                (product[(row, column)] - one).abs() + rounding * terms[(row, column)]
            });
            entries.sum()
        };
        let off = largest((0..width).map(off));
        let shares = (&inverse * &self.sum).abs() + inverse.abs() * (self.sum.abs() * rounding + &self.error);
        // A comparison with a number that is none is false.
        off < 0.5 && OUTWARDS * largest(shares.iter().copied()) < 1.0 - OUTWARDS * off
    }

    /// Rows that are far from dependent.
    fn basis(&self) -> DMatrix<f64> {
        let mut order = DMatrix::from_fn(1, self.rows.ncols(), |_, column| column);
        self.rows.clone().col_piv_qr().p().permute_columns(&mut order);
        self.rows.select_columns(&order.as_slice()[..self.sum.len()])
    }
}

/// The largest power of two that is not above a positive number.
fn power_below(value: f64) -> f64 {
    value.log2().floor().exp2()
}

/// A product with a power of two, where it is exact.
fn exact_product(value: f64, power: f64) -> Option<f64> {
    let product = value * power;
    (product.is_finite() && product / power == value).then_some(product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    fn is_proved(rows: &[([f64; 2], f64)]) -> bool {
        let rows: Vec<Row> =
            rows.iter().map(|&(entries, weight)| Row { entries: entries.to_vec(), weight }).collect();
        Balance::of(&rows).is_some_and(|balance| balance.is_positive_after_mending())
    }

    #[test]
    fn weights_that_nearly_cancel_prove_an_overlap() {
        let mut rows = vec![([1.0, 0.1], 0.3), ([-1.0, 0.2], 0.3 + 1e-12), ([3e-9, -3e5], 3e-7)];
        assert!(is_proved(&rows));
        // Sizes of unknowns and rows far apart.
        rows.iter_mut().for_each(|(entries, _)| entries[0] *= 1e-200);
        rows.iter_mut().for_each(|(entries, weight)| {
            *entries = entries.map(|entry| entry * 1e60);
            *weight *= 1e-60;
        });
        assert!(is_proved(&rows));
        assert!(
            is_proved(&[([1.0, 0.0], 1.0), ([-1.0, 0.0], 1.0)]),
            "no margin depends on the second unknown"
        );
    }

    #[test]
    fn weights_that_do_not_cancel_prove_nothing() {
        assert!(
            !is_proved(&[([1.0, 0.5], 1.0), ([-1.0, 0.5], 1.0), ([0.0, -1.0], 1e-3)]),
            "the last weight is short"
        );
        assert!(!is_proved(&[([1.0, 0.5], 1.0), ([-1.0, 0.5], 1.0), ([2.0, 1.0], 1.0)]), "separable");
        assert!(!is_proved(&[([1.0, 1.0], 1.0), ([-1.0, -1.0], 1.0), ([2.0, 2.0], 1e-9)]), "rows on a line");
        assert!(
            !is_proved(&[([1.0, 1.0], 1.0), ([-1.0, -1.0 + 1e-15], 1.0), ([2.0, 2.0], 1e-9)]),
            "nearly on a line"
        );
        assert!(
            !is_proved(&[([1.0, 5e-324], 1.0), ([-1.0, 1.0], 1e-100), ([0.0, -1.0], 1e-100)]),
            "out of range"
        );
        assert!(
            !is_proved(&[([1.0, 1e-200], 1e-200), ([-1.0, 1e-200], 1e-200)]),
            "the second unknown counts, however small"
        );
        assert!(!is_proved(&[([1.0, 0.0], 1.0), ([-1.0, 0.0], 1.0), ([0.0, 1.0], 0.0)]), "a weight of zero");
        assert!(!is_proved(&[]));
    }

    /// Rows that no direction or one of a plane separates, at random, and the weights that a proof would begin with.
    #[test]
    fn nothing_is_proved_where_a_direction_separates() {
        let mut runner = TestRunner::deterministic();
        let entries = proptest::collection::vec(-3.0..3.0_f64, 3 * 8);
        let mut proved = [0; 2];
        for case in 0..400 {
            let drawn = entries.new_tree(&mut runner).expect("a table").current();
            let mut table = DMatrix::from_row_slice(8, 3, &drawn);
            // Half of the tables have no negative first entry, and half of those some on the border.
            let is_separable = case % 2 == 0;
            if is_separable {
                table.column_mut(0).apply(|entry| *entry = entry.abs());
                (0..case % 4 * 2).for_each(|row| table[(row, 0)] = 0.0);
            }
            let weights = balancing_weights(&table).unwrap_or_else(|| DVector::from_element(8, 1.0));
            let row = |(row, &weight): (nalgebra::RowDVector<f64>, &f64)| Row {
                entries: row.iter().copied().collect(),
                weight,
            };
            let rows: Vec<Row> =
                table.row_iter().map(nalgebra::Matrix::into_owned).zip(&weights).map(row).collect();
            let found = Balance::of(&rows).is_some_and(|balance| balance.is_positive_after_mending());
            proved[usize::from(is_separable)] += usize::from(found);
        }
        assert_eq!(proved[1], 0, "a direction separates");
        assert!(proved[0] > 100, "{} of 200 tables overlap", proved[0]);
    }
}
