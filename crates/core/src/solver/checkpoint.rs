//! A long search that is saved in a file, from which it resumes.
//!
//! What is saved is an iterate, in the coordinates of the search, with the number of steps that led to it. A search that
//! resumes from there comes to the same stationary point; only losses with one are resumed, softmax and logistic.

use super::clock::Clock;
use super::descent::Descent;
use super::problem::{Intercept, Problem};
use super::search::{Search, scaled};
use super::settings::{Callback, Iteration, SettingsError, SolverSettings, Watch};
use super::solution::Outcome;
use crate::code::CODE;
use crate::data::{Dataset, Values};
use crate::files::checkpoint::{CheckpointFile, SavedTensor, sealed, unsealed};
use crate::files::{read_input, short_digest};
use crate::loss::{BuiltLoss, Loss, LossSpec};
use crate::numeric::map_sample_chunks;
use nalgebra::DMatrix;
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What the file holds.
const WORK: &str = "search";
/// The name of the parameters in it, `Q x D`.
const THETA: &str = "theta";

/// A search that cannot be saved or resumed.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// A file that cannot be read, written, or gone on from.
    #[error("checkpoint {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A loss whose stationary point depends on where the search begins.
    #[error(
        "a checkpoint goes with softmax and logistic losses, which have one stationary point wherever a search begins"
    )]
    Loss,
    /// Settings of the search.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// What a search is one of: it resumes only where all of this is the same.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    /// Digest of the code that searches.
    code: String,
    /// Digest of features, labels, sample weights and offsets.
    samples: String,
    loss: LossSpec,
    class_weights: Vec<f64>,
    l2: f64,
    has_intercepts: bool,
}

impl Identity {
    /// `None` where the stationary point may depend on where a search begins.
    fn of(problem: &Problem) -> Option<Self> {
        let (BuiltLoss::Softmax(_) | BuiltLoss::Logistic(_), Some(loss)) = (&*problem.loss, &problem.spec)
        else {
            return None;
        };
        Some(Self {
            code: CODE.to_owned(),
            samples: digest(problem.dataset),
            loss: loss.clone(),
            class_weights: problem.targets.class_weights().to_vec(),
            l2: problem.l2,
            has_intercepts: problem.intercept == Intercept::Free,
        })
    }

    /// How another one differs.
    fn difference(&self, theirs: &Self) -> Option<String> {
        if self.code != theirs.code {
            return Some("was written by another build of equipoise; start anew".to_owned());
        }
        let parts = [
            ("over other samples", self.samples != theirs.samples),
            ("with another loss", self.loss != theirs.loss),
            ("with other class weights", self.class_weights != theirs.class_weights),
            ("with another penalty", self.l2.to_bits() != theirs.l2.to_bits()),
            ("with intercepts", theirs.has_intercepts && !self.has_intercepts),
            ("without intercepts", !theirs.has_intercepts && self.has_intercepts),
        ];
        let (what, _) = parts.into_iter().find(|(_, differs)| *differs)?;
        Some(format!("is of a search {what}; solve with the same data and options, or name another file"))
    }
}

/// Of everything that a problem takes from its samples.
fn digest(dataset: &Dataset) -> String {
    let labels = dataset.labels();
    let mut digest = Sha256::new();
    let of_chunks = map_sample_chunks(labels.samples(), |range| {
        let mut of_chunk = Sha256::new();
        of_chunk.update(match dataset.values(range.clone()) {
            Values::Half(values) => values.as_flattened(),
            Values::Single(values) => values.as_flattened(),
            Values::Double(values) => values.as_flattened(),
        });
        of_chunk.update(bytemuck::cast_slice::<u32, u8>(&labels.class_indices()[range.clone()]));
        if let Some(weights) = labels.weights() {
            of_chunk.update(bytemuck::cast_slice::<f64, u8>(&weights[range]));
        }
        of_chunk.finalize()
    });
    of_chunks.iter().for_each(|of_chunk| digest.update(of_chunk));
    if let Some(offset) = dataset.fixed_logits() {
        digest.update(bytemuck::cast_slice::<f64, u8>(offset.as_slice()));
    }
    digest.update(format!("{:?} {}", labels.class_names(), dataset.dimension()));
    short_digest(digest)
}

/// The metadata beside the parameters.
#[derive(Serialize, Deserialize)]
struct Header<I> {
    identity: I,
    iterations: u64,
    relative_gradient: f64,
}

/// A point on the way of a search.
#[derive(Debug, Clone)]
struct Iterate {
    theta: DMatrix<f64>,
    iterations: u64,
    relative_gradient: f64,
}

/// Where a search resumes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResumedAt {
    /// Steps that led there.
    pub iterations: u64,
    /// The relative gradient there.
    pub relative_gradient: f64,
}

/// A file that one search is saved in, and no other at the same time. If nothing of the search gets there, it is removed again.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, LossSpec};
/// use equipoise::solver::{Outcome, Problem, SearchCheckpoint, SolverSettings};
/// use std::ops::ControlFlow;
///
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let problem = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::None, 1e-3)?;
/// let directory = tempfile::tempdir()?;
/// let file = directory.path().join("search.safetensors");
/// let mut checkpoint = SearchCheckpoint::open(&file, &problem)?;
/// assert!(checkpoint.resumed_at().is_none());
/// let few = SolverSettings { max_iterations: 1, ..SolverSettings::default() };
/// assert!(matches!(checkpoint.solve(&few, &mut |_| ControlFlow::Continue(()))?, Outcome::NotConverged { .. }));
/// drop(checkpoint);
///
/// let mut checkpoint = SearchCheckpoint::open(&file, &problem)?;
/// assert_eq!(checkpoint.resumed_at().map(|at| at.iterations), Some(1));
/// let outcome = checkpoint.solve(&SolverSettings::default(), &mut |_| ControlFlow::Continue(()))?;
/// assert!(matches!(outcome, Outcome::Stationary(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SearchCheckpoint<'p, 'a> {
    file: CheckpointFile,
    problem: &'p Problem<'a>,
    identity: Identity,
    /// What the file had when it was opened.
    saved: Option<Iterate>,
    every: f64,
    when_kept: Option<Box<dyn FnOnce() + 'p>>,
}

impl<'p, 'a> SearchCheckpoint<'p, 'a> {
    /// Seconds between two checkpoints, where nothing else is asked for.
    pub const EVERY: f64 = 60.0;

    /// Opens a file, or makes one, and reads what it holds of the search for this problem.
    ///
    /// # Errors
    /// Another process saves its search there, nothing can be written there, or the file holds something else
    /// ([`CheckpointError::File`]); or the loss may have several stationary points ([`CheckpointError::Loss`]).
    pub fn open(path: &Path, problem: &'p Problem<'a>) -> Result<Self, CheckpointError> {
        let refused = |problem: String| CheckpointError::File { path: path.to_owned(), problem };
        let identity = Identity::of(problem).ok_or(CheckpointError::Loss)?;
        let file = CheckpointFile::open(path, WORK).map_err(refused)?;
        let saved = if file.is_empty() {
            None
        } else {
            let bytes = read_input(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
            Some(read(&bytes, &identity, problem).map_err(refused)?)
        };
        Ok(Self { file, problem, identity, saved, every: Self::EVERY, when_kept: None })
    }

    /// Saves at most once in so many seconds, and at the end.
    #[must_use]
    pub fn every(self, seconds: f64) -> Self {
        Self { every: seconds, ..self }
    }

    /// Calls `then` once there is something to resume from.
    #[must_use]
    pub fn when_kept(mut self, then: impl FnOnce() + 'p) -> Self {
        if self.saved.is_some() {
            then();
        } else {
            self.when_kept = Some(Box::new(then));
        }
        self
    }

    /// Where the search will resume, if it was saved before.
    #[must_use]
    pub fn resumed_at(&self) -> Option<ResumedAt> {
        let resumed = |saved: &Iterate| ResumedAt {
            iterations: saved.iterations,
            relative_gradient: saved.relative_gradient,
        };
        self.saved.as_ref().map(resumed)
    }

    /// Solves as [`super::solve_with`] does, from where the search was saved; steps are counted from its beginning.
    ///
    /// The search is saved after steps, and once more at its end.
    ///
    /// # Errors
    /// Where a setting cannot be used, the search would take more memory than it may, or the file cannot be written.
    pub fn solve(
        &mut self,
        settings: &SolverSettings,
        callback: Callback,
    ) -> Result<Outcome<'a>, CheckpointError> {
        settings.validate()?;
        settings.check_memory(self.problem.memory())?;
        let (problem, begins_at) = (self.problem, self.saved.take());
        let iterations = begins_at.as_ref().map_or(0, |saved| saved.iterations);
        let saving = RefCell::new(Saving { checkpoint: self, latest: None, last: None, failed: None });
        let mut save = |iterations: u64, descent: &dyn Descent| {
            saving.borrow_mut().take(Iterate {
                theta: descent.theta().clone(),
                iterations,
                relative_gradient: descent.relative_gradient(),
            });
        };
        let mut or_stop = |step: &Iteration| {
            if saving.borrow().failed.is_some() { ControlFlow::Break(()) } else { callback(step) }
        };
        let mut watch = Watch::new(*settings, &mut or_stop, &mut save).after(iterations);
        let features = scaled(problem);
        let on = |saved: Iterate| {
            let search = Search::going_on(problem, &features);
            search.run_from_iterate(saved.theta, f64::INFINITY, &mut None, &mut watch)
        };
        let outcome = match begins_at.and_then(on) {
            Some(outcome) => outcome,
            None => Search::new(problem, &features).run(&mut watch),
        };
        saving.into_inner().finish()?;
        Ok(outcome)
    }

    fn write(&mut self, iterate: &Iterate) -> Result<(), CheckpointError> {
        let (rows, columns) = iterate.theta.shape();
        let header = Header {
            identity: &self.identity,
            iterations: iterate.iterations,
            relative_gradient: iterate.relative_gradient,
        };
        let theta = SavedTensor {
            name: THETA.to_owned(),
            kind: Dtype::F64,
            shape: vec![columns, rows],
            bytes: bytemuck::cast_slice(iterate.theta.as_slice()),
        };
        let written = sealed(WORK, &header, vec![theta]).and_then(|bytes| self.file.replace(&bytes));
        written.map_err(|problem| CheckpointError::File { path: self.file.path().to_owned(), problem })?;
        self.file.keep();
        if let Some(then) = self.when_kept.take() {
            then();
        }
        Ok(())
    }
}

/// What a file holds of the search for a problem.
fn read(bytes: &[u8], identity: &Identity, problem: &Problem) -> Result<Iterate, String> {
    let (header, tensors): (Header<Identity>, _) = unsealed(WORK, bytes)?;
    if let Some(difference) = identity.difference(&header.identity) {
        return Err(difference);
    }
    let damaged = || "does not hold the parameters of this search; it is damaged, start anew".to_owned();
    let tensor = tensors.tensor(THETA).map_err(|_| damaged())?;
    let (rows, columns) = (problem.coordinates().dimension(), problem.loss.logit_rows());
    let (numbers, rest) = tensor.data().as_chunks::<8>();
    let theta: Vec<f64> = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let fits = tensor.dtype() == Dtype::F64 && rest.is_empty() && theta.len() == rows * columns;
    if !fits || !theta.iter().all(|entry| entry.is_finite()) {
        return Err(damaged());
    }
    Ok(Iterate {
        theta: DMatrix::from_vec(rows, columns, theta),
        iterations: header.iterations,
        relative_gradient: header.relative_gradient,
    })
}

/// The state of a search that is being saved.
struct Saving<'c, 'p, 'a> {
    checkpoint: &'c mut SearchCheckpoint<'p, 'a>,
    /// An iterate that is not saved yet.
    latest: Option<Iterate>,
    /// Since the last checkpoint.
    last: Option<Clock>,
    failed: Option<CheckpointError>,
}

impl Saving<'_, '_, '_> {
    fn take(&mut self, iterate: Iterate) {
        // Without a clock every iterate is saved.
        let is_early = self.last.is_some_and(|last| last.seconds() < self.checkpoint.every);
        // One that is no number leads nowhere.
        let sound =
            iterate.theta.iter().all(|entry| entry.is_finite()) && iterate.relative_gradient.is_finite();
        if !sound || self.failed.is_some() {
            return;
        }
        if is_early {
            self.latest = Some(iterate);
            return;
        }
        self.latest = None;
        self.failed = self.checkpoint.write(&iterate).err();
        self.last = Some(Clock::start());
    }

    fn finish(self) -> Result<(), CheckpointError> {
        match (self.failed, self.latest) {
            (Some(error), _) => Err(error),
            (None, Some(latest)) => self.checkpoint.write(&latest),
            (None, None) => Ok(()),
        }
    }
}
