//! Class weights whose stationary point meets a target: Newton on the logarithms of the weights, with the weight-effect
//! Jacobian (docs/theory.md#w1).
//!
//! Equal recalls are no smooth target: soft recalls are made equal, at decreasing softness, until the recalls themselves
//! are equal.

mod target;

#[cfg(test)]
mod tests;

use super::classification::{hits, margin, recalls};
use super::mean_probability::MeanProbability;
use super::weight_effects::effects;
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeighting, ClassWeights, Link, Loss, LossSpec, MAX_WEIGHT_RATIO, Targets};
use crate::numeric::Sigmoid;
use crate::solver::{NoResponse, Outcome, Problem, ProblemError, StationaryPoint, WeightResponse, solve};
use nalgebra::{DMatrix, DVector};
use serde::Serialize;
use target::normalised;
pub use target::{DesignError, WeightTarget};

/// Weights that meet the target, and the way there.
#[derive(Debug, Clone)]
pub struct WeightDesign<'a> {
    /// Where the search ended; its residual counts as none.
    pub reached: DesignStep,
    /// Mean probabilities there.
    pub means: MeanProbability,
    /// The head there.
    pub point: StationaryPoint<'a>,
    /// Every step, from the first weights to the last.
    pub path: Vec<DesignStep>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DesignStep {
    /// The weights; their masses sum to the number of samples.
    pub class_weights: Vec<f64>,
    /// Shortfall of each class.
    pub shortfall: Vec<f64>,
    /// Share of each class's samples whose own logit is the largest.
    pub recall: Vec<f64>,
    /// The distance to the target: the largest difference in the logarithm of a proportion; for equal recalls, by how
    /// much they differ beyond one sample of each class.
    pub residual: f64,
}

/// Residual that counts as none.
const MET: f64 = 1e-11;
/// Residual that counts as none where no further step lessens it: rounding of the problems that are solved on the way.
const MET_TO_ROUNDING: f64 = 1e-9;
/// Steps at most.
const MAX_STEPS: usize = 60;

/// Finds weights that meet a target on the user's data, from inverse frequency on.
///
/// Losses whose response to weights is computed ([`ClassWeighting::WithJacobian`]); LGL-INR does not read class weights.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::balance::{WeightTarget, design_weights};
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::LossSpec;
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let design = design_weights(&dataset, &LossSpec::Logistic, 1e-3, &WeightTarget::equal_shortfall(2))?;
/// let shortfall = &design.reached.shortfall;
/// assert!((shortfall[0] - shortfall[1]).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The target does not fit the data or the loss ([`DesignError::Target`]), the classes are separable, a problem
/// on the way has no stationary point, or no weights met the target ([`DesignError::Unattainable`],
/// [`DesignError::NotMet`]).
pub fn design_weights<'a>(
    dataset: &'a Dataset,
    spec: &LossSpec,
    l2: f64,
    target: &WeightTarget,
) -> Result<WeightDesign<'a>, DesignError> {
    design_weights_observed(dataset, spec, l2, target, &|_| ())
}

/// As [`design_weights`]; `observe` is called with every step of the path.
///
/// # Errors
/// As [`design_weights`].
pub fn design_weights_observed<'a>(
    dataset: &'a Dataset,
    spec: &LossSpec,
    l2: f64,
    target: &WeightTarget,
    observe: &dyn Fn(&DesignStep),
) -> Result<WeightDesign<'a>, DesignError> {
    let labels = dataset.labels();
    target.check(labels).map_err(DesignError::Target)?;
    match spec.row().class_weights {
        ClassWeighting::WithJacobian => {}
        ClassWeighting::Yes => return Err(NoResponse::NotComputed.into()),
        ClassWeighting::No => {
            return Err(DesignError::Target(
                "this loss does not read class weights; use softmax or logistic".to_owned(),
            ));
        }
    }
    let start = match target.closed_form(labels) {
        Some(weights) => weights,
        None => ClassWeights::Balanced.resolve(labels).map_err(ProblemError::from)?,
    };
    let start = DVector::from_iterator(start.len(), start.iter().map(|weight| weight.ln()));
    let search = |quantity| Search { dataset, spec, l2, quantity, observe };
    let mut path = Vec::new();
    let at = match target {
        WeightTarget::Shortfall(wanted) => {
            search(ClassQuantity::Shortfall(wanted)).attain(&start, &mut path)?
        }
        WeightTarget::Prior(wanted) => search(ClassQuantity::Prior(wanted)).attain(&start, &mut path)?,
        WeightTarget::EqualRecall => {
            let at = anneal(&search, &start, &mut path)?;
            let crossing = search(ClassQuantity::SoftRecall { softness: 1.0 });
            if at.step.residual > MET { crossing.where_recalls_cross(at, &mut path) } else { at }
        }
    };
    let is_met = match target {
        WeightTarget::EqualRecall => at.step.residual <= MET,
        WeightTarget::Shortfall(_) | WeightTarget::Prior(_) => at.is_met_to_rounding(),
    };
    if is_met {
        let At { step: reached, means, point, .. } = at;
        return Ok(WeightDesign { reached, means, point, path });
    }
    Err(DesignError::ended(target, labels, &path))
}

/// Longest step in the logarithm of a weight.
const LONGEST_STEP: f64 = 2.0;
/// Of the way to a target that moves: its first part, the smallest, how near each place on it is come to, in so many steps, and the
/// number of steps in all. Where shortfalls are nearly one, little room is left between what is wanted and what cannot be.
const FIRST_PART: f64 = 0.25;
const SMALLEST_PART: f64 = 1e-3;
const NEAR_TARGET: f64 = 1e-8;
const STEPS_OF_PART: usize = 10;
const MAX_STEPS_OF_WAY: usize = 200;
/// Times a step is halved at most.
const MAX_HALVINGS: usize = 12;
/// Where recalls of two classes cross: the first step in the logarithm of the weights' ratio, and halvings of the range at most, after
/// which weights differ in their last digits.
const FIRST_CROSSING: f64 = 0.125;
const MAX_CROSSINGS: usize = 48;
/// Difference in the logarithm of a soft recall at which the softness is decreased.
const CONVERGED: f64 = 1e-4;

/// What is looked for, where.
struct Search<'a, 'd> {
    dataset: &'d Dataset,
    spec: &'a LossSpec,
    l2: f64,
    quantity: ClassQuantity<'a>,
    observe: &'a dyn Fn(&DesignStep),
}

/// A point of the search.
pub(super) struct At<'d> {
    pub(super) logs: DVector<f64>,
    pub(super) step: DesignStep,
    pub(super) means: MeanProbability,
    pub(super) point: StationaryPoint<'d>,
    deviation: LogDeviation,
}

impl At<'_> {
    fn is_met_to_rounding(&self) -> bool {
        self.step.residual <= if self.is_spent() { MET } else { MET_TO_ROUNDING }
    }

    /// Whether the weights are too far apart to go on.
    fn is_spent(&self) -> bool {
        self.logs.max() - self.logs.min() > MAX_WEIGHT_RATIO.ln()
    }
}

impl<'d> Search<'_, 'd> {
    /// Solves with the weights of these logarithms and computes the quantity.
    fn evaluate(&self, logs: &DVector<f64>) -> Result<At<'d>, DesignError> {
        let labels = self.dataset.labels();
        let class_weights = normalised(&logs.iter().map(|log| log.exp()).collect::<Vec<_>>(), labels.sizes());
        let weights = ClassWeights::Explicit(class_weights.clone());
        let problem = Problem::new(self.dataset, self.spec, &weights, self.l2)?;
        let point = match solve(&problem) {
            Outcome::Stationary(point) => *point,
            Outcome::Separable(proof) => return Err(DesignError::separable(&proof, self.dataset)),
            Outcome::NotConverged { why, .. } => return Err(DesignError::Unsolved(why)),
        };
        let response = WeightResponse::at(&point)?;
        let (link, targets, logits) = (problem.loss().link(), problem.targets(), point.logits());
        let means = MeanProbability::of(link, &logits, targets);
        let solved = SolvedPoint { link, targets, logits: &logits, means: &means, response: &response };
        let deviation = self.quantity.deviation(&solved);
        let recall = recalls(&hits(&logits, targets), targets);
        let residual = match self.quantity {
            ClassQuantity::Shortfall(_) | ClassQuantity::Prior(_) => deviation.residual.amax(),
            ClassQuantity::SoftRecall { .. } => apart(&recall, labels),
        };
        let step = DesignStep { class_weights, shortfall: means.shortfall.clone(), recall, residual };
        Ok(At { logs: logs.clone(), step, means, point, deviation })
    }

    /// Continues from `at` until the target is met, no step helps, or the weights are too far apart; appends every
    /// point to the path.
    fn descend(&self, mut at: At<'d>, path: &mut Vec<DesignStep>) -> At<'d> {
        // A search for another quantity starts where the last one ended.
        if path.last().is_none_or(|last| last.class_weights != at.step.class_weights) {
            self.step_to(&at, path);
        }
        for _ in 0..MAX_STEPS {
            let converged = match self.quantity {
                ClassQuantity::Shortfall(_) | ClassQuantity::Prior(_) => MET,
                ClassQuantity::SoftRecall { .. } => CONVERGED,
            };
            if at.step.residual <= MET || at.deviation.residual.amax() <= converged || at.is_spent() {
                break;
            }
            let Some(next) = self.newton(&at) else { break };
            at = next;
            self.step_to(&at, path);
        }
        at
    }

    /// The point where the target is met, else the nearest that was come to. A target far away is gone to in parts where Newton's
    /// steps alone do not lead there: they may pass the weights at which a class all but vanishes, from where no way leads back.
    fn attain(&self, start: &DVector<f64>, path: &mut Vec<DesignStep>) -> Result<At<'d>, DesignError> {
        let at = self.descend(self.evaluate(start)?, path);
        if at.is_met_to_rounding() {
            return Ok(at);
        }
        let mut way = Vec::new();
        let along = self.follow(self.evaluate(&self.begin(start, &mut way)?)?, &mut way);
        let along = self.descend(along, &mut way);
        if !along.is_met_to_rounding() {
            return Ok(at);
        }
        *path = way;
        Ok(along)
    }

    /// Logarithms of the weights from which a moving target is followed. Shortfalls are made equal first: those that are to be so stay so,
    /// and none of them comes to one before the others.
    fn begin(&self, start: &DVector<f64>, path: &mut Vec<DesignStep>) -> Result<DVector<f64>, DesignError> {
        if !matches!(self.quantity, ClassQuantity::Shortfall(_)) {
            return Ok(start.clone());
        }
        let ones = vec![1.0; start.len()];
        let Self { dataset, spec, l2, observe, .. } = *self;
        let equal = Search { dataset, spec, l2, quantity: ClassQuantity::Shortfall(&ones), observe };
        Ok(equal.descend(equal.evaluate(start)?, path).logs)
    }

    /// Follows a target that moves from what is measured at `at` to the one wanted, as far as steps lead.
    fn follow(&self, mut at: At<'d>, path: &mut Vec<DesignStep>) -> At<'d> {
        self.step_to(&at, path);
        let first = at.deviation.residual.clone();
        let (mut gone, mut part) = (0.0, FIRST_PART);
        while gone < 1.0 && part >= SMALLEST_PART && path.len() < MAX_STEPS_OF_WAY {
            let next = (gone + part).min(1.0);
            match self.near(&at, &(&first * (1.0 - next))) {
                Some(found) => {
                    self.step_to(&found, path);
                    (at, gone, part) = (found, next, 2.0 * part);
                }
                None => part *= 0.5,
            }
        }
        at
    }

    /// A point near which the difference to the target is `wanted`, a few steps from `at`.
    fn near(&self, at: &At<'d>, wanted: &DVector<f64>) -> Option<At<'d>> {
        let is_near = |at: &At| (&at.deviation.residual - wanted).amax() <= NEAR_TARGET;
        let mut next = self.newton_to(at, wanted)?;
        for _ in 1..STEPS_OF_PART {
            if is_near(&next) {
                break;
            }
            next = self.newton_to(&next, wanted)?;
        }
        is_near(&next).then_some(next)
    }

    fn step_to(&self, at: &At, path: &mut Vec<DesignStep>) {
        (self.observe)(&at.step);
        path.push(at.step.clone());
    }

    /// Of two classes the higher recall changes sides between weights that lie far enough apart: halves that range until recalls
    /// are equal, or the point that was given where there is no such range.
    fn where_recalls_cross(&self, at: At<'d>, path: &mut Vec<DesignStep>) -> At<'d> {
        let &[first, second] = at.step.recall.as_slice() else { return at };
        let favoured = |at: &At| if at.step.recall[0] > at.step.recall[1] { 1.0 } else { -1.0 };
        // Away from the class that is recognised more often, by steps that grow.
        let toward = DVector::from_column_slice(if first > second { &[-0.5, 0.5] } else { &[0.5, -0.5] });
        let side = favoured(&at);
        let (mut near, mut far) = (at.logs.clone(), at.logs.clone());
        let mut step = FIRST_CROSSING;
        loop {
            far += &toward * step;
            let Ok(next) = self.evaluate(&far) else { return at };
            self.step_to(&next, path);
            if next.step.residual <= MET {
                return next;
            }
            if next.is_spent() {
                return at;
            }
            if favoured(&next) != side {
                break;
            }
            near.copy_from(&far);
            step *= 2.0;
        }
        for _ in 0..MAX_CROSSINGS {
            let middle = (&near + &far) * 0.5;
            let Ok(next) = self.evaluate(&middle) else { return at };
            self.step_to(&next, path);
            if next.step.residual <= MET {
                return next;
            }
            if favoured(&next) == side { near = middle } else { far = middle }
        }
        at
    }

    /// The next point: Newton's step on the differences, shorter where that is too far; `None` when no length helps.
    fn newton(&self, at: &At) -> Option<At<'d>> {
        self.newton_to(at, &DVector::zeros(at.logs.len()))
    }

    /// The same towards where the differences are `wanted`.
    fn newton_to(&self, at: &At, wanted: &DVector<f64>) -> Option<At<'d>> {
        let jacobian = &at.deviation.jacobian;
        let residual = &at.deviation.residual - wanted;
        // A common factor of all weights, and of all proportions, changes nothing: that direction is filled.
        let filled = jacobian.add_scalar(1.0 / residual.len() as f64);
        let mut step = filled.lu().solve(&-&residual)?;
        step.add_scalar_mut(-step.mean());
        let longest = step.amax();
        if longest > LONGEST_STEP {
            step *= LONGEST_STEP / longest;
        }
        for _ in 0..MAX_HALVINGS {
            // Too long a step may lead where there is no answer; it is then shortened.
            if let Ok(next) = self.evaluate(&(&at.logs + &step))
                && (&next.deviation.residual - wanted).norm() < residual.norm()
            {
                return Some(next);
            }
            step *= 0.5;
        }
        None
    }
}

/// By how much recalls differ beyond one sample of each class.
fn apart(recalls: &[f64], labels: &Labels) -> f64 {
    let one = largest_single_samples(labels);
    let sample = |class: usize| one[class] / labels.sizes()[class];
    let lowest = (0..recalls.len()).map(|class| recalls[class] + sample(class)).fold(f64::INFINITY, f64::min);
    let highest = (0..recalls.len()).map(|class| recalls[class] - sample(class)).fold(0.0, f64::max);
    (highest - lowest).max(0.0)
}

/// Numbers, one per class, whose proportions the weights are to set.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ClassQuantity<'a> {
    /// Shortfalls, and their proportions wanted.
    Shortfall(&'a [f64]),
    /// Mean predicted probabilities over all samples, and their proportions wanted.
    Prior(&'a [f64]),
    /// Equal recalls, each sample counted as `sigmoid(margin / softness)`.
    SoftRecall {
        /// Margin at which a sample counts as 0.73.
        softness: f64,
    },
}

/// A stationary point, and what quantities are computed from.
struct SolvedPoint<'a> {
    link: Link,
    targets: &'a Targets,
    logits: &'a DMatrix<f64>,
    means: &'a MeanProbability,
    response: &'a WeightResponse<'a>,
}

/// How far a quantity is from its target.
struct LogDeviation {
    /// Logarithms of measured over wanted, their mean taken off.
    residual: DVector<f64>,
    /// Derivative of `residual` (rows) by the logarithm of every weight (columns).
    jacobian: DMatrix<f64>,
}

impl ClassQuantity<'_> {
    /// How far the point is from the target.
    fn deviation(&self, at: &SolvedPoint) -> LogDeviation {
        let (measured, mut jacobian) = match self {
            Self::Shortfall(_) => (at.means.shortfall.clone(), -at.effects(diagonal)),
            Self::Prior(_) => (at.prior(&at.means.matrix), at.effects(|effect| at.prior(effect))),
            Self::SoftRecall { softness } => at.soft_recalls(*softness),
        };
        for (mut row, value) in jacobian.row_iter_mut().zip(&measured) {
            row.unscale_mut(*value);
        }
        let mean = jacobian.row_mean();
        jacobian.row_iter_mut().for_each(|mut row| row -= &mean);
        let wanted = |class: usize| match self {
            Self::Shortfall(wanted) | Self::Prior(wanted) => wanted[class],
            Self::SoftRecall { .. } => 1.0,
        };
        let mut residual =
            DVector::from_fn(measured.len(), |class, _| (measured[class] / wanted(class)).ln());
        residual.add_scalar_mut(-residual.mean());
        LogDeviation { residual, jacobian }
    }
}

fn diagonal(effect: &DMatrix<f64>) -> Vec<f64> {
    effect.diagonal().iter().copied().collect()
}

impl SolvedPoint<'_> {
    /// A column for every weight: `quantity` of its effects.
    fn effects(&self, quantity: impl Fn(&DMatrix<f64>) -> Vec<f64>) -> DMatrix<f64> {
        let effects = effects(self.response, self.link, self.logits.clone(), self.targets);
        let columns: Vec<DVector<f64>> =
            effects.iter().map(|effect| DVector::from_vec(quantity(effect))).collect();
        DMatrix::from_columns(&columns)
    }

    /// Means over all samples, from means over classes (rows).
    fn prior(&self, of_classes: &DMatrix<f64>) -> Vec<f64> {
        let sizes = DVector::from_column_slice(self.targets.sizes());
        (of_classes.tr_mul(&sizes) / sizes.sum()).iter().copied().collect()
    }

    fn soft_recalls(&self, softness: f64) -> (Vec<f64>, DMatrix<f64>) {
        let (classes, targets) = (self.targets.classes(), self.targets);
        let mut recalls = vec![0.0; classes];
        let mut rates = Vec::with_capacity(targets.samples());
        for (number, (logits, &label)) in self.logits.column_iter().zip(targets.class_indices()).enumerate() {
            let class = label as usize;
            let (margin, rival) = margin(logits.as_slice(), class);
            let soft = Sigmoid::of(margin / softness);
            let fraction = targets.sample_weight(number) / targets.sizes()[class];
            recalls[class] += fraction * soft.probability;
            rates.push((rival, fraction * soft.slope() / softness));
        }
        let mut jacobian = DMatrix::zeros(classes, classes);
        for weight in 0..classes {
            let changes = self.response.logits(weight);
            let samples = changes.column_iter().zip(targets.class_indices()).zip(&rates);
            for ((change, &label), &(rival, rate)) in samples {
                let class = label as usize;
                let moved = match change.as_slice() {
                    &[single] if class == 1 => single,
                    &[single] => -single,
                    change => change[class] - change[rival],
                };
                jacobian[(class, weight)] += rate * moved;
            }
        }
        (recalls, jacobian)
    }
}

/// Softness of the soft recalls, in mean margins at the start.
const SOFTNESS: [f64; 9] = [1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.008, 0.004];

/// The first point with equal recalls, or the last one looked at.
fn anneal<'a, 'd>(
    search: &impl Fn(ClassQuantity<'a>) -> Search<'a, 'd>,
    start: &DVector<f64>,
    path: &mut Vec<DesignStep>,
) -> Result<At<'d>, DesignError> {
    let mut at = search(ClassQuantity::SoftRecall { softness: 1.0 }).evaluate(start)?;
    let scale = mean_margin(search(ClassQuantity::SoftRecall { softness: 1.0 }).dataset, &at);
    for softness in SOFTNESS {
        let search = search(ClassQuantity::SoftRecall { softness: softness * scale });
        at = search.descend(search.evaluate(&at.logs)?, path);
        if at.step.residual <= MET {
            break;
        }
    }
    Ok(at)
}

fn mean_margin(dataset: &Dataset, at: &At) -> f64 {
    let logits = at.point.logits();
    let labels = dataset.labels();
    let margins = logits.column_iter().zip(labels.class_indices()).enumerate();
    let total: f64 = margins
        .map(|(number, (logits, &label))| {
            labels.weight(number) * margin(logits.as_slice(), label as usize).0.abs()
        })
        .sum();
    (total / labels.total_size()).max(f64::MIN_POSITIVE)
}

/// What one sample of each class counts at most, of a row of a larger weight one: such a row counts as several samples.
fn largest_single_samples(labels: &Labels) -> Vec<f64> {
    let mut largest = vec![0.0_f64; labels.classes()];
    for (sample, &label) in labels.class_indices().iter().enumerate() {
        let of_class = &mut largest[label as usize];
        *of_class = of_class.max(labels.weight(sample).min(1.0));
    }
    largest
}
