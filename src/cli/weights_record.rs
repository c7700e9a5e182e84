//! What `weights` prints: one record, read by the table and by JSON alike.

use super::calibration::CalibrationRecord;
use equipoise::balance::{DesignError, DesignStep, MeanProbability, WeightDesign, hits, recalls};
use equipoise::data::Taken;
use equipoise::loss::Loss;
use equipoise::numeric::{Count, rows};
use equipoise::solver::{Conditioning, Problem, Recomputed, solve};
use serde::Serialize;

/// The one JSON object of `weights`.
#[derive(Debug, Serialize)]
pub(super) struct WeightsRecord {
    pub(super) target: String,
    /// What was taken for what.
    pub(super) input: Taken,
    /// Absent where the search could not be carried out, which says nothing about the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attainable: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    pub(super) classes: Vec<String>,
    pub(super) class_counts: Vec<Count>,
    /// Rows, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<usize>,
    /// Empty, as what follows, where the target is not attainable.
    pub(super) class_weights: Vec<f64>,
    pub(super) mean_probability: Vec<Vec<f64>>,
    pub(super) shortfall: Vec<f64>,
    pub(super) recall: Vec<f64>,
    /// Without class weights; absent where that has no stationary point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unweighted: Option<Unweighted>,
    /// Whether the weights follow from sizes alone (B2).
    pub(super) closed_form: bool,
    pub(super) path: Vec<DesignStep>,
    /// The nearest point, where the target is not attainable and the search found any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nearest: Option<DesignStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calibration: Option<CalibrationRecord>,
    /// Gradient and balance of the head with those weights, in the doubles that are printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recomputed: Option<Recomputed>,
    #[serde(flatten)]
    pub(super) conditioning: Conditioning,
}

/// What holds without class weights.
#[derive(Debug, Serialize)]
pub(super) struct Unweighted {
    pub(super) shortfall: Vec<f64>,
    pub(super) recall: Vec<f64>,
}

/// What is to be solved.
pub(super) struct Asked<'a> {
    pub(super) input: Taken,
    pub(super) target: &'a str,
    pub(super) problem: &'a Problem<'a>,
}

impl WeightsRecord {
    pub(super) fn new(
        asked: Asked,
        closed_form: bool,
        unweighted: Option<Unweighted>,
        design: &Result<WeightDesign, DesignError>,
    ) -> Self {
        let labels = asked.problem.dataset().labels();
        let found = design.as_ref().ok();
        let of_reached = |pick: fn(&DesignStep) -> &Vec<f64>| {
            found.map(|design| pick(&design.reached).clone()).unwrap_or_default()
        };
        Self {
            target: asked.target.to_owned(),
            input: asked.input,
            attainable: match design {
                Ok(_) => Some(true),
                Err(error) => error.rules_out().then_some(false),
            },
            why: design.as_ref().err().map(ToString::to_string),
            classes: labels.class_names().to_vec(),
            class_counts: Count::all(labels.sizes()),
            rows: labels.weights().map(<[f64]>::len),
            class_weights: of_reached(|step| &step.class_weights),
            mean_probability: found.map(|design| rows(&design.means.matrix)).unwrap_or_default(),
            shortfall: of_reached(|step| &step.shortfall),
            recall: of_reached(|step| &step.recall),
            unweighted,
            closed_form,
            path: found.map(|design| design.path.clone()).unwrap_or_default(),
            nearest: design.as_ref().err().and_then(DesignError::reached).cloned(),
            calibration: found.map(calibration),
            recomputed: found.map(|design| design.point.recomputed().clone()),
            conditioning: asked.problem.conditioning().clone(),
        }
    }
}

fn calibration(design: &WeightDesign) -> CalibrationRecord {
    CalibrationRecord::of(design.point.problem(), &design.point.logits())
}

impl Unweighted {
    /// Solves without class weights.
    pub(super) fn of(problem: &Problem) -> Option<Self> {
        let point = solve(problem).stationary()?;
        let (logits, targets) = (point.logits(), problem.targets());
        let means = MeanProbability::of(problem.loss().link(), &logits, targets);
        Some(Self { shortfall: means.shortfall, recall: recalls(&hits(&logits, targets), targets) })
    }
}
