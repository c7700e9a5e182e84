//! Predicts the memory of a training before any of it is allocated.

use super::architecture::{ActivationShape, LayerPlan};
use super::error::NetworkError;
use super::layers::IMAGES_PER_CHUNK;
use super::training::{LOOKED_AT, Recipe};

/// Numbers that a layer takes at most.
#[derive(Debug, Clone, Copy, Default)]
struct LayerSize {
    parameters: u128,
    /// Of one image, out of it.
    values: u128,
    /// Of one image, while it is computed.
    scratch: u128,
}

impl Recipe {
    /// Bytes that a training takes at most beyond its images: parameters with their moments, gradients and copies in
    /// checkpoints; what a batch is on its way through the layers and back; and the features of all images, on which the
    /// last layer is evaluated.
    ///
    /// # Errors
    /// The images do not fit the layers.
    pub fn memory(
        &self,
        image: ActivationShape,
        logits: usize,
        samples: usize,
    ) -> Result<u128, NetworkError> {
        let wide = |size: usize| size as u128;
        let sizes = self.sizes(image, logits)?;
        let sum = |of: fn(&LayerSize) -> u128| sizes.iter().map(of).sum::<u128>();
        let most = |of: fn(&LayerSize) -> u128| sizes.iter().map(of).max().unwrap_or(0);
        let images = wide(self.batch.max(LOOKED_AT));
        let copies = 2 + 2 * (1 + wide(self.optimizer.moments()));
        let partial = images.div_ceil(wide(IMAGES_PER_CHUNK)) * most(|layer| layer.parameters);
        // Outputs, the gradient that flows back, and what dropout and pooling note.
        let of_image = wide(image.values()) + 4 * sum(|layer| layer.values);
        let scratch = wide(rayon::current_num_threads()) * most(|layer| layer.scratch);
        let singles = copies * sum(|layer| layer.parameters) + partial + images * of_image + scratch;
        let features = sizes.iter().rev().nth(1).map_or(wide(image.values()), |layer| layer.values);
        let doubles = 2 * wide(samples) * (features + 3 * wide(logits));
        Ok(wide(size_of::<f32>()) * singles + wide(size_of::<f64>()) * doubles)
    }

    /// Of every layer, the head last.
    fn sizes(&self, image: ActivationShape, logits: usize) -> Result<Vec<LayerSize>, NetworkError> {
        let shapes = self.network.shapes(image)?;
        let mut into = image;
        let mut sizes = Vec::new();
        let head = (LayerPlan::Linear(logits), ActivationShape::flat(logits));
        for (layer, out) in self.network.layers().into_iter().zip(shapes).chain([head]) {
            sizes.push(LayerSize::of(layer, into, out));
            into = out;
        }
        Ok(sizes)
    }
}

impl LayerSize {
    fn of(layer: LayerPlan, into: ActivationShape, out: ActivationShape) -> Self {
        let wide = |size: usize| size as u128;
        let values = wide(out.values());
        match layer {
            LayerPlan::Convolution { channels, kernel } => {
                let area = wide(kernel) * wide(kernel);
                let deepest = wide(into.channels.max(channels));
                Self {
                    parameters: (area * wide(into.channels) + 1) * wide(channels),
                    values,
                    // At least the neighbourhoods of a row, from both sides, and the image with its border.
                    scratch: 2
                        * deepest
                        * (area * wide(into.width) + wide((into.height + kernel) * (into.width + kernel))),
                }
            }
            LayerPlan::Linear(outputs) => {
                Self { parameters: (wide(into.values()) + 1) * wide(outputs), values, scratch: 0 }
            }
            _ => Self { values, ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cnn::Architecture;
    use crate::memory::readable;

    const DIGIT: ActivationShape = ActivationShape { height: 8, width: 8, channels: 1 };

    fn memory(recipe: &Recipe) -> u128 {
        recipe.memory(DIGIT, 10, 1_000).expect("possible")
    }

    #[test]
    fn it_grows_with_the_batch_and_the_parameters() {
        let small = Recipe::default();
        assert!(memory(&small) < 64 << 20, "{}", readable(memory(&small)));
        let batch = Recipe { batch: 1 << 16, ..Recipe::default() };
        // 65,536 images of 1,024 numbers after the first layer, in single precision.
        assert!(memory(&batch) > (1 << 16) * (8 * 64 + 16 * 16) * 4, "{}", readable(memory(&batch)));
        let convolution = |channels| Recipe {
            network: Architecture::Layers(vec![LayerPlan::Convolution { channels, kernel: 3 }]),
            ..Recipe::default()
        };
        // A head of 64 million features, and as many numbers for every image.
        assert!(memory(&convolution(1_000_000)) > 64 << 30);
        assert!(memory(&convolution(8)) < 64 << 20);
    }
}
