//! What can be measured at the end of a search, by the names that analysis files use.

use super::file::unknown;
use crate::numeric::significant;
use schemars::JsonSchema;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::{Deserialize, Serialize};

/// A measure; what it is a list of is its [`Shape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The weighted mean loss, penalty included.
    Loss,
    /// The weighted mean loss without penalty.
    DataLoss,
    /// Largest entry of the gradient of the loss.
    Gradient,
    /// Worst relative residual of the balance ledger over classes (B1, B5, B6, R1, R2).
    BalanceResidual,
    /// LGL-INR: worst relative residual of the balance over all samples (R1, R2), which is not that of batches (M1).
    WholeSampleResidual,
    /// Share of samples whose own logit is the largest.
    Accuracy,
    /// Mean recall over classes.
    BalancedAccuracy,
    /// Lowest recall of a class.
    WorstRecall,
    /// Iterations taken; of a trained network, its epochs.
    Iterations,
    /// Trained networks with a plateau schedule: whether the loss had flattened before the epochs were used up, 1 or 0.
    Flattened,
    /// Fraction of the test samples correctly classified: those of `[test]`, or of a trained network its test images.
    TestAccuracy,
    /// Mean recall over classes on them.
    TestBalancedAccuracy,
    /// Lowest recall of a class on them.
    TestWorstRecall,
    /// Expected calibration error on them, by the probability of the predicted class.
    TestCalibrationError,
    /// Trained networks: the learning rate, chosen or given, in the unit of the analysis.
    LearningRate,
    /// Two classes: `s_1 / P0`, the ratio of the two mean errors (B2).
    ErrorRatio,
    /// Two classes: `lambda_0 N_0 / (lambda_1 N_1)`, what B2 says that ratio is.
    #[serde(alias = "lawful_error_ratio")]
    ExpectedErrorRatio,
    /// Two classes: relative difference of the two.
    ErrorRatioResidual,
    /// Binary logistic: distance of the two residual-weighted centroids relative to their spread, the shift by the penalty
    /// taken off (B4).
    CentroidResidual,
    /// Free features: largest entry of the gradient by the features of a sample, relative to its share of all (C1).
    FeatureGradient,
    /// How far the flows `F` are from symmetric: largest difference relative to the largest flow between two classes (I5).
    Asymmetry,
    /// Softmax and binary logistic: worst relative residual of the weight effects' sum rule (W2).
    SumRuleResidual,
    /// Samples of each class, `N_c`.
    ClassCount,
    /// Weight of each class, `lambda_c`.
    ClassWeight,
    /// `P[k][k]`, the mean probability that a class's own samples give it.
    TargetProbability,
    /// What sizes and weights alone guarantee of it: `max(0, (2 m_k - M) / m_k)` (I4).
    GuaranteedProbability,
    /// `s_k = 1 - P[k][k]`.
    Shortfall,
    /// Weighted mass that a class's samples withhold from it.
    Outflow,
    /// Its share of the outflow of all classes (S2).
    OutflowShare,
    /// Weighted mass that it gets from the others.
    Inflow,
    /// Weighted mass that all samples give it, its own and others: `sum_c m_c P[c][k]` (B5, C2).
    PredictedMass,
    /// Relative difference of the two.
    Residual,
    /// Mean log loss over each class's samples.
    ClassLoss,
    /// Share of a class's samples whose own logit is the largest.
    Recall,
    /// `max_c P[c][k]`, the hardest non-target mean (A2).
    Hardest,
    /// `Pbar_k`, the pooled non-target mean (A1).
    Pooled,
    /// `nu_k`, the neglect ratio: hardest over pooled (A2).
    NeglectRatio,
    /// The bound on the hardest mean from the law of the plain loss: `min(1, N_k s_k / N_c*)` (A2).
    NeglectBound,
    /// Fraction of a class's test samples correctly classified.
    TestRecall,
    /// With `[test]`: worst relative residual of the balance ledger over classes, on the test samples.
    TestBalanceResidual,
    /// With `[test]`, softmax and logistic: `D_k = sum_c m_c P_test[c][k] - m_k` (T1).
    TestBalance,
    /// Its standard deviation by chance (T1).
    TestBalanceDeviation,
    /// Whether its 95% interval holds zero, 1 or 0 (T1); the mean over repetitions is the coverage.
    TestBalanceCovered,
    /// What fitting each sample by itself makes of it, for softmax and two classes (T2).
    TestBalanceBias,
    /// LGL-INR: `s_k + log(K - 1) / beta`, below which the hardest mean stays (R3).
    Guarantee,
    /// Intercept of each logit.
    Intercept,
    /// `P[c][k]`, the mean-probability matrix: row = true class, column = predicted class.
    MeanProbability,
    /// The same over the test samples.
    TestMeanProbability,
    /// What the samples of class `c` add to the inflow of class `k`, over the mass of class `k`; a column sums, without
    /// its own class, to `s_k` where the gradient vanishes (A1, B5, R1, R2).
    Contribution,
    /// `dP[k][k] / d log lambda_j`: what the weight of class `j` (row) does to the mean probability of class `k` (column;
    /// W1, W4).
    WeightEffect,
    /// The same by problems with slightly other weights, solved again (W1).
    WeightEffectByDifferences,
    /// Two classes: probability of class 1 at each distinct point of the data, in order of first appearance.
    PointProbability,
    /// Two classes: log loss of the samples of class 1 at each of these points, summed.
    PointLoss,
    /// Cosine of the angle between the coefficients of every two classes, those of all classes summing to zero (C1).
    CoefficientCosine,
    /// Coefficients of each logit (rows) by feature (columns).
    Coefficient,
    /// Binary logistic: the residual-weighted centroid of each class (rows) by feature (columns; B4).
    Centroid,
    /// Numbers of the iterations of the traces below; of a trained network, its epochs.
    Iteration,
    /// The loss at these iterations.
    LossTrace,
    /// How much the loss fell in these iterations, relative to its size.
    LossChangeTrace,
    /// Largest entry of the gradient at these iterations.
    GradientTrace,
    /// Worst relative residual of the ledger at these iterations.
    BalanceTrace,
    /// Trained networks: mean probability `P[k][k]` of the largest class at these epochs.
    LargestClassTrace,
    /// Trained networks: the same of the smallest class.
    SmallestClassTrace,
    /// Trained networks: the learning rates to choose from.
    TriedRate,
    /// Trained networks: mean recall on the images held out, for each of these.
    HeldOutRecall,
}

/// How the numbers of a measure are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayUnit {
    /// Shares of samples, in percent.
    Percent,
    /// Everything else, as it is.
    Plain,
}

impl DisplayUnit {
    /// A number in this unit.
    #[must_use]
    pub fn of(self, number: f64) -> f64 {
        match self {
            Self::Percent => 100.0 * number,
            Self::Plain => number,
        }
    }

    /// A number in this unit, as text.
    #[must_use]
    pub fn written(self, number: f64) -> String {
        match self {
            Self::Percent => format!("{:.2}", self.of(number)),
            Self::Plain => significant(number, 3),
        }
    }
}

/// What the numbers of a measure belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One number.
    Scalar,
    /// One per class.
    Classes,
    /// One per true class and predicted class, row by row.
    ClassPairs,
    /// One per class (or logit) and feature, row by row.
    Features,
    /// One per distinct point of the data.
    Points,
    /// One per recorded iteration; of a trained network, per epoch.
    Iterations,
    /// One per learning rate tried.
    Trials,
}

impl Measure {
    /// How its numbers are written.
    #[must_use]
    pub fn unit(self) -> DisplayUnit {
        use Measure as M;
        match self {
            M::Accuracy
            | M::BalancedAccuracy
            | M::WorstRecall
            | M::Recall
            | M::TestAccuracy
            | M::TestBalancedAccuracy
            | M::TestWorstRecall
            | M::TestRecall
            | M::TestCalibrationError
            | M::TestBalanceCovered
            | M::HeldOutRecall => DisplayUnit::Percent,
            _ => DisplayUnit::Plain,
        }
    }

    /// What its numbers belong to.
    #[must_use]
    pub fn shape(self) -> Shape {
        use Measure as M;
        match self {
            M::Loss
            | M::DataLoss
            | M::Gradient
            | M::BalanceResidual
            | M::WholeSampleResidual
            | M::Accuracy
            | M::BalancedAccuracy
            | M::WorstRecall
            | M::Iterations
            | M::Flattened
            | M::TestAccuracy
            | M::TestBalancedAccuracy
            | M::TestWorstRecall
            | M::TestCalibrationError
            | M::TestBalanceResidual
            | M::LearningRate
            | M::ErrorRatio
            | M::ExpectedErrorRatio
            | M::ErrorRatioResidual
            | M::CentroidResidual
            | M::FeatureGradient
            | M::Asymmetry
            | M::SumRuleResidual => Shape::Scalar,
            M::ClassCount
            | M::ClassWeight
            | M::TargetProbability
            | M::GuaranteedProbability
            | M::Shortfall
            | M::Outflow
            | M::OutflowShare
            | M::Inflow
            | M::PredictedMass
            | M::Residual
            | M::ClassLoss
            | M::Recall
            | M::TestRecall
            | M::TestBalance
            | M::TestBalanceDeviation
            | M::TestBalanceCovered
            | M::TestBalanceBias
            | M::Hardest
            | M::Pooled
            | M::NeglectRatio
            | M::NeglectBound
            | M::Guarantee
            | M::Intercept => Shape::Classes,
            M::MeanProbability
            | M::TestMeanProbability
            | M::Contribution
            | M::WeightEffect
            | M::WeightEffectByDifferences
            | M::CoefficientCosine => Shape::ClassPairs,
            M::PointProbability | M::PointLoss => Shape::Points,
            M::Coefficient | M::Centroid => Shape::Features,
            M::Iteration
            | M::LossTrace
            | M::LossChangeTrace
            | M::GradientTrace
            | M::BalanceTrace
            | M::LargestClassTrace
            | M::SmallestClassTrace => Shape::Iterations,
            M::TriedRate | M::HeldOutRecall => Shape::Trials,
        }
    }

    /// The measure of a name.
    ///
    /// # Errors
    /// No measure has this name.
    pub fn named(name: &str) -> Result<Self, String> {
        let deserializer: StrDeserializer<NameError> = name.into_deserializer();
        Self::deserialize(deserializer).map_err(|error| error.to_string())
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Shape {
    /// How many indices pick one number.
    #[must_use]
    pub fn indices(self) -> usize {
        match self {
            Self::Scalar => 0,
            Self::Classes | Self::Points | Self::Iterations | Self::Trials => 1,
            Self::ClassPairs | Self::Features => 2,
        }
    }
}

/// A measure and, where it is a list, possibly which of its numbers: `accuracy`, `hardest`, `hardest.0`,
/// `mean_probability.1.0`, `recall.shark` by the name of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Selector {
    /// What was measured.
    pub measure: Measure,
    /// None for all numbers, or as many as the shape has.
    pub indices: Vec<usize>,
    /// Classes given by name, and which of the indices they are, until [`Self::resolve`] knows their numbers.
    names: Vec<(usize, String)>,
}

impl From<Measure> for Selector {
    /// All numbers of a measure.
    fn from(measure: Measure) -> Self {
        Self { measure, indices: Vec::new(), names: Vec::new() }
    }
}

impl Selector {
    /// Whether it picks a single number.
    #[must_use]
    pub fn is_one_number(&self) -> bool {
        self.indices.len() == self.measure.shape().indices()
    }
}

impl Selector {
    /// Puts numbers in place of the names of classes.
    pub(super) fn resolve(&mut self, classes: &[String]) -> Result<(), String> {
        let per_class = matches!(self.measure.shape(), Shape::Classes | Shape::ClassPairs);
        for (place, name) in std::mem::take(&mut self.names) {
            let found = classes.iter().position(|class| *class == name).filter(|_| per_class);
            self.indices[place] = found.ok_or_else(|| {
                let measure = self.measure.name();
                if per_class {
                    format!(
                        "`{measure}.{name}`: as a class, {}; numbers count from 0",
                        unknown(&name, classes)
                    )
                } else {
                    format!("`{measure}.{name}`: `{name}` is no number, and this measure is not of classes")
                }
            })?;
        }
        Ok(())
    }

    /// Whether there are the classes that it picks by number.
    pub(super) fn check_classes(&self, classes: usize) -> Result<(), String> {
        let per_class = matches!(self.measure.shape(), Shape::Classes | Shape::ClassPairs);
        match self.indices.iter().find(|&&index| per_class && index >= classes) {
            Some(index) => Err(format!(
                "`{self}`: there is no class {index}; the classes are 0 to {}",
                classes.saturating_sub(1)
            )),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for Selector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (name, rest) =
            text.split_once('.').map_or((text.as_str(), None), |(name, rest)| (name, Some(rest)));
        let measure = Measure::named(name)?;
        let parts: Vec<&str> = rest.map_or_else(Vec::new, |rest| rest.split('.').collect());
        if parts.iter().any(|part| part.trim().is_empty()) {
            return Err(format!("`{text}`: a number or the name of a class is missing, as in `hardest.0`"));
        }
        let indices: Vec<usize> = parts.iter().map(|part| part.parse().unwrap_or(0)).collect();
        let named = parts.iter().enumerate().filter(|(_, part)| part.parse::<usize>().is_err());
        let names = named.map(|(place, part)| (place, (*part).to_owned())).collect();
        let wanted = measure.shape().indices();
        if !indices.is_empty() && indices.len() != wanted {
            return Err(format!("`{text}`: `{name}` takes {wanted} numbers after its name, or none for all"));
        }
        Ok(Self { measure, indices, names })
    }
}

impl From<Selector> for String {
    fn from(selector: Selector) -> Self {
        selector.to_string()
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(&self.measure.name())?;
        self.indices.iter().enumerate().try_for_each(|(place, index)| {
            match self.names.iter().find(|(named, _)| *named == place) {
                Some((_, name)) => write!(formatter, ".{name}"),
                None => write!(formatter, ".{index}"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_as_they_are_written() {
        for text in [
            "accuracy",
            "hardest",
            "hardest.0",
            "mean_probability.1.0",
            "gradient_trace",
            "recall.great white",
        ] {
            let selector = Selector::try_from(text.to_owned()).expect("valid");
            assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn classes_may_be_named() {
        let classes = ["ant", "bee"].map(str::to_owned);
        let resolved = |text: &str| {
            let mut selector = Selector::try_from(text.to_owned())?;
            selector.resolve(&classes).map(|()| selector.to_string())
        };
        assert_eq!(resolved("mean_probability.bee.0"), Ok("mean_probability.1.0".to_owned()));
        assert!(resolved("recall.bees").expect_err("no such class").contains("did you mean `bee`?"));
        assert!(resolved("loss_trace.bee").expect_err("not of classes").contains("not of classes"));
    }

    #[test]
    fn wrong_selectors_say_what_is_wrong() {
        for (text, expected) in [
            ("hardes", "unknown variant `hardes`"),
            ("hardest.", "is missing"),
            ("hardest.0.1", "takes 1 numbers"),
            ("accuracy.0", "takes 0 numbers"),
        ] {
            let error = Selector::try_from(text.to_owned()).expect_err("invalid");
            assert!(error.contains(expected), "{error}");
        }
    }
}
