//! How a CSV file separates its cells and writes its decimals.

use super::cell::{Cell, NumberMarks};
use super::encoding::Encoding;
use crate::data::DataError;
use csv::ReaderBuilder;
use serde::{Deserialize, Serialize};

/// What the user says of the format of a text table; everything else is found in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TableFormat {
    /// The separator of cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// The decimal mark: `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What separates thousands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// How bytes are characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Lines above the headings that are left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_lines: u64,
    /// The first row holds values: columns are called `x0`, `x1`, ...
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_header: bool,
    /// Rows that begin with it are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(lines: &u64) -> bool {
    *lines == 0
}

impl TableFormat {
    /// What to say beside a file that is no text.
    #[must_use]
    pub fn beside_no_text(&self) -> Option<String> {
        let given = [
            ("`separator`", self.separator.is_some()),
            ("`decimal`", self.decimal.is_some()),
            ("`thousands`", self.thousands.is_some()),
            ("`skip_lines`", self.skip_lines > 0),
            ("`encoding`", self.encoding.is_some()),
            ("`no_header`", self.no_header),
            ("`comment`", self.comment.is_some()),
        ];
        let given: Vec<&str> =
            given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
        (!given.is_empty())
            .then(|| format!("{}: for text tables only; nothing changes here", given.join(", ")))
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) separator: u8,
    pub(super) marks: NumberMarks,
    /// A backslash comes before a quotation mark within quotation marks, as `MySQL` and Spark write it.
    pub(super) backslash: bool,
}

/// Possible separators of cells. The earlier of two that fit equally well is taken, since cells may hold commas and spaces too.
const SEPARATORS: [u8; 5] = [b'\t', b';', b'|', b',', b' '];
/// Rows that are looked at.
const ROWS: usize = 100;

impl Dialect {
    /// Looks at the first bytes of a file.
    pub(super) fn of(head: &[u8], format: &TableFormat, place: &str) -> Result<Self, DataError> {
        let separator = match format.separator {
            None => found_separator(head),
            Some(separator) => u8::try_from(separator).ok().filter(u8::is_ascii).ok_or_else(|| {
                let problem = format!("{separator:?} is no ASCII character; give one such as ; or tab");
                DataError::invalid("`separator`", problem)
            })?,
        };
        let comma = match (format.decimal, format.thousands) {
            (Some(decimal), thousands) if thousands == Some(decimal) => {
                let problem =
                    format!("{decimal:?} cannot stand before decimals and between thousands; name another");
                return Err(DataError::invalid("`thousands`", problem));
            }
            (Some(decimal), _) => decimal == ',',
            (None, Some('.')) => true,
            (None, Some(',')) => false,
            (None, _) if separator == b',' => false,
            (None, _) => found_comma(head, separator, place)?,
        };
        let marks = NumberMarks { comma, thousands: format.thousands };
        Ok(Self { separator, marks, backslash: has_backslashes(head, separator) })
    }

    /// In words, of what is not usual.
    pub(super) fn words(self) -> String {
        let separator = match self.separator {
            b',' => "",
            b'\t' => ", tabs between columns",
            b' ' => ", spaces between columns",
            b';' => ", ; between columns",
            b'|' => ", | between columns",
            _ => ", columns separated as given",
        };
        let decimal = if self.marks.comma { ", decimal comma" } else { "" };
        let thousands =
            self.marks.thousands.map_or_else(String::new, |mark| format!(", {mark} between thousands"));
        let backslash = if self.backslash { ", \\ before quotation marks" } else { "" };
        format!("CSV{separator}{decimal}{thousands}{backslash}")
    }
}

/// The separator that fits best, and a comma where none occurs.
fn found_separator(head: &[u8]) -> u8 {
    let scores = SEPARATORS.into_iter().filter_map(|separator| Some((score(head, separator)?, separator)));
    let better = |best: Option<((u64, u64), u8)>, next: ((u64, u64), u8)| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => Some(next),
    };
    scores.fold(None, better).map_or(b',', |(_, separator)| separator)
}

/// The first rows under a separator.
fn rows(head: &[u8], separator: u8) -> Vec<Vec<String>> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(head);
    let mut rows = Vec::new();
    for record in reader.byte_records().take(ROWS).map_while(Result::ok) {
        let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned());
        rows.push(cells.filter(|cell| separator != b' ' || !cell.is_empty()).collect());
    }
    rows
}

/// How well a separator fits: rows as long as the headings, then cells that are numbers, each in thousandths. Nothing where
/// it does not occur in the headings.
fn score(head: &[u8], separator: u8) -> Option<(u64, u64)> {
    let rows = rows(head, separator);
    let (header, rows) = rows.split_first()?;
    if header.len() < 2 {
        return None;
    }
    let fits = |row: &&Vec<String>| row.len() == header.len() || row.len() == header.len() + 1;
    let fitting = rows.iter().filter(fits).count();
    let is_number = |text: &String, comma: bool| {
        matches!(Cell::of(text, NumberMarks { comma, thousands: None }), Cell::Number(_))
    };
    let number = |text: &String| is_number(text, false) || (separator != b',' && is_number(text, true));
    let numbers = rows.iter().flatten().filter(|text| number(text)).count();
    let share = |part: usize, whole: usize| (1000 * part as u64) / (whole.max(1) as u64);
    Some((share(fitting, rows.len()), share(numbers, rows.iter().map(Vec::len).sum())))
}

/// Whether numbers are written with a decimal comma.
fn found_comma(head: &[u8], separator: u8, place: &str) -> Result<bool, DataError> {
    let rows = rows(head, separator);
    let cells = || rows.iter().skip(1).flatten();
    let is_number = |text: &&String, comma: bool| {
        matches!(Cell::of(text, NumberMarks { comma, thousands: None }), Cell::Number(_))
    };
    let comma = cells().filter(|text| text.contains(',')).find(|text| is_number(text, true));
    let point =
        cells().filter(|text| text.contains('.') && !text.contains(',')).find(|text| is_number(text, false));
    match (comma, point) {
        (Some(comma), Some(point)) => Err(DataError::invalid(
            place,
            format!(
                "writes both {comma} and {point}; give the decimal mark with `decimal` , or `decimal` . (and what separates \
                 thousands with `thousands`)"
            ),
        )),
        (comma, _) => Ok(comma.is_some()),
    }
}

/// Whether quotation marks within quotation marks follow a backslash: one that ends no cell does.
fn has_backslashes(head: &[u8], separator: u8) -> bool {
    let ends_cell = |byte: Option<&u8>| byte.is_none_or(|byte| [separator, b'\n', b'"'].contains(byte));
    let mut places = head.windows(2).enumerate().filter(|(_, pair)| *pair == b"\\\"");
    places.any(|(place, _)| !ends_cell(head.get(place + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Dialect {
        Dialect::of(text.as_bytes(), &TableFormat::default(), "t.csv").expect("a dialect")
    }

    #[test]
    fn separators_and_decimals_are_found() {
        for (text, separator, comma) in [
            ("a,b\n1,2\n", b',', false),
            ("a;b\n1;2\n", b';', false),
            ("a;b\n1,5;2\n", b';', true),
            ("width, cm;y\n1,5;ant\n2,5;bee\n", b';', true),
            ("a\tb\n1.5\tx y\n", b'\t', false),
            ("a|b\n1|2\n", b'|', false),
            ("first name,y\nanna b,1\nbo c,2\n", b',', false),
            ("\"a\" \"b\"\n\"1\" 1.5 2\n\"2\" 2.5 1\n", b' ', false),
            ("   a   b  y\n 1.5  -2  ant\n-2.25  1  bee\n", b' ', false),
            ("y\n1\n2\n", b',', false),
            ("a,b\n\"x;y\",2\n\"x;z\",3\n", b',', false),
        ] {
            let marks = NumberMarks { comma, thousands: None };
            assert_eq!(found(text), Dialect { separator, marks, backslash: false }, "{text:?}");
        }
        let both =
            Dialect::of(b"a;b\n1,5;2.5\n", &TableFormat::default(), "t.csv").expect_err("both").to_string();
        assert!(both.contains("both 1,5 and 2.5"), "{both}");
    }
}
