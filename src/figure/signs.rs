//! Signs of a class-by-class matrix over all problems: each cell is filled to the share of problems in which its entry is
//! positive (W2, W3).

use crate::analysis::{Measure, Record};

use super::axes::{Frame, draw_letter};
use super::canvas::{Anchor, Canvas, Lettering, Point, Shape, Sheet, Stroke, draw_svg, widest};
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

/// Letters of a class's name at most.
const LONGEST_NAME: usize = 16;

/// One design.
struct SignMap {
    name: String,
    /// Names of its classes.
    classes: Vec<String>,
    /// Positive entries of the matrix, row by row, and problems.
    raised: Vec<usize>,
    problems: usize,
}

impl SignMap {
    /// Whether classes are called by their numbers.
    fn is_numbered(&self) -> bool {
        self.classes.iter().enumerate().all(|(class, name)| *name == class.to_string())
    }

    fn row_names(&self) -> Vec<String> {
        if self.is_numbered() {
            (0..self.classes.len()).map(|class| format!("λ{}", subscript(class))).collect()
        } else {
            self.classes.iter().map(|name| cut(name)).collect()
        }
    }

    fn column_names(&self) -> Vec<String> {
        if self.is_numbered() {
            self.classes.iter().map(|number| format!("class {number}")).collect()
        } else {
            self.row_names()
        }
    }

    /// Paper to the left of the cells.
    fn words(&self) -> f64 {
        LABEL_SIZE + GAP + widest(self.row_names().iter().map(String::as_str), TICK_SIZE) + GAP
    }
}

/// A name of a few letters.
fn cut(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}

/// What all maps have in common.
struct SignLayout {
    /// Where the first map's words begin, and the side of a cell.
    left: f64,
    cell: f64,
    /// Rows of the largest map.
    rows: usize,
    /// Height of the columns' names, which read upwards where cells are narrower.
    below: f64,
}

impl SignLayout {
    fn of(width: f64, maps: &[SignMap]) -> Self {
        let cells: usize = maps.iter().map(|map| map.classes.len()).sum();
        let words: f64 = maps.iter().map(SignMap::words).sum();
        let room = width - 2.0 * MARGIN - words - MAP_GAP * (maps.len() - 1) as f64;
        let cell = (room / cells as f64).clamp(1.0, LARGEST_CELL);
        let of_map = |map: &SignMap| widest(map.column_names().iter().map(String::as_str), TICK_SIZE);
        let name = maps.iter().map(of_map).fold(0.0, f64::max);
        Self {
            // What capped cells leave over goes to both margins alike.
            left: MARGIN + (room - cell * cells as f64).max(0.0) / 2.0,
            cell,
            rows: maps.iter().map(|map| map.classes.len()).max().unwrap_or(0),
            below: if name > 0.95 * cell { name } else { TICK_SIZE },
        }
    }

    fn height(&self) -> f64 {
        2.0 * MARGIN + HEAD_ROOM + self.cell * self.rows as f64 + GAP + self.below + GAP + LABEL_SIZE
    }
}

pub(super) fn draw(task: &Task, measure: Measure, designs: &str) -> Result<String, FigureError> {
    let maps = maps(task, measure, designs);
    if maps.is_empty() || maps.iter().any(|map| map.problems == 0) {
        return Err(task.empty("stationary points at every value"));
    }
    let layout = SignLayout::of(task.sheet.width, &maps);
    let sheet = Sheet { height: layout.height(), ..task.sheet };
    draw_svg(sheet, &task.caption, |canvas| {
        let mut x = layout.left;
        for (map, letter) in maps.iter().zip('a'..) {
            let left = x + map.words();
            let side = layout.cell * map.classes.len() as f64;
            let top = MARGIN + HEAD_ROOM;
            let frame = Frame { left, top, right: left + side, bottom: top + side };
            draw_letter(canvas, frame, letter)?;
            let at = (left + LETTER_SIZE + GAP, MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0);
            canvas.text(at, &map.name, Lettering::new(LABEL_SIZE, INK).bold())?;
            draw_map(canvas, frame, &layout, map)?;
            x = frame.right + MAP_GAP;
        }
        let first = layout.left + maps[0].words();
        key(sheet.width - first)
            .draw(canvas, (first, MARGIN + LETTER_SIZE + LINE_HEIGHT * TICK_SIZE / 2.0 + GAP))
    })
}

fn maps(task: &Task, measure: Measure, designs: &str) -> Vec<SignMap> {
    let results = task.results;
    let Some(axis) = results.experiment.axis(designs) else { return Vec::new() };
    let map = |(place, name): (usize, &String)| {
        let records: Vec<&Record> =
            results.records.iter().filter(|record| record.at.get(axis) == Some(&place)).collect();
        let entries: Vec<&[f64]> =
            records.iter().map(|record| record.all(measure)).filter(|entries| !entries.is_empty()).collect();
        let length = entries.first().map_or(0, |entries| entries.len());
        let count = |entry: usize| entries.iter().filter(|entries| entries[entry] > 0.0).count();
        let classes = length.isqrt();
        let known = records.first().map(|record| results.experiment.class_names_at(&record.at));
        let known = known.filter(|names| names.len() == classes);
        SignMap {
            name: name.clone(),
            classes: known.unwrap_or_else(|| (0..classes).map(|class| class.to_string()).collect()),
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

fn draw_map(canvas: &Canvas, frame: Frame, layout: &SignLayout, map: &SignMap) -> Result<(), FigureError> {
    let &SignLayout { cell, below, .. } = layout;
    let (rows, columns) = (map.row_names(), map.column_names());
    let name = Lettering::new(TICK_SIZE, INK);
    for (row, row_name) in rows.iter().enumerate() {
        let y = frame.top + (row as f64 + 0.5) * cell;
        canvas.text((frame.left - GAP, y), row_name, name.anchored(Anchor::End))?;
        for column in 0..columns.len() {
            let fraction = map.raised[row * columns.len() + column] as f64 / map.problems as f64;
            let corner = (frame.left + column as f64 * cell, frame.top + row as f64 * cell);
            draw_cell(canvas, corner, cell, fraction)?;
        }
    }
    for (column, column_name) in columns.iter().enumerate() {
        let x = frame.left + (column as f64 + 0.5) * cell;
        let y = frame.bottom + GAP;
        if below > TICK_SIZE {
            canvas.text((x, y), column_name, name.anchored(Anchor::End).upward())?;
        } else {
            canvas.text((x, y + TICK_SIZE / 2.0), column_name, name.anchored(Anchor::Middle))?;
        }
    }
    let title = Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle);
    let under = frame.bottom + GAP + below + GAP + LABEL_SIZE / 2.0;
    let centre = f64::midpoint(frame.left, frame.right);
    canvas.text((centre, under), "mean probability P[k][k] of", title)?;
    let beside = frame.left - map.words() + LABEL_SIZE / 2.0;
    let weight = if map.is_numbered() { "more weight" } else { "more weight on" };
    canvas.text((beside, f64::midpoint(frame.top, frame.bottom)), weight, title.upward())
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
