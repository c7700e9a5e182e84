//! Numbers of a file that no double holds: whole ones beyond 2^53, and decimals of so many digits that different ones become one.

use super::quoted;
use super::taken::list;
use crate::numeric::EXACT;
use std::collections::HashMap;

/// Kinds of numbers, and below what they hold every whole one.
pub(super) const DOUBLE: (&str, f64) = ("float64", EXACT);
pub(super) const SINGLE: (&str, f64) = ("float32", 16_777_216.0);
pub(super) const HALF: (&str, f64) = ("float16", 2_048.0);
pub(super) const BRAIN: (&str, f64) = ("bfloat16", 256.0);
/// So many digits tell every double from its neighbours.
const DIGITS: usize = 17;
/// Texts of more digits that are compared with one another.
const COMPARED: usize = 512;

/// What reading the numbers of a column as doubles loses.
#[derive(Debug, Default)]
pub(super) struct Rounding {
    /// The first whole number that no double holds.
    whole: Option<String>,
    /// Texts of many digits by their doubles.
    long: HashMap<u64, String>,
    /// Two that are different numbers and one double.
    one: Option<(String, String)>,
    /// A label beyond the whole numbers that its kind of numbers holds, and that kind.
    label: Option<(String, &'static str)>,
}

impl Rounding {
    /// Looks at a number as it is written, and at its double.
    pub(super) fn see(&mut self, text: &str, value: f64) {
        let is_full = self.whole.is_some() || self.one.is_some() || self.long.len() >= COMPARED;
        if text.len() < DIGITS - 1 || (is_full && value.abs() < EXACT) || self.whole.is_some() {
            return;
        }
        if value.abs() >= EXACT {
            if is_rounded_text(text, value) {
                self.whole = Some(text.to_owned());
            }
            return;
        }
        let digits = digits(text);
        if digits.len() <= DIGITS {
            return;
        }
        let earlier = self.long.entry(value.to_bits()).or_insert_with(|| text.to_owned());
        if self::digits(earlier) != digits {
            self.one = Some((earlier.clone(), text.to_owned()));
        }
    }

    /// Looks at a whole number.
    pub(super) fn see_whole(&mut self, value: i128) {
        if self.whole.is_none() && is_rounded(value) {
            self.whole = Some(value.to_string());
        }
    }

    /// Looks at a label that is no whole number in the file.
    #[cfg(feature = "parquet")]
    pub(super) fn see_label(&mut self, value: f64, (kind, exact): (&'static str, f64)) {
        if self.label.is_none() && value.abs() >= exact && value.is_finite() {
            self.label = Some((value.to_string(), kind));
        }
    }

    /// What to say of a column.
    pub(super) fn note(&self, name: &str) -> Option<String> {
        let whole = || Some(rounded_note(&[name.to_owned()], self.whole.as_ref()?));
        let one = || {
            let (one, other) = self.one.as_ref()?;
            Some(format!(
                "column {}: {one} and {other} are the same double, as are others like them; subtract an offset from them first",
                quoted(name)
            ))
        };
        let label = || {
            let (label, kind) = self.label.as_ref()?;
            Some(rounded_label_note(label, kind))
        };
        whole().or_else(one).or_else(label)
    }
}

/// Whether no double is this whole number.
pub(super) fn is_rounded(value: i128) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and the sums are compared")]
    let back = value as f64 as i128;
    back != value
}

/// What to say of labels that were rounded before they were written.
pub(super) fn rounded_label_note(label: &str, kind: &str) -> String {
    format!(
        "the label {label} is a {kind} in the file, which does not hold every whole number of this size: labels may have become one; \
         write them as int64 or as text"
    )
}

/// What to say of columns of whole numbers that doubles round.
pub(super) fn rounded_note(names: &[String], example: &str) -> String {
    let columns = match names {
        [only] => format!("column {} holds", quoted(only)),
        several => format!("columns {} hold", list(several)),
    };
    format!(
        "{columns} whole numbers beyond 2^53, such as {example}, which doubles round; subtract an offset from them first, or leave \
         them out if they are identifiers"
    )
}

/// Whether a text is a whole number other than its double. A double is also itself in the fewest digits that tell it, filled up with
/// zeros, and with an exponent, as programs write doubles.
fn is_rounded_text(text: &str, value: f64) -> bool {
    if text.contains(['e', 'E']) {
        return false;
    }
    let written: String = text.chars().filter(char::is_ascii_digit).collect();
    let written = written.trim_start_matches('0');
    let (exact, shortest) = (format!("{:.0}", value.abs()), value.abs().to_string());
    let are_zeros = |digits: &str| digits.bytes().all(|digit| digit == b'0');
    let is_written = |own: &String| written.strip_prefix(own.as_str()).is_some_and(are_zeros);
    let fraction = written.get(exact.len()..).unwrap_or_default();
    are_zeros(fraction) && ![exact, shortest].iter().any(is_written)
}

/// The digits of a number from the first to the last that is not zero.
fn digits(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(texts: &[&str]) -> Option<String> {
        let mut rounding = Rounding::default();
        for text in texts {
            rounding.see(text, text.parse().expect("a number"));
        }
        rounding.note("id")
    }

    #[test]
    fn whole_numbers_that_doubles_round_are_named() {
        for text in [
            "9007199254740993",
            "-9007199254740993",
            "+9007199254740993",
            "0009007199254740993",
            "9007199254740993.0",
            "18446744073709551615",
            "9999999999999999999",
            "123456789012345678901234567890123456789012345",
        ] {
            let note = said(&["1", text]).unwrap_or_default();
            assert!(note.contains(text) && note.contains("beyond 2^53"), "{text}: {note}");
        }
    }

    #[test]
    fn numbers_that_doubles_hold_are_not_named() {
        for text in [
            "9007199254740992",
            "9007199254740994",
            "1700000000000000000",
            "4611686018427387904.00",
            "1e300",
            "1.2345678901234567e+25",
            // As Rust and JavaScript write 2^60 + 256, and 10^23.
            "1152921504606847200",
            "100000000000000000000000",
            "0.1000000000000000055511151231257827",
            "12345.678901234567",
        ] {
            assert_eq!(said(&[text, "2", text]), None, "{text}");
        }
        assert_eq!(said(&["0.10000000000000000000", "1.00000000000000000e-01"]), None);
        assert_eq!(said(&["0.12345678901234567890", "0.22345678901234567890"]), None);
    }

    #[test]
    fn decimals_that_become_one_double_are_named() {
        let note = said(&["1700000000.1234567890", "1700000000.1234567891", "3"]).unwrap_or_default();
        assert!(
            note.contains("1700000000.1234567890 and 1700000000.1234567891 are the same double"),
            "{note}"
        );
    }

    #[test]
    fn whole_numbers_of_arrays_are_compared_with_their_doubles() {
        for (value, expected) in [
            (1_i128 << 53, false),
            ((1 << 53) + 1, true),
            (-(1 << 53) - 1, true),
            (i128::from(i64::MIN), false),
            (i128::from(i64::MAX), true),
            (i128::from(u64::MAX), true),
        ] {
            assert_eq!(is_rounded(value), expected, "{value}");
        }
    }
}
