//! Centre and scale of every feature: from the user's units to those of the solver.

use crate::data::{Dataset, Number, Values};
use crate::numeric::{Kernel, Sum, fold_sample_spans, vectorised};
use nalgebra::DMatrix;

/// Samples whose median represents all of them.
const MEDIAN_SAMPLES: usize = 64;

/// `(h - centre) * factor` for each feature.
///
/// Centring costs nothing, since the intercept is free. Factors are powers of two, so that going back to the user's
/// units rounds nothing. They include the penalty, so that a feature of any unit (1e-12 or 1e12) has curvature of
/// order one. A constant feature becomes zero.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    pub(super) centre: Vec<f64>,
    pub(super) factor: Vec<f64>,
    /// Largest magnitude of each scaled feature, and 1 for the intercept.
    pub(super) widest: Vec<f64>,
    /// Penalty of each scaled coefficient on the mean loss, `l2 factor^2`; zero for the intercept.
    pub(super) penalty: Vec<f64>,
}

impl Scaling {
    /// Measures the features.
    pub(super) fn new(dataset: &Dataset, l2: f64) -> Self {
        let centre = medians(dataset);
        let deviations = Deviations::of(dataset, &centre);
        let mut scaling = Self { centre, factor: Vec::new(), widest: Vec::new(), penalty: Vec::new() };
        for feature in 0..dataset.dimension() {
            let widest = deviations.widest[feature];
            let spread = deviations.spread(feature, dataset, scaling.centre[feature]);
            let factor = if spread > 0.0 { inverse_power_of_two(spread.hypot(l2.sqrt())) } else { 1.0 };
            scaling.factor.push(factor);
            scaling.widest.push(widest * factor);
            scaling.penalty.push(l2 * factor * factor);
        }
        scaling.widest.push(1.0);
        scaling.penalty.push(0.0);
        scaling
    }
}

/// A middle value of each feature. About the mean, one value of 1e8 among values near 1 would round all the others.
fn medians(dataset: &Dataset) -> Vec<f64> {
    let samples = dataset.labels().samples();
    let stride = samples.div_ceil(MEDIAN_SAMPLES).max(1);
    let mut some = Vec::new();
    for sample in (0..samples).step_by(stride) {
        dataset.values(sample..sample + 1).for_each(|value| some.push(value));
    }
    // Samples are far apart in memory, their features are not.
    let some = DMatrix::from_vec(dataset.dimension(), samples.div_ceil(stride), some).transpose();
    let middle_of = |values: nalgebra::DVectorView<f64>| {
        let mut values: Vec<f64> = values.iter().copied().collect();
        let middle = values.len() / 2;
        if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f64::total_cmp).1 }
    };
    some.column_iter().map(middle_of).collect()
}

/// `1 / value`, rounded to a power of two that is finite whatever the unit.
pub(super) fn inverse_power_of_two(value: f64) -> f64 {
    (-value.log2().round()).min(1000.0).exp2()
}

/// Largest and squared deviations of every feature from its centre.
struct Deviations {
    widest: Vec<f64>,
    squares: Vec<f64>,
}

impl Deviations {
    fn of(dataset: &Dataset, centre: &[f64]) -> Self {
        let dimension = dataset.dimension();
        let zeros = || Self { widest: vec![0.0; dimension], squares: vec![0.0; dimension] };
        let mut total = zeros();
        fold_sample_spans(
            if dimension == 0 { 0 } else { dataset.labels().samples() },
            zeros,
            |part, range| match dataset.values(range) {
                Values::Single(values) => vectorised(AddDeviations { values, centre, to: part }),
                Values::Double(values) => vectorised(AddDeviations { values, centre, to: part }),
            },
            |part| {
                for feature in 0..dimension {
                    total.widest[feature] = total.widest[feature].max(part.widest[feature]);
                    total.squares[feature] += part.squares[feature];
                }
            },
        );
        total
    }

    /// Root mean square deviation; zero for a constant.
    fn spread(&self, feature: usize, dataset: &Dataset, centre: f64) -> f64 {
        let samples = dataset.labels().samples();
        let (widest, squares, count) = (self.widest[feature], self.squares[feature], samples as f64);
        if widest == 0.0 || (squares.is_finite() && squares > f64::MIN_POSITIVE) {
            return (squares / count).sqrt();
        }
        // Squares of 1e300 or 1e-300: divided by the widest first, they neither overflow nor vanish.
        let (mut squares, mut place) = (Sum::default(), 0);
        dataset.values(0..samples).for_each(|value| {
            if place % dataset.dimension() == feature {
                squares.add(((value - centre) / widest).powi(2));
            }
            place += 1;
        });
        widest * (squares.value() / count).sqrt()
    }
}

struct AddDeviations<'a, T> {
    values: &'a [T],
    centre: &'a [f64],
    to: &'a mut Deviations,
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number> Kernel for AddDeviations<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, centre, to } = self;
        let note = |value: T, centre: f64, widest: &mut f64, squares: &mut f64| {
            let deviation = (value.value() - centre).abs();
            *widest = if deviation > *widest { deviation } else { *widest };
            *squares += deviation * deviation;
        };
        let (centre8, last_centre) = centre.as_chunks::<8>();
        let (widest8, last_widest) = to.widest.as_chunks_mut::<8>();
        let (squares8, last_squares) = to.squares.as_chunks_mut::<8>();
        for sample in values.chunks_exact(centre.len()) {
            let (sample8, last_sample) = sample.as_chunks::<8>();
            let lanes = sample8.iter().zip(centre8).zip(widest8.iter_mut()).zip(squares8.iter_mut());
            for (((sample, centre), widest), squares) in lanes {
                for lane in 0..8 {
                    note(sample[lane], centre[lane], &mut widest[lane], &mut squares[lane]);
                }
            }
            let last =
                last_sample.iter().zip(last_centre).zip(last_widest.iter_mut()).zip(last_squares.iter_mut());
            last.for_each(|(((&value, &centre), widest), squares)| note(value, centre, widest, squares));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;

    fn dataset(features: DMatrix<f64>) -> Dataset {
        let labels = (0..features.ncols()).map(|sample| u32::from(sample % 2 == 0)).collect();
        Dataset::unnamed(features, Labels::numbered(labels, 2).expect("two classes")).expect("finite")
    }

    #[test]
    fn features_of_any_unit_come_out_near_one() {
        let units = [1.0, 1e-300, 1e300, 1e-12, 1e8];
        let features =
            DMatrix::from_fn(5, 1000, |feature, sample| units[feature] * (3.0 + (sample as f64 * 0.7).sin()));
        let scaling = Scaling::new(&dataset(features), 0.0);
        for feature in 0..5 {
            assert!((0.5..4.0).contains(&scaling.widest[feature]), "{feature}: {}", scaling.widest[feature]);
            assert_eq!(scaling.factor[feature].log2().fract(), 0.0);
        }
    }

    #[test]
    fn constants_vanish() {
        let scaling = Scaling::new(&dataset(DMatrix::from_element(1, 10, 7.0)), 0.1);
        assert_eq!(scaling.widest, [0.0, 1.0]);
    }
}
