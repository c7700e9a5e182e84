//! F22: seconds to a certified stationary point as samples, features and classes grow.

use crate::analysis::scaling::{ScalingAxis, ScalingPoint, ScalingRecord, ScalingSeries};

use super::axes::{Axis, Panel, PanelPlan, panel_row};
use super::canvas::{Shape, Sheet, Stroke, draw_filled, draw_svg};
use super::head::HeadItem;
use super::labels::{EndLabel, draw_end_labels, end_label_room};
use super::render::{Figure, FigureError};
use super::scale::{Scale, extent};
use super::theme::{CURVE_WIDTH, DOTTED, GREY, POINTS_PER_INCH, THIN_WIDTH, TWO_COLUMNS, loss_colour};

const ID: &str = "F22";
const SIZE: (f64, f64) = (TWO_COLUMNS, 2.3 * POINTS_PER_INCH);

impl ScalingAxis {
    fn label(self) -> &'static str {
        match self {
            Self::Samples => "samples\u{2002}N",
            Self::Features => "features\u{2002}d",
            Self::Classes => "classes\u{2002}K",
        }
    }

    /// The power that the work of a Hessian grows with, and how it is written.
    fn law(self) -> (f64, &'static str) {
        match self {
            Self::Samples => (1.0, "dotted: ∝ N"),
            Self::Features => (2.0, "dotted: ∝ d²"),
            Self::Classes => (1.0, "dotted: ∝ K"),
        }
    }

    fn symbol(self) -> char {
        match self {
            Self::Samples => 'N',
            Self::Features => 'd',
            Self::Classes => 'K',
        }
    }
}

impl ScalingSeries {
    fn end_label(&self) -> String {
        format!("{} {:.2}", self.loss, self.exponent())
    }
}

/// The heading above the end labels.
fn heading(axis: ScalingAxis) -> String {
    format!("exponent of {}", axis.symbol())
}

/// Draws F22: seconds along each axis, with the fitted exponent at the end of each line.
///
/// # Errors
/// A size or time is not positive ([`FigureError::Invalid`]), an axis has no series ([`FigureError::Empty`]),
/// or the drawing fails ([`FigureError::Drawing`]).
pub fn draw(record: &ScalingRecord) -> Result<Figure, FigureError> {
    let points = || record.series.iter().flat_map(|series| &series.points);
    if let Some(bad) = points().find(|point| !(point.seconds > 0.0 && point.size > 0)) {
        let problem = format!("size {} in {} s: both must be positive", bad.size, bad.seconds);
        return Err(FigureError::invalid(ID, "points", problem));
    }
    let along = |axis| record.series.iter().filter(move |series| series.axis == axis).collect::<Vec<_>>();
    if ScalingAxis::ALL.iter().any(|&axis| along(axis).is_empty()) {
        return Err(FigureError::Empty { figure: ID.to_owned(), missing: "series along one of its axes" });
    }
    let seconds = Scale::decades(points().map(|point| point.seconds));
    let caption = caption(record);
    let svg = draw_svg(Sheet::paper(SIZE), &caption, |canvas| {
        let plan = |axis: ScalingAxis| {
            let series = along(axis);
            let labels: Vec<String> = series.iter().map(|series| series.end_label()).collect();
            let heading = heading(axis);
            let sizes = series.iter().flat_map(|series| &series.points).map(|point| point.size as f64);
            let (least, most) = extent(sizes);
            PanelPlan {
                x: Axis::new(axis.label(), Scale::Log { low: least, high: most }.widened(0.04)),
                y: Axis::new("seconds", seconds),
                right: end_label_room(labels.iter().map(String::as_str).chain([heading.as_str()])),
                head: HeadItem::words(axis.law().1),
                head_runs_on: false,
            }
        };
        let panels = panel_row(canvas, SIZE, ScalingAxis::ALL.map(plan).into_iter().collect())?;
        for (panel, axis) in panels.iter().zip(ScalingAxis::ALL) {
            draw_lines(panel, axis, &along(axis))?;
        }
        Ok(())
    })?;
    Ok(Figure { id: ID.to_owned(), file_stem: "F22-scaling".to_owned(), svg, caption })
}

fn draw_lines(panel: &Panel, axis: ScalingAxis, series: &[&ScalingSeries]) -> Result<(), FigureError> {
    const RADIUS: f64 = 1.6;
    let mut ends = Vec::new();
    for series in series {
        let colour = loss_colour(&series.loss);
        let line = panel.visible(series.points.iter().map(|point| (point.size as f64, point.seconds)));
        panel.canvas.line(&line, Stroke::solid(colour, CURVE_WIDTH))?;
        for &at in &line {
            draw_filled(panel.canvas, Shape::Circle, at, RADIUS, colour)?;
        }
        ends.extend(line.last().map(|&(_, y)| EndLabel { y, text: series.end_label(), colour }));
    }
    draw_end_labels(panel.canvas, panel.frame, &heading(axis), &ends)?;
    let (power, _) = axis.law();
    draw_law(panel, power, series)
}

/// The slope of the law below the lines' upper halves.
fn draw_law(panel: &Panel, power: f64, series: &[&ScalingSeries]) -> Result<(), FigureError> {
    /// How far below the lowest point the guide runs.
    const BELOW: f64 = 0.3;
    let points = || series.iter().flat_map(|series| &series.points);
    let (least, most) = extent(points().map(|point| point.size as f64));
    let middle = (least * most).sqrt();
    let growth = |size: f64| (size / most).powf(power);
    let upper = points().filter(|point| point.size as f64 >= middle);
    let (lowest, _) = extent(upper.map(|point| point.seconds / growth(point.size as f64)));
    let at = |size: f64| (size, BELOW * lowest * growth(size));
    let guide = panel.visible([at(middle), at(most)]);
    panel.canvas.line(&guide, Stroke::solid(GREY, 2.0 * THIN_WIDTH).dashed(DOTTED))
}

fn caption(record: &ScalingRecord) -> String {
    let exponents = |axis: ScalingAxis| {
        let (least, most) =
            extent(record.series.iter().filter(|series| series.axis == axis).map(ScalingSeries::exponent));
        format!("{least:.2} to {most:.2} in {}", axis.symbol())
    };
    let fraction = |point: &ScalingPoint| point.memory / point.foreseen;
    let (_, largest) = extent(record.series.iter().flat_map(|series| &series.points).map(fraction));
    format!(
        "Seconds to a certified stationary point on {} threads ({}). Exponents fitted over the upper half of the decades lie \
         from {}, from {} and from {}; the work of a Hessian grows as N, d² and K. Memory beyond the data \
         stays within {:.0} % of what was foreseen.",
        record.threads,
        record.machine,
        exponents(ScalingAxis::Samples),
        exponents(ScalingAxis::Features),
        exponents(ScalingAxis::Classes),
        100.0 * largest,
    )
}
