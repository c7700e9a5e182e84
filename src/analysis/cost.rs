//! The predicted cost of a unit of work, accurate enough to balance shards, and of a whole run, before it begins.
//!
//! Every constant is seconds of one processor for one elementary step, fitted to runs of the shipped analyses
//! (`docs/scale.md` has predictions beside measurements). Arithmetic is plain sums and products, so that every machine
//! predicts the same.

use super::check::BYTES_OF_PROBLEM;
use super::error::AnalysisError;
use super::file::Experiment;
use super::measure::{Measure, Shape};
use super::specification::{
    Analysis, Design, DesignSize, Draw, MAX_CLASSES, Series, SeriesOptimizer, TrainingSpec,
};
use super::unit::{Unit, UnitKind, WorkList};
use crate::cnn::ActivationShape;
use crate::data::{DataError, Images, Part, digit_images, read_images};
use crate::loss::LossSpec;
use crate::solver::has_shared_factor;
use std::collections::HashMap;

/// Beginning a unit and keeping its record.
const UNIT: f64 = 1.5e-4;
/// Drawing one feature of one sample.
const DRAW: f64 = 1.5e-8;
/// One logit of one sample in an evaluation: exponentials and sums.
const LOGIT: f64 = 1.2e-8;
/// One product of a feature and a coefficient, or of two features, in double precision.
const PRODUCT: f64 = 3.0e-10;
/// One product of two features in a Hessian: single precision, many at once.
const HESSIAN_PRODUCT: f64 = 6.0e-11;
/// Evaluations of a search for a stationary point, those in higher precision counted as several: of all columns of softmax at
/// once, and of a logistic column.
const EVALUATIONS: (f64, f64) = (15.0, 30.0);
/// Hessians that are made anew in a search.
const HESSIANS: f64 = 4.0;
/// Unknowns up to which softmax's Hessian is made whole.
const DENSE_HESSIAN: f64 = 1_000.0;
/// Products with curvature for each new preconditioner, where softmax's Hessian is not computed.
const CURVATURES: f64 = 20.0;
/// Passes over all samples for a head of many classes, whose preconditioner is one factor for all: each takes four operations for every
/// sample and unknown, in matrix products at their full speed. Seconds for each sample and unknown.
const PASS_IN_SINGLE: f64 = 2.7e-11;
const PASS_IN_DOUBLE: f64 = 5.4e-11;
/// The same of the certificate, in double-double arithmetic.
const CERTIFICATE: f64 = 5.9e-10;
/// From this many samples on, a part of them represents all.
const LARGE: f64 = 4_096.0;
/// A search of a sweep over penalties, which begins near its end and takes no certificate, as a share of one alone.
const SWEPT: f64 = 0.5;
/// LGL-INR in units of plain logistic loss: it is solved from `beta = 0` upwards.
const REWEIGHTED: f64 = 3.0;
/// Evaluations that a first-order iteration with its line search costs: value and gradient apart, one thread, no
/// blocks.
const LINE_SEARCH: f64 = 29.0;
/// Steps that free features take, each with so many products for the cube of the classes.
const FREE_STEPS: f64 = 500.0;
const FREE_PRODUCTS: f64 = 100.0;
/// One multiplication of a network, forward and backward together.
const NETWORK: f64 = 3.0e-10;

/// Samples or features whose memory is beyond any machine, while the bytes of their Hessians can still be counted.
const BEYOND_ANY_MACHINE: usize = match 1_usize.checked_shl(40) {
    Some(number) => number,
    // Of 32-bit addresses.
    None => usize::MAX / 2,
};

/// Costs of units, with the sizes of designs that are known only from their data.
#[derive(Default)]
pub(super) struct Costs {
    looked_at: HashMap<String, DesignSize>,
    images: HashMap<String, ImageSet>,
}

/// What is known of an image set without drawing from it.
#[derive(Clone, Copy)]
struct ImageSet {
    shape: ActivationShape,
    /// Of all its parts that a training reads, which stay in memory.
    bytes: u128,
}

impl Costs {
    /// Predicted seconds of one processor.
    pub(super) fn seconds(&mut self, unit: &Unit) -> Result<f64, AnalysisError> {
        let (analysis, series) = unit.asks();
        match unit.kind() {
            UnitKind::Solve => Ok(UNIT + solving(analysis, series, self.size(analysis)?)),
            UnitKind::Train | UnitKind::Try(_) => {
                let epochs = analysis.training.as_ref().map_or(1, TrainingSpec::max_epochs);
                self.training(analysis, series, if unit.only_polishes() { 1 } else { epochs })
            }
        }
    }

    /// Upper bound on the bytes of a problem or training, with its data.
    pub(super) fn memory(&mut self, analysis: &Analysis, series: &Series) -> Result<u128, AnalysisError> {
        if let Some(training) = &analysis.training {
            return self.memory_of_training(analysis, series, training);
        }
        let loss = &series.loss;
        let DesignSize { classes, samples, features } = self.size(analysis)?;
        let (samples, features) = (samples.min(BEYOND_ANY_MACHINE), features.min(BEYOND_ANY_MACHINE));
        // The class sizes do not matter enough to be drawn for this.
        let counts = vec![samples / classes.max(1); classes.min(MAX_CLASSES)];
        let logits = 3 * samples as u128 * loss.columns(counts.len()) as u128;
        let data = samples as u128 * (features as u128 + 1) + logits;
        Ok(size_of::<f64>() as u128 * data + loss.memory(features, &counts, analysis.penalty))
    }

    /// How many numbers the record of a problem has at most.
    pub(super) fn numbers(&mut self, analysis: &Analysis, series: &Series) -> Result<u128, AnalysisError> {
        let DesignSize { classes, samples, features } = self.size(analysis)?;
        let (epochs, rates) = analysis
            .training
            .as_ref()
            .map_or((0, 0), |training| (training.recipe.epochs, training.max_rates()));
        let iterations = match series.optimizer {
            SeriesOptimizer::Newton => epochs as u64,
            SeriesOptimizer::Lbfgs { iterations } | SeriesOptimizer::GradientDescent { iterations } => {
                iterations
            }
        };
        let of = |&measure: &Measure| match measure.shape() {
            Shape::Scalar => 1,
            Shape::Classes => classes as u128,
            Shape::ClassPairs => classes as u128 * classes as u128,
            Shape::Features => classes as u128 * features as u128,
            Shape::Points => samples as u128,
            Shape::Iterations => u128::from(iterations),
            Shape::Trials => rates as u128,
        };
        Ok(analysis.measure.iter().map(of).sum())
    }

    /// All rates of a choice are in memory at the same time.
    fn memory_of_training(
        &mut self,
        analysis: &Analysis,
        series: &Series,
        training: &TrainingSpec,
    ) -> Result<u128, AnalysisError> {
        let image = self.image(analysis)?;
        let draw = Draw { seed: analysis.seed, repetition: 0 };
        let images = analysis.data.images(draw, training).map_err(|error| wrong(&error))?;
        let labels = images.learned_from.labels();
        let memory = analysis.recipe_of(series).memory(image, labels.classes(), labels.samples());
        let memory = memory.map_err(|error| AnalysisError::specification("training", error.to_string()))?;
        let rates = if training.halving.is_some() { training.max_rates() } else { 1 };
        Ok(memory.saturating_mul(rates as u128))
    }

    fn size(&mut self, analysis: &Analysis) -> Result<DesignSize, AnalysisError> {
        if let Some(size) = analysis.data.size().map_err(|error| wrong(&error))? {
            return Ok(size);
        }
        let key = format!("{:?}", analysis.data);
        if let Some(size) = self.looked_at.get(&key) {
            return Ok(*size);
        }
        let sample = analysis
            .data
            .sample(Draw { seed: analysis.seed, repetition: 0 })
            .map_err(|error| wrong(&error))?;
        let labels = sample.labels();
        let size =
            DesignSize { classes: labels.classes(), samples: labels.samples(), features: sample.dimension() };
        self.looked_at.insert(key, size);
        Ok(size)
    }

    fn training(
        &mut self,
        analysis: &Analysis,
        series: &Series,
        epochs: usize,
    ) -> Result<f64, AnalysisError> {
        let samples = self.size(analysis)?.samples as f64;
        let recipe = analysis.recipe_of(series);
        let multiplications = recipe.network.multiplications(self.image(analysis)?) as f64;
        Ok(UNIT + epochs as f64 * samples * multiplications * NETWORK)
    }

    /// Shape of the images of a design.
    fn image(&mut self, analysis: &Analysis) -> Result<ActivationShape, AnalysisError> {
        Ok(self.image_set(analysis)?.map_or_else(|| digit_images().shape().into(), |set| set.shape))
    }

    /// The image set of a design, which is looked at once; `None` of the embedded digits.
    fn image_set(&mut self, analysis: &Analysis) -> Result<Option<ImageSet>, AnalysisError> {
        let Design::Images { path, part, .. } = &analysis.data else { return Ok(None) };
        let key = format!("{} {part:?}", path.display());
        if let Some(set) = self.images.get(&key) {
            return Ok(Some(*set));
        }
        let read = |part| read_images(path, part).map_err(|error| wrong(&error));
        let images = read(*part)?;
        let bytes = |images: &Images| images.shape().values() as u128 * images.classes().len() as u128;
        let tests_on_part = analysis.training.as_ref().is_some_and(TrainingSpec::tests_on_part);
        let of_test = if tests_on_part { bytes(&*read(Part::Test)?) } else { 0 };
        let set = ImageSet { shape: images.shape().into(), bytes: bytes(&images) + of_test };
        self.images.insert(key, set);
        Ok(Some(set))
    }
}

/// Predicted seconds of one processor for all series of an analysis of one point, on data of some size.
pub(crate) fn predicted_seconds(analysis: &Analysis, size: DesignSize) -> f64 {
    analysis.series.iter().map(|series| UNIT + solving(analysis, series, size)).sum()
}

fn wrong(error: &DataError) -> AnalysisError {
    AnalysisError::specification("data", error.to_string())
}

/// Products in making the Hessian of so many unknowns and factoring it.
fn products_of_hessian(samples: f64, unknowns: f64) -> f64 {
    samples * unknowns * unknowns / 2.0 + unknowns * unknowns * unknowns / 3.0
}

/// Samples of large data that Hessians and preconditioners are made of.
fn fraction_of(samples: f64, one_of: f64) -> f64 {
    if samples < LARGE { samples } else { samples / one_of }
}

/// Seconds of one processor that a search for a stationary point takes, and its pieces.
struct SolveCost {
    /// Value and gradient once.
    evaluation: f64,
    /// Products that a Hessian, or what replaces it, takes once.
    hessian: f64,
    whole: f64,
}

/// How often a search for many classes goes over all samples, in single and in double precision; counted on features like those of frozen
/// networks.
struct Passes {
    in_single: f64,
    in_double: f64,
}

impl Passes {
    /// To where the gradient is rounding.
    const TO_THE_END: Self = Self { in_single: 33.0, in_double: 5.0 };
    /// To a tolerance, such as 1e-8.
    const TO_A_TOLERANCE: Self = Self { in_single: 12.0, in_double: 2.0 };

    fn of(until: Until) -> Self {
        match until {
            Until::Rounding => Self::TO_THE_END,
            Until::Tolerance => Self::TO_A_TOLERANCE,
        }
    }
}

/// Where a search ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Where the gradient is rounding.
    Rounding,
    /// At the tolerance that is asked for.
    Tolerance,
}

impl SolveCost {
    fn of(loss: &LossSpec, size: DesignSize, until: Until) -> Self {
        let (n, k, d) = (size.samples as f64, size.classes as f64, size.features as f64 + 1.0);
        if *loss == LossSpec::Softmax && has_shared_factor(size.features, size.classes) {
            return Self::with_shared_factor(n * k * d, until);
        }
        // Losses over all logits at once, which are solved as softmax is or more slowly.
        let joint = !matches!(
            loss,
            LossSpec::Logistic
                | LossSpec::Inr { .. }
                | LossSpec::PosWeight { .. }
                | LossSpec::Equalization { .. }
        );
        let columns = loss.columns(size.classes) as f64;
        let evaluation = n * columns * (LOGIT + d * PRODUCT);
        let unknowns = columns * d;
        let of_subsample = fraction_of(n, (d / 64.0).max(4.0));
        let hessian = match joint {
            true if unknowns <= DENSE_HESSIAN => products_of_hessian(fraction_of(n, 4.0), unknowns),
            true => CURVATURES * n * unknowns + k * products_of_hessian(of_subsample, d),
            false => columns * products_of_hessian(n, d),
        };
        let evaluations = if joint { EVALUATIONS.0 } else { EVALUATIONS.1 };
        let once = evaluations * evaluation + HESSIANS * hessian * HESSIAN_PRODUCT;
        let whole = if matches!(loss, LossSpec::Inr { .. }) { REWEIGHTED * once } else { once };
        Self { evaluation, hessian, whole }
    }

    /// Of a head of many classes, from the product of samples and unknowns.
    fn with_shared_factor(entries: f64, until: Until) -> Self {
        let Passes { in_single, in_double } = Passes::of(until);
        let evaluation = PASS_IN_DOUBLE * entries;
        let whole = in_single * PASS_IN_SINGLE * entries + in_double * evaluation + CERTIFICATE * entries;
        // Weight effects take products with curvature, as a search does.
        Self { evaluation, hessian: CURVATURES * entries, whole }
    }
}

/// Searches for the solution of one problem, its data at hand: so many alone, and so many along a path of penalties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Searches {
    /// Each from the beginning, with a certificate.
    pub alone: usize,
    /// Those of a sweep.
    pub swept: usize,
    /// Where those alone end.
    pub until: Until,
}

impl Searches {
    /// Predicted seconds of one processor, on so many samples with so many features of so many classes.
    #[must_use]
    pub fn seconds(self, loss: &LossSpec, (samples, features, classes): (usize, usize, usize)) -> f64 {
        let size = DesignSize { classes, samples, features };
        let of = |until| SolveCost::of(loss, size, until).whole;
        self.alone as f64 * of(self.until) + self.swept as f64 * SWEPT * of(Until::Rounding)
    }
}

fn solving(analysis: &Analysis, series: &Series, size: DesignSize) -> f64 {
    let (n, k, d) = (size.samples as f64, size.classes as f64, size.features as f64 + 1.0);
    let SolveCost { evaluation, hessian, whole: solved } = SolveCost::of(&series.loss, size, Until::Rounding);
    let searched = match series.optimizer {
        SeriesOptimizer::Newton => solved,
        SeriesOptimizer::Lbfgs { iterations } | SeriesOptimizer::GradientDescent { iterations } => {
            iterations as f64 * LINE_SEARCH * evaluation
        }
    };
    let effects = k * evaluation + hessian * HESSIAN_PRODUCT;
    let taken = |&measure: &Measure| match measure {
        Measure::WeightEffect | Measure::SumRuleResidual => effects,
        Measure::WeightEffectByDifferences => 2.0 * k * solved,
        _ if measure.shape() == Shape::Iterations => 10.0 * evaluation,
        _ => 0.0,
    };
    let measured: f64 = analysis.measure.iter().map(taken).sum();
    let freed = match analysis.data {
        Design::FreeFeatures { .. } => FREE_STEPS * FREE_PRODUCTS * k.powi(3) * PRODUCT,
        _ => 0.0,
    };
    n * d * DRAW + freed + searched + measured + 3.0 * evaluation
}

/// What a run will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Problems to solve, and trainings to try.
    pub problems: usize,
    /// Seconds of one processor for all of them.
    pub seconds: f64,
    /// Seconds of the longest one.
    pub longest: f64,
    /// Upper bound on the bytes of as many of the largest problems as are solved at once here, and of all records.
    pub memory: u128,
}

/// Predicts what a run will take, from what its file says; data files are looked at for their size.
///
/// # Errors
/// A data file cannot be read, or the data of a point cannot be drawn.
pub fn estimate(experiment: &Experiment) -> Result<Estimate, AnalysisError> {
    let work = WorkList::of(experiment)?;
    let mut costs = Costs::default();
    let distinct = work.of_part(None)?;
    let all = distinct.iter().copied().chain(&work.trials);
    let seconds = all.map(|unit| costs.seconds(unit)).collect::<Result<Vec<f64>, _>>()?;
    Ok(Estimate {
        problems: seconds.len(),
        seconds: seconds.iter().sum(),
        longest: seconds.iter().copied().fold(0.0, f64::max),
        memory: memory_at_once(experiment, rayon::current_num_threads())? + memory_of_records(experiment)?,
    })
}

/// Upper bound on the bytes that an experiment takes when so many problems, or trainings, are worked on at once: those of the
/// largest ones.
///
/// # Errors
/// As [`estimate`].
pub fn memory_at_once(experiment: &Experiment, at_once: usize) -> Result<u128, AnalysisError> {
    let mut costs = Costs::default();
    let mut sizes = Vec::new();
    for point in &experiment.points {
        for series in &point.series {
            sizes.push((costs.memory(point, series)?, point.repetitions));
        }
    }
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let (mut free, mut memory) = (at_once as u64, 0_u128);
    for (size, repetitions) in sizes {
        let taken = repetitions.min(free);
        memory = memory.saturating_add(size.saturating_mul(u128::from(taken)));
        free -= taken;
    }
    Ok(costs.images.values().fold(memory, |memory, set| memory.saturating_add(set.bytes)))
}

/// Upper bound on the bytes of all records of an experiment while they are read, joined and written.
///
/// # Errors
/// As [`estimate`].
pub fn memory_of_records(experiment: &Experiment) -> Result<u128, AnalysisError> {
    let mut costs = Costs::default();
    let mut memory = 0_u128;
    for point in &experiment.points {
        for series in &point.series {
            let record = BYTES_OF_PROBLEM + BYTES_OF_NUMBER * costs.numbers(point, series)?;
            memory = memory.saturating_add(record.saturating_mul(u128::from(point.repetitions)));
        }
    }
    Ok(memory)
}

/// Bytes of a number of a record: as text of some 20 digits, read and written, and as a number in two lists.
const BYTES_OF_NUMBER: u128 = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Source;

    fn experiment(text: &str) -> Experiment {
        let source = Source { name: "mine".to_owned(), text: text.to_owned(), directory: ".".into() };
        source.experiment(&[]).expect("a sound analysis")
    }

    #[test]
    fn the_largest_problems_count_as_often_as_there_are_threads_and_repetitions() {
        let mine = experiment(
            r#"name = "mine"
               title = "t"
               repetitions = 2
               measure = ["accuracy"]
               series = [{ loss = "softmax" }]
               sweep = [{ name = "n", keys = ["data.gaussian.counts.0"], over = [100, 100000] }]
               data.gaussian = { means = { at = [[-1.0], [1.0]] }, counts = [30, 10] }"#,
        );
        let at_once = |threads| memory_at_once(&mine, threads).expect("foreseen");
        assert!(at_once(1) > 100_000 * 8);
        assert_eq!(at_once(2), 2 * at_once(1));
        // The third thread has one of the small problems.
        assert!(at_once(3) > at_once(2) && at_once(3) < 3 * at_once(1));
        assert_eq!(at_once(100), at_once(4));
        // Four records of one number each.
        assert_eq!(memory_of_records(&mine).expect("foreseen"), 4 * (BYTES_OF_PROBLEM + BYTES_OF_NUMBER));
    }

    /// Processor seconds that linear probes took on two cores with AVX-512 (docs/scale.md and BENCHMARKS.md).
    #[test]
    fn heads_of_many_classes_are_foreseen_within_a_factor_of_one_and_a_half() {
        let measured = [
            (40_000, Until::Tolerance, 19.0),
            (40_000, Until::Rounding, 38.0),
            (1_280_000, Until::Tolerance, 818.0),
        ];
        for (samples, until, seconds) in measured {
            let alone = Searches { alone: 1, swept: 0, until };
            let foreseen = alone.seconds(&LossSpec::Softmax, (samples, 512, 1000));
            assert!((1.0 / 1.5..1.5).contains(&(foreseen / seconds)), "{samples}, {until:?}: {foreseen}");
        }
    }

    #[test]
    fn trainings_are_foreseen_too() {
        let mine = experiment(
            r#"name = "mine"
               title = "t"
               measure = ["accuracy"]
               series = [{ loss = "softmax" }]
               data.digits = { classes = [3, 8], counts = [40, 20] }
               training = { test = 10, recipe = { batch = 60000 } }"#,
        );
        assert!(memory_at_once(&mine, 1).expect("foreseen") > 60_000 * 4 * 64 * 8);
    }
}
