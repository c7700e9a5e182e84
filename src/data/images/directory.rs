//! Image sets by the names that their files usually have.

use super::cifar::Cifar;
use super::kept::{KeptSets, Source};
use super::{Images, idx};
use crate::data::DataError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The images to learn from, or those to test with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
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
}

/// Reads one part of the image set in `directory`.
///
/// Its files are found by name: `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (`t10k-` for the test part), with a
/// dot for the second hyphen and with `.gz` as well; `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` of
/// CIFAR-10, `train.bin` and `test.bin` of CIFAR-100, there or in the folders they are packed in.
///
/// Fails when there is none of these, and when a file is cut off, mislabelled, or does not fit its partner.
pub fn read_images(directory: &Path, part: Part) -> Result<Arc<Images>, DataError> {
    let format = find(directory, part)?;
    let files = format.files();
    let written = files.iter().map(|file| last_written(file)).collect::<Result<Vec<_>, _>>()?;
    KEPT.get(Source { files, part, written }, || format.read())
}

static KEPT: KeptSets = KeptSets::new();

fn last_written(file: &Path) -> Result<SystemTime, DataError> {
    let written = std::fs::metadata(file).and_then(|found| found.modified());
    written.map_err(|error| DataError::unreadable(file, &error))
}

impl Format {
    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Idx { images, labels } => vec![images.clone(), labels.clone()],
            Self::Cifar(_, files) => files.clone(),
        }
    }

    fn read(&self) -> Result<Images, DataError> {
        match self {
            Self::Idx { images, labels } => idx::read(images, labels),
            Self::Cifar(cifar, files) => cifar.read(files),
        }
    }
}

/// The files that [`read_images`] reads.
pub fn image_files(directory: &Path, part: Part) -> Result<Vec<PathBuf>, DataError> {
    Ok(find(directory, part)?.files())
}

fn find(directory: &Path, part: Part) -> Result<Format, DataError> {
    if let Some(format) = find_idx(directory, part)? {
        return Ok(format);
    }
    let folders = |packed: &str| [directory.to_owned(), directory.join(packed)];
    let (ten, hundred): (Vec<&str>, &str) = match part {
        Part::Train => (
            vec![
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
            ],
            "train.bin",
        ),
        Part::Test => (vec!["test_batch.bin"], "test.bin"),
    };
    for (cifar, names, packed) in [
        (Cifar::Ten, ten.as_slice(), "cifar-10-batches-bin"),
        (Cifar::Hundred, &[hundred], "cifar-100-binary"),
    ] {
        for folder in folders(packed) {
            let files: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
            if files[0].is_file() {
                return match files.iter().find(|file| !file.is_file()) {
                    Some(missing) => Err(missing_beside(missing, &files[0])),
                    None => Ok(Format::Cifar(cifar, files)),
                };
            }
        }
    }
    Err(DataError::invalid(
        directory.display().to_string(),
        format!(
            "holds no image set; {}-images-idx3-ubyte (or .gz) with its labels, or a CIFAR binary such as {} is looked for",
            idx_prefix(part),
            ten[0]
        ),
    ))
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
