//! Class weights: those that meet a target, and what every weight does.

use crate::arguments::{Loss, Weights, class_weights};
use crate::errors::{in_arguments, value_error};
use crate::interrupt::{Progress, Report, interruptible};
use crate::samples::Samples;
use equipoise::balance::{
    DesignError, DesignStep, MeanProbability, WeightEffects, WeightTarget, design_weights_observed,
};
use equipoise::data::Dataset;
use equipoise::loss::{ClassWeights, Loss as _, LossSpec};
use equipoise::numeric::rows;
use equipoise::record::{Asked, Unweighted, WeightsRecord};
use equipoise::solver::{Iteration, NoResponse, Outcome, Problem, SolverSettings, solve_with};
use pyo3::prelude::*;
use pythonize::pythonize;
use serde::Serialize;
use std::cell::Cell;

/// A target: its kind, and the numbers of those that have some.
#[derive(FromPyObject)]
pub(crate) struct Target {
    #[pyo3(item)]
    kind: String,
    #[pyo3(item)]
    numbers: Option<Vec<f64>>,
    /// In words.
    #[pyo3(item)]
    text: String,
}

impl Target {
    fn of(&self, classes: usize) -> PyResult<WeightTarget> {
        match (self.kind.as_str(), &self.numbers) {
            ("equal-shortfall", None) => Ok(WeightTarget::equal_shortfall(classes)),
            ("equal-recall", None) => Ok(WeightTarget::EqualRecall),
            ("shortfall", Some(numbers)) => Ok(WeightTarget::Shortfall(numbers.clone())),
            ("prior", Some(numbers)) => Ok(WeightTarget::Prior(numbers.clone())),
            _ => Err(value_error(format!(
                "target {}: give 'equal-shortfall', 'equal-recall', ('shortfall', numbers) or ('prior', numbers)",
                self.text
            ))),
        }
    }
}

/// Weights that meet a target, as the record of the command `weights`.
#[pyfunction]
#[pyo3(signature = (samples, loss, target, l2, progress=None))]
pub(crate) fn design_weights<'py>(
    python: Python<'py>,
    samples: &Bound<'py, Samples>,
    loss: Loss,
    target: Target,
    l2: f64,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let dataset = &samples.get().0;
    let aim = target.of(dataset.labels().classes())?;
    let plan = (&loss.0, &aim, l2);
    let record = interruptible(python, progress.as_ref(), |report| {
        let steps = Cell::new(0);
        designed(dataset, plan, &target.text, report, &|step| {
            steps.set(steps.get() + 1);
            let about = format!("{:e} from the target", step.residual);
            report.advance(Progress { done: steps.get(), total: 0, about });
        })
    })?;
    Ok(pythonize(python, &record?)?)
}

fn designed(
    dataset: &Dataset,
    (spec, target, l2): (&LossSpec, &WeightTarget, f64),
    text: &str,
    report: Report,
    observe: &dyn Fn(&DesignStep),
) -> PyResult<WeightsRecord> {
    let problem = Problem::new(dataset, spec, &ClassWeights::None, l2).map_err(value_error)?;
    let unweighted = Unweighted::of(&problem);
    report.pass();
    let design = design_weights_observed(dataset, spec, l2, target, observe);
    match &design {
        Err(DesignError::NoResponse(none @ NoResponse::NotComputed)) => {
            return Err(value_error(format!("loss {:?}: {none}", spec.row().name)));
        }
        Err(DesignError::Target(problem)) => return Err(value_error(format!("target {text}: {problem}"))),
        Err(DesignError::Problem(problem)) => return Err(value_error(format!("target {text}: {problem}"))),
        _ => {}
    }
    let asked = Asked { target: text, problem: &problem };
    let closed_form = target.closed_form(dataset.labels()).is_some();
    let mut record = WeightsRecord::new(&asked, closed_form, unweighted, &design);
    record.why = record.why.map(|why| in_arguments(&why));
    Ok(record)
}

/// Effects of class weights, or why there are none.
#[derive(Serialize)]
struct EffectsRecord {
    classes: Vec<String>,
    class_weights: Vec<f64>,
    mean_probability: Vec<Vec<f64>>,
    /// `[j][c][k] = dP[c][k] / d log lambda_j`.
    effects: Vec<Vec<Vec<f64>>>,
    /// How far from stationary the response of the head leaves it.
    residual: f64,
}

/// What every class weight does to every mean probability, at the stationary point; or the reason why that cannot be said.
#[pyfunction]
#[pyo3(signature = (samples, loss, class_weight, l2))]
pub(crate) fn weight_effects<'py>(
    python: Python<'py>,
    samples: &Bound<'py, Samples>,
    loss: Loss,
    class_weight: Option<Weights>,
    l2: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let dataset = &samples.get().0;
    let weights = class_weights(class_weight)?;
    let problem = Problem::new(dataset, &loss.0, &weights, l2).map_err(value_error)?;
    let record = interruptible(python, None, |report| effects(&problem, report))?;
    match record {
        Ok(record) => Ok(pythonize(python, &record)?),
        Err(why) => Err(value_error(in_arguments(&why))),
    }
}

fn effects(problem: &Problem, report: Report) -> Result<EffectsRecord, String> {
    let settings = SolverSettings::default();
    let mut step = |_: &Iteration| report.is_stopped();
    let solved = solve_with(problem, &settings, &mut step).map_err(|error| error.to_string())?;
    report.pass();
    let point = match solved.confirmed(&settings) {
        Outcome::Stationary(point) => point,
        Outcome::Separable(_) => {
            return Err("the classes are separable; give a penalty such as l2=1e-3".to_owned());
        }
        Outcome::NotConverged { why, .. } => return Err(why),
    };
    report.pass();
    let effects = WeightEffects::at_observed(&point, &|| report.pass()).map_err(|error| error.to_string())?;
    let means = MeanProbability::of(problem.loss().link(), &point.logits(), problem.targets());
    Ok(EffectsRecord {
        classes: problem.dataset().labels().class_names().to_vec(),
        class_weights: problem.targets().class_weights().to_vec(),
        mean_probability: rows(&means.matrix),
        effects: effects.of_weight.iter().map(rows).collect(),
        residual: effects.residual,
    })
}
