//! Products by faer.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// A matrix that is read, possibly across its rows.
pub(in crate::cnn::layers) type Read<'a> = MatRef<'a, f32>;
/// A matrix that is written.
type Write<'a> = MatMut<'a, f32>;

/// `rows x columns` of numbers that lie row after row.
pub(in crate::cnn::layers) fn read(values: &[f32], rows: usize, columns: usize) -> Read<'_> {
    MatRef::from_row_major_slice(values, rows, columns)
}

/// The same to write to.
pub(in crate::cnn::layers) fn write(values: &mut [f32], rows: usize, columns: usize) -> Write<'_> {
    MatMut::from_row_major_slice_mut(values, rows, columns)
}

/// `into = left * right`.
pub(in crate::cnn::layers) fn multiply(into: Write, left: Read, right: Read) {
    matmul(into, Accum::Replace, left, right, 1.0, Par::Seq);
}

/// `into += left * right`.
pub(in crate::cnn::layers) fn multiply_add(into: Write, left: Read, right: Read) {
    matmul(into, Accum::Add, left, right, 1.0, Par::Seq);
}

/// Hands out blocks of at most `width` columns, in parallel, with the number of each one's first.
///
/// Blocks are cut at fixed places: what is computed does not depend on the number of threads.
pub(in crate::cnn::layers) fn for_each_column_block(
    matrix: Write,
    width: usize,
    work: &(impl Fn(usize, Write) + Sync),
) {
    for_each_block_from(0, matrix, width, work);
}

fn for_each_block_from(first: usize, matrix: Write, width: usize, work: &(impl Fn(usize, Write) + Sync)) {
    let blocks = matrix.ncols().div_ceil(width);
    if blocks <= 1 {
        work(first, matrix);
        return;
    }
    let middle = blocks / 2 * width;
    let (left, right) = matrix.split_at_col_mut(middle);
    rayon::join(
        || for_each_block_from(first, left, width, work),
        || for_each_block_from(first + middle, right, width, work),
    );
}
