//! What a sample counts in each logit column.

use nalgebra::DMatrix;
use std::borrow::Cow;
use std::sync::Arc;

/// Weight of a sample of each class in each logit column, reduction included (docs/theory.md#b6: `A[c][q]`).
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnWeights<T = f64> {
    /// The same in every column: one number per class, however many columns there are.
    OfClass(Arc<[T]>),
    /// One number for each pair of class (row) and column.
    OfPair(DMatrix<T>),
}

impl<T: nalgebra::Scalar> ColumnWeights<T> {
    /// Of every class, in one column.
    ///
    /// # Panics
    ///
    /// Where there is no such column.
    #[must_use]
    pub fn column(&self, column: usize) -> &[T] {
        match self {
            Self::OfClass(weights) => weights,
            Self::OfPair(weights) => {
                &weights.as_slice()[column * weights.nrows()..(column + 1) * weights.nrows()]
            }
        }
    }

    /// Those of some columns.
    pub(crate) fn of_columns(&self, columns: &[usize]) -> Self {
        match self {
            Self::OfClass(weights) => Self::OfClass(Arc::clone(weights)),
            Self::OfPair(weights) => Self::OfPair(weights.select_columns(columns)),
        }
    }

    /// What `change` makes of every number, given its class.
    pub(crate) fn map<R: nalgebra::Scalar>(&self, change: impl Fn(usize, &T) -> R) -> ColumnWeights<R> {
        match self {
            Self::OfClass(weights) => ColumnWeights::OfClass(
                weights.iter().enumerate().map(|(class, weight)| change(class, weight)).collect(),
            ),
            Self::OfPair(weights) => {
                let changed = weights.as_slice().iter().enumerate();
                let changed =
                    changed.map(|(place, weight)| change(place % weights.nrows(), weight)).collect();
                ColumnWeights::OfPair(DMatrix::from_vec(weights.nrows(), weights.ncols(), changed))
            }
        }
    }
}

impl ColumnWeights {
    /// `A[c][q]` as a matrix (`K x Q`) of so many columns.
    #[must_use]
    pub fn matrix(&self, columns: usize) -> Cow<'_, DMatrix<f64>> {
        match self {
            Self::OfClass(weights) => {
                Cow::Owned(DMatrix::from_fn(weights.len(), columns, |class, _| weights[class]))
            }
            Self::OfPair(weights) => Cow::Borrowed(weights),
        }
    }
}
