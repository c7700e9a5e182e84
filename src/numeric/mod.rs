//! The few numerical primitives every other room leans on: stable functions of a logit, compensated sums, and
//! parallel work over fixed chunks of samples whose results never depend on the number of threads.

mod chunks;
mod logit;
mod significant;
mod sum;

pub use chunks::{SAMPLES_PER_CHUNK, map_sample_chunks, update_sample_chunks};
pub use logit::{Sigmoid, softplus};
pub use significant::significant;
pub use sum::{CompensatedMatrix, Sum};
