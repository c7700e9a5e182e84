//! How solving a problem ended.

use super::calibration::CorrectedSums;
use super::{CalibrationRecord, InferenceRecord, OtherPointsRecord, Separation, SweepRecord, TestRecord};
use crate::balance::{
    Classification, LedgerEntry, LedgerTally, Neglect, PredictionTally, RemainingBalance, neglect,
};
use crate::data::{DataError, Dataset, DesignColumn, Standardization, Taken};
use crate::loss::{InrVariant, Link, Loss, LossSpec};
use crate::numeric::{Count, rows};
use crate::solver::{
    Conditioning, Head, Intercept, Outcome, Problem, Recomputed, RoundedHead, StationaryPoint,
};
use nalgebra::DMatrix;
use serde::Serialize;

/// The one JSON object of `solve`. `seconds` is its last line and the only difference between two runs on the same
/// input.
#[derive(Debug, Serialize)]
pub struct SolveRecord {
    /// How it ended.
    pub status: Status,
    /// Version of this crate.
    pub version: &'static str,
    /// What was taken for what, where a file was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Taken>,
    /// Plain name of the loss.
    pub loss_name: &'static str,
    /// The loss with its parameters.
    pub loss_plan: LossSpec,
    /// Sharpness of LGL-INR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// Whether the weights of LGL-INR are held constant in the gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detached: Option<bool>,
    /// The penalty.
    pub l2: f64,
    /// Whether there are intercepts; without, they are zeros.
    pub intercept: bool,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// `N_c`, the sum of the sample weights of each class.
    pub class_counts: Vec<Count>,
    /// Rows, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// `lambda_c`.
    pub class_weights: Vec<f64>,
    /// Names of the features.
    pub features: Vec<String>,
    /// What features were made of, where a file was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub design: Option<Vec<DesignColumn>>,
    /// Columns that are added to the logits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offset: Vec<String>,
    /// Condition number of the standardised columns, and the columns that others determine.
    #[serde(flatten)]
    pub conditioning: Conditioning,
    /// The sweep that the penalty is the best of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepRecord>,
    /// What depends on how it ended.
    #[serde(flatten)]
    pub end: End,
    /// Wall time of solving.
    pub seconds: f64,
}

/// LGL-INR has one minimiser for `beta = 0`; the point found from there is the same on every run and machine.
const CONTINUED: &str = "the unique minimiser for beta 0";
/// Losses without an algorithm of their own are searched from there.
const FROM_ZERO: &str = "the search that begins at zero";
const ADD_PENALTY: &str = "add a penalty such as `l2` 1e-3";

/// How the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At a certified stationary point.
    Stationary,
    /// With a proof that there is none.
    Separable,
    /// With neither.
    NotConverged,
}

/// The fields that depend on how it ended.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum End {
    /// At a stationary point, and what is measured there.
    Stationary(Box<PointRecord>),
    /// No finite minimiser exists.
    Separable {
        /// The proof.
        separation: Box<Separation>,
        /// What to do.
        advice: String,
    },
    /// Without an answer.
    NotConverged {
        /// What happened.
        why: String,
        /// Steps taken.
        iterations: u64,
        /// Relative gradient where the search ended.
        relative_gradient: f64,
        /// What to do.
        advice: String,
        /// What doubles hold of a head that they cannot hold.
        #[serde(flatten)]
        rounded: Option<Rounded>,
    },
}

/// The doubles nearest to a head that doubles cannot hold.
#[derive(Debug, Serialize)]
pub struct Rounded {
    /// Gradient and balance there.
    pub recomputed: Recomputed,
    /// The doubles.
    #[serde(flatten)]
    pub head: HeadRows,
}

impl Rounded {
    fn of(rounded: &RoundedHead) -> Self {
        Self { recomputed: rounded.recomputed.clone(), head: HeadRows::of(&rounded.head) }
    }
}

/// What a problem was made of.
#[derive(Debug)]
pub struct ProblemSource {
    /// What was taken for what.
    pub input: Taken,
    /// What features were made of.
    pub design: Vec<DesignColumn>,
    /// Columns that are added to the logits.
    pub offset: Vec<String>,
    /// Where features were brought to standard units.
    pub units: Option<StandardUnits>,
}

/// Standard units, and what the columns are like in those that were given, which relations between them are said in.
#[derive(Debug)]
pub struct StandardUnits {
    /// Means and standard deviations.
    pub standardization: Standardization,
    /// Of the columns as given.
    pub conditioning: Conditioning,
}

impl StandardUnits {
    /// Those of a data set; without an intercept columns are scaled alone.
    #[must_use]
    pub fn of(dataset: &Dataset, intercept: Intercept) -> Self {
        let standardization = match intercept {
            Intercept::Free => Standardization::of(dataset),
            Intercept::None => Standardization::of(dataset).uncentred(),
        };
        Self { standardization, conditioning: Conditioning::of_head(dataset, intercept) }
    }

    /// A data set in standard units where these are asked for, and what they are.
    ///
    /// # Errors
    /// A number in standard units is not finite.
    pub fn applied(
        dataset: Dataset,
        intercept: Intercept,
        are_asked_for: bool,
    ) -> Result<(Dataset, Option<Self>), DataError> {
        if !are_asked_for {
            return Ok((dataset, None));
        }
        let units = Self::of(&dataset, intercept);
        Ok((units.standardization.apply(&dataset)?, Some(units)))
    }
}

/// The head in standard units, which the gradient and the penalty are those of.
#[derive(Debug, Serialize)]
pub struct Standardized {
    /// The units.
    #[serde(flatten)]
    pub units: Standardization,
    /// The head.
    #[serde(flatten)]
    pub head: HeadRows,
}

/// A stationary point and what is read off it.
#[derive(Debug, Serialize)]
pub struct PointRecord {
    /// The loss with penalty.
    pub loss: f64,
    /// The loss without penalty.
    pub data_loss: f64,
    /// Largest entry of the gradient, in double-double arithmetic.
    pub gradient_inf: f64,
    /// The same relative to the magnitude of its terms.
    pub relative_gradient: f64,
    /// Whether the gradient meets the tolerance that was asked for and no more; separable data meet one too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_within_tolerance: bool,
    /// Smallest eigenvalue of the Hessian, of losses that are not convex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_curvature: Option<f64>,
    /// Steps taken.
    pub iterations: u64,
    /// Which stationary point it is, where there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<&'static str>,
    /// Others, where they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_points: Option<OtherPointsRecord>,
    /// Gradient and balance at the doubles of the head.
    pub recomputed: Recomputed,
    /// The head, in the user's units.
    #[serde(flatten)]
    pub head: HeadRows,
    /// Where features were brought to standard units, the head there, and the units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standardized: Option<Standardized>,
    /// What the samples say at this head, where they were asked.
    #[serde(flatten)]
    pub samples: Option<SampleMeasures>,
    /// What other samples say, where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TestRecord>,
    /// Standard errors, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_errors: Option<Vec<InferenceRecord>>,
}

/// What is left of the balance without intercepts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RemainingBalanceRecord {
    /// It holds along a combination of features.
    Along(RemainingBalance),
    /// No combination is constant; `null` in JSON.
    Nothing,
}

/// What is measured over the samples of a problem at a head.
#[derive(Debug, Serialize)]
pub struct SampleMeasures {
    /// Row: true class; column: predicted class.
    pub mean_probability: Vec<Vec<f64>>,
    /// One minus the diagonal of the above, to full precision where that is tiny.
    pub shortfall: Vec<f64>,
    /// Outflow and inflow of every class.
    pub ledger: Vec<ClassLedger>,
    /// Without intercepts, what is left of the balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_balance: Option<RemainingBalanceRecord>,
    /// Non-target means of every column, of one-vs-all losses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neglect: Option<Vec<ClassNeglect>>,
    /// Whether probabilities are frequencies.
    pub calibration: CalibrationRecord,
    /// How samples are classified.
    pub classification: Classification,
}

/// The balance of one class, in units of weighted mass.
#[derive(Debug, Serialize)]
pub struct ClassLedger {
    /// Its name.
    pub class: String,
    /// Both sides.
    #[serde(flatten)]
    pub entry: LedgerEntry,
}

/// Non-target means of one class's column.
#[derive(Debug, Serialize)]
pub struct ClassNeglect {
    /// Its name.
    pub class: String,
    /// Mean over the samples of all other classes.
    pub pooled: f64,
    /// The other class with the largest mean.
    pub hardest_class: String,
    /// That mean.
    pub hardest: f64,
    /// Its ratio to the pooled mean; absent where every non-target probability is zero to double precision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

/// A head, or a direction of one, in the user's units: one row of coefficients and one intercept per logit column.
#[derive(Debug, Default, Serialize)]
pub struct HeadRows {
    /// One row per logit column.
    pub coefficients: Vec<Vec<f64>>,
    /// One per row.
    pub intercepts: Vec<f64>,
}

impl SolveRecord {
    /// Of an outcome of `problem`, whose loss is `spec`, with what is measured over the samples.
    #[must_use]
    pub fn new(spec: &LossSpec, problem: &Problem, outcome: &Outcome, seconds: f64) -> Self {
        let mut record = Self::without_measures(spec, problem, outcome, seconds);
        if let (Outcome::Stationary(point), End::Stationary(measured)) = (outcome, &mut record.end) {
            measured.samples = Some(SampleMeasures::at(point));
        }
        record
    }

    /// The head and its certificate alone, without another pass over the samples.
    #[must_use]
    pub fn without_measures(spec: &LossSpec, problem: &Problem, outcome: &Outcome, seconds: f64) -> Self {
        let (targets, dataset) = (problem.targets(), problem.dataset());
        let classes = dataset.labels().class_names().to_vec();
        let inr = match spec {
            LossSpec::Inr { beta, variant } => Some((*beta, *variant == InrVariant::Detached)),
            _ => None,
        };
        let (status, end) = match outcome {
            Outcome::Stationary(point) => {
                (Status::Stationary, End::Stationary(Box::new(PointRecord::new(spec, point))))
            }
            Outcome::Separable(proof) => {
                let separation = Box::new(Separation::new(proof, dataset.feature_names(), &classes));
                (Status::Separable, End::Separable { separation, advice: advice_if_separable() })
            }
            Outcome::NotConverged { why, iterations, relative_gradient, rounded, .. } => {
                let advice = advice_if_not_converged((spec, problem), why, rounded.is_some());
                let (why, iterations, relative_gradient) = (why.clone(), *iterations, *relative_gradient);
                let rounded = rounded.as_deref().map(Rounded::of);
                (
                    Status::NotConverged,
                    End::NotConverged { why, iterations, relative_gradient, advice, rounded },
                )
            }
        };
        Self {
            status,
            version: env!("CARGO_PKG_VERSION"),
            input: None,
            loss_name: spec.row().name,
            loss_plan: spec.clone(),
            beta: inr.map(|(beta, _)| beta),
            detached: inr.map(|(_, detached)| detached),
            l2: problem.l2(),
            intercept: problem.intercept() == Intercept::Free,
            class_counts: Count::all(targets.sizes()),
            rows: targets.sample_weights().map(<[f64]>::len),
            class_weights: targets.class_weights().to_vec(),
            classes,
            features: dataset.feature_names().to_vec(),
            design: None,
            offset: Vec::new(),
            conditioning: problem.conditioning().clone(),
            sweep: None,
            end,
            seconds,
        }
    }

    /// The same with what the problem was made of; the head in the units of the features that were read.
    #[must_use]
    pub fn made_of(mut self, source: ProblemSource) -> Self {
        if let Some(StandardUnits { standardization: units, conditioning }) = source.units {
            self.conditioning = conditioning;
            if let (Some(head), End::Stationary(measured)) = (self.head(), &mut self.end) {
                let (coefficients, intercepts) = units.in_user_units(&head.coefficients, &head.intercepts);
                let head = HeadRows::of(&Head { coefficients, intercepts });
                let head = std::mem::replace(&mut measured.head, head);
                measured.standardized = Some(Standardized { units, head });
            }
        }
        self.input = Some(source.input);
        self.design = Some(source.design);
        self.offset = source.offset;
        self
    }

    /// The head of a stationary point, in the user's units.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        let End::Stationary(measured) = &self.end else { return None };
        let rows = &measured.head.coefficients;
        let entries = rows.iter().flatten().copied();
        Some(Head {
            coefficients: DMatrix::from_row_iterator(rows.len(), self.features.len(), entries),
            intercepts: measured.head.intercepts.clone(),
        })
    }
}

impl PointRecord {
    fn new(spec: &LossSpec, point: &StationaryPoint) -> Self {
        Self {
            loss: point.loss,
            data_loss: point.data_loss,
            gradient_inf: point.recomputed().gradient_inf,
            relative_gradient: point.recomputed().relative_gradient,
            only_within_tolerance: point.is_within_tolerance_only(),
            smallest_curvature: point.certificate.smallest_curvature,
            iterations: point.certificate.iterations,
            continues: match spec {
                LossSpec::Inr { .. } => Some(CONTINUED),
                spec => (!spec.row().convex).then_some(FROM_ZERO),
            },
            other_points: None,
            recomputed: point.recomputed().clone(),
            head: HeadRows::of(&point.head),
            standardized: None,
            samples: None,
            test: None,
            standard_errors: None,
        }
    }
}

impl SampleMeasures {
    /// Over the samples of the problem that the point solves.
    fn at(point: &StationaryPoint) -> Self {
        let problem = point.problem();
        let (targets, loss) = (problem.targets(), problem.loss());
        let classes = problem.dataset().labels().class_names();
        let mut predictions = PredictionTally::new(loss.link(), targets.classes());
        let mut ledger = LedgerTally::new(loss);
        let mut corrected = CorrectedSums::new(problem);
        point.for_each_block(|logits, targets| {
            predictions.add(logits, targets);
            ledger.add(loss, logits, targets);
            corrected.add(logits, targets);
        });
        let PredictionTally { means, calibration, classification, .. } = predictions;
        let means = means.means(targets.sizes());
        let ledger = ledger.ledger(loss);
        let remaining_balance = (problem.intercept() == Intercept::None).then(|| {
            RemainingBalance::at(point, &ledger)
                .map_or(RemainingBalanceRecord::Nothing, RemainingBalanceRecord::Along)
        });
        let one_vs_all = loss.link() == Link::Sigmoid && loss.logit_rows() > 1;
        let neglect = one_vs_all.then(|| ClassNeglect::of_columns(&neglect(&means, targets), classes));
        Self {
            mean_probability: rows(&means.matrix),
            shortfall: means.shortfall,
            ledger: ledger
                .entries
                .into_iter()
                .zip(classes)
                .map(|(entry, class)| ClassLedger { class: class.clone(), entry })
                .collect(),
            remaining_balance,
            neglect,
            calibration: CalibrationRecord {
                as_predicted: calibration.calibration(targets.sizes()),
                prior_corrected: corrected.record(problem),
            },
            classification: classification.classification(problem.dataset().labels().total_size()),
        }
    }
}

impl ClassNeglect {
    fn of_columns(columns: &[Neglect], classes: &[String]) -> Vec<Self> {
        let named = columns.iter().zip(classes).map(|(column, class)| Self {
            class: class.clone(),
            pooled: column.pooled,
            hardest_class: classes[column.hardest_class].clone(),
            hardest: column.hardest,
            ratio: Some(column.ratio).filter(|ratio| ratio.is_finite()),
        });
        named.collect()
    }
}

impl HeadRows {
    /// Of a head.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        Self { coefficients: rows(&head.coefficients), intercepts: head.intercepts.clone() }
    }
}

/// What to do about data that a linear head separates.
fn advice_if_separable() -> String {
    format!("{ADD_PENALTY}, or leave out the features that separate the classes")
}

/// What to do about a search that ended without an answer. Where the answer is known and doubles cannot hold it, the reason
/// says it.
fn advice_if_not_converged((spec, problem): (&LossSpec, &Problem), why: &str, unprintable: bool) -> String {
    if unprintable && let Some((_, advice)) = why.split_once("; ") {
        return advice.to_owned();
    }
    if why.starts_with("the time limit") {
        return "raise `time_limit`, or ask for less with `tolerance`".to_owned();
    }
    if why.starts_with("separable") {
        return ADD_PENALTY.to_owned();
    }
    let l2 = problem.l2();
    let penalty = if l2 == 0.0 { ADD_PENALTY.to_owned() } else { format!("raise `l2` above {l2:?}") };
    match spec {
        LossSpec::Inr { variant: InrVariant::Detached, .. } => {
            format!("lower `beta`, leave out `detached`, or {penalty}")
        }
        LossSpec::Inr { .. } => format!("lower `beta`, or {penalty}"),
        LossSpec::Equalization { .. } => "lower `rare`, so that no class is rare".to_owned(),
        _ if has_extreme_features(problem.dataset()) => {
            format!("rescale features of extreme size, or {penalty}")
        }
        _ => penalty,
    }
}

/// Whether a feature is of another size than measurements in usual units are.
fn has_extreme_features(dataset: &Dataset) -> bool {
    const SAMPLES: usize = 1024;
    const USUAL: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
    let samples: Vec<usize> = (0..dataset.labels().samples()).collect();
    let mut largest = vec![0.0_f64; dataset.dimension()];
    for samples in samples.chunks(SAMPLES) {
        for (largest, row) in largest.iter_mut().zip(dataset.features_of(samples).row_iter()) {
            *largest = row.iter().fold(*largest, |largest, value| largest.max(value.abs()));
        }
    }
    largest.iter().any(|&size| size > 0.0 && !USUAL.contains(&size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;

    #[test]
    fn features_in_usual_units_are_not_extreme() {
        let is_extreme = |size: f64| {
            let features = DMatrix::from_row_slice(2, 3, &[0.0, 1.0, -2.0, -size, 0.0, size / 2.0]);
            let labels = Labels::numbered(vec![0, 1, 1], 2).expect("labels");
            has_extreme_features(&Dataset::unnamed(features, labels).expect("a data set"))
        };
        for (size, expected) in
            [(0.0, false), (1e-3, false), (35.0, false), (1e5, false), (1e-9, true), (1e150, true)]
        {
            assert_eq!(is_extreme(size), expected, "{size}");
        }
    }
}
