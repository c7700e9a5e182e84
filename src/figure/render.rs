//! A finished figure, and its way to pixels and files.

use crate::files::write_whole;
use std::path::{Path, PathBuf};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;

use super::error::FigureError;
use super::text::reading_options;

/// Resolution of the written pictures, in dots per inch.
pub const DEFAULT_DPI: f64 = 300.0;

/// A drawn figure with the sentence that belongs under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Id of the figure, such as `F2`.
    pub id: &'static str,
    /// Name of its files, without extension.
    pub file_stem: String,
    /// The vector drawing: real text, true size in points, scalable.
    pub svg: String,
    /// What it shows, with the measured numbers.
    pub caption: String,
}

/// The files that [`Figure::write`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureFiles {
    /// The vector drawing.
    pub svg: PathBuf,
    /// The picture at [`DEFAULT_DPI`].
    pub png: PathBuf,
}

impl Figure {
    /// The figure as PNG bytes on white paper, at `dpi` dots per inch.
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

    /// Writes `<file_stem>.svg` and `<file_stem>.png` into `directory`, which is made if need be. A file
    /// appears whole or not at all.
    pub fn write(&self, directory: &Path) -> Result<FigureFiles, FigureError> {
        let png = self.png(DEFAULT_DPI)?;
        std::fs::create_dir_all(directory)
            .map_err(|reason| FigureError::Unwritable { path: directory.to_owned(), reason })?;
        let file = |extension: &str| directory.join(format!("{}.{extension}", self.file_stem));
        let files = FigureFiles { svg: file("svg"), png: file("png") };
        for (path, bytes) in [(&files.svg, self.svg.as_bytes()), (&files.png, &png)] {
            write_whole(path, bytes)
                .map_err(|reason| FigureError::Unwritable { path: path.clone(), reason })?;
        }
        Ok(files)
    }
}

fn pixels(length: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let count = length.round() as u32;
    count
}
