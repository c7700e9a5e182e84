//! A figure as PGF commands: lines and areas as they are, text set by LaTeX in the document's own font.

use super::canvas::reading_options;
use super::latex::latex;
use super::render::{Figure, FigureError};
use resvg::tiny_skia::{Path, PathSegment, Point, Transform};
use resvg::usvg::{self, Group, Node, Paint, Text, TextAnchor, TextChunk, Tree};
use std::fmt::Write;

/// The unit of PGF that is a point of 72 to the inch.
const UNIT: &str = "bp";

/// The whole picture, to be read with `\input` after `\usepackage{pgf}`.
///
/// # Errors
/// The drawing cannot be read ([`FigureError::Drawing`]).
pub(super) fn pgf(figure: &Figure) -> Result<String, FigureError> {
    let options = reading_options();
    let tree =
        Tree::from_str(&figure.svg, &options).map_err(|error| FigureError::Drawing(error.to_string()))?;
    let points = 72.0 / options.dpi;
    let sheet = PgfSheet { points, height: tree.size().height() * points };
    let mut text = format!(
        "% {}: \\input this file; needs \\usepackage{{pgf,amssymb}}.\n\\begin{{pgfpicture}}\n\\pgfpathrectangle{{\\pgfpointorigin}}{{{}}}\n\\pgfusepath{{use as bounding box}}\n",
        figure.file_stem,
        pair(tree.size().width() * points, sheet.height)
    );
    sheet.group(tree.root(), &mut text);
    text.push_str("\\end{pgfpicture}\n");
    Ok(text)
}

/// From the units of the drawing, which grow downwards, to points that grow upwards.
struct PgfSheet {
    points: f32,
    height: f32,
}

impl PgfSheet {
    fn group(&self, group: &Group, text: &mut String) {
        for node in group.children() {
            match node {
                Node::Group(inner) => self.group(inner, text),
                Node::Path(path) => self.path(path, text),
                Node::Text(written) => self.text(written, text),
                Node::Image(_) => {}
            }
        }
    }

    fn place(&self, point: Point) -> String {
        pair(point.x * self.points, self.height - point.y * self.points)
    }

    fn path(&self, path: &usvg::Path, text: &mut String) {
        let Some(outline) = path.data().clone().transform(path.abs_transform()) else { return };
        let mut uses = Vec::new();
        let mut style = String::new();
        if let Some(fill) = path.fill() {
            uses.push("fill");
            let _ = write!(
                style,
                "{}\\pgfsetfillopacity{{{}}}",
                colour("fill", fill.paint()),
                fill.opacity().get()
            );
        }
        if let Some(stroke) = path.stroke() {
            uses.push("stroke");
            let width = stroke.width().get() * scale(path.abs_transform()) * self.points;
            let (opacity, paint) = (stroke.opacity().get(), colour("stroke", stroke.paint()));
            let _ = write!(
                style,
                "{paint}\\pgfsetstrokeopacity{{{opacity}}}\\pgfsetlinewidth{{{width:.3}{UNIT}}}\\pgfsetroundjoin"
            );
        }
        if uses.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\\begin{{pgfscope}}{style}{}\\pgfusepath{{{}}}\\end{{pgfscope}}",
            self.outline(&outline),
            uses.join(",")
        );
    }

    fn outline(&self, path: &Path) -> String {
        let mut last = Point::zero();
        let mut text = String::new();
        for segment in path.segments() {
            let (command, end) = match segment {
                PathSegment::MoveTo(to) => (format!("\\pgfpathmoveto{{{}}}", self.place(to)), to),
                PathSegment::LineTo(to) => (format!("\\pgfpathlineto{{{}}}", self.place(to)), to),
                PathSegment::QuadTo(over, to) => {
                    // As a cubic curve: its handles are two thirds of the way.
                    let towards = |from: Point| {
                        Point::from_xy(
                            from.x + (over.x - from.x) * 2.0 / 3.0,
                            from.y + (over.y - from.y) * 2.0 / 3.0,
                        )
                    };
                    (self.curve([towards(last), towards(to), to]), to)
                }
                PathSegment::CubicTo(first, second, to) => (self.curve([first, second, to]), to),
                PathSegment::Close => ("\\pgfpathclose".to_owned(), last),
            };
            text += &command;
            last = end;
        }
        text
    }

    fn curve(&self, points: [Point; 3]) -> String {
        let [first, second, to] = points.map(|point| self.place(point));
        format!("\\pgfpathcurveto{{{first}}}{{{second}}}{{{to}}}")
    }

    /// Every chunk at its own place, at its baseline.
    fn text(&self, written: &Text, text: &mut String) {
        let transform = written.abs_transform();
        for chunk in written.chunks() {
            let Some(span) = chunk.spans().first() else { continue };
            let mut at = Point::from_xy(chunk.x().unwrap_or(0.0), chunk.y().unwrap_or(0.0));
            if let Some(&drop) = written.dy().first() {
                at.y += drop;
            }
            transform.map_point(&mut at);
            let size = span.font_size().get() * scale(transform) * self.points;
            let fill = span.fill().map(|fill| colour("", fill.paint())).unwrap_or_default();
            let weight = if span.font().weight() >= 600 { "\\bfseries" } else { "" };
            let _ = writeln!(
                text,
                "\\pgftext[at={{{}}},base{}{}]{{{fill}\\fontsize{{{size:.2}}}{{{:.2}}}\\selectfont{weight} {}}}",
                self.place(at),
                anchor(chunk),
                turn(transform),
                1.2 * size,
                latex(chunk.text().trim())
            );
        }
    }
}

fn anchor(chunk: &TextChunk) -> &'static str {
    match chunk.anchor() {
        TextAnchor::Start => ",left",
        TextAnchor::Middle => "",
        TextAnchor::End => ",right",
    }
}

/// Degrees against the clock; nothing for text that reads rightwards.
fn turn(transform: Transform) -> String {
    let degrees = -transform.ky.atan2(transform.sx).to_degrees();
    if degrees.abs() < 0.01 { String::new() } else { format!(",rotate={degrees:.0}") }
}

/// By how much lengths grow; drawings are turned and zoomed, not sheared.
fn scale(transform: Transform) -> f32 {
    transform.sx.hypot(transform.ky)
}

fn pair(x: f32, y: f32) -> String {
    format!("\\pgfqpoint{{{x:.2}{UNIT}}}{{{y:.2}{UNIT}}}")
}

/// The command that sets a colour of lines (`stroke`), of areas (`fill`) or of text (neither).
fn colour(of: &str, paint: &Paint) -> String {
    let Paint::Color(colour) = paint else { return String::new() };
    let rgb = format!("{},{},{}", colour.red, colour.green, colour.blue);
    if of.is_empty() {
        return format!("\\color[RGB]{{{rgb}}}");
    }
    format!("\\definecolor{{ink}}{{RGB}}{{{rgb}}}\\pgfset{of}color{{ink}}")
}
