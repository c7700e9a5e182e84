//! What the text of a cell says.

/// A cell, read as a number where it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// A finite number.
    Number(f64),
    /// `True` or `False`, as data frames write them.
    Boolean(bool),
    /// Nothing, or one of [`MISSING`].
    Missing,
    /// A number that no double holds.
    TooLarge,
    /// An infinity.
    Infinite,
    /// Anything else.
    Text,
}

/// What pandas reads as missing, `?` of the UCI repository and `.` of SAS and Stata.
const MISSING: [&str; 21] = [
    "", "NA", "NaN", "nan", "N/A", "n/a", "NULL", "null", "None", "none", "<NA>", "#N/A", "#N/A N/A", "#NA",
    "-NaN", "-nan", "1.#QNAN", "-1.#IND", "NaT", "?", ".",
];

/// Whether a text marks a value that is not there.
#[must_use]
pub fn is_missing(text: &str) -> bool {
    MISSING.contains(&text.trim())
}

impl Cell {
    /// Reads a text; `comma` says that the decimal mark is a comma.
    pub(crate) fn of(text: &str, comma: bool) -> Self {
        let text = text.trim();
        if is_missing(text) {
            return Self::Missing;
        }
        let parsed = if comma && text.matches(',').count() == 1 && !text.contains('.') {
            text.replace(',', ".").parse::<f64>()
        } else {
            text.parse::<f64>()
        };
        match (parsed, text) {
            (Ok(value), _) if value.is_finite() => Self::Number(value),
            (Ok(value), _) if value.is_nan() => Self::Missing,
            // Written-out numbers become infinite only by overflow; the words carry no digit.
            (Ok(_), _) if text.contains(|letter: char| letter.is_ascii_digit()) => Self::TooLarge,
            (Ok(_), _) => Self::Infinite,
            (Err(_), "True" | "true" | "TRUE") => Self::Boolean(true),
            (Err(_), "False" | "false" | "FALSE") => Self::Boolean(false),
            (Err(_), _) => Self::Text,
        }
    }

    /// The number that a cell is; booleans are 1 and 0.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Boolean(value) => Some(f64::from(u8::from(value))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_people_mean() {
        for (text, comma, cell) in [
            ("1.5", false, Cell::Number(1.5)),
            (" +2. ", false, Cell::Number(2.0)),
            ("1,5", true, Cell::Number(1.5)),
            ("-,5e1", true, Cell::Number(-5.0)),
            ("1,5", false, Cell::Text),
            ("1,234,567", true, Cell::Text),
            ("1.234,5", true, Cell::Text),
            ("True", false, Cell::Boolean(true)),
            ("FALSE", false, Cell::Boolean(false)),
            ("NaN", false, Cell::Missing),
            ("NAN", false, Cell::Missing),
            ("", false, Cell::Missing),
            ("?", false, Cell::Missing),
            ("1e999", false, Cell::TooLarge),
            ("-inf", false, Cell::Infinite),
            ("old", false, Cell::Text),
        ] {
            assert_eq!(Cell::of(text, comma), cell, "{text:?}");
        }
    }
}
