//! A training saved in a file, from which it resumes with the same result.
//!
//! The file is in the safetensors format: the network's tensors by their names (channels last, as they are computed
//! with), running means of the optimizer, and, as metadata, the plan and the number of steps done.

use super::error::NetworkError;
use super::training::{EpochSums, State, Training, TrainingPlan};
use crate::data::ImageSample;
use crate::files::read_input;
use crate::files::{short_digest, write_whole};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// The metadata beside the tensors. `T` is what the caller saves with them.
#[derive(Serialize, Deserialize)]
struct Header<T> {
    version: String,
    plan: TrainingPlan,
    /// Digest of the images learned from.
    images: String,
    epoch: usize,
    step: usize,
    sums: EpochSums,
    beside: T,
}

/// The header's name among the metadata.
const HEADER: &str = "equipoise";

impl Training<'_> {
    /// Writes the training atomically, with the caller's data `beside` it.
    ///
    /// # Errors
    /// The file cannot be written, or `beside` is nothing that JSON holds ([`NetworkError::Checkpoint`]).
    pub fn save<T: Serialize>(&self, path: &Path, beside: &T) -> Result<(), NetworkError> {
        let refused = |problem: String| NetworkError::Checkpoint { path: path.to_owned(), problem };
        let State { network, moments, epoch, step, sums } = &self.state;
        let header = Header {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            plan: self.plan().clone(),
            images: digest(self.pictures().sample()),
            epoch: *epoch,
            step: *step,
            sums: *sums,
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
        let metadata = HashMap::from([(HEADER.to_owned(), header)]);
        let bytes = views.and_then(|views| serialize(views, Some(metadata)));
        let bytes = bytes.map_err(|error| refused(error.to_string()))?;
        write_whole(path, &bytes).map_err(|error| refused(format!("cannot be written: {error}")))
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
        let header: Header<T> = serde_json::from_str(header)
            .map_err(|error| refused(format!("is of another version, or damaged: {error}")))?;
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
        self.state = state;
        Ok(header.beside)
    }

    /// Whether what a file holds is this training at another time.
    fn check<T>(&self, header: &Header<T>) -> Result<(), String> {
        let (ours, theirs) = (self.plan(), &header.plan);
        let advice = "train with the same settings, or start anew under another name";
        if header.version != env!("CARGO_PKG_VERSION") {
            return Err(format!("was written by version {}; start anew", header.version));
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
        if header.epoch > ours.recipe.epochs || header.step > steps {
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
