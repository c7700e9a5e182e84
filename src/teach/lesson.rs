//! What the page asks, within which limits, and how a lesson and its answer travel.

use super::answer::solve;
use super::table::TableLesson;
use crate::analysis::specification::{Analysis, Design, SeriesOptimizer, TestSamples};
use crate::analysis::{AnalysisError, predicted_seconds};
use crate::data::DataError;
use crate::loss::LossSpec;
use crate::numeric::plain as number;
use crate::text::{one_line, with_short_numbers};
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

/// A question to [`solve`](super::solve).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Lesson {
    /// What are the stationary points of losses?
    Problem(Box<Posed>),
    /// How do losses change with one logit?
    Losses(Profiles),
    /// What holds on a user's own table?
    Table(Box<TableLesson>),
}

/// A problem to solve: an analysis as its file would say it, without sweep, repetitions or training.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posed {
    /// Data, series, weights, penalty, and what to measure.
    pub analysis: Analysis,
    /// Numbers of the series to solve; by default all.
    #[serde(default)]
    pub only: Option<Vec<usize>>,
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
    #[error("{what}: {found}; the page takes at most {most} (`{command}` takes more)")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        most: usize,
        /// What takes more.
        command: &'static str,
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
    /// The table cannot be read, or does not fit the question.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl LessonError {
    /// A [`LessonError::Refused`].
    pub(super) fn refused(key: &'static str, problem: impl Into<String>) -> Self {
        Self::Refused { key, problem: problem.into() }
    }
}

/// Bytes of a lesson as it is sent.
const MAX_BYTES: usize = 32 * 1024;
/// The same of one that brings a table.
pub const MAX_TABLE_BYTES: usize = 4 * 1024 * 1024;
/// How a lesson begins that brings a table.
const TABLE: &[u8] = b"{\"table\":";
/// `N`.
pub const MAX_SAMPLES: usize = 5_000;
/// `K`.
pub const MAX_CLASSES: usize = 12;
/// `d`.
pub const MAX_FEATURES: usize = 64;
/// Losses side by side.
pub const MAX_SERIES: usize = 6;
/// Seconds that an answer is predicted to take: far from those that a request may take.
const MAX_SECONDS: usize = 4;
/// Sharpness of LGL-INR.
const MAX_BETA: f64 = 1_000.0;
/// Fresh samples that heads are tested on, for one that they are solved on.
const MAX_FRESH: usize = 20;
/// First-order iterations times samples times parameters.
pub const MAX_WORK: usize = 50_000_000;

/// Whether a problem is small enough, decided before a sample is drawn or a file opened.
///
/// # Errors
/// There is too much of something ([`LessonError::TooLarge`]), or the page does not do what is asked for
/// ([`LessonError::Refused`]).
pub fn check(posed: &Posed) -> Result<(), LessonError> {
    let analysis = &posed.analysis;
    plain(analysis)?;
    at_most("series", analysis.series.len(), MAX_SERIES)?;
    analysis.series.iter().try_for_each(|series| sharpness(&series.loss))?;
    let size = analysis.data.size().map_err(|error| LessonError::refused("data", error.to_string()))?;
    let Some(size) = size else { return Ok(()) };
    at_most("classes", size.classes, MAX_CLASSES)?;
    at_most("samples", size.samples, MAX_SAMPLES)?;
    at_most("features", size.features, MAX_FEATURES)?;
    if let Some(TestSamples::Fresh(times)) = analysis.test {
        at_most("test.fresh", times, MAX_FRESH)?;
    }
    let of_iteration = size.samples * size.classes * (size.features + 1);
    for series in &analysis.series {
        let iterations = match series.optimizer {
            SeriesOptimizer::Newton => 0,
            SeriesOptimizer::Lbfgs { iterations } | SeriesOptimizer::GradientDescent { iterations } => {
                iterations
            }
        };
        let iterations = usize::try_from(iterations).unwrap_or(usize::MAX);
        at_most("iterations", iterations, MAX_WORK / of_iteration.max(1))?;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let seconds = predicted_seconds(analysis, size).ceil() as usize;
    at_most("seconds of work", seconds, MAX_SECONDS)
}

/// Of LGL-INR: the sharper it is, the longer its search.
fn sharpness(loss: &LossSpec) -> Result<(), LessonError> {
    match *loss {
        LossSpec::Inr { beta, .. } if beta > MAX_BETA => {
            Err(LessonError::refused("series", format!("beta: {}; give at most {MAX_BETA}", number(beta))))
        }
        _ => Ok(()),
    }
}

/// What an analysis file may say and a lesson may not.
fn plain(analysis: &Analysis) -> Result<(), LessonError> {
    if analysis.data.file().or(analysis.test_file()).is_some() {
        return Err(LessonError::refused("data", "is read from files; use `equipoise run`"));
    }
    if matches!(analysis.data, Design::FreeFeatures { .. }) {
        return Err(LessonError::refused("data", "has no points to show; use `equipoise run`"));
    }
    if analysis.training.is_some() {
        return Err(LessonError::refused("training", "takes too long for a page; use `equipoise run`"));
    }
    if !analysis.sweep.is_empty() || !analysis.table.is_empty() || analysis.repetitions != 1 {
        let problem = "has several points or repetitions, but the page shows one; use `equipoise run`";
        return Err(LessonError::refused("analysis", problem));
    }
    Ok(())
}

/// The same for losses over a range of one logit.
pub(super) fn check_profiles(profiles: &Profiles) -> Result<(), LessonError> {
    at_most("losses", profiles.losses.len(), MAX_SERIES)?;
    at_most("classes", profiles.counts.len(), MAX_CLASSES)?;
    at_most("samples", profiles.counts.iter().fold(0, |sum, &count| sum.saturating_add(count)), MAX_SAMPLES)
}

fn at_most(what: &'static str, found: usize, most: usize) -> Result<(), LessonError> {
    within(what, found, most, "equipoise run")
}

/// Whether there is no more of something than a page takes; if there is, `command` takes it.
pub(super) fn within(
    what: &'static str,
    found: usize,
    most: usize,
    command: &'static str,
) -> Result<(), LessonError> {
    if found <= most { Ok(()) } else { Err(LessonError::TooLarge { what, found, most, command }) }
}

/// How a lesson ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyKind {
    /// It is answered.
    Answered,
    /// It is too much for a page.
    TooLarge,
    /// It is no lesson, or asks for what cannot be.
    Unsound,
}

impl ReplyKind {
    /// The status of HTTP that says so.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Answered => 200,
            Self::TooLarge => 413,
            Self::Unsound => 422,
        }
    }
}

/// What a lesson is answered: an answer, or `{"refused": ".."}`, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// How it ended.
    pub kind: ReplyKind,
    /// What is said.
    pub json: Vec<u8>,
}

impl Reply {
    /// Answers a lesson that is given as JSON.
    #[must_use]
    pub fn to(lesson: &[u8]) -> Self {
        match answered(lesson) {
            Ok(json) => Self { kind: ReplyKind::Answered, json },
            Err(error) => {
                let too_large = matches!(error, LessonError::TooLarge { .. });
                let kind = if too_large { ReplyKind::TooLarge } else { ReplyKind::Unsound };
                Self { kind, json: refused(&error.to_string()) }
            }
        }
    }
}

fn answered(lesson: &[u8]) -> Result<Vec<u8>, LessonError> {
    let most = if lesson.starts_with(TABLE) { MAX_TABLE_BYTES } else { MAX_BYTES };
    at_most("bytes of a lesson", lesson.len(), most)?;
    let lesson: Lesson = serde_json::from_slice(lesson)?;
    Ok(serde_json::to_vec(&solve(&lesson)?)?)
}

/// Why there is no answer, as the page reads it.
pub(super) fn refused(why: &str) -> Vec<u8> {
    json!({ "refused": with_short_numbers(&one_line(why)) }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_samples_are_counted_before_they_are_drawn() {
        let lesson = |fresh: usize| {
            let lesson = format!(
                r#"{{"problem":{{"analysis":{{"name":"x","title":"t","measure":["test_recall"],"penalty":0.01,"test":{{"fresh":{fresh}}},
                "data":{{"gaussian":{{"means":{{"at":[[-1,0],[1,0]]}},"counts":[40,40]}}}},"series":[{{"loss":"logistic"}}]}}}}}}"#
            );
            Reply::to(lesson.as_bytes())
        };
        assert_eq!(lesson(20).kind, ReplyKind::Answered);
        let refused = lesson(9_000);
        let text = String::from_utf8_lossy(&refused.json).into_owned();
        assert!(refused.kind == ReplyKind::TooLarge && text.contains("test.fresh: 9000"), "{text}");
    }

    #[test]
    fn every_reply_is_json() {
        let profiles = |counts: &str| {
            let lesson = format!(
                r#"{{"losses":{{"losses":[{{"name":"softmax"}}],"counts":{counts},"class":0,"max_logit":4.0}}}}"#
            );
            Reply::to(lesson.as_bytes())
        };
        for (reply, status) in [
            (profiles("[10, 5]"), 200),
            (profiles("[10000, 5]"), 413),
            (profiles("[]"), 422),
            (Reply::to(b"{"), 422),
            (Reply::to(&[0xff]), 422),
            (Reply::to(&vec![b' '; MAX_BYTES + 1]), 413),
            (Reply::to(br#"{"table":{"name":"t","text":"class,x\na,1\nb,2\n","question":"columns"}}"#), 200),
            (Reply::to(br#"{"table":{"name":"t","text":"","question":"columns"}}"#), 422),
        ] {
            let value: serde_json::Value = serde_json::from_slice(&reply.json).expect("JSON");
            assert_eq!(reply.kind.status(), status, "{value}");
            assert_eq!(value.get("refused").is_some(), status != 200, "{value}");
        }
    }
}
