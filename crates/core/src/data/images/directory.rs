//! Image sets by the names that their files usually have.

use super::cache::{ImageCache, Source};
use super::cifar::Cifar;
use super::{Images, idx, npz};
use crate::data::DataError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The images to learn from, or those to test with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// To learn from.
    #[default]
    Train,
    /// To test with.
    Test,
}

/// How the files of a part are read.
enum Format {
    Idx { images: PathBuf, labels: PathBuf },
    Cifar(Cifar, Vec<PathBuf>),
    Npz(PathBuf),
}

impl Format {
    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Idx { images, labels } => vec![images.clone(), labels.clone()],
            Self::Cifar(_, files) => files.clone(),
            Self::Npz(file) => vec![file.clone()],
        }
    }

    fn read(&self, part: Part) -> Result<Images, DataError> {
        match self {
            Self::Idx { images, labels } => idx::read(images, labels),
            Self::Cifar(cifar, files) => cifar.read(files),
            Self::Npz(file) => npz::read(file, part),
        }
    }
}

static KEPT: ImageCache = ImageCache::new();

/// Reads one part of the image set at `path`: a directory, or an NPZ file.
///
/// Its files are found by name: `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (`t10k-` for the test part), with a
/// dot for the second hyphen and with `.gz` as well; `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` of
/// CIFAR-10, `train.bin` and `test.bin` of CIFAR-100, there or in the folders they are packed in. Where none of these is,
/// it may be one file `*.npz` laid out as those of `MedMNIST`: arrays `train_images` and `train_labels`, or `x_train` and `y_train` (`test` for
/// the test part) of bytes `(N, height, width)` or `(N, height, width, 3)` and of one whole number per image.
///
/// # Errors
/// There is none of these, or a file is cut off, mislabelled, or does not fit its partner.
pub fn read_images(path: &Path, part: Part) -> Result<Arc<Images>, DataError> {
    let format = find(path, part)?;
    let files = format.files();
    let written = files.iter().map(|file| last_written(file)).collect::<Result<Vec<_>, _>>()?;
    KEPT.get(Source { files, part, written }, || format.read(part))
}

fn last_written(file: &Path) -> Result<SystemTime, DataError> {
    let written = std::fs::metadata(file).and_then(|found| found.modified());
    written.map_err(|error| DataError::unreadable(file, &error))
}

/// The files that [`read_images`] reads.
///
/// # Errors
/// There is no image set at `path`.
pub fn image_files(path: &Path, part: Part) -> Result<Vec<PathBuf>, DataError> {
    Ok(find(path, part)?.files())
}

fn find(path: &Path, part: Part) -> Result<Format, DataError> {
    if path.is_file() {
        return if is_npz(path) {
            Ok(Format::Npz(path.to_owned()))
        } else {
            let problem =
                "is neither a directory nor an NPZ file (*.npz); name the directory that holds the image set";
            Err(DataError::invalid(path.display().to_string(), problem))
        };
    }
    if let Some(format) = find_idx(path, part)? {
        return Ok(format);
    }
    if let Some(format) = find_cifar(path, part)? {
        return Ok(format);
    }
    if let Some(file) = find_npz(path)? {
        return Ok(Format::Npz(file));
    }
    Err(DataError::invalid(
        path.display().to_string(),
        format!(
            "holds no image set; {}-images-idx3-ubyte (or .gz) with its labels, a CIFAR binary such as {}, or one *.npz is \
             looked for",
            idx_prefix(part),
            cifar_10_files(part)[0]
        ),
    ))
}

/// Files of CIFAR-10, in order.
fn cifar_10_files(part: Part) -> &'static [&'static str] {
    match part {
        Part::Train => &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        Part::Test => &["test_batch.bin"],
    }
}

/// Files of CIFAR-100.
fn cifar_100_files(part: Part) -> &'static [&'static str] {
    match part {
        Part::Train => &["train.bin"],
        Part::Test => &["test.bin"],
    }
}

fn find_cifar(directory: &Path, part: Part) -> Result<Option<Format>, DataError> {
    for (cifar, names, packed) in [
        (Cifar::Ten, cifar_10_files(part), "cifar-10-batches-bin"),
        (Cifar::Hundred, cifar_100_files(part), "cifar-100-binary"),
    ] {
        for folder in [directory.to_owned(), directory.join(packed)] {
            let files: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
            if files[0].is_file() {
                return match files.iter().find(|file| !file.is_file()) {
                    Some(missing) => Err(missing_beside(missing, &files[0])),
                    None => Ok(Some(Format::Cifar(cifar, files))),
                };
            }
        }
    }
    Ok(None)
}

fn is_npz(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
}

fn find_npz(directory: &Path) -> Result<Option<PathBuf>, DataError> {
    let listed = std::fs::read_dir(directory).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()
    });
    let mut files = listed.map_err(|error| DataError::unreadable(directory, &error))?;
    files.retain(|file| is_npz(file) && file.is_file());
    files.sort();
    match files.as_slice() {
        [] => Ok(None),
        [file] => Ok(Some(file.clone())),
        several => {
            let name = |file: &PathBuf| file.file_name().unwrap_or_default().display().to_string();
            let names = several.iter().map(name).collect::<Vec<_>>().join(", ");
            let problem =
                format!("holds several NPZ files ({names}); name the one to read instead of the directory");
            Err(DataError::invalid(directory.display().to_string(), problem))
        }
    }
}

fn idx_prefix(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Test => "t10k",
    }
}

fn find_idx(directory: &Path, part: Part) -> Result<Option<Format>, DataError> {
    // The first is the usual name.
    let names = |kind: &str, dimensions: u8| {
        let spellings = ["", ".gz"].into_iter().flat_map(|ending| ["-", "."].map(|joint| (joint, ending)));
        let name = |(joint, ending)| {
            directory.join(format!("{}-{kind}{joint}idx{dimensions}-ubyte{ending}", idx_prefix(part)))
        };
        spellings.map(name).collect::<Vec<_>>()
    };
    let (images, labels) = (names("images", 3), names("labels", 1));
    let there = |names: &[PathBuf]| names.iter().find(|file| file.is_file()).cloned();
    match (there(&images), there(&labels)) {
        (None, None) => Ok(None),
        (Some(images), Some(labels)) => Ok(Some(Format::Idx { images, labels })),
        (Some(found), None) => Err(missing_beside(&labels[0], &found)),
        (None, Some(found)) => Err(missing_beside(&images[0], &found)),
    }
}

fn missing_beside(missing: &Path, there: &Path) -> DataError {
    DataError::invalid(missing.display().to_string(), format!("is missing beside {}", there.display()))
}
