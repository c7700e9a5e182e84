//! The few numerical primitives that every other module uses: stable functions of a logit, compensated sums, and
//! parallel work over fixed chunks of samples whose results never depend on the number of threads.

mod count;
mod double_double;
mod logit;
mod parallel;
mod recorded;
mod significant;
mod sum;
mod vectorised;

pub use count::Count;
pub use count::counted;
pub use double_double::DoubleDouble;
pub(crate) use double_double::{two_product, two_sum};
pub use logit::{
    LogTotal, Sigmoid, argmax, exp_of_nonpositive, ln_1p_of_nonnegative, log_softmax,
    softmax_with_complements, softplus,
};
pub use parallel::{
    SAMPLES_PER_CHUNK, fold_sample_spans, map_sample_chunks, sample_chunks, update_sample_chunks,
};
pub(crate) use parallel::{map_items, threads, try_map_items};
pub use recorded::rows;
pub(crate) use recorded::{WithGaps, with_gaps};
pub use significant::{plain, power_of_ten, significant};
pub(crate) use sum::{Binary, sign_of_products};
pub use sum::{CompensatedMatrix, Sum, largest, largest_magnitude};
pub use vectorised::{Kernel, vectorised};
