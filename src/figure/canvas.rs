//! A sheet of paper measured in points: lines, areas, discs and text on an SVG drawing.
//!
//! The drawing is made in tenths of a point and its root is then given the true size, so that the file holds
//! real text, prints at that size and still scales on a page.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, FontTransform, IntoFont, ShapeStyle, TextStyle};

use super::error::FigureError;
use super::escape::escape;
use super::theme::{CAP_HEIGHT, Colour, FONT_FAMILY, PAPER, UNITS_PER_POINT};
use crate::text::one_line;

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
    let points = |units: u32| f64::from(units) / UNITS_PER_POINT * sheet.zoom;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}pt\" height=\"{}pt\" \
         viewBox=\"0 0 {width} {height}\" style=\"max-width:100%;height:auto\" stroke-linejoin=\"round\" \
         role=\"img\" aria-label=\"{}\">\n{body}",
        points(width),
        points(height),
        escape(description),
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
