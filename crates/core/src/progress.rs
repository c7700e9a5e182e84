//! How far long work has come: counted where it is done, looked at by whoever waits for it.
//!
//! There is one count for the whole process, that of the outermost work that counts its steps. Nothing that is computed depends on
//! it, nor on the processor time that work has taken.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The work under way.
static UNDER_WAY: Mutex<Option<Arc<Count>>> = Mutex::new(None);
/// Stages that were begun.
static STAGES: AtomicU64 = AtomicU64::new(0);

struct Count {
    stage: u64,
    total: u64,
    done: AtomicU64,
}

fn under_way() -> MutexGuard<'static, Option<Arc<Count>>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far the work under way is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Number of the stage, which another one does not have.
    pub stage: u64,
    /// Share of its steps that are done, from 0 to 1.
    pub share: f64,
}

/// How far the work under way is; `None` where none counts its steps.
#[must_use]
pub fn progress() -> Option<Progress> {
    let count = under_way().clone()?;
    let done = count.done.load(Ordering::Relaxed).min(count.total);
    Some(Progress { stage: count.stage, share: done as f64 / count.total as f64 })
}

/// Processor time of all threads of the process so far; `None` where the system is not asked.
#[cfg(all(target_os = "linux", feature = "files"))]
#[must_use]
pub fn processor_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).ok()
}

/// Processor time of all threads of the process so far; `None` where the system is not asked.
#[cfg(not(all(target_os = "linux", feature = "files")))]
#[must_use]
pub fn processor_time() -> Option<Duration> {
    None
}

/// Work of a known number of steps, until it is dropped. Within another stage it counts for nothing.
pub struct Stage(Option<Arc<Count>>);

impl Stage {
    /// Begins work of so many steps.
    #[must_use]
    pub fn of(total: u64) -> Self {
        let mut under_way = under_way();
        if under_way.is_some() || total == 0 {
            return Self(None);
        }
        let stage = STAGES.fetch_add(1, Ordering::Relaxed);
        let count = Arc::new(Count { stage, total, done: AtomicU64::new(0) });
        *under_way = Some(Arc::clone(&count));
        Self(Some(count))
    }

    /// So many steps more are done.
    pub fn advance(&self, steps: u64) {
        if let Some(count) = &self.0 {
            count.done.fetch_add(steps, Ordering::Relaxed);
        }
    }

    /// So many steps are done in all.
    pub fn advance_to(&self, steps: u64) {
        if let Some(count) = &self.0 {
            count.done.store(steps, Ordering::Relaxed);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.0.is_some() {
            *under_way() = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other tests may be under way at the same time, and count in place of this one: then there is nothing to look at.
    #[test]
    fn the_outermost_stage_counts() {
        let outer = Stage::of(4);
        let inner = Stage::of(10);
        assert!(inner.0.is_none(), "one stage at a time");
        inner.advance(10);
        drop(inner);
        outer.advance(1);
        if let Some(count) = &outer.0 {
            let here = Progress { stage: count.stage, share: 0.25 };
            assert_eq!(progress(), Some(here));
            outer.advance_to(9);
            assert_eq!(progress(), Some(Progress { share: 1.0, ..here }));
        }
        assert!(Stage::of(0).0.is_none());
    }
}
