//! Solving while every iterate is kept, for those who want to see the way and not only its end.

use super::descent::SearchState;
use super::search::{Search, scaled};
use super::{Head, Outcome, Problem};
use argmin::core::observers::Observe;
use argmin::core::{Error, KV, State};
use nalgebra::DMatrix;
use std::sync::{Arc, Mutex, PoisonError};

/// Solves as [`super::solve`] does and returns the heads of all iterates in order, the one begun at among them.
#[must_use]
pub fn solve_traced<'a>(problem: &Problem<'a>) -> (Outcome<'a>, Vec<Head>) {
    let features = scaled(problem);
    let kept = Kept::default();
    let outcome = Search::new(problem, &features).run(Some(kept.clone()));
    let iterates = std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner));
    (outcome, iterates.iter().map(|theta| features.to_user(theta)).collect())
}

/// Parameters of the iterates, in scaled coordinates.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<DMatrix<f64>>>>);

impl Kept {
    fn keep(&self, state: &SearchState) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(state.get_param().cloned());
    }
}

impl Observe<SearchState> for Kept {
    fn observe_init(&mut self, _: &str, state: &SearchState, _: &KV) -> Result<(), Error> {
        self.keep(state);
        Ok(())
    }

    fn observe_iter(&mut self, state: &SearchState, _: &KV) -> Result<(), Error> {
        self.keep(state);
        Ok(())
    }
}
