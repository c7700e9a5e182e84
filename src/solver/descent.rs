//! What every algorithm here looks like from outside, and its life as an `argmin` solver.

use super::separation::{Separation, Verdict};
use argmin::core::{Error, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus};
use nalgebra::{DMatrix, DVector};

/// How far a search has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Progress {
    /// More steps to take.
    Active,
    /// Stationary to rounding.
    Settled,
    /// No finite minimiser exists.
    Separable(Box<Separation>),
    /// Ended without an answer, and why.
    Stuck(String),
}

impl Progress {
    /// The progress of a search over independent parts: separable or stuck if a part is, once none is active.
    pub(super) fn of_all<'p>(mut parts: impl Iterator<Item = &'p Self> + Clone) -> Self {
        if parts.clone().any(|part| *part == Self::Active) {
            return Self::Active;
        }
        if let Some(separable) = parts.clone().find(|part| matches!(part, Self::Separable(_))) {
            return separable.clone();
        }
        parts.find(|part| matches!(part, Self::Stuck(_))).cloned().unwrap_or(Self::Settled)
    }

    /// What is left of a search's progress once separability has been judged.
    pub(super) fn after(self, verdict: Verdict) -> Self {
        match (self, verdict) {
            (_, Verdict::Proved(separation)) => Self::Separable(separation),
            (Self::Stuck(why), Verdict::Undecided) => Self::Stuck(format!(
                "the classes cannot be told apart from separable in double precision: {why}"
            )),
            (progress, _) => progress,
        }
    }
}

/// An iterative search for a stationary point in scaled coordinates.
pub(super) trait Descent {
    /// The algorithm, for observers.
    fn name(&self) -> &'static str;
    /// One outer iteration.
    fn step(&mut self);
    /// Where it stands.
    fn progress(&self) -> Progress;
    /// Parameters, `Q x D`.
    fn theta(&self) -> &DMatrix<f64>;
    /// Objective value, penalty included.
    fn value(&self) -> f64;
    /// Gradient by `theta`.
    fn gradient(&self) -> DMatrix<f64>;
    /// Largest gradient entry beside the magnitude of its terms, over columns.
    fn relative_gradient(&self) -> f64;
    /// Columns that are problems of their own, each with how far it has come; none where all are one problem.
    fn columns(&self) -> Vec<ColumnState<'_>> {
        Vec::new()
    }
}

/// One column of a search whose columns are problems of their own.
pub(super) struct ColumnState<'a> {
    /// How far it has come.
    pub(super) progress: &'a Progress,
    /// Its part of the objective.
    pub(super) value: f64,
    /// The gradient by its parameters.
    pub(super) gradient: &'a DVector<f64>,
    /// The largest entry of that beside the magnitude of its terms.
    pub(super) relative_gradient: f64,
}

/// The state observers see: parameters, gradient and value in scaled coordinates.
pub type SearchState = IterState<DMatrix<f64>, DMatrix<f64>, (), (), (), f64>;

/// A [`Descent`] as an `argmin` solver. The search carries its own data, so the argmin problem is empty.
pub(super) struct ArgminSearch<D> {
    pub(super) descent: D,
}

impl<D: Descent> ArgminSearch<D> {
    fn record(&self, state: SearchState) -> (SearchState, Option<KV>) {
        let state = state
            .param(self.descent.theta().clone())
            .gradient(self.descent.gradient())
            .cost(self.descent.value());
        let kv = argmin::kv!("relative_gradient" => self.descent.relative_gradient(););
        (state, Some(kv))
    }
}

impl<D: Descent> Solver<(), SearchState> for ArgminSearch<D> {
    fn name(&self) -> &str {
        self.descent.name()
    }

    fn init(&mut self, _: &mut Problem<()>, state: SearchState) -> Result<(SearchState, Option<KV>), Error> {
        Ok(self.record(state))
    }

    fn next_iter(
        &mut self,
        _: &mut Problem<()>,
        state: SearchState,
    ) -> Result<(SearchState, Option<KV>), Error> {
        self.descent.step();
        Ok(self.record(state))
    }

    fn terminate(&mut self, _: &SearchState) -> TerminationStatus {
        match self.descent.progress() {
            Progress::Active => TerminationStatus::NotTerminated,
            Progress::Settled => TerminationStatus::Terminated(TerminationReason::SolverConverged),
            Progress::Separable(_) => exit("separable"),
            Progress::Stuck(why) => exit(&why),
        }
    }
}

fn exit(why: &str) -> TerminationStatus {
    TerminationStatus::Terminated(TerminationReason::SolverExit(why.to_owned()))
}
