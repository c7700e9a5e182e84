//! Numbers of sixteen bits.

use crate::data::values::Number;

/// An IEEE half; every one of them is a double.
pub(crate) fn from_half(bits: u16) -> f64 {
    bits.to_ne_bytes().value()
}

/// The upper half of a single, as `bfloat16` is.
pub(super) fn from_brain(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_what_the_standard_says() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 2.0_f64.powi(-14)),
            (0x0001, 2.0_f64.powi(-24)),
            (0x3555, 0.333_251_953_125),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(from_half(bits), value, "{bits:x}");
        }
        assert!(from_half(0x7e00).is_nan() && from_half(0x8000).is_sign_negative());
        assert_eq!((from_brain(0x3f80), from_brain(0xc040)), (1.0, -3.0));
    }
}
