//! A sweep over penalties on held-out samples, and the head of the best one.

use crate::arguments::{Loss, Weights};
use crate::arrays::{Array, Features};
use crate::errors::value_error;
use crate::interrupt::Watch;
use crate::samples::Samples;
use crate::solve::{Plan, Solved, handed_out};
use equipoise::data::{Dataset, HeldOutShare, Labels};
use equipoise::record::{End, PenaltySweep, SolvedOver, SweepEnd, SweepPlan, TestRecord};
use equipoise::solver::{Head, Problem};
use nalgebra::DMatrix;
use pyo3::prelude::*;
use std::error::Error;
use std::time::Instant;

/// The penalties of a sweep.
#[derive(FromPyObject)]
pub(crate) enum Penalties {
    /// From, to, and how many.
    Range(f64, f64, usize),
    /// These, in falling order.
    Falling(Vec<f64>),
}

impl Penalties {
    fn falling(self) -> PyResult<Vec<f64>> {
        let (count, most) = (self.count(), PenaltySweep::MAX_PENALTIES);
        if count > most {
            return Err(value_error(format!("l2s: {count} penalties; a path has {most} penalties at most")));
        }
        Ok(match self {
            Self::Range(from, to, count) => PenaltySweep::penalties(from, to, count),
            Self::Falling(falling) => falling,
        })
    }

    fn count(&self) -> usize {
        match self {
            Self::Range(_, _, count) => *count,
            Self::Falling(falling) => falling.len(),
        }
    }
}

/// What heads are tested on.
#[derive(FromPyObject)]
pub(crate) enum Test {
    /// A share of every class, and the seed that draws it.
    Share(f64, u64),
    /// Other samples of the same classes.
    Samples(Features, Array<u32>),
}

/// The samples of a test, which heads are not solved over.
struct HeldOut {
    source: String,
    /// `d x N`.
    features: DMatrix<f64>,
    labels: Labels,
    /// The samples that are left to solve over, where these were drawn from them.
    training: Option<Dataset>,
}

impl Test {
    fn of(self, dataset: &Dataset) -> PyResult<HeldOut> {
        match self {
            Self::Share(share, seed) => {
                let drawn = HeldOutShare { share, seed };
                let split = drawn.split(dataset.labels());
                if split.test.is_empty() {
                    let text = format!("test={share}: leaves no sample to test on; give a larger share");
                    return Err(value_error(text));
                }
                Ok(HeldOut {
                    source: drawn.to_string(),
                    features: dataset.features_of(&split.test),
                    labels: dataset.labels().some(&split.test),
                    training: Some(dataset.subset(&split.train).map_err(value_error)?),
                })
            }
            Self::Samples(features, labels) => Ok(HeldOut {
                source: "other samples".to_owned(),
                features: features.columns(),
                labels: dataset.labels().of_batch(labels.as_ref().to_vec()),
                training: None,
            }),
        }
    }
}

impl HeldOut {
    fn measure(&self, problem: &Problem, head: &Head) -> Result<TestRecord, String> {
        let logits = head.logits(&self.features);
        if !logits.iter().all(|logit| logit.is_finite()) {
            return Err("test: its logits are larger than doubles hold; look at its features".to_owned());
        }
        Ok(TestRecord::of(self.source.clone(), problem, &logits, &self.labels))
    }
}

/// Solves for many penalties, tests every head, and solves for the best: over all samples where those of the test were drawn from
/// them. The record is that of the command `solve --l2 A..B:N --test`; nothing where no penalty has an answer.
#[pyfunction]
#[pyo3(signature = (samples, loss, class_weight, penalties, test, settings, callback=None, fit_intercept=true))]
#[expect(clippy::too_many_arguments, reason = "the arguments of Python")]
pub(crate) fn fit_path<'py>(
    python: Python<'py>,
    samples: &Bound<'_, Samples>,
    loss: Loss,
    class_weight: Option<Weights>,
    penalties: Penalties,
    test: Test,
    settings: &Bound<'py, PyAny>,
    callback: Option<Py<PyAny>>,
    fit_intercept: bool,
) -> PyResult<Option<Solved<'py>>> {
    let plan = Plan::read(loss, class_weight, fit_intercept, settings, false)?;
    let (started, falling, whole) = (Instant::now(), penalties.falling()?, &samples.get().0);
    let Some(&largest) = falling.first() else { return Ok(None) };
    let held_out = test.of(whole)?;
    let problem = plan.problem(held_out.training.as_ref().unwrap_or(whole), largest)?;
    let SweepEnd::Best(PenaltySweep { record: sweep, mut path }) =
        swept(python, &problem, (&plan, falling.as_slice()), &held_out, callback.as_ref())?
    else {
        return Ok(None);
    };
    let best = plan.problem(whole, sweep.best)?;
    let (mut record, head) = plan.found(python, &best, callback.as_ref(), |problem, settings, step| {
        path.solve(problem, settings, step)
    })?;
    if let (End::Stationary(measured), Some(head), None) = (&mut record.end, &head, &held_out.training) {
        measured.test = Some(held_out.measure(&best, head).map_err(value_error)?);
    }
    record.sweep = Some(sweep);
    record.seconds = started.elapsed().as_secs_f64();
    Ok(Some(handed_out(python, record, head)))
}

/// The sweep, which is watched.
fn swept(
    python: Python,
    problem: &Problem,
    (plan, falling): (&Plan, &[f64]),
    held_out: &HeldOut,
    callback: Option<&Py<PyAny>>,
) -> PyResult<SweepEnd> {
    let solved_over =
        if held_out.training.is_some() { SolvedOver::AllSamples } else { SolvedOver::TrainingSamples };
    let settings = &plan.settings;
    let sweep = SweepPlan { falling, settings, test: held_out.source.clone(), solved_over };
    let mut watch = Watch::new(callback);
    let swept = python.detach(|| {
        let measure =
            |head: &Head| -> Result<_, Box<dyn Error>> { Ok(Some(held_out.measure(problem, head)?)) };
        // As text, since errors of other kinds do not go from thread to thread.
        PenaltySweep::run(problem, sweep, &measure, &mut |_, at| watch.iteration(at))
            .map_err(|error| error.to_string())
    });
    watch.finish()?;
    swept.map_err(value_error)
}
