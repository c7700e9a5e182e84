//! What a terminal shows while work goes on, and a curve in one line of text.

use equipoise::progress::{Progress, processor_time, progress};
use equipoise::solver::Iteration;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Work shorter than this shows no progress.
const QUIET: Duration = Duration::from_secs(2);

/// All lines of the terminal; nothing is drawn where standard error is none.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Lets something be written to standard error between the lines.
pub(super) fn aside<T>(write: impl FnOnce() -> T) -> T {
    LINES.suspend(write)
}

/// A bar among the others.
pub(super) fn in_line(bar: ProgressBar) -> ProgressBar {
    LINES.add(bar)
}

fn line(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    in_line(ProgressBar::new(1).with_style(style))
}

/// A bar with the time left, of work that says how many units it has done.
pub(super) fn progress_bar(unit: &str) -> ProgressBar {
    line(&format!("{{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left  {{msg}}"))
}

/// A line once a search takes longer than a moment.
pub(super) struct Waiting {
    line: ProgressBar,
    started: Instant,
}

impl Waiting {
    /// While `doing` something whose end cannot be foreseen.
    pub(super) fn new(doing: &str) -> Self {
        let line = line(&format!("{{spinner}} {doing}, {{elapsed}}: {{msg}}"));
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

/// Iteration and gradient of a search, and that it waits for its file, where it does.
pub(super) struct Spinner {
    at: Arc<Mutex<Option<Iteration>>>,
    _shown: Busy,
}

impl Spinner {
    /// Of a search over samples that are in memory, or in a file that is read while it searches.
    pub(super) fn new(file: Option<&str>) -> Self {
        let (at, file) = (Arc::new(Mutex::new(None)), file.map(str::to_owned));
        let (shown, mut usage) = (Arc::clone(&at), Usage::begin(Instant::now(), processor_time()));
        let text = move |elapsed: Duration, _: Option<&Seen>| {
            let waits = usage.waits(Instant::now(), processor_time());
            let at = shown.lock().unwrap_or_else(PoisonError::into_inner);
            searching(elapsed, at.as_ref(), file.as_deref().filter(|_| waits))
        };
        Self { at, _shown: Busy::saying(text) }
    }

    /// Shows how far the search is.
    pub(super) fn update(&self, at: &Iteration) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(*at);
    }
}

/// How far a search is, and the file it waits for.
fn searching(elapsed: Duration, at: Option<&Iteration>, waits_for: Option<&str>) -> String {
    let at =
        at.map(|at| format!(": iteration {}, relative gradient {:.1e}", at.number, at.relative_gradient));
    let waits = waits_for.map(|file| format!("; waiting for the disk that {file} is on"));
    format!("{}{}{}", said("solving", elapsed, None), at.unwrap_or_default(), waits.unwrap_or_default())
}

/// Work that takes less than this share of one processor waits for something.
const IDLE: f64 = 0.3;
/// Whether it does is looked at so often.
const LOOK: Duration = Duration::from_secs(1);

/// What a process has done of late.
struct Usage {
    since: Instant,
    processor: Option<Duration>,
    waits: bool,
}

impl Usage {
    fn begin(since: Instant, processor: Option<Duration>) -> Self {
        Self { since, processor, waits: false }
    }

    /// Whether it has waited for most of the last second.
    fn waits(&mut self, now: Instant, processor: Option<Duration>) -> bool {
        let passed = now - self.since;
        if passed >= LOOK {
            let used = processor.zip(self.processor).map(|(now, before)| now.saturating_sub(before));
            let waits = used.is_some_and(|used| used < passed.mul_f64(IDLE));
            *self = Self { waits, ..Self::begin(now, processor) };
        }
        self.waits
    }
}

/// The whole of work in several parts whose lengths are foreseen: a bar with the time left, above the line of the part that is
/// under way.
pub(super) struct Whole {
    bar: ProgressBar,
    started: Instant,
    /// Predicted seconds of all parts.
    total: f64,
    /// Those of the parts that are done.
    done: Mutex<f64>,
}

impl Whole {
    /// So many predicted seconds; of what unit does not matter.
    pub(super) fn of(total: f64) -> Self {
        let bar = line("{bar:30} {msg}");
        bar.set_length(STEPS);
        bar.set_message("all of it");
        Self { bar, started: Instant::now(), total, done: Mutex::new(0.0) }
    }

    /// A part of so many predicted seconds is done.
    pub(super) fn part_done(&self, seconds: f64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += seconds;
        self.show(*done);
    }

    /// So much is done of a part of so many predicted seconds.
    pub(super) fn within_part(&self, seconds: f64, share: f64) {
        let done = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        self.show(done + share * seconds);
    }

    fn show(&self, done: f64) {
        let share = (done / self.total).min(1.0);
        let elapsed = self.started.elapsed();
        if elapsed > QUIET {
            self.bar.set_position(steps(share));
            self.bar.set_message(format!("all of it, {}", left(elapsed, share)));
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Steps of a bar that shows a share.
const STEPS: u64 = 1000;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is from 0 to 1")]
fn steps(share: f64) -> u64 {
    (share * STEPS as f64) as u64
}

/// The time left after a share has taken so long.
fn left(elapsed: Duration, share: f64) -> String {
    match elapsed.as_secs_f64() * (1.0 / share - 1.0) {
        seconds if seconds.is_finite() && seconds < MAX_SECONDS => {
            format!("about {} left", HumanDuration(Duration::from_secs_f64(seconds.ceil())))
        }
        _ => "time left unknown".to_owned(),
    }
}

/// Predictions of more seconds are none: a year.
const MAX_SECONDS: f64 = 3.2e7;

/// A line while something goes on that says nothing itself: what it is, for how long, and where it counts its steps the time
/// left. It is gone when this is dropped.
pub(super) struct Busy(Option<(Sender<()>, JoinHandle<()>)>);

impl Busy {
    /// While `doing` something.
    pub(super) fn new(doing: &'static str) -> Self {
        Self::saying(move |elapsed, seen| said(doing, elapsed, seen))
    }

    /// With a text that is asked for again and again.
    fn saying(text: impl FnMut(Duration, Option<&Seen>) -> String + Send + 'static) -> Self {
        if !stderr().is_terminal() {
            return Self(None);
        }
        let (sender, ended) = channel();
        // Without a thread there is no line.
        let thread = Builder::new().spawn(move || show_until(&ended, text));
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
fn show_until(ended: &Receiver<()>, mut text: impl FnMut(Duration, Option<&Seen>) -> String) {
    const TICK: Duration = Duration::from_millis(200);
    let started = Instant::now();
    let mut seen: Option<Seen> = None;
    let mut shown: Option<ProgressBar> = None;
    while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        seen = progress().map(|at| Seen::again(seen, at, Instant::now()));
        if started.elapsed() < QUIET {
            continue;
        }
        let bar = shown.get_or_insert_with(|| line("{spinner} {msg}"));
        bar.set_message(text(started.elapsed(), seen.as_ref()));
        bar.tick();
    }
    if let Some(bar) = shown {
        bar.finish_and_clear();
    }
}

/// A stage as it was seen first and last: what it has done in between says how fast it is.
#[derive(Debug, Clone, Copy)]
struct Seen {
    first: (Instant, f64),
    last: (Instant, f64),
    stage: u64,
}

impl Seen {
    /// The same stage seen again, or another one for the first time.
    fn again(earlier: Option<Self>, Progress { stage, share }: Progress, now: Instant) -> Self {
        let last = (now, share);
        let first = earlier.filter(|seen| seen.stage == stage).map_or(last, |seen| seen.first);
        Self { first, last, stage }
    }

    /// The time left at the speed since it was seen first.
    fn left(&self) -> String {
        let gained = (self.last.1 - self.first.1) / (1.0 - self.first.1);
        left(self.last.0 - self.first.0, gained)
    }
}

/// What is going on, for how long, how far it is.
fn said(doing: &str, elapsed: Duration, seen: Option<&Seen>) -> String {
    match seen {
        Some(seen) => format!("{doing}, {:.0}%, {}", 100.0 * seen.last.1, seen.left()),
        None => format!("{doing}, {}", HumanDuration(Duration::from_secs(elapsed.as_secs()))),
    }
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
    use super::{QUIET, Seen, Usage, left, said, searching, show_until, sparkline};
    use equipoise::progress::Progress;
    use equipoise::solver::Iteration;
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    #[test]
    fn what_is_short_is_not_waited_for() {
        let (sender, ended) = channel();
        drop(sender);
        let started = Instant::now();
        show_until(&ended, |elapsed, seen| said("working", elapsed, seen));
        assert!(started.elapsed() < QUIET / 2);
    }

    #[test]
    fn the_time_left_is_that_of_the_speed_so_far() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(10), 0.25), "about 30 seconds left");
        assert_eq!(left(seconds(10), 0.0), "time left unknown");
        assert_eq!(left(seconds(1), 1e-300), "time left unknown");
        let start = Instant::now();
        let at = |stage: u64, share: f64| Progress { stage, share };
        let first = Seen::again(None, at(1, 0.5), start);
        assert_eq!(said("reading", seconds(3), Some(&first)), "reading, 50%, time left unknown");
        let later = Seen::again(Some(first), at(1, 0.75), start + seconds(4));
        assert_eq!(said("reading", seconds(3), Some(&later)), "reading, 75%, about 4 seconds left");
        let other = Seen::again(Some(later), at(2, 0.1), start + seconds(5));
        assert_eq!(said("reading", seconds(3), Some(&other)), "reading, 10%, time left unknown");
        assert_eq!(said("reading", seconds(3), None), "reading, 3 seconds");
    }

    #[test]
    fn a_search_that_hardly_computes_waits_for_its_file() {
        let seconds = Duration::from_secs_f64;
        let begin = Instant::now();
        let mut usage = Usage::begin(begin, Some(seconds(1.0)));
        let mut seen = |at: f64, processor: f64| usage.waits(begin + seconds(at), Some(seconds(processor)));
        assert!(!seen(0.5, 1.0), "too soon to say");
        assert!(seen(1.5, 1.1));
        assert!(seen(2.0, 1.9), "as a second ago");
        assert!(!seen(3.0, 2.9));
        assert!(!Usage::begin(begin, None).waits(begin + seconds(2.0), None), "nobody knows");
        let at = Iteration { number: 3, loss: 0.5, relative_gradient: 1.2e-3, seconds: 4.0 };
        assert_eq!(
            searching(seconds(4.0), Some(&at), None),
            "solving, 4 seconds: iteration 3, relative gradient 1.2e-3"
        );
        assert_eq!(
            searching(seconds(9.0), None, Some("x.npy")),
            "solving, 9 seconds; waiting for the disk that x.npy is on"
        );
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
