//! The response of a head to class weights, held against gradients on both sides of the head.

use super::{Pass, PreciseHead};
use crate::loss::ClassWeights;
use crate::numeric::largest_magnitude;
use crate::solver::problem::Problem;
use crate::solver::solution::Head;
use nalgebra::DMatrix;

/// How far a step of central differences moves `log lambda`, and how far a logit at most; what it leaves after
/// extrapolation is of its fourth power.
const STEP: f64 = 1e-3;
/// The smallest step: the weight itself is rounded beside it.
const MIN_STEP: f64 = 1e-6;

/// How far from stationary a head is left by a change that is meant to follow `log lambda` of one class.
///
/// The slope of the gradient along weight and head together, by central differences in double-double arithmetic at the
/// doubles of head and change: its largest entry in a logit column, features centred and scaled, relative to the sum of the
/// magnitudes of the terms that cancel in it (`magnitude`, one per column). Zero for the true response; `None` where the weight
/// cannot change. `logit_change` is the largest change of a logit.
pub(in crate::solver) fn residual_of_response(
    problem: &Problem,
    head: &Head,
    change: &Head,
    class: usize,
    magnitude: &[f64],
    logit_change: f64,
) -> Option<f64> {
    let step = (STEP / logit_change.max(1.0)).max(MIN_STEP);
    let gradient = |step: f64| gradient_at(problem, head, change, class, step);
    let slope = |step: f64| Some((gradient(step)? - gradient(-step)?) / (2.0 * step));
    let slope = (slope(step / 2.0)? * 4.0 - slope(step)?) / 3.0;
    let of_column = |(column, &magnitude): (usize, &f64)| {
        let largest = largest_magnitude(slope.column(column).iter().copied());
        if magnitude == 0.0 { largest } else { largest / magnitude }
    };
    Some(largest_magnitude(magnitude.iter().enumerate().map(of_column)))
}

/// The gradient (`D x Q`, centred and scaled) with `log lambda_class` and the head moved by a step.
fn gradient_at(
    problem: &Problem,
    head: &Head,
    change: &Head,
    class: usize,
    step: f64,
) -> Option<DMatrix<f64>> {
    let moved = with_weight(problem, class, step.exp())?;
    let head = PreciseHead::moved(problem.dataset, problem.coordinates().scaling(), head, change, step);
    let centre = head.scaled_centre();
    Some(Pass { problem: &moved, head }.whole_totals().about_centre(&centre))
}

/// The same problem with the weight of one class multiplied; `None` beyond the weights that a problem takes.
fn with_weight<'a>(problem: &Problem<'a>, class: usize, factor: f64) -> Option<Problem<'a>> {
    let mut weights = problem.targets.class_weights().to_vec();
    weights[class] *= factor;
    let weights = ClassWeights::Explicit(weights);
    let moved = Problem::new(problem.dataset, problem.spec.as_ref()?, &weights, problem.l2).ok()?;
    moved.share_coordinates(problem);
    Some(moved)
}
