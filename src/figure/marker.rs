//! Shapes that mark one measurement.

use super::canvas::{Canvas, Point, Stroke};
use super::error::FigureError;
use super::theme::{Colour, PAPER, THIN_WIDTH};

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Square,
    Diamond,
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
    match shape {
        Shape::Circle => canvas.disc(centre, radius, colour, ALPHA),
        Shape::Square => canvas.area(&square(centre, radius), colour, ALPHA),
        Shape::Diamond => canvas.area(&diamond(centre, radius), colour, ALPHA),
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
