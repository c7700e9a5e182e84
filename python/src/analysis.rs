//! Running an analysis file.

use crate::errors::value_error;
use crate::interrupt::{Progress, interruptible};
use equipoise::analysis::{Event, Override, SHIPPED, Shipped, Source, Store, run as run_experiment};
use pyo3::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Names and texts of the analyses that come with the package.
#[pyfunction]
pub(crate) fn analyses() -> Vec<(&'static str, &'static str)> {
    SHIPPED.iter().map(|shipped| (shipped.name, shipped.text)).collect()
}

/// Where an analysis comes from.
#[derive(FromPyObject)]
pub(crate) enum From {
    /// Name and text.
    Text(String, String),
    /// A file.
    File(PathBuf),
}

impl From {
    fn source(&self) -> PyResult<Source> {
        match self {
            Self::Text(name, text) if text.is_empty() => {
                Ok(Shipped::named(name).map_err(value_error)?.source())
            }
            Self::Text(name, text) => {
                Ok(Source { name: name.clone(), text: text.clone(), directory: PathBuf::from(".") })
            }
            Self::File(path) => Source::read(path).map_err(value_error),
        }
    }
}

/// Solves what the directory does not hold yet, and writes the records there.
#[pyfunction]
#[pyo3(signature = (source, directory, overrides, overwrite, progress=None))]
pub(crate) fn run(
    python: Python,
    source: From,
    directory: PathBuf,
    overrides: Vec<String>,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<String>> {
    let source = source.source()?;
    let overrides: Result<Vec<_>, _> = overrides.iter().map(|text| Override::parse(text)).collect();
    let overrides = overrides.map_err(value_error)?;
    let ended = interruptible(python, progress.as_ref(), |report| {
        let experiment = source.experiment(&overrides)?;
        let store = Store::open(Path::new(&directory), &experiment, None, overwrite)?;
        let (done, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (results, _) = run_experiment(&experiment, &store, &|event| {
            let done = match event {
                Event::Known(work) => {
                    total.store(work.total, Ordering::Relaxed);
                    done.fetch_add(work.found, Ordering::Relaxed) + work.found
                }
                Event::Solved => done.fetch_add(1, Ordering::Relaxed) + 1,
            };
            let about = experiment.analysis.name.clone();
            report.advance(Progress { done, total: total.load(Ordering::Relaxed), about });
        })?;
        let unsolved = results.unsolved();
        Ok(unsolved.map(|(record, why)| format!("{}: {why}", results.problem_name(record))).collect())
    })?;
    ended.map_err(|error: equipoise::analysis::AnalysisError| value_error(error))
}
