//! F2: in the binary case class sizes and weights alone set the ratio of the two mean errors.

use crate::analysis::binary_weights::{BinaryWeightsRecord, WeightCurve, WeightPoint};
use statrs::statistics::{Data, OrderStatistics};

use super::axes::{Axis, Frame, Panel, PanelPlan, panel_row};
use super::canvas::{Point, Stroke, draw_svg};
use super::error::FigureError;
use super::labels::{EndLabel, Note, draw_end_labels, end_label_room, trace};
use super::marker::draw_highlight;
use super::render::Figure;
use super::scale::{Scale, extent};
use super::theme::{
    BAND_ALPHA, CURVE_WIDTH, Colour, DASHED, DOTTED, GREY, POINTS_PER_INCH, THIN_WIDTH, TWO_COLUMNS,
    sequence_colour,
};
use super::ticks::scientific;

const ID: &str = "F2";
const SIZE: (f64, f64) = (TWO_COLUMNS, 2.5 * POINTS_PER_INCH);
/// Quantiles between which a band lies.
const BAND: (f64, f64) = (0.1, 0.9);
/// What stands above the end labels.
const SIZES: &str = "N₁ : N₀";

impl WeightCurve {
    /// The weight ratio of inverse-frequency weights (THEORY B3).
    fn inverse_frequency(&self) -> f64 {
        self.negatives as f64 / self.positives as f64
    }

    /// The error ratio that THEORY B2 demands: `λ₀ N₀ / (λ₁ N₁)`.
    fn law(&self, weight_ratio: f64) -> f64 {
        self.inverse_frequency() / weight_ratio
    }

    /// The class sizes relative to the smaller of them, as `1 : 10`.
    fn label(&self) -> String {
        let smaller = self.positives.min(self.negatives) as f64;
        let size = |samples: usize| {
            let size = samples as f64 / smaller;
            let decimals = usize::from(size.fract() != 0.0);
            format!("{size:.decimals$}")
        };
        format!("{} : {}", size(self.positives), size(self.negatives))
    }

    /// Largest relative distance of a measured error ratio from the law.
    fn worst_deviation(&self) -> f64 {
        let deviations = self.points.iter().flat_map(|point| {
            let law = self.law(point.weight_ratio);
            point.error_ratio.iter().map(move |ratio| (ratio / law - 1.0).abs())
        });
        extent(deviations).1
    }
}

/// Middle and spread of one error over the repetitions, along the weight ratio.
struct Spread {
    median: Vec<Point>,
    low: Vec<Point>,
    high: Vec<Point>,
}

impl Spread {
    fn of(curve: &WeightCurve, error: fn(&WeightPoint) -> &[f64]) -> Self {
        let quantile = |tau: f64| {
            let at =
                |point: &WeightPoint| (point.weight_ratio, Data::new(error(point).to_vec()).quantile(tau));
            curve.points.iter().map(at).collect()
        };
        Self { median: quantile(0.5), low: quantile(BAND.0), high: quantile(BAND.1) }
    }

    /// The median at `weight_ratio`, linear in its logarithm between the measured ones.
    fn median_at(&self, weight_ratio: f64) -> Option<f64> {
        self.median.windows(2).find_map(|pair| {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let share = Scale::Log { low: x0, high: x1 }.share(weight_ratio);
            (x0..=x1).contains(&weight_ratio).then_some(y0 + share * (y1 - y0))
        })
    }
}

/// Draws F2: the two mean errors over the weight ratio, and their ratio on the line of the law.
pub fn draw(record: &BinaryWeightsRecord) -> Result<Figure, FigureError> {
    let curves = checked(record)?;
    let labels: Vec<String> = curves.iter().map(WeightCurve::label).collect();
    let right = end_label_room(labels.iter().map(String::as_str).chain([SIZES]));
    let (least, most) =
        extent(curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.weight_ratio)));
    let weights = Scale::Log { low: least, high: most }.widened(0.03);
    let ratios = curves.iter().flat_map(|curve| {
        curve.points.iter().flat_map(|p| p.error_ratio.iter().copied().chain([curve.law(p.weight_ratio)]))
    });
    let ratios = Scale::decades(ratios.chain([1.0]));
    let caption = caption(&curves);
    let svg = draw_svg(SIZE, &caption, |canvas| {
        let x = || Axis::new("weight ratio\u{2002}λ₁ / λ₀", weights);
        let errors = Scale::Linear { low: 0.0, high: 1.0 };
        let plans = vec![
            PanelPlan { x: x(), y: Axis::new("mean error of a class", errors), right },
            PanelPlan { x: x(), y: Axis::new("error ratio\u{2002}(1 − P₁) / P₀", ratios), right },
        ];
        let panels = panel_row(canvas, SIZE, plans)?;
        draw_errors(&panels[0], &curves)?;
        draw_ratios(&panels[1], &curves)
    })?;
    Ok(Figure { id: ID, file_stem: "F2-binary-weights".to_owned(), svg, caption })
}

/// The curves with their points in the order of the weight ratio.
fn checked(record: &BinaryWeightsRecord) -> Result<Vec<WeightCurve>, FigureError> {
    if record.curves.is_empty() {
        return Err(FigureError::Empty { figure: ID, missing: "curves" });
    }
    let mut curves = record.curves.clone();
    for (index, curve) in curves.iter_mut().enumerate() {
        let problem = |text: String| Err(FigureError::invalid(ID, format!("curve {index}"), text));
        if curve.positives == 0 || curve.negatives == 0 {
            return problem(format!(
                "{} positives, {} negatives: both must be present",
                curve.positives, curve.negatives
            ));
        }
        if curve.points.len() < 2 {
            return problem("a curve needs at least two weight ratios".to_owned());
        }
        for point in &curve.points {
            let positive = |values: &[f64]| values.iter().all(|&value| value.is_finite() && value > 0.0);
            let error =
                |values: &[f64]| !values.is_empty() && values.iter().all(|value| (0.0..=1.0).contains(value));
            let at = point.weight_ratio;
            if !positive(&[at]) {
                return problem(format!("weight ratio {at} is not positive"));
            }
            if !(error(&point.positive_error) && error(&point.negative_error)) {
                return problem(format!(
                    "at weight ratio {at}: mean errors are missing or not between 0 and 1"
                ));
            }
            if point.error_ratio.is_empty() || !positive(&point.error_ratio) {
                return problem(format!("at weight ratio {at}: error ratios are missing or not positive"));
            }
        }
        curve.points.sort_by(|a, b| a.weight_ratio.total_cmp(&b.weight_ratio));
        if let Some(pair) = curve.points.windows(2).find(|pair| pair[0].weight_ratio >= pair[1].weight_ratio)
        {
            return problem(format!("weight ratio {} stands twice", pair[0].weight_ratio));
        }
    }
    Ok(curves)
}

fn draw_errors(panel: &Panel, curves: &[WeightCurve]) -> Result<(), FigureError> {
    panel.draw_heading("solid: positives, 1 − P₁\u{2003}dashed: negatives, P₀")?;
    let spreads: Vec<(Spread, Spread)> = curves
        .iter()
        .map(|curve| {
            (
                Spread::of(curve, |point| &point.positive_error),
                Spread::of(curve, |point| &point.negative_error),
            )
        })
        .collect();
    for (index, (positive, negative)) in spreads.iter().enumerate() {
        draw_band(panel, positive, sequence_colour(index))?;
        draw_band(panel, negative, sequence_colour(index))?;
    }
    let mut obstacles = Vec::new();
    let mut ends = Vec::new();
    for (index, (positive, negative)) in spreads.iter().enumerate() {
        let stroke = Stroke::solid(sequence_colour(index), CURVE_WIDTH);
        let solid = panel.visible(positive.median.iter().copied());
        let dashed = panel.visible(negative.median.iter().copied());
        panel.canvas.line(&solid, stroke)?;
        panel.canvas.line(&dashed, stroke.dashed(DASHED))?;
        obstacles.extend(trace(&solid));
        obstacles.extend(trace(&dashed));
        ends.extend(dashed.last().map(|&(_, y)| end_label(&curves[index], index, y)));
    }
    draw_end_labels(panel.canvas, panel.frame, SIZES, &ends)?;
    draw_meetings(panel, curves, &spreads, &mut obstacles)
}

fn draw_band(panel: &Panel, spread: &Spread, colour: Colour) -> Result<(), FigureError> {
    let there = panel.visible(spread.low.iter().copied());
    let back = panel.visible(spread.high.iter().rev().copied());
    panel.canvas.area(&[there, back].concat(), colour, BAND_ALPHA)
}

/// Circles the places where inverse-frequency weights make the two errors meet (THEORY B3), and says so once.
fn draw_meetings(
    panel: &Panel,
    curves: &[WeightCurve],
    spreads: &[(Spread, Spread)],
    obstacles: &mut Vec<Point>,
) -> Result<(), FigureError> {
    const RADIUS: f64 = 2.5;
    const LEADER: f64 = 9.0;
    let mut leftmost: Option<Point> = None;
    for (index, (curve, (positive, negative))) in curves.iter().zip(spreads).enumerate() {
        let weight = curve.inverse_frequency();
        let (Some(up), Some(down)) = (positive.median_at(weight), negative.median_at(weight)) else {
            continue;
        };
        let at = panel.place(weight, f64::midpoint(up, down));
        draw_highlight(panel.canvas, at, RADIUS, Stroke::solid(sequence_colour(index), CURVE_WIDTH))?;
        leftmost = Some(leftmost.filter(|first| first.0 <= at.0).unwrap_or(at));
    }
    let Some(at) = leftmost else {
        return Ok(());
    };
    let note = Note::new(&["inverse frequency:", "the two errors meet"], GREY);
    let wanted = (at.0 - note.size().0 / 2.0 - LEADER - RADIUS, at.1);
    let centre = note.draw_near(panel.canvas, panel.frame, wanted, obstacles)?;
    note.draw_leader(panel.canvas, centre, at, RADIUS + CURVE_WIDTH)
}

fn draw_ratios(panel: &Panel, curves: &[WeightCurve]) -> Result<(), FigureError> {
    const DOT: f64 = 1.4;
    let balanced = panel.draw_level(1.0, GREY, 2.0 * THIN_WIDTH, DOTTED)?;
    let Frame { left, right, top, .. } = panel.frame;
    let mut obstacles = trace(&[(left, balanced), (right, balanced)]);
    let mut ends = Vec::new();
    for (index, curve) in curves.iter().enumerate() {
        let colour = sequence_colour(index);
        let law = curve.points.iter().map(|point| (point.weight_ratio, curve.law(point.weight_ratio)));
        let line = panel.visible(law);
        panel.canvas.line(&line, Stroke::solid(colour, CURVE_WIDTH / 2.0))?;
        obstacles.extend(trace(&line));
        let measured = curve
            .points
            .iter()
            .flat_map(|point| point.error_ratio.iter().map(|&ratio| (point.weight_ratio, ratio)));
        for at in distinct(panel.visible(measured)) {
            panel.canvas.disc(at, DOT, colour, 1.0)?;
            obstacles.push(at);
        }
        ends.extend(line.last().map(|&(_, y)| end_label(curve, index, y)));
    }
    draw_end_labels(panel.canvas, panel.frame, SIZES, &ends)?;
    let law = Note::new(&["line: λ₀N₀ / (λ₁N₁)", "dots: solved problems"], GREY);
    law.draw_near(panel.canvas, panel.frame, (right, top), &mut obstacles)?;
    Note::new(&["balanced"], GREY).draw_near(panel.canvas, panel.frame, (left, balanced), &mut obstacles)?;
    Ok(())
}

/// One of each group of points that fall on the same spot, to the eye.
fn distinct(points: Vec<Point>) -> Vec<Point> {
    const SPOT: f64 = 0.1;
    let mut kept: Vec<Point> = Vec::new();
    for (x, y) in points {
        if !kept.iter().any(|other| (other.0 - x).abs() < SPOT && (other.1 - y).abs() < SPOT) {
            kept.push((x, y));
        }
    }
    kept
}

fn end_label(curve: &WeightCurve, index: usize, y: f64) -> EndLabel {
    EndLabel { y, text: curve.label(), colour: sequence_colour(index) }
}

fn caption(curves: &[WeightCurve]) -> String {
    let problems: usize =
        curves.iter().flat_map(|curve| &curve.points).map(|point| point.error_ratio.len()).sum();
    let (_, worst) = extent(curves.iter().map(WeightCurve::worst_deviation));
    format!(
        "Binary weight law (B2, B3): class sizes and weights alone set the ratio of the two mean errors, \
         λ₀N₀ / (λ₁N₁); over {problems} solved problems the measured ratio departs from it by at most {} \
         of its value. Curves are medians and bands the {:.0}–{:.0}% range over repetitions; circles mark \
         inverse-frequency weights, where the two errors are to meet.",
        scientific(worst),
        100.0 * BAND.0,
        100.0 * BAND.1,
    )
}
