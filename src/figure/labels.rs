//! Positions of text: labels at line ends pushed apart, notes where nothing else is drawn.

use super::axes::Frame;
use super::canvas::{Canvas, Lettering, Point, Stroke, widest};
use super::render::FigureError;
use super::scale::extent;
use super::theme::{Colour, GAP, GREY, LINE_HEIGHT, NOTE_SIZE, THIN_WIDTH};

/// Height of one line of a note or label.
const NOTE_LINE: f64 = NOTE_SIZE * LINE_HEIGHT;

/// A label at the end of a line.
pub(super) struct EndLabel {
    /// Height of the line's end on the paper.
    pub(super) y: f64,
    /// What the line is.
    pub(super) text: String,
    /// The line's colour.
    pub(super) colour: Colour,
}

/// Writes labels to the right of `frame`, each as near to its line's end as the others allow, and above the
/// topmost of them in grey what they say.
pub(super) fn draw_end_labels(
    canvas: &Canvas,
    frame: Frame,
    heading: &str,
    labels: &[EndLabel],
) -> Result<(), FigureError> {
    let ends: Vec<f64> = labels.iter().map(|label| label.y).collect();
    let heights = push_apart(&ends, NOTE_LINE, (frame.top, frame.bottom));
    let x = frame.right + GAP;
    for (label, &y) in labels.iter().zip(&heights) {
        canvas.text((x, y), &label.text, Lettering::new(NOTE_SIZE, label.colour))?;
    }
    let (topmost, _) = extent(heights);
    canvas.text((x, topmost - NOTE_LINE), heading, Lettering::new(NOTE_SIZE, GREY))
}

/// Paper that end labels need.
pub(super) fn end_label_room<'a>(texts: impl IntoIterator<Item = &'a str>) -> f64 {
    GAP + widest(texts, NOTE_SIZE)
}

/// The heights nearest to `wanted` (least squares) that keep their order, lie at least `gap` apart and stay
/// between `low` and `high`, if that is long enough.
///
/// Subtracting `rank * gap` turns the question into isotonic regression, solved by pooling neighbours that
/// are out of order into their mean; the limits then cut off the result.
fn push_apart(wanted: &[f64], gap: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&i, &j| wanted[i].total_cmp(&wanted[j]));
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let mut block = (wanted[index] - rank as f64 * gap, 1);
        while let Some(&(mean, size)) = blocks.last().filter(|last| last.0 > block.0) {
            blocks.pop();
            let total = size + block.1;
            block = ((mean * size as f64 + block.0 * block.1 as f64) / total as f64, total);
        }
        blocks.push(block);
    }
    let last = high - wanted.len().saturating_sub(1) as f64 * gap;
    let means = blocks.into_iter().flat_map(|(mean, size)| std::iter::repeat_n(mean, size));
    let mut heights = vec![0.0; wanted.len()];
    for ((rank, &index), mean) in order.iter().enumerate().zip(means) {
        heights[index] = mean.min(last).max(low) + rank as f64 * gap;
    }
    heights
}

/// The place nearest to `wanted` inside `frame` where a box of the given size covers fewest of `obstacles`, and how many
/// it covers there: none, if there is such a place. Places are centres of boxes.
fn clear_place(
    frame: Frame,
    (width, height): (f64, f64),
    wanted: Point,
    obstacles: &[Point],
) -> (usize, Point) {
    const STEP: f64 = 2.0;
    const CLEARANCE: f64 = 2.5;
    let (across, down) = (width / 2.0 + CLEARANCE, height / 2.0 + CLEARANCE);
    let columns = steps(frame.left + across, frame.right - across, STEP);
    let rows = steps(frame.top + down, frame.bottom - down, STEP);
    let covered = |(x, y): Point| {
        let inside = |o: &&Point| (o.0 - x).abs() < across && (o.1 - y).abs() < down;
        obstacles.iter().filter(inside).count()
    };
    let distance = |(x, y): Point| (x - wanted.0).hypot(y - wanted.1);
    columns
        .iter()
        .flat_map(|&x| rows.iter().map(move |&y| (x, y)))
        .map(|place| (covered(place), distance(place), place))
        .min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map_or((usize::MAX, wanted), |(covered, _, place)| (covered, place))
}

fn steps(from: f64, to: f64, step: f64) -> Vec<f64> {
    std::iter::successors(Some(from), |at| Some(at + step)).take_while(|&at| at <= to).collect()
}

/// Points along a line, close enough together that no box for a word slips between them.
pub(super) fn trace(line: &[Point]) -> Vec<Point> {
    const STEP: f64 = 2.0;
    line.windows(2)
        .flat_map(|pair| {
            let (from, to) = (pair[0], pair[1]);
            let pieces = ((to.0 - from.0).hypot(to.1 - from.1) / STEP).ceil().max(1.0);
            steps(0.0, 1.0, 1.0 / pieces)
                .into_iter()
                .map(move |t| (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)))
        })
        .collect()
}

/// Points over a box around `centre`, so that nothing else is placed on it.
pub(super) fn box_obstacles((x, y): Point, (width, height): (f64, f64)) -> Vec<Point> {
    let (left, right) = (x - width / 2.0, x + width / 2.0);
    let levels = [y - height / 2.0, y, y + height / 2.0];
    levels.into_iter().flat_map(|level| trace(&[(left, level), (right, level)])).collect()
}

/// Lines of text set one below the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Note {
    lines: Vec<String>,
    size: f64,
    colour: Colour,
}

/// A note in its place.
pub(super) struct PlacedNote {
    note: Note,
    centre: Point,
}

/// Lines of a note at most, where it is too wide for its place.
const MAX_LINES: usize = 4;
/// Sizes of a note, where it is too large for its place.
const SIZES: [f64; 4] = [NOTE_SIZE, 6.2, 5.6, 5.0];

impl Note {
    pub(super) fn new(lines: &[&str], colour: Colour) -> Self {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        Self { lines, size: NOTE_SIZE, colour }
    }

    /// Width and height on the paper.
    pub(super) fn size(&self) -> (f64, f64) {
        let width = widest(self.lines.iter().map(String::as_str), self.size);
        (width, self.size * LINE_HEIGHT * self.lines.len() as f64)
    }

    /// The same words on so many lines, as short as they can be.
    fn on_lines(&self, count: usize) -> Option<Self> {
        let text = self.lines.join(" ");
        let mut lines = (1..=text.chars().count()).map(|width| filled(&text, width));
        let lines = lines.find(|lines| lines.len() <= count)?;
        (lines.len() == count).then_some(Self { lines, ..*self })
    }

    /// The note as it is, then in the shapes that take less room in some direction, the most legible first.
    fn shapes(&self) -> impl Iterator<Item = Self> {
        let further = (self.lines.len() + 1..=MAX_LINES).filter_map(|count| self.on_lines(count));
        let shapes: Vec<Self> = std::iter::once(self.clone()).chain(further).collect();
        SIZES
            .into_iter()
            .flat_map(move |size| shapes.clone().into_iter().map(move |shape| Self { size, ..shape }))
    }

    /// Writes the note flush left in its box around `centre`.
    pub(super) fn draw(&self, canvas: &Canvas, (x, y): Point) -> Result<(), FigureError> {
        let (width, height) = self.size();
        for (row, line) in self.lines.iter().enumerate() {
            let below = (row as f64 + 0.5) * self.size * LINE_HEIGHT;
            let at = (x - width / 2.0, y - height / 2.0 + below);
            canvas.text(at, line, Lettering::new(self.size, self.colour))?;
        }
        Ok(())
    }

    /// Writes the note at the clear place nearest to `wanted`, where it becomes an obstacle to later notes: as it is, on more
    /// lines or smaller, as there is room.
    pub(super) fn draw_near(
        &self,
        canvas: &Canvas,
        frame: Frame,
        wanted: Point,
        obstacles: &mut Vec<Point>,
    ) -> Result<PlacedNote, FigureError> {
        let (note, centre) = self.fitted(frame, wanted, obstacles);
        note.draw(canvas, centre)?;
        obstacles.extend(box_obstacles(centre, note.size()));
        Ok(PlacedNote { note, centre })
    }

    /// The first shape that has a clear place, or else the one that covers least.
    fn fitted(&self, frame: Frame, wanted: Point, obstacles: &[Point]) -> (Self, Point) {
        let mut best = None;
        for shape in self.shapes() {
            let (covered, place) = clear_place(frame, shape.size(), wanted, obstacles);
            if covered == 0 {
                return (shape, place);
            }
            if best.as_ref().is_none_or(|&(fewest, _, _)| covered < fewest) {
                best = Some((covered, shape, place));
            }
        }
        best.map_or((self.clone(), wanted), |(_, shape, place)| (shape, place))
    }
}

/// Words in lines of a width in letters; a word that is longer has a line to itself.
fn filled(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

impl PlacedNote {
    /// A thin line from the note to its subject, ending `distance` before it.
    pub(super) fn draw_leader(
        &self,
        canvas: &Canvas,
        target: Point,
        distance: f64,
    ) -> Result<(), FigureError> {
        const PADDING: f64 = 2.0;
        let (width, height) = self.note.size();
        let edge = |target: f64, centre: f64, size: f64| {
            target.clamp(centre - size / 2.0 - PADDING, centre + size / 2.0 + PADDING)
        };
        let from = (edge(target.0, self.centre.0, width), edge(target.1, self.centre.1, height));
        let length = (target.0 - from.0).hypot(target.1 - from.1);
        if length <= distance {
            return Ok(());
        }
        let fraction = 1.0 - distance / length;
        let to = (from.0 + fraction * (target.0 - from.0), from.1 + fraction * (target.1 - from.1));
        canvas.line(&[from, to], Stroke::solid(self.note.colour, THIN_WIDTH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_apart_stay_and_labels_together_move_least() {
        let apart = |wanted: &[f64]| push_apart(wanted, 8.0, (0.0, 64.0));
        assert_eq!(apart(&[10.0, 50.0]), [10.0, 50.0]);
        assert_eq!(apart(&[20.0, 20.0, 60.0]), [16.0, 24.0, 60.0]);
        assert_eq!(apart(&[60.0, 21.0, 20.0]), [60.0, 24.5, 16.5]);
        assert_eq!(apart(&[1.0, 1.0, 64.0, 63.0]), [0.0, 8.0, 64.0, 56.0]);
        assert!(apart(&[]).is_empty());
    }

    #[test]
    fn a_note_avoids_what_is_drawn() {
        let frame = Frame { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0 };
        let line = trace(&[(0.0, 0.0), (100.0, 100.0)]);
        let (covered, (x, y)) = clear_place(frame, (20.0, 10.0), (50.0, 50.0), &line);
        assert_eq!(covered, 0);
        assert!(line.iter().all(|o| (o.0 - x).abs() >= 10.0 || (o.1 - y).abs() >= 5.0));
        assert!((x - 50.0).hypot(y - 50.0) < 30.0);
    }

    #[test]
    fn a_note_takes_the_shape_that_its_place_has() {
        let note = Note::new(&["inverse frequency:", "the two errors meet"], GREY);
        let fitted = |right: f64| {
            let frame = Frame { left: 0.0, top: 0.0, right, bottom: 60.0 };
            note.fitted(frame, (right / 2.0, 30.0), &[]).0
        };
        assert_eq!(fitted(100.0), note);
        let narrow = note.on_lines(MAX_LINES).expect("six words");
        assert_eq!(narrow.lines, ["inverse", "frequency:", "the two", "errors meet"]);
        let width = narrow.size().0;
        assert_eq!(fitted(width + 5.5), narrow);
        let smaller = fitted(width + 1.0);
        assert!(smaller.size < NOTE_SIZE && smaller.size >= 5.0, "{smaller:?}");
    }
}
