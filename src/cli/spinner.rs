//! A sign of life while a problem takes long to solve.

use crate::solver::SearchState;
use argmin::core::observers::Observe;
use argmin::core::{Error, KV, KvValue, State};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Work shorter than this shows no progress.
const QUIET: Duration = Duration::from_secs(2);

/// Iteration and gradient on standard error, if that is a terminal, once someone may begin to wonder.
pub(super) struct Spinner {
    line: ProgressBar,
    started: Instant,
}

impl Spinner {
    pub(super) fn new() -> Self {
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} solving, {elapsed}: {msg}") {
            line.set_style(style);
        }
        Self { line, started: Instant::now() }
    }
}

impl Observe<SearchState> for Spinner {
    fn observe_iter(&mut self, state: &SearchState, measured: &KV) -> Result<(), Error> {
        if self.started.elapsed() > QUIET {
            let gradient = measured.get("relative_gradient").and_then(KvValue::get_float);
            let left = gradient.map_or_else(String::new, |size| format!(", relative gradient {size:.1e}"));
            self.line.set_message(format!("iteration {}{left}", state.get_iter()));
            self.line.tick();
        }
        Ok(())
    }

    fn observe_final(&mut self, _: &SearchState) -> Result<(), Error> {
        self.line.finish_and_clear();
        Ok(())
    }
}
