//! What every kind of picture is given.

use crate::analysis::Results;
use crate::analysis::specification::FigurePlan;

use super::canvas::Sheet;
use super::error::FigureError;

/// Everything a kind of picture needs to know.
pub(super) struct Task<'a> {
    pub(super) results: &'a Results,
    pub(super) plan: &'a FigurePlan,
    pub(super) sheet: Sheet,
    pub(super) caption: String,
}

impl Task<'_> {
    /// An error about this figure.
    pub(super) fn invalid(&self, place: impl Into<String>, problem: impl Into<String>) -> FigureError {
        FigureError::invalid(&self.plan.id, place, problem)
    }

    /// An error that says what the records lack.
    pub(super) fn empty(&self, missing: &'static str) -> FigureError {
        FigureError::Empty { figure: self.plan.id.clone(), missing }
    }
}
