//! Words and keys above and beside a panel: what line styles, marks, the colours of series and shades mean.

use super::axes::Frame;
use super::canvas::{
    Anchor, Canvas, Lettering, Point, Shape, Stroke, draw_filled, draw_hollow, draw_mark, text_width, widest,
};
use super::render::FigureError;
use super::theme::{
    CURVE_WIDTH, Colour, FREE, GAP, GREY, INK, LABEL_SIZE, LINE_HEIGHT, NOTE_SIZE, TICK_SIZE, hue_colour,
    loss_colour, sequential_colour,
};
use crate::analysis::Results;
use crate::analysis::specification::{Marker, Series};

/// A few words, possibly behind the mark they explain.
#[derive(Debug, Clone)]
pub(super) struct HeadItem {
    text: String,
    colour: Colour,
    mark: Option<KeyMark>,
    line: Option<KeyLine>,
    size: f64,
}

/// A piece of a line in a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyLine {
    pub(super) dash: Option<(f64, f64)>,
    /// The mark on it.
    pub(super) shape: Option<Shape>,
}

/// Size of words at least, where there is little room for them.
const SMALLEST_WORDS: f64 = 5.0;
/// Length of that piece.
const KEY_LINE: f64 = 16.0;
/// Radius of the mark on it.
const KEY_MARK: f64 = 1.7;

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
        Self { text, colour, mark: Some(mark), line: None, size: NOTE_SIZE }
    }

    /// A piece of a line and its name, in its colour.
    pub(super) fn line(text: String, colour: Colour, line: KeyLine) -> Self {
        Self { text, colour, mark: None, line: Some(line), size: NOTE_SIZE }
    }

    /// Grey words, one item for each part that three spaces set apart.
    pub(super) fn words(text: &str) -> Vec<Self> {
        let item = |part: &str| Self {
            text: part.trim().to_owned(),
            colour: GREY,
            mark: None,
            line: None,
            size: NOTE_SIZE,
        };
        text.split("   ").map(item).collect()
    }

    fn width(&self) -> f64 {
        self.room() + text_width(&self.text, self.size)
    }

    /// The same item, its words smaller where it would be wider than that.
    fn fitted(self, width: f64) -> Self {
        let words = text_width(&self.text, 1.0).max(f64::MIN_POSITIVE);
        let size = self.size.min((width - self.room()).max(0.0) / words).max(SMALLEST_WORDS);
        Self { size, ..self }
    }

    /// Paper before the words.
    fn room(&self) -> f64 {
        let line = if self.line.is_some() { KEY_LINE + GAP } else { 0.0 };
        self.mark.map_or(line, KeyMark::room)
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
        for item in items.into_iter().map(|item| item.fitted(width)) {
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
                let room = item.room();
                if let Some(KeyLine { dash, shape }) = item.line {
                    let stroke = Stroke::solid(item.colour, CURVE_WIDTH);
                    let stroke = dash.map_or(stroke, |dash| stroke.dashed(dash));
                    canvas.line(&[(left, y), (left + KEY_LINE, y)], stroke)?;
                    let middle = (left + KEY_LINE / 2.0, y);
                    shape.map_or(Ok(()), |shape| {
                        draw_mark(canvas, shape, middle, (KEY_MARK, 1.0), item.colour)
                    })?;
                }
                if let Some(KeyMark { shape, radius }) = item.mark {
                    let at = (left + radius, y);
                    match shape {
                        Some(shape) => draw_filled(canvas, shape, at, radius, item.colour)?,
                        None => draw_hollow(canvas, at, radius, item.colour)?,
                    }
                }
                canvas.text((left + room, y), &item.text, Lettering::new(item.size, item.colour))?;
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
    /// How many earlier series have the same colour.
    pub(super) rank: usize,
    pub(super) shape: Shape,
}

/// The looks of all series.
pub(super) fn looks(results: &Results) -> Vec<SeriesLook> {
    looks_of(&results.experiment.analysis.series)
}

/// A series has the colour that the file names, or that of its loss. Where one loss is compared with itself, all but the first have
/// colours of no loss; otherwise further series of a loss have its colour too, and are told apart by their ranks.
fn looks_of(series: &[Series]) -> Vec<SeriesLook> {
    let of_loss: Vec<Colour> = series.iter().map(|series| loss_colour(&series.loss.paper_name())).collect();
    let one_loss = of_loss.iter().all(|colour| *colour == of_loss[0]);
    let mut taken: Vec<Colour> = of_loss.clone();
    taken.extend(series.iter().filter_map(|series| series.colour).map(hue_colour));
    let mut free = FREE.into_iter().filter(|colour| !taken.contains(colour)).collect::<Vec<_>>().into_iter();
    let mut looks: Vec<SeriesLook> = Vec::new();
    for (one, own) in series.iter().zip(of_loss) {
        let rank_of = |colour: Colour| looks.iter().filter(|look| look.colour == colour).count();
        let colour = match one.colour {
            Some(hue) => hue_colour(hue),
            None if one_loss && rank_of(own) > 0 => free.next().unwrap_or(own),
            None => own,
        };
        let rank = rank_of(colour);
        let usual = if rank > 0 { Shape::Square } else { Shape::Circle };
        let shape = one.marker.map_or(usual, Shape::from);
        looks.push(SeriesLook { name: one.name(), colour, rank, shape });
    }
    looks
}

impl From<Marker> for Shape {
    fn from(marker: Marker) -> Self {
        match marker {
            Marker::Circle => Self::Circle,
            Marker::Square => Self::Square,
            Marker::Diamond => Self::Diamond,
            Marker::Triangle => Self::Triangle,
        }
    }
}

/// Width of the bar itself.
pub(super) const COLOUR_BAR_WIDTH: f64 = 7.0;

/// Paper that the bar takes with its marks and its name.
pub(super) fn colour_bar_room() -> f64 {
    COLOUR_BAR_WIDTH + GAP + text_width("0.0", TICK_SIZE) + GAP + LABEL_SIZE
}

/// Draws the bar of shares from 0 to 1 into its frame, marks and name to the right of it.
pub(super) fn draw_colour_bar(canvas: &Canvas, bar: Frame, name: &str) -> Result<(), FigureError> {
    let marks = [0.0, 0.5, 1.0].map(|mark| (mark, format!("{mark:.1}")));
    draw_scale_bar(canvas, bar, name, (&sequential_colour, &marks))
}

/// A place on a bar, from 0 to 1, and what is written there.
pub(super) type BarMark = (f64, String);

/// The same of any shades, which take a place from 0 to 1, marked at some of these places.
pub(super) fn draw_scale_bar(
    canvas: &Canvas,
    bar: Frame,
    name: &str,
    (shade_at, marks): (&dyn Fn(f64) -> Colour, &[BarMark]),
) -> Result<(), FigureError> {
    const SHADES: u32 = 64;
    let height = |fraction: f64| bar.bottom - fraction * bar.height();
    for shade in 0..SHADES {
        let fraction = |step: u32| f64::from(step) / f64::from(SHADES);
        // Each shade reaches to the top and is covered by the next, which leaves no seams.
        let band = Frame { bottom: height(fraction(shade)), ..bar };
        let middle = f64::midpoint(fraction(shade), fraction(shade + 1));
        canvas.area(&band.corners(), shade_at(middle), 1.0)?;
    }
    for (mark, label) in marks {
        canvas.text((bar.right + GAP, height(*mark)), label, Lettering::new(TICK_SIZE, INK))?;
    }
    let widest = widest(marks.iter().map(|(_, label)| label.as_str()), TICK_SIZE);
    let x = bar.right + GAP + widest + GAP + LABEL_SIZE / 2.0;
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

    fn colours(losses: &[&str]) -> Vec<(Colour, usize)> {
        let series = |(place, loss): (usize, &&str)| -> Series {
            crate::analysis::read_toml(&format!("label = \"{place}\"\n{loss}")).expect("a series")
        };
        let series: Vec<Series> = losses.iter().enumerate().map(series).collect();
        looks_of(&series).into_iter().map(|look| (look.colour, look.rank)).collect()
    }

    #[test]
    fn a_loss_keeps_its_colour_whatever_is_beside_it() {
        let (sml, lgl, inr) =
            ("loss = \"softmax\"", "loss = \"logistic\"", "loss = { inr = { beta = 2.0 } }");
        let [grey, red, blue] = ["SML", "LGL", "LGL-INR"].map(loss_colour);
        assert_eq!(colours(&[lgl, inr]), [(red, 0), (blue, 0)]);
        assert_eq!(colours(&[sml, lgl, sml]), [(grey, 0), (red, 0), (grey, 1)]);
        assert_eq!(colours(&[inr, sml, inr, inr]), [(blue, 0), (grey, 0), (blue, 1), (blue, 2)]);
        assert_eq!(colours(&[sml, sml, sml]), [(grey, 0), (FREE[0], 0), (FREE[1], 0)]);
        let named = "loss = \"softmax\"\ncolour = \"green\"";
        assert_eq!(colours(&[sml, sml]), [(grey, 0), (FREE[0], 0)]);
        assert_eq!(colours(&[sml, named, sml]), [(grey, 0), (FREE[0], 0), (FREE[1], 0)]);
    }
}
