//! Errors of the library as exceptions of Python, in the words of Python.

use equipoise::text::with_settings;
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use std::fmt::Display;

/// A `ValueError` with the library's words about bad input.
pub(crate) fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(in_arguments(&error.to_string()))
}

/// A command that the library advises, and the function that is the same.
const COMMAND: (&str, &str) =
    ("equipoise weights --target equal-recall", "design_weights(X, y, 'equal-recall')");

/// A text of the library with its settings as the arguments that they are here.
pub(crate) fn in_arguments(text: &str) -> String {
    let argument = |name: &str| match name {
        "class_weights" => Some("class_weight".to_owned()),
        "sample_weights" => Some("sample_weight".to_owned()),
        "tolerance" => Some("tol".to_owned()),
        _ => {
            let is_name =
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            (is_name && !name.is_empty()).then(|| name.to_owned())
        }
    };
    with_settings(&text.replace(COMMAND.0, COMMAND.1), argument).into_owned()
}
