//! Outflow shares of four classes: a tetrahedron seen along the line through the middles of two opposite edges (I3).
//!
//! Its corners then are those of a square, and the admissible set, the octahedron in which no share exceeds one half, casts
//! the shadow of the square through the middles of the sides. Colour is depth: the share of classes 0 and 2 together.

use super::axes::Frame;
use super::canvas::{Anchor, Canvas, Lettering, Point, Shape, Stroke, draw_filled, draw_svg};
use super::draw::Task;
use super::head;
use super::outflows::{BUILT, DIAMOND, INSIDE, Landed, OUTSIDE_ALPHA, OutflowFractions, place};
use super::render::FigureError;
use super::theme::{
    AXIS_WIDTH, CURVE_WIDTH, GAP, GREY, LINE_HEIGHT, MARGIN, NOTE_SIZE, PAPER, THIN_WIDTH, sequence_colour,
    sequential_colour,
};

/// Radius of a dot.
const DOT: f64 = 1.5;
/// Space between the square and the colour bar.
const BAR_GAP: f64 = 20.0;

/// The square on the paper.
struct Square {
    frame: Frame,
}

impl Square {
    fn of(task: &Task) -> Self {
        let line = NOTE_SIZE * LINE_HEIGHT;
        let words = 2.0 * line + GAP;
        let (top, left) = (MARGIN + words + line + GAP, MARGIN + line + GAP);
        let width = task.sheet.width - left - BAR_GAP - head::colour_bar_room() - MARGIN;
        let side = width.min(task.sheet.height - top - words - MARGIN);
        let left = left + (width - side) / 2.0;
        Self { frame: Frame { left, top, right: left + side, bottom: top + side } }
    }

    /// Where all outflow is that of class 0, 1, 2, 3: lower left, and on against the clock.
    fn corners(&self) -> [Point; 4] {
        let Frame { left, top, right, bottom } = self.frame;
        [(left, bottom), (right, bottom), (right, top), (left, top)]
    }

    /// The place of shares that sum to one.
    fn place(&self, fractions: OutflowFractions<4>) -> Point {
        place(self.corners(), fractions)
    }
}

pub(super) fn draw(task: &Task, built: Option<&str>) -> Result<String, FigureError> {
    let landed = Landed::<4>::of(task, built)?;
    let square = Square::of(task);
    draw_svg(task.sheet, &task.caption, |canvas| {
        draw_sets(canvas, &square)?;
        for &fractions in &landed.dots {
            let at = square.place(fractions);
            canvas.disc(at, DOT, sequential_colour(fractions[0] + fractions[2]), 1.0)?;
            canvas.ring(at, DOT, Stroke::solid(GREY, THIN_WIDTH / 2.0))?;
        }
        for (label, fractions) in &landed.built {
            draw_built(canvas, &square, *fractions, label)?;
        }
        draw_words(canvas, &square)?;
        let Frame { top, right, bottom, .. } = square.frame;
        let left = right + BAR_GAP;
        let bar = Frame { left, top, right: left + head::COLOUR_BAR_WIDTH, bottom };
        head::draw_colour_bar(canvas, bar, "share of classes 0 and 2")
    })
}

fn draw_sets(canvas: &Canvas, square: &Square) -> Result<(), FigureError> {
    let corners = square.corners();
    canvas.area(&corners, GREY, OUTSIDE_ALPHA)?;
    let middle = |one: usize, other: usize| {
        let mut fractions = [0.0; 4];
        (fractions[one], fractions[other]) = (0.5, 0.5);
        square.place(fractions)
    };
    let shadow = [middle(0, 1), middle(1, 2), middle(2, 3), middle(3, 0)];
    canvas.area(&shadow, PAPER, 1.0)?;
    canvas.outline(&corners, Stroke::solid(GREY, AXIS_WIDTH))?;
    // The two edges of the tetrahedron that cross, one in front of the other.
    canvas.line(&[corners[0], corners[2]], Stroke::solid(GREY, THIN_WIDTH))?;
    canvas.line(&[corners[1], corners[3]], Stroke::solid(GREY, THIN_WIDTH))?;
    canvas.outline(&shadow, Stroke::solid(sequence_colour(INSIDE), CURVE_WIDTH))
}

/// A data set built for its place on a side of the square, its name outside.
fn draw_built(
    canvas: &Canvas,
    square: &Square,
    fractions: OutflowFractions<4>,
    label: &str,
) -> Result<(), FigureError> {
    let at = square.place(fractions);
    let colour = sequence_colour(BUILT);
    draw_filled(canvas, Shape::Diamond, at, DIAMOND, colour)?;
    let Frame { left, top, right, bottom } = square.frame;
    let outside = GAP + DIAMOND + NOTE_SIZE / 2.0;
    let sides = [
        (at.0 - left, (left - outside, at.1), true),
        (right - at.0, (right + outside, at.1), true),
        (at.1 - top, (at.0, top - outside), false),
        (bottom - at.1, (at.0, bottom + outside), false),
    ];
    let nearest = sides.into_iter().reduce(|best, side| if side.0 < best.0 { side } else { best });
    let Some((_, place, upward)) = nearest else { return Ok(()) };
    let lettering = Lettering::new(NOTE_SIZE, colour).anchored(Anchor::Middle);
    canvas.text(place, label, if upward { lettering.upward() } else { lettering })
}

fn draw_words(canvas: &Canvas, square: &Square) -> Result<(), FigureError> {
    let line = NOTE_SIZE * LINE_HEIGHT;
    let words = Lettering::new(NOTE_SIZE, GREY);
    for (class, (x, y)) in square.corners().into_iter().enumerate() {
        let (anchor, towards) = (
            if x > square.frame.left { Anchor::End } else { Anchor::Start },
            if y > square.frame.top { 1.0 } else { -1.0 },
        );
        let (near, far) = (y + towards * (GAP + line / 2.0), y + towards * (GAP + 1.5 * line));
        let (upper, lower) = if towards > 0.0 { (near, far) } else { (far, near) };
        canvas.text((x, upper), &format!("only class {class}"), words.anchored(anchor))?;
        canvas.text((x, lower), "falls short", words.anchored(anchor))?;
    }
    let centre = f64::midpoint(square.frame.left, square.frame.right);
    let inside = Lettering::new(NOTE_SIZE, sequence_colour(INSIDE)).anchored(Anchor::Middle);
    let above = square.frame.top - GAP - 2.5 * line - GAP;
    canvas.text((centre, above), "admissible: inside the diamond", inside)
}
