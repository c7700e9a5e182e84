//! Solving a problem to a certified stationary point.

use crate::arguments::{Loss, Weights, class_weights};
use crate::arrays::columns_as_bytes;
use crate::errors::{in_arguments, value_error};
use crate::interrupt::Watch;
use crate::samples::Samples;
use equipoise::data::{Dataset, DesignColumn, DesignKind};
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::memory::check_memory;
use equipoise::record::{End, HeadRows, Rounded, SolveRecord};
use equipoise::solver::{
    Callback, Head, Intercept, Iteration, Outcome, PenaltyPath, Problem, SettingsError, SolverSettings,
    solve_with,
};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use pythonize::{depythonize, pythonize};
use std::time::Instant;

/// A head: coefficients (rows x features) as bytes that an array is made of, intercepts.
type HeadArrays<'py> = (Bound<'py, PyByteArray>, Vec<f64>);
/// The record, and the head where there is one.
pub(crate) type Solved<'py> = (Record, Option<HeadArrays<'py>>);

/// A record, which becomes a `dict` when that is asked for: making one takes longer than solving a small problem.
#[pyclass(frozen)]
pub(crate) struct Record(SolveRecord);

#[pymethods]
impl Record {
    /// How it ended, in the word of the record.
    #[getter]
    fn status<'py>(&self, python: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize(python, &self.0.status)?)
    }

    /// Steps of the search; none where the loss has no minimum.
    #[getter]
    fn iterations(&self) -> u64 {
        match &self.0.end {
            End::Stationary(measured) => measured.iterations,
            End::NotConverged { iterations, .. } => *iterations,
            End::Separable { .. } => 0,
        }
    }

    /// Weights of the classes as numbers.
    #[getter]
    fn class_weights(&self) -> &[f64] {
        &self.0.class_weights
    }

    /// All of it.
    fn to_dict<'py>(&self, python: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize(python, &self.0)?)
    }
}

/// Bytes that are not asked for: asking the system takes longer than a small problem.
const NOT_ASKED_FOR: u128 = 64 << 20;

/// What to solve, beside the samples.
pub(crate) struct Plan {
    pub(crate) spec: LossSpec,
    pub(crate) weights: ClassWeights,
    pub(crate) intercept: Intercept,
    pub(crate) settings: SolverSettings,
    /// Whether to measure over the samples, too.
    pub(crate) measures: bool,
}

/// Solves one problem.
#[pyfunction]
#[pyo3(signature = (samples, loss, class_weight, l2, settings, callback=None, measures=false, fit_intercept=true))]
#[expect(clippy::too_many_arguments, reason = "the arguments of Python")]
pub(crate) fn solve<'py>(
    python: Python<'py>,
    samples: &Bound<'_, Samples>,
    loss: Loss,
    class_weight: Option<Weights>,
    l2: f64,
    settings: &Bound<'py, PyAny>,
    callback: Option<Py<PyAny>>,
    measures: bool,
    fit_intercept: bool,
) -> PyResult<Solved<'py>> {
    let plan = Plan::read(loss, class_weight, fit_intercept, settings, measures)?;
    let dataset = &samples.get().0;
    let problem = plan.problem(dataset, l2)?;
    plan.solve(python, &problem, callback.as_ref(), solve_with)
}

/// Solves the same problem with several penalties, each search beginning where the last ones lead.
#[pyfunction]
#[pyo3(signature = (samples, loss, class_weight, penalties, settings, callback=None, fit_intercept=true))]
#[expect(clippy::too_many_arguments, reason = "the arguments of Python")]
pub(crate) fn solve_penalties<'py>(
    python: Python<'py>,
    samples: &Bound<'_, Samples>,
    loss: Loss,
    class_weight: Option<Weights>,
    penalties: Vec<f64>,
    settings: &Bound<'py, PyAny>,
    callback: Option<Py<PyAny>>,
    fit_intercept: bool,
) -> PyResult<Vec<Solved<'py>>> {
    let plan = Plan::read(loss, class_weight, fit_intercept, settings, false)?;
    let dataset = &samples.get().0;
    let Some(&first) = penalties.first() else { return Ok(Vec::new()) };
    let (first, mut path) = (plan.problem(dataset, first)?, PenaltyPath::default());
    let solved = |l2| {
        let problem = first.with_penalty(l2).map_err(value_error)?;
        plan.solve(python, &problem, callback.as_ref(), |problem, settings, step| {
            path.solve(problem, settings, step)
        })
    };
    penalties.into_iter().map(solved).collect()
}

fn intercept(fit: bool) -> Intercept {
    if fit { Intercept::Free } else { Intercept::None }
}

impl Plan {
    pub(crate) fn read(
        loss: Loss,
        class_weight: Option<Weights>,
        fit_intercept: bool,
        settings: &Bound<'_, PyAny>,
        measures: bool,
    ) -> PyResult<Self> {
        Ok(Self {
            spec: loss.0,
            weights: class_weights(class_weight)?,
            intercept: intercept(fit_intercept),
            settings: depythonize(settings)?,
            measures,
        })
    }

    pub(crate) fn problem<'a>(&self, dataset: &'a Dataset, l2: f64) -> PyResult<Problem<'a>> {
        let problem = Problem::new(dataset, &self.spec, &self.weights, l2)
            .and_then(|problem| problem.with_intercept(self.intercept))
            .map_err(value_error)?;
        let needed = problem.memory();
        if needed > NOT_ASKED_FOR {
            check_memory(needed, "this problem takes", "ask for fewer samples, classes or features")
                .map_err(|error| pyo3::exceptions::PyMemoryError::new_err(error.to_string()))?;
        }
        Ok(problem)
    }

    /// Solves a problem by `search`, which is watched.
    fn solve<'py, 'a>(
        &self,
        python: Python<'py>,
        problem: &Problem<'a>,
        callback: Option<&Py<PyAny>>,
        search: impl FnOnce(&Problem<'a>, &SolverSettings, Callback) -> Result<Outcome<'a>, SettingsError> + Send,
    ) -> PyResult<Solved<'py>> {
        let (record, head) = self.found(python, problem, callback, search)?;
        Ok(handed_out(python, record, head))
    }

    /// What `search` finds, which is watched.
    pub(crate) fn found<'a>(
        &self,
        python: Python,
        problem: &Problem<'a>,
        callback: Option<&Py<PyAny>>,
        search: impl FnOnce(&Problem<'a>, &SolverSettings, Callback) -> Result<Outcome<'a>, SettingsError> + Send,
    ) -> PyResult<(SolveRecord, Option<Head>)> {
        let mut watch = Watch::new(callback);
        let solved = python.detach(|| {
            let started = Instant::now();
            // Dependent columns are part of the answer.
            let _ = problem.conditioning();
            let mut step = |at: &Iteration| watch.iteration(at);
            let outcome = search(problem, &self.settings, &mut step)?.confirmed(&self.settings);
            let seconds = started.elapsed().as_secs_f64();
            let mut record = if self.measures {
                SolveRecord::new(&self.spec, problem, &outcome, seconds)
            } else {
                SolveRecord::without_measures(&self.spec, problem, &outcome, seconds)
            };
            let head = head_of(outcome);
            note_gradient(&mut record.end, problem, head.as_ref());
            Ok::<_, SettingsError>((record, head))
        });
        watch.finish()?;
        solved.map_err(value_error)
    }
}

/// Record and head as Python has them.
pub(crate) fn handed_out(python: Python, mut record: SolveRecord, head: Option<Head>) -> Solved {
    // Heads are handed out as arrays, not as lists of numbers too.
    if let Some(rows) = rows_of(&mut record.end) {
        *rows = HeadRows::default();
    }
    // Of arrays every feature is what the numbers of a column are.
    let number = |name: &String| DesignColumn { source: name.clone(), kind: DesignKind::Number };
    record.design = Some(record.features.iter().map(number).collect());
    match &mut record.end {
        // An argument that the command line does not have.
        End::NotConverged { advice, why, .. } if why.starts_with("the limit of") => {
            "raise max_iter".clone_into(advice);
        }
        End::Separable { advice, .. } | End::NotConverged { advice, .. } => {
            *advice = in_arguments(advice);
        }
        End::Stationary(_) => {}
    }
    let head = head.map(|head| (columns_as_bytes(python, &head.coefficients.transpose()), head.intercepts));
    (Record(record), head)
}

/// The gradient where a search ended without an answer, since the head there is handed out.
fn note_gradient(end: &mut End, problem: &Problem, head: Option<&Head>) {
    let (End::NotConverged { rounded: rounded @ None, .. }, Some(head)) = (end, head) else { return };
    if head.coefficients.iter().chain(&head.intercepts).all(|number| number.is_finite()) {
        let recomputed = problem.evaluate(head).recomputed;
        *rounded = Some(Rounded { recomputed, head: HeadRows::default() });
    }
}

/// The head of a record, if it has one.
fn rows_of(end: &mut End) -> Option<&mut HeadRows> {
    match end {
        End::Stationary(measured) => Some(&mut measured.head),
        End::NotConverged { rounded, .. } => rounded.as_mut().map(|rounded| &mut rounded.head),
        End::Separable { .. } => None,
    }
}

/// The head that a search ended at, or the direction along which there is no end.
fn head_of(outcome: Outcome) -> Option<Head> {
    match outcome {
        Outcome::Stationary(point) => Some(point.head),
        Outcome::Separable(proof) => Some(proof.direction),
        Outcome::NotConverged { rounded, reached, .. } => {
            rounded.map(|rounded| rounded.head).or(reached.map(|head| *head))
        }
    }
}
