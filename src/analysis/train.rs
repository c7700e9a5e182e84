//! Training a network for a series on one draw of images, and measuring where it ends.

use super::measure::Measure;
use super::networks::TrainedNetwork;
use super::observe::{LogitMeasures, is_trace, rows};
use super::rate_search::{Chosen, choose};
use super::records::Ended;
use super::specification::{Analysis, Draw, DrawnImages, RateUnit, Series, TrainingSpec};
use crate::balance::{Calibration, MeanProbability, accuracy, hits, neglect, recalls};
use crate::cnn::{LastLayer, LastLayerEvaluation, NetworkError, Recipe, Training, TrainingPlan};
use crate::data::ImageSample;
use crate::loss::{ClassWeights, Loss, Targets};
use crate::solver::Head;
use std::collections::BTreeMap;

/// A network to train: a series of an analysis on one draw.
#[derive(Clone, Copy)]
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
        let images = self.analysis.data.images(self.draw, self.training()?);
        images.map_err(|error| Refused::Impossible(error.to_string()))
    }

    fn training(&self) -> Result<&TrainingSpec, Refused> {
        self.analysis.training.as_ref().ok_or_else(|| Refused::Impossible("there is no training".to_owned()))
    }

    /// A training at its beginning, as far as it can be stated without a look at the loss.
    pub(super) fn state<'b>(&self, sample: &'b ImageSample) -> Result<Training<'b>, Refused> {
        let recipe = Recipe { rate: self.rate, ..self.analysis.recipe_of(self.series) };
        let weights = self.analysis.weights_of(self.series).weights(sample.labels().classes(), self.draw);
        let plan =
            TrainingPlan::new(recipe, self.series.loss.clone(), &weights, sample, self.draw.training())?;
        Ok(Training::new(plan, sample)?)
    }

    /// The same with its learning rate in the unit of the analysis.
    pub(super) fn begin<'b>(&self, sample: &'b ImageSample) -> Result<Training<'b>, Refused> {
        let mut training = self.state(sample)?;
        if self.training()?.rate_unit == RateUnit::InitialGradient {
            let norm = training.gradient_norm();
            training.set_rate(self.rate / norm);
        }
        Ok(training)
    }

    /// A training whose learning rate is chosen as far as that goes on in this draw: at its beginning, or where all other rates
    /// are given up.
    fn begin_or_choose<'b>(&self, images: &'b DrawnImages) -> Result<Chosen<'b>, Refused> {
        let spec = self.training()?;
        match (spec.halving, &images.held_out) {
            (Some(halving), Some(held_out)) if spec.chooses() => {
                choose(self, &spec.rates, halving, &images.learned_from, held_out)
            }
            _ => {
                let training = self.begin(&images.learned_from)?;
                Ok(Chosen { training, rate: self.rate, tried: Vec::new() })
            }
        }
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
        Ok(mean(&TestedNetwork::on(&mut training, held_out)?.recalls))
    }

    /// Trains, unless the network is there already, polishes if the series asks for it, and measures. `keep` is called with the
    /// trained network before it is polished.
    pub(super) fn carry_out(
        &self,
        wanted: &[Measure],
        trained: Option<TrainedNetwork>,
        keep: impl FnOnce(TrainedNetwork),
    ) -> Result<Trained, Refused> {
        let images = self.images()?;
        let Chosen { mut training, rate, tried } = match trained {
            None => self.begin_or_choose(&images)?,
            Some(TrainedNetwork { snapshot, rate, tried }) => {
                let mut training = self.state(&images.learned_from)?;
                training.restore(snapshot);
                Chosen { training, rate, tried }
            }
        };
        let traced = wanted.iter().any(|&measure| is_trace(measure));
        let mut traces = Traces::default();
        while !training.is_done() {
            if traced {
                traces.evaluations.push(training.evaluate_last_layer());
            }
            training.finish_epoch(&mut |_| Ok(()))?;
        }
        keep(TrainedNetwork { snapshot: training.snapshot(), rate, tried: tried.clone() });
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
        let tested =
            images.tested_on.as_ref().map(|sample| TestedNetwork::on(&mut training, sample)).transpose()?;
        let targets = training.targets();
        let measures = LogitMeasures {
            targets,
            neglect: neglect(&evaluation.means, targets),
            means: evaluation.means,
            ledger: evaluation.ledger,
            hits: evaluation.hits,
        };
        let (loss, gradient) = (evaluation.loss, evaluation.gradient_inf);
        let progress =
            Progress { rate, tried, epochs: training.epoch(), flattened: training.has_flattened() };
        let at = Measuring { progress, loss, gradient, measures, head: &layer.head, traces: &traces, tested };
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
pub(super) struct TestedNetwork {
    /// Fraction of each class's images correctly classified.
    pub(super) recalls: Vec<f64>,
    /// Share of all.
    accuracy: f64,
    /// Expected calibration error.
    calibration_error: f64,
    means: MeanProbability,
}

impl TestedNetwork {
    pub(super) fn on(training: &mut Training, sample: &ImageSample) -> Result<Self, Refused> {
        let targets = Targets::new(sample.labels(), &ClassWeights::None);
        let targets = targets.map_err(|error| Refused::Impossible(error.to_string()))?;
        let logits = training.logits_of(sample);
        let (loss, hits) = (training.loss(), hits(&logits, &targets));
        let means = MeanProbability::of(loss.link(), &logits, &targets);
        Ok(Self {
            recalls: recalls(&hits, &targets),
            accuracy: accuracy(&hits, &targets),
            calibration_error: Calibration::of(loss.link(), &logits, &targets).calibration_error.l1,
            means,
        })
    }
}

pub(super) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// How a training went.
struct Progress {
    rate: f64,
    /// Rates that it was chosen from in this draw, and the mean recall of each; empty where none was.
    tried: Vec<(f64, f64)>,
    epochs: usize,
    /// Whether the loss had flattened before epochs were used up.
    flattened: bool,
}

/// A trained network and everything that measures are read off.
struct Measuring<'a> {
    progress: Progress,
    loss: f64,
    gradient: f64,
    measures: LogitMeasures<'a>,
    head: &'a Head,
    traces: &'a Traces,
    tested: Option<TestedNetwork>,
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
            M::TestCalibrationError => self.of_test(|tested| vec![tested.calibration_error]),
            M::LearningRate => vec![self.progress.rate],
            M::TriedRate => self.progress.tried.iter().map(|tried| tried.0).collect(),
            M::HeldOutRecall => self.progress.tried.iter().map(|tried| tried.1).collect(),
            M::Iterations => vec![self.progress.epochs as f64],
            M::Flattened => vec![f64::from(u8::from(self.progress.flattened))],
            M::Iteration => (0..self.traces.evaluations.len()).map(|epoch| epoch as f64).collect(),
            M::LossTrace => of_evaluations(&|evaluation| evaluation.loss),
            M::GradientTrace => of_evaluations(&|evaluation| evaluation.gradient_inf),
            M::BalanceTrace => of_evaluations(&LastLayerEvaluation::worst_residual),
            M::LargestClassTrace => self.own_probability(|count, other| count > other),
            M::SmallestClassTrace => self.own_probability(|count, other| count < other),
            _ => self.measures.take(measure).unwrap_or_default(),
        }
    }

    fn of_test(&self, look: impl Fn(&TestedNetwork) -> Vec<f64>) -> Vec<f64> {
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
pub(super) fn unfit(
    measure: Measure,
    classes: usize,
    tests: bool,
    training: &TrainingSpec,
) -> Option<&'static str> {
    use Measure as M;
    match measure {
        _ if is_trace(measure) && training.halving.is_some() => {
            Some("is not kept while rates are chosen; remove it from `measure` or `halving` from `training`")
        }
        M::ErrorRatio | M::ExpectedErrorRatio | M::ErrorRatioResidual if classes != 2 => {
            Some("needs two classes; remove it from `measure` or choose two")
        }
        M::TestAccuracy
        | M::TestBalancedAccuracy
        | M::TestWorstRecall
        | M::TestRecall
        | M::TestCalibrationError
        | M::TestMeanProbability
            if !tests =>
        {
            Some("needs test images; set `training.test`")
        }
        M::TestBalanceResidual
        | M::TestBalance
        | M::TestBalanceDeviation
        | M::TestBalanceCovered
        | M::TestBalanceBias => Some("needs solved heads and `test`; remove it from `measure`"),
        M::TriedRate | M::HeldOutRecall if !training.chooses() => Some("needs several `training.rates`"),
        M::Loss
        | M::WholeSampleResidual
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
