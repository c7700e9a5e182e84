//! NPY and NPZ files, the bytes that `NumPy` reads.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An NPY file of doubles, in the order of the last axis first.
#[must_use]
pub fn npy_doubles(shape: &[usize], values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    npy("<f8", shape, values.into_iter().flat_map(f64::to_le_bytes))
}

/// An NPY file of whole numbers.
#[must_use]
pub fn npy_whole(values: impl ExactSizeIterator<Item = i64>) -> Vec<u8> {
    npy("<i8", &[values.len()], values.flat_map(i64::to_le_bytes))
}

/// An NPY file of texts.
#[must_use]
pub fn npy_texts(texts: &[String]) -> Vec<u8> {
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let padded = |text: &String| {
        let letters: Vec<u32> =
            text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest).collect();
        letters.into_iter().flat_map(u32::to_le_bytes)
    };
    npy(&format!("<U{longest}"), &[texts.len()], texts.iter().flat_map(padded))
}

fn npy(kind: &str, shape: &[usize], bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis},")).collect();
    let dictionary = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({axes}), }}");
    // The numbers begin at a multiple of 64 bytes, after a line break.
    let room = (10 + dictionary.len() + 1).next_multiple_of(64) - 10;
    let header = format!("{dictionary:<width$}\n", width = room - 1);
    let length = u16::try_from(room).unwrap_or(u16::MAX).to_le_bytes();
    b"\x93NUMPY\x01\x00".iter().copied().chain(length).chain(header.into_bytes()).chain(bytes).collect()
}

/// An NPZ archive of such files by their names, the same bytes at any time.
///
/// # Errors
/// An archive cannot be so large.
pub fn npz(arrays: &[(&str, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
