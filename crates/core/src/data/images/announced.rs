//! Values behind a header that says how many there are.

use crate::data::DataError;
use crate::memory::make_room;
use std::io::Read;

/// More bytes than these are no image set but a broken header.
const MAX_BYTES: u64 = 1 << 36;
/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// Reads all that is left of `source`: as many values of `size` bytes as the product of `axes`, which a header speaks of.
/// `place` is what errors name.
///
/// Memory grows with the bytes present, not with the header's announcement, and at most one byte more than announced is
/// unpacked. Neither a broken header nor a packed file that unpacks to far more than announced takes more memory than
/// the values.
pub(super) fn read_announced(
    source: impl Read,
    axes: &[usize],
    size: usize,
    place: &str,
) -> Result<Vec<u8>, DataError> {
    let said = axes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    let invalid = |problem: String| DataError::invalid(place, problem);
    let expected = axes
        .iter()
        .try_fold(size as u64, |product, &axis| product.checked_mul(axis as u64))
        .filter(|&bytes| bytes > 0 && bytes <= MAX_BYTES)
        .ok_or_else(|| invalid(format!("its header speaks of {said} values, which cannot be")))?;
    let mut source = source.take(expected + 1);
    let mut bytes = Vec::new();
    loop {
        let more = PIECE.min(usize::try_from(source.limit()).unwrap_or(PIECE));
        make_room(&mut bytes, more, "its values take").map_err(|error| invalid(error.to_string()))?;
        let read = source.by_ref().take(more as u64).read_to_end(&mut bytes);
        if read.map_err(|error| DataError::damaged(place, &error))? == 0 {
            break;
        }
    }
    let found = bytes.len() as u64;
    if found < expected {
        let found = found / size as u64;
        return Err(invalid(format!(
            "is cut off: its header speaks of {said} values, {found} are there; copy the file again"
        )));
    }
    if found > expected {
        return Err(invalid(format!("holds more than the {said} values that its header speaks of")));
    }
    Ok(bytes)
}
