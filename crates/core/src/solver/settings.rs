//! Limits of a search, and its callback.

use super::clock::Clock;
use super::descent::Descent;
use crate::numeric::plain;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use thiserror::Error;

/// Default limit on steps.
const DEFAULT_ITERATIONS: u64 = 5000;

/// When a search ends.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::solver::SolverSettings;
/// let settings = SolverSettings { tolerance: 1e-6, max_iterations: 100, ..SolverSettings::default() };
/// assert!(settings.validate().is_ok());
/// assert!(SolverSettings { tolerance: -1.0, ..settings }.validate().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SolverSettings {
    /// Largest entry of the gradient of the mean loss, by coefficients in the user's units and intercepts, at which the
    /// search ends; 0 continues to rounding level. Default 0.
    pub tolerance: f64,
    /// Steps at most, at least 1. Default 5000.
    pub max_iterations: u64,
    /// Seconds at most, looked at between steps; needs the feature `clock`. Default none.
    pub time_limit: Option<f64>,
    /// Bytes at most that a search may take beyond the data, by `Problem::memory`. Default none.
    pub memory_limit: Option<u64>,
}

impl Default for SolverSettings {
    fn default() -> Self {
        Self { tolerance: 0.0, max_iterations: DEFAULT_ITERATIONS, time_limit: None, memory_limit: None }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Error, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SettingsError {
    /// A value out of its range.
    #[error("{name}: {} must be {wanted}", plain(*.value))]
    OutOfRange {
        /// The field of [`SolverSettings`].
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        wanted: &'static str,
    },
    /// A time limit in a build without a clock.
    #[error("time_limit: this build has no clock; leave the limit out, or build with the feature `clock`")]
    NoClock,
    /// A problem that takes more memory than the search may.
    #[error("memory_limit: {limit} bytes are too few, this problem takes up to {needed}")]
    Memory {
        /// The limit.
        limit: u64,
        /// What the problem takes at most.
        needed: u128,
    },
}

impl SolverSettings {
    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that cannot be used.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let error = |name, value, wanted| Err(SettingsError::OutOfRange { name, value, wanted });
        if !(self.tolerance.is_finite() && self.tolerance >= 0.0) {
            return error("tolerance", self.tolerance, "a number of at least 0");
        }
        if self.max_iterations == 0 {
            return error("max_iterations", 0.0, "at least 1");
        }
        match self.time_limit {
            Some(seconds) if !(seconds.is_finite() && seconds > 0.0) => {
                error("time_limit", seconds, "a positive number of seconds")
            }
            Some(_) if !Clock::EXISTS => Err(SettingsError::NoClock),
            _ => Ok(()),
        }
    }

    pub(super) fn check_memory(&self, needed: u128) -> Result<(), SettingsError> {
        match self.memory_limit {
            Some(limit) if needed > u128::from(limit) => Err(SettingsError::Memory { limit, needed }),
            _ => Ok(()),
        }
    }
}

/// How far a search has come, reported after every step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// Steps so far.
    pub number: u64,
    /// The objective, penalty included.
    pub loss: f64,
    /// Largest gradient entry relative to the magnitude of its terms, in the coordinates of the search.
    pub relative_gradient: f64,
    /// Seconds since the search began; NaN without the feature `clock`.
    pub seconds: f64,
}

/// Called after every step; may stop the search.
pub type Callback<'c> = &'c mut dyn FnMut(&Iteration) -> ControlFlow<()>;

/// Counts the steps of a search, checks its limits and calls its callback.
pub(super) struct Watch<'c> {
    pub(super) settings: SolverSettings,
    pub(super) clock: Clock,
    pub(super) iterations: u64,
    callback: Callback<'c>,
    /// The relative gradient at which a search may end.
    pub(super) enough: f64,
    /// Is shown every iterate with its number, in the coordinates of the search.
    each: &'c mut dyn FnMut(u64, &dyn Descent),
}

impl<'c> Watch<'c> {
    pub(super) fn new(
        settings: SolverSettings,
        callback: Callback<'c>,
        each: &'c mut dyn FnMut(u64, &dyn Descent),
    ) -> Self {
        Self { settings, clock: Clock::start(), iterations: 0, callback, enough: 0.0, each }
    }

    /// Of a search that may end at a relative gradient of at most this.
    pub(super) fn ending_at(self, enough: f64) -> Self {
        Self { enough, ..self }
    }

    /// Of a search that so many steps were taken of before.
    #[cfg(feature = "readers")]
    pub(super) fn after(self, iterations: u64) -> Self {
        Self { iterations, ..self }
    }

    /// Shows the point that a search begins at.
    pub(super) fn begin(&mut self, descent: &dyn Descent) {
        (self.each)(self.iterations, descent);
    }

    /// Records a step; returns why the search must stop, if it must.
    pub(super) fn step_done(&mut self, descent: &dyn Descent) -> Result<(), String> {
        self.iterations += 1;
        (self.each)(self.iterations, descent);
        let seconds = self.clock.seconds();
        let iteration = Iteration {
            number: self.iterations,
            loss: descent.value(),
            relative_gradient: descent.relative_gradient(),
            seconds,
        };
        if (self.callback)(&iteration).is_break() {
            return Err("the caller stopped the search".to_owned());
        }
        if let Some(limit) = self.settings.time_limit.filter(|&limit| seconds >= limit) {
            return Err(format!("the time limit of {} s was reached", plain(limit)));
        }
        if self.iterations >= self.settings.max_iterations {
            return Err(format!("the limit of {} iterations was reached", self.settings.max_iterations));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_needs_a_clock() {
        let limited = SolverSettings { time_limit: Some(60.0), ..SolverSettings::default() };
        let expected = if cfg!(feature = "clock") { Ok(()) } else { Err(SettingsError::NoClock) };
        assert_eq!(limited.validate(), expected);
        let wrong = SolverSettings { time_limit: Some(0.0), ..limited };
        assert!(matches!(wrong.validate(), Err(SettingsError::OutOfRange { name: "time_limit", .. })));
    }
}
