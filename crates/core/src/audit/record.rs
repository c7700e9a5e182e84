//! The record of an audit, from which tables, pages and JSON are made.

use super::batch::{BatchRecord, law_of};
use super::memory::check_audit;
use super::pass::{Tallied, tally};
use super::{Alternative, AuditInput, HeadComparison, HeldOut, Recalibration};
use crate::balance::{
    BatchLaw, Calibration, FlowPolytope, LedgerEntry, MeanProbability, Neglect, accuracy, neglect, recalls,
};
use crate::data::{DataError, Taken};
use crate::loss::{BuiltLoss, ClassWeights, Link, Logistic, Loss, LossSpec, Targets, WeightError};
use crate::numeric::{Count, largest_magnitude, rows, sort_largest_first};
use serde::Serialize;

/// What the sum over samples is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The sum of the samples' weights times those of their classes.
    #[default]
    WeightedMean,
    /// The number of samples, or the sum of their own weights.
    Mean,
    /// The same times that of logits.
    ElementMean,
    /// Nothing.
    Sum,
}

/// An audit of logits and labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditRecord {
    /// What was taken for what.
    pub input: Taken,
    /// Name of the loss.
    pub loss_name: String,
    /// The loss with its parameters.
    pub loss_plan: LossSpec,
    /// The denominator of the sum over samples; LGL-INR, a sum over classes of means, has none.
    pub reduction: Reduction,
    /// `lambda_c`.
    pub class_weights: Vec<f64>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// `N_c`, the sum of the sample weights of each class: its number of samples where each counts once.
    pub class_counts: Vec<Count>,
    /// Rows that count, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Rows whose label said to ignore them.
    pub ignored: usize,
    /// Which balance is judged, where the size of batches was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchRecord>,
    /// Everything measured at the logits as they are.
    #[serde(flatten)]
    pub measured: Measured,
    /// Other losses and weights, the nearest to stationary first; where they were tried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// What intercepts alone would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recalibrated: Option<Recalibration>,
    /// The user's last layer beside the exact one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadComparison>,
    /// The balance on samples that the loss has not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
}

/// What is measured at some logits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// The loss.
    pub loss: f64,
    /// Its derivative with respect to an intercept of each logit.
    pub bias_gradient: Vec<f64>,
    /// `P[c][k]` of the logits as they are, row = true class; null in rows of classes without samples.
    pub mean_probability: Vec<Vec<f64>>,
    /// The same of the adjusted logits, where the loss shifts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shifted_mean_probability: Option<Vec<Vec<f64>>>,
    /// `s_k = 1 - P[k][k]`, the shortfall of each class; null of a class without samples.
    pub shortfall: Vec<f64>,
    /// Outflow and inflow of every class, as the loss's gradient has them, in units of weighted samples (of LGL-INR, of mean
    /// probability).
    pub ledger: Vec<LedgerEntry>,
    /// Whether outflow equals inflow, to `tolerance`.
    pub stationary: bool,
    /// Largest relative difference of outflow and inflow that counts as none.
    pub tolerance: f64,
    /// How far it is from that.
    pub verdict: StationaryVerdict,
    /// The hardest non-target class of every column beside the average.
    pub neglect: Vec<Neglect>,
    /// The position of the outflows within the admissible set; for softmax with three classes or more, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polytope: Option<PolytopePosition>,
    /// Whether probabilities are frequencies.
    pub calibration: Calibration,
    /// The same after undoing the class weights (`p_k / lambda_k`, normalised).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_corrected: Option<Calibration>,
    /// Fraction of samples correctly classified.
    pub accuracy: f64,
    /// Recall of each class; null of a class without samples.
    pub recall: Vec<f64>,
    /// The class with the lowest recall.
    pub worst_class: usize,
}

/// How far from stationary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StationaryVerdict {
    /// The largest relative difference of a class's outflow and inflow.
    pub worst_residual: f64,
    /// Classes whose logit training would still raise, the most out of balance first.
    pub up: Vec<usize>,
    /// Classes whose logit training would still lower.
    pub down: Vec<usize>,
}

/// Where outflows lie in the polytope of docs/theory.md#i3 and #i4.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolytopePosition {
    /// Each class's share of all outflow; at a stationary point none is above one half.
    pub outflow_fraction: Vec<f64>,
    /// What the balance alone guarantees of `P[k][k]`: `max(0, (2 m_k - M) / m_k)`.
    pub guaranteed: Vec<f64>,
}

/// Audits logits and labels under a loss.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::audit::{AuditInput, ReadOptions, Reduction, audit};
/// use equipoise::loss::{ClassWeights, LossSpec};
///
/// let table = "label,a,b\na,2.0,0.0\na,0.5,0.0\nb,0.0,1.0\n";
/// let input = AuditInput::of_bytes(table.as_bytes().to_vec(), "logits", &ReadOptions::default())?;
/// let record = audit(&input, "softmax", &LossSpec::Softmax, &ClassWeights::None, (Reduction::Mean, 0.01))?;
/// assert_eq!(record.measured.accuracy, 1.0);
/// // All samples are correctly classified, yet training would still move the intercepts.
/// assert!(!record.measured.stationary);
/// # Ok::<(), equipoise::data::DataError>(())
/// ```
///
/// # Errors
/// The weights, the parameters of the loss or the number of columns do not fit, or a row holds a number that is
/// not finite or is no probability.
pub fn audit(
    input: &AuditInput,
    loss_name: &str,
    spec: &LossSpec,
    weights: &ClassWeights,
    (reduction, tolerance): (Reduction, f64),
) -> Result<AuditRecord, DataError> {
    check_audit(input, spec)?;
    let (targets, loss) = problem(input, spec, weights)?;
    let tallied = tally(input, &targets, &loss, &vec![0.0; input.columns()])?;
    let labels = input.labels();
    let factor = reduction.factor(spec, &loss, &targets);
    let mut measured = Measured::of(&tallied, &targets, &loss, factor, tolerance);
    let batch = BatchRecord::of(input, spec, &targets, &mut measured)?;
    Ok(AuditRecord {
        input: input.taken.clone(),
        loss_name: loss_name.to_owned(),
        loss_plan: spec.clone(),
        reduction,
        class_weights: targets.class_weights().to_vec(),
        classes: labels.class_names().to_vec(),
        class_counts: Count::all(labels.sizes()),
        rows: labels.weights().map(<[f64]>::len),
        ignored: input.ignored,
        batch,
        measured,
        alternatives: Vec::new(),
        recalibrated: None,
        head: None,
        held_out: None,
    })
}

/// What the logits are held against.
pub(super) fn problem(
    input: &AuditInput,
    spec: &LossSpec,
    weights: &ClassWeights,
) -> Result<(Targets, BuiltLoss), DataError> {
    let (labels, columns) = (input.labels(), input.columns());
    let invalid = |problem: String| DataError::invalid("`loss`", problem);
    if let Some(problem) = spec.problem_on(labels) {
        return Err(invalid(problem));
    }
    if input.has_masked && matches!(spec, LossSpec::LabelSmoothing { smoothing, .. } if *smoothing > 0.0) {
        let problem = "label-smoothing gives masked classes, of probability zero, a share of every label: the loss is infinite";
        return Err(invalid(problem.to_owned()));
    }
    let targets = Targets::new(labels, weights).map_err(|error: WeightError| {
        DataError::invalid(
            "`class_weights`",
            error.to_string().trim_start_matches("class weights: ").to_owned(),
        )
    })?;
    let loss = match law_of(input, spec)? {
        Some(BatchLaw::PairWeighted(presence)) => {
            BuiltLoss::Logistic(Logistic::with_pair_weights(presence.pair_weights(labels.counts()), 1.0))
        }
        Some(BatchLaw::Whole | BatchLaw::Simulated) | None => spec.build_columns(&targets, columns),
    };
    if loss.logit_rows() != columns {
        return Err(invalid(format!(
            "takes {} logits per sample, and there is {columns}; one logit for two classes goes with `loss` logistic",
            loss.logit_rows()
        )));
    }
    Ok((targets, loss))
}

impl AuditInput {
    /// Checks what an audit of these rows among others would refuse of these, whichever classes they lack.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::audit::{AuditInput, ReadOptions, Reduction, audit};
    /// use equipoise::loss::{ClassWeights, LossSpec};
    ///
    /// let read = |table: &str| AuditInput::of_bytes(table.into(), "logits", &ReadOptions::default());
    /// let part = read("label,a,b\na,2.0,0.0\na,0.5,0.0\n")?;
    /// let spec = LossSpec::BalancedSoftmax;
    /// // An audit of the part alone has no size of class b.
    /// assert!(audit(&part, "balanced-softmax", &spec, &ClassWeights::None, (Reduction::Mean, 0.01)).is_err());
    /// part.check_part(&spec)?;
    /// assert!(read("label,a,b\na,2e13,0.0\n")?.check_part(&spec).is_err());
    /// # Ok::<(), equipoise::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// The parameters of the loss or the number of columns do not fit, or a row holds a number that is no logit or no probability.
    pub fn check_part(&self, spec: &LossSpec) -> Result<(), DataError> {
        let lacks_sizes = spec.reads_counts() && self.labels().counts().contains(&0);
        if !lacks_sizes {
            problem(self, spec, &ClassWeights::None)?;
        }
        self.logits(0..self.labels().samples(), spec.row().link).map(drop)
    }
}

impl Reduction {
    /// What losses in their own reduction are multiplied by.
    fn factor(self, spec: &LossSpec, loss: &BuiltLoss, targets: &Targets) -> f64 {
        if matches!(spec, LossSpec::Inr { .. }) {
            return 1.0;
        }
        let (mass, samples) = (targets.total_mass(), targets.total_size());
        match self {
            Self::WeightedMean => 1.0,
            Self::Mean => mass / samples,
            Self::ElementMean => mass / samples / loss.logit_rows() as f64,
            Self::Sum => mass,
        }
    }
}

impl Measured {
    pub(super) fn of(
        tallied: &Tallied,
        targets: &Targets,
        loss: &BuiltLoss,
        factor: f64,
        tolerance: f64,
    ) -> Self {
        let ledger = ledger_of(tallied, loss.denominator());
        let verdict = StationaryVerdict::of(&ledger, tolerance);
        let recall: Vec<f64> = recalls(&tallied.hits, targets);
        let worse = |best: usize, class: usize| {
            // A class without samples has no recall.
            if recall[best].is_nan() || recall[class] < recall[best] { class } else { best }
        };
        Self {
            loss: tallied.loss * factor,
            bias_gradient: tallied.bias_gradient.iter().map(|entry| entry * factor).collect(),
            mean_probability: rows(&tallied.means.matrix),
            shifted_mean_probability: tallied.shifted_means.as_ref().map(|means| rows(&means.matrix)),
            shortfall: tallied.means.shortfall.clone(),
            stationary: verdict.worst_residual <= tolerance,
            tolerance,
            verdict,
            ledger,
            neglect: neglect(&tallied.means, targets),
            polytope: (loss.link() == Link::Softmax && targets.classes() > 2)
                .then(|| {
                    let means = tallied.shifted_means.as_ref().unwrap_or(&tallied.means);
                    PolytopePosition::of(means, targets)
                })
                .flatten(),
            calibration: tallied.calibration.clone(),
            prior_corrected: tallied.prior_corrected.clone(),
            accuracy: accuracy(&tallied.hits, targets),
            worst_class: (0..recall.len()).fold(0, worse),
            recall,
        }
    }
}

/// A single column is that of class 1; class 0 sees the same flows from the other side.
pub(super) fn ledger_of(tallied: &Tallied, denominator: f64) -> Vec<LedgerEntry> {
    let entry =
        |&(outflow, inflow): &(f64, f64)| LedgerEntry::new(outflow * denominator, inflow * denominator);
    match tallied.flows.as_slice() {
        [single] => vec![entry(&(single.1, single.0)), entry(single)],
        flows => flows.iter().map(entry).collect(),
    }
}

/// Smaller flows are those of probabilities given as 0, which count as the smallest double: their differences say nothing of training.
const NO_FLOW: f64 = 1e-300;

impl StationaryVerdict {
    pub(super) fn of(ledger: &[LedgerEntry], tolerance: f64) -> Self {
        let residual = |entry: &LedgerEntry| {
            let flows = entry.outflow.abs().max(entry.inflow.abs());
            if flows < NO_FLOW { 0.0 } else { entry.residual }
        };
        let mut order: Vec<usize> = (0..ledger.len()).filter(|&k| residual(&ledger[k]) > tolerance).collect();
        sort_largest_first(&mut order, |k| ledger[k].difference.abs());
        let (up, down) = order.into_iter().partition(|&k| ledger[k].difference > 0.0);
        Self { worst_residual: largest_magnitude(ledger.iter().map(residual)), up, down }
    }
}

impl PolytopePosition {
    /// Of class means; nothing where no class withholds anything.
    fn of(means: &MeanProbability, targets: &Targets) -> Option<Self> {
        let occurring =
            |k: usize| if targets.counts()[k] > 0 { targets.mass()[k] * means.shortfall[k] } else { 0.0 };
        let outflows: Vec<f64> = (0..targets.classes()).map(occurring).collect();
        let total: f64 = outflows.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let polytope = FlowPolytope::new(targets.mass().to_vec());
        let guaranteed =
            |k: usize| if targets.counts()[k] > 0 { polytope.mean_probability(k, k).low } else { 0.0 };
        Some(Self {
            outflow_fraction: outflows.iter().map(|outflow| outflow / total).collect(),
            guaranteed: (0..targets.classes()).map(guaranteed).collect(),
        })
    }
}
