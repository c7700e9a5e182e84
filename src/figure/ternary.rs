//! Outflow shares of three classes in a triangle: the admissible set, and the outflows of data within it (I3, I6).

use super::canvas::{Anchor, Canvas, Lettering, Point, Shape, Stroke, draw_filled, draw_svg, widest};
use super::draw::Task;
use super::outflows::{BUILT, DIAMOND, INSIDE, Landed, OUTSIDE_ALPHA, OutflowFractions, place};
use super::render::FigureError;
use super::theme::{
    AXIS_WIDTH, CURVE_WIDTH, Colour, GAP, GREY, LINE_HEIGHT, MARGIN, NOTE_SIZE, PAPER, sequence_colour,
};

/// Radius of a dot.
const DOT: f64 = 1.2;
/// Radius of the dot for all problems of two classes.
const TWICE_DOT: f64 = 2.4;
/// How far down the triangle the words beside it begin.
const HEIGHT_OF_WORDS: f64 = 0.16;

/// The triangle on the paper.
struct Triangle {
    /// Where all outflow is that of class 0, 1, 2.
    corners: [Point; 3],
}

impl Triangle {
    fn of(task: &Task) -> Self {
        let line = NOTE_SIZE * LINE_HEIGHT;
        let (top, bottom) = (MARGIN + line + GAP, task.sheet.height - MARGIN - 2.0 * line - GAP);
        // An equilateral triangle as large as height and width allow.
        let side = ((bottom - top) * 2.0 / 3.0_f64.sqrt()).min(task.sheet.width - 2.0 * MARGIN);
        let (left, height) = ((task.sheet.width - side) / 2.0, side * 3.0_f64.sqrt() / 2.0);
        Self { corners: [(left, top + height), (left + side, top + height), (left + side / 2.0, top)] }
    }

    /// The place of shares that sum to one.
    fn place(&self, fractions: OutflowFractions<3>) -> Point {
        place(self.corners, fractions)
    }
}

pub(super) fn draw(task: &Task, built: Option<&str>) -> Result<String, FigureError> {
    let landed = Landed::<3>::of(task, built)?;
    let triangle = Triangle::of(task);
    draw_svg(task.sheet, &task.caption, |canvas| {
        draw_sets(canvas, &triangle)?;
        for fractions in landed.dots {
            canvas.disc(triangle.place(fractions), DOT, sequence_colour(INSIDE), 0.55)?;
        }
        for (label, fractions) in &landed.built {
            draw_built(canvas, &triangle, *fractions, label)?;
        }
        draw_two_classes(canvas, &triangle)?;
        draw_words(canvas, &triangle, task.sheet.width)
    })
}

fn draw_sets(canvas: &Canvas, triangle: &Triangle) -> Result<(), FigureError> {
    canvas.area(&triangle.corners, GREY, OUTSIDE_ALPHA)?;
    let medial =
        [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]].map(|fractions| triangle.place(fractions));
    canvas.area(&medial, PAPER, 1.0)?;
    canvas.outline(&triangle.corners, Stroke::solid(GREY, AXIS_WIDTH))?;
    canvas.outline(&medial, Stroke::solid(sequence_colour(INSIDE), CURVE_WIDTH))
}

/// A data set built for its place, its name beside it, outside the admissible set.
fn draw_built(
    canvas: &Canvas,
    triangle: &Triangle,
    fractions: OutflowFractions<3>,
    label: &str,
) -> Result<(), FigureError> {
    let colour: Colour = sequence_colour(BUILT);
    let at = triangle.place(fractions);
    draw_filled(canvas, Shape::Diamond, at, DIAMOND, colour)?;
    let middle = f64::midpoint(triangle.corners[0].0, triangle.corners[1].0);
    let beside = DIAMOND + GAP;
    let (place, anchor) = match at.0 - middle {
        off if off < -DIAMOND => ((at.0 - beside, at.1), Anchor::End),
        off if off > DIAMOND => ((at.0 + beside, at.1), Anchor::Start),
        _ => ((at.0, at.1 + beside + NOTE_SIZE / 2.0), Anchor::Middle),
    };
    canvas.text(place, label, Lettering::new(NOTE_SIZE, colour).anchored(anchor))
}

/// The set of two classes, upper left: of all that a segment holds, its middle.
fn draw_two_classes(canvas: &Canvas, triangle: &Triangle) -> Result<(), FigureError> {
    let line = NOTE_SIZE * LINE_HEIGHT;
    let words = Lettering::new(NOTE_SIZE, sequence_colour(INSIDE));
    let top = triangle.corners[2].1 + (triangle.corners[0].1 - triangle.corners[2].1) * HEIGHT_OF_WORDS;
    let text = ["with two classes", "a single point:"];
    let width = widest(text, NOTE_SIZE);
    for (number, text) in text.into_iter().enumerate() {
        canvas.text((MARGIN, top + number as f64 * line), text, words)?;
    }
    let y = top + 2.0 * line + GAP;
    let (left, right) = (MARGIN + DOT, MARGIN + width - DOT);
    let middle = (f64::midpoint(left, right), y);
    canvas.line(&[(left, y), (right, y)], Stroke::solid(GREY, CURVE_WIDTH))?;
    canvas.disc(middle, TWICE_DOT, sequence_colour(INSIDE), 1.0)?;
    let (below, ends) = (y + line, Lettering::new(NOTE_SIZE, GREY));
    canvas.text((MARGIN, below), "class 0", ends)?;
    canvas.text((MARGIN + width, below), "class 1", ends.anchored(Anchor::End))
}

fn draw_words(canvas: &Canvas, triangle: &Triangle, sheet_width: f64) -> Result<(), FigureError> {
    let line = NOTE_SIZE * LINE_HEIGHT;
    let [left, right, top] = triangle.corners;
    let words = Lettering::new(NOTE_SIZE, GREY);
    canvas.text((top.0, top.1 - line), "only class 2 falls short", words.anchored(Anchor::Middle))?;
    let below = left.1 + GAP + line / 2.0;
    for (number, text) in ["only class 0", "falls short"].into_iter().enumerate() {
        canvas.text((left.0, below + number as f64 * line), text, words)?;
    }
    for (number, text) in ["only class 1", "falls short"].into_iter().enumerate() {
        canvas.text((right.0, below + number as f64 * line), text, words.anchored(Anchor::End))?;
    }
    let inside = Lettering::new(NOTE_SIZE, sequence_colour(INSIDE));
    let lines = ["admissible: no class", "loses more than", "the others together"];
    // Outside the triangle, flush with the sheet's margin.
    let room = widest(lines, NOTE_SIZE);
    let x = sheet_width - MARGIN - room;
    for (number, text) in lines.into_iter().enumerate() {
        let y = top.1 + (right.1 - top.1) * HEIGHT_OF_WORDS + number as f64 * line;
        canvas.text((x, y), text, inside)?;
    }
    Ok(())
}
