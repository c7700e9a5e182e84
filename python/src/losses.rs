//! The table of losses, and their values and gradients.

use crate::arguments::{Loss, Weights, class_weights};
use crate::arrays::columns_as_bytes;
use crate::audit::Scores;
use crate::errors::{in_arguments, value_error};
use equipoise::loss::{ClassWeighting, LOSS_TABLE, Link, Loss as _, LossRow, LossSpec, Targets};
use nalgebra::DMatrix;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use pythonize::pythonize;
use serde::Serialize;

/// A row of the table.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    equation: String,
    law: &'static str,
    source: &'static str,
    practice: String,
    paper_name: &'static str,
    /// The loss with its usual parameters.
    default: LossSpec,
    probability: &'static str,
    convex: bool,
    reads_class_weight: bool,
    reads_class_sizes: bool,
    /// The numbers it depends on, each from 0 to `max`.
    ranges: Vec<Range>,
}

/// A number that a loss depends on.
#[derive(Serialize)]
struct Range {
    name: &'static str,
    max: f64,
}

impl Row {
    fn of(row: &LossRow) -> Self {
        Self {
            name: row.name,
            title: row.title,
            equation: in_arguments(row.equation),
            law: row.law,
            source: row.source,
            practice: in_arguments(row.practice),
            paper_name: row.paper_name,
            default: row.default.clone(),
            probability: match row.link {
                Link::Sigmoid => "sigmoid",
                Link::Softmax => "softmax",
            },
            convex: row.convex,
            reads_class_weight: row.class_weights != ClassWeighting::No,
            reads_class_sizes: row.reads_counts,
            ranges: row
                .parameters
                .iter()
                .map(|number| Range { name: number.name, max: number.max })
                .collect(),
        }
    }
}

/// All losses.
#[pyfunction]
pub(crate) fn losses(python: Python) -> PyResult<Bound<PyAny>> {
    Ok(pythonize(python, &LOSS_TABLE.iter().map(|row| Row::of(row)).collect::<Vec<_>>())?)
}

/// Refuses what is no loss with its parameters.
#[pyfunction]
pub(crate) fn check_loss(loss: Loss) {
    drop(loss);
}

/// A loss's value at logits, its reduction the weighted mean, and its derivative by them (`N x K`).
#[pyfunction]
pub(crate) fn loss_value_and_gradient<'py>(
    python: Python<'py>,
    scores: Scores<'py>,
    loss: Loss,
    class_weight: Option<Weights>,
) -> PyResult<(f64, Bound<'py, PyByteArray>)> {
    let (input, weights) = (scores.input()?, class_weights(class_weight)?);
    if let Some(problem) = loss.0.problem_on(input.labels()) {
        return Err(value_error(problem));
    }
    let targets = Targets::new(input.labels(), &weights).map_err(value_error)?;
    let built = loss.0.build_columns(&targets, input.columns());
    let logits = input.logits(0..targets.samples(), built.link()).map_err(value_error)?;
    if built.logit_rows() != logits.nrows() {
        let text =
            format!("{} logits for each sample; this loss takes {}", logits.nrows(), built.logit_rows());
        return Err(value_error(text));
    }
    let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
    let value = built.value_and_gradient(&logits, &targets, &mut gradient);
    Ok((value, columns_as_bytes(python, &gradient)))
}
