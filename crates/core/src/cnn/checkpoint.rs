//! A training saved in a file, from which it resumes with the same result.
//!
//! The file is in the safetensors format: the network's tensors by their names (channels last, as they are computed
//! with), running means of the optimizer, and, as metadata, the plan and the number of steps done, after a seal of the whole
//! file.

use super::error::NetworkError;
use super::training::{EpochSums, State, Training, TrainingPlan};
use crate::code::CODE;
use crate::data::ImageSample;
use crate::files::checkpoint::{CheckpointFile, SavedTensor, damaged, sealed, unsealed, unwritten};
use crate::files::{read_input, short_digest, write_whole};
use safetensors::{Dtype, SafeTensorError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The metadata beside the tensors. `T` is what the caller saves with them.
#[derive(Serialize, Deserialize)]
struct Header<T> {
    /// Digest of the code that trains.
    code: String,
    plan: TrainingPlan,
    /// Digest of the images learned from.
    images: String,
    epoch: usize,
    step: usize,
    sums: EpochSums,
    losses: Vec<f64>,
    beside: T,
}

/// What the file holds.
const WORK: &str = "training";

/// A file that one training is saved in, and no other at the same time. It exists from the beginning; if no step of a
/// training is saved in it, it is removed again.
#[derive(Debug)]
pub struct Checkpoint(CheckpointFile);

impl Checkpoint {
    /// Opens a file, or makes one.
    ///
    /// # Errors
    /// Another process saves its training there, or nothing can be written there ([`NetworkError::Checkpoint`]).
    pub fn open(path: &Path) -> Result<Self, NetworkError> {
        let file = CheckpointFile::open(path, WORK);
        Ok(Self(file.map_err(|problem| NetworkError::Checkpoint { path: path.to_owned(), problem })?))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether no training was saved there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Saves a training, with the caller's data `beside` it.
    ///
    /// # Errors
    /// As [`Training::save`].
    pub fn save<T: Serialize>(&mut self, training: &Training, beside: &T) -> Result<(), NetworkError> {
        let path = self.path().to_owned();
        let bytes = training.bytes(&path, beside)?;
        self.0.replace(&bytes).map_err(|problem| NetworkError::Checkpoint { path, problem })?;
        if (training.state.epoch, training.state.step) != (0, 0) {
            self.0.keep();
        }
        Ok(())
    }
}

impl Training<'_> {
    /// Writes the training atomically, with the caller's data `beside` it.
    ///
    /// # Errors
    /// The file cannot be written, or `beside` is nothing that JSON holds ([`NetworkError::Checkpoint`]).
    pub fn save<T: Serialize>(&self, path: &Path, beside: &T) -> Result<(), NetworkError> {
        let refused = |error| NetworkError::Checkpoint { path: path.to_owned(), problem: unwritten(&error) };
        write_whole(path, &self.bytes(path, beside)?).map_err(refused)
    }

    /// What a file holds.
    fn bytes<'s, T: Serialize>(&'s self, path: &Path, beside: &T) -> Result<Vec<u8>, NetworkError> {
        let refused = |problem: String| NetworkError::Checkpoint { path: path.to_owned(), problem };
        let State { network, moments, epoch, step, sums, losses } = &self.state;
        let header = Header {
            code: CODE.to_owned(),
            plan: self.plan().clone(),
            images: digest(self.pictures().sample()),
            epoch: *epoch,
            step: *step,
            sums: *sums,
            losses: losses.clone(),
            beside,
        };
        let mut tensors = Vec::new();
        let mut add = |name: String, shape: Vec<usize>, values: &'s [f32]| {
            tensors.push(SavedTensor {
                name,
                kind: Dtype::F32,
                shape,
                bytes: bytemuck::cast_slice::<f32, u8>(values),
            });
        };
        for tensor in network.tensors() {
            add(tensor.name.clone(), tensor.shape.clone(), &network.parameters()[tensor.place.clone()]);
        }
        for (number, moment) in moments.iter().enumerate() {
            add(moment_name(number), vec![moment.len()], moment);
        }
        sealed(WORK, &header, tensors).map_err(refused)
    }

    /// Resumes from a file; returns the caller's data saved with the training.
    ///
    /// # Errors
    /// The file cannot be read, was not written by this program, is damaged, or was written for another plan or
    /// other images. The training then stays as it is.
    pub fn resume<T: for<'de> Deserialize<'de>>(&mut self, path: &Path) -> Result<T, NetworkError> {
        let refused = |problem: String| NetworkError::Checkpoint { path: path.to_owned(), problem };
        let bytes = read_input(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        let (header, tensors): (Header<T>, _) = unsealed(WORK, &bytes).map_err(refused)?;
        self.check(&header).map_err(refused)?;
        let damaged = |error: SafeTensorError| refused(damaged(&error));
        let read = |name: &str, into: &mut [f32]| {
            let tensor = tensors.tensor(name).map_err(damaged)?;
            if tensor.dtype() != Dtype::F32 || tensor.data().len() != size_of_val(into) {
                return Err(refused(format!(
                    "tensor {name} is of another size; it was not written for this network"
                )));
            }
            for (value, bytes) in into.iter_mut().zip(tensor.data().as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*bytes);
            }
            Ok(())
        };
        let mut state = self.state.clone();
        for tensor in state.network.tensors().to_vec() {
            read(&tensor.name, &mut state.network.parameters_mut()[tensor.place])?;
        }
        for (number, moment) in state.moments.iter_mut().enumerate() {
            read(&moment_name(number), moment)?;
        }
        (state.epoch, state.step, state.sums) = (header.epoch, header.step, header.sums);
        state.losses = header.losses;
        self.state = state;
        Ok(header.beside)
    }

    /// Whether what a file holds is this training at another time.
    fn check<T>(&self, header: &Header<T>) -> Result<(), String> {
        let (ours, theirs) = (self.plan(), &header.plan);
        let advice = "train with the same settings, or start anew under another name";
        if header.code != CODE {
            return Err(
                "was written by another build of equipoise, which trains otherwise; start anew".to_owned()
            );
        }
        if ours.recipe.network.layers() != theirs.recipe.network.layers() {
            return Err(format!("is of another architecture; {advice}"));
        }
        if ours != theirs {
            return Err(format!("is of a training with another {}; {advice}", difference(ours, theirs)));
        }
        if header.images != digest(self.pictures().sample()) {
            return Err(format!("is of a training on other images; {advice}"));
        }
        let steps = self.steps_per_epoch();
        let counts = header.losses.len() == header.epoch && header.epoch <= ours.recipe.epochs;
        if !counts || header.step > steps {
            return Err("counts more steps than there are; it is damaged".to_owned());
        }
        Ok(())
    }
}

/// The first setting in which two plans differ.
fn difference(ours: &TrainingPlan, theirs: &TrainingPlan) -> &'static str {
    let (a, b) = (&ours.recipe, &theirs.recipe);
    let settings = [
        ("loss", ours.loss != theirs.loss),
        ("class weights", ours.class_weights != theirs.class_weights),
        ("seed", ours.seed != theirs.seed),
        ("number of epochs", a.epochs != b.epochs),
        ("batch size", a.batch != b.batch),
        ("optimizer", a.optimizer != b.optimizer),
        ("learning rate", a.rate != b.rate),
        ("schedule", a.schedule != b.schedule),
        ("decay", (a.decay, a.decay_head_bias) != (b.decay, b.decay_head_bias)),
    ];
    settings.into_iter().find(|(_, differs)| *differs).map_or("augmentation", |(name, _)| name)
}

fn moment_name(number: usize) -> String {
    format!("optimizer.{number}")
}

/// Of pixels and classes.
fn digest(sample: &ImageSample) -> String {
    let mut digest = Sha256::new();
    for (number, label) in sample.labels().class_indices().iter().enumerate() {
        digest.update(label.to_le_bytes());
        digest.update(sample.pixels(number));
    }
    short_digest(digest)
}
