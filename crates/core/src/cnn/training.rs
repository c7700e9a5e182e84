//! Training: epoch after epoch, batch after batch, as a recipe says.

use super::architecture::{ActivationShape, Architecture};
use super::error::NetworkError;
use super::network::{Network, Pass};
use super::optimizer::{Optimizer, Schedule, Step};
use super::pictures::{Augmentation, Pictures, Scaling};
use crate::balance::predicted_class;
use crate::data::ImageSample;
use crate::data::random::stream;
use crate::loss::{BuiltLoss, ClassWeights, Loss, LossSpec, Targets};
use crate::memory::check_memory;
use nalgebra::DMatrix;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// A recipe, a loss with its class weights, and a seed. Together with the images they determine the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingPlan {
    /// Network and steps.
    pub recipe: Recipe,
    /// The loss.
    pub loss: LossSpec,
    /// Weight of each class.
    pub class_weights: Vec<f64>,
    /// Seed of the initial parameters, the order of images, and whatever is drawn.
    pub seed: u64,
}

/// A training under way.
#[derive(Debug)]
pub struct Training<'a> {
    plan: TrainingPlan,
    pictures: Pictures<'a>,
    targets: Targets,
    loss: BuiltLoss,
    pub(super) state: State,
    pass: Pass,
    gradient: Vec<f32>,
}

/// The state that changes from step to step; a checkpoint holds all of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) network: Network,
    pub(super) moments: Vec<Vec<f32>>,
    /// Epochs done.
    pub(super) epoch: usize,
    /// Steps of the present epoch done.
    pub(super) step: usize,
    /// Sums of the present epoch.
    pub(super) sums: EpochSums,
    /// Mean loss of each epoch done, without penalty.
    pub(super) losses: Vec<f64>,
}

/// A training at some time, kept beside it.
#[derive(Debug, Clone)]
pub struct Snapshot(State);

/// Sums over the steps of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct EpochSums {
    /// Images seen.
    pub images: usize,
    /// Of the loss times the images of each step.
    pub loss: f64,
    /// Images correctly classified.
    pub hits: usize,
}

/// Families of streams.
const ORDER: u64 = 1 << 61;
const DROPOUT: u64 = 1 << 62;
/// Images that are looked at together where nothing is learned.
pub(super) const LOOKED_AT: usize = 256;

impl TrainingPlan {
    /// A plan for some images.
    ///
    /// # Errors
    /// The weights do not fit the classes ([`NetworkError::Weights`]).
    pub fn new(
        recipe: Recipe,
        loss: LossSpec,
        weights: &ClassWeights,
        sample: &ImageSample,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let class_weights = weights.resolve(sample.labels())?;
        Ok(Self { recipe, loss, class_weights, seed })
    }
}

impl<'a> Training<'a> {
    /// A training at its beginning. Images are scaled by mean and deviation of the sample's channels.
    ///
    /// # Errors
    /// The recipe is impossible or does not fit the images, or the loss does not fit the classes.
    pub fn new(plan: TrainingPlan, sample: &'a ImageSample) -> Result<Self, NetworkError> {
        plan.recipe.check()?;
        if let Some(problem) = plan.loss.problem_on(sample.labels()) {
            return Err(NetworkError::Setting { setting: "loss", problem });
        }
        let weights = ClassWeights::Explicit(plan.class_weights.clone());
        let targets = Targets::new(sample.labels(), &weights)?;
        let loss = plan.loss.build(&targets);
        let pictures = Pictures::new(sample, Scaling::of(sample));
        plan.recipe.check_shifts(pictures.shape())?;
        let needed = plan.recipe.memory(pictures.shape(), loss.logit_rows(), targets.samples())?;
        check_memory(needed, "the network takes", "make its layers or the batch smaller")?;
        let network = Network::new(&plan.recipe.network, pictures.shape(), loss.logit_rows(), plan.seed)?;
        let moments = vec![vec![0.0; network.parameters().len()]; plan.recipe.optimizer.moments()];
        let gradient = vec![0.0; network.parameters().len()];
        let state =
            State { network, moments, epoch: 0, step: 0, sums: EpochSums::default(), losses: Vec::new() };
        Ok(Self { plan, pictures, targets, loss, state, pass: Pass::default(), gradient })
    }

    /// What is trained.
    #[must_use]
    pub fn plan(&self) -> &TrainingPlan {
        &self.plan
    }

    /// The images learned from.
    #[must_use]
    pub fn pictures(&self) -> &Pictures<'a> {
        &self.pictures
    }

    /// Classes and weights of the images learned from.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The loss over all of them.
    #[must_use]
    pub fn loss(&self) -> &BuiltLoss {
        &self.loss
    }

    /// The network as it is.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.state.network
    }

    /// The same, to start from other parameters.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.state.network
    }

    /// Epochs done.
    #[must_use]
    pub fn epoch(&self) -> usize {
        self.state.epoch
    }

    /// Sums of the present epoch.
    #[must_use]
    pub fn sums(&self) -> EpochSums {
        self.state.sums
    }

    /// Steps in an epoch.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.targets.samples().div_ceil(self.plan.recipe.batch)
    }

    /// Whether all epochs are done, or the loss has flattened for good.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.epoch == self.plan.recipe.epochs || self.has_flattened()
    }

    /// Whether the loss has flattened for good, by the rule of a plateau schedule.
    #[must_use]
    pub fn has_flattened(&self) -> bool {
        self.plan.recipe.schedule.has_flattened(&self.state.losses)
    }

    /// The training as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state.clone())
    }

    /// Goes on from another time of the same training.
    pub fn restore(&mut self, snapshot: Snapshot) {
        self.state = snapshot.0;
    }

    /// Starts from another learning rate.
    pub fn set_rate(&mut self, rate: f64) {
        self.plan.recipe.rate = rate;
    }

    /// Norm of the loss's gradient by all parameters at the present ones, without penalty, over the first batches of the
    /// present epoch: the unit in which losses of different size have comparable learning rates.
    pub fn gradient_norm(&mut self) -> f64 {
        const BATCHES: usize = 32;
        let order = self.order();
        let mut sum = vec![0.0_f64; self.gradient.len()];
        let mut count = 0.0;
        for batch in order.chunks(self.plan.recipe.batch).take(BATCHES) {
            let into = self.pass.images(batch.len(), self.pictures.shape());
            self.pictures.fill(batch, into);
            self.state.network.forward(&mut self.pass, None);
            let labels = batch.iter().map(|&sample| self.targets.class_indices()[sample]).collect();
            batch_gradient(&self.loss, &self.targets, labels, &mut self.pass);
            self.state.network.backward(&mut self.pass, &mut self.gradient);
            sum.iter_mut().zip(&self.gradient).for_each(|(sum, &entry)| *sum += f64::from(entry));
            count += 1.0;
        }
        sum.iter().map(|entry| (entry / count).powi(2)).sum::<f64>().sqrt()
    }

    /// The images in the order that the present epoch sees them.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.targets.samples()).collect();
        order.shuffle(&mut stream(self.plan.seed, ORDER | self.state.epoch as u64));
        order
    }

    /// Trains to the end of the present epoch; `watch` is called with the training after every step. Returns the sums
    /// of the epoch.
    ///
    /// # Errors
    /// The loss or a parameter is no longer finite ([`NetworkError::Diverged`]), or `watch` fails. The last
    /// checkpoint holds the training before that.
    pub fn finish_epoch(
        &mut self,
        watch: &mut dyn FnMut(&Self) -> Result<(), NetworkError>,
    ) -> Result<EpochSums, NetworkError> {
        let order = self.order();
        while self.state.step < self.steps_per_epoch() {
            let first = self.state.step * self.plan.recipe.batch;
            self.step(&order[first..(first + self.plan.recipe.batch).min(order.len())])?;
            watch(self)?;
        }
        if self.state.network.parameters().iter().any(|parameter| !parameter.is_finite()) {
            return Err(self.diverged("a parameter"));
        }
        let sums = std::mem::take(&mut self.state.sums);
        self.state.losses.push(sums.loss / sums.images as f64);
        self.state.step = 0;
        self.state.epoch += 1;
        Ok(sums)
    }

    fn diverged(&self, what: &'static str) -> NetworkError {
        NetworkError::Diverged { epoch: self.state.epoch + 1, step: self.state.step, what }
    }

    /// One step on a batch; returns its loss. What is drawn depends on the number of the step.
    ///
    /// # Errors
    /// The loss is no longer finite ([`NetworkError::Diverged`]).
    ///
    /// # Panics
    /// A number in `batch` is of no image.
    pub fn step(&mut self, batch: &[usize]) -> Result<f64, NetworkError> {
        let per_epoch = self.steps_per_epoch();
        let (recipe, state) = (&self.plan.recipe, &mut self.state);
        let number = state.epoch * per_epoch + state.step;
        let into = self.pass.images(batch.len(), self.pictures.shape());
        self.pictures.fill_augmented(batch, recipe.augmentation(), (self.plan.seed, state.epoch), into);
        let mut dropout = stream(self.plan.seed, DROPOUT | number as u64);
        state.network.forward(&mut self.pass, Some(&mut dropout));
        let labels = batch.iter().map(|&sample| self.targets.class_indices()[sample]).collect();
        let (loss, hits) = batch_gradient(&self.loss, &self.targets, labels, &mut self.pass);
        state.step += 1;
        if !loss.is_finite() {
            return Err(self.diverged("the loss"));
        }
        state.network.backward(&mut self.pass, &mut self.gradient);
        let factor = recipe.schedule.factor(number, per_epoch, per_epoch * recipe.epochs, &state.losses);
        let step = Step { rate: recipe.rate * factor, decay: recipe.decay, number: number + 1 };
        // The head's bias comes last.
        let bias = state.network.head_bias();
        let decaying = if recipe.decay_head_bias { bias.end } else { bias.start };
        let parameters = state.network.parameters_mut();
        recipe.optimizer.step(step, &self.gradient, decaying, &mut state.moments, parameters);
        state.sums.images += batch.len();
        state.sums.loss += loss * batch.len() as f64;
        state.sums.hits += hits;
        Ok(loss)
    }
}

/// Writes the gradient of a batch's loss with respect to its logits into the pass; returns the loss and how many are correctly classified.
fn batch_gradient(loss: &BuiltLoss, targets: &Targets, labels: Vec<u32>, pass: &mut Pass) -> (f64, usize) {
    let batch = targets.of_batch(labels);
    let logits = wide(pass.logits(), loss.logit_rows());
    let loss = loss.on_batch(targets.samples() as f64 / batch.samples() as f64);
    let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
    let value = loss.value_and_gradient(&logits, &batch, &mut gradient);
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what networks compute in")]
    pass.by_logits().iter_mut().zip(gradient.iter()).for_each(|(into, &value)| *into = value as f32);
    let predictions = logits.column_iter().zip(batch.class_indices());
    let hits = predictions.filter(|(z, label)| predicted_class(z.as_slice()) == **label as usize).count();
    (value, hits)
}

/// Numbers of samples that lie one after the other, one sample per column.
pub(super) fn wide(values: &[f32], rows: usize) -> DMatrix<f64> {
    DMatrix::from_iterator(rows, values.len() / rows.max(1), values.iter().map(|&value| f64::from(value)))
}

impl Training<'_> {
    /// Passes the training images through the network as a gradient at the present parameters would: with the draws of
    /// the next epoch, dropout included.
    pub(super) fn look(&mut self, mut see: impl FnMut(&Pass)) {
        let order: Vec<usize> = (0..self.targets.samples()).collect();
        let (seed, epoch, augmentation) = (self.plan.seed, self.state.epoch, self.plan.recipe.augmentation());
        for (number, samples) in order.chunks(LOOKED_AT).enumerate() {
            let into = self.pass.images(samples.len(), self.pictures.shape());
            self.pictures.fill_augmented(samples, augmentation, (seed, epoch), into);
            let mut dropout = stream(seed, LOOKS | ((epoch as u64) << 32) | number as u64);
            self.state.network.forward(&mut self.pass, Some(&mut dropout));
            see(&self.pass);
        }
    }

    /// Logits of other images, without anything drawn; one sample per column.
    pub fn logits_of(&mut self, sample: &ImageSample) -> DMatrix<f64> {
        let pictures = Pictures::new(sample, self.pictures.scaling().clone());
        let samples: Vec<usize> = (0..sample.labels().samples()).collect();
        let mut logits = Vec::with_capacity(samples.len() * self.state.network.logits());
        for samples in samples.chunks(LOOKED_AT) {
            pictures.fill(samples, self.pass.images(samples.len(), pictures.shape()));
            self.state.network.forward(&mut self.pass, None);
            logits.extend_from_slice(self.pass.logits());
        }
        wide(&logits, self.state.network.logits())
    }
}

/// Stream family of dropout outside of training steps.
const LOOKS: u64 = DROPOUT | ORDER;

/// Network, steps, and what happens to images on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// The network.
    pub network: Architecture,
    /// Times that every image is seen.
    pub epochs: usize,
    /// Images in a step.
    pub batch: usize,
    /// How a step is made.
    pub optimizer: Optimizer,
    /// Learning rate at first.
    pub rate: f64,
    /// How the learning rate goes down.
    pub schedule: Schedule,
    /// `mu` of the penalty `mu / 2 ||w||^2` on all parameters but the head's bias.
    pub decay: f64,
    /// Whether the head's bias decays too: the balance law is then off by `mu b_k`.
    pub decay_head_bias: bool,
    /// Whether every second image, drawn anew in every epoch, is mirrored left to right.
    pub flips: bool,
    /// Rows and columns by which an image is moved at most, anew in every epoch.
    pub shifts: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            network: Architecture::default(),
            epochs: 5,
            batch: 64,
            optimizer: Optimizer::default(),
            rate: 0.05,
            schedule: Schedule::default(),
            decay: 1e-4,
            decay_head_bias: false,
            flips: false,
            shifts: 0,
        }
    }
}

impl Recipe {
    /// What happens to images.
    #[must_use]
    pub fn augmentation(&self) -> Augmentation {
        Augmentation { flips: self.flips, shifts: self.shifts }
    }

    /// Fails, naming the setting, when one cannot be.
    pub(super) fn check(&self) -> Result<(), NetworkError> {
        let refused = |setting, problem: String| Err(NetworkError::Setting { setting, problem });
        if !(1..=MAX_EPOCHS).contains(&self.epochs) {
            return refused("epochs", format!("{}; give 1 to {MAX_EPOCHS}", self.epochs));
        }
        if !(1..=MAX_IN_BATCH).contains(&self.batch) {
            return refused("batch", format!("{}; give 1 to {MAX_IN_BATCH} images", self.batch));
        }
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return refused("rate", format!("{}; give a number above 0", self.rate));
        }
        if !(self.decay.is_finite() && self.decay >= 0.0) {
            return refused("decay", format!("{}; give a number of at least 0", self.decay));
        }
        if let Optimizer::Sgd { momentum } = self.optimizer
            && !(0.0..1.0).contains(&momentum)
        {
            return refused("momentum", format!("{momentum}; give a number from 0 to below 1"));
        }
        if let Schedule::Step { every, factor } = self.schedule
            && (every == 0 || !(factor.is_finite() && factor > 0.0))
        {
            return refused(
                "schedule",
                format!("factor {factor} every {every} epochs; both must be above 0"),
            );
        }
        if let Schedule::Plateau { window, fall, factor, .. } = self.schedule
            && (window == 0 || !(0.0..1.0).contains(&fall) || !(factor.is_finite() && factor > 0.0))
        {
            let problem = format!(
                "a fall of {fall} over {window} epochs, factor {factor}; give at least 1 epoch, a fall from 0 to below 1, and a \
                 factor above 0"
            );
            return refused("schedule", problem);
        }
        Ok(())
    }

    /// Images are not moved out of sight.
    fn check_shifts(&self, shape: ActivationShape) -> Result<(), NetworkError> {
        let side = shape.height.min(shape.width);
        if self.shifts < side {
            return Ok(());
        }
        let problem =
            format!("{}; give at most {}, since images have {side} rows or columns", self.shifts, side - 1);
        Err(NetworkError::Setting { setting: "shifts", problem })
    }
}

const MAX_EPOCHS: usize = 100_000;
const MAX_IN_BATCH: usize = 1 << 16;
