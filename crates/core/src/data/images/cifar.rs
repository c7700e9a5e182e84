//! CIFAR binaries: records of one label byte (CIFAR-10) or two (CIFAR-100: coarse, fine), then 32 x 32 pixels in three
//! channels (A. Krizhevsky, 2009).

use super::{ImageShape, Images};
use crate::data::DataError;
use crate::files::read_input;
use std::path::{Path, PathBuf};

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cifar {
    Ten,
    Hundred,
}

impl Cifar {
    fn label_bytes(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }

    fn classes(self) -> u8 {
        match self {
            Self::Ten => 10,
            Self::Hundred => 100,
        }
    }

    /// Reads files one after the other; CIFAR-100 by its fine labels.
    pub(super) fn read(self, files: &[PathBuf]) -> Result<Images, DataError> {
        let (mut pixels, mut classes) = (Vec::new(), Vec::new());
        for path in files {
            self.append(path, &mut pixels, &mut classes)?;
        }
        Images::new(SHAPE, pixels, classes)
    }

    fn append(self, path: &Path, pixels: &mut Vec<u8>, classes: &mut Vec<u8>) -> Result<(), DataError> {
        let place = || path.display().to_string();
        let bytes = read_input(path).map_err(|error| DataError::unreadable(path, &error))?;
        let length = self.label_bytes() + SHAPE.values();
        if bytes.is_empty() || !bytes.len().is_multiple_of(length) {
            let problem = format!(
                "holds {} bytes, which are no whole number of images ({length} bytes each); copy the file again",
                bytes.len()
            );
            return Err(DataError::invalid(place(), problem));
        }
        for (image, record) in bytes.chunks_exact(length).enumerate() {
            let class = record[self.label_bytes() - 1];
            if class >= self.classes() {
                let last = self.classes() - 1;
                let problem = format!("class {class}, but classes are 0 to {last}; is it the right file?");
                return Err(DataError::invalid(format!("{}, image {image}", place()), problem));
            }
            classes.push(class);
            pixels.extend(&record[self.label_bytes()..]);
        }
        Ok(())
    }
}
