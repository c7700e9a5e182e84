//! A finished figure, and its way to pixels and files. A PDF has the same bytes every time.
//!
//! The converter to PDF keeps fonts and resources in hash maps, so their order changes from one conversion to the next.
//! Resources are sorted afterwards, and a conversion whose fonts come in another order is repeated.

use super::canvas::reading_options;
use super::latex::include_file;
use super::pgf::pgf;
use crate::files::{make_directory, write_marked};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;
use std::path::{Path, PathBuf};
use svg2pdf::{ConversionOptions, PageOptions, to_pdf};
use thiserror::Error;

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
    /// What puts the PDF with its caption into a LaTeX document.
    Tex,
    /// The caption.
    Txt,
    /// PGF commands, whose text LaTeX sets in the document's own font.
    Pgf,
}

impl FileFormat {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Svg, Self::Png, Self::Pdf, Self::Tex, Self::Txt, Self::Pgf];

    /// Ending of its files' names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
            Self::Tex => "tex",
            Self::Txt => "txt",
            Self::Pgf => "pgf",
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
            .and_then(|tree| pdf(&tree, options.dpi))
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
            FileFormat::Tex => Ok(include_file(self).into_bytes()),
            FileFormat::Txt => Ok(format!("{}\n", self.caption).into_bytes()),
            FileFormat::Pgf => pgf(self).map(String::into_bytes),
        }
    }

    /// Width on paper.
    pub(super) fn width_in_points(&self) -> f64 {
        let width = self.svg.split_once("width=\"").and_then(|(_, rest)| rest.split_once("pt\""));
        width.and_then(|(width, _)| width.parse().ok()).unwrap_or(0.0)
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

/// Two fonts come in order every other time, so this many conversions suffice.
const MAX_CONVERSIONS: usize = 200;

/// The PDF of a drawing that was read at `dpi`.
pub(super) fn pdf(tree: &Tree, dpi: f32) -> Result<Vec<u8>, String> {
    for _ in 0..MAX_CONVERSIONS {
        let mut bytes = to_pdf(tree, ConversionOptions::default(), PageOptions { dpi })
            .map_err(|error| error.to_string())?;
        if fonts_in_order(&bytes) {
            sort_resources(&mut bytes);
            return Ok(bytes);
        }
    }
    Err("the fonts never came in order".to_owned())
}

/// Whether fonts are written in the order of their names.
fn fonts_in_order(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"/BaseFont /";
    /// Letters and plus sign before the name of an embedded font.
    const TAG: usize = 7;
    let name = |place: usize| {
        let rest = bytes.get(place + KEY.len() + TAG..).unwrap_or_default();
        let end = rest.iter().position(|byte| b" \n/".contains(byte)).unwrap_or(rest.len());
        &rest[..end]
    };
    let places = (0..bytes.len().saturating_sub(KEY.len())).filter(|&place| bytes[place..].starts_with(KEY));
    places.map(name).is_sorted()
}

/// Sorts every run of lines that each name one resource. Lines only change places, so that offsets stay true.
fn sort_resources(bytes: &mut [u8]) {
    let mut start = 0;
    let mut run: Vec<(usize, usize)> = Vec::new();
    while start < bytes.len() {
        let end =
            bytes[start..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| start + at + 1);
        if names_a_resource(&bytes[start..end]) {
            run.push((start, end));
        } else {
            sort_lines(bytes, &std::mem::take(&mut run));
        }
        start = end;
    }
}

/// `/gs12 34 0 R`, indented.
fn names_a_resource(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[name, number, "0", "R"] = words.as_slice() else { return false };
    let numbered = name.trim_end_matches(|c: char| c.is_ascii_digit());
    text.starts_with(' ')
        && numbered.len() < name.len()
        && numbered.starts_with('/')
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn sort_lines(bytes: &mut [u8], run: &[(usize, usize)]) {
    let (Some(&(first, _)), Some(&(_, last))) = (run.first(), run.last()) else { return };
    let mut lines: Vec<Vec<u8>> = run.iter().map(|&(start, end)| bytes[start..end].to_vec()).collect();
    lines.sort();
    bytes[first..last].copy_from_slice(&lines.concat());
}

/// Errors of a figure; each message says what, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A record that holds nothing to draw.
    #[error("figure {figure}: the record has no {missing}; run the analysis that fills it")]
    Empty {
        /// Id of the figure.
        figure: String,
        /// What the record lacks.
        missing: &'static str,
    },
    /// A value that the figure cannot show.
    #[error("figure {figure}, {place}: {problem}")]
    Invalid {
        /// Id of the figure.
        figure: String,
        /// Where in the record.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// The vector drawing could not be made.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// The picture could not be made from the vector drawing.
    #[error("cannot turn the drawing into a picture at {dpi} dpi: {reason}")]
    Rendering {
        /// Dots per inch asked for.
        dpi: f64,
        /// What the renderer said.
        reason: String,
    },
    /// A file that could not be written.
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: std::io::Error,
    },
}

impl FigureError {
    /// An [`FigureError::Invalid`] from its texts.
    pub(super) fn invalid(figure: &str, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { figure: figure.to_owned(), place: place.into(), problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_sorted_in_place() {
        let mut bytes = b"<<\n  /gs2 5 0 R\n  /gs0 12 0 R\n  /gs1 7 0 R\n>>\n  /Length 3 0 R\n".to_vec();
        sort_resources(&mut bytes);
        assert_eq!(bytes, b"<<\n  /gs0 12 0 R\n  /gs1 7 0 R\n  /gs2 5 0 R\n>>\n  /Length 3 0 R\n");
    }

    #[test]
    fn fonts_are_known_by_their_names() {
        let font = |tag: &str, name: &str| format!("/BaseFont /{tag}+{name}\n");
        let text = |fonts: [String; 2]| fonts.concat().into_bytes();
        assert!(fonts_in_order(&text([font("ZZZZZZ", "Sans"), font("AAAAAA", "Sans-Bold")])));
        assert!(!fonts_in_order(&text([font("AAAAAA", "Sans-Bold"), font("ZZZZZZ", "Sans")])));
    }
}
