//! What `solve` prints: one record, read by the table and by JSON alike.

use super::calibration::CalibrationRecord;
use super::classification::TestRecord;
use super::inference::Inference;
use super::separation::Separation;
use equipoise::balance::{Classification, Ledger, LedgerEntry, MeanProbability, Neglect, neglect};
use equipoise::data::{DesignColumn, Standardization, Taken};
use equipoise::loss::{InrVariant, Link, Loss, LossSpec};
use equipoise::numeric::{Count, rows};
use equipoise::solver::{
    Conditioning, Head, Outcome, Problem, Recomputed, RoundedHead, StationaryPoint, other_points_while,
};
use nalgebra::DMatrix;
use serde::Serialize;

/// The one JSON object of `solve`. `seconds` is its last line and the only difference between two runs on the same
/// input.
#[derive(Debug, Serialize)]
pub(super) struct SolveRecord {
    pub(super) status: Status,
    pub(super) version: &'static str,
    /// What was taken for what.
    pub(super) input: Taken,
    pub(super) loss_name: &'static str,
    /// The loss with its parameters.
    pub(super) loss_plan: LossSpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beta: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detached: Option<bool>,
    pub(super) l2: f64,
    pub(super) classes: Vec<String>,
    pub(super) class_counts: Vec<Count>,
    /// Rows, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<usize>,
    pub(super) class_weights: Vec<f64>,
    pub(super) features: Vec<String>,
    /// What features were made of.
    pub(super) design: Vec<DesignColumn>,
    /// Condition number of the standardised columns, and the columns that others determine.
    #[serde(flatten)]
    pub(super) conditioning: Conditioning,
    #[serde(flatten)]
    pub(super) end: End,
    pub(super) seconds: f64,
}

/// LGL-INR has one minimiser for `beta = 0`; the point found from there is the same on every run and machine.
const CONTINUED: &str = "the unique minimiser for beta 0";
/// Losses without an algorithm of their own are searched from there.
const FROM_ZERO: &str = "the search that begins at zero";
const ADD_PENALTY: &str = "add a penalty such as --l2 1e-3";

/// How the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Stationary,
    Separable,
    NotConverged,
}

/// The fields that depend on how it ended.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum End {
    Stationary(Box<Measured>),
    Separable {
        separation: Box<Separation>,
        advice: String,
    },
    NotConverged {
        why: String,
        iterations: u64,
        relative_gradient: f64,
        advice: String,
        /// What doubles hold of a head that they cannot hold.
        #[serde(flatten)]
        rounded: Option<Rounded>,
    },
}

/// The doubles nearest to a head that doubles cannot hold.
#[derive(Debug, Serialize)]
pub(super) struct Rounded {
    recomputed: Recomputed,
    #[serde(flatten)]
    head: HeadRows,
}

impl Rounded {
    fn of(rounded: &RoundedHead) -> Self {
        Self { recomputed: rounded.recomputed.clone(), head: HeadRows::of(&rounded.head) }
    }
}

/// What a problem was made of.
pub(super) struct Source {
    pub(super) input: Taken,
    pub(super) design: Vec<DesignColumn>,
    /// Where features were brought to standard units.
    pub(super) standardization: Option<Standardization>,
}

/// The head in standard units, which the gradient and the penalty are those of.
#[derive(Debug, Serialize)]
pub(super) struct Standardized {
    #[serde(flatten)]
    units: Standardization,
    #[serde(flatten)]
    head: HeadRows,
}

/// A stationary point and what is read off it.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) loss: f64,
    pub(super) data_loss: f64,
    pub(super) gradient_inf: f64,
    pub(super) relative_gradient: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smallest_curvature: Option<f64>,
    pub(super) iterations: u64,
    /// Which stationary point it is, where there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) continues: Option<&'static str>,
    /// Others, where they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) other_points: Option<OtherPoints>,
    pub(super) recomputed: Recomputed,
    /// In the units of the file.
    #[serde(flatten)]
    pub(super) head: HeadRows,
    /// Where features were brought to standard units, the head there, and the units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standardized: Option<Standardized>,
    /// Row: true class; column: predicted class.
    pub(super) mean_probability: Vec<Vec<f64>>,
    /// One minus the diagonal of the above, to full precision where that is tiny.
    pub(super) shortfall: Vec<f64>,
    pub(super) ledger: Vec<ClassLedger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) neglect: Option<Vec<ClassNeglect>>,
    pub(super) calibration: CalibrationRecord,
    /// On the samples that were solved for.
    pub(super) classification: Classification,
    /// On others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) test: Option<TestRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standard_errors: Option<Vec<Inference>>,
}

/// The balance of one class, in units of weighted mass.
#[derive(Debug, Serialize)]
pub(super) struct ClassLedger {
    pub(super) class: String,
    #[serde(flatten)]
    pub(super) entry: LedgerEntry,
}

/// Non-target means of one class's column.
#[derive(Debug, Serialize)]
pub(super) struct ClassNeglect {
    pub(super) class: String,
    pub(super) pooled: f64,
    pub(super) hardest_class: String,
    pub(super) hardest: f64,
    /// Absent where every non-target probability is zero to double precision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ratio: Option<f64>,
}

/// Stationary points other than the one reported.
#[derive(Debug, Serialize)]
pub(super) struct OtherPoints {
    pub(super) starts: usize,
    pub(super) seed: u64,
    pub(super) found: Vec<OtherPoint>,
}

/// One of them: only the column of its class differs.
#[derive(Debug, Serialize)]
pub(super) struct OtherPoint {
    pub(super) class: String,
    pub(super) loss_difference: f64,
    pub(super) starts: usize,
}

/// A head, or a direction of one, in the user's units: one row of coefficients and one intercept per logit column.
#[derive(Debug, Serialize)]
pub(super) struct HeadRows {
    pub(super) coefficients: Vec<Vec<f64>>,
    pub(super) intercepts: Vec<f64>,
}

impl SolveRecord {
    pub(super) fn new(
        source: Source,
        spec: &LossSpec,
        problem: &Problem,
        outcome: &Outcome,
        seconds: f64,
    ) -> Self {
        let Source { input, design, standardization } = source;
        let (targets, dataset) = (problem.targets(), problem.dataset());
        let classes = dataset.labels().class_names().to_vec();
        let inr = match spec {
            LossSpec::Inr { beta, variant } => Some((*beta, *variant == InrVariant::Detached)),
            _ => None,
        };
        let (status, end) = match outcome {
            Outcome::Stationary(point) => {
                let measured = Measured::new(spec, point, standardization);
                (Status::Stationary, End::Stationary(Box::new(measured)))
            }
            Outcome::Separable(proof) => {
                let separation = Box::new(Separation::new(proof, dataset.feature_names(), &classes));
                (Status::Separable, End::Separable { separation, advice: advice_if_separable() })
            }
            Outcome::NotConverged { why, iterations, relative_gradient, rounded, .. } => {
                let advice = advice_if_not_converged(spec, problem.l2(), why, rounded.is_some());
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
            input,
            loss_name: spec.row().name,
            loss_plan: spec.clone(),
            beta: inr.map(|(beta, _)| beta),
            detached: inr.map(|(_, detached)| detached),
            l2: problem.l2(),
            class_counts: Count::all(targets.sizes()),
            rows: targets.sample_weights().map(<[f64]>::len),
            class_weights: targets.class_weights().to_vec(),
            classes,
            features: dataset.feature_names().to_vec(),
            design,
            conditioning: problem.conditioning().clone(),
            end,
            seconds,
        }
    }
}

impl Measured {
    fn new(spec: &LossSpec, point: &StationaryPoint, standardization: Option<Standardization>) -> Self {
        let problem = point.problem();
        let (targets, loss) = (problem.targets(), problem.loss());
        let classes = problem.dataset().labels().class_names();
        let logits = point.logits();
        let means = MeanProbability::of(loss.link(), &logits, targets);
        let ledger = Ledger::at(loss, &logits, targets);
        let one_vs_all = loss.link() == Link::Sigmoid && loss.logit_rows() > 1;
        let neglect = one_vs_all.then(|| ClassNeglect::of_columns(&neglect(&means, targets), classes));
        let calibration = CalibrationRecord::of(problem, &logits);
        let (head, standardized) = match standardization {
            None => (HeadRows::of(&point.head), None),
            Some(units) => {
                let (coefficients, intercepts) =
                    units.in_user_units(&point.head.coefficients, &point.head.intercepts);
                let head = HeadRows::of(&Head { coefficients, intercepts });
                (head, Some(Standardized { units, head: HeadRows::of(&point.head) }))
            }
        };
        Self {
            loss: point.loss,
            data_loss: point.data_loss,
            gradient_inf: point.recomputed().gradient_inf,
            relative_gradient: point.recomputed().relative_gradient,
            smallest_curvature: point.certificate.smallest_curvature,
            iterations: point.certificate.iterations,
            continues: match spec {
                LossSpec::Inr { .. } => Some(CONTINUED),
                spec => (!spec.row().convex).then_some(FROM_ZERO),
            },
            other_points: None,
            recomputed: point.recomputed().clone(),
            head,
            standardized,
            mean_probability: rows(&means.matrix),
            shortfall: means.shortfall,
            ledger: ledger
                .entries
                .into_iter()
                .zip(classes)
                .map(|(entry, class)| ClassLedger { class: class.clone(), entry })
                .collect(),
            neglect,
            calibration,
            classification: Classification::of(&logits, problem.dataset().labels()),
            test: None,
            standard_errors: None,
        }
    }
}

impl SolveRecord {
    /// The head in the units of the file, if there is one.
    pub(super) fn head(&self) -> Option<Head> {
        let End::Stationary(measured) = &self.end else { return None };
        let rows = &measured.head.coefficients;
        let entries = rows.iter().flatten().copied();
        Some(Head {
            coefficients: DMatrix::from_row_iterator(rows.len(), self.features.len(), entries),
            intercepts: measured.head.intercepts.clone(),
        })
    }
}

impl OtherPoints {
    /// From so many random starts, or those that `goes_on` leaves time for.
    pub(super) fn look_for(
        point: &StationaryPoint,
        (starts, seed): (usize, u64),
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Self {
        let classes = point.problem().dataset().labels().class_names();
        let others = other_points_while(point, starts, seed, goes_on);
        let found = others.points.into_iter().map(|other| OtherPoint {
            class: classes[other.class].clone(),
            loss_difference: other.loss_difference,
            starts: other.starts,
        });
        Self { starts: others.tried, seed, found: found.collect() }
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
    pub(super) fn of(head: &Head) -> Self {
        Self { coefficients: rows(&head.coefficients), intercepts: head.intercepts.clone() }
    }
}

/// What to do about data that a linear head separates.
fn advice_if_separable() -> String {
    format!("{ADD_PENALTY}, or leave out the features that separate the classes")
}

/// What to do about a search that ended without an answer. Where the answer is known and doubles cannot hold it, the reason
/// says it.
fn advice_if_not_converged(spec: &LossSpec, l2: f64, why: &str, unprintable: bool) -> String {
    if unprintable && let Some((_, advice)) = why.split_once("; ") {
        return advice.to_owned();
    }
    if why.starts_with("the time limit") {
        return "raise --time-limit, or ask for less with --tolerance".to_owned();
    }
    let penalty = if l2 == 0.0 { ADD_PENALTY.to_owned() } else { format!("raise --l2 above {l2:?}") };
    match spec {
        LossSpec::Inr { variant: InrVariant::Detached, .. } => {
            format!("lower --beta, leave out --detached, or {penalty}")
        }
        LossSpec::Inr { .. } => format!("lower --beta, or {penalty}"),
        LossSpec::Equalization { .. } => "lower --rare, so that no class is rare".to_owned(),
        _ => format!("rescale features of extreme size, or {penalty}"),
    }
}
