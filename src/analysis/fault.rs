//! What a check finds.

/// What is wrong, and at which dotted key of the file.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) key: String,
    pub(super) problem: String,
}

pub(super) fn fault<T>(key: impl Into<String>, problem: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { key: key.into(), problem: problem.into() })
}
