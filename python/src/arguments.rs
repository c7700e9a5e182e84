//! What several functions take: class weights, a loss by its name.

use crate::errors::value_error;
use equipoise::loss::{ClassWeights, LOSS_TABLE, LossSpec, loss_meant, loss_named};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pythonize::{depythonize, pythonize};

/// A loss by its name, with the parameters that are not as usual.
pub(crate) struct Loss(pub(crate) LossSpec);

impl<'py> FromPyObject<'_, 'py> for Loss {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let (name, parameters): (Bound<PyAny>, Bound<PyDict>) = object.extract()?;
        let name: String = name
            .extract()
            .map_err(|_| value_error(format!("loss must be the name of a loss; got {name}")))?;
        let row = loss_named(&name).ok_or_else(|| {
            let names = LOSS_TABLE.map(|row| row.name).join(", ");
            let meant =
                loss_meant(&name).map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
            PyValueError::new_err(format!("loss {name:?} is none of {names}{meant}"))
        })?;
        if parameters.is_empty() {
            return Ok(Self(row.default.clone()));
        }
        let default = pythonize(object.py(), &row.default)?;
        let plan = default.cast::<PyDict>().ok().map(|plan| plan.values().get_item(0)).transpose()?;
        for (parameter, value) in parameters {
            let known = plan.as_ref().map_or(Ok(false), |plan| plan.contains(&parameter))?;
            if !known {
                let text = format!("loss {name:?} takes no parameter {parameter}");
                return Err(PyValueError::new_err(text));
            }
            if let Some(plan) = &plan {
                plan.set_item(&parameter, value)?;
            }
            // One after another, so that the error names the one.
            depythonize::<LossSpec>(&default).map_err(|error| {
                let text = error.to_string();
                let text = text.strip_prefix("TypeError: ").unwrap_or(&text);
                value_error(format!("loss {name:?}: {parameter}: {text}"))
            })?;
        }
        let spec: LossSpec = depythonize(&default)?;
        match spec.problem() {
            None => Ok(Self(spec)),
            Some(problem) => Err(value_error(format!("loss {name:?}: {problem}"))),
        }
    }
}

/// Class weights as Python has them.
#[derive(FromPyObject)]
pub(crate) enum Weights {
    /// One number per class.
    Explicit(Vec<f64>),
    /// The parameter of the effective number of samples.
    EffectiveNumber(f64),
    /// `balanced`.
    Named(String),
}

/// Class weights, or none.
pub(crate) fn class_weights(weights: Option<Weights>) -> PyResult<ClassWeights> {
    match weights {
        None => Ok(ClassWeights::None),
        Some(Weights::Explicit(weights)) => Ok(ClassWeights::Explicit(weights)),
        Some(Weights::EffectiveNumber(overlap)) => Ok(ClassWeights::EffectiveNumber(overlap)),
        Some(Weights::Named(name)) if name == "balanced" => Ok(ClassWeights::Balanced),
        Some(Weights::Named(name)) => Err(PyValueError::new_err(format!(
            "class_weight must be a dict, 'balanced', a number from 0 to below 1, one number for each class, or None; got {name:?}"
        ))),
    }
}
