//! Images -> network -> logits and last-layer features: small convolutional networks, trained fast and reproducibly, to
//! see the laws on real images (docs/theory.md#images).
//!
//! Networks compute in single precision, on matrix products of a library; everything that is said about them
//! ([`Sight`]) is computed in double precision. The same seed gives the same bits on any number of threads.

mod architecture;
mod checkpoint;
mod error;
mod extent;
mod layers;
mod network;
mod optimizer;
mod pictures;
mod recipe;
mod sight;
#[cfg(test)]
mod tests;
mod training;

pub use architecture::{Architecture, LayerPlan};
pub use error::NetworkError;
pub use extent::Extent;
pub use network::{Network, Pass, Tensor};
pub use optimizer::{Optimizer, Schedule};
pub use pictures::{Augmentation, Pictures, Scaling};
pub use recipe::Recipe;
pub use sight::{HeadPenalty, LastLayer, Sight};
pub use training::{EpochSums, Plan, Training};
