//! Training a network for a series on one draw of images, and measuring where it ends.

use super::measure::Measure;
use super::observe::{LogitMeasures, is_trace, rows};
use super::records::Ended;
use super::specification::{Analysis, Draw, DrawnImages, Series};
use crate::balance::{MeanProbability, accuracy, hits, neglect, recalls};
use crate::cnn::{LastLayer, LastLayerEvaluation, NetworkError, Recipe, Training, TrainingPlan};
use crate::data::ImageSample;
use crate::loss::{ClassWeights, Loss, Targets};
use crate::solver::Head;
use std::collections::BTreeMap;

/// A network to train: a series of an analysis on one draw.
pub(super) struct Task<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) series: &'a Series,
    pub(super) draw: Draw,
    /// The learning rate.
    pub(super) rate: f64,
}

/// A network that was trained, as measures see it.
pub(super) struct Trained {
    pub(super) ended: Ended,
    pub(super) classes: usize,
    pub(super) features: usize,
    pub(super) measured: BTreeMap<Measure, Vec<f64>>,
}

/// What is wrong with a task.
pub(super) enum Refused {
    /// It cannot be stated.
    Impossible(String),
    /// Training failed: the loss is no longer a number, or no head is stationary.
    Endless(String),
}

impl From<NetworkError> for Refused {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Diverged { .. } => Self::Endless(error.to_string()),
            _ => Self::Impossible(error.to_string()),
        }
    }
}

/// Evaluations of the last layer after each epoch, the first before any.
#[derive(Default)]
struct Traces {
    evaluations: Vec<LastLayerEvaluation>,
}

impl Task<'_> {
    /// The images of the draw.
    pub(super) fn images(&self) -> Result<DrawnImages, Refused> {
        let (held_out, test) =
            self.analysis.training.as_ref().map_or((0, 0), |training| (training.held_out, training.test));
        let images = self.analysis.data.images(self.draw, held_out, test);
        images.map_err(|error| Refused::Impossible(error.to_string()))
    }

    /// A training at its beginning.
    pub(super) fn begin<'b>(&self, sample: &'b ImageSample) -> Result<Training<'b>, Refused> {
        let recipe = self.analysis.training.as_ref().map(|training| training.recipe.clone());
        let recipe = Recipe { rate: self.rate, ..recipe.unwrap_or_default() };
        let weights = self.analysis.weights_of(self.series).weights(sample.labels().classes(), self.draw);
        let plan =
            TrainingPlan::new(recipe, self.series.loss.clone(), &weights, sample, self.draw.training())?;
        Ok(Training::new(plan, sample)?)
    }

    /// Trains on the training images and returns the mean recall on those held out.
    pub(super) fn held_out_recall(&self) -> Result<f64, Refused> {
        let images = self.images()?;
        let Some(held_out) = &images.held_out else {
            return Err(Refused::Impossible("no images are held out".to_owned()));
        };
        let mut training = self.begin(&images.learned_from)?;
        while !training.is_done() {
            training.finish_epoch(&mut |_| Ok(()))?;
        }
        Ok(mean(&Tested::on(&mut training, held_out)?.recalls))
    }

    /// Trains, polishes if the series asks for it, and measures.
    pub(super) fn carry_out(&self, wanted: &[Measure]) -> Result<Trained, Refused> {
        let images = self.images()?;
        let mut training = self.begin(&images.learned_from)?;
        let traced = wanted.iter().any(|&measure| is_trace(measure));
        let mut traces = Traces::default();
        while !training.is_done() {
            if traced {
                traces.evaluations.push(training.evaluate_last_layer());
            }
            training.finish_epoch(&mut |_| Ok(()))?;
        }
        let mut layer = training.last_layer();
        let penalty = training.head_penalty();
        let mut evaluation = layer.evaluate(training.loss(), training.targets(), penalty);
        if traced {
            traces.evaluations.push(evaluation.clone());
        }
        let mut ended = Ended::Stopped;
        if self.series.polished {
            let (head, gradient_inf) = self.polish(&training, &layer)?;
            layer.head = head;
            // The certificate's gradient is more precise than one recomputed in double precision.
            evaluation = LastLayerEvaluation {
                gradient_inf,
                ..layer.evaluate(training.loss(), training.targets(), penalty)
            };
            training.network_mut().set_head(&layer.head);
            ended = Ended::Stationary;
        }
        let tested = images.tested_on.as_ref().map(|sample| Tested::on(&mut training, sample)).transpose()?;
        let targets = training.targets();
        let measures = LogitMeasures {
            targets,
            neglect: neglect(&evaluation.means, targets),
            means: evaluation.means,
            ledger: evaluation.ledger,
            hits: evaluation.hits,
        };
        let (loss, gradient) = (evaluation.loss, evaluation.gradient_inf);
        let (rate, head) = (self.rate, &layer.head);
        let at = Measuring { rate, loss, gradient, measures, head, traces: &traces, tested };
        let measured = wanted.iter().map(|&measure| (measure, at.take(measure))).collect();
        let classes = targets.classes();
        Ok(Trained { ended, classes, features: layer.features.nrows(), measured })
    }

    /// The stationary head on the network's features, with the penalty of training on `W`.
    fn polish(&self, training: &Training, layer: &LastLayer) -> Result<(Head, f64), Refused> {
        layer
            .finish(&self.series.loss, training.targets(), training.plan().recipe.decay)?
            .map_err(Refused::Endless)
    }
}

/// How a network does on images it has not learned from.
struct Tested {
    /// Fraction of each class's images correctly classified.
    recalls: Vec<f64>,
    /// Share of all.
    accuracy: f64,
    means: MeanProbability,
}

impl Tested {
    fn on(training: &mut Training, sample: &ImageSample) -> Result<Self, Refused> {
        let targets = Targets::new(sample.labels(), &ClassWeights::None);
        let targets = targets.map_err(|error| Refused::Impossible(error.to_string()))?;
        let logits = training.logits_of(sample);
        let (loss, hits) = (training.loss(), hits(&logits, &targets));
        let means = MeanProbability::of(loss.link(), &logits, &targets);
        Ok(Self { recalls: recalls(&hits, &targets), accuracy: accuracy(&hits, &targets), means })
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// A trained network and everything that measures are read off.
struct Measuring<'a> {
    rate: f64,
    loss: f64,
    gradient: f64,
    measures: LogitMeasures<'a>,
    head: &'a Head,
    traces: &'a Traces,
    tested: Option<Tested>,
}

impl Measuring<'_> {
    fn take(&self, measure: Measure) -> Vec<f64> {
        use Measure as M;
        let of_evaluations =
            |look: &dyn Fn(&LastLayerEvaluation) -> f64| self.traces.evaluations.iter().map(look).collect();
        match measure {
            M::DataLoss => vec![self.loss],
            M::Gradient => vec![self.gradient],
            M::Intercept => self.head.intercepts.clone(),
            M::TestRecall => self.of_test(|tested| tested.recalls.clone()),
            M::TestMeanProbability => self.of_test(|tested| rows(&tested.means.matrix)),
            M::TestAccuracy => self.of_test(|tested| vec![tested.accuracy]),
            M::TestBalancedAccuracy => self.of_test(|tested| vec![mean(&tested.recalls)]),
            M::TestWorstRecall => {
                self.of_test(|tested| vec![tested.recalls.iter().copied().fold(1.0, f64::min)])
            }
            M::LearningRate => vec![self.rate],
            M::Iteration => (0..self.traces.evaluations.len()).map(|epoch| epoch as f64).collect(),
            M::LossTrace => of_evaluations(&|evaluation| evaluation.loss),
            M::GradientTrace => of_evaluations(&|evaluation| evaluation.gradient_inf),
            M::BalanceTrace => of_evaluations(&LastLayerEvaluation::worst_residual),
            M::LargestClassTrace => self.own_probability(|count, other| count > other),
            M::SmallestClassTrace => self.own_probability(|count, other| count < other),
            _ => self.measures.take(measure).unwrap_or_default(),
        }
    }

    fn of_test(&self, look: impl Fn(&Tested) -> Vec<f64>) -> Vec<f64> {
        self.tested.as_ref().map_or_else(Vec::new, look)
    }

    /// `P[k][k]` along training of the class that comes first by some comparison of counts.
    fn own_probability(&self, ahead: impl Fn(usize, usize) -> bool) -> Vec<f64> {
        let counts = self.measures.targets.counts();
        let best = (1..counts.len())
            .fold(0, |best, class| if ahead(counts[class], counts[best]) { class } else { best });
        self.traces.evaluations.iter().map(|evaluation| evaluation.means.matrix[(best, best)]).collect()
    }
}

/// Why a trained network does not have a measure; `None` where it has.
pub(super) fn unfit(measure: Measure, classes: usize, tests: bool, chooses: bool) -> Option<&'static str> {
    use Measure as M;
    match measure {
        M::ErrorRatio | M::ExpectedErrorRatio | M::ErrorRatioResidual if classes != 2 => {
            Some("needs two classes; remove it from `measure` or choose two")
        }
        M::TestAccuracy
        | M::TestBalancedAccuracy
        | M::TestWorstRecall
        | M::TestRecall
        | M::TestMeanProbability
            if !tests =>
        {
            Some("needs test images; set `training.test`")
        }
        M::TestCalibrationError
        | M::TestBalance
        | M::TestBalanceDeviation
        | M::TestBalanceCovered
        | M::TestBalanceBias => Some("needs solved heads and `test`; remove it from `measure`"),
        M::TriedRate | M::HeldOutRecall if !chooses => Some("needs several `training.rates`"),
        M::Loss
        | M::WholeSampleResidual
        | M::Iterations
        | M::CentroidResidual
        | M::SumRuleResidual
        | M::ClassLoss
        | M::Guarantee
        | M::GuaranteedProbability
        | M::Contribution
        | M::WeightEffect
        | M::WeightEffectByDifferences
        | M::PointProbability
        | M::PointLoss
        | M::Coefficient
        | M::Centroid
        | M::LossChangeTrace => Some("is not measured for trained networks; remove it from `measure`"),
        _ => None,
    }
}
