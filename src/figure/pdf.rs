//! A drawing as PDF, the same bytes every time.
//!
//! The converter keeps fonts and resources in hash maps, so their order changes from one conversion to the next.
//! Resources are sorted afterwards, and a conversion whose fonts come in another order is repeated.

use resvg::usvg::Tree;
use svg2pdf::{ConversionOptions, PageOptions, to_pdf};

/// Two fonts come in order every other time, so this many conversions suffice.
const MAX_CONVERSIONS: usize = 200;

/// The PDF of a drawing that was read at `dpi`.
pub(super) fn pdf(tree: &Tree, dpi: f32) -> Result<Vec<u8>, String> {
    for _ in 0..MAX_CONVERSIONS {
        let mut bytes = to_pdf(tree, ConversionOptions::default(), PageOptions { dpi })
            .map_err(|error| error.to_string())?;
        if fonts_in_order(&bytes) {
            sort_resources(&mut bytes);
            return Ok(bytes);
        }
    }
    Err("the fonts never came in order".to_owned())
}

/// Whether fonts are written in the order of their names.
fn fonts_in_order(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"/BaseFont /";
    /// Letters and plus sign before the name of an embedded font.
    const TAG: usize = 7;
    let name = |place: usize| {
        let rest = bytes.get(place + KEY.len() + TAG..).unwrap_or_default();
        let end = rest.iter().position(|byte| b" \n/".contains(byte)).unwrap_or(rest.len());
        &rest[..end]
    };
    let places = (0..bytes.len().saturating_sub(KEY.len())).filter(|&place| bytes[place..].starts_with(KEY));
    places.map(name).is_sorted()
}

/// Sorts every run of lines that each name one resource. Lines only change places, so that offsets stay true.
fn sort_resources(bytes: &mut [u8]) {
    let mut start = 0;
    let mut run: Vec<(usize, usize)> = Vec::new();
    while start < bytes.len() {
        let end =
            bytes[start..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| start + at + 1);
        if names_a_resource(&bytes[start..end]) {
            run.push((start, end));
        } else {
            sort_lines(bytes, &std::mem::take(&mut run));
        }
        start = end;
    }
}

/// `/gs12 34 0 R`, indented.
fn names_a_resource(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[name, number, "0", "R"] = words.as_slice() else { return false };
    let numbered = name.trim_end_matches(|c: char| c.is_ascii_digit());
    text.starts_with(' ')
        && numbered.len() < name.len()
        && numbered.starts_with('/')
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn sort_lines(bytes: &mut [u8], run: &[(usize, usize)]) {
    let (Some(&(first, _)), Some(&(_, last))) = (run.first(), run.last()) else { return };
    let mut lines: Vec<Vec<u8>> = run.iter().map(|&(start, end)| bytes[start..end].to_vec()).collect();
    lines.sort();
    bytes[first..last].copy_from_slice(&lines.concat());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_sorted_in_place() {
        let mut bytes = b"<<\n  /gs2 5 0 R\n  /gs0 12 0 R\n  /gs1 7 0 R\n>>\n  /Length 3 0 R\n".to_vec();
        sort_resources(&mut bytes);
        assert_eq!(bytes, b"<<\n  /gs0 12 0 R\n  /gs1 7 0 R\n  /gs2 5 0 R\n>>\n  /Length 3 0 R\n");
    }

    #[test]
    fn fonts_are_known_by_their_names() {
        let font = |tag: &str, name: &str| format!("/BaseFont /{tag}+{name}\n");
        let text = |fonts: [String; 2]| fonts.concat().into_bytes();
        assert!(fonts_in_order(&text([font("ZZZZZZ", "Sans"), font("AAAAAA", "Sans-Bold")])));
        assert!(!fonts_in_order(&text([font("AAAAAA", "Sans-Bold"), font("ZZZZZZ", "Sans")])));
    }
}
