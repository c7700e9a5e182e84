//! Margins without rounding, by code of the tests' own: every double is a whole number over `2^1074`.

use nalgebra::DMatrix;
use num_bigint::BigInt;

/// `value * 2^1074`, a whole number for every finite double.
fn whole(value: f64) -> BigInt {
    assert!(value.is_finite(), "{value}");
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let size = if exponent == 0 {
        BigInt::from(fraction)
    } else {
        BigInt::from(fraction | (1 << 52)) << (exponent - 1)
    };
    if value.is_sign_negative() { -size } else { size }
}

/// A head as whole numbers: rows of coefficients, the intercept last.
pub(crate) struct Direction {
    rows: Vec<Vec<BigInt>>,
}

/// Samples by their margins: each sample counts once among `positive` and once among `zero` if it has such a margin.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) negative: usize,
    pub(crate) zero: usize,
    pub(crate) positive: usize,
}

impl Direction {
    pub(crate) fn new(coefficients: &DMatrix<f64>, intercepts: &[f64]) -> Self {
        let row = |(row, intercept): (usize, &f64)| {
            coefficients.row(row).iter().chain([intercept]).map(|&value| whole(value)).collect()
        };
        Self { rows: intercepts.iter().enumerate().map(row).collect() }
    }

    /// Counts samples (`d x N`): with `column_class`, the one row is above zero for that class and below for all others;
    /// else each sample's own row is the highest.
    pub(crate) fn margins(
        &self,
        features: &DMatrix<f64>,
        classes: &[u32],
        column_class: Option<usize>,
    ) -> Counted {
        let mut counted = Counted::default();
        for (sample, &class) in features.column_iter().zip(classes) {
            let numbers: Vec<BigInt> = sample.iter().chain([&1.0]).map(|&value| whole(value)).collect();
            let score = |row: &Vec<BigInt>| row.iter().zip(&numbers).map(|(a, b)| a * b).sum::<BigInt>();
            let scores: Vec<BigInt> = self.rows.iter().map(score).collect();
            let own = class as usize;
            let margins: Vec<BigInt> = match column_class {
                Some(class) => vec![if own == class { scores[0].clone() } else { -&scores[0] }],
                None => (0..scores.len())
                    .filter(|&row| row != own)
                    .map(|row| &scores[own] - &scores[row])
                    .collect(),
            };
            counted.negative += usize::from(margins.iter().any(|margin| *margin < BigInt::ZERO));
            counted.zero += usize::from(margins.contains(&BigInt::ZERO));
            counted.positive += usize::from(margins.iter().any(|margin| *margin > BigInt::ZERO));
        }
        counted
    }
}
