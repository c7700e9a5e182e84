//! Weights that meet a target.

use super::{CalibrationRecord, StandardUnits};
use crate::balance::{DesignError, DesignStep, MeanProbability, WeightDesign, hits, recalls};
use crate::data::Taken;
use crate::loss::Loss;
use crate::numeric::{Count, rows};
use crate::solver::{Conditioning, Problem, Recomputed, solve};
use serde::Serialize;

/// The one JSON object of `weights`. What follows `class_weights` is at those weights.
#[derive(Debug, Serialize)]
pub struct WeightsRecord {
    /// The target as it was asked for.
    pub target: String,
    /// What was taken for what, where a file was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Taken>,
    /// Absent where the search could not be carried out, which says nothing about the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attainable: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// `N_c`, the sum of the sample weights of each class.
    pub class_counts: Vec<Count>,
    /// Rows, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Empty, as what follows, where no weights are found that meet the target.
    pub class_weights: Vec<f64>,
    /// Row: true class; column: predicted class.
    pub mean_probability: Vec<Vec<f64>>,
    /// One minus the diagonal of the above.
    pub shortfall: Vec<f64>,
    /// Share of each class's samples that are correctly classified.
    pub recall: Vec<f64>,
    /// Without class weights; absent where that has no stationary point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unweighted: Option<Unweighted>,
    /// Whether features were brought to standard units first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub standardized: bool,
    /// Whether the weights follow from sizes alone (B2).
    pub closed_form: bool,
    /// Every step of the search.
    pub path: Vec<DesignStep>,
    /// The nearest point, where no weights are found that meet the target and the search came to any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<DesignStep>,
    /// Whether probabilities are frequencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationRecord>,
    /// Gradient and balance of the head with those weights, in the doubles that are printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recomputed: Option<Recomputed>,
    /// Condition number of the standardised columns, and the columns that others determine.
    #[serde(flatten)]
    pub conditioning: Conditioning,
}

/// What holds without class weights.
#[derive(Debug, Serialize)]
pub struct Unweighted {
    /// One minus the mean probability of each class's own samples.
    pub shortfall: Vec<f64>,
    /// Share of each class's samples that are correctly classified.
    pub recall: Vec<f64>,
}

/// What is to be solved.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The target in words.
    pub target: &'a str,
    /// Data, loss and penalty.
    pub problem: &'a Problem<'a>,
}

impl WeightsRecord {
    /// Of a search for weights.
    #[must_use]
    pub fn new(
        asked: &Asked,
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
            input: None,
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
            standardized: false,
            closed_form,
            path: found.map(|design| design.path.clone()).unwrap_or_default(),
            nearest: design.as_ref().err().and_then(DesignError::reached).cloned(),
            calibration: found.map(calibration),
            recomputed: found.map(|design| design.point.recomputed().clone()),
            conditioning: asked.problem.conditioning().clone(),
        }
    }
}

impl WeightsRecord {
    /// The same of features that were brought to standard units.
    #[must_use]
    pub fn standardized(self, units: StandardUnits) -> Self {
        Self { standardized: true, conditioning: units.conditioning, ..self }
    }
}

fn calibration(design: &WeightDesign) -> CalibrationRecord {
    CalibrationRecord::of(design.point.problem(), &design.point.logits())
}

impl Unweighted {
    /// Solves without class weights; `None` where that has no stationary point.
    #[must_use]
    pub fn of(problem: &Problem) -> Option<Self> {
        let point = solve(problem).stationary()?;
        let (logits, targets) = (point.logits(), problem.targets());
        let means = MeanProbability::of(problem.loss().link(), &logits, targets);
        Some(Self { shortfall: means.shortfall, recall: recalls(&hits(&logits, targets), targets) })
    }
}
