//! Whole numbers of any size and order of bytes, as labels are saved.

use super::Header;

/// How bytes are whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) struct WholeNumbers {
    /// Bytes of each.
    pub(in crate::data) size: usize,
    signed: bool,
    big_endian: bool,
}

impl WholeNumbers {
    /// The numbers that a header announces, or why they cannot be labels; booleans are 0 and 1.
    pub(in crate::data) fn of(header: &Header) -> Result<Self, String> {
        let descr = header.descr.as_str();
        let big_endian = descr.starts_with('>') || (cfg!(target_endian = "big") && !descr.starts_with('<'));
        let (signed, size) = match descr.strip_prefix(['<', '>', '|', '=']) {
            Some("b1" | "u1") => (false, 1),
            Some("u2") => (false, 2),
            Some("u4") => (false, 4),
            Some("u8") => (false, 8),
            Some("i1") => (true, 1),
            Some("i2") => (true, 2),
            Some("i4") => (true, 4),
            Some("i8") => (true, 8),
            _ => {
                return Err(format!(
                    "holds {descr}; labels are needed as whole numbers of up to 8 bytes (y.astype('int64'))"
                ));
            }
        };
        Ok(Self { size, signed, big_endian })
    }

    /// Numbers of so many bytes, the lowest first.
    pub(in crate::data) fn little_endian(size: usize, signed: bool) -> Self {
        Self { size, signed, big_endian: false }
    }

    /// The numbers that `bytes` are.
    pub(in crate::data) fn read(self, bytes: &[u8]) -> impl Iterator<Item = i128> + Clone {
        bytes.chunks_exact(self.size).map(move |number| self.value(number))
    }

    /// The number at a place.
    pub(in crate::data) fn at(self, bytes: &[u8], place: usize) -> i128 {
        self.value(&bytes[place * self.size..(place + 1) * self.size])
    }

    fn value(self, bytes: &[u8]) -> i128 {
        let append = |value: u64, &byte: &u8| (value << 8) | u64::from(byte);
        let value =
            if self.big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) };
        // A sign is in the highest bit of the number's own bytes.
        let above = 64 - 8 * self.size;
        if self.signed { i128::from((value << above).cast_signed() >> above) } else { i128::from(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(descr: &str) -> Header {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}");
        let length = u16::try_from(text.len()).expect("short").to_le_bytes();
        let file = [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()].concat();
        Header::read(&mut &file[..], "y.npy").expect("a header")
    }

    #[test]
    fn every_size_sign_and_order_is_read() {
        let read = |descr: &str, bytes: &[u8]| {
            WholeNumbers::of(&header(descr)).expect("whole numbers").read(bytes).collect::<Vec<_>>()
        };
        assert_eq!(read("|b1", &[0, 1]), [0, 1]);
        assert_eq!(read("|u1", &[7, 255]), [7, 255]);
        assert_eq!(read("|i1", &[7, 255]), [7, -1]);
        assert_eq!(read("<i2", &[1, 0, 0xfe, 0xff]), [1, -2]);
        assert_eq!(read(">i2", &[0, 1, 0xff, 0xfe]), [1, -2]);
        assert_eq!(read(">u4", &[0, 0, 1, 2]), [258]);
        assert_eq!(read("<i4", &i32::MIN.to_le_bytes()), [i128::from(i32::MIN)]);
        for number in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(read("<i8", &number.to_le_bytes()), [i128::from(number)]);
            assert_eq!(read(">i8", &number.to_be_bytes()), [i128::from(number)]);
        }
        assert_eq!(read("<u8", &u64::MAX.to_le_bytes()), [i128::from(u64::MAX)]);
    }

    #[test]
    fn other_kinds_are_named() {
        for descr in ["<f8", "|O", "<U1", "<M8[ns]", "", "i8x", "<c16"] {
            let problem = WholeNumbers::of(&header(descr)).expect_err(descr);
            assert!(problem.starts_with(&format!("holds {descr}; labels are needed")), "{problem}");
        }
    }
}
