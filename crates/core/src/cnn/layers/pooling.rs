//! Pooling over squares that do not overlap.

use super::IMAGES_PER_CHUNK;
use crate::cnn::architecture::ActivationShape;
use crate::numeric::{Kernel, vectorised};
use rayon::prelude::*;

/// Squares of an image; rows and columns that fill no square are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Squares {
    image: ActivationShape,
    side: usize,
}

impl Squares {
    pub(crate) fn new(image: ActivationShape, side: usize) -> Self {
        Self { image, side }
    }

    pub(crate) fn output(&self) -> ActivationShape {
        ActivationShape {
            height: self.image.height / self.side,
            width: self.image.width / self.side,
            ..self.image
        }
    }

    /// The largest number of each square and channel; `places` says which of the square it was, the first of equals.
    pub(crate) fn largest(&self, input: &[f32], output: &mut [f32], places: &mut [u8]) {
        let values = self.output().values();
        let images = output.par_chunks_exact_mut(values).zip(places.par_chunks_exact_mut(values));
        let images = images.zip(input.par_chunks_exact(self.image.values()));
        images.with_min_len(IMAGES_PER_CHUNK).for_each(|((output, places), input)| {
            vectorised(Largest { squares: *self, input, output, places });
        });
    }

    /// Hands each square's gradient to the place that was largest.
    pub(crate) fn hand_to_largest(&self, by_output: &[f32], places: &[u8], by_input: &mut [f32]) {
        let values = self.output().values();
        let images =
            by_input.par_chunks_exact_mut(self.image.values()).zip(by_output.par_chunks_exact(values));
        let images = images.zip(places.par_chunks_exact(values));
        images.with_min_len(IMAGES_PER_CHUNK).for_each(|((by_input, by_output), places)| {
            self.clear_rest(by_input);
            vectorised(ToLargest { squares: *self, by_output, places, by_input });
        });
    }

    /// The mean of each square and channel.
    pub(crate) fn mean(&self, input: &[f32], output: &mut [f32]) {
        let images = output.par_chunks_exact_mut(self.output().values());
        let images = images.zip(input.par_chunks_exact(self.image.values()));
        images.with_min_len(IMAGES_PER_CHUNK).for_each(|(output, input)| {
            vectorised(Mean { squares: *self, input, output });
        });
    }

    /// Hands each square's gradient to all its places alike.
    pub(crate) fn hand_to_all(&self, by_output: &[f32], by_input: &mut [f32]) {
        let images = by_input.par_chunks_exact_mut(self.image.values());
        let images = images.zip(by_output.par_chunks_exact(self.output().values()));
        images.with_min_len(IMAGES_PER_CHUNK).for_each(|(by_input, by_output)| {
            self.clear_rest(by_input);
            vectorised(ToAll { squares: *self, by_output, by_input });
        });
    }

    /// What fills no square has no part in the output.
    fn clear_rest(&self, by_input: &mut [f32]) {
        if !self.image.height.is_multiple_of(self.side) || !self.image.width.is_multiple_of(self.side) {
            by_input.fill(0.0);
        }
    }

    /// The channels of each place of a square: the square's number, the place's number, where they begin.
    #[allow(clippy::inline_always, reason = "part of vectorised kernels")]
    #[inline(always)]
    fn each_place(self, mut work: impl FnMut(usize, u8, usize)) {
        let output = self.output();
        for square in 0..output.positions() {
            let (y, x) = (square / output.width * self.side, square % output.width * self.side);
            let mut place = 0;
            for row in y..y + self.side {
                for column in x..x + self.side {
                    work(square, place, (row * self.image.width + column) * self.image.channels);
                    place += 1;
                }
            }
        }
    }
}

struct Largest<'a> {
    squares: Squares,
    input: &'a [f32],
    output: &'a mut [f32],
    places: &'a mut [u8],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Largest<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let channels = self.squares.image.channels;
        self.squares.each_place(|square, place, from| {
            let square = square * channels..(square + 1) * channels;
            let largest = self.output[square.clone()].iter_mut().zip(&mut self.places[square]);
            for ((largest, at), &value) in largest.zip(&self.input[from..from + channels]) {
                let larger = place == 0 || value > *largest;
                *largest = if larger { value } else { *largest };
                *at = if larger { place } else { *at };
            }
        });
    }
}

struct ToLargest<'a> {
    squares: Squares,
    by_output: &'a [f32],
    places: &'a [u8],
    by_input: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for ToLargest<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let channels = self.squares.image.channels;
        self.squares.each_place(|square, place, into| {
            let square = square * channels..(square + 1) * channels;
            let of_square = self.by_output[square.clone()].iter().zip(&self.places[square]);
            for (into, (&value, &at)) in self.by_input[into..into + channels].iter_mut().zip(of_square) {
                *into = if at == place { value } else { 0.0 };
            }
        });
    }
}

struct Mean<'a> {
    squares: Squares,
    input: &'a [f32],
    output: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Mean<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let channels = self.squares.image.channels;
        let fraction = fraction(self.squares.side);
        self.output.fill(0.0);
        self.squares.each_place(|square, _, from| {
            let means = self.output[square * channels..(square + 1) * channels].iter_mut();
            means.zip(&self.input[from..from + channels]).for_each(|(mean, value)| *mean += fraction * value);
        });
    }
}

struct ToAll<'a> {
    squares: Squares,
    by_output: &'a [f32],
    by_input: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for ToAll<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let channels = self.squares.image.channels;
        let fraction = fraction(self.squares.side);
        self.squares.each_place(|square, _, into| {
            let of_square = &self.by_output[square * channels..(square + 1) * channels];
            let places = self.by_input[into..into + channels].iter_mut();
            places.zip(of_square).for_each(|(into, value)| *into = fraction * value);
        });
    }
}

/// What a place counts in the mean of a square.
#[allow(clippy::inline_always, reason = "part of vectorised kernels")]
#[inline(always)]
fn fraction(side: usize) -> f32 {
    1.0 / (side * side) as f32
}
