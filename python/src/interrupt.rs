//! Ctrl-C and progress while the GIL is released.

use crate::threads::for_a_child;
use equipoise::solver::Iteration;
use pyo3::prelude::*;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How often Ctrl-C is looked for.
const PERIOD: Duration = Duration::from_millis(50);

/// Looks for Ctrl-C between the steps of a search, and calls a callback after each.
pub(crate) struct Watch<'c> {
    callback: Option<&'c Py<PyAny>>,
    looked: Instant,
    stopped: Option<PyErr>,
}

impl<'c> Watch<'c> {
    pub(crate) fn new(callback: Option<&'c Py<PyAny>>) -> Self {
        Self { callback, looked: Instant::now(), stopped: None }
    }

    /// After a step, which `values` describe to the callback. Breaks after Ctrl-C or an exception.
    pub(crate) fn step<T>(&mut self, values: T) -> ControlFlow<()>
    where
        T: for<'py> pyo3::call::PyCallArgs<'py>,
    {
        if self.callback.is_none() && self.looked.elapsed() < PERIOD {
            return ControlFlow::Continue(());
        }
        self.looked = Instant::now();
        let told = Python::attach(|python| {
            python.check_signals()?;
            self.callback.map_or(Ok(()), |callback| callback.bind(python).call1(values).map(|_| ()))
        });
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.stopped = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// The same after a step of a search.
    pub(crate) fn iteration(&mut self, at: &Iteration) -> ControlFlow<()> {
        self.step((at.number, at.loss, at.relative_gradient, at.seconds))
    }

    /// What stopped the search, if anything did.
    pub(crate) fn finish(self) -> PyResult<()> {
        self.stopped.map_or(Ok(()), Err)
    }
}

/// How far work has come that many threads do.
pub(crate) struct Progress {
    pub(crate) done: usize,
    pub(crate) total: usize,
    pub(crate) about: String,
}

/// Work that was stopped by Ctrl-C unwinds with this; nobody else sees it.
struct Interrupted;

/// Reports progress from any thread.
#[derive(Clone, Copy)]
pub(crate) struct Report<'r> {
    sender: &'r Sender<Progress>,
    stop: &'r AtomicBool,
}

impl Report<'_> {
    /// Notes progress, and unwinds where the work is to stop: the library's parallel loops have no other way out.
    pub(crate) fn advance(&self, progress: Progress) {
        self.pass();
        // Where nobody listens any more, nobody needs to know.
        let _ = self.sender.send(progress);
    }

    /// Unwinds where the work is to stop.
    pub(crate) fn pass(&self) {
        if self.stop.load(Ordering::Relaxed) {
            resume_unwind(Box::new(Interrupted));
        }
    }

    /// Breaks a search where the work is to stop.
    pub(crate) fn is_stopped(&self) -> ControlFlow<()> {
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Does work on a thread of its own, while this one, which alone hears of Ctrl-C, calls `callback` with its progress.
pub(crate) fn interruptible<T: Send>(
    python: Python,
    callback: Option<&Py<PyAny>>,
    work: impl FnOnce(Report) -> T + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let (sender, mut receiver) = channel();
    std::thread::scope(|scope| {
        let stop = &stop;
        let worker = scope.spawn(move || {
            let _threads = for_a_child();
            catch_unwind(AssertUnwindSafe(|| work(Report { sender: &sender, stop })))
        });
        let told = listen(python, callback, &mut receiver);
        stop.store(told.is_err(), Ordering::Relaxed);
        drop(receiver);
        let ended = python.detach(|| worker.join());
        told?;
        match ended.unwrap_or_else(Err) {
            Ok(value) => Ok(value),
            Err(panic) => resume_unwind(panic),
        }
    })
}

/// Until the work is done or an exception ends it.
fn listen(python: Python, callback: Option<&Py<PyAny>>, receiver: &mut Receiver<Progress>) -> PyResult<()> {
    loop {
        let here = &mut *receiver;
        match python.detach(move || here.recv_timeout(PERIOD)) {
            Ok(Progress { done, total, about }) => {
                if let Some(callback) = callback {
                    callback.call1(python, (done, total, about))?;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        python.check_signals()?;
    }
}
