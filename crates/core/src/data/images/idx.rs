//! IDX files: a magic number, sizes as big-endian words, then bytes (first used for the digits of MNIST).

use super::announced::read_announced;
use super::{ImageShape, Images};
use crate::data::DataError;
use crate::files::open_input;
use flate2::read::MultiGzDecoder;
use std::io::{BufReader, Read};
use std::path::Path;

/// First word of a file of unsigned bytes in three dimensions, and in one.
const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;

/// Reads a file of images and the file of their labels; either may be gzipped, whatever its name.
pub(super) fn read(images: &Path, labels: &Path) -> Result<Images, DataError> {
    let pictures = Idx::read(images, IMAGES)?;
    let classes = Idx::read(labels, LABELS)?;
    let (count, labelled) = (pictures.sizes[0], classes.sizes[0]);
    if count != labelled {
        let problem = format!("holds {labelled} labels, but {} has {count} images", images.display());
        return Err(DataError::invalid(labels.display().to_string(), problem));
    }
    let shape = ImageShape { channels: 1, height: pictures.sizes[1], width: pictures.sizes[2] };
    Images::new(shape, pictures.bytes, classes.bytes)
}

/// What a file holds.
struct Idx {
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

impl Idx {
    fn read(path: &Path, wanted: u32) -> Result<Self, DataError> {
        let mut source = open(path)?;
        let magic = word(path, &mut source)?;
        if magic != wanted {
            return Err(DataError::invalid(path.display().to_string(), wrong_magic(magic, wanted)));
        }
        let dimensions = (wanted & 0xff) as usize;
        let mut sizes = Vec::with_capacity(dimensions);
        for _ in 0..dimensions {
            sizes.push(word(path, &mut source)? as usize);
        }
        let bytes = read_announced(source, &sizes, 1, &path.display().to_string())?;
        Ok(Self { sizes, bytes })
    }
}

fn wrong_magic(magic: u32, wanted: u32) -> String {
    let begins = format!("begins with {magic:#010x}, where {wanted:#010x} is expected");
    match (magic, wanted) {
        (LABELS, IMAGES) => format!("{begins}: it holds labels, not images"),
        (IMAGES, LABELS) => format!("{begins}: it holds images, not labels"),
        _ => format!("{begins}: it is no IDX file of bytes"),
    }
}

/// Gzip is recognised by its first two bytes.
fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let file = |path: &Path| open_input(path).map_err(|error| DataError::unreadable(path, &error));
    let mut begin = Vec::new();
    file(path)?.take(2).read_to_end(&mut begin).map_err(|error| DataError::unreadable(path, &error))?;
    let source = BufReader::new(file(path)?);
    Ok(if begin == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) })
}

fn word(path: &Path, source: &mut impl Read) -> Result<u32, DataError> {
    let mut bytes = [0; 4];
    match source.read_exact(&mut bytes) {
        Ok(()) => Ok(u32::from_be_bytes(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(DataError::invalid(
            path.display().to_string(),
            "is cut off within its header; copy the file again",
        )),
        Err(error) => Err(DataError::damaged(&path.display().to_string(), &error)),
    }
}
