//! Numbers for people.

/// A number to `digits` significant digits, in scientific form where it is very large or very small; whole numbers as
/// they are.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    let after_point = digits.saturating_sub(1);
    let scientific = format!("{value:.after_point$e}");
    // Read off the rounded text: 9.996 to three digits has a second digit before the point.
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<isize>().ok());
    match exponent {
        _ if value == 0.0 => "0".to_owned(),
        Some(-4..7) if value.fract() == 0.0 => value.to_string(),
        Some(exponent @ -4..7) => {
            let decimals = after_point.saturating_add_signed(-exponent);
            format!("{value:.decimals$}")
        }
        _ => scientific,
    }
}

/// A number as it was given, in scientific form where it would have more than 16 digits before or behind the point.
#[must_use]
pub fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Ten to an integer power, as `10⁻²`.
#[must_use]
pub fn power_of_ten(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised =
        power.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize])).collect();
    ["10".to_owned(), raised].concat()
}

#[cfg(test)]
mod tests {
    use super::{plain, significant};

    #[test]
    fn numbers_keep_their_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.0, "-12"),
            (1234.6, "1235"),
            (0.012_345, "0.0123"),
            (9.996, "10.0"),
            (0.000_012_345, "1.23e-5"),
            (-1.5e-9, "-1.50e-9"),
            (1e300, "1.00e300"),
            (f64::INFINITY, "inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(significant(value, 3), expected, "{value}");
        }
    }

    #[test]
    fn numbers_that_were_given_are_short() {
        for (value, text) in
            [(0.0, "0"), (-1.0, "-1"), (0.25, "0.25"), (1e308, "1e308"), (-5e-324, "-5e-324")]
        {
            assert_eq!(plain(value), text);
        }
        assert_eq!((plain(f64::NAN).as_str(), plain(1e15).as_str()), ("NaN", "1000000000000000"));
    }
}
