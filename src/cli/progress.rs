//! A sign of life while a problem takes long to solve.

use equipoise::solver::Iteration;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Work shorter than this shows no progress.
const QUIET: Duration = Duration::from_secs(2);

/// A line on standard error, if that is a terminal, once a search takes longer than a moment.
pub(super) struct Waiting {
    line: ProgressBar,
    started: Instant,
}

impl Waiting {
    /// While `doing` something whose end cannot be foreseen.
    pub(super) fn new(doing: &str) -> Self {
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {doing}, {{elapsed}}: {{msg}}"))
        {
            line.set_style(style);
        }
        Self { line, started: Instant::now() }
    }

    /// How far it is.
    pub(super) fn update(&self, message: &str) {
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

impl Spinner {
    /// Shows how far the search is.
    pub(super) fn update(&self, at: &Iteration) {
        self.0.update(&format!("iteration {}, relative gradient {:.1e}", at.number, at.relative_gradient));
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.end();
    }
}
