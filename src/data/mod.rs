//! Sources of samples: synthetic designs (Gaussian classes, saturated groups, raw logits), the embedded digits, image
//! sets, CSV files, and mapped NPY files. Whatever the origin, the result is a checked [`Dataset`]: finite features (`d
//! x N`, one sample per column) or fixed logits, and [`Labels`] in which every class has a sample. Synthetic designs
//! list their samples class after class, and every draw names its seed and stream.

#[cfg(feature = "readers")]
pub mod arrays;
mod blocks;
mod choice;
pub mod class_means;
#[cfg(feature = "readers")]
mod csv_file;
mod dataset;
mod digits;
mod gaussian;
mod grouped;
mod images;
mod imbalance;
#[cfg(feature = "readers")]
mod mapped;
#[cfg(feature = "readers")]
mod npy;
mod placed_groups;
pub mod random;
mod raw_logits;
pub(crate) mod sample_weights;
mod surprising_weights;
mod values;

#[cfg(feature = "readers")]
pub use csv_file::{CsvColumns, read_csv};
pub use dataset::{DataError, Dataset, Labels};
pub use digits::{check_digits, digit_images, digits, digits_subset};
pub use gaussian::{Covariance, GaussianMixture};
pub use grouped::GroupedDesign;
pub use images::{ImageSample, ImageShape, Images};
#[cfg(feature = "readers")]
pub use images::{Part, image_files, read_images};
pub use imbalance::ImbalanceProfile;
#[cfg(feature = "readers")]
pub use mapped::name_files_cut_short;
#[cfg(feature = "readers")]
pub use npy::{read_npy, read_weighted_npy};
pub use placed_groups::PlacedGroups;
pub(crate) use values::{Number, Values};

pub use raw_logits::{raw_binary_logits, raw_logits};
pub use sample_weights::SAMPLE_WEIGHT_RANGE;
pub use surprising_weights::{contrary_weight, contrary_weight_of_three, helping_weight, hindering_weight};
