//! The header of an NPY file: type and arrangement of the numbers.

use crate::data::DataError;
use std::io::Read;

/// What comes before the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Header {
    /// Type of the numbers, as in `<f8`.
    pub(in crate::data) descr: String,
    /// Whether the first axis runs fastest.
    fortran_order: bool,
    pub(in crate::data) shape: Vec<usize>,
    /// Bytes before the first number.
    pub(in crate::data) length: usize,
}

const MAGIC: &[u8] = b"\x93NUMPY";
/// `NumPy` itself reads no longer header unless asked to trust the file.
const LONGEST: u64 = 10_000;
/// The byte order of this machine, as NPY files write it.
const NATIVE: char = if cfg!(target_endian = "little") { '<' } else { '>' };

impl Header {
    /// Reads the header at the start of `source`, and nothing behind it; `place` is what errors name.
    pub(in crate::data) fn read(source: &mut impl Read, place: &str) -> Result<Self, DataError> {
        let mut before = 0;
        let mut next = |count: u64| {
            let mut bytes = Vec::new();
            before += source
                .by_ref()
                .take(count)
                .read_to_end(&mut bytes)
                .map_err(|error| DataError::damaged(place, &error))?;
            Ok(bytes)
        };
        let invalid = |problem: &str| DataError::invalid(place, problem);
        let short = || invalid("ends within its header; save it again");
        let begin = next(MAGIC.len() as u64 + 2)?;
        let size_of_length = match begin.strip_prefix(MAGIC) {
            None => return Err(invalid("is not an NPY file; numpy.save writes them")),
            Some([1, _]) => 2,
            Some([2 | 3, _]) => 4,
            Some([1..=3, ..] | []) => return Err(short()),
            Some([version, ..]) => {
                return Err(invalid(&format!("is of NPY version {version}; versions 1 to 3 can be read")));
            }
        };
        let length = next(size_of_length)?;
        if (length.len() as u64) < size_of_length {
            return Err(short());
        }
        let length = length.iter().rev().fold(0, |length, &byte| (length << 8) | u64::from(byte));
        if length > LONGEST {
            let problem =
                format!("speaks of a header of {length} bytes, where {LONGEST} are the most; save it again");
            return Err(invalid(&problem));
        }
        let text = next(length)?;
        if (text.len() as u64) < length {
            return Err(short());
        }
        let text = String::from_utf8(text).map_err(|_| invalid("has a header that is not text"))?;
        Self::parse(&text, before).map_err(|problem| invalid(&problem))
    }

    /// Of the dictionary in a header that takes `length` bytes as a whole; or what is wrong with it.
    fn parse(text: &str, length: usize) -> Result<Self, String> {
        let field = |name: &str| value_of(text, name).ok_or_else(|| format!("has no {name} in its header"));
        let descr = field("descr")?;
        let Some(descr) = descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next())
        else {
            return Err("holds records of several fields; one array of numbers is needed".to_owned());
        };
        // It is shown in errors.
        if !descr.bytes().all(|letter| letter.is_ascii_graphic()) {
            return Err("has a type in its header that is none of NumPy's; save it again".to_owned());
        }
        let fortran_order = field("fortran_order")?.starts_with("True");
        let shape =
            field("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inner, _)| inner);
        let axes = shape
            .into_iter()
            .flat_map(|inner| inner.split(','))
            .map(str::trim)
            .filter(|axis| !axis.is_empty());
        let shape = axes.map(str::parse).collect::<Result<_, _>>();
        let shape = shape.map_err(|_| "has a shape in its header that is no list of sizes".to_owned())?;
        Ok(Self { descr: descr.to_owned(), fortran_order, shape, length })
    }

    /// The kind of the numbers, such as `f4`, if they are in this machine's order of bytes.
    pub(in crate::data) fn native_kind(&self) -> Option<&str> {
        self.descr.strip_prefix([NATIVE, '|', '='])
    }

    /// Whether the numbers lie in another order than that of rows; with one axis longer than 1, both orders are the same.
    pub(in crate::data) fn is_column_by_column(&self) -> bool {
        self.fortran_order && self.shape.iter().filter(|&&axis| axis > 1).count() > 1
    }

    /// The shape as `NumPy` prints it.
    pub(in crate::data) fn shape_text(&self) -> String {
        match self.shape.as_slice() {
            [one] => format!("({one},)"),
            axes => format!("({})", axes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// What follows `'name':` in the header's dictionary.
fn value_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let quoted = [format!("'{name}'"), format!("\"{name}\"")];
    let (_, after) = quoted.iter().find_map(|key| text.split_once(key.as_str()))?;
    after.trim_start().strip_prefix(':').map(str::trim_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dictionary: &str) -> Vec<u8> {
        let length = u16::try_from(dictionary.len()).expect("short").to_le_bytes();
        [MAGIC, &[1, 0], &length, dictionary.as_bytes(), &[0; 8]].concat()
    }

    fn read(bytes: &[u8]) -> Result<Header, DataError> {
        Header::read(&mut &bytes[..], "x.npy")
    }

    #[test]
    fn headers_are_read_whatever_their_order_and_spaces() {
        let expected = Header { descr: "<f4".to_owned(), fortran_order: false, shape: vec![7, 3], length: 0 };
        for text in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3), }  \n",
            "{\"shape\":(7,3,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        ] {
            let header = read(&file(text)).expect("a header");
            assert_eq!(Header { length: 0, ..header.clone() }, expected);
            assert_eq!(header.length, 10 + text.len());
        }
        for (shape, written, by_columns) in
            [("(9,)", "(9,)", false), ("(9,1)", "(9, 1)", false), ("(9,2)", "(9, 2)", true)]
        {
            let header = file(&format!("{{'descr': '|u1', 'fortran_order': True, 'shape': {shape}, }}"));
            let header = read(&header).expect("a header");
            assert_eq!((header.shape_text().as_str(), header.is_column_by_column()), (written, by_columns));
        }
    }

    #[test]
    fn what_is_no_header_is_named() {
        let whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3), }");
        for length in 0..whole.len() - 8 {
            assert!(read(&whole[..length]).is_err(), "{length} bytes");
        }
        for (text, part) in [
            ("{'fortran_order': False, 'shape': (7, 3), }", "no descr"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (7, -3), }", "no list of sizes"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (7,), }", "several fields"),
            ("{'descr': '<f4\n', 'fortran_order': False, 'shape': (7,), }", "none of NumPy's"),
        ] {
            let complaint = read(&file(text)).expect_err(text).to_string();
            assert!(complaint.starts_with("x.npy: ") && complaint.contains(part), "{complaint}");
        }
        let long = [MAGIC, &[2, 0], &u32::MAX.to_le_bytes(), &vec![b' '; 20_000]].concat();
        assert!(read(&long).expect_err("too long").to_string().contains("a header of 4294967295 bytes"));
    }
}
