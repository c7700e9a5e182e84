//! Features in standard units, and heads of such features in the user's units.

use super::{DataError, Dataset};
use crate::numeric::{Sum, largest_magnitude};
use nalgebra::DMatrix;

/// Mean and standard deviation of each feature, each sample counted by its weight; a constant feature has the deviation 1.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Standardization {
    /// Means that are taken off.
    pub means: Vec<f64>,
    /// Standard deviations of the sample (divided by `N`, as `StandardScaler` does).
    pub deviations: Vec<f64>,
}

impl Standardization {
    /// Of the features of a data set.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        let (features, labels) = (dataset.features(), dataset.labels());
        let total = labels.total_size();
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        // Shares of weight first: sums of the largest doubles leave their range.
        let shares: Vec<f64> = (0..labels.samples()).map(|sample| labels.weight(sample) / total).collect();
        let mean_of = |values: &mut dyn Iterator<Item = f64>| {
            let terms = shares.iter().zip(values).map(|(share, value)| share * value);
            terms.collect::<Sum>().value()
        };
        for row in features.row_iter() {
            // About one of the values: a mean of 1e15 is rounded by more than values near it may differ.
            let first = row.iter().copied().next().unwrap_or(0.0);
            let in_range = row.iter().all(|value| (value - first).is_finite());
            let base = if in_range { first } else { 0.0 };
            let above_base = mean_of(&mut row.iter().map(|value| value - base));
            let centred = || row.iter().map(|value| value - base - above_base);
            let largest = largest_magnitude(centred());
            let deviation = if largest > 0.0 {
                largest * mean_of(&mut centred().map(|value| (value / largest).powi(2))).sqrt()
            } else {
                1.0
            };
            means.push(base + above_base);
            deviations.push(deviation);
        }
        Self { means, deviations }
    }

    /// Scaled alone, for a head without intercepts, which a shift of the features would change.
    #[must_use]
    pub fn uncentred(self) -> Self {
        Self { means: vec![0.0; self.means.len()], ..self }
    }

    /// The data set in standard units.
    ///
    /// # Errors
    /// A feature leaves the range of doubles.
    pub fn apply(&self, dataset: &Dataset) -> Result<Dataset, DataError> {
        let mut features = dataset.features().into_owned();
        for (feature, mut row) in features.row_iter_mut().enumerate() {
            row.iter_mut()
                .for_each(|value| *value = (*value - self.means[feature]) / self.deviations[feature]);
        }
        let standard = Dataset::new(features, dataset.feature_names().to_vec(), dataset.labels().clone())?;
        match dataset.fixed_logits() {
            None => Ok(standard),
            Some(offset) => standard.with_offset(offset.clone()),
        }
    }

    /// The coefficients and intercepts that give the same logits of features in the user's units.
    #[must_use]
    pub fn in_user_units(&self, coefficients: &DMatrix<f64>, intercepts: &[f64]) -> (DMatrix<f64>, Vec<f64>) {
        let scaled = DMatrix::from_fn(coefficients.nrows(), coefficients.ncols(), |row, feature| {
            coefficients[(row, feature)] / self.deviations[feature]
        });
        let shift = |row: usize| {
            self.means.iter().enumerate().map(|(feature, mean)| scaled[(row, feature)] * mean).sum::<f64>()
        };
        let intercepts =
            intercepts.iter().enumerate().map(|(row, intercept)| intercept - shift(row)).collect();
        (scaled, intercepts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use nalgebra::dmatrix;

    /// Far from zero, where a mean is rounded by more than a hundredth of the deviation, and of a decimal that no double is.
    #[test]
    fn weights_are_repeated_rows_wherever_the_values_lie() {
        let values = [0.0, 5.0, -3.0, 11.0, 7.0, -8.0];
        let weights = [3.0, 1.0, 2.0, 1.0, 3.0, 2.0];
        let units_of = |samples: &[usize], weights: Option<Vec<f64>>| {
            let features =
                DMatrix::from_fn(2, samples.len(), |row, at| [1e15 + values[samples[at]], 7.3][row]);
            let labels =
                Labels::numbered(samples.iter().map(|sample| u32::from(sample % 2 == 1)).collect(), 2);
            let labels = labels.expect("labels");
            let labels = weights.map_or(Ok(labels.clone()), |weights| labels.with_weights(weights));
            Standardization::of(&Dataset::unnamed(features, labels.expect("weights")).expect("finite"))
        };
        let weighted = units_of(&[0, 1, 2, 3, 4, 5], Some(weights.to_vec()));
        let repeated = units_of(&[0, 0, 0, 1, 2, 2, 3, 4, 4, 4, 5, 5], None);
        // Over twelve rows: a mean of 15/12, and squares that sum to 439.
        let right = (439.0 / 12.0 - 1.25_f64.powi(2)).sqrt();
        for units in [weighted, repeated] {
            assert!((units.deviations[0] / right - 1.0).abs() < 1e-14, "{units:?}");
            assert_eq!((units.means[0], units.means[1], units.deviations[1]), (1e15 + 1.25, 7.3, 1.0));
        }
    }

    #[test]
    fn logits_are_the_same_in_either_unit() {
        let labels = Labels::numbered(vec![0, 1, 1], 2).expect("labels").with_weights(vec![1.0, 2.0, 1.0]);
        let dataset = Dataset::unnamed(dmatrix![1.0, 2.0, 6.0; 3.0, 3.0, 3.0], labels.expect("weights"))
            .expect("finite");
        let units = Standardization::of(&dataset);
        assert_eq!((units.means[0], units.means[1], units.deviations[1]), (2.75, 3.0, 1.0));
        assert!((units.deviations[0] - 3.6875_f64.sqrt()).abs() < 1e-15);
        let standard = units.apply(&dataset).expect("finite");
        let (coefficients, intercepts) = (dmatrix![0.5, 2.0], vec![-1.0]);
        let (user, shifted) = units.in_user_units(&coefficients, &intercepts);
        let (there, here) = (&coefficients * &*standard.features(), &user * &*dataset.features());
        for sample in 0..3 {
            assert!((there[sample] + intercepts[0] - here[sample] - shifted[0]).abs() < 1e-14);
        }
    }
}
