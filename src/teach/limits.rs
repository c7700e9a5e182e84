//! Limits on the cost of one request.

use super::lesson::{LessonError, Posed, Profiles};
use crate::analysis::predicted_seconds;
use crate::analysis::specification::{Analysis, Optimizer};
use crate::loss::LossSpec;
use crate::numeric::plain as number;

/// Bytes of a lesson as it is sent.
pub const MAX_BYTES: usize = 32 * 1024;
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
    let of_iteration = size.samples * size.classes * (size.features + 1);
    for series in &analysis.series {
        let iterations = match series.optimizer {
            Optimizer::Newton => 0,
            Optimizer::Lbfgs { iterations } | Optimizer::GradientDescent { iterations } => iterations,
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
    if analysis.data.file().is_some() {
        return Err(LessonError::refused("data", "is read from files; use `equipoise run`"));
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
    if found <= most { Ok(()) } else { Err(LessonError::TooLarge { what, found, most }) }
}
