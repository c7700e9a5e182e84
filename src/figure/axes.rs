//! Panels in a row, each with a horizontal and a vertical axis, its ticks outside and no other spine.

use crate::analysis::specification::AxisPlan;

use super::canvas::{Anchor, Canvas, Lettering, Point, Stroke, text_width, widest};
use super::head::{Head, HeadItem};
use super::render::FigureError;
use super::scale::{Scale, Tick, ticks};
use super::theme::{
    AXIS_WIDTH, CAP_HEIGHT, Colour, GAP, INK, LABEL_SIZE, LETTER_SIZE, MARGIN, MINOR_TICK_LENGTH,
    TICK_LENGTH, TICK_SIZE,
};

/// Height above a panel for its letter and heading.
const HEAD_ROOM: f64 = 13.0;
/// Space between the panels of a row.
const PANEL_GAP: f64 = 12.0;

/// A rectangle on the paper, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Frame {
    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }

    /// The same frame, smaller by `margin` on every side.
    pub(super) fn inset(self, margin: f64) -> Self {
        Self {
            left: self.left + margin,
            top: self.top + margin,
            right: self.right - margin,
            bottom: self.bottom - margin,
        }
    }

    /// The four corners in drawing order.
    pub(super) fn corners(self) -> [Point; 4] {
        [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
    }
}

/// One axis: what it shows and where it is marked.
pub(super) struct Axis {
    label: String,
    scale: Scale,
    ticks: Vec<Tick>,
}

impl Axis {
    pub(super) fn new(label: impl Into<String>, scale: Scale) -> Self {
        Self { label: label.into(), scale, ticks: ticks(scale) }
    }

    /// A horizontal axis as planned, over `values`.
    pub(super) fn across(plan: &AxisPlan, values: impl Iterator<Item = f64>) -> Self {
        Self::planned(plan, Scale::planned(plan, values, false))
    }

    /// A vertical axis as planned, over `values`.
    pub(super) fn upward(plan: &AxisPlan, values: impl Iterator<Item = f64>) -> Self {
        Self::planned(plan, Scale::planned(plan, values, true))
    }

    fn planned(plan: &AxisPlan, scale: Scale) -> Self {
        let label = &plan.label;
        if plan.ticks.is_empty() {
            return Self::new(label, scale);
        }
        let marks = plan.ticks.iter().map(|&value| (value, value.to_string().replace('-', "−")));
        Self::marked(label, scale, marks)
    }

    /// An axis marked at given values with given words.
    pub(super) fn marked(label: &str, scale: Scale, marks: impl IntoIterator<Item = (f64, String)>) -> Self {
        let tick = |(value, label)| Tick { value, label: Some(label) };
        let ticks = marks.into_iter().map(tick).filter(|tick| scale.contains(tick.value)).collect();
        Self { label: label.to_owned(), scale, ticks }
    }

    /// Width of the last tick label to the right of the frame, for a horizontal axis.
    fn overhang(&self, plot_width: f64) -> f64 {
        let overhang = |tick: &Tick| {
            let beyond = (self.scale.fraction(tick.value) - 1.0) * plot_width;
            tick.label.as_deref().map_or(0.0, |label| beyond + text_width(label, TICK_SIZE) / 2.0)
        };
        self.ticks.iter().map(overhang).fold(0.0, f64::max)
    }

    /// Width between the spine and the edge of the tick labels, for a vertical axis.
    fn tick_room(&self) -> f64 {
        TICK_LENGTH + GAP + widest(self.ticks.iter().filter_map(|tick| tick.label.as_deref()), TICK_SIZE)
    }
}

/// What a panel shows, before it has a place.
pub(super) struct PanelPlan {
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// Paper to the right of the frame, for labels at line ends.
    pub(super) right: f64,
    /// Words and keys above the frame.
    pub(super) head: Vec<HeadItem>,
    /// Whether they may run on above the paper to the right.
    pub(super) head_runs_on: bool,
}

impl PanelPlan {
    /// Two axes, and neither labels at line ends nor words above.
    pub(super) const fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, right: GAP, head: Vec::new(), head_runs_on: true }
    }
}

/// A panel in its place on the paper.
pub(super) struct Panel<'c, 'a> {
    pub(super) canvas: &'c Canvas<'a>,
    pub(super) frame: Frame,
    x: Axis,
    y: Axis,
}

/// Places panels of equal plot width side by side and draws their axes and letters.
pub(super) fn panel_row<'c, 'a>(
    canvas: &'c Canvas<'a>,
    (width, height): (f64, f64),
    plans: Vec<PanelPlan>,
) -> Result<Vec<Panel<'c, 'a>>, FigureError> {
    let count = plans.len() as f64;
    let left_room = |plan: &PanelPlan| plan.y.tick_room() + GAP + LABEL_SIZE;
    let room = width - 2.0 * MARGIN - PANEL_GAP * (count - 1.0);
    // Narrowing the plots for overhanging labels hardly changes the overhang.
    let widest_plot = room / count;
    let right_room = |plan: &PanelPlan| plan.right.max(plan.x.overhang(widest_plot));
    let taken: f64 = plans.iter().map(|plan| left_room(plan) + right_room(plan)).sum();
    let plot_width = (room - taken) / count;
    let lettered = plans.len() > 1;
    let bottom = height - MARGIN - LABEL_SIZE - GAP - TICK_SIZE - GAP - TICK_LENGTH;
    // A lone panel needs no letter.
    let indent = if lettered { 2.0 * LETTER_SIZE } else { 0.0 };
    let head = |plan: &PanelPlan| {
        let beyond = if plan.head_runs_on { right_room(plan) } else { 0.0 };
        Head::wrapped(plan.head.clone(), plot_width + beyond - indent)
    };
    let heads: Vec<Head> = plans.iter().map(head).collect();
    let top = MARGIN + HEAD_ROOM + heads.iter().map(Head::further_lines).fold(0.0, f64::max);
    let mut cursor = MARGIN;
    let mut panels = Vec::with_capacity(plans.len());
    for ((plan, head), letter) in plans.into_iter().zip(heads).zip('a'..) {
        let (left, right) = (cursor + left_room(&plan), right_room(&plan));
        let frame = Frame { left, top, right: left + plot_width, bottom };
        cursor = frame.right + right + PANEL_GAP;
        let panel = Panel { canvas, frame, x: plan.x, y: plan.y };
        panel.draw_axes()?;
        head.draw(canvas, (left + indent, MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0))?;
        if lettered {
            draw_letter(canvas, frame, letter)?;
        }
        panels.push(panel);
    }
    Ok(panels)
}

/// The bold letter above the top left corner of a frame.
pub(super) fn draw_letter(canvas: &Canvas, frame: Frame, letter: char) -> Result<(), FigureError> {
    let at = (frame.left, MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0);
    canvas.text(at, &letter.to_string(), Lettering::new(LETTER_SIZE, INK).bold())
}

impl Panel<'_, '_> {
    /// Place of a data point on the paper.
    pub(super) fn place(&self, x: f64, y: f64) -> Point {
        (
            self.frame.left + self.x.scale.fraction(x) * self.frame.width(),
            self.frame.bottom - self.y.scale.fraction(y) * self.frame.height(),
        )
    }

    /// Places on the paper of those data points that lie within the limits of both axes.
    pub(super) fn visible(&self, data: impl IntoIterator<Item = Point>) -> Vec<Point> {
        data.into_iter()
            .filter(|&(x, y)| self.x.scale.contains(x) && self.y.scale.contains(y))
            .map(|(x, y)| self.place(x, y))
            .collect()
    }

    /// A height moved to the nearest that the vertical axis shows.
    pub(super) fn clamped(&self, y: f64) -> f64 {
        let (Scale::Linear { low, high } | Scale::Log { low, high }) = self.y.scale;
        y.clamp(low.min(high), low.max(high))
    }

    /// A level line across the whole panel; returns its height on the paper.
    pub(super) fn draw_level(
        &self,
        y: f64,
        colour: Colour,
        width: f64,
        dash: (f64, f64),
    ) -> Result<f64, FigureError> {
        let (_, level) = self.place(0.0, y);
        let ends = [(self.frame.left, level), (self.frame.right, level)];
        self.canvas.line(&ends, Stroke::solid(colour, width).dashed(dash))?;
        Ok(level)
    }

    fn draw_axes(&self) -> Result<(), FigureError> {
        let Frame { left, top, right, bottom } = self.frame;
        let spine = Stroke::solid(INK, AXIS_WIDTH);
        let tick_label = Lettering::new(TICK_SIZE, INK);
        // The spines overlap by half a width, which closes the corner.
        let corner = AXIS_WIDTH / 2.0;
        self.canvas.line(&[(left, top), (left, bottom + corner)], spine)?;
        self.canvas.line(&[(left - corner, bottom), (right, bottom)], spine)?;
        let mut written_up_to = f64::NEG_INFINITY;
        for tick in &self.x.ticks {
            let x = left + self.x.scale.fraction(tick.value) * self.frame.width();
            self.canvas.line(&[(x, bottom), (x, bottom + tick_length(tick))], spine)?;
            let room = |label: &String| text_width(label, TICK_SIZE) / 2.0;
            // Where the plot is too narrow for all labels, a tick goes without.
            let clear = |label: &&String| x - room(label) > written_up_to;
            if let Some(label) = tick.label.as_ref().filter(clear) {
                written_up_to = x + room(label) + GAP / 2.0;
                let y = bottom + TICK_LENGTH + GAP + TICK_SIZE / 2.0;
                self.canvas.text((x, y), label, tick_label.anchored(Anchor::Middle))?;
            }
        }
        for tick in &self.y.ticks {
            let y = bottom - self.y.scale.fraction(tick.value) * self.frame.height();
            self.canvas.line(&[(left - tick_length(tick), y), (left, y)], spine)?;
            if let Some(label) = &tick.label {
                self.canvas.text((left - TICK_LENGTH - GAP, y), label, tick_label.anchored(Anchor::End))?;
            }
        }
        let axis_label = Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle);
        let below = bottom + TICK_LENGTH + GAP + TICK_SIZE + GAP + LABEL_SIZE / 2.0;
        self.canvas.text((f64::midpoint(left, right), below), &self.x.label, axis_label)?;
        let beside = left - self.y.tick_room() - GAP - LABEL_SIZE / 2.0;
        self.canvas.text((beside, f64::midpoint(top, bottom)), &self.y.label, axis_label.upward())
    }
}

fn tick_length(tick: &Tick) -> f64 {
    if tick.label.is_some() { TICK_LENGTH } else { MINOR_TICK_LENGTH }
}
