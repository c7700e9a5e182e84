//! What a terminal shows while work goes on, and a curve in one line of text.

use equipoise::solver::Iteration;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
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

/// A line on standard error, if that is a terminal, while something goes on that says nothing itself: what it is, and for how
/// long. It is gone when this is dropped.
pub(super) struct Busy(Option<(Sender<()>, JoinHandle<()>)>);

impl Busy {
    /// While `doing` something.
    pub(super) fn new(doing: &'static str) -> Self {
        if !stderr().is_terminal() {
            return Self(None);
        }
        let (sender, ended) = channel();
        // Without a thread there is no line.
        let thread = Builder::new().spawn(move || show_until(&ended, doing));
        Self(thread.ok().map(|thread| (sender, thread)))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.0.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// Shows the line from the moment on that is no longer short, until the other end is dropped.
fn show_until(ended: &Receiver<()>, doing: &str) {
    const TICK: Duration = Duration::from_millis(200);
    if ended.recv_timeout(QUIET) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let line = ProgressBar::new_spinner().with_elapsed(QUIET);
    if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {doing}, {{elapsed}}")) {
        line.set_style(style);
    }
    line.enable_steady_tick(TICK);
    let _ = ended.recv();
    line.finish_and_clear();
}

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Longer curves are thinned out to this many characters.
const WIDEST: usize = 60;

/// The logarithms of some numbers, a block for each, from the lowest of them to the highest; what has no logarithm is drawn
/// as low as the lowest.
pub(super) fn sparkline(values: &[f64]) -> String {
    let logarithms: Vec<f64> = values.iter().map(|value| value.log10()).collect();
    let finite = || logarithms.iter().copied().filter(|logarithm| logarithm.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let shown = logarithms.len().min(WIDEST);
    // The first and the last are always among those shown.
    let place = |number: usize| number * (logarithms.len() - 1) / (shown - 1).max(1);
    (0..shown).map(|number| block((logarithms[place(number)] - low) / (high - low))).collect()
}

/// A block for a fraction of the height; the lowest for anything else.
fn block(fraction: f64) -> char {
    let reached = (1..BLOCKS.len()).filter(|&level| fraction * 7.0 + 0.5 >= level as f64).count();
    BLOCKS[reached]
}

#[cfg(test)]
mod tests {
    use super::{QUIET, show_until, sparkline};
    use std::sync::mpsc::channel;
    use std::time::Instant;

    #[test]
    fn what_is_short_is_not_waited_for() {
        let (sender, ended) = channel();
        drop(sender);
        let started = Instant::now();
        show_until(&ended, "working");
        assert!(started.elapsed() < QUIET / 2);
    }

    #[test]
    fn ten_times_as_much_is_the_same_step_everywhere() {
        assert_eq!(sparkline(&[1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]), "▁▂▃▄▅▆▇█");
    }

    #[test]
    fn whatever_the_numbers_there_is_a_block_for_each() {
        assert_eq!(sparkline(&[]), "");
        assert_eq!(sparkline(&[0.3]), "▁");
        assert_eq!(sparkline(&[0.3, 0.3]), "▁▁");
        assert_eq!(sparkline(&[1.0, 0.0, f64::NAN, 0.1]), "█▁▁▁");
    }

    #[test]
    fn a_long_curve_keeps_its_ends() {
        let values: Vec<f64> = (0..1000).map(|number| 10_f64.powi(-number / 100)).collect();
        let line = sparkline(&values);
        assert_eq!(line.chars().count(), 60);
        assert!(line.starts_with('█') && line.ends_with('▁'), "{line}");
    }
}
