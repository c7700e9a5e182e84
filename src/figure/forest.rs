//! A forest plot: the differences of a family and their 95% intervals beside zero, one row for each pair of series.

use crate::analysis::specification::{Family, ForestPanel};
use crate::analysis::{FamilyDifferences, LEVEL, Pair, PairedDifference, differences};

use super::axes::{Axis, Panel, PanelPlan, columns, panel_row, stacked};
use super::canvas::{Shape, Stroke, draw_filled, draw_hollow, draw_svg};
use super::draw::Task;
use super::head::{HeadItem, SeriesLook, looks};
use super::render::FigureError;
use super::scale::Scale;
use super::theme::{CURVE_WIDTH, Colour, DOTTED, GREY, THIN_WIDTH};

const RADIUS: f64 = 2.4;

/// A pair in a panel.
struct Row {
    colour: Colour,
    difference: PairedDifference,
}

/// Draws the panels side by side. A filled mark is significant after adjustment; a hollow one is not; a mark without an
/// interval was not tested, and a row without a mark has no draw in which neither training failed.
pub(super) fn draw(task: &Task, family: &Family, panels: &[ForestPanel]) -> Result<String, FigureError> {
    let compared = differences(task.results, family);
    let rows: Vec<Vec<Row>> = panels.iter().map(|panel| rows(task, &compared, panel)).collect();
    let unit = family.measure.measure.unit();
    let down = Scale::Linear { low: compared.pairs.len() as f64 - 0.5, high: -0.5 };
    let plans = |columns: usize| -> Vec<PanelPlan> {
        let plan = |(number, (plan, rows)): (usize, (&ForestPanel, &Vec<Row>))| {
            let ends = rows.iter().flat_map(|row| ends(&row.difference)).map(|end| unit.of(end));
            // The names of the rows serve all panels beside each other.
            let names = compared.pairs.iter().enumerate().filter(|_| number % columns == 0);
            let names = names.map(|(row, pair)| (row as f64, name(&compared, pair)));
            PanelPlan {
                head: plan.heading.iter().flat_map(|text| HeadItem::words(text)).collect(),
                ..PanelPlan::new(Axis::across(&plan.x_axis, ends.chain([0.0])), Axis::marked("", down, names))
            }
        };
        panels.iter().zip(&rows).enumerate().map(plan).collect()
    };
    let plans = plans(columns(task.sheet.width, &plans(panels.len())));
    let sheet = stacked(task.sheet, &plans);
    draw_svg(sheet, &task.caption, |canvas| {
        for (panel, rows) in panel_row(canvas, sheet.size(), plans)?.iter().zip(&rows) {
            draw_zero(panel)?;
            for (place, row) in rows.iter().enumerate() {
                let shown = [row.difference.mean, ends(&row.difference)[0], ends(&row.difference)[1]];
                draw_row(panel, place as f64, row, shown.map(|number| unit.of(number)))?;
            }
        }
        Ok(())
    })
}

/// What a row is called: where all pairs have the same series, which the caption names, by the other one alone.
fn name(compared: &FamilyDifferences, pair: &Pair) -> String {
    let alike = compared.pairs.len() > 1 && compared.pairs.iter().all(|other| other.series == pair.series);
    if alike { format!("− {}", pair.against) } else { format!("{} − {}", pair.series, pair.against) }
}

fn rows(task: &Task, compared: &FamilyDifferences, panel: &ForestPanel) -> Vec<Row> {
    let experiment = &task.results.experiment;
    let is_there = |point: &usize| {
        let places = experiment.places(*point);
        panel.at.iter().all(|(name, label)| {
            let axis = experiment.axis(name);
            axis.is_some_and(|axis| experiment.axes[axis].labels.get(places[axis]) == Some(label))
        })
    };
    let looks = looks(task.results);
    let colour = |name: &str| {
        looks.iter().find(|look| look.name == name).map_or(GREY, |look: &SeriesLook| look.colour)
    };
    let point = (0..experiment.points.len()).find(is_there).unwrap_or(0);
    let row = |pair: &Pair| Row { colour: colour(&pair.series), difference: pair.differences[point] };
    compared.pairs.iter().map(row).collect()
}

/// Both ends of the interval; of an untested difference itself.
fn ends(difference: &PairedDifference) -> [f64; 2] {
    match difference.inference {
        Some(inference) => [inference.low, inference.high],
        None if difference.pairs == 0 => [0.0; 2],
        None => [difference.mean; 2],
    }
}

fn draw_zero(panel: &Panel) -> Result<(), FigureError> {
    let ends = [panel.frame.top, panel.frame.bottom].map(|y| (panel.place(0.0, 0.0).0, y));
    panel.canvas.line(&ends, Stroke::solid(GREY, 2.0 * THIN_WIDTH).dashed(DOTTED))
}

/// `shown` are the mean and both ends of the interval, in the unit of the axis.
fn draw_row(panel: &Panel, y: f64, row: &Row, [mean, low, high]: [f64; 3]) -> Result<(), FigureError> {
    if row.difference.pairs == 0 {
        return Ok(());
    }
    // A limit of the axis cuts an interval off.
    let whisker = [low, high].map(|end| {
        let (x, y) = panel.place(end, y);
        (x.clamp(panel.frame.left, panel.frame.right), y)
    });
    panel.canvas.line(&whisker, Stroke::solid(row.colour, CURVE_WIDTH))?;
    let middle = panel.visible([(mean, y)]);
    let significant = row.difference.inference.is_some_and(|inference| inference.adjusted < LEVEL);
    middle.iter().try_for_each(|&at| {
        if significant {
            draw_filled(panel.canvas, Shape::Circle, at, RADIUS, row.colour)
        } else {
            draw_hollow(panel.canvas, at, RADIUS, row.colour)
        }
    })
}
