//! F1: outflow equals inflow for every class, at every stationary point and nowhere else.

use std::collections::BTreeSet;

use crate::analysis::balance_law::{BalanceLawRecord, BalancePoint};

use super::axes::{Axis, Panel, PanelPlan, panel_row};
use super::canvas::{Canvas, Point, Shape, Stroke, draw_filled, draw_hollow, draw_svg};
use super::head::{HeadItem, KeyMark};
use super::labels::{Note, trace};
use super::render::{Figure, FigureError};
use super::scale::{Scale, extent, scientific};
use super::theme::{
    CURVE_WIDTH, Colour, DASHED, GREY, INK, POINTS_PER_INCH, THIN_WIDTH, TWO_COLUMNS, Theme, loss_colour,
};

const ID: &str = "F1";
/// Name of its files, without extension.
pub const FILE_STEM: &str = "F1-balance-law";
const SIZE: (f64, f64) = (TWO_COLUMNS, 2.65 * POINTS_PER_INCH);
const RADIUS: f64 = 1.25;
/// Points of about one outflow.
const NEIGHBOURS: usize = 400;
/// Residuals below this, exact zeros among them, are drawn here: a log axis has no zero.
const RESIDUAL_FLOOR: f64 = 1e-18;

/// How the points of one law look.
struct Look {
    law: &'static str,
    name: &'static str,
    loss: &'static str,
    shape: Shape,
}

const LOOKS: [Look; 5] = [
    Look { law: "B1", name: "LGL, binary", loss: "LGL", shape: Shape::Circle },
    Look { law: "B6", name: "LGL, one-vs-all", loss: "LGL", shape: Shape::Square },
    Look { law: "B5", name: "SML", loss: "SML", shape: Shape::Circle },
    Look { law: "R1", name: "INR, detached", loss: "LGL-INR", shape: Shape::Circle },
    Look { law: "R2", name: "INR, attached", loss: "LGL-INR", shape: Shape::Diamond },
];

impl Look {
    fn of(law: &str) -> Option<&'static Self> {
        LOOKS.iter().find(|look| look.law == law)
    }

    fn colour(&self) -> Colour {
        loss_colour(self.loss)
    }
}

impl BalancePoint {
    fn drawn_residual(&self) -> f64 {
        self.residual.max(RESIDUAL_FLOOR)
    }

    fn draw(&self, canvas: &Canvas, look: &Look, at: Point) -> Result<(), FigureError> {
        if self.stationary {
            draw_filled(canvas, look.shape, at, RADIUS, look.colour())
        } else {
            draw_hollow(canvas, at, RADIUS, look.colour())
        }
    }
}

/// Draws F1: outflow against inflow, and the relative residual of each balance.
///
/// # Errors
/// A number of the record is out of its range ([`FigureError::Invalid`]), there is no stationary point
/// ([`FigureError::Empty`]), or the drawing fails ([`FigureError::Drawing`]).
pub fn draw(record: &BalanceLawRecord, theme: Theme) -> Result<Figure, FigureError> {
    let points = checked(record)?;
    let masses = || points.iter().flat_map(|(point, _)| [point.outflow, point.inflow]);
    let mass = Scale::decades(masses()).widened(0.02);
    let residual = Scale::Log { low: RESIDUAL_FLOOR, high: 1.0 }.widened(0.03);
    let caption = caption(record);
    let sheet = theme.sheet(SIZE);
    let svg = draw_svg(sheet, &caption, |canvas| {
        let outflow = || Axis::new("outflow of a class, share of the total mass", mass);
        let key = key_entries(&points);
        let (above_flows, above_residuals) = key.split_at(key.len().div_ceil(2));
        let inflow = Axis::new("inflow, share of the total mass", mass);
        let plans = vec![
            PanelPlan { head: above_flows.to_vec(), ..PanelPlan::new(outflow(), inflow) },
            PanelPlan {
                head: above_residuals.to_vec(),
                ..PanelPlan::new(outflow(), Axis::new("relative residual", residual))
            },
        ];
        let panels = panel_row(canvas, sheet.size(), plans)?;
        draw_flows(&panels[0], &points, extent(masses()))?;
        draw_residuals(&panels[1], &points, record.tolerance)
    })?;
    Ok(Figure { id: ID.to_owned(), file_stem: FILE_STEM.to_owned(), svg, caption })
}

/// The points with their looks, from light to heavy classes, so that no law hides another.
fn checked(record: &BalanceLawRecord) -> Result<Vec<(&BalancePoint, &'static Look)>, FigureError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    if !(RESIDUAL_FLOOR..=1.0).contains(&record.tolerance) {
        let problem = format!("{} is not between {RESIDUAL_FLOOR:e} and 1", record.tolerance);
        return Err(FigureError::invalid(ID, "tolerance", problem));
    }
    let mut points = Vec::with_capacity(record.points.len());
    for (index, point) in record.points.iter().enumerate() {
        let problem = |text: String| FigureError::invalid(ID, format!("point {index}"), text);
        let look = Look::of(&point.law).ok_or_else(|| problem(format!("unknown law {:?}", point.law)))?;
        let BalancePoint { outflow, inflow, residual, .. } = *point;
        if !(positive(outflow) && positive(inflow)) {
            return Err(problem(format!("outflow {outflow} and inflow {inflow} must both be positive")));
        }
        if !(0.0..=1.0).contains(&residual) {
            return Err(problem(format!("relative residual {residual} is not between 0 and 1")));
        }
        points.push((point, look));
    }
    if !points.iter().any(|(point, _)| point.stationary) {
        return Err(FigureError::Empty { figure: ID.to_owned(), missing: "stationary points" });
    }
    points.sort_by(|a, b| a.0.outflow.total_cmp(&b.0.outflow));
    // No law covers all of another; but neighbours that look alike follow each other, which makes the drawing shorter.
    for neighbours in points.chunks_mut(NEIGHBOURS) {
        neighbours.sort_by_key(|(point, look)| (look.law, point.stationary));
    }
    Ok(points)
}

fn draw_flows(
    panel: &Panel,
    points: &[(&BalancePoint, &'static Look)],
    (least, most): (f64, f64),
) -> Result<(), FigureError> {
    let line = panel.visible([(least, least), (most, most)]);
    panel.canvas.line(&line, Stroke::solid(INK, THIN_WIDTH))?;
    let mut obstacles = trace(&line);
    for (point, look) in points {
        let at = panel.place(point.outflow, point.inflow);
        point.draw(panel.canvas, look, at)?;
        obstacles.push(at);
    }
    let frame = panel.frame;
    let note = Note::new(&["line: outflow = inflow", "filled: stationary points"], GREY);
    note.draw_near(panel.canvas, frame, (frame.right, frame.bottom - frame.height() / 4.0), &mut obstacles)?;
    Ok(())
}

/// The entries of the key: all losses lie on one line, so there is no line end to label.
fn key_entries(points: &[(&BalancePoint, &'static Look)]) -> Vec<HeadItem> {
    let present = |look: &&Look| points.iter().any(|(point, _)| point.law == look.law);
    let of_look = |look: &Look| {
        let mark = KeyMark { shape: Some(look.shape), radius: RADIUS };
        HeadItem::key(look.name.to_owned(), look.colour(), mark)
    };
    let mut entries: Vec<HeadItem> = LOOKS.iter().filter(present).map(of_look).collect();
    if points.iter().any(|(point, _)| !point.stationary) {
        let mark = KeyMark { shape: None, radius: RADIUS };
        entries.push(HeadItem::key("not stationary".to_owned(), GREY, mark));
    }
    entries
}

fn draw_residuals(
    panel: &Panel,
    points: &[(&BalancePoint, &'static Look)],
    tolerance: f64,
) -> Result<(), FigureError> {
    let frame = panel.frame;
    let level = panel.draw_level(tolerance, INK, CURVE_WIDTH / 2.0, DASHED)?;
    let mut obstacles = trace(&[(frame.left, level), (frame.right, level)]);
    for (point, look) in points {
        let at = panel.place(point.outflow, point.drawn_residual());
        point.draw(panel.canvas, look, at)?;
        obstacles.push(at);
    }
    let mut note = |lines: &[&str], colour, wanted| {
        Note::new(lines, colour).draw_near(panel.canvas, frame, wanted, &mut obstacles)
    };
    note(&[&format!("tolerance {}", scientific(tolerance))], INK, (frame.right, level))?;
    let mean_height = |stationary: bool| {
        let heights: Vec<f64> = points
            .iter()
            .filter(|(point, _)| point.stationary == stationary)
            .map(|(point, _)| panel.place(point.outflow, point.drawn_residual()).1)
            .collect();
        (!heights.is_empty()).then(|| heights.iter().sum::<f64>() / heights.len() as f64)
    };
    // Doubles that differ do so by 1e-16 of their size: the decades just above the floor are free for a note.
    if points.iter().any(|(point, _)| point.residual < RESIDUAL_FLOOR) {
        let floor = panel.place(1.0, RESIDUAL_FLOOR).1;
        note(&["exact zeros, drawn at the floor"], GREY, (frame.left, floor))?;
    }
    for (stationary, text) in [(true, "stationary points"), (false, "controls, not stationary")] {
        if let Some(height) = mean_height(stationary) {
            note(&[text], GREY, (frame.left, height))?;
        }
    }
    Ok(())
}

fn caption(record: &BalanceLawRecord) -> String {
    let (stationary, controls): (Vec<_>, Vec<_>) = record.points.iter().partition(|point| point.stationary);
    let (_, worst) = extent(stationary.iter().map(|point| point.residual));
    let balanced = stationary.iter().filter(|point| point.residual <= record.tolerance).count();
    let laws: BTreeSet<&str> = record.points.iter().map(|point| point.law.as_str()).collect();
    let law = format!(
        "Balance laws ({}): the mass that leaves a class equals the mass that enters it in {balanced} of \
         {} balances at stationary points, to a relative tolerance of {}; the worst residual is {}.",
        laws.into_iter().collect::<Vec<_>>().join(", "),
        stationary.len(),
        scientific(record.tolerance),
        scientific(worst),
    );
    if controls.is_empty() {
        return law;
    }
    let (least, _) = extent(controls.iter().map(|point| point.residual));
    format!(
        "{law} At {} control points that are not stationary the residual is at least {}.",
        controls.len(),
        scientific(least)
    )
}
