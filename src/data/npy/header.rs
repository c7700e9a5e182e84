//! The header of an NPY file: what the numbers behind it are and how they are arranged.

/// What comes before the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Header {
    /// Type of the numbers, as in `<f8`.
    pub(super) descr: String,
    /// Whether the first axis runs fastest.
    pub(super) fortran_order: bool,
    pub(in crate::data) shape: Vec<usize>,
    /// Bytes before the first number.
    pub(super) length: usize,
}

const MAGIC: &[u8] = b"\x93NUMPY";

impl Header {
    /// Reads the header at the start of a file, or says what is wrong with it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let Some(after) = bytes.strip_prefix(MAGIC) else {
            return Err("is not an NPY file; numpy.save writes them".to_owned());
        };
        let short = || "ends within its header; save it again".to_owned();
        let (length, start) = match after {
            [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([*a, *b])), MAGIC.len() + 4),
            [2 | 3, _, a, b, c, d, ..] => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]);
                (usize::try_from(length).map_err(|_| short())?, MAGIC.len() + 6)
            }
            [1..=3, ..] | [] => return Err(short()),
            [version, ..] => {
                return Err(format!("is of NPY version {version}; versions 1 to 3 can be read"));
            }
        };
        let end = start.checked_add(length).filter(|&end| end <= bytes.len()).ok_or_else(short)?;
        let text = std::str::from_utf8(&bytes[start..end])
            .map_err(|_| "has a header that is not text".to_owned())?;
        let field = |name: &str| value_of(text, name).ok_or_else(|| format!("has no {name} in its header"));
        let descr = field("descr")?;
        let Some(descr) = descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next())
        else {
            return Err("holds records of several fields; one array of numbers is needed".to_owned());
        };
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
        Ok(Self { descr: descr.to_owned(), fortran_order, shape, length: end })
    }

    /// The shape as `NumPy` prints it.
    pub(super) fn shape_text(&self) -> String {
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

    #[test]
    fn headers_are_read_whatever_their_order_and_spaces() {
        let expected = Header { descr: "<f4".to_owned(), fortran_order: false, shape: vec![7, 3], length: 0 };
        for text in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3), }  \n",
            "{\"shape\":(7,3,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        ] {
            let header = Header::parse(&file(text)).expect("a header");
            assert_eq!(Header { length: 0, ..header.clone() }, expected);
            assert_eq!(header.length, 10 + text.len());
        }
        let vector =
            Header::parse(&file("{'descr': '|u1', 'fortran_order': True, 'shape': (9,), }")).expect("read");
        assert_eq!((vector.shape_text().as_str(), vector.fortran_order), ("(9,)", true));
    }

    #[test]
    fn what_is_no_header_is_named() {
        let whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3), }");
        for length in 0..whole.len() - 8 {
            assert!(Header::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        for (text, part) in [
            ("{'fortran_order': False, 'shape': (7, 3), }", "no descr"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (7, -3), }", "no list of sizes"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (7,), }", "several fields"),
        ] {
            let complaint = Header::parse(&file(text)).expect_err(text);
            assert!(complaint.contains(part), "{complaint}");
        }
    }
}
