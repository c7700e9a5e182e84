//! A sign of life while a problem takes long to solve.

use crate::solver::SearchState;
use argmin::core::observers::Observe;
use argmin::core::{Error, KV, KvValue, State};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Work shorter than this shows no progress.
const QUIET: Duration = Duration::from_secs(2);

/// A line on standard error, if that is a terminal, once someone may begin to wonder.
pub(super) struct Waiting {
    line: ProgressBar,
    started: Instant,
}

impl Waiting {
    /// While `doing` something whose end cannot be told.
    pub(super) fn new(doing: &str) -> Self {
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {doing}, {{elapsed}}: {{msg}}"))
        {
            line.set_style(style);
        }
        Self { line, started: Instant::now() }
    }

    /// How far it is.
    pub(super) fn tell(&self, message: &str) {
        if self.started.elapsed() > QUIET {
            self.line.set_message(message.to_owned());
            self.line.tick();
        }
    }

    pub(super) fn end(&self) {
        self.line.finish_and_clear();
    }
}

/// Iteration and gradient of a search.
pub(super) struct Spinner(Waiting);

impl Spinner {
    pub(super) fn new() -> Self {
        Self(Waiting::new("solving"))
    }
}

impl Observe<SearchState> for Spinner {
    fn observe_iter(&mut self, state: &SearchState, measured: &KV) -> Result<(), Error> {
        let gradient = measured.get("relative_gradient").and_then(KvValue::get_float);
        let left = gradient.map_or_else(String::new, |size| format!(", relative gradient {size:.1e}"));
        self.0.tell(&format!("iteration {}{left}", state.get_iter()));
        Ok(())
    }

    fn observe_final(&mut self, _: &SearchState) -> Result<(), Error> {
        self.0.end();
        Ok(())
    }
}
