//! Features in standard units, and heads of such features in the user's units.

use super::{DataError, Dataset};
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
        for row in features.row_iter() {
            // Shares of weight first: sums of the largest doubles leave their range.
            let share = |sample: usize| labels.weight(sample) / total;
            let mean: f64 = row.iter().enumerate().map(|(sample, value)| share(sample) * value).sum();
            let largest = row.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max);
            let square = |(sample, value): (usize, &f64)| share(sample) * ((value - mean) / largest).powi(2);
            let deviation = if largest > 0.0 {
                largest * row.iter().enumerate().map(square).sum::<f64>().sqrt()
            } else {
                1.0
            };
            means.push(mean);
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
