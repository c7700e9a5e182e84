//! Features of some samples in memory or in a mapped file, sample after sample.

/// Half, single or double precision, each number as the bytes of this machine (a file need not align them).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    /// As IEEE halves.
    Half(&'a [[u8; 2]]),
    /// As `f32`.
    Single(&'a [[u8; 4]]),
    /// As `f64`.
    Double(&'a [[u8; 8]]),
}

/// Bytes that are a number.
pub(crate) trait Number: Copy + Sync {
    /// The number; no half or single is rounded by becoming a double.
    fn value(self) -> f64;
}

#[allow(clippy::inline_always, reason = "called from kernels compiled for the caller's instructions")]
impl Number for [u8; 2] {
    /// `1 + 5 + 10` bits. Without branches, so that loops over them become vector instructions.
    #[inline(always)]
    fn value(self) -> f64 {
        /// Between the biases of the exponents of singles and halves.
        const REBIASED: f32 = f32::from_bits((127 + 112) << 23);
        let bits = u32::from(u16::from_ne_bytes(self));
        let (sign, rest) = ((bits & 0x8000) << 16, bits & 0x7fff);
        let finite = (f32::from_bits(rest << 13) * REBIASED).to_bits();
        let magnitude = if rest >= 0x7c00 { 0x7f80_0000 | rest << 13 } else { finite };
        f64::from(f32::from_bits(sign | magnitude))
    }
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
            Self::Half(values) => values.iter().for_each(|value| note(value.value())),
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
            Self::Half(values) => first(values),
            Self::Single(values) => first(values),
            Self::Double(values) => first(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_the_number_that_the_standard_says() {
        let expected = |bits: u16| {
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let magnitude = match exponent {
                0 => fraction * 2.0_f64.powi(-24),
                0x1f if fraction == 0.0 => f64::INFINITY,
                0x1f => f64::NAN,
                _ => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
            };
            if bits >> 15 == 1 { -magnitude } else { magnitude }
        };
        for bits in 0..=u16::MAX {
            let (found, expected) = (bits.to_ne_bytes().value(), expected(bits));
            assert!(
                found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()),
                "{bits:x}"
            );
        }
    }
}
