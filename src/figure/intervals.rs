//! Means and their confidence intervals, one row for each series: a table as a picture.

use crate::analysis::has_failed;
use crate::analysis::specification::IntervalPanel;
use crate::analysis::summary::Spread;

use super::axes::{Axis, Panel, PanelPlan, columns, panel_row, stacked};
use super::canvas::{Stroke, draw_filled, draw_hollow, draw_svg};
use super::draw::Task;
use super::head::{HeadItem, SeriesLook, looks};
use super::render::FigureError;
use super::scale::Scale;
use super::theme::{CURVE_WIDTH, DASHED, THIN_WIDTH};

const RADIUS: f64 = 2.4;

/// A series in a panel: its row and its interval.
type Row = (usize, Spread);

/// Draws the panels side by side; the means of the series in `beside` run through as level lines.
pub(super) fn draw(task: &Task, panels: &[IntervalPanel], beside: &[String]) -> Result<String, FigureError> {
    let looks = looks(task.results);
    let named = |series: &usize| !beside.is_empty() && task.results.is_among(*series, beside);
    let beside: Vec<usize> = (0..looks.len()).filter(named).collect();
    let rows: Vec<Vec<Row>> = panels.iter().map(|panel| rows(task, panel, looks.len())).collect();
    if let Some(empty) = rows.iter().position(Vec::is_empty) {
        return Err(
            task.invalid(format!("panel {empty}"), "no series has a number here; nothing can be drawn")
        );
    }
    let down = Scale::Linear { low: looks.len() as f64 - 0.5, high: -0.5 };
    let plans = |columns: usize| -> Vec<PanelPlan> {
        let plan = |(number, (plan, rows)): (usize, (&IntervalPanel, &Vec<Row>))| {
            let ends = rows.iter().flat_map(|(_, spread)| [spread.low, spread.high]);
            // The names of the rows serve all panels beside each other.
            let names = looks.iter().enumerate().filter(|_| number % columns == 0);
            let names = names.map(|(row, look)| (row as f64, look.name.clone()));
            PanelPlan {
                head: plan.heading.iter().flat_map(|text| HeadItem::words(text)).collect(),
                ..PanelPlan::new(Axis::across(&plan.x_axis, ends), Axis::marked("", down, names))
            }
        };
        panels.iter().zip(&rows).enumerate().map(plan).collect()
    };
    let plans = plans(columns(task.sheet.width, &plans(panels.len())));
    let sheet = stacked(task.sheet, &plans);
    draw_svg(sheet, &task.caption, |canvas| {
        for (panel, rows) in panel_row(canvas, sheet.size(), plans)?.iter().zip(&rows) {
            draw_panel(panel, rows, &looks, &beside)?;
        }
        Ok(())
    })
}

fn rows(task: &Task, panel: &IntervalPanel, series: usize) -> Vec<Row> {
    let results = task.results;
    let row = |series: usize| {
        let records = results.records.iter().filter(|record| {
            record.series == series && panel.at.iter().all(|(axis, label)| results.is_at(record, axis, label))
        });
        let records = records.filter(|record| !has_failed(results, record));
        let values: Vec<f64> = records.filter_map(|record| record.one(&panel.measure)).collect();
        Some((series, Spread::of_mean(&values)?))
    };
    (0..series).filter_map(row).collect()
}

fn draw_panel(
    panel: &Panel,
    rows: &[Row],
    looks: &[SeriesLook],
    beside: &[usize],
) -> Result<(), FigureError> {
    for (series, spread) in rows.iter().filter(|(series, _)| beside.contains(series)) {
        let ends = [panel.frame.top, panel.frame.bottom].map(|y| (panel.place(spread.middle, 0.0).0, y));
        panel.canvas.line(&ends, Stroke::solid(looks[*series].colour, THIN_WIDTH).dashed(DASHED))?;
    }
    for (series, spread) in rows {
        let (look, y) = (&looks[*series], *series as f64);
        // A limit of the axis cuts an interval off.
        let whisker = [spread.low, spread.high].map(|end| {
            let (x, y) = panel.place(end, y);
            (x.clamp(panel.frame.left, panel.frame.right), y)
        });
        panel.canvas.line(&whisker, Stroke::solid(look.colour, CURVE_WIDTH))?;
        let middle = panel.visible([(spread.middle, y)]);
        // A second series of a colour has a hollow mark.
        if look.rank > 0 {
            middle.iter().try_for_each(|&at| draw_hollow(panel.canvas, at, RADIUS, look.colour))?;
        } else {
            middle
                .iter()
                .try_for_each(|&at| draw_filled(panel.canvas, look.shape, at, RADIUS, look.colour))?;
        }
    }
    Ok(())
}
