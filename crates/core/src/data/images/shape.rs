//! How large images are.

use std::fmt::{Display, Formatter, Result as Written};

/// Channels, height and width of images, none of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// Channels: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// Values of an image.
    #[must_use]
    pub fn values(self) -> usize {
        self.channels * self.height * self.width
    }

    /// Names of the values: `pixel_r0_c0`, or of several channels `pixel_k0_r0_c0`, counted from the top left.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let place = |value: usize| {
            let (row, column) = (value / self.width % self.height, value % self.width);
            match self.channels {
                1 => format!("pixel_r{row}_c{column}"),
                _ => format!("pixel_k{}_r{row}_c{column}", value / (self.width * self.height)),
            }
        };
        (0..self.values()).map(place).collect()
    }
}

impl Display for ImageShape {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        write!(formatter, "{} x {}", self.height, self.width)?;
        if self.channels > 1 { write!(formatter, " in {} channels", self.channels) } else { Ok(()) }
    }
}
