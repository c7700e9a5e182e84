//! `audit` as practitioners use it, on files as their libraries write them.

mod any_bytes;
mod bad_input;
mod batches;
mod examples;
pub(crate) mod files;
mod formats;
mod held_out;
mod references;
mod separable;
mod use_cases;
