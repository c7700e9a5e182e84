//! The audit of logits and labels.

use crate::arguments::{Loss, Weights, class_weights};
use crate::errors::{in_arguments, value_error};
use crate::threads::for_a_lasting_child;
use equipoise::audit::{
    AuditInput, AuditRecord, ReadOptions, Reduction, alternatives, audit as audit_of, compare_head, findings,
    recalibrate, summary, verdict,
};
use equipoise::data::arrays::{Array, Arrays};
use equipoise::loss::LossSpec;
use equipoise::solver::Intercept;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pythonize::pythonize;
use serde::Serialize;

/// Scores and labels, with what else is given, by name.
#[derive(FromPyObject)]
pub(crate) struct Scores<'py> {
    /// `logits` or `probabilities`, `labels`, and optionally `features`, `weight`, `bias`, `sample_weight`.
    #[pyo3(item)]
    arrays: Bound<'py, PyDict>,
    #[pyo3(item)]
    classes: Vec<String>,
}

impl Scores<'_> {
    pub(crate) fn input(&self) -> PyResult<AuditInput> {
        for_a_lasting_child();
        let mut named = Vec::new();
        for (name, array) in &self.arrays {
            let (name, array): (String, crate::arrays::Array<f64>) = (name.extract()?, array.extract()?);
            let [rows, columns] = array.shape();
            let values = array.as_ref().to_vec();
            let place = match name.as_str() {
                "weight" => "coef",
                "bias" => "intercept",
                other => other,
            };
            named.push((name.clone(), Array::owned(place.to_owned(), rows, columns, values)));
        }
        let weighted = self.arrays.contains("sample_weight")?.then(|| "sample_weight".to_owned());
        let options = ReadOptions {
            class_names: Some(self.classes.clone()),
            sample_weights: weighted,
            ..ReadOptions::default()
        };
        let arrays = Arrays::in_memory("audit", named);
        AuditInput::of_arrays(&arrays, &options).map_err(value_error)
    }
}

/// How to audit, beside loss and weights.
#[derive(FromPyObject)]
pub(crate) struct Options {
    #[pyo3(item)]
    reduction: String,
    #[pyo3(item)]
    tolerance: f64,
    #[pyo3(item)]
    recalibrate: bool,
    #[pyo3(item)]
    alternatives: bool,
    #[pyo3(item)]
    l2: f64,
}

/// Refuses logits and labels that no audit takes, alone or among others: a row whose own class is masked, a logit that is none, no
/// row that counts, another number of logits than the loss takes.
#[pyfunction]
pub(crate) fn check_scores(python: Python, scores: Scores, loss: Loss) -> PyResult<()> {
    let input = scores.input()?;
    python.detach(|| input.check_part(&loss.0)).map_err(value_error)
}

/// The record of an audit, with what it says in words.
#[derive(Serialize)]
struct AuditInWords {
    record: AuditRecord,
    summary: String,
    /// Is the model fine, which class is worst, what to try.
    verdict: Vec<String>,
    findings: Vec<String>,
}

/// The same line with the name of the loss and its numbers in full, in place of the paper's abbreviation.
fn spelt_out(summary: &str, spec: &LossSpec) -> String {
    let Some(rest) = summary.strip_prefix(&spec.paper_name()) else { return summary.to_owned() };
    let numbers: String =
        spec.numbers().iter().map(|(number, value)| format!(", {} {value}", number.name)).collect();
    format!("{}{numbers}{rest}", spec.row().title)
}

/// Audits logits under a loss, as the command `audit`.
#[pyfunction]
pub(crate) fn audit<'py>(
    python: Python<'py>,
    scores: Scores<'py>,
    loss: Loss,
    class_weight: Option<Weights>,
    options: Options,
) -> PyResult<Bound<'py, PyAny>> {
    let (input, spec, weights) = (scores.input()?, loss.0, class_weights(class_weight)?);
    let reduction = match options.reduction.as_str() {
        "weighted-mean" => Reduction::WeightedMean,
        "mean" => Reduction::Mean,
        "element-mean" => Reduction::ElementMean,
        "sum" => Reduction::Sum,
        other => {
            return Err(value_error(format!(
                "reduction {other:?} is none of weighted-mean, mean, element-mean, sum"
            )));
        }
    };
    let audited = python.detach(|| {
        let mut record = audit_of(&input, spec.row().name, &spec, &weights, (reduction, options.tolerance))?;
        // As the command: without a bias no loss balances.
        if options.alternatives && !record.measured.stationary && input.intercept == Intercept::Free {
            record.alternatives = alternatives(&input, &spec, &weights, options.tolerance)?;
        }
        if options.recalibrate {
            record.recalibrated = Some(recalibrate(&input, &spec, &weights, options.tolerance)?);
        }
        record.head = compare_head(&input, &spec, &weights, options.l2)?;
        Ok(record)
    });
    let record: AuditRecord = audited.map_err(|error: equipoise::data::DataError| value_error(error))?;
    let findings = findings(&record).iter().map(|finding| in_arguments(finding)).collect();
    let summary = in_arguments(&spelt_out(&summary(&record), &spec));
    let verdict = verdict(&record).lines.iter().map(|line| in_arguments(line)).collect();
    Ok(pythonize(python, &AuditInWords { record, summary, verdict, findings })?)
}
