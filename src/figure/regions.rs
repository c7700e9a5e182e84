//! Decision regions of each series side by side, over the samples of one draw, and below them the probability of the target.

use crate::analysis::summary::Spread;
use crate::analysis::{Measure, Record, Results};
use crate::loss::Link;

use super::axes::{Frame, draw_letter};
use super::canvas::{Canvas, Lettering, Sheet, draw_svg, text_width};
use super::draw::Task;
use super::head;
use super::head::{SeriesLook, looks};
use super::plane::{Logits, Window, first_draw};
use super::render::FigureError;
use super::theme::{
    CAP_HEIGHT, GAP, GREY, INK, LABEL_SIZE, LETTER_SIZE, LINE_HEIGHT, MARGIN, NOTE_SIZE, TICK_SIZE,
    sequence_colour,
};

/// Samples of each class that are drawn.
const SAMPLES: usize = 60;
/// Height above a window for its letter, series and two lines of numbers.
const HEAD_ROOM: f64 = 41.0;
/// Space between windows.
const WINDOW_GAP: f64 = 7.0;
/// Opacity of a region.
const REGION_ALPHA: f64 = 0.28;

/// What one series shows.
struct RegionPanel {
    name: String,
    link: Link,
    logits: Option<Logits>,
    shortfall: Spread,
    accuracy: Spread,
}

pub(super) fn draw(task: &Task, target: usize, half_width: f64) -> Result<String, FigureError> {
    let dataset = first_draw(task.results).ok_or_else(|| task.empty("samples in a plane"))?;
    let panels = panels(task.results, target);
    if panels.iter().all(|panel| panel.logits.is_none()) {
        return Err(task.empty("heads over two features"));
    }
    let side = side(task.sheet, panels.len());
    let (top, below) = (MARGIN + HEAD_ROOM, MARGIN + HEAD_ROOM + side + WINDOW_GAP);
    let sheet = Sheet { height: below + side + GAP + TICK_SIZE + MARGIN, ..task.sheet };
    draw_svg(sheet, &task.caption, |canvas| {
        let window = |place: usize, top: f64| {
            let left = first_left() + place as f64 * (side + WINDOW_GAP);
            Window { frame: Frame { left, top, right: left + side, bottom: top + side }, half_width }
        };
        for ((place, panel), letter) in panels.iter().enumerate().zip('a'..) {
            let (regions, field) = (window(place, top), window(place, below));
            draw_letter(canvas, regions.frame, letter)?;
            draw_head(canvas, regions.frame, panel)?;
            if let Some(logits) = &panel.logits {
                draw_regions(canvas, regions, logits)?;
                field.draw_field(canvas, |at| logits.probability(panel.link, target, at))?;
            }
            regions.draw_samples(canvas, &dataset, SAMPLES, sequence_colour)?;
            regions.draw_frame(canvas, [false, place == 0])?;
            field.draw_frame(canvas, [true, place == 0])?;
        }
        let last = window(panels.len() - 1, below).frame;
        let left = last.right + WINDOW_GAP;
        let bar = Frame { left, right: left + head::COLOUR_BAR_WIDTH, ..last };
        head::draw_colour_bar(canvas, bar, &format!("probability of class {target}"))
    })
}

fn panels(results: &Results, target: usize) -> Vec<RegionPanel> {
    let panel = |(series, look): (usize, SeriesLook)| RegionPanel {
        name: look.name,
        link: results.experiment.analysis.series[series].loss.row().link,
        logits: of_series(results, series).next().and_then(Logits::of),
        shortfall: mean(results, series, Measure::Shortfall, target),
        accuracy: mean(results, series, Measure::Accuracy, 0),
    };
    looks(results).into_iter().enumerate().map(panel).collect()
}

fn draw_regions(canvas: &Canvas, window: Window, logits: &Logits) -> Result<(), FigureError> {
    for class in 0..logits.classes() {
        let corners = logits.region(class, window.half_width).into_iter();
        let corners: Vec<_> = corners.map(|corner| window.place(corner)).collect();
        if corners.len() > 2 {
            canvas.area(&corners, sequence_colour(class), REGION_ALPHA)?;
        }
    }
    Ok(())
}

fn first_left() -> f64 {
    MARGIN + TICK_SIZE + GAP
}

/// Side of a window when as many are side by side as there are series, at least three.
fn side(sheet: Sheet, windows: usize) -> f64 {
    let count = windows.max(3) as f64;
    (sheet.width - MARGIN - first_left() - WINDOW_GAP * count - head::colour_bar_room()) / count
}

fn of_series(results: &Results, series: usize) -> impl Iterator<Item = &Record> {
    results.records.iter().filter(move |record| record.series == series)
}

/// The mean over repetitions of one number of a measure, and its confidence interval.
fn mean(results: &Results, series: usize, measure: Measure, number: usize) -> Spread {
    const NOTHING: Spread = Spread { middle: f64::NAN, low: f64::NAN, high: f64::NAN };
    let values: Vec<f64> =
        of_series(results, series).filter_map(|record| record.all(measure).get(number).copied()).collect();
    Spread::of_mean(&values).unwrap_or(NOTHING)
}

/// A mean and half its confidence interval, where there is one.
fn written(spread: Spread) -> String {
    /// Half a unit of the last digit that is written.
    const VISIBLE: f64 = 0.005;
    let half = spread.high - spread.middle;
    if half >= VISIBLE {
        format!("{:.2} ± {half:.2}", spread.middle)
    } else {
        format!("{:.2}", spread.middle)
    }
}

/// The series under the panel's letter, as large as fits, and below it what to look for.
fn draw_head(canvas: &Canvas, frame: Frame, panel: &RegionPanel) -> Result<(), FigureError> {
    /// Bold letters are wider than those that are measured.
    const BOLD: f64 = 1.13;
    let first = MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0;
    let size = LABEL_SIZE.min(frame.width() / (BOLD * text_width(&panel.name, 1.0)));
    let second = first + LINE_HEIGHT * LABEL_SIZE;
    canvas.text((frame.left, second), &panel.name, Lettering::new(size, INK).bold())?;
    let lines =
        [format!("shortfall {}", written(panel.shortfall)), format!("accuracy {}", written(panel.accuracy))];
    for (line, text) in (1..).zip(&lines) {
        let y = second + f64::from(line) * LINE_HEIGHT * NOTE_SIZE;
        let size = NOTE_SIZE.min(frame.width() / text_width(text, 1.0));
        canvas.text((frame.left, y), text, Lettering::new(size, GREY))?;
    }
    Ok(())
}
