//! Products of matrices in single precision that lie row after row: faer's in a build with the feature `fast`, else plain loops.

#[cfg(feature = "fast")]
mod blocked;
#[cfg(not(feature = "fast"))]
mod plain;

#[cfg(feature = "fast")]
pub(super) use blocked::{Read, for_each_column_block, multiply, multiply_add, read, write};
#[cfg(not(feature = "fast"))]
pub(super) use plain::{Read, for_each_column_block, multiply, multiply_add, read, write};
