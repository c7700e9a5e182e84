//! Images -> network -> logits and last-layer features: small convolutional networks, trained fast and reproducibly, to
//! see the laws on real images (docs/theory.md#images).
//!
//! Networks compute in single precision, on matrix products of a library; everything that is said about them
//! ([`LastLayerEvaluation`]) is computed in double precision. The same seed gives the same bits on any number of threads.

mod activation_shape;
mod architecture;
mod checkpoint;
mod error;
mod last_layer;
mod layers;
mod network;
mod optimizer;
mod pictures;
mod recipe;
#[cfg(test)]
mod tests;
mod training;

pub use activation_shape::ActivationShape;
pub use architecture::{Architecture, LayerPlan};
pub use error::NetworkError;
pub use last_layer::{HeadPenalty, LastLayer, LastLayerEvaluation};
pub use network::{Network, Pass, Tensor};
pub use optimizer::{Optimizer, Schedule};
pub use pictures::{Augmentation, Pictures, Scaling};
pub use recipe::Recipe;
pub use training::{EpochSums, Training, TrainingPlan};
