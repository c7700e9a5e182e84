//! Panels side by side, or stacked where the sheet is narrow, each with a horizontal and a vertical axis, its ticks outside and no other spine.

use crate::analysis::specification::AxisPlan;

use super::canvas::{Anchor, Canvas, Lettering, Point, Sheet, Stroke, text_width, widest};
use super::head::{Head, HeadItem};
use super::render::FigureError;
use super::scale::{Scale, Tick, ticks};
use super::theme::{
    AXIS_WIDTH, CAP_HEIGHT, Colour, GAP, INK, LABEL_SIZE, LETTER_SIZE, MARGIN, MINOR_TICK_LENGTH,
    TICK_LENGTH, TICK_SIZE,
};

/// Height above a panel for its letter and heading.
const HEAD_ROOM: f64 = 13.0;
/// Size of an axis label at least.
const SMALLEST_LABEL: f64 = 5.5;
/// A label may be so much longer than its axis.
const OVER: f64 = 1.05;
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

/// Panels are stacked where they would be narrower than this side by side, and on every sheet as narrow as a column.
const NARROWEST_PLOT: f64 = 52.0;
const NARROW_SHEET: f64 = 260.0;

/// How panels share the width of a sheet: as many side by side as leave plots wide enough, the others below.
struct Grid {
    columns: usize,
    plot_width: f64,
    /// Paper to the left and to the right of the plots of each column.
    rooms: Vec<(f64, f64)>,
}

impl Grid {
    fn of(width: f64, plans: &[PanelPlan]) -> Self {
        let most = if width < NARROW_SHEET { 1 } else { plans.len() };
        let tried = (1..=most).rev().map(|columns| Self::with(width, plans, columns));
        let fits = |grid: &Self| grid.plot_width >= NARROWEST_PLOT || grid.columns == 1;
        tried.into_iter().find(fits).unwrap_or_else(|| Self::with(width, plans, 1))
    }

    fn with(width: f64, plans: &[PanelPlan], columns: usize) -> Self {
        let count = columns as f64;
        let room = width - 2.0 * MARGIN - PANEL_GAP * (count - 1.0);
        // Narrowing the plots for overhanging labels hardly changes the overhang.
        let widest_plot = room / count;
        let of_column = |column: usize| {
            let own = || plans.iter().skip(column).step_by(columns);
            let left = own().map(|plan| plan.y.tick_room() + GAP + LABEL_SIZE).fold(0.0, f64::max);
            let right = own().map(|plan| plan.right.max(plan.x.overhang(widest_plot))).fold(0.0, f64::max);
            (left, right)
        };
        let rooms: Vec<(f64, f64)> = (0..columns).map(of_column).collect();
        let taken: f64 = rooms.iter().map(|(left, right)| left + right).sum();
        Self { columns, plot_width: (room - taken) / count, rooms }
    }

    fn rows(&self, panels: usize) -> usize {
        panels.div_ceil(self.columns)
    }

    /// Where the plot of a column begins.
    fn left(&self, column: usize) -> f64 {
        let before: f64 = self.rooms[..column].iter().map(|(left, right)| left + right).sum();
        MARGIN + before + column as f64 * (self.plot_width + PANEL_GAP) + self.rooms[column].0
    }
}

/// How many panels stand side by side on a sheet so wide.
pub(super) fn columns(width: f64, plans: &[PanelPlan]) -> usize {
    Grid::of(width, plans).columns
}

/// A sheet as high as its panels need, each of which has the height of the given one.
pub(super) fn stacked(sheet: Sheet, plans: &[PanelPlan]) -> Sheet {
    let rows = Grid::of(sheet.width, plans).rows(plans.len());
    Sheet { height: sheet.height * rows.max(1) as f64, ..sheet }
}

/// Places panels of equal plot width side by side, on as many rows as [`stacked`] made room for, and draws their axes and
/// letters.
pub(super) fn panel_row<'c, 'a>(
    canvas: &'c Canvas<'a>,
    (width, height): (f64, f64),
    plans: Vec<PanelPlan>,
) -> Result<Vec<Panel<'c, 'a>>, FigureError> {
    let grid = Grid::of(width, &plans);
    let row_height = height / grid.rows(plans.len()).max(1) as f64;
    let lettered = plans.len() > 1;
    // A lone panel needs no letter.
    let indent = if lettered { 2.0 * LETTER_SIZE } else { 0.0 };
    let head = |(number, plan): (usize, &PanelPlan)| {
        let beyond = if plan.head_runs_on { grid.rooms[number % grid.columns].1 } else { 0.0 };
        Head::wrapped(plan.head.clone(), grid.plot_width + beyond - indent)
    };
    let heads: Vec<Head> = plans.iter().enumerate().map(head).collect();
    let further: Vec<f64> = heads
        .chunks(grid.columns)
        .map(|row| row.iter().map(Head::further_lines).fold(0.0, f64::max))
        .collect();
    let mut panels = Vec::with_capacity(plans.len());
    for (((number, plan), head), letter) in plans.into_iter().enumerate().zip(heads).zip('a'..) {
        let (row, column) = (number / grid.columns, number % grid.columns);
        let sheet_top = row as f64 * row_height;
        let left = grid.left(column);
        let top = sheet_top + MARGIN + HEAD_ROOM + further[row];
        let bottom = sheet_top + row_height - MARGIN - LABEL_SIZE - GAP - TICK_SIZE - GAP - TICK_LENGTH;
        let frame = Frame { left, top, right: left + grid.plot_width, bottom };
        let panel = Panel { canvas, frame, x: plan.x, y: plan.y };
        panel.draw_axes()?;
        let first_line = sheet_top + MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0;
        head.draw(canvas, (left + indent, first_line))?;
        if lettered {
            draw_letter_at(canvas, (left, first_line), letter)?;
        }
        panels.push(panel);
    }
    Ok(panels)
}

/// The bold letter above the top left corner of a frame in the first row of a sheet.
pub(super) fn draw_letter(canvas: &Canvas, frame: Frame, letter: char) -> Result<(), FigureError> {
    draw_letter_at(canvas, (frame.left, MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0), letter)
}

/// The same at a place of its own.
pub(super) fn draw_letter_at(canvas: &Canvas, at: Point, letter: char) -> Result<(), FigureError> {
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
        // A label longer than its axis is set smaller, down to what can be read.
        let fitting = |label: &str, length: f64| {
            let size = LABEL_SIZE.min(length / text_width(label, 1.0)).max(SMALLEST_LABEL);
            Lettering::new(size, INK).anchored(Anchor::Middle)
        };
        let below = bottom + TICK_LENGTH + GAP + TICK_SIZE + GAP + LABEL_SIZE / 2.0;
        let middle = f64::midpoint(left, right);
        self.canvas.text(
            (middle, below),
            &self.x.label,
            fitting(&self.x.label, OVER * self.frame.width()),
        )?;
        let beside = left - self.y.tick_room() - GAP - LABEL_SIZE / 2.0;
        let middle = f64::midpoint(top, bottom);
        let lettering = fitting(&self.y.label, OVER * self.frame.height());
        self.canvas.text((beside, middle), &self.y.label, lettering.upward())
    }
}

fn tick_length(tick: &Tick) -> f64 {
    if tick.label.is_some() { TICK_LENGTH } else { MINOR_TICK_LENGTH }
}
