//! Values as a reader wants to see them.

/// A residual: two digits and a power of ten.
pub(super) fn residual(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value.is_nan() { "not a number" } else { "infinite" }.to_owned();
    }
    if (0.01..1000.0).contains(&value.abs()) {
        let decimals = if value.abs() < 1.0 { 3 } else { 1 };
        return format!("{value:.decimals$}");
    }
    let text = format!("{value:.1e}");
    match text.split_once('e') {
        Some((digits, power)) => {
            let digits =
                digits.strip_suffix(".0").map_or_else(|| format!("{digits}&nbsp;×&nbsp;"), of_one_digit);
            format!("{digits}10<sup>{}</sup>", power.replace('-', "−"))
        }
        None => text,
    }
}

/// What comes before the power: nothing for `1`, so that a tolerance reads as one.
fn of_one_digit(digit: &str) -> String {
    if digit == "1" { String::new() } else { format!("{digit}&nbsp;×&nbsp;") }
}

/// A duration in minutes and seconds.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    format!("{} min {} s", (whole / 60.0).floor(), whole % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_are_short() {
        let shown = [1e-10, 2.34e-14, 4e-12, 0.0, 0.5, 12.0, 12345.0].map(residual);
        let expected = [
            "10<sup>−10</sup>",
            "2.3&nbsp;×&nbsp;10<sup>−14</sup>",
            "4&nbsp;×&nbsp;10<sup>−12</sup>",
            "0",
            "0.500",
            "12.0",
            "1.2&nbsp;×&nbsp;10<sup>4</sup>",
        ];
        assert_eq!(shown, expected);
        assert_eq!(residual(f64::INFINITY), "infinite");
        assert_eq!(residual(f64::NAN), "not a number");
    }

    #[test]
    fn durations_carry_to_the_next_minute() {
        assert_eq!(duration(8.25), "8.2 s");
        assert_eq!(duration(119.6), "2 min 0 s");
        assert_eq!(duration(f64::NAN), "unknown");
    }
}
