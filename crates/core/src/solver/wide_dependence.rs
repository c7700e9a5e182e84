//! Dependencies of columns where there are at least as many columns as rows. Columns are combinations of others there for want of rows;
//! named are those that hold column by column: constants, multiples, and dummies side by side that add to one.

use super::dependence::{Dependence, sentence, tidy};
use super::problem::Intercept;
use crate::data::Dataset;
use std::collections::HashMap;

/// Rounding of the numbers of a multiple, in units in the last place.
const ROUNDINGS: f64 = 4.0;

/// What the rows say of a column.
#[derive(Clone)]
struct Column {
    first: f64,
    is_constant: bool,
    is_indicator: bool,
    /// The first value that is not zero, and a digest of all values divided by it, in single precision.
    scale: f64,
    digest: u64,
}

/// A column, the earlier one that it is a multiple of, and the factor.
struct Multiple {
    column: usize,
    of: usize,
    factor: f64,
}

/// `x_column = sum of terms + constant`.
struct Relation {
    column: usize,
    terms: Vec<(usize, f64)>,
    constant: f64,
}

/// The columns that others determine, in the order of the table.
pub(super) fn dependences(dataset: &Dataset, intercept: Intercept) -> Vec<Dependence> {
    let columns = measured(dataset);
    let mut found: Vec<Relation> = Vec::new();
    for (place, own) in columns.iter().enumerate() {
        if own.is_constant && (intercept == Intercept::Free || own.first == 0.0) {
            found.push(Relation { column: place, terms: Vec::new(), constant: own.first });
        }
    }
    for Multiple { column, of, factor } in multiples(dataset, &columns) {
        found.push(Relation { column, terms: vec![(of, tidy(factor, None))], constant: 0.0 });
    }
    if intercept == Intercept::Free {
        for mut dummies in factors(dataset, &columns) {
            let Some(column) = dummies.pop() else { continue };
            let terms = dummies.into_iter().map(|dummy| (dummy, -1.0)).collect();
            found.push(Relation { column, terms, constant: 1.0 });
        }
    }
    found.sort_by_key(|relation| relation.column);
    found.dedup_by_key(|relation| relation.column);
    let names = dataset.feature_names();
    let in_words = |Relation { column, terms, constant }: Relation| Dependence {
        column: names[column].clone(),
        relation: sentence(column, &terms, constant, None, names),
        terms: terms.iter().map(|&(column, factor)| (names[column].clone(), factor)).collect(),
        constant,
        digits: None,
    };
    found.into_iter().map(in_words).collect()
}

/// Calls `note` with every row.
fn for_each_row(dataset: &Dataset, mut note: impl FnMut(&[f64])) {
    let mut row = Vec::with_capacity(dataset.dimension());
    dataset.values(0..dataset.labels().samples()).for_each(|value| {
        row.push(value);
        if row.len() == dataset.dimension() {
            note(&row);
            row.clear();
        }
    });
}

fn measured(dataset: &Dataset) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let begun = |&first: &f64| Column { first, is_constant: true, is_indicator: true, scale: 0.0, digest: 0 };
    for_each_row(dataset, |row| {
        if columns.is_empty() {
            columns = row.iter().map(begun).collect();
        }
        for (column, &value) in columns.iter_mut().zip(row) {
            column.is_constant &= value == column.first;
            column.is_indicator &= value == 0.0 || value == 1.0;
            column.add(value);
        }
    });
    columns
}

impl Column {
    #[allow(clippy::cast_possible_truncation, reason = "digits that rounding may have changed are left out")]
    fn add(&mut self, value: f64) {
        if self.scale == 0.0 {
            self.scale = value;
        }
        // A zero has no sign.
        let share = if value == 0.0 { 0.0 } else { (value / self.scale) as f32 };
        self.digest =
            (self.digest ^ u64::from(share.to_bits())).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
}

/// Columns that are multiples of earlier ones to rounding, constants aside.
fn multiples(dataset: &Dataset, columns: &[Column]) -> Vec<Multiple> {
    let mut first_of: HashMap<u64, usize> = HashMap::new();
    let mut found = Vec::new();
    for (column, own) in columns.iter().enumerate().filter(|(_, own)| !own.is_constant) {
        let of = *first_of.entry(own.digest).or_insert(column);
        let factor = own.scale / columns[of].scale;
        if of != column && factor.is_normal() {
            found.push(Multiple { column, of, factor });
        }
    }
    let mut holds = vec![true; found.len()];
    for_each_row(dataset, |row| {
        for (multiple, holds) in found.iter().zip(&mut holds) {
            let (value, of) = (row[multiple.column], row[multiple.of]);
            *holds &= (value - multiple.factor * of).abs() <= ROUNDINGS * f64::EPSILON * value.abs();
        }
    });
    let mut holds = holds.into_iter();
    found.retain(|_| holds.next() == Some(true));
    found
}

/// Columns of zeros and ones side by side of which each row has a one in a single one.
fn factors(dataset: &Dataset, columns: &[Column]) -> Vec<Vec<usize>> {
    let samples = dataset.labels().samples();
    let is_dummy = |column: &Column| column.is_indicator && !column.is_constant;
    let mut with_one: Vec<Vec<usize>> = vec![Vec::new(); columns.len()];
    let mut sample = 0;
    for_each_row(dataset, |row| {
        for (place, _) in
            columns.iter().enumerate().filter(|(place, own)| is_dummy(own) && row[*place] == 1.0)
        {
            with_one[place].push(sample);
        }
        sample += 1;
    });
    let (mut found, mut members) = (Vec::new(), Vec::new());
    // The run of dummies in which a row has its one.
    let (mut run_of, mut run, mut covered) = (vec![0; samples], 1, 0);
    for (place, own) in columns.iter().enumerate() {
        let overlaps = with_one[place].iter().any(|&sample| run_of[sample] == run);
        if overlaps || !is_dummy(own) || covered == samples {
            members.clear();
            (run, covered) = (run + 1, 0);
        }
        if is_dummy(own) {
            members.push(place);
            covered += with_one[place].len();
            with_one[place].iter().for_each(|&sample| run_of[sample] = run);
        }
        if covered == samples && !members.is_empty() {
            found.push(members.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use nalgebra::DMatrix;

    fn relations(rows: &[&[f64]], intercept: Intercept) -> Vec<String> {
        let features = DMatrix::from_fn(rows[0].len(), rows.len(), |column, row| rows[row][column]);
        let labels = (0..rows.len()).map(|row| u32::from(row % 2 == 0)).collect();
        let dataset = Dataset::unnamed(features, Labels::numbered(labels, 2).expect("two classes"));
        let found = dependences(&dataset.expect("finite"), intercept);
        found.into_iter().map(|one| one.relation).collect()
    }

    #[test]
    fn constants_multiples_and_dummies_are_named() {
        // A measure, a constant, all dummies of a factor, the measure times three, and one with a value changed, zeros.
        let rows: [&[f64]; 4] = [
            &[0.1, 7.0, 1.0, 0.0, 0.0, 0.1 * 3.0, 0.3, 0.0],
            &[-0.7, 7.0, 0.0, 1.0, 0.0, -0.7 * 3.0, -2.1, 0.0],
            &[1.3, 7.0, 0.0, 1.0, 0.0, 1.3 * 3.0, 3.900_001, 0.0],
            &[0.0, 7.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        ];
        assert_eq!(
            relations(&rows, Intercept::Free),
            ["x1 is constant, 7", "x2 + x3 + x4 = 1", "x5 = 3 x0", "x7 is constant, 0"]
        );
        assert_eq!(relations(&rows, Intercept::None), ["x5 = 3 x0", "x7 is constant, 0"]);
    }

    #[test]
    fn dummies_of_two_factors_are_told_apart_and_duplicates_are_named_once() {
        let rows: [&[f64]; 3] = [
            &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
            &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
            &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        ];
        assert_eq!(
            relations(&rows, Intercept::Free),
            ["x0 + x1 = 1", "x3 = x1", "x2 + x3 + x4 = 1", "x5 = x2"]
        );
    }
}
