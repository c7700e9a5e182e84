//! What the page asks.

use crate::analysis::AnalysisError;
use crate::analysis::specification::Analysis;
use serde::Deserialize;
use thiserror::Error;

/// A question to [`solve`](super::solve).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Lesson {
    /// What are the stationary points of losses?
    Problem(Box<Posed>),
    /// How do losses change with one logit?
    Losses(Profiles),
    /// What losses are there for that?
    Catalogue,
}

/// A problem to solve: an analysis as its file would say it, without sweep, repetitions or training.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posed {
    /// Data, series, weights, penalty, and what to measure.
    pub analysis: Analysis,
    /// Samples to look at, if any.
    #[serde(default)]
    pub look: Option<Look>,
}

/// The samples behind an entry of the mean-probability matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Number of the series whose probabilities they are.
    pub series: usize,
    /// Their class.
    pub class: usize,
    /// The class whose probability orders them, highest first.
    pub predicted: usize,
}

/// Losses over a range of one logit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// The losses, by the names of the catalogue, with settings.
    pub losses: Vec<LossNamed>,
    /// Samples of each class, which some losses depend on.
    pub counts: Vec<usize>,
    /// The class of the sample that is looked at.
    pub class: usize,
    /// The other class whose logit moves; by default the own logit does.
    #[serde(default)]
    pub other: Option<usize>,
    /// Logits from minus this to this.
    #[serde(alias = "reach")]
    pub max_logit: f64,
}

/// A loss of the catalogue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossNamed {
    /// Its name.
    pub name: String,
    /// The numbers it depends on, by name; the others have their defaults.
    #[serde(default)]
    pub settings: std::collections::BTreeMap<String, f64>,
}

/// Why a lesson has no answer; each message says what, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LessonError {
    /// It is no lesson.
    #[error("no lesson: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It is more than one move of a hand should cost.
    #[error("{what}: {found}; the page takes at most {most} (`equipoise run` takes more)")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        most: usize,
    },
    /// It asks for something that the page does not do.
    #[error("`{key}`: {problem}")]
    Refused {
        /// Where, as a dotted key.
        key: &'static str,
        /// Why, and what to do.
        problem: String,
    },
    /// The analysis is unsound.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

impl LessonError {
    /// A [`LessonError::Refused`].
    pub(super) fn refused(key: &'static str, problem: impl Into<String>) -> Self {
        Self::Refused { key, problem: problem.into() }
    }
}
