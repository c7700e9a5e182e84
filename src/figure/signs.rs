//! Signs of a class-by-class matrix over all problems: each cell is filled to the share of problems in which its entry is
//! positive (W2, W3).

use crate::analysis::Measure;

use super::axes::{Frame, draw_letter};
use super::canvas::{Anchor, Canvas, Lettering, Point, Shape, Sheet, Stroke, draw_svg, text_width};
use super::draw::Task;
use super::head::{Head, HeadItem, KeyMark};
use super::render::FigureError;
use super::theme::{
    AXIS_WIDTH, CAP_HEIGHT, GAP, INK, LABEL_SIZE, LETTER_SIZE, LINE_HEIGHT, MARGIN, TICK_SIZE, lighter,
    sequence_colour,
};

/// Space between two maps.
const MAP_GAP: f64 = 14.0;
/// Largest side of a cell.
const LARGEST_CELL: f64 = 46.0;
/// Height above the maps: letter and name, then the key.
const HEAD_ROOM: f64 = 30.0;
/// Colours of positive and negative entries.
const RAISED: usize = 0;
const LOWERED: usize = 5;

/// One design.
struct Map {
    name: String,
    classes: usize,
    /// Positive entries of the matrix, row by row, and problems.
    raised: Vec<usize>,
    problems: usize,
}

pub(super) fn draw(task: &Task, measure: Measure, designs: &str) -> Result<String, FigureError> {
    let maps = maps(task, measure, designs);
    if maps.is_empty() || maps.iter().any(|map| map.problems == 0) {
        return Err(task.empty("stationary points at every value"));
    }
    let most = maps.iter().map(|map| map.classes).max().unwrap_or(2);
    let room_of_words = LABEL_SIZE + GAP + row_label_width() + GAP;
    let (left, gap) = (MARGIN + room_of_words, MAP_GAP + room_of_words);
    let cells: usize = maps.iter().map(|map| map.classes).sum();
    let room = task.sheet.width - left - MARGIN - gap * (maps.len() - 1) as f64;
    let cell = (room / cells as f64).min(LARGEST_CELL);
    // What capped cells leave over goes to both margins alike.
    let first = left + (room - cell * cells as f64) / 2.0;
    let height = MARGIN + HEAD_ROOM + cell * most as f64 + GAP + TICK_SIZE + GAP + LABEL_SIZE + MARGIN;
    let sheet = Sheet { height, ..task.sheet };
    draw_svg(sheet, &task.caption, |canvas| {
        let mut x = first;
        for (map, letter) in maps.iter().zip('a'..) {
            let side = cell * map.classes as f64;
            let top = MARGIN + HEAD_ROOM;
            let frame = Frame { left: x, top, right: x + side, bottom: top + side };
            draw_letter(canvas, frame, letter)?;
            let at = (x + LETTER_SIZE + GAP, MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0);
            canvas.text(at, &map.name, Lettering::new(LABEL_SIZE, INK).bold())?;
            draw_map(canvas, frame, cell, map)?;
            x += side + gap;
        }
        key(sheet.width - first)
            .draw(canvas, (first, MARGIN + LETTER_SIZE + LINE_HEIGHT * TICK_SIZE / 2.0 + GAP))
    })
}

fn maps(task: &Task, measure: Measure, designs: &str) -> Vec<Map> {
    let results = task.results;
    let Some(axis) = results.experiment.axis(designs) else { return Vec::new() };
    let map = |(place, name): (usize, &String)| {
        let at = |at: &[usize]| at.get(axis) == Some(&place);
        let entries: Vec<&[f64]> = results
            .records
            .iter()
            .filter(|record| at(&record.at))
            .map(|record| record.all(measure))
            .filter(|entries| !entries.is_empty())
            .collect();
        let length = entries.first().map_or(0, |entries| entries.len());
        let count = |entry: usize| entries.iter().filter(|entries| entries[entry] > 0.0).count();
        Map {
            name: name.clone(),
            classes: length.isqrt(),
            raised: (0..length).map(count).collect(),
            problems: entries.len(),
        }
    };
    results.experiment.axes[axis].labels.iter().enumerate().map(map).collect()
}

fn key(width: f64) -> Head {
    let mark = KeyMark { shape: Some(Shape::Square), radius: 2.4 };
    let items = vec![
        HeadItem::key("raises the mean probability".to_owned(), lighter(sequence_colour(RAISED)), mark),
        HeadItem::key("lowers it".to_owned(), lighter(sequence_colour(LOWERED)), mark),
    ];
    Head::wrapped(items, width)
}

fn draw_map(canvas: &Canvas, frame: Frame, cell: f64, map: &Map) -> Result<(), FigureError> {
    let middle = |lettering: Lettering| lettering.anchored(Anchor::Middle);
    for row in 0..map.classes {
        let y = frame.top + (row as f64 + 0.5) * cell;
        let label = Lettering::new(TICK_SIZE, INK).anchored(Anchor::End);
        canvas.text((frame.left - GAP, y), &format!("λ{}", subscript(row)), label)?;
        for column in 0..map.classes {
            let fraction = map.raised[row * map.classes + column] as f64 / map.problems as f64;
            let corner = (frame.left + column as f64 * cell, frame.top + row as f64 * cell);
            draw_cell(canvas, corner, cell, fraction)?;
        }
    }
    for column in 0..map.classes {
        let at = (frame.left + (column as f64 + 0.5) * cell, frame.bottom + GAP + TICK_SIZE / 2.0);
        canvas.text(at, &format!("class {column}"), middle(Lettering::new(TICK_SIZE, INK)))?;
    }
    let below = frame.bottom + GAP + TICK_SIZE + GAP + LABEL_SIZE / 2.0;
    let centre = f64::midpoint(frame.left, frame.right);
    canvas.text((centre, below), "mean probability P[k][k] of", middle(Lettering::new(LABEL_SIZE, INK)))?;
    let beside = frame.left - GAP - row_label_width() - GAP - LABEL_SIZE / 2.0;
    let upward = middle(Lettering::new(LABEL_SIZE, INK)).upward();
    canvas.text((beside, f64::midpoint(frame.top, frame.bottom)), "more weight", upward)
}

/// Width of `λ` with the number of a class.
fn row_label_width() -> f64 {
    text_width("λ₀", TICK_SIZE)
}

/// A class's number as an index.
fn subscript(class: usize) -> String {
    let digit = |digit: char| digit.to_digit(10).and_then(|digit| char::from_u32(0x2080 + digit));
    class.to_string().chars().filter_map(digit).collect()
}

/// A cell, filled from below to the share that is raised, both shares written in it.
fn draw_cell(canvas: &Canvas, (left, top): Point, cell: f64, fraction: f64) -> Result<(), FigureError> {
    let whole = Frame { left, top, right: left + cell, bottom: top + cell };
    let level = whole.bottom - fraction * cell;
    canvas.area(&whole.corners(), lighter(sequence_colour(LOWERED)), 1.0)?;
    canvas.area(&Frame { top: level, ..whole }.corners(), lighter(sequence_colour(RAISED)), 1.0)?;
    canvas.outline(&whole.corners(), Stroke::solid(INK, AXIS_WIDTH))?;
    let centre = f64::midpoint(left, whole.right);
    let lettering = Lettering::new(TICK_SIZE, INK).anchored(Anchor::Middle);
    let line = TICK_SIZE * LINE_HEIGHT;
    let words: Vec<String> = [("▲", fraction), ("▼", 1.0 - fraction)]
        .into_iter()
        .filter(|&(_, fraction)| fraction > 0.0)
        .map(|(sign, fraction)| format!("{sign} {}", percent(fraction)))
        .collect();
    let first = f64::midpoint(whole.top, whole.bottom) - line * (words.len() - 1) as f64 / 2.0;
    for (number, word) in words.iter().enumerate() {
        canvas.text((centre, first + number as f64 * line), word, lettering)?;
    }
    Ok(())
}

/// With a decimal near both ends, so that few does not read as none.
fn percent(fraction: f64) -> String {
    let percent = 100.0 * fraction;
    if fraction < 1.0 && !(10.0..=90.0).contains(&percent) {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn few_is_not_none() {
        assert_eq!([0.0013, 0.5, 0.9987, 1.0].map(percent), ["0.1%", "50%", "99.9%", "100%"]);
    }
}
