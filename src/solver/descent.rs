//! The interface of all search algorithms.

use super::separation::{Separation, Verdict};
use nalgebra::DMatrix;

/// How far a search has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Progress {
    /// More steps to take.
    Active,
    /// Stationary to rounding.
    Converged,
    /// No finite minimiser exists.
    Separable(Box<Separation>),
    /// Ended without converging, and why.
    NotConverged(String),
    /// Ended where floating point cannot distinguish an overlap of the classes from separation, and how.
    Undecided(String),
}

impl Progress {
    /// The progress of a search over independent parts: separable or not converged if a part is, once none is active.
    pub(super) fn of_all<'p>(mut parts: impl Iterator<Item = &'p Self> + Clone) -> Self {
        if parts.clone().any(|part| *part == Self::Active) {
            return Self::Active;
        }
        if let Some(separable) = parts.clone().find(|part| matches!(part, Self::Separable(_))) {
            return separable.clone();
        }
        let undecided = parts.clone().find(|part| matches!(part, Self::Undecided(_)));
        undecided
            .or_else(|| parts.find(|part| matches!(part, Self::NotConverged(_))))
            .cloned()
            .unwrap_or(Self::Converged)
    }

    /// Progress of a search after the separability check.
    pub(super) fn after(self, verdict: Verdict) -> Self {
        match (self, verdict) {
            (_, Verdict::Proved(separation)) => Self::Separable(separation),
            (Self::NotConverged(why), Verdict::Undecided) => {
                Self::Undecided(format!("cannot be told apart from separable in double precision: {why}"))
            }
            (Self::Converged, Verdict::Undecided) => Self::Undecided(
                "cannot be told apart from separable in double precision: the gradient vanishes to rounding"
                    .to_owned(),
            ),
            (progress, _) => progress,
        }
    }
}

/// An iterative search for a stationary point in scaled coordinates.
pub(super) trait Descent {
    /// One outer iteration.
    fn step(&mut self);
    /// How far it has come.
    fn progress(&self) -> Progress;
    /// Parameters, `Q x D`.
    fn theta(&self) -> &DMatrix<f64>;
    /// Newton's step for another gradient (`D x Q`) near the present point, where second derivatives give one.
    fn newton_step(&mut self, gradient: &DMatrix<f64>) -> Option<DMatrix<f64>>;
    /// Gradient with respect to `theta`.
    fn gradient(&self) -> DMatrix<f64>;
    /// Objective value, penalty included.
    fn value(&self) -> f64;
    /// Largest gradient entry relative to the magnitude of its terms, over columns.
    fn relative_gradient(&self) -> f64;
    /// The state of each independent column; empty where all columns are one problem.
    fn columns(&self) -> Vec<ColumnState<'_>> {
        Vec::new()
    }
}

/// One column of a search whose columns are independent problems.
pub(super) struct ColumnState<'a> {
    /// How far it has come.
    pub(super) progress: &'a Progress,
    /// Its part of the objective.
    pub(super) value: f64,
    /// Its largest gradient entry relative to the magnitude of its terms.
    pub(super) relative_gradient: f64,
}
