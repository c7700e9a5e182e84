//! Measures along a sweep or along another measure: lines with bands over repetitions, labelled where they end.

mod data;
mod marks;

use crate::analysis::specification::{Colouring, CurvePanel, LineStyle};

use super::axes::{Axis, Panel, PanelPlan, panel_row};
use super::canvas::{Point, Stroke, draw_svg};
use super::error::FigureError;
use super::head::HeadItem;
use super::labels::{EndLabel, Note, draw_end_labels, end_label_room, trace};
use super::scale::Scale;
use super::task::Task;
use super::theme::{BAND_ALPHA, CURVE_WIDTH, DASHED, DOTTED, GAP, GREY, THIN_WIDTH};
use data::{Curve, Group};

/// Radius of a dot on a line.
const MARKED: f64 = 1.7;
/// Radius of a lone dot.
const DOT: f64 = 1.4;

/// A panel's plan and what it shows.
struct Content<'a> {
    plan: &'a CurvePanel,
    groups: Vec<Group<'a>>,
}

pub(super) fn draw(task: &Task, panels: &[CurvePanel]) -> Result<String, FigureError> {
    let contents: Vec<Content> =
        panels.iter().map(|plan| Content { plan, groups: data::groups(task.results, plan) }).collect();
    if let Some(empty) = contents.iter().position(Content::is_empty) {
        return Err(task.invalid(format!("panel {empty}"), "no problem has an answer; nothing can be drawn"));
    }
    draw_svg(task.sheet, &task.caption, |canvas| {
        let plans = contents.iter().map(Content::panel_plan).collect();
        for (panel, content) in panel_row(canvas, task.sheet.size(), plans)?.iter().zip(&contents) {
            content.draw(panel)?;
        }
        Ok(())
    })
}

impl Content<'_> {
    fn is_empty(&self) -> bool {
        self.curves().all(|curve| curve.points.is_empty())
    }

    fn curves(&self) -> impl Iterator<Item = &Curve<'_>> {
        self.groups.iter().flat_map(|group| &group.curves)
    }

    fn panel_plan(&self) -> PanelPlan {
        let points = || self.curves().flat_map(|curve| &curve.points);
        let along = points().map(|point| point.x);
        let levels = self.plan.levels.iter().map(|level| level.at);
        let heights = self
            .curves()
            .flat_map(|curve| curve.points.iter().flat_map(move |point| point.shown(curve.style)));
        let names: Vec<&str> = self.names().into_iter().chain(self.plan.key.as_deref()).collect();
        let right = if names.is_empty() { GAP } else { end_label_room(names) };
        PanelPlan {
            x: Axis::across(&self.plan.x_axis, along),
            y: Axis::upward(&self.plan.y_axis, heights.chain(levels)),
            right,
            head: self.plan.heading.as_deref().map(HeadItem::words).unwrap_or_default(),
            head_runs_on: self.plan.key.is_none(),
        }
    }

    /// Labels at line ends: groups, or the lines of the only group.
    fn names(&self) -> Vec<&str> {
        let by_line = self.plan.colour == Colouring::Lines;
        if by_line {
            self.plan.lines.iter().filter_map(|line| line.label.as_deref()).collect()
        } else if self.groups.len() > 1 && !self.ends_early() {
            self.groups.iter().map(|group| group.name.as_str()).collect()
        } else {
            Vec::new()
        }
    }

    fn draw(&self, panel: &Panel) -> Result<(), FigureError> {
        for curve in self.curves() {
            draw_band(panel, curve)?;
        }
        let mut obstacles = Vec::new();
        let mut levels = Vec::new();
        for level in &self.plan.levels {
            let height = panel.draw_level(level.at, GREY, 2.0 * THIN_WIDTH, DOTTED)?;
            obstacles.extend(trace(&[(panel.frame.left, height), (panel.frame.right, height)]));
            levels.push((level.label.as_str(), height));
        }
        for curve in self.curves() {
            obstacles.extend(draw_curve(panel, curve)?);
        }
        self.draw_ends(panel, &mut obstacles)?;
        for (label, height) in levels {
            let wanted = (panel.frame.left, height);
            Note::new(&[label], GREY).draw_near(panel.canvas, panel.frame, wanted, &mut obstacles)?;
        }
        self.plan.marks.iter().try_for_each(|mark| marks::draw(panel, mark, &self.groups, &mut obstacles))
    }

    /// Labels where lines end: each line its own, or each group on the line whose ends lie farthest apart.
    fn draw_ends(&self, panel: &Panel, obstacles: &mut Vec<Point>) -> Result<(), FigureError> {
        let heading = self.plan.key.as_deref().unwrap_or("");
        let end = |curve: &Curve| panel.visible(curve.middles()).last().map(|&(_, y)| y);
        let mut labels = Vec::new();
        if self.ends_early() {
            return self.draw_names_at_ends(panel, obstacles);
        }
        if self.plan.colour == Colouring::Lines {
            for (line, curve) in self.plan.lines.iter().zip(self.curves()) {
                if let (Some(text), Some(y)) = (&line.label, end(curve)) {
                    labels.push(EndLabel { y, text: text.clone(), colour: curve.colour });
                }
            }
        } else if self.groups.len() > 1 {
            let line = self.most_spread(&end);
            for group in &self.groups {
                if let Some(y) = end(&group.curves[line]) {
                    labels.push(EndLabel { y, text: group.name.clone(), colour: group.curves[line].colour });
                }
            }
        }
        if labels.is_empty() { Ok(()) } else { draw_end_labels(panel.canvas, panel.frame, heading, &labels) }
    }

    /// Whether lines of the panel end far from its right edge and from each other.
    fn ends_early(&self) -> bool {
        const EARLY: f64 = 0.85;
        let along = self.curves().flat_map(|curve| &curve.points).map(|point| point.x);
        let scale = Scale::planned(&self.plan.x_axis, along, false);
        let last_place = |group: &Group| Some(scale.fraction(group.curves.first()?.points.last()?.x));
        self.groups.len() > 1
            && self.groups.iter().filter_map(last_place).any(|last_place| last_place < EARLY)
    }

    /// The name of each group beside the end of its first line.
    fn draw_names_at_ends(&self, panel: &Panel, obstacles: &mut Vec<Point>) -> Result<(), FigureError> {
        for group in &self.groups {
            let Some(curve) = group.curves.first() else { continue };
            let Some(&(x, y)) = panel.visible(curve.middles()).last() else { continue };
            let lines = [group.name.as_str()];
            let note = Note::new(&lines, curve.colour);
            let wanted = (x + GAP + note.size().0 / 2.0, y);
            note.draw_near(panel.canvas, panel.frame, wanted, obstacles)?;
        }
        Ok(())
    }

    /// The line whose ends are easiest to distinguish; the first unless another is clearly better.
    fn most_spread(&self, end: &impl Fn(&Curve) -> Option<f64>) -> usize {
        const CLEARLY: f64 = 1.5;
        let least_gap = |line: usize| {
            let ends: Option<Vec<f64>> = self.groups.iter().map(|group| end(&group.curves[line])).collect();
            // A line that some group has not cannot name the groups.
            let Some(mut ends) = ends else { return 0.0 };
            ends.sort_by(f64::total_cmp);
            ends.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min)
        };
        let drawn = (0..self.plan.lines.len()).filter(|&line| self.plan.lines[line].style != LineStyle::Dots);
        drawn
            .reduce(|best, line| if least_gap(line) > CLEARLY * least_gap(best) { line } else { best })
            .unwrap_or(0)
    }
}

fn draw_band(panel: &Panel, curve: &Curve) -> Result<(), FigureError> {
    let edge = |pick: fn(&data::CurvePoint) -> f64| {
        let clamped = curve.points.iter().map(|point| (point.x, panel.clamped(pick(point))));
        panel.visible(clamped)
    };
    if !curve.banded {
        return Ok(());
    }
    let there = edge(|point| point.spread.low);
    let mut back = edge(|point| point.spread.high);
    back.reverse();
    panel.canvas.area(&[there, back].concat(), curve.colour, BAND_ALPHA)
}

/// Draws a curve and returns what no note may cover.
fn draw_curve(panel: &Panel, curve: &Curve) -> Result<Vec<Point>, FigureError> {
    let solid = |width| Stroke::solid(curve.colour, width);
    let line = panel.visible(curve.middles());
    let stroke = match curve.style {
        LineStyle::Solid | LineStyle::Marked => solid(CURVE_WIDTH),
        LineStyle::Thin => solid(CURVE_WIDTH / 2.0),
        LineStyle::Dashed => solid(CURVE_WIDTH).dashed(DASHED),
        LineStyle::Dotted => solid(CURVE_WIDTH).dashed(DOTTED),
        LineStyle::Dots => return draw_dots(panel, curve),
    };
    if line.len() > 1 {
        panel.canvas.line(&line, stroke)?;
    }
    if curve.style == LineStyle::Marked || line.len() == 1 {
        for &at in &line {
            panel.canvas.disc(at, MARKED, curve.colour, 1.0)?;
        }
    }
    Ok(trace(&line))
}

/// One dot for every problem, of those that fall on the same spot one.
fn draw_dots(panel: &Panel, curve: &Curve) -> Result<Vec<Point>, FigureError> {
    const SPOT: f64 = 0.1;
    let all = curve.points.iter().flat_map(|point| point.values.iter().map(|&value| (point.x, value)));
    let mut kept: Vec<Point> = Vec::new();
    for (x, y) in panel.visible(all) {
        if !kept.iter().any(|other| (other.0 - x).abs() < SPOT && (other.1 - y).abs() < SPOT) {
            kept.push((x, y));
        }
    }
    for &at in &kept {
        panel.canvas.disc(at, DOT, curve.colour, 1.0)?;
    }
    Ok(kept)
}
