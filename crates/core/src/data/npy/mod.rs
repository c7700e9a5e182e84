//! NPY files, as `NumPy` writes them: the header, and whole numbers of any size.

mod header;
mod whole;
mod write;

pub(super) use header::Header;
pub(super) use whole::WholeNumbers;
pub use write::{npy_doubles, npy_texts, npy_whole, npz};
