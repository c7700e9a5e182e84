//! Errors of the library as exceptions of Python, in the words of Python.

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use std::fmt::Display;

/// A `ValueError` with the library's words about bad input.
pub(crate) fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(without_options(&error.to_string()))
}

/// The text with names of command-line options as names of arguments: `--class-weights` is `class_weights`.
pub(crate) fn without_options(text: &str) -> String {
    let word = |word: &str| match word.strip_prefix("--") {
        Some(option) => option.replace('-', "_"),
        None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
