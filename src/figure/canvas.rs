//! A sheet of paper measured in points: lines, areas, discs, markers and text (in the embedded font, the only one) on an SVG
//! drawing.
//!
//! The drawing is made in tenths of a point and its root is then given the true size, so that the file holds
//! real text, prints at that size and still scales on a page.

use super::compact::compact;
use super::render::FigureError;
use super::theme::{CAP_HEIGHT, Colour, FONT_FAMILY, PAPER, THIN_WIDTH, UNITS_PER_POINT};
use crate::text::{is_no_text, one_line};
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, FontTransform, IntoFont, ShapeStyle, TextStyle};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Node, Options, Tree};
use std::sync::{Arc, LazyLock};

/// Horizontal and vertical position in points, from the top left corner of the paper.
pub(super) type Point = (f64, f64);

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    colour: Colour,
    width: f64,
    alpha: f64,
    dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A solid, opaque line.
    pub(super) const fn solid(colour: Colour, width: f64) -> Self {
        Self { colour, width, alpha: 1.0, dash: None }
    }

    /// The same line in dashes: lengths on and off.
    pub(super) const fn dashed(self, dash: (f64, f64)) -> Self {
        Self { dash: Some(dash), ..self }
    }

    /// The same line with an opacity.
    pub(super) const fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    fn style(self) -> ShapeStyle {
        ShapeStyle { color: self.colour.mix(self.alpha), filled: false, stroke_width: length(self.width) }
    }
}

/// Which part of a text is at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its first letter.
    Start,
    /// Its middle.
    Middle,
    /// Its last letter.
    End,
}

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lettering {
    size: f64,
    colour: Colour,
    anchor: Anchor,
    bold: bool,
    upward: bool,
}

impl Lettering {
    /// Regular weight, reading rightwards from its first letter.
    pub(super) const fn new(size: f64, colour: Colour) -> Self {
        Self { size, colour, anchor: Anchor::Start, bold: false, upward: false }
    }

    /// The same lettering with another anchor.
    pub(super) const fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same lettering in bold.
    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same lettering, reading upwards.
    pub(super) const fn upward(self) -> Self {
        Self { upward: true, ..self }
    }
}

/// The paper; made by [`draw_svg`].
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// A sheet of paper: its size in points as it is drawn on, and how many times larger it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sheet {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) zoom: f64,
}

impl Sheet {
    /// A sheet shown at its true size.
    pub(super) const fn paper((width, height): (f64, f64)) -> Self {
        Self { width, height, zoom: 1.0 }
    }

    /// Width and height in points.
    pub(super) const fn size(self) -> (f64, f64) {
        (self.width, self.height)
    }
}

/// Draws on a white sheet and returns the SVG text, which carries `description` for those who cannot see it.
pub(super) fn draw_svg(
    sheet: Sheet,
    description: &str,
    draw: impl FnOnce(&Canvas) -> Result<(), FigureError>,
) -> Result<String, FigureError> {
    let (width, height) = (length(sheet.width), length(sheet.height));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        area.fill(&PAPER).map_err(drawing_error)?;
        let canvas = Canvas { area };
        draw(&canvas)?;
        canvas.area.present().map_err(drawing_error)?;
    }
    let body = svg.split_once('\n').map_or("", |(_root, body)| body);
    let points = |units: u32| (f64::from(units) / UNITS_PER_POINT * sheet.zoom * 100.0).round() / 100.0;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}pt\" height=\"{}pt\" \
         viewBox=\"0 0 {width} {height}\" style=\"max-width:100%;height:auto\" stroke-linejoin=\"round\" \
         role=\"img\" aria-label=\"{}\">\n{body}",
        points(width),
        points(height),
        escape(description),
        body = compact(body),
    ))
}

impl Canvas<'_> {
    /// A line through `points`.
    pub(super) fn line(&self, points: &[Point], stroke: Stroke) -> Result<(), FigureError> {
        let points = units(points);
        match stroke.dash {
            None => self.area.draw(&PathElement::new(points, stroke.style())),
            Some((on, off)) => {
                self.area.draw(&DashedPathElement::new(points, length(on), length(off), stroke.style()))
            }
        }
        .map_err(drawing_error)
    }

    /// A closed line around `corners`.
    pub(super) fn outline(&self, corners: &[Point], stroke: Stroke) -> Result<(), FigureError> {
        // Past the first corner, which gives that one a join like the others.
        self.line(&[corners, &corners[..corners.len().min(2)]].concat(), stroke)
    }

    /// A filled area with the given corners and opacity.
    pub(super) fn area(&self, corners: &[Point], colour: Colour, alpha: f64) -> Result<(), FigureError> {
        let fill = ShapeStyle::from(colour.mix(alpha)).filled();
        self.area.draw(&Polygon::new(units(corners), fill)).map_err(drawing_error)
    }

    /// A filled circle.
    pub(super) fn disc(
        &self,
        centre: Point,
        radius: f64,
        colour: Colour,
        alpha: f64,
    ) -> Result<(), FigureError> {
        let fill = ShapeStyle::from(colour.mix(alpha)).filled();
        self.area.draw(&Circle::new(unit_point(centre), length(radius), fill)).map_err(drawing_error)
    }

    /// The outline of a circle.
    pub(super) fn ring(&self, centre: Point, radius: f64, stroke: Stroke) -> Result<(), FigureError> {
        self.area
            .draw(&Circle::new(unit_point(centre), length(radius), stroke.style()))
            .map_err(drawing_error)
    }

    /// A text; `at` is level with the middle of its capitals.
    pub(super) fn text(&self, (x, y): Point, text: &str, lettering: Lettering) -> Result<(), FigureError> {
        // The backend offsets text by this fraction of its size; of its anchors this is the one that all viewers draw
        // alike.
        const HANG: f64 = 0.76;
        // The backend divides the size it is given by this factor.
        const BACKEND_SIZE: f64 = 1.24;
        let Lettering { size, colour, anchor, bold, upward } = lettering;
        let drop = (HANG - CAP_HEIGHT / 2.0) * size;
        let (position, turn) = if upward {
            ((x - drop, y), FontTransform::Rotate270)
        } else {
            ((x, y - drop), FontTransform::None)
        };
        let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = (FontFamily::Name(FONT_FAMILY), size * UNITS_PER_POINT * BACKEND_SIZE, weight).into_font();
        let across = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = TextStyle::from(font.transform(turn)).color(&colour).pos(Pos::new(across, VPos::Top));
        self.area.draw_text(&one_line(text), &style, unit_point(position)).map_err(drawing_error)
    }
}

fn units(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|&point| unit_point(point)).collect()
}

fn unit_point((x, y): Point) -> (i32, i32) {
    #[expect(clippy::cast_possible_truncation, reason = "a sheet is some thousand units wide")]
    let unit = |points: f64| (points * UNITS_PER_POINT).round() as i32;
    (unit(x), unit(y))
}

/// A length in drawing units; never zero, so that a thin line stays visible.
fn length(points: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are small and positive"
    )]
    let units = (points * UNITS_PER_POINT).round().max(1.0) as u32;
    units
}

fn drawing_error(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../../assets/DejaVuSans.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../assets/DejaVuSans-Bold.ttf").to_vec());
    Arc::new(fonts)
});

/// Parser options with the embedded font only, so that every machine draws the same picture.
pub(super) fn reading_options() -> Options<'static> {
    Options { fontdb: Arc::clone(&FONTS), ..Options::default() }
}

/// Width in points of `text` at `size` points, from the same layout that draws the picture.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    // Laid out large, since the layout rounds nothing but its numbers are single precision.
    const EM: f64 = 100.0;
    let sheet = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\">\
         <text font-family=\"{FONT_FAMILY}\" font-size=\"{EM}\">{}</text></svg>",
        escape(text)
    );
    let Ok(tree) = Tree::from_str(&sheet, &reading_options()) else {
        return 0.0;
    };
    let width = tree.root().children().iter().map(|node| match node {
        Node::Text(text) => f64::from(text.bounding_box().width()),
        _ => 0.0,
    });
    width.sum::<f64>() / EM * size
}

/// Width in points of the widest of `texts` at `size` points.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    texts.into_iter().map(|text| text_width(text, size)).fold(0.0, f64::max)
}

/// `text` with every character replaced that XML or HTML would read as markup, in elements and in attributes between double
/// quotation marks, and with a replacement character for each that commands terminals or turns the direction of text.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other if is_no_text(other) => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Square,
    Diamond,
    Triangle,
}

/// A filled, slightly transparent marker whose area is that of a disc of the given radius.
pub(super) fn draw_filled(
    canvas: &Canvas,
    shape: Shape,
    centre: Point,
    radius: f64,
    colour: Colour,
) -> Result<(), FigureError> {
    const ALPHA: f64 = 0.7;
    draw_mark(canvas, shape, centre, (radius, ALPHA), colour)
}

/// A marker whose area is that of a disc of the given radius, with an opacity.
pub(super) fn draw_mark(
    canvas: &Canvas,
    shape: Shape,
    centre: Point,
    (radius, alpha): (f64, f64),
    colour: Colour,
) -> Result<(), FigureError> {
    match shape {
        Shape::Circle => canvas.disc(centre, radius, colour, alpha),
        Shape::Square => canvas.area(&square(centre, radius), colour, alpha),
        Shape::Diamond => canvas.area(&diamond(centre, radius), colour, alpha),
        Shape::Triangle => canvas.area(&triangle(centre, radius), colour, alpha),
    }
}

/// A light hollow circle, for what is shown in contrast.
pub(super) fn draw_hollow(
    canvas: &Canvas,
    centre: Point,
    radius: f64,
    colour: Colour,
) -> Result<(), FigureError> {
    const ALPHA: f64 = 0.6;
    canvas.ring(centre, radius, Stroke::solid(colour, THIN_WIDTH).alpha(ALPHA))
}

/// A strong circle with a white centre, to mark a point.
pub(super) fn draw_highlight(
    canvas: &Canvas,
    centre: Point,
    radius: f64,
    stroke: Stroke,
) -> Result<(), FigureError> {
    canvas.disc(centre, radius, PAPER, 1.0)?;
    canvas.ring(centre, radius, stroke)
}

fn square((x, y): Point, radius: f64) -> [Point; 4] {
    let half = radius * std::f64::consts::PI.sqrt() / 2.0;
    [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
}

fn diamond((x, y): Point, radius: f64) -> [Point; 4] {
    let half = radius * std::f64::consts::FRAC_PI_2.sqrt();
    [(x - half, y), (x, y - half), (x + half, y), (x, y + half)]
}

/// Equilateral, its centre of mass at the place.
fn triangle((x, y): Point, radius: f64) -> [Point; 3] {
    let side = radius * (4.0 * std::f64::consts::PI / 3.0_f64.sqrt()).sqrt();
    let height = side * 3.0_f64.sqrt() / 2.0;
    let (top, bottom) = (y - 2.0 * height / 3.0, y + height / 3.0);
    [(x, top), (x + side / 2.0, bottom), (x - side / 2.0, bottom)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_grows_with_text_and_size() {
        // DejaVu Sans sets every digit 0.636 em wide.
        assert!((text_width("0", 10.0) - 6.36).abs() < 0.05);
        assert!((text_width("00", 10.0) - 2.0 * text_width("00", 5.0)).abs() < 1e-9);
        assert!(widest(["a", "abc", "ab"], 7.0) > text_width("ab", 7.0));
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
        assert_eq!(escape("a\n\u{1b}\u{202e}"), "a\n\u{fffd}\u{fffd}");
    }
}
