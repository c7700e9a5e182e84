//! Features of some samples in memory or in a mapped file, sample after sample.

/// Single or double precision, each number as the bytes of this machine (a file need not align them).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    /// As `f32`.
    Single(&'a [[u8; 4]]),
    /// As `f64`.
    Double(&'a [[u8; 8]]),
}

/// Bytes that are a number.
pub(crate) trait Number: Copy + Sync {
    /// The number; no single is rounded by becoming a double.
    fn value(self) -> f64;
}

#[allow(clippy::inline_always, reason = "called from kernels compiled for the caller's instructions")]
impl Number for [u8; 4] {
    #[inline(always)]
    fn value(self) -> f64 {
        f64::from(f32::from_ne_bytes(self))
    }
}

#[allow(clippy::inline_always, reason = "called from kernels compiled for the caller's instructions")]
impl Number for [u8; 8] {
    #[inline(always)]
    fn value(self) -> f64 {
        f64::from_ne_bytes(self)
    }
}

impl<'a> Values<'a> {
    /// Of numbers in memory.
    pub(crate) fn of(numbers: &'a [f64]) -> Self {
        Self::Double(bytemuck::cast_slice(numbers))
    }

    /// Every number in turn.
    pub(crate) fn for_each(self, mut note: impl FnMut(f64)) {
        match self {
            Self::Single(values) => values.iter().for_each(|value| note(value.value())),
            Self::Double(values) => values.iter().for_each(|value| note(value.value())),
        }
    }

    /// The place and value of the first number that is NaN or infinite.
    pub(crate) fn first_not_finite(self) -> Option<(usize, f64)> {
        fn first<T: Number>(values: &[T]) -> Option<(usize, f64)> {
            // Without an early end, this runs at the speed of memory.
            if values.iter().fold(true, |finite, value| finite & value.value().is_finite()) {
                return None;
            }
            let numbers = values.iter().map(|value| value.value()).enumerate();
            numbers.into_iter().find(|(_, value)| !value.is_finite())
        }
        match self {
            Self::Single(values) => first(values),
            Self::Double(values) => first(values),
        }
    }
}
