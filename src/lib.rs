//! **equipoise**: what logistic and softmax losses settle to.
//!
//! The crate solves logistic, softmax and LGL-INR losses over a linear head to a *certified* stationary point,
//! reads the mean-probability matrix off it, and holds it against the laws that the gradient = 0 condition
//! imposes (X. Li, X. Li, D. Pan, D. Zhu, *On the Learning Property of Logistic and Softmax Losses for Deep
//! Neural Networks*, AAAI 2020, arXiv 2003.02309).
//!
//! Data flows through the modules in this order; a module uses only those before it.
//!
//! Conventions: a matrix of features (`d x N`), of logits or of probabilities (`K x N`) holds **one sample per
//! column**. Every loss is a weighted *mean* over samples (LGL-INR: its own sum over classes), an L2 penalty
//! `l2 / 2 * ||W||^2` is added to it, and the intercept is never penalised.

// What another feature uses may be unused without it; a build with all features finds code that nothing uses.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

/// The example of `docs/library.md`, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
pub struct LibraryPage;

#[cfg(feature = "analyses")]
pub mod analysis;
mod code;
#[cfg(all(test, feature = "analyses"))]
mod documents;
#[cfg(feature = "figures")]
pub mod figure;
#[cfg(feature = "records")]
pub mod record;
#[cfg(feature = "report")]
pub mod report;
#[cfg(feature = "lessons")]
pub mod teach;
#[cfg(all(test, feature = "networks"))]
mod theory_page;

#[cfg(feature = "readers")]
#[doc(inline)]
pub use equipoise_core::audit;
#[cfg(feature = "networks")]
#[doc(inline)]
pub use equipoise_core::cnn;
#[cfg(feature = "files")]
#[doc(inline)]
pub use equipoise_core::files;
#[doc(inline)]
pub use equipoise_core::{
    balance, claims, data, loss, memory, nearest, numeric, progress, signals, solver, text,
};
