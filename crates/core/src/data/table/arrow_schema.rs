//! What the Arrow schema in the metadata of a Parquet file says beyond the file's own: polars and pyarrow write durations as
//! plain whole numbers, and only there that they are durations.
//!
//! The schema is a `FlatBuffers` message in base64, `Message { header: Schema { fields: [Field] } }`
//! (<https://arrow.apache.org/docs/format/Columnar.html>). One kind of field is all that is asked for, so its tables are walked
//! here. A schema that is damaged says nothing.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::HashSet;

/// Entries of `Message`, `Schema` and `Field`, in the order of Arrow's `Message.fbs` and `Schema.fbs`.
const MESSAGE_HEADER: usize = 2;
const SCHEMA_FIELDS: usize = 1;
const FIELD_NAME: usize = 0;
const FIELD_TYPE: usize = 2;
const FIELD_CHILDREN: usize = 5;
/// The number of `Duration` among the types of a field.
const DURATION: u8 = 18;

/// A message longer than `u32::MAX - 1` bytes begins so; older ones begin with their length alone.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// How deep fields are looked at, and how much of them in all, in letters of names: a broken schema may lead in circles.
const MAX_DEPTH: usize = 32;
const MAX_LETTERS: usize = 1 << 22;

/// The columns that are durations, by the names of their fields with dots between them; `schema` is the value of the key
/// `ARROW:schema`.
pub(super) fn durations(schema: &str) -> HashSet<String> {
    BASE64_STANDARD.decode(schema.trim()).ok().and_then(|bytes| found(&bytes)).unwrap_or_default()
}

fn found(bytes: &[u8]) -> Option<HashSet<String>> {
    let length = if bytes.starts_with(&CONTINUATION) { 8 } else { 4 };
    let schema = FlatTable::root(bytes.get(length..)?)?.table(MESSAGE_HEADER)?;
    let mut walk = Walk { path: String::new(), left: MAX_LETTERS, durations: HashSet::new() };
    schema.tables(SCHEMA_FIELDS).for_each(|field| walk.visit(field, 1));
    Some(walk.durations)
}

/// A walk through fields and the fields within them.
struct Walk {
    /// The names of the fields around the next one, each with a dot after it.
    path: String,
    left: usize,
    durations: HashSet<String>,
}

impl Walk {
    fn visit(&mut self, field: FlatTable, depth: usize) {
        let above = self.path.len();
        let name = field.text(FIELD_NAME).unwrap_or_default();
        let letters = 1 + above + name.len();
        if letters > self.left || depth > MAX_DEPTH {
            return;
        }
        self.left -= letters;
        self.path.push_str(name);
        if field.byte(FIELD_TYPE) == Some(DURATION) {
            self.durations.insert(self.path.clone());
        }
        self.path.push('.');
        field.tables(FIELD_CHILDREN).for_each(|child| self.visit(child, depth + 1));
        self.path.truncate(above);
    }
}

/// A table of a `FlatBuffers` message: entries are found through its list of offsets, and may be absent.
#[derive(Clone, Copy)]
struct FlatTable<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> FlatTable<'a> {
    fn root(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes, at: followed(bytes, 0)? })
    }

    /// Where an entry is.
    fn entry(self, number: usize) -> Option<usize> {
        let back = i64::from(i32::from_le_bytes(array(self.bytes, self.at)?));
        let offsets = usize::try_from(i64::try_from(self.at).ok()? - back).ok()?;
        let place = 4 + 2 * number;
        if place >= usize::from(u16::from_le_bytes(array(self.bytes, offsets)?)) {
            return None;
        }
        let offset = u16::from_le_bytes(array(self.bytes, offsets + place)?);
        (offset > 0).then(|| self.at + usize::from(offset))
    }

    fn byte(self, number: usize) -> Option<u8> {
        self.bytes.get(self.entry(number)?).copied()
    }

    fn table(self, number: usize) -> Option<Self> {
        Some(Self { at: followed(self.bytes, self.entry(number)?)?, ..self })
    }

    fn text(self, number: usize) -> Option<&'a str> {
        let (start, length) = self.list(number)?;
        std::str::from_utf8(self.bytes.get(start..start.checked_add(length)?)?).ok()
    }

    fn tables(self, number: usize) -> impl Iterator<Item = Self> {
        let (start, length) = self.list(number).unwrap_or_default();
        (0..length)
            .map_while(move |index| Some(Self { at: followed(self.bytes, start + 4 * index)?, ..self }))
    }

    /// Where a list begins, and its length.
    fn list(self, number: usize) -> Option<(usize, usize)> {
        let list = followed(self.bytes, self.entry(number)?)?;
        let length = u32::from_le_bytes(array(self.bytes, list)?);
        Some((list + 4, usize::try_from(length).ok()?))
    }
}

/// Where the offset at a place leads.
fn followed(bytes: &[u8], at: usize) -> Option<usize> {
    let offset = u32::from_le_bytes(array(bytes, at)?);
    at.checked_add(usize::try_from(offset).ok()?)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As polars 2.1 writes it: a number, a duration, and a record of a duration and a number.
    const OF_POLARS: &str = "/////zYBAAAEAAAA8v///xQAAAAEAAEAAAAKAAsACAAKAAQA+P///wwAAAAIAAgAAAAEAAMAAADMAAAAnAAAAAQAAAAs////hAAAAHgAAAAI\
         AAAAAQ0AAAIAAAA8AAAABAAAAEz///8oAAAAEAAAAAgAAAABAgAAAAAAAPT///9AAAAAAQAAAAgACQAEAAgAAQAAAG4AAACA////HAAAABAA\
         AAAIAAAAARIAAAAAAAB+////AgAAAAYAAABsYXN0ZWQAAPz///8EAAQABAAAAHRyaXAAAAAAwP///xwAAAAQAAAACAAAAAESAAAAAAAAvv//\
         /wIAAAAGAAAAd2FpdGVkAADs////MAAAACAAAAAYAAAAAQMAABAAEgAEABAAEQAIAAAADAAAAAAA+v///wIABgAGAAQAAQAAAGEA";

    #[test]
    fn durations_are_found_however_deep() {
        let expected: HashSet<String> = ["waited", "trip.lasted"].map(str::to_owned).into();
        assert_eq!(durations(OF_POLARS), expected);
    }

    /// Cut anywhere, or with any byte changed to any of some others, a schema is read without a panic and in little time.
    #[test]
    fn a_damaged_schema_says_nothing_worse() {
        let whole = BASE64_STANDARD.decode(OF_POLARS).expect("base64");
        for end in 0..whole.len() {
            let _ = durations(&BASE64_STANDARD.encode(&whole[..end]));
            for byte in [0, 1, 4, 0x7f, 0x80, 0xff, whole[end].wrapping_add(4)] {
                let mut changed = whole.clone();
                changed[end] = byte;
                let _ = durations(&BASE64_STANDARD.encode(&changed));
            }
        }
        assert_eq!(durations("no base64"), HashSet::new());
    }
}
