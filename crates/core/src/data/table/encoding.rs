//! Bytes as UTF-8 text, whatever they were written as.

use crate::data::DataError;
use crate::data::arrays::Opened;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Result};

/// How the bytes of a text file are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16, as spreadsheets write "Unicode text".
    Utf16 {
        /// Whether the high byte comes first.
        big_endian: bool,
    },
    /// Windows-1252, of which Latin-1 (ISO 8859-1) is the part that texts use.
    Latin1,
}

impl Encoding {
    /// The encoding of a name, in the usual spellings.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let plain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        Some(match plain.as_str() {
            "utf8" | "utf8sig" => Self::Utf8,
            "utf16" | "utf16le" => Self::Utf16 { big_endian: false },
            "utf16be" => Self::Utf16 { big_endian: true },
            "latin1" | "iso88591" | "cp1252" | "windows1252" => Self::Latin1,
            _ => return None,
        })
    }

    /// The name by which [`Self::named`] finds it.
    fn plain_name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 { big_endian: false } => "utf-16",
            Self::Utf16 { big_endian: true } => "utf-16be",
            Self::Latin1 => "latin-1",
        }
    }

    /// What a byte-order mark says.
    fn marked(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, ..] => Some(Self::Utf16 { big_endian: false }),
            [0xfe, 0xff, ..] => Some(Self::Utf16 { big_endian: true }),
            [0xef, 0xbb, 0xbf, ..] => Some(Self::Utf8),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 { .. } => "UTF-16",
            Self::Latin1 => "Latin-1",
        }
    }
}

impl TryFrom<String> for Encoding {
    type Error = &'static str;

    fn try_from(name: String) -> std::result::Result<Self, Self::Error> {
        Self::named(&name).ok_or(ENCODINGS)
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.plain_name().to_owned()
    }
}

/// What to say of a name that is none.
const ENCODINGS: &str = "give utf-8, utf-16, utf-16be or latin-1";

/// The text of a file in UTF-8, and the name of its encoding where that is another. A byte-order mark is obeyed before
/// `given`.
pub(super) fn utf8(
    opened: Opened,
    given: Option<Encoding>,
) -> std::result::Result<(Opened, Option<&'static str>), DataError> {
    let encoding = Encoding::marked(opened.bytes()).or(given).unwrap_or(Encoding::Utf8);
    if encoding == Encoding::Utf8 {
        return Ok((opened, None));
    }
    let place = opened.place.clone();
    let decoded = Decoded { source: BufReader::new(opened.bytes()), encoding, high: None, left: Vec::new() };
    Ok((Opened::copied(decoded, &place)?, Some(encoding.name())))
}

/// Characters of 128 to 159 of Windows-1252; the five it leaves open are the control characters of Latin-1.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Passes another encoding through as UTF-8; what is no character becomes U+FFFD.
struct Decoded<R> {
    source: R,
    encoding: Encoding,
    /// The first half of a character that takes two units.
    high: Option<u16>,
    /// Bytes that are decoded and not yet asked for, the last first.
    left: Vec<u8>,
}

impl<R: BufRead> Decoded<R> {
    fn push(&mut self, character: char) {
        let mut bytes = [0; 4];
        self.left.extend(character.encode_utf8(&mut bytes).bytes().rev());
    }

    /// Decodes the next unit; `false` at the end.
    fn step(&mut self) -> Result<bool> {
        let Encoding::Utf16 { big_endian } = self.encoding else {
            let mut byte = [0];
            if self.source.read(&mut byte)? == 0 {
                return Ok(false);
            }
            let [byte] = byte;
            self.push(match byte {
                128..160 => WINDOWS[usize::from(byte) - 128],
                _ => char::from(byte),
            });
            return Ok(true);
        };
        let mut unit = Vec::with_capacity(2);
        self.source.by_ref().take(2).read_to_end(&mut unit)?;
        let unit = match *unit.as_slice() {
            [] => {
                if self.high.take().is_some() {
                    self.push(char::REPLACEMENT_CHARACTER);
                    return Ok(true);
                }
                return Ok(false);
            }
            [first, second] if big_endian => u16::from_be_bytes([first, second]),
            [first, second] => u16::from_le_bytes([first, second]),
            _ => 0xfffd,
        };
        let units = self.high.take().into_iter().chain([unit]);
        let units: Vec<u16> = units.collect();
        if units.len() == 1 && (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return Ok(true);
        }
        let decoded: Vec<char> =
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        // Taken from the end.
        decoded.into_iter().rev().for_each(|character| self.push(character));
        Ok(true)
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        let mut written = 0;
        while written < target.len() {
            match self.left.pop() {
                Some(byte) => {
                    target[written] = byte;
                    written += 1;
                }
                None if self.step()? => {}
                None => break,
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        let mut source = Decoded { source: bytes, encoding, high: None, left: Vec::new() };
        source.read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn other_encodings_become_utf8() {
        let text = "é,€ 𝛌\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(decoded(&little, Encoding::Utf16 { big_endian: false }), text);
        assert_eq!(decoded(&big, Encoding::Utf16 { big_endian: true }), text);
        assert_eq!(decoded(b"caf\xe9 \x80", Encoding::Latin1), "café €");
        assert_eq!(
            decoded(&little[..little.len() - 1], Encoding::Utf16 { big_endian: false }),
            "é,€ 𝛌\u{fffd}"
        );
        assert_eq!(decoded(&[0x3d, 0xd8], Encoding::Utf16 { big_endian: false }), "\u{fffd}");
        assert_eq!(Encoding::named("ISO-8859-1"), Some(Encoding::Latin1));
        assert_eq!(Encoding::named("koi8"), None);
    }
}
