//! Images drawn for learning, and others kept apart from them.

use super::Images;
use crate::data::choice::{Choice, choose_apart};
use crate::data::{DataError, Labels};
use std::sync::Arc;

/// Some images of a set, and their classes.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSample {
    images: Arc<Images>,
    places: Vec<usize>,
    labels: Labels,
}

impl ImageSample {
    /// `counts[i]` images of class `classes[i]` to learn from, and for each entry of `apart` a sample of so many images of every
    /// class, none of them among the others.
    ///
    /// Images are drawn as [`Images::subset`] draws them; those kept apart depend on neither `counts` nor the other classes.
    ///
    /// # Errors
    /// As [`Images::subset`], images kept apart counted in.
    pub fn draw(
        images: &Arc<Images>,
        classes: &[u8],
        counts: &[usize],
        apart: &[usize],
        seed: u64,
    ) -> Result<(Self, Vec<Self>), DataError> {
        let of_image: Vec<u32> = images.classes().iter().map(|&class| u32::from(class)).collect();
        let (chosen, apart) = choose_apart(&of_image, classes, counts, apart, seed, "images")?;
        let of = |Choice { images: places, labels }| Self { images: Arc::clone(images), places, labels };
        Ok((of(chosen), apart.into_iter().map(of).collect()))
    }

    /// All images of some classes.
    ///
    /// # Errors
    /// A class is named twice or has no image, or there are fewer than two classes.
    pub fn all(images: &Arc<Images>, classes: &[u8]) -> Result<Self, DataError> {
        Ok(Self::draw(images, classes, &images.counts_of(classes), &[], 0)?.0)
    }

    /// Some of them; not every class need occur.
    ///
    /// # Panics
    /// There is no such sample.
    #[must_use]
    pub fn some(&self, samples: &[usize]) -> Self {
        let places = samples.iter().map(|&sample| self.places[sample]).collect();
        Self { images: Arc::clone(&self.images), places, labels: self.labels.some(samples) }
    }

    /// The set they are from.
    #[must_use]
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// The values of one image, channel after channel.
    ///
    /// # Panics
    /// There is no such sample.
    #[must_use]
    pub fn pixels(&self, sample: usize) -> &[u8] {
        self.images.pixels(self.places[sample])
    }

    /// Classes of the images.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }
}
