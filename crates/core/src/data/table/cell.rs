//! What the text of a cell says.

/// A cell, read as a number where it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// A finite number.
    Number(f64),
    /// `True` or `False`, as data frames write them.
    Boolean(bool),
    /// Nothing, or one of `MISSING`.
    Missing,
    /// A number that no double holds.
    TooLarge,
    /// An infinity.
    Infinite,
    /// Anything else.
    Text,
}

/// How numbers of a table are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberMarks {
    /// The decimal mark is a comma.
    pub(crate) comma: bool,
    /// What the user says separates thousands.
    pub(crate) thousands: Option<char>,
}

/// How the number of a cell is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As programs write it.
    Plain,
    /// As people write it: with marks between thousands, or a minus of typography.
    Marks,
    /// With a sign of currency, or of per cent.
    Sign(char),
}

/// What pandas reads as missing, `?` of the UCI repository, `.` of SAS and Stata, `\N` of `MySQL`, `PostgreSQL` and Hive, and cells
/// in which a spreadsheet found an error.
const MISSING: [&str; 28] = [
    "", "NA", "NaN", "nan", "N/A", "n/a", "NULL", "null", "None", "none", "<NA>", "#N/A", "#N/A N/A", "#NA",
    "-NaN", "-nan", "1.#QNAN", "-1.#IND", "NaT", "?", ".", "\\N", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!",
    "#NAME?", "#NULL!",
];

/// Whether a text marks a value that is not there.
#[must_use]
pub fn is_missing(text: &str) -> bool {
    MISSING.contains(&text.trim())
}

/// Whether a text is a number with signs around or within it, whatever they mean.
#[must_use]
pub fn is_decorated(text: &str) -> bool {
    let plain: String = text
        .chars()
        .filter(|letter| {
            !",.%()".contains(*letter) && !CURRENCIES.contains(letter) && !BLANKS.contains(letter)
        })
        .collect();
    let digits = plain.trim_start_matches(['-', '+', '\u{2212}']);
    // 31.1.2025 and 1.2.10 are none.
    let has_points = text.split('.').skip(1).any(|part| part.len() != 3) && text.matches('.').count() > 1;
    !has_points && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Cell {
    /// Reads a text.
    pub(crate) fn of(text: &str, marks: NumberMarks) -> Self {
        Self::spelled(text, marks).0
    }

    /// Reads a text, and says how a number is spelled.
    pub(super) fn spelled(text: &str, marks: NumberMarks) -> (Self, Spelling) {
        let text = text.trim();
        let as_written = || {
            let finite = |plain: String| plain.parse().ok().filter(|value: &f64| value.is_finite());
            let number = written(text, marks).and_then(|(plain, spelling)| Some((finite(plain)?, spelling)));
            number.map_or((Self::Text, Spelling::Plain), |(value, spelling)| (Self::Number(value), spelling))
        };
        if is_missing(text) {
            return (Self::Missing, Spelling::Plain);
        }
        let parsed = match marks.thousands {
            // 1.234 has one meaning then.
            Some(mark) if text.contains(mark) => return as_written(),
            // A point is no decimal mark then: 1.234 may be a thousand.
            _ if marks.comma && text.contains('.') => return as_written(),
            _ if marks.comma && text.matches(',').count() == 1 => text.replace(',', ".").parse::<f64>(),
            _ => text.parse::<f64>(),
        };
        let cell = match (parsed, text) {
            (Ok(value), _) if value.is_finite() => Self::Number(value),
            (Ok(value), _) if value.is_nan() => Self::Missing,
            // Written-out numbers become infinite only by overflow; the words carry no digit.
            (Ok(_), _) if text.contains(|letter: char| letter.is_ascii_digit()) => Self::TooLarge,
            (Ok(_), _) => Self::Infinite,
            (Err(_), "True" | "true" | "TRUE") => Self::Boolean(true),
            (Err(_), "False" | "false" | "FALSE") => Self::Boolean(false),
            (Err(_), _) => return as_written(),
        };
        (cell, Spelling::Plain)
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

/// Signs of currencies, before or after a number.
const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];
/// What nobody writes for decimals, between thousands: blanks of several widths, apostrophes.
const BLANKS: [char; 6] = [' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '\u{2019}'];

/// A number that people write with marks between thousands or a minus of typography, as programs write it.
pub(crate) fn without_marks(text: &str) -> Option<String> {
    match written(text.trim(), NumberMarks::default()) {
        Some((plain, Spelling::Marks)) => Some(plain),
        _ => None,
    }
}

/// The value of a text, where it is a number in any spelling that features may have.
pub(crate) fn value_in_words(text: &str) -> Option<f64> {
    match Cell::of(text, NumberMarks::default()) {
        Cell::Number(value) => Some(value),
        _ => None,
    }
}

/// The number, as programs write it, that people and spreadsheets write with a sign of currency, a per cent sign (whose number is kept: 12% is 12), marks
/// between thousands, or a minus of typography; nothing where it could be read in two ways (`1,234`).
fn written(text: &str, marks: NumberMarks) -> Option<(String, Spelling)> {
    let is_sign = |letter: &char| *letter == '%' || CURRENCIES.contains(letter);
    let spelling = text.chars().find(is_sign).map_or(Spelling::Marks, Spelling::Sign);
    let text = text.strip_suffix('%').unwrap_or(text).trim();
    let (sign, text) = match text.chars().next()? {
        sign @ ('-' | '\u{2212}') => ("-", &text[sign.len_utf8()..]),
        '+' => ("", &text[1..]),
        _ => ("", text),
    };
    let text = text.strip_prefix(CURRENCIES).or_else(|| text.strip_suffix(CURRENCIES)).unwrap_or(text).trim();
    let (sign, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) if sign.is_empty() => ("-", rest),
        _ => (sign, text),
    };
    let decimal = if marks.comma { ',' } else { '.' };
    let (whole, fraction) =
        text.split_once(decimal).map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let groups = marks.thousands.into_iter().chain(BLANKS).chain([if marks.comma { '.' } else { ',' }]);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match groups.into_iter().find(|&mark| whole.contains(mark)) {
        None => whole.to_owned(),
        Some(mark) => {
            let parts: Vec<&str> = whole.split(mark).collect();
            let (first, others) = parts.split_first()?;
            let are_thousands = is_digits(first)
                && first.len() <= 3
                && others.iter().all(|part| part.len() == 3 && is_digits(part));
            let is_certain = BLANKS.contains(&mark)
                || marks.thousands == Some(mark)
                || others.len() > 1
                || fraction.is_some();
            if !are_thousands || !is_certain {
                return None;
            }
            parts.concat()
        }
    };
    if !(is_digits(&whole) && fraction.is_none_or(is_digits)) {
        return None;
    }
    let point = if fraction.is_some() { "." } else { "" };
    Some((format!("{sign}{whole}{point}{}", fraction.unwrap_or_default()), spelling))
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
            ("1.234,5", true, Cell::Number(1234.5)),
            ("1.5", true, Cell::Text),
            ("\\N", false, Cell::Missing),
            ("#DIV/0!", false, Cell::Missing),
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
            let marks = NumberMarks { comma, thousands: None };
            assert_eq!(Cell::of(text, marks), cell, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them_unless_they_could_be_two() {
        let of = |text: &str, comma: bool, thousands: Option<char>| match Cell::of(
            text,
            NumberMarks { comma, thousands },
        ) {
            Cell::Number(value) => Some(value),
            _ => None,
        };
        for (text, comma, value) in [
            ("12.5%", false, 12.5),
            ("12,5 %", true, 12.5),
            ("$1,234.50", false, 1234.5),
            ("-$5", false, -5.0),
            ("$-5", false, -5.0),
            ("1 234,50 €", true, 1234.5),
            ("1'234.5", false, 1234.5),
            ("1\u{202f}234", false, 1234.0),
            ("1,234,567", false, 1_234_567.0),
            ("1.234.567,5", true, 1_234_567.5),
            ("\u{2212}2.5", false, -2.5),
        ] {
            assert_eq!(of(text, comma, None), Some(value), "{text:?}");
        }
        for (text, comma) in [
            ("1,234", false),
            ("1,5", false),
            ("12,34.5", false),
            ("1,234,56", false),
            ("1.2.3", false),
            ("2024-01-31", false),
            ("10:30", false),
            ("5 cm", false),
            ("--5", false),
            ("$", false),
            ("%", false),
            ("12 34", false),
            ("$.", false),
            ("1,234.", false),
        ] {
            assert_eq!(of(text, comma, None), None, "{text:?}");
        }
        assert_eq!(of("1,234", false, Some(',')), Some(1234.0));
        assert_eq!(of("1.234", true, Some('.')), Some(1234.0));
        assert_eq!(of("1_234.5", false, Some('_')), Some(1234.5));
        assert_eq!(of("1.2345", true, Some('.')), None);
        assert_eq!(of("-1,234", false, Some(',')), Some(-1234.0));
    }
}
