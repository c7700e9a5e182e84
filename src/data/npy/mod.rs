//! NPY files, as `NumPy` writes them: the header, and whole numbers of any size.

mod header;
mod whole;

pub(super) use header::Header;
pub(super) use whole::WholeNumbers;
