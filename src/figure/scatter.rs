//! One dot for every class of every problem: a law is a line they lie on.

use crate::analysis::specification::{Colouring, ScaleKind, ScatterPanel};
use crate::analysis::{Record, Results};

use super::axes::{Axis, Panel, PanelPlan, panel_row, stacked};
use super::canvas::{Point, Shape, Stroke, draw_filled, draw_svg};
use super::draw::Task;
use super::head::{HeadItem, KeyMark, SeriesLook, looks};
use super::labels::{Note, trace};
use super::render::FigureError;
use super::scale::extent;
use super::theme::{CURVE_WIDTH, Colour, DASHED, GREY, INK, THIN_WIDTH, sequence_colour};

const RADIUS: f64 = 1.25;

/// A dot's place in data and its colour's number.
type Dot = (Point, usize);

pub(super) fn draw(task: &Task, panels: &[ScatterPanel], colour: &Colouring) -> Result<String, FigureError> {
    let key = key(task.results, colour);
    let dots: Vec<Vec<Dot>> = panels.iter().map(|panel| dots(task.results, panel, colour)).collect();
    if let Some(empty) = dots.iter().position(Vec::is_empty) {
        return Err(task.invalid(format!("panel {empty}"), "no problem has an answer; nothing can be drawn"));
    }
    let entry = |look: &DotLook| {
        let mark = KeyMark { shape: Some(look.shape), radius: RADIUS };
        HeadItem::key(look.name.clone(), look.colour, mark)
    };
    // One key serves all panels.
    let mut head: Vec<HeadItem> = key.iter().map(entry).collect();
    let plan = |(plan, dots): (&ScatterPanel, &Vec<Dot>)| PanelPlan {
        head: std::mem::take(&mut head),
        ..PanelPlan::new(
            Axis::across(&plan.x_axis, dots.iter().map(|dot| dot.0.0)),
            Axis::upward(&plan.y_axis, dots.iter().map(|dot| dot.0.1)),
        )
    };
    let plans: Vec<PanelPlan> = panels.iter().zip(&dots).map(plan).collect();
    let sheet = stacked(task.sheet, &plans);
    draw_svg(sheet, &task.caption, |canvas| {
        let row = panel_row(canvas, sheet.size(), plans)?;
        for ((panel, plan), dots) in row.iter().zip(panels).zip(&dots) {
            draw_panel(panel, plan, dots, &key)?;
        }
        Ok(())
    })
}

/// What a kind of dots is called and looks like.
struct DotLook {
    name: String,
    colour: Colour,
    shape: Shape,
}

/// What each colour means.
fn key(results: &Results, colour: &Colouring) -> Vec<DotLook> {
    match colour {
        Colouring::Sweep(name) => {
            let axis = results.experiment.axes.iter().find(|axis| axis.name == *name);
            let labels = axis.into_iter().flat_map(|axis| &axis.labels).enumerate();
            let look = |(place, name): (usize, &String)| DotLook {
                name: name.clone(),
                colour: sequence_colour(place),
                shape: Shape::Circle,
            };
            labels.map(look).collect()
        }
        Colouring::Series | Colouring::Lines => {
            let look = |SeriesLook { name, colour, shape, .. }| DotLook { name, colour, shape };
            looks(results).into_iter().map(look).collect()
        }
    }
}

fn dots(results: &Results, panel: &ScatterPanel, colour: &Colouring) -> Vec<Dot> {
    let number = |record: &Record| match colour {
        Colouring::Sweep(name) => results.experiment.axis(name).and_then(|axis| record.at.get(axis).copied()),
        Colouring::Series | Colouring::Lines => Some(record.series),
    };
    // A logarithmic axis has no zero: what is smaller than its given low end is drawn there.
    let floor =
        panel.y_axis.low.filter(|_| panel.y_axis.scale == ScaleKind::Log).unwrap_or(f64::NEG_INFINITY);
    let of_record = |record: &Record| {
        let colour = number(record).unwrap_or(0);
        let pairs = record.all(panel.x).iter().zip(record.all(panel.y));
        pairs.map(|(&x, &y)| ((x, y.max(floor)), colour)).collect::<Vec<_>>()
    };
    results.records.iter().flat_map(of_record).collect()
}

fn draw_panel(panel: &Panel, plan: &ScatterPanel, dots: &[Dot], key: &[DotLook]) -> Result<(), FigureError> {
    let mut obstacles = Vec::new();
    if plan.diagonal.is_some() {
        let (least, most) = extent(dots.iter().flat_map(|dot| [dot.0.0, dot.0.1]));
        let line = panel.visible([(least, least), (most, most)]);
        panel.canvas.line(&line, Stroke::solid(INK, THIN_WIDTH))?;
        obstacles.extend(trace(&line));
    }
    let mut levels = Vec::new();
    for level in &plan.levels {
        let height = panel.draw_level(level.at, INK, CURVE_WIDTH / 2.0, DASHED)?;
        obstacles.extend(trace(&[(panel.frame.left, height), (panel.frame.right, height)]));
        levels.push((level.label.as_str(), height));
    }
    for &(point, colour) in dots {
        for at in panel.visible([point]) {
            let (colour, shape) =
                key.get(colour).map_or((INK, Shape::Circle), |look| (look.colour, look.shape));
            draw_filled(panel.canvas, shape, at, RADIUS, colour)?;
            obstacles.push(at);
        }
    }
    let frame = panel.frame;
    let mut note = |text: &str, colour, wanted| {
        Note::new(&[text], colour).draw_near(panel.canvas, frame, wanted, &mut obstacles)
    };
    for (label, height) in levels {
        note(label, INK, (frame.right, height))?;
    }
    if let Some(diagonal) = &plan.diagonal {
        note(&format!("line: {diagonal}"), GREY, (frame.right, frame.bottom - frame.height() / 4.0))?;
    }
    if let Some(floor) = plan.y_axis.low.filter(|low| dots.iter().any(|dot| dot.0.1 <= *low)) {
        let height = panel.place(1.0, floor).1;
        note("smaller or zero: drawn at the floor", GREY, (frame.left, height))?;
    }
    Ok(())
}
