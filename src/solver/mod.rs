//! Solves a problem (data, loss, head, penalty) to a certified stationary point, or says why there is none.
//!
//! Logistic columns are solved by damped Newton, softmax by preconditioned Newton-CG, attached LGL-INR by Newton with
//! its exact Hessian down to a local minimum, detached LGL-INR by Newton on its field. These work in passes over
//! blocks of samples; second derivatives are in single precision while that suffices, gradients never are. All other
//! losses are solved by Newton with a trust region over all logits at once. Only the gradient ends a search, never a cost
//! that stopped changing.

mod class_slopes;
mod clock;
mod column;
mod column_newton;
mod column_pass;
mod conjugate_gradient;
mod coordinates;
mod dense;
mod dependence;
mod descent;
mod detached;
mod direction;
mod fixed_point;
mod general_loss;
mod gram;
mod kernels;
mod least_norm;
mod linear_program;
mod lone_column;
mod memory;
mod other_points;
mod pass;
mod path;
mod problem;
mod real;
mod recomputed;
mod relation;
mod scaled_features;
mod scaling;
mod search;
mod separated;
mod separation;
mod settings;
mod softmax_curvature;
mod softmax_hessian;
mod softmax_newton;
mod softmax_pass;
mod softmax_preconditioner;
mod softmax_system;
mod solution;
mod standardised;
mod start;
mod subsample;
mod tall_qr;
mod tolerance;
mod traced;
mod trust_region;
mod weight_response;

pub use coordinates::Conditioning;
pub use dependence::Dependence;
pub use general_loss::solve_general;
#[doc(hidden)]
pub use kernels::SolverKernels;
pub(crate) use linear_program::{Inequality, LinearProgram};
pub use other_points::{OtherPoint, OtherPoints, other_points, other_points_while};
pub use path::solve_path;
pub use problem::{LARGEST_PARAMETER, Problem, ProblemError};
pub use recomputed::{Flow, HeadEvaluation, Recomputed};
pub use search::{solve, solve_with};
pub use separation::{FeatureValues, GivenAway, SeparationKind};
pub use settings::{Callback, Iteration, SettingsError, SolverSettings};
pub use solution::{
    Certificate, Head, Outcome, Remaining, RemainingAnswer, RoundedHead, Separable, SeparatedClass,
    StationaryPoint,
};
pub use traced::solve_traced;
pub use weight_response::{NoResponse, WeightResponse};

#[cfg(test)]
mod tests;
