//! A training saved in a file, from which it resumes with the same result.
//!
//! The file is in the safetensors format: the network's tensors by their names (channels last, as they are computed
//! with), running means of the optimizer, and, as metadata, the plan and the number of steps done, after a seal of the whole
//! file.

use super::error::NetworkError;
use super::training::{EpochSums, State, Training, TrainingPlan};
use crate::code::CODE;
use crate::data::ImageSample;
use crate::files::{LockedFile, contents, read_input, remove, short_digest, write_whole};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
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

/// The header's name among the metadata.
const HEADER: &str = "equipoise";
/// What comes before the seal in the file.
const BEFORE_SEAL: &[u8] = b"\"equipoise\":\"";
/// Stands for the seal while the file is digested.
const UNSEALED: &str = "00000000000000000000000000000000";

/// A file that one training is saved in, and no other at the same time. It exists from the beginning; if no step of a
/// training is saved in it, it is removed again.
#[derive(Debug)]
pub struct Checkpoint {
    file: LockedFile,
    /// Whether there was a file before, or there is something to lose now.
    is_kept: bool,
}

impl Checkpoint {
    /// Opens a file, or makes one.
    ///
    /// # Errors
    /// Another process saves its training there, or nothing can be written there ([`NetworkError::Checkpoint`]).
    pub fn open(path: &Path) -> Result<Self, NetworkError> {
        let refused = |problem: String| NetworkError::Checkpoint { path: path.to_owned(), problem };
        let opened = LockedFile::open(path).map_err(|error| refused(error.to_string()))?;
        let taken = "another training is saved there; wait until it ends, or name another file";
        let file = opened.ok_or_else(|| refused(taken.to_owned()))?;
        Ok(Self { is_kept: !file.is_new, file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether no training was saved there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(contents(self.path()), Ok(Some(bytes)) if bytes.is_empty())
    }

    /// Saves a training, with the caller's data `beside` it.
    ///
    /// # Errors
    /// As [`Training::save`].
    pub fn save<T: Serialize>(&mut self, training: &Training, beside: &T) -> Result<(), NetworkError> {
        let path = self.path().to_owned();
        let bytes = training.bytes(&path, beside)?;
        self.file.replace(&bytes).map_err(|error| unwritten(&path, &error))?;
        self.is_kept |= (training.state.epoch, training.state.step) != (0, 0);
        Ok(())
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        if !self.is_kept && self.file.is_in_place() {
            // A file that stays begins the same training.
            let _ = remove(self.path());
        }
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> NetworkError {
    NetworkError::Checkpoint { path: path.to_owned(), problem: format!("cannot be written: {error}") }
}

/// Where the seal is in a file; `None` if there is none.
fn seal_place(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let before = bytes.windows(BEFORE_SEAL.len()).position(|window| window == BEFORE_SEAL)?;
    let start = before + BEFORE_SEAL.len();
    (start + UNSEALED.len() <= bytes.len()).then(|| start..start + UNSEALED.len())
}

/// The seal of a file in which none is written yet.
fn seal(bytes: &[u8]) -> String {
    short_digest(Sha256::new_with_prefix(bytes))
}

/// Whether a file is as it was written.
fn is_intact(bytes: &[u8]) -> bool {
    seal_place(bytes).is_some_and(|place| {
        let mut unsealed = bytes.to_vec();
        unsealed[place.clone()].copy_from_slice(UNSEALED.as_bytes());
        seal(&unsealed).as_bytes() == &bytes[place]
    })
}

impl Training<'_> {
    /// Writes the training atomically, with the caller's data `beside` it.
    ///
    /// # Errors
    /// The file cannot be written, or `beside` is nothing that JSON holds ([`NetworkError::Checkpoint`]).
    pub fn save<T: Serialize>(&self, path: &Path, beside: &T) -> Result<(), NetworkError> {
        write_whole(path, &self.bytes(path, beside)?).map_err(|error| unwritten(path, &error))
    }

    /// What a file holds.
    fn bytes<T: Serialize>(&self, path: &Path, beside: &T) -> Result<Vec<u8>, NetworkError> {
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
        let header = serde_json::to_string(&header).map_err(|error| refused(error.to_string()))?;
        let mut tensors = Vec::new();
        let mut add = |name: String, shape: Vec<usize>, values: &[f32]| {
            tensors.push((name, shape, bytemuck::cast_slice::<f32, u8>(values).to_vec()));
        };
        for tensor in network.tensors() {
            add(tensor.name.clone(), tensor.shape.clone(), &network.parameters()[tensor.place.clone()]);
        }
        for (number, moment) in moments.iter().enumerate() {
            add(moment_name(number), vec![moment.len()], moment);
        }
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        let metadata = HashMap::from([(HEADER.to_owned(), format!("{UNSEALED}{header}"))]);
        let bytes = views.and_then(|views| serialize(views, Some(metadata)));
        let mut bytes = bytes.map_err(|error| refused(error.to_string()))?;
        let sealed = seal(&bytes);
        let place = seal_place(&bytes).ok_or_else(|| refused("has no place for its seal".to_owned()))?;
        bytes[place].copy_from_slice(sealed.as_bytes());
        Ok(bytes)
    }

    /// Resumes from a file; returns the caller's data saved with the training.
    ///
    /// # Errors
    /// The file cannot be read, was not written by this program, is damaged, or was written for another plan or
    /// other images. The training then stays as it is.
    pub fn resume<T: for<'de> Deserialize<'de>>(&mut self, path: &Path) -> Result<T, NetworkError> {
        let refused = |problem: String| NetworkError::Checkpoint { path: path.to_owned(), problem };
        let bytes = read_input(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        let damaged =
            |error: safetensors::SafeTensorError| refused(format!("is no checkpoint, or damaged: {error}"));
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        let header = metadata.metadata().as_ref().and_then(|entries| entries.get(HEADER));
        let header = header.ok_or_else(|| refused("is no checkpoint of this program".to_owned()))?;
        if !is_intact(&bytes) {
            return Err(refused("is damaged: its seal is that of other contents; start anew".to_owned()));
        }
        let header: Header<T> = serde_json::from_str(header.get(UNSEALED.len()..).unwrap_or_default())
            .map_err(|error| refused(format!("is of another version: {error}")))?;
        self.check(&header).map_err(refused)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(damaged)?;
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
