//! Products row by row. nalgebra's own refuse to write to rows that are not next to each other.

/// A matrix that is read, possibly across its rows.
#[derive(Clone, Copy)]
pub(in crate::cnn::layers) struct Read<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    /// From one row to the next, and from one column to the next.
    strides: (usize, usize),
}

/// Columns of a matrix that is written, row after row in memory.
pub(in crate::cnn::layers) struct Write<'a> {
    values: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

/// `rows x columns` of numbers that lie row after row.
pub(in crate::cnn::layers) fn read(values: &[f32], rows: usize, columns: usize) -> Read<'_> {
    Read { values, rows, columns, strides: (columns, 1) }
}

/// The same to write to.
pub(in crate::cnn::layers) fn write(values: &mut [f32], rows: usize, columns: usize) -> Write<'_> {
    Write { values, rows, columns, row_stride: columns }
}

impl<'a> Read<'a> {
    pub(in crate::cnn::layers) fn nrows(self) -> usize {
        self.rows
    }

    pub(in crate::cnn::layers) fn transpose(self) -> Self {
        let (row, column) = self.strides;
        Self { rows: self.columns, columns: self.rows, strides: (column, row), ..self }
    }

    pub(in crate::cnn::layers) fn subrows(self, first: usize, rows: usize) -> Self {
        Self { values: &self.values[first * self.strides.0..], rows, ..self }
    }

    pub(in crate::cnn::layers) fn subcols(self, first: usize, columns: usize) -> Self {
        Self { values: &self.values[first * self.strides.1..], columns, ..self }
    }

    fn at(self, row: usize, column: usize) -> f32 {
        self.values[row * self.strides.0 + column * self.strides.1]
    }

    fn row(self, row: usize) -> impl Iterator<Item = &'a f32> {
        self.values[row * self.strides.0..].iter().step_by(self.strides.1)
    }
}

impl Write<'_> {
    pub(in crate::cnn::layers) fn ncols(&self) -> usize {
        self.columns
    }
}

/// `into = left * right`.
pub(in crate::cnn::layers) fn multiply(into: Write, left: Read, right: Read) {
    for row in into.values.chunks_mut(into.row_stride).take(into.rows) {
        row[..into.columns].fill(0.0);
    }
    multiply_add(into, left, right);
}

/// `into += left * right`.
pub(in crate::cnn::layers) fn multiply_add(into: Write, left: Read, right: Read) {
    for (number, row) in into.values.chunks_mut(into.row_stride).take(into.rows).enumerate() {
        for inner in 0..left.columns {
            let factor = left.at(number, inner);
            row[..into.columns]
                .iter_mut()
                .zip(right.row(inner))
                .for_each(|(sum, value)| *sum += factor * value);
        }
    }
}

/// Hands out blocks of at most `width` columns with the number of each one's first.
pub(in crate::cnn::layers) fn for_each_column_block(
    matrix: Write,
    width: usize,
    work: &(impl Fn(usize, Write) + Sync),
) {
    for first in (0..matrix.columns).step_by(width) {
        let columns = width.min(matrix.columns - first);
        work(first, Write { values: &mut matrix.values[first..], columns, ..matrix });
    }
}
