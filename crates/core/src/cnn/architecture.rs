//! What a network is made of, as a file or a flag says it, and how large an image is on its way through it.

use super::error::NetworkError;
use crate::data::ImageShape;
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter, Result as Written};
use std::ops::Range;

/// A network: a preset by its name, or its layers.
///
/// After the layers comes the head, a linear layer with one logit per class (for two classes under the logistic loss,
/// one logit in all); its inputs are the features.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Architecture {
    /// For small images and quick answers: two convolutions 3 x 3 of 8 and 16 channels, 32 features.
    #[default]
    Small,
    /// After LeNet-5: two convolutions 5 x 5 of 32 and 64 channels, 256 features.
    Lenet,
    /// After VGG: six convolutions 3 x 3 of 32, 64 and 128 channels in pairs, 128 features.
    Vgg,
    /// Layer by layer.
    Layers(Vec<LayerPlan>),
}

/// One layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LayerPlan {
    /// Convolution, stride one, with a border of zeros that keeps the image's size.
    Convolution {
        /// Channels out.
        channels: usize,
        /// Rows, and columns, of the kernel: an odd number.
        kernel: usize,
    },
    /// `max(0, x)`.
    Relu,
    /// The largest of each square of so many rows and columns.
    MaxPool(usize),
    /// The mean of each square of so many rows and columns.
    AveragePool(usize),
    /// Fully connected, so many values out.
    Linear(usize),
    /// While training, sets this fraction of values to zero and scales up the rest.
    Dropout(f64),
}

/// The largest number of values of an image between two layers, and of parameters of a layer: more does not fit in
/// memory.
const MAX_VALUES: usize = 1 << 28;

impl Architecture {
    /// The layers, head excluded.
    #[must_use]
    pub fn layers(&self) -> Vec<LayerPlan> {
        use LayerPlan::{Convolution, Linear, MaxPool, Relu};
        let convolution = |channels, kernel| [Convolution { channels, kernel }, Relu];
        let pair = |channels| [convolution(channels, 3), convolution(channels, 3)].concat();
        let pooled = |convolutions: &[LayerPlan]| [convolutions, &[MaxPool(2)]].concat();
        match self {
            Self::Small => {
                [pooled(&convolution(8, 3)), pooled(&convolution(16, 3)), vec![Linear(32), Relu]].concat()
            }
            Self::Lenet => {
                [pooled(&convolution(32, 5)), pooled(&convolution(64, 5)), vec![Linear(256), Relu]].concat()
            }
            Self::Vgg => {
                [pooled(&pair(32)), pooled(&pair(64)), pooled(&pair(128)), vec![Linear(128), Relu]].concat()
            }
            Self::Layers(layers) => layers.clone(),
        }
    }

    /// Multiplications for one image of some shape, head excluded; 0 where the images do not fit the layers.
    #[must_use]
    pub fn multiplications(&self, image: ActivationShape) -> usize {
        let Ok(shapes) = self.shapes(image) else { return 0 };
        let mut current = image;
        let mut sum = 0_usize;
        for (layer, shape) in self.layers().into_iter().zip(shapes) {
            sum += match layer {
                LayerPlan::Convolution { channels, kernel } => current.values() * kernel * kernel * channels,
                LayerPlan::Linear(values) => current.values() * values,
                _ => 0,
            };
            current = shape;
        }
        sum
    }

    /// The shape of each layer's output for images of some shape.
    ///
    /// Fails, naming the layer, when it cannot be: a convolution or pooling behind a linear layer or larger than the
    /// image, an even kernel, nothing out, a rate out of range, more values than memory holds.
    pub(super) fn shapes(&self, image: ActivationShape) -> Result<Vec<ActivationShape>, NetworkError> {
        let mut current = image;
        let mut flat = false;
        let mut shapes = Vec::new();
        for (number, layer) in (1..).zip(self.layers()) {
            let refused = |problem: String| NetworkError::Layer { number, problem };
            current = layer.shape_of(current, flat).map_err(refused)?;
            flat |= matches!(layer, LayerPlan::Linear(_));
            shapes.push(current);
        }
        Ok(shapes)
    }
}

impl LayerPlan {
    fn shape_of(self, image: ActivationShape, flat: bool) -> Result<ActivationShape, String> {
        let spatial = matches!(self, Self::Convolution { .. } | Self::MaxPool(_) | Self::AveragePool(_));
        if flat && spatial {
            return Err("comes after a linear layer, where there are no rows and columns".to_owned());
        }
        let shape = match self {
            Self::Convolution { channels, kernel } => {
                if kernel.is_multiple_of(2) || kernel > image.height.min(image.width) * 2 + 1 {
                    return Err(format!(
                        "a kernel of {kernel}; give an odd number that the image ({image}) has room for"
                    ));
                }
                sized(
                    kernel.checked_mul(kernel).and_then(|area| area.checked_mul(image.channels)),
                    channels,
                )?;
                ActivationShape { channels, ..image }
            }
            Self::MaxPool(side) | Self::AveragePool(side) => {
                // A place in a square is counted in a byte.
                if !(1..=15).contains(&side) || side > image.height.min(image.width) {
                    return Err(format!(
                        "squares of {side}; give 1 to 15 rows, no more than the image ({image}) has"
                    ));
                }
                ActivationShape { height: image.height / side, width: image.width / side, ..image }
            }
            Self::Linear(values) => {
                sized(Some(image.values()), values)?;
                ActivationShape::flat(values)
            }
            Self::Dropout(rate) if !(0.0..1.0).contains(&rate) => {
                return Err(format!("a rate of {rate}; give one from 0 to below 1"));
            }
            Self::Relu | Self::Dropout(_) => image,
        };
        sized(Some(shape.positions()), shape.channels)?;
        Ok(shape)
    }
}

/// Whether a matrix of that size is possible.
fn sized(rows: Option<usize>, columns: usize) -> Result<(), String> {
    match rows.and_then(|rows| rows.checked_mul(columns)) {
        Some(0) => Err("nothing comes out; give at least 1".to_owned()),
        Some(values) if values <= MAX_VALUES => Ok(()),
        _ => Err(format!("more than {MAX_VALUES} numbers; make it smaller")),
    }
}

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
