//! What is measured of predictions, with the probabilities of every sample computed once.

use super::{CalibrationTally, ClassificationTally, MeanTally, predicted_class, sample_probabilities};
use crate::loss::{Link, Targets};
use crate::numeric::Sigmoid;
use nalgebra::DMatrix;

/// Mean probabilities, calibration and classification over samples.
pub struct PredictionTally {
    link: Link,
    /// Room for the probabilities of a sample.
    sample: Vec<Sigmoid>,
    /// Sums for [`MeanProbability`](super::MeanProbability).
    pub means: MeanTally,
    /// Sums for [`Calibration`](super::Calibration).
    pub calibration: CalibrationTally,
    /// Counts for [`Classification`](super::Classification).
    pub classification: ClassificationTally,
}

impl PredictionTally {
    /// Over no sample yet.
    #[must_use]
    pub fn new(link: Link, classes: usize) -> Self {
        Self {
            link,
            sample: vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes],
            means: MeanTally::new(classes),
            calibration: CalibrationTally::new(classes),
            classification: ClassificationTally::new(classes),
        }
    }

    /// Adds some samples, whose targets these are.
    pub fn add(&mut self, logits: &DMatrix<f64>, targets: &Targets) {
        for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let (class, z) = (label as usize, z.as_slice());
            let (class_and_weight, predicted) = ((class, targets.sample_weight(number)), predicted_class(z));
            let log_own = sample_probabilities(self.link, z, class, &mut self.sample);
            self.means.add_sample(&self.sample, class_and_weight);
            self.calibration.add_sample(&self.sample, predicted, log_own, class_and_weight);
            self.classification.add_sample(predicted, class_and_weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{Calibration, Classification, MeanProbability};
    use crate::data::Labels;
    use crate::loss::ClassWeights;

    #[test]
    fn measures_are_those_that_are_taken_one_by_one() {
        let labels = Labels::numbered((0..40).map(|sample| sample % 3).collect(), 3).expect("labels");
        let targets = Targets::new(&labels, &ClassWeights::None).expect("targets");
        let logits =
            DMatrix::from_fn(3, 40, |class, sample| 900.0 * ((5 * sample + class) as f64).sin().powi(9));
        for link in [Link::Softmax, Link::Sigmoid] {
            let mut tally = PredictionTally::new(link, 3);
            tally.add(&logits, &targets);
            assert_eq!(tally.means.means(targets.sizes()), MeanProbability::of(link, &logits, &targets));
            let found = tally.classification.classification(40.0);
            assert_eq!(found, Classification::of(&logits, &labels));
            let (found, expected) =
                (tally.calibration.calibration(targets.sizes()), Calibration::of(link, &logits, &targets));
            for (found, expected) in [
                (found.brier, expected.brier),
                (found.log_loss, expected.log_loss),
                (found.calibration_error.l1, expected.calibration_error.l1),
            ] {
                assert!((found / expected - 1.0).abs() < 1e-14, "{found} {expected}");
            }
        }
    }
}
