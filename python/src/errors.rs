//! Errors of the library as exceptions of Python, in the words of Python.

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use std::fmt::Display;

/// A `ValueError` with the library's words about bad input.
pub(crate) fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(without_options(&error.to_string()))
}

/// What the command line says in another way than by the name of an argument.
const PHRASES: [(&str, &str); 5] = [
    ("equipoise weights --target equal-recall", "design_weights(X, y, 'equal-recall')"),
    ("--focal-of weighted-loss", "probability='of_weighted_loss'"),
    ("--class-weights", "class_weight"),
    ("--sample-weights", "sample_weight"),
    ("--tolerance", "tol"),
];

/// The text with names of command-line options as names of arguments: `--fit-intercept` is `fit_intercept`.
pub(crate) fn without_options(text: &str) -> String {
    let text = PHRASES.iter().fold(text.to_owned(), |text, (option, name)| text.replace(option, name));
    let mut parts = text.split("--");
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        let end = part.find(|letter| !is_letter(letter)).unwrap_or(part.len());
        let begins_a_word = found.is_empty() || found.ends_with([' ', '(']);
        if begins_a_word && end > 0 {
            found.push_str(&part[..end].replace('-', "_"));
            found.push_str(&part[end..]);
        } else {
            found.push_str("--");
            found.push_str(part);
        }
    }
    found
}
