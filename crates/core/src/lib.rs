//! The computing rooms of **equipoise**, which re-exports them; use that crate.
//!
//! Data flows through the modules in this order: `data`, `loss`, `solver`, `balance`, `audit`, `cnn`, `claims`. A module uses only those before
//! it, and `numeric`, `memory`, `files` and smaller helpers below all of them.

// What another feature uses may be unused without it; a build with all features finds code that nothing uses.
#![cfg_attr(
    not(all(feature = "clock", feature = "networks", feature = "parquet")),
    allow(dead_code, unused_imports)
)]

#[cfg(feature = "readers")]
pub mod audit;
pub mod balance;
pub mod claims;
#[cfg(feature = "networks")]
pub mod cnn;
mod code;
pub mod data;
#[cfg(feature = "files")]
pub mod files;
pub mod loss;
pub mod memory;
pub mod nearest;
pub mod numeric;
pub mod progress;
pub mod signals;
pub mod solver;
pub mod text;
