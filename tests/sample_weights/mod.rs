//! Weights of samples through every command: whole weights against repeated rows, laws under any weights, and what is
//! refused.

mod compared;
mod files;
mod laws;
mod refused;
mod repeated;
