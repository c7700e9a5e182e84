//! Sums over the samples of each class.

use crate::numeric::two_sum;
use nalgebra::DMatrix;

/// Compensated sums of rows of numbers.
pub(crate) struct Row {
    rounded: Vec<f64>,
    error: Vec<f64>,
}

impl Row {
    pub(crate) fn new(length: usize) -> Self {
        // Zeros that are written: pages that are read first, as sums are, would be mapped twice.
        let zeros = || {
            let mut zeros = Vec::with_capacity(length);
            zeros.resize(length, 0.0);
            zeros
        };
        Self { rounded: zeros(), error: zeros() }
    }

    pub(crate) fn add(&mut self, terms: impl Iterator<Item = f64>) {
        add(&mut self.rounded, &mut self.error, terms);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.add(other.rounded.iter().copied());
        self.add(other.error.iter().copied());
    }

    /// What each sum is in two parts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.rounded.iter().zip(&self.error).map(|(&rounded, &error)| [rounded, error])
    }
}

/// The same of numbers of the samples of each class, one per class: `K x K`, a row for each true class.
pub(crate) struct ClassRows {
    classes: usize,
    sums: Row,
}

impl ClassRows {
    pub(crate) fn new(classes: usize) -> Self {
        Self { classes, sums: Row::new(classes * classes) }
    }

    /// Adds the numbers of a sample of a class, times the sample's weight.
    pub(crate) fn add(&mut self, class: usize, weight: f64, terms: impl Iterator<Item = f64>) {
        let row = class * self.classes..(class + 1) * self.classes;
        let (rounded, error) = (&mut self.sums.rounded[row.clone()], &mut self.sums.error[row]);
        add(rounded, error, terms.map(|term| weight * term));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    pub(crate) fn means(&self, sizes: &[f64]) -> DMatrix<f64> {
        let totals = self
            .sums
            .parts()
            .enumerate()
            .map(|(place, [rounded, error])| (rounded + error) / sizes[place / self.classes]);
        DMatrix::from_row_iterator(self.classes, self.classes, totals)
    }
}

fn add(rounded: &mut [f64], error: &mut [f64], terms: impl Iterator<Item = f64>) {
    for ((rounded, error), term) in rounded.iter_mut().zip(error).zip(terms) {
        let (sum, lost) = two_sum(*rounded, term);
        *rounded = sum;
        *error += lost;
    }
}
