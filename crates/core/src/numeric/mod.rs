//! The few numerical primitives that every other module uses: stable functions of a logit, compensated sums, and
//! parallel work over fixed chunks of samples whose results never depend on the number of threads.

mod double_double;
mod logit;
mod numbers;
mod order;
mod parallel;
mod single;
mod sum;
mod vectorised;

pub use double_double::DoubleDouble;
pub(crate) use double_double::{two_product, two_product_by, two_sum};
pub(crate) use logit::at_least;
pub use logit::{
    LogTotal, Sigmoid, argmax, exp_of_nonpositive, ln_1p_of_nonnegative, log_softmax,
    softmax_with_complements, softplus,
};
#[cfg(feature = "readers")]
pub(crate) use numbers::EXACT;
pub use numbers::WithGaps;
pub(crate) use numbers::with_gaps;
pub use numbers::{Count, counted, plain, power_of_ten, rows, significant};
pub use order::sort_largest_first;
pub use parallel::{
    SAMPLES_PER_CHUNK, fold_sample_spans, fold_wide_spans, map_sample_chunks, sample_chunks,
    update_sample_chunks,
};
pub(crate) use parallel::{accumulators_per_thread, map_items, threads, try_map_items};
pub(crate) use single::exp_of_nonpositive_single;
pub(crate) use sum::{Binary, median, sign_of_products};
pub use sum::{CompensatedMatrix, Sum, largest, largest_magnitude};
pub(crate) use vectorised::fuses;
pub use vectorised::{Kernel, vectorised};
