//! From a problem (data x loss x head x penalty) to a stationary point with a certificate, or the reason why there
//! is none.
//!
//! Logistic columns are solved by damped Newton, softmax by preconditioned Newton-CG, attached LGL-INR by Newton
//! with its exact Hessian down to a local minimum, detached LGL-INR as a fixed point. Each algorithm is an `argmin`
//! solver, so that observers see it. Only the gradient ends a search; "the cost stopped changing" never does.

mod column_newton;
mod conjugate_gradient;
mod descent;
mod direction;
mod fixed_point;
mod linear_program;
mod problem;
mod scaled_features;
mod search;
mod separation;
mod softmax_newton;
mod solution;
mod tolerance;

pub use descent::SearchState;
pub use problem::{LossChoice, Problem, ProblemError};
pub use search::{solve, solve_observed};
pub use separation::SeparationKind;
pub use solution::{Certificate, Head, Outcome, Separable, StationaryPoint};

#[cfg(test)]
mod tests;
