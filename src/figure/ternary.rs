//! Outflow shares of three classes in a triangle: what sizes and weights leave open, and where data land in it (I3, I6).

use crate::analysis::{Measure, Record};

use super::canvas::{Anchor, Canvas, Lettering, Point, Stroke, draw_svg};
use super::error::FigureError;
use super::marker::{Shape, draw_filled};
use super::task::Task;
use super::text::widest;
use super::theme::{
    AXIS_WIDTH, CURVE_WIDTH, Colour, GAP, GREY, LINE_HEIGHT, MARGIN, NOTE_SIZE, PAPER, sequence_colour,
};

/// Radius of a dot.
const DOT: f64 = 1.2;
/// Radius of the diamond that marks a data set built for its place.
const DIAMOND: f64 = 3.4;
/// Opacity of what no data can reach.
const OUTSIDE_ALPHA: f64 = 0.10;
/// Colours of the admissible set with its dots, and of the diamonds.
const INSIDE: usize = 0;
const BUILT: usize = 2;

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
    fn place(&self, shares: [f64; 3]) -> Point {
        let along =
            |pick: fn(Point) -> f64| (0..3).map(|class| shares[class] * pick(self.corners[class])).sum();
        (along(|corner| corner.0), along(|corner| corner.1))
    }
}

pub(super) fn draw(task: &Task, built: Option<&str>) -> Result<String, FigureError> {
    let results = task.results;
    let axis = built.and_then(|name| results.experiment.axis(name));
    let place = |record: &Record| axis.and_then(|axis| record.at.get(axis).copied()).unwrap_or(0);
    let dots: Vec<[f64; 3]> =
        results.records.iter().filter(|record| place(record) == 0).filter_map(shares).collect();
    if dots.is_empty() {
        return Err(task.empty("stationary points of three classes"));
    }
    let triangle = Triangle::of(task);
    draw_svg(task.sheet, &task.caption, |canvas| {
        draw_sets(canvas, &triangle)?;
        for shares in dots {
            canvas.disc(triangle.place(shares), DOT, sequence_colour(INSIDE), 0.55)?;
        }
        let labels = axis.map(|axis| results.experiment.axes[axis].labels.as_slice()).unwrap_or_default();
        for (number, label) in labels.iter().enumerate().skip(1) {
            let first = results.records.iter().find(|record| place(record) == number);
            if let Some(shares) = first.and_then(shares) {
                draw_built(canvas, &triangle, shares, label)?;
            }
        }
        draw_words(canvas, &triangle, task.sheet.width)
    })
}

/// The share of each of three classes in all outflow.
fn shares(record: &Record) -> Option<[f64; 3]> {
    let &[a, b, c] = record.all(Measure::Outflow) else { return None };
    let total = a + b + c;
    (total > 0.0).then(|| [a / total, b / total, c / total])
}

fn draw_sets(canvas: &Canvas, triangle: &Triangle) -> Result<(), FigureError> {
    canvas.area(&triangle.corners, GREY, OUTSIDE_ALPHA)?;
    let medial = [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]].map(|shares| triangle.place(shares));
    canvas.area(&medial, PAPER, 1.0)?;
    canvas.outline(&triangle.corners, Stroke::solid(GREY, AXIS_WIDTH))?;
    canvas.outline(&medial, Stroke::solid(sequence_colour(INSIDE), CURVE_WIDTH))
}

/// A data set built for its place, its name beside it, outside the admissible set.
fn draw_built(
    canvas: &Canvas,
    triangle: &Triangle,
    shares: [f64; 3],
    label: &str,
) -> Result<(), FigureError> {
    let colour: Colour = sequence_colour(BUILT);
    let at = triangle.place(shares);
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
        let y = top.1 + (right.1 - top.1) * 0.16 + number as f64 * line;
        canvas.text((x, y), text, inside)?;
    }
    Ok(())
}
