//! Line ends as an editor counts them, whatever system wrote the file.

use crate::memory::check_memory;
use std::io::{BufRead, Error, Read, Result};

/// Passes bytes through with every line end (LF, CRLF or a lone CR) made LF, and with a LF after a last line that
/// lacks one.
///
/// The CSV parser counts LF only. With this reader before it, its count is the editor's; and since every row then ends
/// in LF, a row that the parser returns only after the end of input is one whose quotation mark was left open.
pub(super) struct EditorLines<R> {
    source: R,
    /// The byte before was a CR, so that a LF now belongs to the same line end.
    after_return: bool,
    /// The last byte passed on ended a line (or nothing was passed on yet).
    at_line_start: bool,
    finished: bool,
    /// Bytes of the row that is being read, and of what was read ahead.
    row_bytes: usize,
    /// Bytes of a row for which the memory was asked.
    asked_for: usize,
}

/// A row of more bytes is none: the parser holds a row in memory, and a quotation mark that is left open makes one of the rest
/// of the file.
const LONGEST_ROW: usize = 1 << 28;
/// A row up to this long need not be asked for.
const SHORT_ROW: usize = 1 << 20;
/// Bytes that the parser takes for a byte of a row: the text and the ends of its cells, in buffers that double.
const BYTES_OF_BYTE: u128 = 12;

impl<R> EditorLines<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            after_return: false,
            at_line_start: true,
            finished: false,
            row_bytes: 0,
            asked_for: SHORT_ROW,
        }
    }

    /// The parser has a whole row.
    pub(super) fn row_done(&mut self) {
        self.row_bytes = 0;
    }

    /// An error about a row that is too long, for memory or at all.
    fn check_row(&mut self) -> Result<()> {
        if self.row_bytes > LONGEST_ROW {
            return Err(Error::other(format!(
                "a row has more than {LONGEST_ROW} bytes; is a quotation mark left open, or is it no CSV file?"
            )));
        }
        if self.row_bytes > self.asked_for {
            self.asked_for = 2 * self.row_bytes;
            check_memory(
                BYTES_OF_BYTE * self.asked_for as u128,
                "a row takes",
                "is a quotation mark left open?",
            )
            .map_err(Error::other)?;
        }
        Ok(())
    }

    /// Whether a read has already been answered with "no more bytes".
    pub(super) fn finished(&self) -> bool {
        self.finished
    }
}

impl<R: BufRead> Read for EditorLines<R> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        if target.is_empty() {
            return Ok(0);
        }
        loop {
            let source = self.source.fill_buf()?;
            if source.is_empty() {
                return Ok(self.finish(target));
            }
            let taken = source.len().min(target.len());
            let mut written = 0;
            for &byte in &source[..taken] {
                let second_half = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if !second_half {
                    target[written] = if byte == b'\r' { b'\n' } else { byte };
                    written += 1;
                }
            }
            self.source.consume(taken);
            self.row_bytes += taken;
            self.check_row()?;
            // A lone second half writes nothing; an answer of 0 would mean the end, so read on.
            if written > 0 {
                self.at_line_start = target[written - 1] == b'\n';
                return Ok(written);
            }
        }
    }
}

impl<R> EditorLines<R> {
    /// Ends the last line if need be; `target` is not empty.
    fn finish(&mut self, target: &mut [u8]) -> usize {
        if self.at_line_start {
            self.finished = true;
            return 0;
        }
        self.at_line_start = true;
        target[0] = b'\n';
        1
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Reads `text` through buffers of every small size, and checks that the size makes no difference.
    fn normalised(text: &str) -> String {
        let mut whole = String::new();
        EditorLines::new(text.as_bytes()).read_to_string(&mut whole).expect("text");
        for size in 1..6 {
            let mut pieces = Vec::new();
            let mut reader = EditorLines::new(BufReader::with_capacity(size, text.as_bytes()));
            let mut piece = [0; 3];
            loop {
                let length = reader.read(&mut piece).expect("in memory");
                if length == 0 {
                    break;
                }
                pieces.extend_from_slice(&piece[..length]);
            }
            assert!(reader.finished());
            assert_eq!(pieces, whole.as_bytes());
        }
        whole
    }

    #[test]
    fn every_line_end_becomes_one_line_feed() {
        assert_eq!(normalised("a\nb\n"), "a\nb\n");
        assert_eq!(normalised("a\r\nb\r\n"), "a\nb\n");
        assert_eq!(normalised("a\rb\r"), "a\nb\n");
        assert_eq!(normalised("\r\r\n\n\n\r"), "\n\n\n\n\n");
    }

    #[test]
    fn the_last_line_is_ended_but_nothing_stays_nothing() {
        assert_eq!(normalised("a\r\nb"), "a\nb\n");
        assert_eq!(normalised(""), "");
    }
}
