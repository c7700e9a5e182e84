//! Solves and returns all iterates.

use super::descent::Descent;
use super::search::run;
use super::settings::{SolverSettings, Watch};
use super::{Head, Outcome, Problem};
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// Solves as [`super::solve`] does and returns the heads of all iterates in order, the initial guess first.
#[must_use]
pub fn solve_traced<'a>(problem: &Problem<'a>) -> (Outcome<'a>, Vec<Head>) {
    let mut iterates: Vec<DMatrix<f64>> = Vec::new();
    let mut keep = |descent: &dyn Descent| iterates.push(descent.theta().clone());
    let mut go_on = |_: &_| ControlFlow::Continue(());
    let outcome = run(problem, Watch::new(SolverSettings::default(), &mut go_on, &mut keep));
    let heads = iterates.iter().map(|theta| problem.coordinates().to_user(theta));
    (outcome, heads.collect())
}
