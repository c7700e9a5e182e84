//! A network: layers, their parameters, and a batch on its way through them and back.

use super::architecture::{ActivationShape, Architecture, LayerPlan};
use super::error::NetworkError;
use super::layers::{Convolution, Flow, Linear, Squares, draw_factors, rectify, scale, through_positive};
use crate::data::random::stream;
use crate::solver::Head;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Layers and a head, with all their parameters in one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    image: ActivationShape,
    layers: Vec<Layer>,
    tensors: Vec<Tensor>,
    parameters: Vec<f32>,
}

/// A layer as it is computed, with the places of its parameters among all.
#[derive(Debug, Clone, PartialEq)]
enum Layer {
    Convolution(Convolution, Range<usize>),
    Linear(Linear, Range<usize>),
    Relu,
    MaxPool(Squares),
    AveragePool(Squares),
    Dropout(f64),
}

/// Parameters that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its layer and part: `1.weight`; the last layer is the `head`.
    pub name: String,
    /// Its dimensions, the last moving fastest.
    pub shape: Vec<usize>,
    /// Its place among all parameters.
    pub place: Range<usize>,
}

/// Stream of the initial parameters.
const INITIAL: u64 = 0;

impl Network {
    /// Layers for images of some shape, a head of `logits` logits, and parameters drawn for `seed`: uniform between
    /// plus and minus `1 / sqrt(n)`, where `n` is the layer's fan-in (the rule of `LeCun`, and `PyTorch`'s default).
    ///
    /// # Errors
    /// The images do not fit the layers. The error names the layer.
    pub fn new(
        architecture: &Architecture,
        image: ActivationShape,
        logits: usize,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let shapes = architecture.shapes(image)?;
        let mut network = Self { image, layers: Vec::new(), tensors: Vec::new(), parameters: Vec::new() };
        let mut generator = stream(seed, INITIAL);
        let mut current = image;
        for (number, (plan, shape)) in (1..).zip(architecture.layers().into_iter().zip(shapes)) {
            network.add(&number.to_string(), plan, current, &mut generator);
            current = shape;
        }
        network.add("head", LayerPlan::Linear(logits), current, &mut generator);
        Ok(network)
    }

    fn add(&mut self, name: &str, plan: LayerPlan, image: ActivationShape, generator: &mut ChaCha8Rng) {
        let layer = match plan {
            LayerPlan::Convolution { channels, kernel } => {
                let convolution = Convolution::new(image, channels, kernel);
                let (shape, fan_in) = (convolution.shape().to_vec(), convolution.fan_in());
                Layer::Convolution(convolution, self.draw(name, shape, fan_in, generator))
            }
            LayerPlan::Linear(values) => {
                let linear = Linear::new(image.values(), values);
                let shape = vec![image.values(), values];
                Layer::Linear(linear, self.draw(name, shape, image.values(), generator))
            }
            LayerPlan::Relu => match self.layers.pop() {
                Some(Layer::Convolution(convolution, place)) => {
                    Layer::Convolution(convolution.rectified(), place)
                }
                before => {
                    self.layers.extend(before);
                    Layer::Relu
                }
            },
            LayerPlan::MaxPool(side) => Layer::MaxPool(Squares::new(image, side)),
            LayerPlan::AveragePool(side) => Layer::AveragePool(Squares::new(image, side)),
            LayerPlan::Dropout(rate) => Layer::Dropout(rate),
        };
        self.layers.push(layer);
    }

    /// Appends a weight and a bias.
    fn draw(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        fan_in: usize,
        generator: &mut ChaCha8Rng,
    ) -> Range<usize> {
        let start = self.parameters.len();
        let outputs = shape.last().copied().unwrap_or(0);
        let bound = 1.0 / (fan_in as f32).sqrt();
        for (part, shape) in [("weight", shape), ("bias", vec![outputs])] {
            let from = self.parameters.len();
            let count: usize = shape.iter().product();
            self.parameters.extend((0..count).map(|_| generator.random_range(-bound..bound)));
            self.tensors.push(Tensor { name: format!("{name}.{part}"), shape, place: from..from + count });
        }
        start..self.parameters.len()
    }

    /// Shape of the images.
    #[must_use]
    pub fn image(&self) -> ActivationShape {
        self.image
    }

    /// All parameters.
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// All parameters, to change.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// What the parameters are, in order; the last two are the head's.
    #[must_use]
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Place of the head's bias among the parameters.
    #[must_use]
    pub fn head_bias(&self) -> Range<usize> {
        let logits = self.logits();
        self.parameters.len() - logits..self.parameters.len()
    }

    fn head(&self) -> (&Linear, Range<usize>) {
        match self.layers.last() {
            Some(Layer::Linear(linear, place)) => (linear, place.clone()),
            _ => unreachable!("a network ends in its head"),
        }
    }

    /// Logits of a sample.
    #[must_use]
    pub fn logits(&self) -> usize {
        self.head().0.values_out()
    }

    /// `d`, the features that the head is given.
    #[must_use]
    pub fn features(&self) -> usize {
        self.head().0.values_in()
    }

    /// The head: weights (`d` rows of one number per logit) and biases.
    #[must_use]
    pub fn head_parameters(&self) -> (&[f32], &[f32]) {
        let (linear, place) = self.head();
        self.parameters[place].split_at(linear.weights())
    }

    /// Puts another head in place, rounded to single precision.
    pub fn set_head(&mut self, head: &Head) {
        let (_, place) = self.head();
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what networks compute in")]
        let numbers = head.coefficients.iter().chain(&head.intercepts).map(|&number| number as f32);
        // Column after column of `W`, as the parameters lie.
        self.parameters[place].iter_mut().zip(numbers).for_each(|(parameter, number)| *parameter = number);
    }

    /// Takes the images in `pass` to logits. With a generator, dropout drops; without, it does nothing.
    pub fn forward(&self, pass: &mut Pass, mut dropout: Option<&mut ChaCha8Rng>) {
        pass.fit(self);
        let images = pass.images;
        let (mut slot, mut places, mut factors) = (0, 0, 0);
        for layer in &self.layers {
            let (before, after) = pass.values.split_at_mut(slot + 1);
            let input = &mut before[slot];
            match layer {
                Layer::Convolution(convolution, place) => {
                    convolution.forward(&self.parameters[place.clone()], input, &mut after[0]);
                }
                Layer::Linear(linear, place) => {
                    linear.forward(&self.parameters[place.clone()], input, &mut after[0]);
                }
                Layer::MaxPool(squares) => {
                    squares.largest(input, &mut after[0], &mut pass.places[places]);
                    places += 1;
                }
                Layer::AveragePool(squares) => squares.mean(input, &mut after[0]),
                Layer::Relu => rectify(input),
                Layer::Dropout(rate) => {
                    let drawn = &mut pass.factors[factors];
                    factors += 1;
                    drawn.clear();
                    if let Some(generator) = dropout.as_deref_mut() {
                        drawn.resize(input.len(), 0.0);
                        draw_factors(*rate, generator, drawn);
                        scale(input, drawn);
                    }
                }
            }
            slot += usize::from(layer.output(images).is_some());
        }
    }

    /// From the gradient with respect to the logits of the last [`Self::forward`], which `pass` holds, to that with respect to all parameters.
    ///
    /// # Panics
    /// `gradient` has fewer numbers than there are parameters, or `pass` holds no [`Self::forward`] of this
    /// network.
    pub fn backward(&self, pass: &mut Pass, gradient: &mut [f32]) {
        let (mut places, mut factors) = (pass.places.len(), pass.factors.len());
        let mut slot = pass.values.len() - 1;
        for (number, layer) in self.layers.iter().enumerate().rev() {
            let mapped = layer.output(pass.images).is_some();
            let input = &pass.values[slot - usize::from(mapped)];
            let (current, other) = &mut pass.flowing;
            if mapped && number > 0 {
                other.resize(input.len(), 0.0);
            }
            let by_input = (number > 0).then_some(&mut other[..]);
            match layer {
                Layer::Convolution(convolution, place) => {
                    let flow = Flow { images: pass.images, input, by_output: current, by_input };
                    let parameters = &self.parameters[place.clone()];
                    let gradient = &mut gradient[place.clone()];
                    convolution.backward(parameters, &pass.values[slot], flow, gradient, &mut pass.partial);
                }
                Layer::Linear(linear, place) => {
                    let flow = Flow { images: pass.images, input, by_output: current, by_input };
                    linear.backward(&self.parameters[place.clone()], flow, &mut gradient[place.clone()]);
                }
                Layer::MaxPool(squares) => {
                    places -= 1;
                    if let Some(by_input) = by_input {
                        squares.hand_to_largest(current, &pass.places[places], by_input);
                    }
                }
                Layer::AveragePool(squares) => {
                    if let Some(by_input) = by_input {
                        squares.hand_to_all(current, by_input);
                    }
                }
                Layer::Relu => through_positive(input, current),
                Layer::Dropout(_) => {
                    factors -= 1;
                    scale_if_drawn(current, &pass.factors[factors]);
                }
            }
            if mapped {
                std::mem::swap(current, other);
                slot -= 1;
            }
        }
    }
}

/// Nothing was drawn where nothing was dropped.
fn scale_if_drawn(values: &mut [f32], factors: &[f32]) {
    if !factors.is_empty() {
        scale(values, factors);
    }
}

impl Layer {
    /// Values that a layer makes of a batch; `None` if it works in place.
    fn output(&self, images: usize) -> Option<usize> {
        let values = match self {
            Self::Convolution(convolution, _) => convolution.output().values(),
            Self::Linear(linear, _) => linear.values_out(),
            Self::MaxPool(squares) | Self::AveragePool(squares) => squares.output().values(),
            Self::Relu | Self::Dropout(_) => return None,
        };
        Some(values * images)
    }
}

/// A batch in the network: its input, the output of every layer, and gradients on their way back. Memory is reused from
/// batch to batch.
#[derive(Debug, Clone, Default)]
pub struct Pass {
    images: usize,
    /// The images, then the output of each layer that does not work in place.
    values: Vec<Vec<f32>>,
    /// Of each max pooling, which place of a square was the largest.
    places: Vec<Vec<u8>>,
    /// Of each dropout, what values were scaled by.
    factors: Vec<Vec<f32>>,
    /// The gradient that flows, and room for the next.
    flowing: (Vec<f32>, Vec<f32>),
    /// Room for sums over chunks of images.
    partial: Vec<f32>,
}

impl Pass {
    /// Room for `images` images of an extent, to be filled in.
    pub fn images(&mut self, images: usize, image: ActivationShape) -> &mut [f32] {
        self.images = images;
        if self.values.is_empty() {
            self.values.push(Vec::new());
        }
        self.values[0].resize(images * image.values(), 0.0);
        &mut self.values[0]
    }

    fn fit(&mut self, network: &Network) {
        let outputs: Vec<usize> =
            network.layers.iter().filter_map(|layer| layer.output(self.images)).collect();
        self.values.resize_with(outputs.len() + 1, Vec::new);
        for (values, length) in self.values[1..].iter_mut().zip(outputs) {
            values.resize(length, 0.0);
        }
        let pooled = network.layers.iter().filter(|layer| matches!(layer, Layer::MaxPool(_)));
        self.places.resize_with(pooled.clone().count(), Vec::new);
        for (places, layer) in self.places.iter_mut().zip(pooled) {
            places.resize(layer.output(self.images).unwrap_or(0), 0);
        }
        let dropping = network.layers.iter().filter(|layer| matches!(layer, Layer::Dropout(_))).count();
        self.factors.resize_with(dropping, Vec::new);
    }

    /// Logits of the batch, sample after sample.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        self.values.last().map_or(&[], Vec::as_slice)
    }

    /// Features of the batch, what the head was given, sample after sample.
    #[must_use]
    pub fn features(&self) -> &[f32] {
        self.values.len().checked_sub(2).map_or(&[], |before| &self.values[before])
    }

    /// Room for the gradient with respect to the logits, as many as there are, to be filled in before [`Network::backward`].
    pub fn by_logits(&mut self) -> &mut [f32] {
        self.flowing.0.resize(self.logits().len(), 0.0);
        &mut self.flowing.0
    }
}
