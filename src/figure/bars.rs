//! The ledger of one column as bars: the outflow of its class, and the inflow from each of the others (A1).

use crate::analysis::summary::Spread;
use crate::analysis::{Measure, Record, mean_of};

use super::axes::{Axis, Panel, PanelPlan, panel_row};
use super::canvas::{Lettering, Shape, Stroke, draw_svg, text_width};
use super::draw::Task;
use super::head::{HeadItem, KeyMark, looks};
use super::render::FigureError;
use super::scale::Scale;
use super::theme::{AXIS_WIDTH, Colour, GAP, GREY, INK, NOTE_SIZE, sequence_colour};

/// Height of a bar, in units of the distance between two series.
const BAR: f64 = 0.3;
/// Opacity of the upper bars.
const WITHHELD_ALPHA: f64 = 0.75;
/// Radius of the marks in the key.
const KEY_RADIUS: f64 = 2.2;
/// Air beyond the longest bar, as a share of it.
const PADDING: f64 = 0.02;

/// The column of one series: means over repetitions.
struct Column {
    name: String,
    /// Mean and confidence interval.
    shortfall: Spread,
    /// Part of each class, the target's own left at zero.
    parts: Vec<f64>,
    /// Mean probability of the target that each class is given.
    probability: Vec<f64>,
}

impl Column {
    /// The other class with the largest mean probability.
    fn hardest(&self, target: usize) -> Option<(usize, f64)> {
        let others = self.probability.iter().copied().enumerate().filter(|&(class, _)| class != target);
        others.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

pub(super) fn draw(task: &Task, target: usize, classes: &[String]) -> Result<String, FigureError> {
    let columns = columns(task, target, classes.len());
    if columns.is_empty() {
        return Err(task.empty("stationary points"));
    }
    let remark = |column: &Column| {
        let (class, probability) = column.hardest(target)?;
        Some(format!("{} gives it P = {probability:.2}", classes[class]))
    };
    let remarks: Vec<Option<String>> = columns.iter().map(remark).collect();
    let right = GAP + remarks.iter().flatten().map(|text| text_width(text, NOTE_SIZE)).fold(0.0, f64::max);
    let sum =
        |column: &Column, sign: f64| column.parts.iter().filter(|part| **part * sign > 0.0).sum::<f64>();
    let longest =
        columns.iter().map(|column| column.shortfall.high.max(sum(column, 1.0))).fold(0.0, f64::max);
    let lowest = columns.iter().map(|column| sum(column, -1.0)).fold(0.0, f64::min);
    let along = Scale::Linear { low: lowest * (1.0 + PADDING), high: longest * (1.0 + PADDING) };
    let down = Scale::Linear { low: columns.len() as f64 - 0.5, high: -0.5 };
    let names = columns.iter().enumerate().map(|(row, column)| (row as f64, column.name.clone()));
    let label = format!("share of the {}’s mass", classes[target]);
    let plan = PanelPlan {
        right,
        head: key(target, classes),
        ..PanelPlan::new(Axis::new(label, along), Axis::marked("", down, names))
    };
    draw_svg(task.sheet, &task.caption, |canvas| {
        let row = panel_row(canvas, task.sheet.size(), vec![plan])?;
        for (number, (column, remark)) in columns.iter().zip(&remarks).enumerate() {
            draw_column(&row[0], number as f64, column, target)?;
            if let Some(text) = remark {
                let y = row[0].place(0.0, number as f64 + BAR / 2.0 + 0.03).1;
                canvas.text((row[0].frame.right + GAP, y), text, Lettering::new(NOTE_SIZE, GREY))?;
            }
        }
        Ok(())
    })
}

fn columns(task: &Task, target: usize, classes: usize) -> Vec<Column> {
    let column = |(series, name): (usize, String)| {
        let of_series = |record: &&Record| record.series == series && record.classes == classes;
        let records = || task.results.records.iter().filter(of_series);
        let column_of = |measure: Measure| -> Vec<f64> {
            let entries = mean_of(records(), measure);
            let entry = |class: usize| if class == target { 0.0 } else { entries[class * classes + target] };
            if entries.len() == classes * classes {
                (0..classes).map(entry).collect()
            } else {
                vec![0.0; classes]
            }
        };
        let shortfalls: Vec<f64> =
            records().filter_map(|record| record.all(Measure::Shortfall).get(target).copied()).collect();
        Some(Column {
            name,
            shortfall: Spread::of_mean(&shortfalls)?,
            parts: column_of(Measure::Contribution),
            probability: column_of(Measure::MeanProbability),
        })
    };
    looks(task.results).into_iter().map(|look| look.name).enumerate().filter_map(column).collect()
}

/// Grey for the outflow, a colour for every other class.
fn class_colour(class: usize, target: usize) -> Colour {
    // The class that is hard to separate comes first among the others.
    const ORDER: [usize; 6] = [2, 0, 4, 1, 5, 3];
    let rank = if class < target { class } else { class.saturating_sub(1) };
    sequence_colour(ORDER[rank % ORDER.len()])
}

fn key(target: usize, classes: &[String]) -> Vec<HeadItem> {
    let mark = KeyMark { shape: Some(Shape::Square), radius: KEY_RADIUS };
    let square = |name: String, colour| HeadItem::key(name, colour, mark);
    let withheld = square(format!("withheld by the {}", classes[target]), INK);
    let others = classes.iter().enumerate().filter(|(class, _)| *class != target);
    let received =
        others.map(|(class, name)| square(format!("given by {name}"), class_colour(class, target)));
    std::iter::once(withheld).chain(received).collect()
}

fn draw_column(panel: &Panel, row: f64, column: &Column, target: usize) -> Result<(), FigureError> {
    const GAP_BETWEEN: f64 = 0.03;
    let bar = |from: f64, to: f64, top: f64, colour: Colour, alpha: f64| {
        let ((left, upper), (right, lower)) = (panel.place(from, top), panel.place(to, top + BAR));
        panel.canvas.area(&[(left, upper), (right, upper), (right, lower), (left, lower)], colour, alpha)
    };
    bar(0.0, column.shortfall.middle, row - BAR - GAP_BETWEEN, INK, WITHHELD_ALPHA)?;
    let ends = [column.shortfall.low, column.shortfall.high];
    let whisker = ends.map(|end| panel.place(end, row - BAR / 2.0 - GAP_BETWEEN));
    panel.canvas.line(&whisker, Stroke::solid(INK, AXIS_WIDTH))?;
    let (mut up, mut down) = (0.0, 0.0);
    for (class, &part) in column.parts.iter().enumerate() {
        let end = if part >= 0.0 { &mut up } else { &mut down };
        let from = *end;
        *end += part;
        if part != 0.0 {
            bar(from, *end, row + GAP_BETWEEN, class_colour(class, target), 1.0)?;
        }
    }
    Ok(())
}
