//! How large an image is on its way through a network.

use crate::data::ImageShape;
use std::fmt::{Display, Formatter, Result as Written};
use std::ops::Range;

/// Rows, columns and channels of an image between layers. In memory the channel moves fastest, then the column, then
/// the row, so that the part of a row that a kernel reads is contiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivationShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl From<ImageShape> for ActivationShape {
    fn from(ImageShape { channels, height, width }: ImageShape) -> Self {
        Self { height, width, channels }
    }
}

impl ActivationShape {
    /// A plain vector.
    #[must_use]
    pub fn flat(values: usize) -> Self {
        Self { height: 1, width: 1, channels: values }
    }

    /// Rows times columns.
    #[must_use]
    pub fn positions(self) -> usize {
        self.height * self.width
    }

    /// Numbers in all.
    #[must_use]
    pub fn values(self) -> usize {
        self.positions() * self.channels
    }

    /// Places of the numbers of some rows.
    pub(super) fn rows(self, rows: &Range<usize>) -> Range<usize> {
        let row = self.width * self.channels;
        rows.start * row..rows.end * row
    }
}

impl Display for ActivationShape {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        write!(formatter, "{} x {} x {}", self.height, self.width, self.channels)
    }
}
