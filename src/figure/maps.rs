//! A class-by-class matrix of each series as a map, side by side.

use crate::analysis::{Measure, Record, Results, has_failed, mean_of};
use std::collections::BTreeMap;

use super::axes::{Frame, draw_letter};
use super::canvas::{Anchor, Canvas, Lettering, Sheet, Stroke, draw_svg, text_width, widest};
use super::draw::Task;
use super::head;
use super::head::{SeriesLook, looks};
use super::render::FigureError;
use super::theme::{
    AXIS_WIDTH, CAP_HEIGHT, Colour, GAP, GREY, INK, LABEL_SIZE, LETTER_SIZE, MARGIN, NOTE_SIZE, TICK_SIZE,
    sequential_colour, text_on,
};

/// Space between two maps.
const MAP_GAP: f64 = 16.0;
/// Height above the maps for letter, loss and lowest diagonal entry.
const HEAD_ROOM: f64 = 25.0;
/// Largest side of a map, so that few maps do not make a tall figure.
const LARGEST_SIDE: f64 = 120.0;
/// More maps than this leave too little width for the words above each.
const MAX_MAPS: usize = 4;
/// Cells that would read 0.00 stay empty.
const SMALLEST_SHOWN: f64 = 0.005;
/// Width of the outline of the lowest diagonal entry.
const HEAVY_OUTLINE: f64 = 1.5;
/// White between cells, which keeps the seams even at any resolution.
const SEAM: f64 = 0.3;

/// The matrix of one series: its mean over repetitions.
struct Map {
    name: String,
    colour: Colour,
    /// `K` rows (true class) of `K` columns (predicted class).
    rows: Vec<Vec<f64>>,
}

impl Map {
    /// The class with the smallest diagonal entry, and that entry.
    fn lowest_diagonal(&self) -> (usize, f64) {
        let diagonal = self.rows.iter().enumerate().map(|(class, row)| (class, row[class]));
        diagonal.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    }
}

/// Positions of the maps.
struct Layout {
    first_left: f64,
    top: f64,
    cell: f64,
    classes: usize,
}

impl Layout {
    fn of(sheet: Sheet, maps: usize, row_labels: &[String]) -> Self {
        let (maps, classes) = (maps as f64, row_labels.len());
        let left = MARGIN + LABEL_SIZE + GAP + widest(row_labels.iter().map(String::as_str), TICK_SIZE) + GAP;
        let bar = MAP_GAP + head::colour_bar_room() + MARGIN;
        let room = (sheet.width - left - bar - MAP_GAP * (maps - 1.0)) / maps;
        let side = room.min(LARGEST_SIDE);
        // What capped maps leave over goes to both margins alike.
        let first_left = left + (room - side) * maps / 2.0;
        Self { first_left, top: MARGIN + HEAD_ROOM, cell: side / classes as f64, classes }
    }

    fn side(&self) -> f64 {
        self.cell * self.classes as f64
    }

    fn height(&self) -> f64 {
        self.top + self.side() + GAP + TICK_SIZE + GAP + LABEL_SIZE + MARGIN
    }

    fn map(&self, index: usize) -> Frame {
        let left = self.first_left + index as f64 * (self.side() + MAP_GAP);
        Frame { left, top: self.top, right: left + self.side(), bottom: self.top + self.side() }
    }

    fn cell(&self, frame: Frame, row: usize, column: usize) -> Frame {
        let (left, top) = (frame.left + column as f64 * self.cell, frame.top + row as f64 * self.cell);
        Frame { left, top, right: left + self.cell, bottom: top + self.cell }
    }
}

/// How the numbers in the cells are written: size, and whether the zero before the point is dropped.
#[derive(Clone, Copy)]
struct CellText {
    size: f64,
    short: bool,
}

impl CellText {
    /// The longer form where it fits at the size of tick labels, else the shorter as large as the cell
    /// allows.
    fn fitting(cell: f64) -> Self {
        const FILL: f64 = 0.86;
        let short = text_width("0.00", TICK_SIZE) > FILL * cell;
        let sample = if short { ".00" } else { "0.00" };
        Self { size: (FILL * cell / text_width(sample, 1.0)).min(TICK_SIZE), short }
    }

    fn write(self, value: f64) -> String {
        let full = format!("{value:.2}");
        match full.strip_prefix('0') {
            Some(rest) if self.short => rest.to_owned(),
            None if self.short => format!("{value:.1}"),
            _ => full,
        }
    }
}

/// Draws one heat map for each series, with one colour bar; the sheet is as high as that takes.
pub(super) fn draw(
    task: &Task,
    measure: Measure,
    at: &BTreeMap<String, String>,
    only: &[String],
) -> Result<String, FigureError> {
    let results = task.results;
    let here = |record: &&Record| at.iter().all(|(axis, label)| results.is_at(record, axis, label));
    let records: Vec<&Record> =
        results.records.iter().filter(here).filter(|record| !has_failed(results, record)).collect();
    let maps = maps(results, &records, measure, only);
    let counts = mean_of(records.iter().copied(), Measure::ClassCount);
    if maps.iter().all(|map| map.rows.is_empty()) || counts.is_empty() {
        return Err(task.empty("stationary points"));
    }
    if maps.len() > MAX_MAPS {
        let problem = format!("{} maps do not fit side by side; draw at most {MAX_MAPS} series", maps.len());
        return Err(task.invalid("maps", problem));
    }
    if maps
        .iter()
        .any(|map| map.rows.len() != counts.len() || map.rows.iter().any(|row| row.len() != counts.len()))
    {
        return Err(task.invalid("maps", "the matrices differ in their number of classes; show one design"));
    }
    let row_labels: Vec<String> =
        counts.iter().enumerate().map(|(class, count)| format!("{class} ({count:.0})")).collect();
    let layout = Layout::of(task.sheet, maps.len(), &row_labels);
    let sheet = Sheet { height: layout.height(), ..task.sheet };
    draw_svg(sheet, &task.caption, |canvas| {
        for ((index, map), letter) in maps.iter().enumerate().zip('a'..) {
            let frame = layout.map(index);
            draw_letter(canvas, frame, letter)?;
            draw_head(canvas, frame, map)?;
            draw_cells(canvas, &layout, frame, map)?;
            draw_columns(canvas, &layout, frame)?;
        }
        draw_rows(canvas, &layout, &row_labels)?;
        head::draw_colour_bar(canvas, beside(layout.map(maps.len() - 1)), "mean probability")
    })
}

/// The place right of a map.
fn beside(map: Frame) -> Frame {
    Frame { left: map.right + MAP_GAP, right: map.right + MAP_GAP + head::COLOUR_BAR_WIDTH, ..map }
}

fn maps(results: &Results, records: &[&Record], measure: Measure, only: &[String]) -> Vec<Map> {
    let map = |(series, look): (usize, SeriesLook)| {
        let records = || records.iter().copied().filter(move |record| record.series == series);
        let entries = mean_of(records(), measure);
        let classes = records().map(|record| record.classes).max().unwrap_or(1).max(1);
        let rows = entries.chunks(classes).map(<[f64]>::to_vec).collect();
        Map { name: look.name, colour: look.colour, rows }
    };
    let shown = |(_, look): &(usize, SeriesLook)| only.is_empty() || only.contains(&look.name);
    looks(results).into_iter().enumerate().filter(shown).map(map).collect()
}

/// The loss beside the panel's letter, and under it what to look for on the diagonal.
fn draw_head(canvas: &Canvas, frame: Frame, map: &Map) -> Result<(), FigureError> {
    let first = MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0;
    let name = Lettering::new(LABEL_SIZE, map.colour).bold();
    canvas.text((frame.left + LETTER_SIZE + GAP, first), &map.name, name)?;
    let (_, lowest) = map.lowest_diagonal();
    let text = format!("lowest diagonal {lowest:.2}");
    let second = f64::midpoint(first, frame.top) + 1.5;
    canvas.text((frame.left, second), &text, Lettering::new(NOTE_SIZE, GREY))
}

fn draw_cells(canvas: &Canvas, layout: &Layout, frame: Frame, map: &Map) -> Result<(), FigureError> {
    let number = CellText::fitting(layout.cell);
    for (row, values) in map.rows.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            let cell = layout.cell(frame, row, column);
            let inner = cell.inset(SEAM / 2.0);
            canvas.area(&inner.corners(), sequential_colour(value), 1.0)?;
            if value >= SMALLEST_SHOWN {
                let centre = (f64::midpoint(inner.left, inner.right), f64::midpoint(inner.top, inner.bottom));
                let lettering = Lettering::new(number.size, text_on(value)).anchored(Anchor::Middle);
                canvas.text(centre, &number.write(value), lettering)?;
            }
        }
    }
    let (lowest, _) = map.lowest_diagonal();
    for class in (0..layout.classes).filter(|&class| class != lowest) {
        draw_outline(canvas, layout.cell(frame, class, class), AXIS_WIDTH)?;
    }
    draw_outline(canvas, layout.cell(frame, lowest, lowest), HEAVY_OUTLINE)
}

fn draw_outline(canvas: &Canvas, frame: Frame, width: f64) -> Result<(), FigureError> {
    canvas.outline(&frame.corners(), Stroke::solid(INK, width))
}

fn draw_columns(canvas: &Canvas, layout: &Layout, frame: Frame) -> Result<(), FigureError> {
    let y = frame.bottom + GAP + TICK_SIZE / 2.0;
    let middle = |lettering: Lettering| lettering.anchored(Anchor::Middle);
    for class in 0..layout.classes {
        let x = frame.left + (class as f64 + 0.5) * layout.cell;
        canvas.text((x, y), &class.to_string(), middle(Lettering::new(TICK_SIZE, INK)))?;
    }
    let below = frame.bottom + GAP + TICK_SIZE + GAP + LABEL_SIZE / 2.0;
    let centre = f64::midpoint(frame.left, frame.right);
    canvas.text((centre, below), "predicted class", middle(Lettering::new(LABEL_SIZE, INK)))
}

fn draw_rows(canvas: &Canvas, layout: &Layout, labels: &[String]) -> Result<(), FigureError> {
    let frame = layout.map(0);
    for (class, label) in labels.iter().enumerate() {
        let y = frame.top + (class as f64 + 0.5) * layout.cell;
        canvas.text((frame.left - GAP, y), label, Lettering::new(TICK_SIZE, INK).anchored(Anchor::End))?;
    }
    let labels_width = widest(labels.iter().map(String::as_str), TICK_SIZE);
    let at =
        (frame.left - GAP - labels_width - GAP - LABEL_SIZE / 2.0, f64::midpoint(frame.top, frame.bottom));
    let axis = Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle).upward();
    canvas.text(at, "true class (samples)", axis)
}
