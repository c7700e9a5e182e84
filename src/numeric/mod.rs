//! The few numerical primitives that every other module uses: stable functions of a logit, compensated sums, and
//! parallel work over fixed chunks of samples whose results never depend on the number of threads.

mod chunks;
mod count;
mod double_double;
mod elementary;
mod exact;
mod gaps;
mod logit;
mod rows;
mod significant;
mod sum;
mod threads;
mod vectorised;

pub use chunks::{
    SAMPLES_PER_CHUNK, fold_sample_spans, map_sample_chunks, sample_chunks, update_sample_chunks,
};
pub use count::Count;
pub use count::counted;
pub use double_double::DoubleDouble;
pub(crate) use double_double::{two_product, two_sum};
pub use elementary::{exp_of_nonpositive, ln_1p_of_nonnegative};
pub(crate) use exact::{Binary, sign_of_products};
pub(crate) use gaps::{WithGaps, with_gaps};
pub use logit::{LogTotal, Sigmoid, argmax, log_softmax, softmax_with_complements, softplus};
pub use rows::rows;
pub use significant::{plain, power_of_ten, significant};
pub use sum::{CompensatedMatrix, Sum, largest, largest_magnitude};
pub(crate) use threads::{map_items, threads, try_map_items};
pub use vectorised::{Kernel, vectorised};
