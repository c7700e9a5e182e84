//! Files packed as a whole with gzip or zstd, as `df.to_csv("x.csv.gz")` writes them.

use crate::data::DataError;
use crate::data::arrays::Opened;
use flate2::read::MultiGzDecoder;

/// The file itself, or what it unpacks to.
pub(crate) fn unpacked(opened: Opened) -> Result<Opened, DataError> {
    match opened.bytes() {
        [0x1f, 0x8b, ..] => Opened::copied(MultiGzDecoder::new(opened.bytes()), &opened.place),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => of_zstd(&opened),
        _ => Ok(opened),
    }
}

#[cfg(feature = "parquet")]
fn of_zstd(opened: &Opened) -> Result<Opened, DataError> {
    let decoder =
        zstd::Decoder::new(opened.bytes()).map_err(|error| DataError::damaged(&opened.place, &error))?;
    Opened::copied(decoder, &opened.place)
}

#[cfg(not(feature = "parquet"))]
fn of_zstd(opened: &Opened) -> Result<Opened, DataError> {
    let problem = "is packed with zstd, which this build does not read; add the feature `parquet`, or pack it with gzip";
    Err(DataError::invalid(&opened.place, problem))
}
