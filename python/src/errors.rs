//! Errors of the library as exceptions of Python, in the words of Python.

use equipoise::text::with_settings;
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use std::fmt::Display;

/// A `ValueError` with the library's words about bad input.
pub(crate) fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(in_arguments(&error.to_string()))
}

/// What the library advises to users of the command line, and what is the same here; and ids of laws, with the page that has them.
const ADVICE: [(&str, &str); 7] = [
    ("equipoise weights --target equal-recall", "design_weights(X, y, 'equal-recall')"),
    ("`force` to overwrite", "give overwrite=True to replace them"),
    ("`equipoise analyses show averaging` prints a whole file", "docs/analyses.md shows a whole file"),
    ("(I3)", "(law I3 of docs/theory.md)"),
    ("(I4)", "(law I4 of docs/theory.md)"),
    // Masses are explained where they are looked up, and a line of advice has no room for that.
    ("the masses alone guarantee", "the weighted class sizes alone guarantee"),
    ("the mass of ", "the weighted size of "),
];

/// A text of the library with its settings as the arguments that they are here.
pub(crate) fn in_arguments(text: &str) -> String {
    let argument = |name: &str| match name {
        "class_weights" => Some("class_weight".to_owned()),
        "class_names" => Some("classes".to_owned()),
        "sample_weights" => Some("sample_weight".to_owned()),
        "tolerance" => Some("tol".to_owned()),
        _ => {
            let is_name =
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            (is_name && !name.is_empty()).then(|| name.to_owned())
        }
    };
    let mut text = with_classes_from_one(text);
    for (theirs, ours) in ADVICE {
        text = text.replace(theirs, ours);
    }
    with_settings(&text, argument).into_owned()
}

/// Advice to name classes that count from 1, as an argument.
fn with_classes_from_one(text: &str) -> String {
    let named = text.split_once("give `class_names` 1,").and_then(|(before, after)| {
        let (names, rest) = after.split_once(", or save y - 1")?;
        let last: usize = names.rsplit(',').next()?.parse().ok()?;
        Some(format!("{before}give classes=range(1, {}), or y - 1{rest}", last + 1))
    });
    named.unwrap_or_else(|| text.to_owned())
}
