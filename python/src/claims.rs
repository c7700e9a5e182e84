//! Checking the claims.

use crate::errors::value_error;
use crate::interrupt::{Progress, interruptible};
use equipoise::claims::{
    Advance, Effort, VerifyOptions, claim_ids, claim_statement, verify as verify_claims,
};
use pyo3::prelude::*;
use pythonize::pythonize;

/// Ids and statements of all claims.
#[pyfunction]
pub(crate) fn claims() -> Vec<(String, String)> {
    let row = |id: &str| (id.to_owned(), claim_statement(id).unwrap_or_default().to_owned());
    claim_ids().into_iter().map(row).collect()
}

/// Verdicts on claims by their ids.
#[pyfunction]
#[pyo3(signature = (ids, seed, quick, case=None, progress=None))]
pub(crate) fn verify(
    python: Python,
    ids: Vec<String>,
    seed: u64,
    quick: bool,
    case: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<PyAny>> {
    let effort = if quick { Effort::Quick } else { Effort::Full };
    let options = VerifyOptions { ids, effort, seed, case };
    let verdicts = interruptible(python, progress.as_ref(), |report| {
        verify_claims(&options, &|Advance { done, total, id }| {
            report.advance(Progress { done, total, about: id.to_owned() });
        })
    })?;
    Ok(pythonize(python, &verdicts.map_err(value_error)?)?)
}
