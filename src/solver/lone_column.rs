//! Logits and gradient of a single logit column, without scaled copies of the features.
//!
//! A lone column takes two operations per number read, too few to pay for a scaled copy of every block. Centring
//! happens in registers; the factors, powers of two, move into the parameters and out of the gradient without rounding.

use super::scaled_features::ScaledFeatures;
use crate::data::{Number, Values};
use crate::numeric::{Kernel, vectorised};
use std::ops::Range;

/// Numbers that one vector instruction works on.
const LANES: usize = 8;
type Lanes = [f64; LANES];

/// One column of a head over features in their own units.
///
/// The numbers of a sample are taken eight at a time; the last eight overlap those before them, which they see with a
/// slope of zero.
pub(super) struct LoneColumn<'a> {
    features: &'a ScaledFeatures<'a>,
    /// Numbers that a sample is made of where they lie.
    width: usize,
    centre: Vec<Lanes>,
    slope: Vec<Lanes>,
    intercept: f64,
    /// Factor on the gradient with respect to each number.
    factor: Vec<f64>,
}

impl<'a> LoneColumn<'a> {
    /// Takes a column's parameters (`D`); `None` where samples are too narrow, or logits are given.
    pub(super) fn new(features: &'a ScaledFeatures<'a>, theta: &[f64]) -> Option<Self> {
        let (centre, factor) = features.given_coordinates();
        let width = centre.len();
        if width < LANES || features.has_offset() {
            return None;
        }
        let slopes: Vec<f64> = theta.iter().zip(&factor).map(|(entry, factor)| entry * factor).collect();
        let intercept = if width < theta.len() { theta[width] } else { 0.0 };
        let mut slope = in_lanes(&slopes);
        let overlap = LANES * slope.len() - width;
        slope.last_mut()?[..overlap].fill(0.0);
        Some(Self { features, width, centre: in_lanes(&centre), slope, intercept, factor })
    }

    /// Logits of samples `range`.
    pub(super) fn logits(&self, range: Range<usize>, into: &mut Vec<f64>) {
        into.resize(range.len(), self.intercept);
        match self.features.given(range) {
            Values::Single(values) => vectorised(Dot { column: self, values, into }),
            Values::Double(values) => vectorised(Dot { column: self, values, into }),
        }
    }

    /// The gradient with respect to the column's parameters (`D`), from the residuals of samples `range`.
    pub(super) fn accumulate_gradient(&self, range: Range<usize>, residuals: &[f64], out: &mut [f64]) {
        let mut sums = vec![[0.0; LANES]; self.centre.len()];
        match self.features.given(range) {
            Values::Single(values) => {
                vectorised(AddWeighted { column: self, values, residuals, sums: &mut sums });
            }
            Values::Double(values) => {
                vectorised(AddWeighted { column: self, values, residuals, sums: &mut sums });
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            out[place(index, self.width)..][..LANES].copy_from_slice(sums);
        }
        out.iter_mut().zip(&self.factor).for_each(|(entry, factor)| *entry *= factor);
        if let Some(intercept) = out.get_mut(self.width) {
            *intercept = residuals.iter().sum();
        }
    }
}

/// Where the lanes with this index begin.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
fn place(index: usize, width: usize) -> usize {
    (LANES * index).min(width - LANES)
}

fn in_lanes(numbers: &[f64]) -> Vec<Lanes> {
    let lanes = |index: usize| std::array::from_fn(|lane| numbers[place(index, numbers.len()) + lane]);
    (0..numbers.len().div_ceil(LANES)).map(lanes).collect()
}

struct Dot<'a, T> {
    column: &'a LoneColumn<'a>,
    values: &'a [T],
    into: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number> Kernel for Dot<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let LoneColumn { width, centre, slope, intercept, .. } = self.column;
        let width = *width;
        for (sample, logit) in self.values.chunks_exact(width).zip(self.into) {
            let mut sum = [0.0; LANES];
            for (index, (centre, slope)) in centre.iter().zip(slope).enumerate() {
                let numbers = &sample[place(index, width)..][..LANES];
                for lane in 0..LANES {
                    sum[lane] += (numbers[lane].value() - centre[lane]) * slope[lane];
                }
            }
            let halves = [sum[0] + sum[4], sum[1] + sum[5], sum[2] + sum[6], sum[3] + sum[7]];
            *logit = intercept + ((halves[0] + halves[2]) + (halves[1] + halves[3]));
        }
    }
}

/// Adds every sample, centred, times its residual, eight numbers of all samples at a time.
struct AddWeighted<'a, T> {
    column: &'a LoneColumn<'a>,
    values: &'a [T],
    residuals: &'a [f64],
    sums: &'a mut [Lanes],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number> Kernel for AddWeighted<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let LoneColumn { width, centre, .. } = self.column;
        let width = *width;
        let (fours, rest) = self.residuals.as_chunks::<4>();
        let (of_fours, of_rest) = self.values.split_at(4 * fours.len() * width);
        for (index, (centre, sum)) in centre.iter().zip(self.sums).enumerate() {
            let place = place(index, width);
            let mut sums = [[0.0; LANES]; 4];
            let mut add = |sum: usize, numbers: &[T], residual: f64| {
                for lane in 0..LANES {
                    sums[sum][lane] += (numbers[lane].value() - centre[lane]) * residual;
                }
            };
            for (samples, residuals) in of_fours.chunks_exact(4 * width).zip(fours) {
                for sample in 0..4 {
                    add(sample, &samples[sample * width + place..][..LANES], residuals[sample]);
                }
            }
            for (sample, &residual) in of_rest.chunks_exact(width).zip(rest) {
                add(0, &sample[place..][..LANES], residual);
            }
            for lane in 0..LANES {
                sum[lane] = (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Labels};
    use crate::solver::coordinates::Coordinates;
    use crate::solver::scaled_features::accumulate_gradient;
    use nalgebra::DMatrix;

    /// The same numbers by way of scaled blocks.
    #[test]
    fn it_agrees_with_scaled_blocks_whatever_the_width() {
        for width in [7, 8, 9, 15, 16, 20, 51] {
            let samples = 515;
            let value = |feature: usize, sample: usize| {
                1e3 * feature as f64
                    + (0.37 * (sample * (feature + 3)) as f64 + 1e-3 * (sample * sample) as f64).sin()
                        * 4.0_f64.powf(feature as f64 / 9.0)
            };
            let features = DMatrix::from_fn(width, samples, value);
            let labels =
                Labels::numbered((0..515).map(|sample| sample % 2).collect(), 2).expect("two classes");
            let dataset = Dataset::unnamed(features, labels).expect("finite");
            let coordinates = std::sync::Arc::new(Coordinates::of(&dataset, 1e-3));
            let scaled = ScaledFeatures::new(&dataset, &coordinates);
            let theta: Vec<f64> = (0..=width).map(|entry| (entry as f64).cos()).collect();
            let Some(lone) = LoneColumn::new(&scaled, &theta) else {
                assert!(width < LANES);
                continue;
            };
            let (mut logits, mut scratch) = (Vec::new(), Vec::new());
            lone.logits(0..samples, &mut logits);
            let expected = scaled.logits(&DMatrix::from_column_slice(width + 1, 1, &theta));
            let close = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-12 * (1.0 + other.abs());
            assert!(logits.iter().zip(expected.iter()).all(close), "logits at width {width}");
            let residuals: Vec<f64> = logits.iter().map(|logit| logit.sin()).collect();
            let (mut gradient, mut by_blocks) = (vec![0.0; width + 1], vec![0.0; width + 1]);
            lone.accumulate_gradient(0..samples, &residuals, &mut gradient);
            accumulate_gradient(
                scaled.block(0..samples, &mut scratch),
                width + 1,
                &residuals,
                &mut by_blocks,
            );
            assert!(gradient.iter().zip(&by_blocks).all(close), "gradient at width {width}");
        }
    }
}
