//! A finished figure, and its way to pixels and files.

use crate::files::{make_directory, write_marked};
use std::path::{Path, PathBuf};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;

use super::error::FigureError;
use super::pdf;
use super::text::reading_options;

/// Resolution of the written pictures, in dots per inch.
pub const DEFAULT_DPI: f64 = 300.0;

/// A drawn figure with the sentence that belongs under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Id of the figure, such as `F2`.
    pub id: String,
    /// Name of its files, without extension.
    pub file_stem: String,
    /// The vector drawing: text as text, true size in points, scalable.
    pub svg: String,
    /// What it shows, with the measured numbers.
    pub caption: String,
}

/// A kind of file a figure is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Vector drawing with real text.
    Svg,
    /// Picture.
    Png,
    /// Vector drawing with its font embedded.
    Pdf,
}

impl FileFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Svg, Self::Png, Self::Pdf];

    /// Ending of its files' names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

impl Figure {
    /// The figure as PNG bytes on white paper, at `dpi` dots per inch.
    ///
    /// # Errors
    /// The picture cannot be made at this resolution ([`FigureError::Rendering`]).
    pub fn png(&self, dpi: f64) -> Result<Vec<u8>, FigureError> {
        let failure = |reason: &str| FigureError::Rendering { dpi, reason: reason.to_owned() };
        let tree =
            Tree::from_str(&self.svg, &reading_options()).map_err(|error| failure(&error.to_string()))?;
        // The reader turns inches into pixels at the resolution of its options.
        let zoom = dpi / f64::from(reading_options().dpi);
        let side = |length: f32| pixels(f64::from(length) * zoom);
        let (width, height) = (side(tree.size().width()), side(tree.size().height()));
        let mut picture =
            Pixmap::new(width, height).ok_or_else(|| failure("the picture has no pixels or too many"))?;
        picture.fill(Color::WHITE);
        #[expect(clippy::cast_possible_truncation, reason = "the renderer works in single precision")]
        let zoom = zoom as f32;
        resvg::render(&tree, Transform::from_scale(zoom, zoom), &mut picture.as_mut());
        picture.encode_png().map_err(|error| failure(&error.to_string()))
    }

    /// The figure as PDF bytes, at its true size.
    ///
    /// # Errors
    /// The drawing cannot be made a PDF ([`FigureError::Drawing`]).
    pub fn pdf(&self) -> Result<Vec<u8>, FigureError> {
        let options = reading_options();
        Tree::from_str(&self.svg, &options)
            .map_err(|error| error.to_string())
            .and_then(|tree| pdf::pdf(&tree, options.dpi))
            .map_err(FigureError::Drawing)
    }

    /// The figure as the bytes of a file; a picture has `dpi` dots per inch.
    ///
    /// # Errors
    /// As [`Self::png`] and [`Self::pdf`].
    pub fn bytes(&self, format: FileFormat, dpi: f64) -> Result<Vec<u8>, FigureError> {
        match format {
            FileFormat::Svg => Ok(self.svg.clone().into_bytes()),
            FileFormat::Png => self.png(dpi),
            FileFormat::Pdf => self.pdf(),
        }
    }

    /// Writes the figure into `directory`, which is made if need be, once for each format, and returns the paths. Files
    /// are written atomically.
    ///
    /// # Errors
    /// As [`Self::bytes`]; or a file cannot be written ([`FigureError::Unwritable`]).
    pub fn write(
        &self,
        directory: &Path,
        formats: &[FileFormat],
        dpi: f64,
    ) -> Result<Vec<PathBuf>, FigureError> {
        let unwritable = |path: &Path, reason| FigureError::Unwritable { path: path.to_owned(), reason };
        let write = |&format: &FileFormat| {
            let bytes = self.bytes(format, dpi)?;
            make_directory(directory).map_err(|reason| unwritable(directory, reason))?;
            let path = directory.join(format!("{}.{}", self.file_stem, format.extension()));
            write_marked(&path, &bytes).map_err(|reason| unwritable(&path, reason))?;
            Ok(path)
        };
        formats.iter().map(write).collect()
    }
}

fn pixels(length: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let count = length.round() as u32;
    count
}
