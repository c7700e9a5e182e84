//! Images from files: IDX (MNIST, Fashion-MNIST, KMNIST; plain or gzipped), the CIFAR-10 and CIFAR-100 binaries, and NPZ
//! files laid out as those of `MedMNIST`.

#[cfg(feature = "readers")]
mod announced;
#[cfg(feature = "readers")]
mod cache;
#[cfg(feature = "readers")]
mod cifar;
#[cfg(feature = "readers")]
mod directory;
#[cfg(feature = "readers")]
mod idx;
#[cfg(feature = "readers")]
mod npz;
mod sample;
mod shape;
#[cfg(all(test, feature = "readers"))]
mod tests;

#[cfg(feature = "readers")]
pub use directory::{Part, image_files, read_images};
pub use sample::ImageSample;
pub use shape::ImageShape;

use super::blocks::zeros;
use super::choice::{Choice, choose};
use super::{DataError, Dataset};

/// Images of one shape, a byte per channel and pixel, and a number that names the class of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    shape: ImageShape,
    /// Largest value a pixel may have.
    full: u8,
    /// Image after image, in each channel after channel, in each row after row.
    pixels: Vec<u8>,
    classes: Vec<u8>,
}

impl Images {
    /// Of one shape, with values up to 255; there are as many as `classes`.
    ///
    /// # Errors
    /// The pixels are not as many as that takes.
    pub fn new(shape: ImageShape, pixels: Vec<u8>, classes: Vec<u8>) -> Result<Self, DataError> {
        if shape.values().checked_mul(classes.len()) != Some(pixels.len()) {
            let problem = format!("{} values for {} images of {shape}", pixels.len(), classes.len());
            return Err(DataError::invalid("images", problem));
        }
        Ok(Self { shape, full: u8::MAX, pixels, classes })
    }

    /// The same with values up to `full`.
    #[must_use]
    pub(super) fn up_to(self, full: u8) -> Self {
        Self { full, ..self }
    }

    /// Largest value a pixel may have: full ink, or full light.
    #[must_use]
    pub fn full(&self) -> u8 {
        self.full
    }

    /// Channels, height and width of each.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The values of one image.
    ///
    /// # Panics
    /// There is no such image.
    #[must_use]
    pub fn pixels(&self, image: usize) -> &[u8] {
        &self.pixels[image * self.shape.values()..][..self.shape.values()]
    }

    /// The number of each image's class.
    #[must_use]
    pub fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// The numbers of classes that occur, in order, and how many images each has.
    #[must_use]
    pub fn class_counts(&self) -> Vec<(u8, usize)> {
        let mut counts = [0_usize; 256];
        self.classes.iter().for_each(|&class| counts[usize::from(class)] += 1);
        (0..=u8::MAX).zip(counts).filter(|&(_, count)| count > 0).collect()
    }

    /// The numbers of classes that occur, in order.
    #[must_use]
    pub fn occurring(&self) -> Vec<u8> {
        self.class_counts().into_iter().map(|(class, _)| class).collect()
    }

    /// How many images each of some classes has.
    #[must_use]
    pub fn counts_of(&self, classes: &[u8]) -> Vec<usize> {
        let there = self.class_counts();
        let count = |class: &u8| there.iter().find(|(found, _)| found == class).map_or(0, |found| found.1);
        classes.iter().map(count).collect()
    }

    /// `counts[i]` images of class `classes[i]`, chosen at random without replacement: features are values from 0 to 1,
    /// class `i` of the result is named by its number.
    ///
    /// Images are drawn class by class from streams of their own, as those of the embedded digits are.
    ///
    /// # Errors
    /// The two lists differ in length, a class is named twice, there are fewer than two classes, a class is
    /// left without an image, or more images are asked for than there are.
    pub fn subset(&self, classes: &[u8], counts: &[usize], seed: u64) -> Result<Dataset, DataError> {
        let of_image: Vec<u32> = self.classes.iter().map(|&class| u32::from(class)).collect();
        let Choice { images, labels } = choose(&of_image, classes, counts, seed, "images")?;
        let mut features = zeros(self.shape.values(), images.len())?;
        for (mut column, &image) in features.column_iter_mut().zip(&images) {
            let values = self.pixels(image).iter().map(|&value| f64::from(value) / f64::from(self.full));
            column.iter_mut().zip(values).for_each(|(entry, value)| *entry = value);
        }
        Dataset::new(features, self.shape.names(), labels)
    }
}
