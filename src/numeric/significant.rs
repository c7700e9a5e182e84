//! Numbers for people.

/// A number to `digits` significant digits, in scientific form where it is very large or very small.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let exponent = value.abs().log10().floor();
    if (-4.0..7.0).contains(&exponent) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few digits, not negative"
        )]
        let decimals = (digits as f64 - 1.0 - exponent).max(0.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.*e}", digits.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn digits_are_kept_and_no_more() {
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(1234.6, 3), "1235");
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(significant(-1.5e-9, 2), "-1.5e-9");
        assert_eq!(significant(f64::INFINITY, 2), "inf");
    }
}
