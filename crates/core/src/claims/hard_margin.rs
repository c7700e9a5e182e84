//! The hard-margin head, which heads under a vanishing penalty tend to on separable data (docs/theory.md#s1): the smallest `|W|` with
//! `z_y - z_k >= 1` for every sample and every other class `k`, and its dual variables.

use super::claim::SetupFailure;
use crate::data::Dataset;
use nalgebra::{DMatrix, DVector};

/// Steps of the interior point method at most, and the part of the way to the boundary that one goes.
const STEPS: usize = 200;
const WITHIN: f64 = 0.99;
/// What a step aims to leave of complementarity, and what is left of it and of the residuals at the end.
const CENTRED: f64 = 0.1;
const SOLVED: f64 = 1e-9;

/// A head and the dual variables of its constraints.
pub(super) struct HardMargin {
    /// `K x d`.
    pub(super) coefficients: DMatrix<f64>,
    /// Sum of the dual variables of each class's samples: its outflow in the limit, up to a common factor.
    pub(super) outflow: Vec<f64>,
}

/// `z_y - z_k >= 1`, a row for each sample and other class; unknowns are the rows of `W`, and then the intercepts.
fn constraints(dataset: &Dataset) -> (DMatrix<f64>, Vec<usize>) {
    let (features, labels) = (dataset.features(), dataset.labels());
    let (classes, dimension) = (labels.classes(), features.nrows());
    let mut of_class = Vec::new();
    let mut rows = Vec::new();
    for (sample, &label) in features.column_iter().zip(labels.class_indices()) {
        for other in (0..classes).filter(|&other| other != label as usize) {
            let mut row = vec![0.0; classes * (dimension + 1)];
            for (class, sign) in [(label as usize, 1.0), (other, -1.0)] {
                sample.iter().enumerate().for_each(|(j, value)| row[class * dimension + j] = sign * value);
                row[classes * dimension + class] = sign;
            }
            of_class.push(label as usize);
            rows.push(row);
        }
    }
    let columns = classes * (dimension + 1);
    (DMatrix::from_row_iterator(rows.len(), columns, rows.into_iter().flatten()), of_class)
}

impl HardMargin {
    /// Of separable data.
    pub(super) fn of(dataset: &Dataset) -> Result<Self, SetupFailure> {
        let (matrix, of_class) = constraints(dataset);
        let (classes, dimension) = (dataset.labels().classes(), dataset.dimension());
        // Intercepts are free; of all their common shifts, which change nothing, the one of sum zero is taken.
        let penalty = DMatrix::from_fn(matrix.ncols(), matrix.ncols(), |a, b| {
            let of_intercepts = a.min(b) >= classes * dimension;
            f64::from(u8::from(of_intercepts || a == b))
        });
        let (unknowns, dual) = solved(&matrix, &penalty)?;
        let mut outflow = vec![0.0; classes];
        of_class.iter().zip(dual.iter()).for_each(|(&class, variable)| outflow[class] += variable);
        let coefficients = DMatrix::from_fn(classes, dimension, |k, j| unknowns[k * dimension + j]);
        Ok(Self { coefficients, outflow })
    }
}

/// The minimum of `u' Q u / 2` under `A u >= 1`, and its dual variables, by a primal-dual interior point method.
fn solved(
    matrix: &DMatrix<f64>,
    penalty: &DMatrix<f64>,
) -> Result<(DVector<f64>, DVector<f64>), SetupFailure> {
    let count = matrix.nrows();
    let (mut unknowns, ones) = (DVector::zeros(matrix.ncols()), DVector::from_element(count, 1.0));
    let (mut slack, mut dual) = (ones.clone(), ones.clone());
    for _ in 0..STEPS {
        let slope = penalty * &unknowns - matrix.tr_mul(&dual);
        let violated = matrix * &unknowns - &slack - &ones;
        let gap = slack.dot(&dual) / count as f64;
        if slope.amax().max(violated.amax()).max(gap) <= SOLVED * (1.0 + dual.amax()) {
            return Ok((unknowns, dual));
        }
        let complement = slack.component_mul(&dual).add_scalar(-CENTRED * gap);
        let ratio = dual.component_div(&slack);
        let mut scaled = matrix.clone();
        scaled.row_iter_mut().zip(ratio.iter()).for_each(|(mut row, ratio)| row *= *ratio);
        let system = matrix.tr_mul(&scaled) + penalty;
        let pulled = (&complement + dual.component_mul(&violated)).component_div(&slack);
        let step = system.lu().solve(&(-&slope - matrix.tr_mul(&pulled)));
        let step = step.ok_or("the hard-margin problem has no factor")?;
        let by_slack = matrix * &step + &violated;
        let by_dual = -(&complement + dual.component_mul(&by_slack)).component_div(&slack);
        let room = |at: &DVector<f64>, by: &DVector<f64>| {
            let ends = at.iter().zip(by.iter()).filter(|(_, by)| **by < 0.0).map(|(at, by)| -at / by);
            ends.fold(1.0 / WITHIN, f64::min)
        };
        let length = WITHIN * room(&slack, &by_slack).min(room(&dual, &by_dual));
        unknowns += length * step;
        slack += length * by_slack;
        dual += length * by_dual;
    }
    Err(format!("{STEPS} steps do not solve the hard-margin problem").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;

    /// Classes at -1 and 3 on a line, with samples behind them that do not matter: margin 1 at half the distance of 4.
    #[test]
    fn the_nearest_samples_of_two_classes_decide() {
        let features = DMatrix::from_row_slice(1, 5, &[-1.0, -7.0, 3.0, 5.0, 4.0]);
        let labels = Labels::numbered(vec![0, 0, 1, 1, 1], 2).expect("classes");
        let dataset = Dataset::unnamed(features, labels).expect("finite");
        let found = HardMargin::of(&dataset).expect("separable");
        // `z_1 - z_0` goes from -1 to 1 over a distance of 4, by equal parts of the two rows.
        assert!((found.coefficients[(1, 0)] - 0.25).abs() < 1e-8, "{}", found.coefficients);
        assert!((found.coefficients[(0, 0)] + 0.25).abs() < 1e-8);
        // Both classes give what the other takes: `w_1 = sum of dual variables times samples`, 4 u = 1/4.
        assert!(found.outflow.iter().all(|outflow| (outflow - 0.0625).abs() < 1e-8), "{:?}", found.outflow);
    }
}
