//! Where samples come from: synthetic designs, embedded digits, CSV files.

mod dataset;

pub use dataset::{DataError, Dataset, Labels};
