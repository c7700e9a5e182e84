//! The decision line of a binary head as it moves along a sweep, and the centroids that coincide on it (B4).

use crate::analysis::Measure;

use super::axes::Frame;
use super::canvas::{Anchor, Lettering, Point, Stroke, draw_svg, widest};
use super::draw::Task;
use super::head::{Head, HeadItem};
use super::plane::{Logits, Window, first_draw};
use super::render::FigureError;
use super::theme::{
    CAP_HEIGHT, CURVE_WIDTH, Colour, GAP, GREY, INK, LETTER_SIZE, LINE_HEIGHT, MARGIN, NOTE_SIZE, TICK_SIZE,
    sequence_colour, sequential_colour,
};

/// Samples of each class that are drawn.
const SAMPLES: usize = 150;
/// Radius of the ring that marks the centroid of the positives.
const RING: f64 = 2.8;
/// Radius of the dot that marks that of the negatives.
const DOT: f64 = 1.3;
/// The lightest and the darkest shade of a line.
const SHADES: (f64, f64) = (0.35, 1.0);

/// A line of the sweep.
struct BoundaryLine {
    label: String,
    colour: Colour,
    logits: Logits,
    centroids: [Point; 2],
}

pub(super) fn draw(task: &Task, half_width: f64, along: &str, label: &str) -> Result<String, FigureError> {
    let dataset = first_draw(task.results).ok_or_else(|| task.empty("samples in a plane"))?;
    let boundaries = boundaries(task, along);
    if boundaries.is_empty() {
        return Err(task.empty("binary heads over two features"));
    }
    let names = || boundaries.iter().map(|boundary| boundary.label.as_str()).chain([label]);
    let right = GAP + widest(names(), NOTE_SIZE) + MARGIN;
    let left = MARGIN + TICK_SIZE + GAP;
    let words = "lines: decision boundaries   dots: positives and negatives   ring on dot: residual-weighted centroids";
    let head = Head::wrapped(HeadItem::words(words), task.sheet.width - left - MARGIN);
    let top = MARGIN + NOTE_SIZE * LINE_HEIGHT + head.further_lines() + GAP;
    let bottom = task.sheet.height - MARGIN - TICK_SIZE - GAP;
    // A square as large as the sheet allows.
    let side = (task.sheet.width - left - right).min(bottom - top);
    let window = Window { frame: Frame { left, top, right: left + side, bottom: top + side }, half_width };
    draw_svg(task.sheet, &task.caption, |canvas| {
        head.draw(canvas, (left, MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0))?;
        window.draw_samples(canvas, &dataset, SAMPLES, class_colour)?;
        for boundary in &boundaries {
            if let Some(ends) = boundary.logits.boundary(1, 0, half_width) {
                canvas
                    .line(&ends.map(|end| window.place(end)), Stroke::solid(boundary.colour, CURVE_WIDTH))?;
            }
        }
        for boundary in &boundaries {
            let [negatives, positives] = boundary.centroids.map(|centroid| window.place(centroid));
            canvas.disc(positives, RING, super::theme::PAPER, 0.85)?;
            canvas.ring(positives, RING, Stroke::solid(boundary.colour, CURVE_WIDTH))?;
            canvas.disc(negatives, DOT, boundary.colour, 1.0)?;
        }
        window.draw_frame(canvas, [true, true])?;
        draw_labels(canvas, window, &boundaries, label)
    })
}

/// Negatives and positives.
fn class_colour(class: usize) -> Colour {
    if class == 1 { sequence_colour(2) } else { GREY }
}

fn boundaries(task: &Task, along: &str) -> Vec<BoundaryLine> {
    let results = task.results;
    let Some(axis) = results.experiment.axis(along) else { return Vec::new() };
    let labels = &results.experiment.axes[axis].labels;
    let shade = |place: usize| {
        let fraction = place as f64 / labels.len().saturating_sub(1).max(1) as f64;
        sequential_colour(SHADES.0 + fraction * (SHADES.1 - SHADES.0))
    };
    let boundary = |(place, label): (usize, &String)| {
        let here = |record: &&crate::analysis::Record| {
            record.at.get(axis) == Some(&place) && record.repetition == 0 && record.series == 0
        };
        let record = results.records.iter().find(here)?;
        let &[x0, y0, x1, y1] = record.all(Measure::Centroid) else { return None };
        let logits = Logits::of(record)?;
        Some(BoundaryLine {
            label: label.clone(),
            colour: shade(place),
            logits,
            centroids: [(x0, y0), (x1, y1)],
        })
    };
    labels.iter().enumerate().filter_map(boundary).collect()
}

/// What each line is, as a column beside the window in the colours of the lines.
fn draw_labels(
    canvas: &super::canvas::Canvas,
    window: Window,
    boundaries: &[BoundaryLine],
    heading: &str,
) -> Result<(), FigureError> {
    let line = NOTE_SIZE * LINE_HEIGHT;
    let x = window.frame.right + GAP;
    let rows = std::iter::once((heading, GREY))
        .chain(boundaries.iter().map(|boundary| (boundary.label.as_str(), boundary.colour)));
    for (row, (text, colour)) in rows.enumerate() {
        let colour = if row == 0 { INK } else { colour };
        let at = (x, window.frame.top + (row as f64 + 0.5) * line);
        canvas.text(at, text, Lettering::new(NOTE_SIZE, colour).anchored(Anchor::Start))?;
    }
    Ok(())
}
