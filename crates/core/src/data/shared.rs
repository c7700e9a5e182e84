//! Features in memory that something else owns, read where they are.

use super::values::Values;
use std::fmt::{Debug, Formatter, Result as Written};
use std::ops::Range;
use std::sync::Arc;

/// `N x d` features, row by row, in memory that something else owns: an array of another language, a table of another library.
#[derive(Clone)]
pub enum SharedFeatures {
    /// In single precision; no number is rounded by becoming a double.
    Single(Arc<dyn AsRef<[f32]> + Send + Sync>),
    /// In double precision.
    Double(Arc<dyn AsRef<[f64]> + Send + Sync>),
}

impl SharedFeatures {
    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Single(owner) => (**owner).as_ref().len(),
            Self::Double(owner) => (**owner).as_ref().len(),
        }
    }

    /// Numbers `range`.
    pub(super) fn values(&self, range: Range<usize>) -> Values<'_> {
        match self {
            Self::Single(owner) => Values::Single(bytemuck::cast_slice(&(**owner).as_ref()[range])),
            Self::Double(owner) => Values::Double(bytemuck::cast_slice(&(**owner).as_ref()[range])),
        }
    }
}

impl Debug for SharedFeatures {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        write!(formatter, "SharedFeatures of {} numbers", self.len())
    }
}

impl PartialEq for SharedFeatures {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Single(one), Self::Single(two)) => (**one).as_ref() == (**two).as_ref(),
            (Self::Double(one), Self::Double(two)) => (**one).as_ref() == (**two).as_ref(),
            _ => false,
        }
    }
}
