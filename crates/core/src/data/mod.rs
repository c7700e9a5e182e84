//! Sources of samples: synthetic designs (Gaussian classes, saturated groups, raw logits), the embedded digits, image
//! sets, CSV files, mapped NPY files, and memory that something else owns. Whatever the origin, the result is a checked
//! [`Dataset`]: finite features (`d x N`, one sample per column) or fixed logits, and [`Labels`] in which every class has
//! a sample. Synthetic designs list their samples class after class, and every draw names its seed and stream.

#[cfg(feature = "readers")]
pub mod arrays;
mod blocks;
mod choice;
pub mod class_means;
#[cfg(feature = "readers")]
#[doc(hidden)]
pub mod classes;
mod dataset;
#[cfg(feature = "readers")]
pub(crate) mod design;
mod digits;
mod gaussian;
mod grouped;
mod images;
mod imbalance;
#[cfg(feature = "readers")]
mod mapped;
#[cfg(feature = "readers")]
mod new_samples;
#[cfg(feature = "readers")]
mod npy;
mod placed_groups;
#[cfg(feature = "readers")]
#[doc(hidden)]
pub mod places;
pub mod random;
mod raw_logits;
#[cfg(feature = "readers")]
mod rounding;
#[doc(hidden)]
pub mod sample_weights;
#[cfg(feature = "readers")]
#[doc(hidden)]
pub mod samples;
mod shared;
mod split;
mod standardization;
#[cfg(feature = "readers")]
#[doc(hidden)]
pub mod table;
mod tabular;
#[cfg(feature = "readers")]
pub mod taken;
mod values;

pub use dataset::{DataError, Dataset, Labels};
#[cfg(feature = "readers")]
pub use design::{DesignColumn, DesignKind, Missing};
pub use digits::{check_digits, digit_images, digits, digits_subset};
pub use gaussian::{Covariance, GaussianMixture};
pub use grouped::GroupedDesign;
pub use images::{ImageSample, ImageShape, Images};
#[cfg(feature = "readers")]
pub use images::{Part, image_files, read_images};
pub use imbalance::ImbalanceProfile;
#[cfg(feature = "readers")]
pub use mapped::{check_files_whole, name_files_cut_short};
pub use placed_groups::PlacedGroups;
#[cfg(feature = "readers")]
pub use places::SamplePlaces;
pub(crate) use values::{Number, Values};

#[cfg(feature = "readers")]
pub use new_samples::{NewSamples, NewSamplesRequest};
#[cfg(feature = "readers")]
pub use npy::{npy_doubles, npy_texts, npy_whole, npz};
pub use raw_logits::{raw_binary_logits, raw_logits};
pub use sample_weights::SAMPLE_WEIGHT_RANGE;
#[cfg(feature = "readers")]
pub use samples::{SampleRequest, Samples, read_table};
pub use shared::SharedFeatures;
pub use split::{HeldOutShare, Split};
pub use standardization::Standardization;
#[cfg(feature = "readers")]
pub use table::{Encoding, TableFormat};
pub use tabular::TabularSet;
#[cfg(feature = "readers")]
pub use taken::{LeftOut, Taken};

/// `text` between quotation marks, on one line and cut short when long, to show in an error.
#[cfg(feature = "readers")]
#[must_use]
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    format!("{shown:?}")
}
