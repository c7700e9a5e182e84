//! Images as a network is given them: scaled, and perhaps flipped and shifted.

use super::architecture::ActivationShape;
use crate::data::random::stream;
use crate::data::{ImageSample, Images};
use rand::RngExt;
use rayon::prelude::*;

/// Images drawn from a set, with the numbers that their pixels become.
#[derive(Debug, Clone)]
pub struct Pictures<'a> {
    sample: &'a ImageSample,
    scaling: Scaling,
}

/// The scaled value of a pixel, for each channel: `(value - mean) / deviation` over the training images.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    tables: Vec<Vec<f32>>,
}

/// What happens to each image anew in every epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Augmentation {
    /// Whether every second image is mirrored left to right.
    pub flips: bool,
    /// Rows and columns an image is moved by at most.
    pub shifts: usize,
}

/// How one image is changed.
#[derive(Debug, Clone, Copy)]
struct Change {
    flipped: bool,
    down: i32,
    right: i32,
}

/// Images that one thread prepares at a time.
const PIECE: usize = 16;

impl Scaling {
    /// Mean and deviation of each channel over the images of a sample; a channel of one value alone is only shifted.
    #[must_use]
    pub fn of(sample: &ImageSample) -> Self {
        let shape = sample.images().shape();
        let full = f64::from(sample.images().full());
        let pixels = shape.height * shape.width;
        let mut counts = vec![[0_usize; 256]; shape.channels];
        for number in 0..sample.labels().samples() {
            for (channel, counts) in sample.pixels(number).chunks_exact(pixels).zip(&mut counts) {
                channel.iter().for_each(|&value| counts[usize::from(value)] += 1);
            }
        }
        let table = |counts: &[usize; 256]| {
            let total = counts.iter().sum::<usize>() as f64;
            let mean_of = |of: &dyn Fn(f64) -> f64| {
                (0..=u8::MAX)
                    .zip(counts)
                    .map(|(value, &count)| count as f64 * of(f64::from(value) / full))
                    .sum::<f64>()
                    / total
            };
            let mean = mean_of(&|value| value);
            let variance = mean_of(&|value| (value - mean).powi(2));
            let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "single precision is what networks compute in"
            )]
            (0..=u8::MAX).map(|value| ((f64::from(value) / full - mean) / deviation) as f32).collect()
        };
        Self { tables: counts.iter().map(table).collect() }
    }
}

impl<'a> Pictures<'a> {
    /// The images of a sample, scaled.
    #[must_use]
    pub fn new(sample: &'a ImageSample, scaling: Scaling) -> Self {
        Self { sample, scaling }
    }

    /// How large they are.
    #[must_use]
    pub fn shape(&self) -> ActivationShape {
        ActivationShape::of(self.sample.images())
    }

    /// What their pixels become.
    #[must_use]
    pub fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// The images and their labels.
    #[must_use]
    pub fn sample(&self) -> &ImageSample {
        self.sample
    }

    /// Writes some images as they are.
    pub fn fill(&self, samples: &[usize], into: &mut [f32]) {
        self.fill_changed(samples, into, |_| None);
    }

    /// Writes some images as an epoch of a training from `seed` sees them.
    pub fn fill_augmented(
        &self,
        samples: &[usize],
        augmentation: Augmentation,
        (seed, epoch): (u64, usize),
        into: &mut [f32],
    ) {
        if augmentation == Augmentation::default() {
            self.fill(samples, into);
            return;
        }
        self.fill_changed(samples, into, |sample| {
            // A stream for each image and epoch: what happens to one image does not depend on the others.
            let mut generator = stream(seed, CHANGES | ((epoch as u64) << 32) | sample as u64);
            let most = i32::try_from(augmentation.shifts).unwrap_or(0);
            Some(Change {
                flipped: augmentation.flips && generator.random(),
                down: generator.random_range(-most..=most),
                right: generator.random_range(-most..=most),
            })
        });
    }

    fn fill_changed(
        &self,
        samples: &[usize],
        into: &mut [f32],
        change: impl Fn(usize) -> Option<Change> + Sync,
    ) {
        let images = into.par_chunks_exact_mut(self.shape().values()).zip(samples);
        images.with_min_len(PIECE).for_each(|(into, &sample)| match change(sample) {
            None => self.write(sample, into),
            Some(change) => self.write_changed(sample, change, into),
        });
    }

    /// From channel after channel to channel fastest.
    fn write(&self, sample: usize, into: &mut [f32]) {
        let (channels, shape) = (self.scaling.tables.len(), self.shape());
        let pixels = self.sample.pixels(sample).chunks_exact(shape.positions());
        for (channel, (values, table)) in pixels.zip(&self.scaling.tables).enumerate() {
            let entries = into.iter_mut().skip(channel).step_by(channels);
            entries.zip(values).for_each(|(entry, &value)| *entry = table[usize::from(value)]);
        }
    }

    /// What is moved in from beyond the border is empty.
    fn write_changed(&self, sample: usize, change: Change, into: &mut [f32]) {
        let (channels, shape) = (self.scaling.tables.len(), self.shape());
        let pixels = self.sample.pixels(sample).chunks_exact(shape.positions());
        for (channel, (values, table)) in pixels.zip(&self.scaling.tables).enumerate() {
            for (position, entry) in into.iter_mut().skip(channel).step_by(channels).enumerate() {
                let (row, column) = (position / shape.width, position % shape.width);
                let column = if change.flipped { shape.width - 1 - column } else { column };
                let from = moved(row, change.down).filter(|&row| row < shape.height);
                let across = moved(column, change.right).filter(|&column| column < shape.width);
                let value = from.zip(across).map_or(0, |(row, column)| values[row * shape.width + column]);
                *entry = table[usize::from(value)];
            }
        }
    }
}

/// Where a row or column came from, if not from beyond the first.
fn moved(place: usize, by: i32) -> Option<usize> {
    let distance = by.unsigned_abs() as usize;
    if by < 0 { place.checked_add(distance) } else { place.checked_sub(distance) }
}

/// Family of streams that changes are drawn from.
const CHANGES: u64 = 1 << 63;

impl ActivationShape {
    /// Of the images of a set.
    #[must_use]
    pub fn of(images: &Images) -> Self {
        let shape = images.shape();
        Self { height: shape.height, width: shape.width, channels: shape.channels }
    }
}
