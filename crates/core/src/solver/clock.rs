//! Wall time since a search began, in a build with the feature `clock`.

/// Started when a search begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    #[cfg(feature = "clock")]
    started: web_time::Instant,
}

#[cfg(feature = "clock")]
impl Clock {
    /// Whether there is a clock.
    pub(super) const EXISTS: bool = true;

    pub(super) fn start() -> Self {
        Self { started: web_time::Instant::now() }
    }

    /// Seconds since the start.
    pub(super) fn seconds(self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

#[cfg(not(feature = "clock"))]
impl Clock {
    /// Whether there is a clock.
    pub(super) const EXISTS: bool = false;

    pub(super) fn start() -> Self {
        Self {}
    }

    /// NaN: nobody knows.
    #[allow(clippy::unused_self, reason = "as in a build with a clock")]
    pub(super) fn seconds(self) -> f64 {
        f64::NAN
    }
}
