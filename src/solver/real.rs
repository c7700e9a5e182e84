//! The two precisions that second derivatives are computed in.
#![allow(clippy::inline_always, reason = "called from kernels compiled for the caller's instructions")]

use super::dense::Element;
use std::ops::{Add, AddAssign, Mul, Sub};

/// `f32` or `f64`, as matrix products take them.
pub(crate) trait Real:
    Element
    + Copy
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + AddAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Rounded from double precision.
    fn narrowed(value: f64) -> Self;
    /// In double precision.
    fn widened(self) -> f64;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[allow(clippy::cast_possible_truncation, reason = "single precision is what is asked for")]
    #[inline(always)]
    fn narrowed(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn widened(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn narrowed(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn widened(self) -> f64 {
        self
    }
}
