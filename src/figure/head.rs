//! Words and keys above and beside a panel: what line styles, marks, the colours of series and shades mean.

use super::axes::Frame;
use super::canvas::{Anchor, Canvas, Lettering, Point, Shape, draw_filled, draw_hollow, text_width};
use super::render::FigureError;
use super::theme::{
    Colour, GAP, GREY, INK, LABEL_SIZE, LINE_HEIGHT, NOTE_SIZE, TICK_SIZE, loss_colour, sequence_colour,
    sequential_colour,
};
use crate::analysis::Results;
use crate::analysis::specification::Series;

/// A few words, possibly behind the mark they explain.
#[derive(Debug, Clone)]
pub(super) struct HeadItem {
    text: String,
    colour: Colour,
    mark: Option<KeyMark>,
}

/// A mark in a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyMark {
    /// `None` for the hollow mark of what is shown in contrast.
    pub(super) shape: Option<Shape>,
    pub(super) radius: f64,
}

impl KeyMark {
    /// Paper that the mark takes before its words.
    fn room(self) -> f64 {
        2.0 * self.radius + GAP
    }
}

impl HeadItem {
    /// A mark and its name, in its colour.
    pub(super) fn key(text: String, colour: Colour, mark: KeyMark) -> Self {
        Self { text, colour, mark: Some(mark) }
    }

    /// Grey words, one item for each part that three spaces set apart.
    pub(super) fn words(text: &str) -> Vec<Self> {
        let item = |part: &str| Self { text: part.trim().to_owned(), colour: GREY, mark: None };
        text.split("   ").map(item).collect()
    }

    fn width(&self) -> f64 {
        self.mark.map_or(0.0, KeyMark::room) + text_width(&self.text, NOTE_SIZE)
    }
}

/// Items in lines.
pub(super) struct Head {
    lines: Vec<Vec<HeadItem>>,
}

impl Head {
    /// Space between the items of a line.
    const BETWEEN: f64 = 3.0 * GAP;

    /// Fills lines of a width one after the other; an item that is wider has a line to itself.
    pub(super) fn wrapped(items: Vec<HeadItem>, width: f64) -> Self {
        let mut lines: Vec<Vec<HeadItem>> = Vec::new();
        let mut used = f64::INFINITY;
        for item in items {
            let more = Self::BETWEEN + item.width();
            if used + more > width {
                lines.push(Vec::new());
                used = -Self::BETWEEN;
            }
            used += more;
            if let Some(line) = lines.last_mut() {
                line.push(item);
            }
        }
        Self { lines }
    }

    /// Paper that the lines after the first take.
    pub(super) fn further_lines(&self) -> f64 {
        self.lines.len().saturating_sub(1) as f64 * NOTE_SIZE * LINE_HEIGHT
    }

    /// Draws the lines below each other; `(x, y)` is where the first begins.
    pub(super) fn draw(&self, canvas: &Canvas, (x, mut y): Point) -> Result<(), FigureError> {
        for line in &self.lines {
            let mut left = x;
            for item in line {
                let room = item.mark.map_or(0.0, KeyMark::room);
                if let Some(KeyMark { shape, radius }) = item.mark {
                    let at = (left + radius, y);
                    match shape {
                        Some(shape) => draw_filled(canvas, shape, at, radius, item.colour)?,
                        None => draw_hollow(canvas, at, radius, item.colour)?,
                    }
                }
                canvas.text((left + room, y), &item.text, Lettering::new(NOTE_SIZE, item.colour))?;
                left += item.width() + Self::BETWEEN;
            }
            y += NOTE_SIZE * LINE_HEIGHT;
        }
        Ok(())
    }
}

/// Name and look of a series, in every panel of its figures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeriesLook {
    pub(super) name: String,
    pub(super) colour: Colour,
    /// Whether an earlier series has the same colour.
    pub(super) second: bool,
}

/// A loss keeps its colour; a flag says that another series has it too. Series that all have one loss take colours in
/// turn.
pub(super) fn looks(results: &Results) -> Vec<SeriesLook> {
    let series = &results.experiment.analysis.series;
    let of_loss: Vec<Colour> = series.iter().map(|series| loss_colour(&series.loss.paper_name())).collect();
    let alike = series.len() > 1 && of_loss.iter().all(|colour| *colour == of_loss[0]);
    let look = |(place, series): (usize, &Series)| SeriesLook {
        name: series.name(),
        colour: if alike { sequence_colour(place) } else { of_loss[place] },
        second: !alike && of_loss[..place].contains(&of_loss[place]),
    };
    series.iter().enumerate().map(look).collect()
}

/// Width of the bar itself.
pub(super) const COLOUR_BAR_WIDTH: f64 = 7.0;

/// Paper that the bar takes with its marks and its name.
pub(super) fn colour_bar_room() -> f64 {
    COLOUR_BAR_WIDTH + GAP + text_width("0.0", TICK_SIZE) + GAP + LABEL_SIZE
}

/// Draws the bar into its frame, marks and name to the right of it.
pub(super) fn draw_colour_bar(canvas: &Canvas, bar: Frame, name: &str) -> Result<(), FigureError> {
    const SHADES: u32 = 64;
    const MARKS: [f64; 3] = [0.0, 0.5, 1.0];
    let height = |fraction: f64| bar.bottom - fraction * bar.height();
    for shade in 0..SHADES {
        let fraction = |step: u32| f64::from(step) / f64::from(SHADES);
        // Each shade reaches to the top and is covered by the next, which leaves no seams.
        let band = Frame { bottom: height(fraction(shade)), ..bar };
        let middle = f64::midpoint(fraction(shade), fraction(shade + 1));
        canvas.area(&band.corners(), sequential_colour(middle), 1.0)?;
    }
    for mark in MARKS {
        let label = Lettering::new(TICK_SIZE, INK);
        canvas.text((bar.right + GAP, height(mark)), &format!("{mark:.1}"), label)?;
    }
    let x = bar.right + GAP + text_width("0.0", TICK_SIZE) + GAP + LABEL_SIZE / 2.0;
    let axis = Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle).upward();
    canvas.text((x, f64::midpoint(bar.top, bar.bottom)), name, axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_fill_lines() {
        let items = HeadItem::words("solid: one   dashed: two   dotted: three");
        let widths: Vec<f64> = items.iter().map(HeadItem::width).collect();
        let two = widths[0] + Head::BETWEEN + widths[1];
        let counts = |width: f64| -> Vec<usize> {
            Head::wrapped(items.clone(), width).lines.iter().map(Vec::len).collect()
        };
        assert_eq!(counts(1e9), [3]);
        assert_eq!(counts(two + 0.1), [2, 1]);
        assert_eq!(counts(1.0), [1, 1, 1]);
        assert_eq!(Head::wrapped(Vec::new(), 10.0).further_lines(), 0.0);
    }
}
