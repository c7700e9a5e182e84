//! Decision regions of each series side by side, over the samples of one draw.

use crate::analysis::summary::Spread;
use crate::analysis::{Measure, Record, Results};

use super::axes::{Frame, draw_letter};
use super::canvas::{Canvas, Lettering, Sheet, draw_svg};
use super::draw::Task;
use super::error::FigureError;
use super::plane::{Logits, Window, first_draw};
use super::series_look::looks;
use super::theme::{
    CAP_HEIGHT, GAP, GREY, INK, LABEL_SIZE, LETTER_SIZE, LINE_HEIGHT, MARGIN, NOTE_SIZE, TICK_SIZE,
    sequence_colour,
};

/// Samples of each class that are drawn.
const SAMPLES: usize = 60;
/// Height above a window for its letter, series and two lines of numbers.
const HEAD_ROOM: f64 = 34.0;
/// Space between windows.
const WINDOW_GAP: f64 = 7.0;
/// Opacity of a region.
const REGION_ALPHA: f64 = 0.28;

pub(super) fn draw(task: &Task, target: usize, reach: f64) -> Result<String, FigureError> {
    let dataset = first_draw(task.results).ok_or_else(|| task.empty("samples in a plane"))?;
    let heads: Vec<(String, Option<Logits>, [f64; 2])> = looks(task.results)
        .into_iter()
        .enumerate()
        .map(|(series, look)| {
            let first = of_series(task.results, series).next();
            let numbers = [mean(task.results, series, Measure::Shortfall, target), mean(task.results, series, Measure::Accuracy, 0)];
            (look.name, first.and_then(Logits::of), numbers)
        })
        .collect();
    if heads.iter().all(|head| head.1.is_none()) {
        return Err(task.empty("heads over two features"));
    }
    let side = side(task.sheet, heads.len());
    let sheet = Sheet { height: MARGIN + HEAD_ROOM + side + GAP + TICK_SIZE + MARGIN, ..task.sheet };
    draw_svg(sheet, &task.caption, |canvas| {
        for ((place, (name, logits, numbers)), letter) in heads.iter().enumerate().zip('a'..) {
            let left = first_left() + place as f64 * (side + WINDOW_GAP);
            let top = MARGIN + HEAD_ROOM;
            let window = Window { frame: Frame { left, top, right: left + side, bottom: top + side }, reach };
            draw_letter(canvas, window.frame, letter)?;
            draw_head(canvas, window.frame, name, *numbers)?;
            if let Some(logits) = logits {
                for class in 0..logits.classes() {
                    let corners: Vec<_> =
                        logits.region(class, reach).into_iter().map(|corner| window.place(corner)).collect();
                    if corners.len() > 2 {
                        canvas.area(&corners, sequence_colour(class), REGION_ALPHA)?;
                    }
                }
            }
            window.draw_samples(canvas, &dataset, SAMPLES, sequence_colour)?;
            window.draw_frame(canvas, place == 0)?;
        }
        Ok(())
    })
}

fn first_left() -> f64 {
    MARGIN + TICK_SIZE + GAP
}

/// Side of a window when as many stand side by side as there are series, at least three.
fn side(sheet: Sheet, windows: usize) -> f64 {
    let count = windows.max(3) as f64;
    (sheet.width - MARGIN - first_left() - WINDOW_GAP * (count - 1.0)) / count
}

fn of_series(results: &Results, series: usize) -> impl Iterator<Item = &Record> {
    results.records.iter().filter(move |record| record.series == series)
}

/// The mean over repetitions of one number of a measure.
fn mean(results: &Results, series: usize, measure: Measure, number: usize) -> f64 {
    let values: Vec<f64> =
        of_series(results, series).filter_map(|record| record.all(measure).get(number).copied()).collect();
    Spread::of_mean(&values).map_or(f64::NAN, |spread| spread.middle)
}

/// The series beside the panel's letter, and below it what to look for.
fn draw_head(canvas: &Canvas, frame: Frame, name: &str, [shortfall, accuracy]: [f64; 2]) -> Result<(), FigureError> {
    let first = MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0;
    canvas.text((frame.left + LETTER_SIZE + GAP, first), name, Lettering::new(LABEL_SIZE, INK).bold())?;
    let lines = [format!("shortfall {shortfall:.2}"), format!("accuracy {accuracy:.2}")];
    for (line, text) in (1..).zip(&lines) {
        let y = first + f64::from(line) * LINE_HEIGHT * NOTE_SIZE + 1.5;
        canvas.text((frame.left, y), text, Lettering::new(NOTE_SIZE, GREY))?;
    }
    Ok(())
}
