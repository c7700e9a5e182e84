//! What a sample counts in each logit column.

use nalgebra::DMatrix;
use std::borrow::Cow;
use std::sync::Arc;

/// What a sample of each class counts in each logit column, reduction included (docs/theory.md#b6: `A[c][q]`).
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnShares<T = f64> {
    /// The same in every column: one number per class, however many columns there are.
    OfClass(Arc<[T]>),
    /// One number for each pair of class (row) and column.
    OfPair(DMatrix<T>),
}

impl<T: nalgebra::Scalar> ColumnShares<T> {
    /// Of every class, in one column.
    ///
    /// # Panics
    ///
    /// Where there is no such column.
    #[must_use]
    pub fn column(&self, column: usize) -> &[T] {
        match self {
            Self::OfClass(shares) => shares,
            Self::OfPair(shares) => {
                &shares.as_slice()[column * shares.nrows()..(column + 1) * shares.nrows()]
            }
        }
    }

    /// Those of some columns.
    pub(crate) fn of_columns(&self, columns: &[usize]) -> Self {
        match self {
            Self::OfClass(shares) => Self::OfClass(Arc::clone(shares)),
            Self::OfPair(shares) => Self::OfPair(shares.select_columns(columns)),
        }
    }

    /// What `change` makes of every number, given its class.
    pub(crate) fn map<R: nalgebra::Scalar>(&self, change: impl Fn(usize, &T) -> R) -> ColumnShares<R> {
        match self {
            Self::OfClass(shares) => ColumnShares::OfClass(
                shares.iter().enumerate().map(|(class, share)| change(class, share)).collect(),
            ),
            Self::OfPair(shares) => {
                let changed = shares.as_slice().iter().enumerate();
                let changed = changed.map(|(place, share)| change(place % shares.nrows(), share)).collect();
                ColumnShares::OfPair(DMatrix::from_vec(shares.nrows(), shares.ncols(), changed))
            }
        }
    }
}

impl ColumnShares {
    /// `A[c][q]` as a matrix (`K x Q`) of so many columns.
    #[must_use]
    pub fn matrix(&self, columns: usize) -> Cow<'_, DMatrix<f64>> {
        match self {
            Self::OfClass(shares) => {
                Cow::Owned(DMatrix::from_fn(shares.len(), columns, |class, _| shares[class]))
            }
            Self::OfPair(shares) => Cow::Borrowed(shares),
        }
    }
}
