//! NPZ files: arrays in a zip archive, named as in the sets of `MedMNIST` (J. Yang and others, 2023) or as Keras names them.

use super::announced::read_announced;
use super::{ImageShape, Images, Part};
use crate::data::DataError;
use crate::data::arrays::{Contents, Wanted, read_arrays};
use crate::data::npy::Header;
use crate::data::table::{Headings, TableFormat};
use crate::data::taken::list;
use crate::files::open_input;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// How a zip archive begins.
const ZIP: &[u8] = b"PK";

/// Reads the arrays of one part; those of the others stay packed.
pub(super) fn read(path: &Path, part: Part) -> Result<Images, DataError> {
    let mut archive = open(path)?;
    let (images, labels) = names(&archive, path, part)?;
    let (classes, label_place) = classes(path, labels)?;
    // Labels come first because they are few: what does not fit is refused before millions of values are unpacked.
    let pictures = PackedArray::find(&mut archive, path, images)?;
    let (count, shape) = pictures.image_shape()?;
    if count != classes.len() {
        let problem = format!("holds {} labels, but {images} has {count} images", classes.len());
        return Err(DataError::invalid(label_place, problem));
    }
    let mut pixels = pictures.values()?;
    separate_channels(&mut pixels, shape);
    Images::new(shape, pixels, classes)
}

/// The arrays of images and labels of a part, in one of the usual spellings.
fn names(archive: &Archive, path: &Path, part: Part) -> Result<(&'static str, &'static str), DataError> {
    let spellings = match part {
        Part::Train => [("train_images", "train_labels"), ("x_train", "y_train"), ("X_train", "y_train")],
        Part::Test => [("test_images", "test_labels"), ("x_test", "y_test"), ("X_test", "y_test")],
    };
    let has = |name: &str| archive.index_for_name(&format!("{name}.npy")).is_some();
    spellings.into_iter().find(|(images, labels)| has(images) && has(labels)).ok_or_else(|| {
        let [(images, labels), (other_images, other_labels), _] = spellings;
        let held: Vec<String> =
            archive.file_names().flatten().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
        let problem = format!(
            "needs arrays {images} and {labels}, or {other_images} and {other_labels}; it holds {}",
            if held.is_empty() { "none".to_owned() } else { list(&held) }
        );
        DataError::invalid(path.display().to_string(), problem)
    })
}

type Archive = ZipArchive<BufReader<File>>;

fn open(path: &Path) -> Result<Archive, DataError> {
    let unreadable = |error| DataError::unreadable(path, &error);
    let mut file = BufReader::new(open_input(path).map_err(unreadable)?);
    let place = path.display().to_string();
    if !file.fill_buf().map_err(unreadable)?.starts_with(ZIP) {
        return Err(DataError::invalid(place, NO_ARCHIVE));
    }
    ZipArchive::new(file).map_err(|error| not_unpacked(&place, error))
}

fn not_unpacked(place: &str, error: ZipError) -> DataError {
    let problem = match error {
        ZipError::Io(error) => return DataError::damaged(place, &error),
        ZipError::UnsupportedArchive(_) => {
            format!("cannot be unpacked: {error}; save it with numpy.savez_compressed")
        }
        _ => format!("is cut off or damaged: {error}; copy the file again"),
    };
    DataError::invalid(place, problem)
}

/// One class per image, read as labels of any archive are; and where they are.
fn classes(path: &Path, name: &str) -> Result<(Vec<u8>, String), DataError> {
    let place = || path.display().to_string();
    let mut no_table = |_: &Headings| Err(DataError::invalid(place(), NO_ARCHIVE));
    let wanted =
        Wanted { arrays: &|array| array == name, columns: &mut no_table, format: &TableFormat::default() };
    let Contents::Arrays(arrays) = read_arrays(path, wanted)? else {
        return Err(DataError::invalid(place(), NO_ARCHIVE));
    };
    let labels = arrays.named(name)?;
    if labels.columns() != 1 {
        return Err(labels.invalid(format!(
            "has {} labels per image, shape {}; sets of one class per image can be read, shape (N, 1) or (N,)",
            labels.columns(),
            labels.shape_text()
        )));
    }
    if labels.is_text() {
        return Err(labels.invalid("holds text; number the classes from 0 to 255"));
    }
    let class_of = |(image, class): (usize, i64)| {
        u8::try_from(class).map_err(|_| {
            let problem = format!("class {class}, but classes are 0 to 255; number them anew");
            DataError::invalid(format!("{}, image {image}", labels.place), problem)
        })
    };
    let classes = labels.whole_numbers()?.into_iter().enumerate().map(class_of).collect::<Result<_, _>>()?;
    Ok((classes, labels.place.clone()))
}

const NO_ARCHIVE: &str = "is no NPZ file; numpy.savez_compressed writes them";

/// An array of which the header is read.
struct PackedArray<'a> {
    /// File and name, for errors.
    place: String,
    header: Header,
    /// What follows the header.
    source: ZipFile<'a, BufReader<File>>,
}

impl<'a> PackedArray<'a> {
    fn find(archive: &'a mut Archive, path: &Path, name: &str) -> Result<Self, DataError> {
        let place = format!("{}, {name}", path.display());
        let mut source =
            archive.by_name(&format!("{name}.npy")).map_err(|error| not_unpacked(&place, error))?;
        if !matches!(source.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            let problem = "is packed in a way that NumPy does not use; save it with numpy.savez_compressed";
            return Err(DataError::invalid(place, problem));
        }
        let header = Header::read(&mut source, &place)?;
        Ok(Self { place, header, source })
    }

    fn invalid(&self, problem: impl Into<String>) -> DataError {
        DataError::invalid(&self.place, problem)
    }

    /// How many images there are, and how large they are.
    fn image_shape(&self) -> Result<(usize, ImageShape), DataError> {
        let header = &self.header;
        if header.native_kind() != Some("u1") {
            return Err(self.invalid(format!(
                "holds {}; images are needed as bytes: save x.astype('uint8'), or (255 * x).round().astype('uint8') if its \
                 values run from 0 to 1",
                header.descr
            )));
        }
        if header.is_column_by_column() {
            return Err(self.invalid("is saved column by column; save numpy.ascontiguousarray(x)"));
        }
        let (count, height, width, channels) = match *header.shape {
            [count, height, width] => (count, height, width, 1),
            [count, height, width, channels @ (1 | 3)] => (count, height, width, channels),
            [_, 3, _, _] => {
                return Err(self.invalid(format!(
                    "has shape {}, channels first; save x.transpose(0, 2, 3, 1)",
                    header.shape_text()
                )));
            }
            _ => {
                return Err(self.invalid(format!(
                    "has shape {}; images are needed as (N, height, width) or (N, height, width, 3)",
                    header.shape_text()
                )));
            }
        };
        Ok((count, ImageShape { channels, height, width }))
    }

    /// All bytes.
    fn values(self) -> Result<Vec<u8>, DataError> {
        read_announced(self.source, &self.header.shape, 1, &self.place)
    }
}

/// NPZ files hold colour after colour of each pixel; [`Images`] one channel after the other.
fn separate_channels(pixels: &mut [u8], shape: ImageShape) {
    if shape.channels == 1 {
        return;
    }
    let mut before = vec![0; shape.values()];
    for image in pixels.chunks_exact_mut(shape.values()) {
        before.copy_from_slice(image);
        for (channel, plane) in image.chunks_exact_mut(shape.height * shape.width).enumerate() {
            let values = before.iter().skip(channel).step_by(shape.channels);
            plane.iter_mut().zip(values).for_each(|(place, &value)| *place = value);
        }
    }
}
