//! Solves a problem (data, loss, head, penalty) to a certified stationary point, or says why there is none.
//!
//! Logistic columns are solved by damped Newton, softmax by preconditioned Newton-CG, attached LGL-INR by Newton with
//! its exact Hessian down to a local minimum, detached LGL-INR by Newton on its field. These work in passes over
//! blocks of samples; second derivatives are in single precision while that suffices, gradients never are. All other
//! losses are solved by Newton with a trust region over all logits at once. Only the gradient ends a search, never a cost
//! that stopped changing.

#[cfg(feature = "readers")]
mod checkpoint;
mod class_blocks;
mod clock;
mod column_newton;
mod column_pass;
mod coordinates;
mod dense;
mod dependence;
mod descent;
mod detached;
mod free_features;
mod general_loss;
mod hessian;
mod kernels;
mod least_norm;
mod linear_program;
mod memory;
mod other_points;
mod pass;
mod path;
mod penalty_path;
mod plain_gradient;
mod precise_newton;
mod problem;
mod recomputed;
mod search;
mod separation;
mod settings;
mod shared_factor;
mod softmax_hessian;
mod softmax_newton;
mod softmax_system;
mod solution;
mod start;
mod tall_qr;
mod user_curvature;
mod weight_response;
mod wide_dependence;

#[cfg(feature = "readers")]
pub use checkpoint::{CheckpointError, ResumedAt, SearchCheckpoint};
pub use coordinates::Conditioning;
pub use dependence::Dependence;
pub use free_features::{NoFreeFeatures, free_features};
pub use general_loss::solve_general;
#[doc(hidden)]
pub use kernels::SolverKernels;
pub(crate) use linear_program::{Inequality, LinearProgram};
pub use other_points::{OtherPoint, OtherPoints, other_points, other_points_while};
pub use path::{solve_path, solve_traced};
pub use penalty_path::PenaltyPath;
pub use plain_gradient::PlainGradient;
pub use problem::{Intercept, LARGEST_PARAMETER, Problem, ProblemError};
pub use recomputed::{Flow, HeadEvaluation, Recomputed};
pub use search::{solve, solve_with};
pub use separation::{FeatureValues, GivenAway, SeparationKind};
pub use settings::{Callback, Iteration, SettingsError, SolverSettings};
pub use softmax_system::has_shared_factor;
pub use solution::{
    Certificate, Head, Outcome, Remaining, RemainingAnswer, RoundedHead, Separable, SeparatedClass,
    StationaryPoint,
};
pub use weight_response::{NoResponse, WeightResponse};

#[cfg(test)]
mod tests;
