//! F26 and F27: the gradient of every loss by a logit, at any logit.

use super::axes::{Axis, Panel, PanelPlan, panel_row};
use super::canvas::{Canvas, Sheet, Stroke, draw_svg};
use super::head::HeadItem;
use super::labels::{EndLabel, draw_end_labels, end_label_room};
use super::render::{Figure, FigureError};
use super::scale::{Scale, extent};
use super::theme::{CURVE_WIDTH, Colour, DASHED, POINTS_PER_INCH, TWO_COLUMNS, Theme, loss_colour};
use crate::loss::{FocalProbability, LossProfile, LossSpec, Moved, PositiveWeights, SmoothingWeights};

const SIZE: (f64, f64) = (TWO_COLUMNS, 2.4 * POINTS_PER_INCH);
/// Class sizes that the losses are built for.
const COUNTS: [usize; 3] = [100, 30, 10];
/// The class of the sample looked at: the rarest.
const CLASS: usize = 2;
/// Another class: the most frequent.
const OTHER: usize = 0;
/// Logits from minus this to this; the others are zero.
const MAX_LOGIT: f64 = 6.0;
const STEPS: usize = 240;

/// Which entry of the gradient a panel shows.
#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Own,
    Other,
}

struct GradientCurve {
    name: &'static str,
    colour: Colour,
    points: Vec<(f64, f64)>,
}

/// Draws both: softmax losses, and logistic ones.
///
/// # Errors
/// The drawing fails ([`FigureError::Drawing`]).
pub fn draw_loss_gradients(theme: Theme) -> Result<Vec<Figure>, FigureError> {
    let sheet = theme.sheet(SIZE);
    Ok(vec![softmax_losses(sheet)?, logistic_losses(sheet)?])
}

/// F26: losses that bend the gradient of softmax, and losses that shift it.
fn softmax_losses(sheet: Sheet) -> Result<Figure, FigureError> {
    figure(
        sheet,
        "F26",
        "softmax-losses",
        "Negative gradient of softmax losses by the own logit of a sample of the rarest of three classes (100, 30 and 10 samples), by \
         that logit; the other logits are zero. Left, losses that bend the gradient: focal loss (γ = 2) lets go of what is correctly classified, \
         label smoothing (ε = 0.1) changes its sign beyond its target, seesaw (p = 0.8, q = 2) is softmax on a rare class unless another \
         is ahead. Right, losses that shift it: the same gradient at a logit that is higher by what the class’s rarity asks for \
         (logit adjustment of strength 1 is balanced softmax; LDAM with margin 0.5 and scale 1 for comparison; vector scaling, γ = 0.3, flattens it too). Dashed: softmax.",
        &[
            (
                "negative gradient, −∂ℓ/∂z",
                curves(
                    Entry::Own,
                    &[
                        ("softmax", LossSpec::Softmax),
                        ("focal", LossSpec::Focal { gamma: 2.0, probability: FocalProbability::Plain }),
                        (
                            "smoothed",
                            LossSpec::LabelSmoothing { smoothing: 0.1, weights: SmoothingWeights::Term },
                        ),
                        ("seesaw", LossSpec::Seesaw { mitigation: 0.8, compensation: 2.0, floor: 0.01 }),
                    ],
                ),
            ),
            (
                "negative gradient, −∂ℓ/∂z",
                curves(
                    Entry::Own,
                    &[
                        ("softmax", LossSpec::Softmax),
                        ("logit-adjusted", LossSpec::LogitAdjusted { strength: 1.0 }),
                        ("LDAM", LossSpec::Ldam { margin: 0.5, scale: 1.0 }),
                        ("vector scaling", LossSpec::VectorScaling { strength: 1.0, gamma: 0.3 }),
                    ],
                ),
            ),
        ],
    )
}

/// F27: how logistic losses push the own logit up, and another one down.
fn logistic_losses(sheet: Sheet) -> Result<Figure, FigureError> {
    figure(
        sheet,
        "F27",
        "logistic-losses",
        "Gradient of logistic losses by the logits of a sample of the rarest of three classes (100, 30 and 10 samples). Left, \
         its own logit up: a positive weight of 3 stretches the gradient, sigmoid focal loss (γ = 2, α = 1/2) lets go of what \
         is correctly classified, SS-LR and equalization leave it as it is. Right, the logit of the most frequent class down: sigmoid focal \
         loss and SS-LR (α = 1, γ = 2, shared by the other classes) push at what is misclassified alone. LGL-INR multiplies the \
         logistic push by a weight per pair of classes. Dashed: logistic.",
        &[
            (
                "negative gradient, −∂ℓ/∂z",
                curves(
                    Entry::Own,
                    &[
                        ("logistic", LossSpec::Logistic),
                        ("focal", LossSpec::SigmoidFocal { gamma: 2.0, alpha: 0.5 }),
                        (
                            "positive weights",
                            LossSpec::PosWeight { weights: PositiveWeights::Explicit(vec![1.0, 1.0, 3.0]) },
                        ),
                    ],
                ),
            ),
            (
                "push on another logit, ∂ℓ/∂z",
                curves(
                    Entry::Other,
                    &[
                        ("logistic", LossSpec::Logistic),
                        ("focal", LossSpec::SigmoidFocal { gamma: 2.0, alpha: 0.5 }),
                        ("SS-LR", LossSpec::SoftSelection { alpha: 1.0, gamma: 2.0 }),
                    ],
                ),
            ),
        ],
    )
}

fn figure(
    sheet: Sheet,
    id: &str,
    stem: &str,
    caption: &str,
    panels: &[(&str, Vec<GradientCurve>); 2],
) -> Result<Figure, FigureError> {
    let svg = draw_svg(sheet, caption, |canvas| draw_panels(canvas, sheet, panels))?;
    let (id, caption) = (id.to_owned(), caption.to_owned());
    Ok(Figure { file_stem: format!("{id}-{stem}"), id, svg, caption })
}

fn draw_panels(
    canvas: &Canvas,
    sheet: Sheet,
    panels: &[(&str, Vec<GradientCurve>); 2],
) -> Result<(), FigureError> {
    let plan = |(label, curves): &(&str, Vec<GradientCurve>)| {
        let (low, high) = extent(curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1)));
        let y = Axis::new(*label, Scale::Linear { low: low.min(0.0), high }.widened(0.04));
        let x = Axis::new("logit z", Scale::Linear { low: -MAX_LOGIT, high: MAX_LOGIT });
        let right = end_label_room(curves.iter().map(|curve| curve.name));
        PanelPlan { right, head: Vec::<HeadItem>::new(), ..PanelPlan::new(x, y) }
    };
    let placed = panel_row(canvas, sheet.size(), panels.iter().map(plan).collect())?;
    placed.iter().zip(panels).try_for_each(|(panel, (_, curves))| draw_curves(panel, curves))
}

/// The first is the reference, dashed.
fn draw_curves(panel: &Panel, curves: &[GradientCurve]) -> Result<(), FigureError> {
    let mut labels = Vec::new();
    for (number, curve) in curves.iter().enumerate() {
        let colour = curve.colour;
        let line = panel.visible(curve.points.iter().copied());
        let solid = Stroke::solid(colour, CURVE_WIDTH);
        let stroke = if number == 0 { solid.dashed(DASHED) } else { solid };
        panel.canvas.line(&line, stroke)?;
        let y = line.last().map_or(panel.frame.bottom, |end| end.1);
        labels.push(EndLabel { y, text: curve.name.to_owned(), colour });
    }
    draw_end_labels(panel.canvas, panel.frame, "", &labels)
}

fn curves(entry: Entry, losses: &[(&'static str, LossSpec)]) -> Vec<GradientCurve> {
    let moved = if entry == Entry::Own { Moved::Own } else { Moved::Other(OTHER) };
    let Some(profile) = LossProfile::new(&COUNTS, CLASS, moved) else { return Vec::new() };
    // The own logit is raised, against the gradient.
    let sign = if entry == Entry::Own { -1.0 } else { 1.0 };
    let curve = |(name, spec): &(&'static str, LossSpec)| {
        let logits = (0..=STEPS).map(|step| MAX_LOGIT * (2.0 * step as f64 / STEPS as f64 - 1.0));
        let points = profile.of(spec, logits);
        let points = points.iter().map(|point| (point.logit, sign * point.gradient)).collect();
        GradientCurve { name, colour: loss_colour(&spec.paper_name()), points }
    };
    losses.iter().map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_what_its_loss_says_at_zero() {
        let own = curves(Entry::Own, &[("softmax", LossSpec::Softmax), ("logistic", LossSpec::Logistic)]);
        let at_zero = |curve: &GradientCurve| curve.points[STEPS / 2];
        assert_eq!(at_zero(&own[0]).0, 0.0);
        assert!((at_zero(&own[0]).1 - 2.0 / 3.0).abs() < 1e-15 && (at_zero(&own[1]).1 - 0.5).abs() < 1e-15);
        let other = curves(Entry::Other, &[("equalization", LossSpec::Equalization { rare: 0.9 })]);
        assert!(other[0].points.iter().all(|point| point.1 == 0.0), "nothing pushes a rare column down");
    }

    #[test]
    fn both_figures_are_drawn() {
        let figures = draw_loss_gradients(Theme::Paper).expect("two figures");
        assert_eq!(figures.iter().map(|figure| figure.id.as_str()).collect::<Vec<_>>(), ["F26", "F27"]);
        for figure in &figures {
            assert!(figure.svg.contains("logit z") && figure.svg.contains("focal"));
        }
        let for_slides = draw_loss_gradients(Theme::Slides).expect("two figures");
        assert!(figures.iter().zip(&for_slides).all(|(paper, slides)| paper.svg != slides.svg));
    }
}
