//! Whether predicted probabilities are frequencies, and the map back from reweighted ones.

use super::classification::log_probabilities;
use crate::loss::{Link, Targets};
use crate::numeric::{Sigmoid, Sum, argmax, log_softmax};
use nalgebra::DMatrix;
use serde::Serialize;

/// Agreement of predicted probabilities with observed frequencies. Samples count by their own weights, not by class
/// weights.
///
/// Calibration errors compare, in 15 bins of equal width of the probability of the predicted class (the "confidence"), its
/// mean with the accuracy (Guo, Pleiss, Sun, Weinberger, ICML 2017).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Differences between confidence and accuracy.
    pub calibration_error: CalibrationError,
    /// Mean of `sum_k (p_k - 1[y = k])^2`.
    pub brier: f64,
    /// Mean of `-log p_y` over all samples.
    pub log_loss: f64,
    /// The same over the samples of each class.
    pub class_log_loss: Vec<f64>,
    /// The bins of confidence that hold samples, from the least to the most confident.
    #[serde(skip)]
    pub bins: Vec<ReliabilityBin>,
}

/// Samples of about the same confidence: a point of a reliability curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// The mean probability of the predicted class.
    pub confidence: f64,
    /// The fraction of samples whose predicted class is theirs.
    pub accuracy: f64,
    /// The share of all samples.
    pub share: f64,
}

/// The calibration error in three norms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationError {
    /// Expected calibration error: the mean difference over samples.
    pub l1: f64,
    /// Root mean square difference over samples.
    pub l2: f64,
    /// Largest difference of a bin.
    pub max: f64,
}

/// Bins of confidence.
const BINS: usize = 15;

/// Samples of one bin.
#[derive(Clone, Copy, Default)]
struct Bin {
    size: f64,
    right: f64,
    confidence: Sum,
}

impl Calibration {
    /// Of the logits (`Q x N`) as they are.
    #[must_use]
    pub fn of(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Self {
        Self::corrected(link, logits, targets, &vec![0.0; targets.classes()])
    }

    /// Of the probabilities mapped back to the sample as it was before class weights: `p_k / lambda_k`, made to sum to
    /// one. For softmax that subtracts `log lambda_k` from the logits. Exact if the model is well specified.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::balance::Calibration;
    /// use equipoise::data::Labels;
    /// use equipoise::loss::{ClassWeights, Link, Targets};
    /// use nalgebra::DMatrix;
    ///
    /// let labels = Labels::numbered(vec![0, 0, 0, 1], 2)?;
    /// let targets = Targets::new(&labels, &ClassWeights::Explicit(vec![1.0, 3.0]))?;
    /// // With weights of inverse frequency, the intercept alone predicts one half.
    /// let logits = DMatrix::zeros(2, 4);
    /// let error = |calibration: Calibration| calibration.calibration_error.l1;
    /// assert!((error(Calibration::of(Link::Softmax, &logits, &targets)) - 0.25).abs() < 1e-15);
    /// assert!(error(Calibration::prior_corrected(Link::Softmax, &logits, &targets)) < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn prior_corrected(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let logarithms: Vec<f64> = targets.class_weights().iter().map(|weight| weight.ln()).collect();
        Self::corrected(link, logits, targets, &logarithms)
    }

    /// With these numbers taken from the logarithms of probabilities; all zero leaves them as they are.
    fn corrected(link: Link, logits: &DMatrix<f64>, targets: &Targets, subtracted: &[f64]) -> Self {
        let mut tally = CalibrationTally::new(targets.classes());
        tally.add_all(link, logits, targets, subtracted);
        tally.calibration(targets.sizes())
    }
}

/// Sums over samples, from which a [`Calibration`] is made.
pub struct CalibrationTally {
    bins: [Bin; BINS],
    brier: Sum,
    log_loss: Vec<Sum>,
    /// Room for the logarithms of a sample's probabilities.
    logarithms: Vec<f64>,
}

impl CalibrationTally {
    /// Sums over no sample yet.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self {
            bins: [Bin::default(); BINS],
            brier: Sum::default(),
            log_loss: vec![Sum::default(); classes],
            logarithms: vec![0.0; classes],
        }
    }

    /// Some samples, whose targets these are, with these numbers taken from the logarithms of their probabilities; all zero
    /// leaves them as they are.
    pub fn add_all(&mut self, link: Link, logits: &DMatrix<f64>, targets: &Targets, subtracted: &[f64]) {
        let changed = subtracted.iter().any(|&number| number != 0.0);
        for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let class_and_weight = (label as usize, targets.sample_weight(number));
            if changed {
                self.add_corrected(link, z.as_slice(), class_and_weight, subtracted);
            } else {
                self.add_logits(link, z.as_slice(), class_and_weight);
            }
        }
    }

    /// A sample of a class, with its weight.
    pub(crate) fn add_logits(&mut self, link: Link, z: &[f64], class_and_weight: (usize, f64)) {
        log_probabilities(link, z, &mut self.logarithms);
        self.add(class_and_weight);
    }

    /// The same by its probabilities, its predicted class, and the logarithm of the probability of its own. Probabilities
    /// do not give the predicted class: large logits may have equal ones.
    pub fn add_sample(
        &mut self,
        sample: &[Sigmoid],
        predicted: usize,
        log_own: f64,
        (class, weight): (usize, f64),
    ) {
        let square = |sum: f64, pair: &Sigmoid| sum + pair.probability * pair.probability;
        let own = sample[class];
        let brier = sample[..class].iter().chain(&sample[class + 1..]).fold(own.complement.powi(2), square);
        self.count(predicted, sample[predicted].probability, (class, weight));
        self.log_loss[class].add(weight * -log_own);
        self.brier.add(weight * brier);
    }

    /// The same with these numbers taken from the logarithms of its probabilities, which are then made to sum to one.
    pub fn add_corrected(
        &mut self,
        link: Link,
        z: &[f64],
        class_and_weight: (usize, f64),
        subtracted: &[f64],
    ) {
        log_probabilities(link, z, &mut self.logarithms);
        self.logarithms.iter_mut().zip(subtracted).for_each(|(log, number)| *log -= number);
        log_softmax(&mut self.logarithms);
        self.add(class_and_weight);
    }

    /// Adds the sums over other samples.
    pub fn merge(&mut self, other: &Self) {
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            bin.size += more.size;
            bin.right += more.right;
            bin.confidence.merge(more.confidence);
        }
        self.brier.merge(other.brier);
        self.log_loss.iter_mut().zip(&other.log_loss).for_each(|(sum, more)| sum.merge(*more));
    }

    fn add(&mut self, (class, weight): (usize, f64)) {
        let logarithms = &self.logarithms;
        self.log_loss[class].add(weight * -logarithms[class]);
        let apart = |(k, log): (usize, &f64)| if k == class { log.exp_m1() } else { log.exp() }.powi(2);
        self.brier.add(weight * logarithms.iter().enumerate().map(apart).sum::<f64>());
        let predicted = argmax(logarithms);
        self.count(predicted, logarithms[predicted].exp(), (class, weight));
    }

    /// A sample of a class, with its weight, by its predicted class and the probability of that.
    fn count(&mut self, predicted: usize, confidence: f64, (class, weight): (usize, f64)) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 15")]
        let bin = &mut self.bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.size += weight;
        bin.right += if predicted == class { weight } else { 0.0 };
        bin.confidence.add(weight * confidence);
    }

    /// The measures, from the size of each class.
    #[must_use]
    pub fn calibration(&self, sizes: &[f64]) -> Calibration {
        let samples = sizes.iter().copied().collect::<Sum>().value();
        let filled = self.bins.iter().filter(|bin| bin.size > 0.0);
        let differences: Vec<(f64, f64)> = filled.map(|bin| bin.fraction_and_difference(samples)).collect();
        let mean =
            |power: i32| differences.iter().map(|(fraction, off)| fraction * off.powi(power)).sum::<f64>();
        let of_class = |(sum, size): (&Sum, &f64)| sum.value() / size;
        let class_log_loss: Vec<f64> = self.log_loss.iter().zip(sizes).map(of_class).collect();
        let total: f64 = self.log_loss.iter().map(|sum| sum.value()).sum();
        Calibration {
            calibration_error: CalibrationError {
                l1: mean(1),
                l2: mean(2).sqrt(),
                max: differences.iter().map(|&(_, off)| off).fold(0.0, f64::max),
            },
            brier: self.brier.value() / samples,
            log_loss: total / samples,
            class_log_loss,
            bins: self.bins.iter().filter(|bin| bin.size > 0.0).map(|bin| bin.point(samples)).collect(),
        }
    }
}

impl Bin {
    fn point(&self, samples: f64) -> ReliabilityBin {
        ReliabilityBin {
            confidence: self.confidence.value() / self.size,
            accuracy: self.right / self.size,
            share: self.size / samples,
        }
    }

    /// Its share of all samples, and how far its mean confidence is from its accuracy.
    fn fraction_and_difference(&self, samples: f64) -> (f64, f64) {
        let off = self.confidence.value() - self.right;
        (self.size / samples, off.abs() / self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{predicted_class, sample_probabilities};
    use crate::data::{GroupedDesign, Labels};
    use crate::loss::{ClassWeights, LossSpec};
    use crate::solver::{Problem, solve};
    use nalgebra::dmatrix;

    #[test]
    fn by_hand() {
        let labels = Labels::numbered(vec![0, 1, 1], 2).expect("two classes");
        let targets = Targets::new(&labels, &ClassWeights::None).expect("valid");
        // Probabilities of class 1: 0.2, 0.8, 0.4.
        let logits = dmatrix![0.25_f64.ln(), 4.0_f64.ln(), (2.0_f64 / 3.0).ln()];
        let calibration = Calibration::of(Link::Sigmoid, &logits, &targets);
        // Two samples of confidence 0.8 correctly classified, one of 0.6 misclassified.
        let expected = [(0.4 + 0.6) / 3.0, ((2.0 * 0.04 + 0.36) / 3.0_f64).sqrt(), 0.6];
        for (measured, expected) in [
            calibration.calibration_error.l1,
            calibration.calibration_error.l2,
            calibration.calibration_error.max,
        ]
        .into_iter()
        .zip(expected)
        {
            assert!((measured - expected).abs() < 1e-14, "{calibration:?}");
        }
        assert!((calibration.brier - 2.0 * (0.04 + 0.04 + 0.36) / 3.0).abs() < 1e-14);
        let loss = -(0.8_f64.ln() + 0.4_f64.ln()) / 2.0;
        assert!((calibration.class_log_loss[1] - loss).abs() < 1e-14);
    }

    /// A saturated model is well specified, so that the map back is exact: the reweighted model becomes the unweighted.
    #[test]
    fn the_map_back_is_exact_for_saturated_models() {
        let design =
            GroupedDesign::new(vec![vec![30, 10, 5], vec![8, 20, 4], vec![2, 3, 18]]).expect("valid");
        let dataset = design.dataset().expect("small");
        let at = |weights: &ClassWeights| {
            let problem = Problem::new(&dataset, &LossSpec::Softmax, weights, 0.0).expect("a problem");
            let point = solve(&problem).stationary().expect("a stationary point");
            (point.logits(), problem.targets().clone())
        };
        let (plain, unweighted) = at(&ClassWeights::None);
        let (logits, weighted) = at(&ClassWeights::Explicit(vec![1.0, 7.0, 0.2]));
        let expected = Calibration::of(Link::Softmax, &plain, &unweighted);
        let before = Calibration::of(Link::Softmax, &logits, &weighted);
        let after = Calibration::prior_corrected(Link::Softmax, &logits, &weighted);
        assert!(expected.calibration_error.l1 < 1e-12 && before.calibration_error.l1 > 0.05, "{before:?}");
        assert!(
            (after.calibration_error.l1 - expected.calibration_error.l1).abs() < 1e-12
                && (after.brier - expected.brier).abs() < 1e-12
        );
        for (one, other) in after.class_log_loss.iter().zip(&expected.class_log_loss) {
            assert!((one - other).abs() < 1e-11, "{after:?}");
        }
    }

    #[test]
    fn saturated_columns_are_classified_by_their_logits() {
        let z = [60.0, 70.0];
        let mut sample = vec![Sigmoid::of(0.0); 2];
        let log_own = sample_probabilities(Link::Sigmoid, &z, 1, &mut sample);
        let (mut by_logits, mut by_sample) = (CalibrationTally::new(2), CalibrationTally::new(2));
        by_logits.add_logits(Link::Sigmoid, &z, (1, 1.0));
        by_sample.add_sample(&sample, predicted_class(&z), log_own, (1, 1.0));
        assert_eq!(
            by_sample.calibration(&[1.0, 1.0]).calibration_error.max,
            0.0,
            "it is correctly classified"
        );
        assert_eq!(
            by_logits.calibration(&[1.0, 1.0]).calibration_error,
            by_sample.calibration(&[1.0, 1.0]).calibration_error
        );
    }

    #[test]
    fn extreme_logits_lose_nothing() {
        let labels = Labels::numbered(vec![0, 1], 2).expect("two classes");
        let targets = Targets::new(&labels, &ClassWeights::None).expect("valid");
        for (link, logits) in [
            (Link::Sigmoid, dmatrix![-50.0, 50.0]),
            (Link::Softmax, dmatrix![1050.0, -700.0; 1000.0, -650.0]),
        ] {
            let calibration = Calibration::of(link, &logits, &targets);
            let expected = (-50.0_f64).exp();
            for loss in &calibration.class_log_loss {
                assert!((loss / expected - 1.0).abs() < 1e-14, "{link:?}: {loss:e}");
            }
            assert!(calibration.calibration_error.max < 1e-15);
        }
    }
}
