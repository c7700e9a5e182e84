//! Small convolutional networks (images -> network -> logits and last-layer features), trained fast and reproducibly,
//! to test the laws on real images (docs/theory.md#images).
//!
//! Networks compute in single precision, with matrix products of a library; evaluations ([`LastLayerEvaluation`]) are
//! in double precision. The same seed gives the same bits on any number of threads.

mod architecture;
mod checkpoint;
mod error;
mod last_layer;
mod layers;
mod memory;
mod network;
mod optimizer;
mod pictures;
#[cfg(test)]
mod tests;
mod training;

pub use architecture::{ActivationShape, Architecture, LayerPlan};
pub use checkpoint::Checkpoint;
pub use error::NetworkError;
pub use last_layer::{HeadPenalty, LastLayer, LastLayerEvaluation};
pub use network::{Network, Pass, Tensor};
pub use optimizer::{Optimizer, Schedule};
pub use pictures::{Augmentation, Pictures, Scaling};
pub use training::{EpochSums, Recipe, Snapshot, Training, TrainingPlan};
